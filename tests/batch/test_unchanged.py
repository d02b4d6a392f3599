"""What a run does again, and what it leaves as it is."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.conftest import COMMON, ROOT, cx, ran

PARAMETERS = COMMON + "top = 5  # t\n"
GOOD = {"01_first": ["print('first')"], "02_second": ["print('second')"]}


@pytest.fixture
def tmp_path(edition):
    return edition()


@pytest.fixture
def published(tmp_path):
    """The arguments of a run that has published everything."""
    folders = ["--dataset", tmp_path / "dataset", "--notebooks", tmp_path / "suite"]
    return ["report", "2026Q1", *folders, "--out", tmp_path / "reports"]


@pytest.fixture
def arguments(published, tmp_path):
    """The same, before anything is published."""
    shutil.rmtree(tmp_path / "reports")
    return published


def record(tmp_path, quarter="2026Q1"):
    return json.loads((tmp_path / "reports" / quarter / "run.json").read_text())


def test_what_has_not_changed_is_not_run_again_and_the_record_says_so(arguments, tmp_path):
    assert sorted(ran(cx(*arguments))) == ["first", "second"]
    page = (tmp_path / "reports" / "2026Q1" / "first.html").read_bytes()
    again = cx(*arguments)
    assert ran(again) == []
    assert "nothing has changed since the last run" in again.stdout
    assert (tmp_path / "reports" / "2026Q1" / "first.html").read_bytes() == page
    assert {each["reused"] for each in record(tmp_path)["notebooks"].values()} == {True}
    assert sorted(ran(cx(*arguments, "--fresh"))) == ["first", "second"]
    assert {each["reused"] for each in record(tmp_path)["notebooks"].values()} == {False}


LOADED = """
import atexit, sys
from cxlib.cli import main
heavy = ("pandas", "ibis", "duckdb", "nbformat", "papermill", "nbconvert", "matplotlib")
atexit.register(lambda: print("loaded:", *(name for name in heavy if name in sys.modules)))
main()
"""


def test_a_run_loads_only_what_it_needs(arguments):
    def loaded(*more):
        command = [sys.executable, "-c", LOADED, *map(str, arguments), *more]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return set(run.stdout.splitlines()[-1].split()[1:])

    assert not loaded() & {"papermill", "nbconvert", "nbformat", "matplotlib"}
    assert loaded() == set()


def test_a_changed_notebook_runs_again_and_only_that(published, suite, tmp_path):
    suite(PARAMETERS, **{"02_second": ["print('changed')"]})
    assert ran(cx(*published)) == ["second"]
    entries = record(tmp_path)["notebooks"]
    assert (entries["first"]["reused"], entries["second"]["reused"]) == (True, False)


@pytest.mark.parametrize("change", ["parameter", "data", "settings", "package", "missing page"])
def test_every_thing_that_a_page_depends_on_makes_it_run_again(
    change, published, write, tmp_path, monkeypatch
):
    options = []
    if change == "parameter":
        options = ["-p", "top=6"]
    elif change == "data":
        write(revenue__csv="account_id,booked_at,amount\n001,2026-01-01,101\n")
    elif change == "settings":
        write(dataset__toml='name = "Small"\ncurrency = "EUR"\n')
    elif change == "package":
        run = cx(*published, env={"PYTHONPATH": str(another_package(tmp_path))})
        assert sorted(ran(run)) == ["first", "second"]
        return
    else:
        (tmp_path / "reports" / "2026Q1" / "second.html").unlink()
        assert ran(cx(*published)) == ["second"]
        return
    assert sorted(ran(cx(*published, *options))) == ["first", "second"]


def another_package(tmp_path):
    """A folder whose `sitecustomize` makes Python see one more installed package."""
    folder = tmp_path / "more"
    (folder / "site" / "new_package-1.0.dist-info").mkdir(parents=True)
    (folder / "sitecustomize.py").write_text(
        "import sysconfig\n"
        "paths = sysconfig.get_path\n"
        f"sysconfig.get_path = lambda name, *a, **k: {str(folder / 'site')!r} "
        "if name == 'platlib' else paths(name, *a, **k)\n"
    )
    return folder


def test_a_single_notebook_is_renewed_and_the_others_stay(published, suite, tmp_path):
    suite(PARAMETERS, **{"01_first": ["1"], "02_second": ["print('new')"]})
    assert ran(cx(*published, "--only", "second")) == ["second"]
    entries = record(tmp_path)["notebooks"]
    assert (entries["first"]["outdated"], entries["second"]["outdated"]) == (True, False)
    index = (tmp_path / "reports" / "2026Q1" / "index.html").read_text()
    assert "from other data, parameters or programs than the rest" in index
    assert (tmp_path / "reports" / "2026Q1" / "first.html").is_file()
    assert ran(cx(*published)) == ["first"]


def test_two_notebooks_must_not_write_the_same_table(arguments, suite):
    cell = "from cxlib.page.table import save_table\nimport pandas as pd\nsave_table(pd.DataFrame({'a': [1]}), 'same.csv')"
    suite(**{"01_first": [cell], "02_second": [cell]})
    run = cx(*arguments)
    assert run.returncode == 1
    assert "second, 2026Q1: failed: writes tables/same.csv, which another" in run.stdout
    quiet = cx(*arguments, "--quiet")
    assert (quiet.returncode, quiet.stdout) == (1, "")
    assert "writes tables/same.csv" in quiet.stderr


def test_a_new_table_never_overwrites_that_of_a_page_that_is_kept(arguments, suite, tmp_path):
    write = "from cxlib.page.table import save_table\nimport pandas as pd\n"
    suite(**{"02_second": [write + "save_table(pd.DataFrame({'a': ['second']}), 'x.csv')"]})
    assert cx(*arguments).returncode == 0
    suite(**{"01_first": [write + "save_table(pd.DataFrame({'a': ['first']}), 'x.csv')"]})
    assert cx(*arguments).returncode == 1
    table = tmp_path / "reports" / "2026Q1" / "tables" / "x.csv"
    assert table.read_text() == "a\nsecond\n"
    assert (record(tmp_path)["notebooks"]["first"]["status"], cx(*arguments).returncode) == (
        "failed",
        1,
    )


def test_a_table_in_a_folder_is_published_and_kept(arguments, suite, tmp_path):
    cell = "from pathlib import Path\nPath('tables/sub').mkdir(parents=True)\nPath('tables/sub/x.txt').write_text('x')"
    suite(**{"02_second": [cell]})
    assert cx(*arguments).returncode == 0
    suite(**{"01_first": ["2"]})
    assert ran(cx(*arguments)) == ["first"]
    assert (tmp_path / "reports" / "2026Q1" / "tables" / "sub" / "x.txt").read_text() == "x"


def test_what_somebody_has_removed_is_made_again(arguments, suite, tmp_path):
    cell = "from cxlib.page.table import save_table\nimport pandas as pd\nsave_table(pd.DataFrame({'a': [1]}), 'x.csv')"
    suite(**{"02_second": [cell]})
    cx(*arguments)
    (tmp_path / "reports" / "2026Q1" / "tables" / "x.csv").unlink()
    assert ran(cx(*arguments)) == ["second"]
    (tmp_path / "reports" / "index.html").unlink()
    assert ran(cx(*arguments)) == []
    assert (tmp_path / "reports" / "index.html").is_file()


def test_data_that_change_during_a_run_make_the_next_one_run(arguments, suite, write, tmp_path):
    grow = f"open({str(tmp_path / 'dataset' / 'revenue.csv')!r}, 'a').write('002,2026-03-01,5\\n')"
    suite(**{"02_second": [grow]})
    assert cx(*arguments).returncode == 0
    suite(**{"02_second": [grow]})
    assert sorted(ran(cx(*arguments))) == ["first", "second"]


def test_a_page_that_is_current_again_is_no_longer_called_outdated(published, write, tmp_path):
    write(revenue__csv="account_id,booked_at,amount\n001,2026-01-01,101\n")
    assert ran(cx(*published, "--only", "second")) == ["second"]
    assert record(tmp_path)["notebooks"]["first"]["outdated"]
    write()
    assert ran(cx(*published)) == ["second"]
    assert not record(tmp_path)["notebooks"]["first"]["outdated"]
    assert ran(cx(*published)) == []
