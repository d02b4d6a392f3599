"""Promise: neither a terminal nor a name, a time of day nor a user's home brings a run down."""

import os
import subprocess
import sys

import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.data.privacy.pseudonyms import VARIABLE
from tests.conftest import SOURCE, cx

GOOD = {"01_first": ["print('first')"]}


@pytest.fixture
def arguments(write, suite, tmp_path):
    suite(**GOOD)
    return ["report", "2026Q1", "--dataset", write(), "--notebooks", tmp_path / "suite"]


@pytest.mark.parametrize("name", ["o{0}", "o{quarter}", "o?x", "o#y", "o%20", "ö ü", "-o"])
def test_a_folder_of_reports_may_have_any_name(arguments, tmp_path, name):
    run = cx(*arguments, f"--out={tmp_path / name}")
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / name / "2026Q1" / "first.html").is_file()


def test_a_terminal_that_knows_few_letters_is_written_to(write):
    plain = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    assert cx("check", "--dataset", write(), env=plain).returncode == 0
    run = cx("sql", "SELECT 'Zürich' AS city", "--dataset", write(), env=plain)
    assert run.returncode == 0, run.stderr
    assert "Z?rich" in run.stdout


def test_pages_are_published_though_nobody_reads_what_is_said(arguments, tmp_path):
    code = "from cxlib.cli import main; main()"
    command = [sys.executable, "-c", code, *map(str, arguments), "--out", str(tmp_path / "out")]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    run.stdout.close()
    assert run.wait(120) == 0, run.stderr.read()
    run.stderr.close()
    assert (tmp_path / "out" / "2026Q1" / "first.html").is_file()


def test_a_user_without_a_home_is_told_where_else_a_key_may_be():
    code = (
        "import os, pathlib\n"
        "from cxlib.data.privacy.pseudonyms import pseudonym_key\n"
        "from cxlib.errors import DataError\n"
        "os.setuid(61234)\n"
        "try: print(pseudonym_key())\n"
        "except DataError as error: print(error)\n"
    )
    if os.name != "posix" or os.getuid() != 0:
        pytest.skip("only the administrator may become a user without a name")
    environment = {
        name: value for name, value in os.environ.items()
        if name not in ("HOME", "XDG_CONFIG_HOME", VARIABLE)
    }  # fmt: skip
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert "this user has no home folder" in run.stdout
    assert VARIABLE in run.stdout


def test_a_key_that_others_read_or_guess_raises_a_warning(write, tmp_path):
    path = tmp_path / "cx" / "pseudonym.key"
    path.parent.mkdir()
    path.write_text("a" * 32)
    path.chmod(0o644)
    code = f"from cxlib.data import open_dataset; [open_dataset({str(write())!r}) for _ in 'ab']"
    environment = os.environ | {"XDG_CONFIG_HOME": str(tmp_path)}
    del environment[VARIABLE]
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stderr.count("others can read the key") == 1
    assert run.stderr.count("is easily guessed") == 1


def test_a_folder_of_any_name_begins_a_dataset_that_can_be_read(tmp_path):
    raw = tmp_path / "raw.csv"
    raw.write_text(
        "ticket,customer,opened,channel\n1,7,2026-01-01 10:00:00,phone\n2,8,2026-01-02 10:00:00,x\n"
    )
    folder = tmp_path / 'my "data" \\ here'
    run = cx("init", folder, "--from", raw)
    assert run.returncode == 0, run.stderr
    assert open_dataset(folder).config.name == folder.name


def test_the_working_folder_may_be_the_folder_of_reports(arguments, tmp_path):
    place = tmp_path / "here"
    place.mkdir()
    run = cx(*arguments, "--out", ".", cwd=place)
    assert run.returncode == 0, run.stderr
    assert (place / "2026Q1" / "first.html").is_file()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_moments_of_parquet_are_read_however_fine_they_are(write, tmp_path, unit):
    rows = pd.read_csv(write() / "interactions.csv", dtype={"customer_id": "str"})
    rows["started_at"] = pd.to_datetime(rows.started_at, utc=True).astype(
        f"datetime64[{unit}, UTC]"
    )
    folder = write(interactions__csv=None)
    rows.to_parquet(folder / "interactions.parquet", index=False)
    found = open_dataset(folder).tables["interactions"].started_at.execute()
    assert sorted(found.astype("str")) == sorted(
        line.split(",")[2] for line in SOURCE["interactions.csv"].splitlines()[1:]
    )


@pytest.mark.parametrize(
    "where",
    [" OR ".join(["size = 10"] * 3_000), "(" * 2_000 + "size = 10" + ")" * 2_000,
     "NOT " * 3_000 + "size = 10"],
    ids=["conditions", "brackets", "negations"],
)  # fmt: skip
def test_a_filter_of_any_length_ends_in_one_line(arguments, tmp_path, where):
    run = cx(*arguments, "--out", tmp_path / "out", "--where", where)
    assert run.returncode == 2, run.stdout + run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert len(run.stderr) < 400


def test_a_filter_may_name_many_values(write):
    values = ", ".join(f"'2026-01-0{number % 9}-{number}'" for number in range(2_000))
    assert open_dataset(write(), where=f"role IN ('user', {values})").where
    numbers = ", ".join(f"{number}.5" for number in range(500))
    assert open_dataset(write(), where=f"size IN (10, -1.5, {numbers})").where


def test_the_projects_own_notebooks_are_found_from_anywhere(tmp_path):
    run = cx("list", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "account_tiers" in run.stdout
    assert cx("check", cwd=tmp_path).returncode == 0
