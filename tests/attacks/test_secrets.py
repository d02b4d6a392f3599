"""Promise: what names a person, or opens a door, stands in no page, no log and no open folder."""

import os
import sys

import pandas as pd
import pytest

from tests.conftest import cx

# A notebook that writes a table as the suite's own do.
TABLE = [
    "import pandas as pd\nfrom cxlib.data import open_dataset\n"
    "from cxlib.page.table import save_table",
    "data = open_dataset(dataset, quarter)\nids = data.tables['accounts'].execute().account_id",
    "frame = pd.DataFrame({'account_id': ids, 'said': ['=1+1', -5]})",
    "save_table(frame, 'care.csv')",
]
ACCOUNTS = "account_id,region,size\n=cmd|'x',EMEA,10\n002,APAC,20\n"
CUSTOMERS = "customer_id,account_id,role\n1,=cmd|'x',user\n2,002,admin\n3,002,user\n"


@pytest.fixture
def arguments(write, suite, tmp_path):
    suite(**{"01_care": TABLE})
    folder = write(accounts__csv=ACCOUNTS, customers__csv=CUSTOMERS, revenue__csv=None)
    return ["report", "2026Q1", "--dataset", folder, "--notebooks", tmp_path / "suite"]


def test_tables_with_real_ids_are_outside_the_pages_and_their_owners_alone(arguments, tmp_path):
    run = cx(*arguments, "--out", tmp_path / "out")
    assert run.returncode == 0, run.stderr
    crm = tmp_path / "out-crm"
    assert f"{crm}: tables with real ids" in run.stdout + run.stderr
    for each in (crm, *crm.rglob("*")):
        assert each.stat().st_mode & 0o77 == 0, each
    assert "cmd" not in (tmp_path / "out" / "2026Q1" / "tables" / "care.csv").read_text()
    # What was lost is written again.
    (crm / "2026Q1" / "care.csv").unlink()
    assert cx(*arguments, "--out", tmp_path / "out").returncode == 0
    assert (crm / "2026Q1" / "care.csv").is_file()


def test_no_table_with_real_ids_holds_a_formula(arguments, tmp_path):
    assert cx(*arguments, "--out", tmp_path / "out", "--crm", tmp_path / "crm").returncode == 0
    table = pd.read_csv(tmp_path / "crm" / "2026Q1" / "care.csv", dtype="str")
    assert set(table.account_id) == {"'=cmd|'x'", "002"}
    assert list(table.said) == ["'=1+1", "-5"]


def test_tables_with_real_ids_go_neither_among_pages_nor_among_foreign_files(arguments, tmp_path):
    out = tmp_path / "out"
    for crm, words in (
        (out / "crm", "is within --out"),
        (tmp_path / "dataset", "accounts.csv in it was written by no report"),
    ):
        run = cx(*arguments, "--out", out, "--crm", crm)
        assert run.returncode == 2
        assert words in run.stderr
    assert cx(*arguments, "--out", out, "--crm", tmp_path / "crm").returncode == 0
    mine = tmp_path / "crm" / "2026Q1" / "notes.txt"
    mine.write_text("mine")
    assert cx(*arguments, "--out", out, "--crm", tmp_path / "crm", "--fresh").returncode == 0
    assert mine.read_text() == "mine"


def test_reports_do_not_share_a_folder_of_tables_with_real_ids(arguments, tmp_path):
    crm = tmp_path / "crm"
    assert cx(*arguments, "--out", tmp_path / "out", "--crm", crm).returncode == 0
    table = (crm / "2026Q1" / "care.csv").read_bytes()
    run = cx(*arguments, "--out", tmp_path / "other", "--crm", crm, "--where", "size >= 0")
    assert run.returncode == 2
    assert f"holds the tables of the reports in {tmp_path / 'out'}; name another" in run.stderr
    assert (crm / "2026Q1" / "care.csv").read_bytes() == table


def test_stores_have_folders_of_tables_with_real_ids_of_their_own(arguments, tmp_path):
    for name in ("one", "two"):
        run = cx(*arguments, "--out", f"file://{tmp_path}/{name}/reports", cwd=tmp_path)
        assert run.returncode == 0, run.stderr
    assert len(list(tmp_path.glob("*-reports-crm/2026Q1/care.csv"))) == 2


def test_readers_of_the_old_place_are_told(arguments, tmp_path):
    out = tmp_path / "out"
    assert cx(*arguments, "--out", out).returncode == 0
    old = out / "2026Q1" / "tables" / "crm"
    old.mkdir()
    (old / "care.csv").write_text("account_id\n002\n")
    assert cx(*arguments, "--out", out, "--fresh").returncode == 0
    assert "in a folder of their own" in (old / "NOTICE.txt").read_text()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"customers__sql": "SELECT 1 AS customer_id, CAST('ann@mail.org' AS INT) AS n"},
         "Could not convert string 'xxx@xxxx.xxx'"),
        ({"customers__sql": "SELECT 1 AS customer_id, strptime('Ann Lee', '%Y') AS n"},
         'Could not parse string "xxx xxx"'),
        ({"customers__sql": "SELECT '1' AS customer_id, error('who: ' || 'Ann Lee') AS n"},
         "error would write rows into logs"),
        ({"customers__sql": "SELECT '1' AS customer_id, now() AT TIME ZONE 'Ann Lee' AS n"},
         "Unknown TimeZone 'xxx xxx'"),
        ({"customers__sql": "SELECT '1' AS customer_id, "
          "regexp_matches('a', '(' || upper('Ann Lee')) AS n"}, "missing ): (xxx xxx"),
        ({"customers__csv": "customer_id,name\n1,Jos\xe9 Lee\n".encode("latin-1")},
         "line 2: '#,xxxx xxx' is not UTF-8"),
    ],
    ids=["a value of another type", "a date in other words", "an error of its own", "a time zone",
         "a pattern",
         "not UTF-8"],
)  # fmt: skip
def test_no_error_names_a_person(write, files, words):
    run = cx("check", "--dataset", write(**{"customers__csv": None, **files}))
    assert run.returncode == 2, run.stdout + run.stderr
    assert words in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("engine", ["postgres", "spark"])
def test_an_engine_that_is_not_installed_is_said(write, engine, tmp_path):
    toml = f'name = "S"\n[source]\nengine = "{engine}"\nhost = "nowhere"\n'
    folder = write(dataset__toml=toml)
    # As on a machine on which only the project itself is installed.
    (tmp_path / "without").mkdir()
    blocked = "import sys\nsys.modules |= dict.fromkeys(['psycopg', 'pyspark'])\n"
    (tmp_path / "without" / "sitecustomize.py").write_text(blocked)
    path = os.pathsep.join([str(tmp_path / "without"), *filter(None, sys.path)])
    run = cx("check", "--dataset", folder, env={"PYTHONPATH": path})
    assert run.returncode == 2, run.stdout + run.stderr
    assert f"pip install -e '.[{engine}]'" in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1


def test_tables_that_cannot_be_written_are_said_and_tried_again(arguments, tmp_path):
    crm = tmp_path / "out-crm"
    assert cx(*arguments, "--out", tmp_path / "out").returncode == 0
    # Somebody's own folder stands where a table would be.
    table = crm / "2026Q1" / "care.csv"
    table.unlink()
    table.mkdir()
    run = cx(*arguments, "--out", tmp_path / "out", "--fresh")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "tables with real ids were not written" in run.stdout + run.stderr
    table.rmdir()
    assert cx(*arguments, "--out", tmp_path / "out").returncode == 0
    assert table.is_file()
