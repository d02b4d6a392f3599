"""Promise: a stop stops, with one line; and no row stays where nobody looks for it."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, cx

CODES = {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129, "SIGQUIT": 131}
# More than any machine counts while a test waits.
ENDLESS = "SELECT sum(a.range * b.range) AS n FROM range(10000000) a, range(100000) b"


@pytest.fixture
def rooms(tmp_path, monkeypatch):
    """A place of the test's own for rows that must not stay."""
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    return place


def start(*arguments, **options):
    """The command, which hears Ctrl-C even where the tests themselves do not."""
    return subprocess.Popen(
        [sys.executable, "-c", "from cxlib.cli import main; main()", *map(str, arguments)], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler), **options,
    )  # fmt: skip


def until_it_listens(process: subprocess.Popen) -> None:
    """Wait until a command is at its work, and has said which signals it ends by."""
    caught = 0
    while process.poll() is None and not caught >> (signal.SIGTERM - 1) & 1:
        status = Path(f"/proc/{process.pid}/status").read_text()
        caught = int(re.search(r"SigCgt:\s*(\w+)", status)[1], 16)
        time.sleep(0.05)
    time.sleep(2)


def rows_left(place: Path) -> list[str]:
    return [str(path) for path in place.rglob("*.duckdb")]


@pytest.mark.parametrize("name", CODES)
def test_a_look_at_files_ends_at_once(name):
    process = start("sql", ENDLESS, "--dataset", "data/demo")
    until_it_listens(process)
    process.send_signal(getattr(signal, name))
    began = time.monotonic()
    _, errors = process.communicate(timeout=30)
    assert process.returncode == CODES[name]
    assert errors == "cx: stopped\n"
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("name", CODES)
def test_reading_ends_at_once(write, tmp_path, name):
    folder = write(
        accounts__csv=None, accounts__sql=f"SELECT 'a' AS account_id, n FROM ({ENDLESS})"
    )
    (folder / "dataset.toml").write_text('name = "x"\n[source]\nfolder = "."\n')
    process = start("report", "2026Q1", "--dataset", folder, "--out", tmp_path / "out")
    until_it_listens(process)
    process.send_signal(getattr(signal, name))
    _, errors = process.communicate(timeout=30)
    assert process.returncode == CODES[name], errors
    assert errors == "cx: stopped; what was published is as it was\n"
    assert not list((tmp_path / "out").glob("2*"))


def test_reading_keeps_to_its_time(write, tmp_path):
    folder = write(
        accounts__csv=None, accounts__sql=f"SELECT 'a' AS account_id, n FROM ({ENDLESS})"
    )
    (folder / "dataset.toml").write_text('name = "x"\n[source]\nfolder = "."\n')
    run = cx("report", "2026Q1", "--dataset", folder, "--out", tmp_path / "out", "--timeout", 2)
    assert run.returncode == 2
    assert run.stderr == (
        "cx: reading the data takes longer than 10 s; allow more with --timeout\n"
    )


def test_a_look_shows_so_many_rows_and_works_out_no_more():
    run = cx("sql", "SELECT * FROM range(1000000000000)", "--rows", "2", "--dataset", "data/demo")
    assert run.returncode == 0, run.stderr
    assert "the first 2 rows" in run.stdout


def test_a_killed_run_leaves_rows_that_the_next_one_clears(write, suite, tmp_path, rooms):
    suite(**{"01_first": ["import time; time.sleep(60)"]})
    arguments = ["report", "2026Q1", "--dataset", write(), "--notebooks", tmp_path / "suite",
                 "--out", tmp_path / "out"]  # fmt: skip
    process = start(*arguments)
    until = time.monotonic() + 60
    while not rows_left(rooms) and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(1)
    process.kill()
    process.communicate()
    left = rows_left(rooms)
    assert left
    place = Path(left[0]).parents[len(Path(left[0]).relative_to(rooms).parts) - 2]
    assert os.stat(place).st_mode & 0o077 == 0
    suite(**{"01_first": ["print('done')"]})
    run = cx(*arguments)
    assert run.returncode == 0, run.stderr
    assert not rows_left(rooms)
    assert not list(rooms.rglob("run-*"))


def test_rooms_of_runs_that_live_are_left_alone(rooms, monkeypatch):
    from cxlib.data.scratch import take_room

    monkeypatch.setattr("tempfile.tempdir", str(rooms))
    first = take_room()
    (first.path / "rows").write_text("x")
    with take_room() as second:
        assert (first.path / "rows").is_file()
        assert second != first.path
    first.leave()
    assert not list(rooms.rglob("run-*"))


def test_a_place_that_others_could_read_is_not_used(rooms, monkeypatch):
    from cxlib.data.scratch import take_room

    monkeypatch.setattr("tempfile.tempdir", str(rooms))
    taken = rooms / f"cx-rows-{os.getuid()}"
    taken.mkdir()
    taken.chmod(0o777)
    with take_room() as room:
        assert taken not in room.parents
