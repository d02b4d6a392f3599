"""Reports in a folder that fsspec reaches."""

import fsspec
import pytest

from cxlib.batch.store import published_to
from cxlib.errors import ArgumentError
from tests.conftest import cx


@pytest.fixture
def store():
    memory = fsspec.filesystem("memory")
    yield memory
    memory.rm("/reports", recursive=True)


def put(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_store_gets_what_was_published_and_loses_what_was_taken_down(store):
    url = "memory://reports"
    with published_to(url, ["2026Q3"]) as folder:
        put(folder, **{"2026Q3__index_dot_html": "new", "2026Q3__old_dot_html": "x"})
        put(folder, index_dot_html="all")
    assert store.cat("/reports/2026Q3/index.html") == b"new"
    with published_to(url, ["2026Q3"]) as folder:
        assert (folder / "2026Q3" / "old.html").read_text() == "x"
        (folder / "2026Q3" / "old.html").unlink()
        put(folder, **{"2026Q3__index_dot_html": "newer"})
    assert store.cat("/reports/2026Q3/index.html") == b"newer"
    assert not store.exists("/reports/2026Q3/old.html")


def test_a_run_looks_only_at_its_quarters_and_leaves_the_others(store):
    url = "memory://reports"
    with published_to(url, ["2026Q1"]) as folder:
        put(folder, **{"2026Q1__run_dot_json": "{}", "2026Q1__page_dot_html": "p"})
    with published_to(url, ["2026Q3"]) as folder:
        assert (folder / "2026Q1" / "run.json").is_file()
        assert not (folder / "2026Q1" / "page.html").exists()
    assert store.cat("/reports/2026Q1/page.html") == b"p"


def test_a_run_that_fails_sends_nothing(store):
    with published_to("memory://reports", ["2026Q3"]) as folder:
        put(folder, index_dot_html="first")

    def fail():
        with published_to("memory://reports", ["2026Q3"]) as folder:
            put(folder, index_dot_html="second")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert store.cat("/reports/index.html") == b"first"


def test_records_and_indexes_are_sent_last(store, monkeypatch):
    sent = []
    send = store.put_file
    monkeypatch.setattr(
        type(store), "put_file", lambda self, a, b, **k: (sent.append(b), send(a, b, **k))[1]
    )
    with published_to("memory://reports", ["2026Q3"]) as folder:
        put(folder, index_dot_html="i", **{"2026Q3__index_dot_html": "q"})
        put(folder, **{"2026Q3__run_dot_json": "{}", "2026Q3__page_dot_html": "p"})
    names = [each.removeprefix("/").removeprefix("reports/") for each in sent]
    assert names[:2] == [".cx/reports.json", "2026Q3/page.html"]
    assert names[-1] == "index.html"


def test_an_unknown_kind_of_store_is_refused():
    with pytest.raises(ArgumentError, match="--out nosuch://x: Protocol not known"):
        published_to("nosuch://x", ["2026Q3"]).__enter__()


def test_the_command_publishes_into_a_store_and_finds_nothing_changed(write, suite, tmp_path):
    out = f"file://{tmp_path}/store/reports"
    arguments = ["report", "2026Q1", "--dataset", write(), "--out", out,
                 "--notebooks", suite(**{"01_a": ["1"]})]  # fmt: skip
    first = cx(*arguments)
    assert first.returncode == 0, first.stdout + first.stderr
    assert (tmp_path / "store" / "reports" / "2026Q1" / "a.html").is_file()
    assert (tmp_path / "store" / "reports" / "index.html").is_file()
    again = cx(*arguments)
    assert "nothing has changed" in again.stdout, again.stdout + again.stderr
