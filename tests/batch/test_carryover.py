"""What a notebook leaves for its next quarter: found, waited for, and part of what a page is."""

import json
from textwrap import indent

import pytest

from tests.conftest import COMMON, cx

# A notebook that writes down, quarter by quarter, with whose passport it went on.
CHAIN = (
    "import json, pathlib\n"
    "old = pathlib.Path(before) / 'tables' / 'chain_passport.json' if before else None\n"
    "past = json.loads(old.read_text()) if old else []\n"
    "out = pathlib.Path('tables'); out.mkdir(exist_ok=True)\n"
    "text = json.dumps([*past, mark + quarter])\n"
    "size = (out / 'chain_passport.json').write_text(text)\n"
)
PARAMETERS = COMMON + 'before = ""  # b\nmark = ""  # m\n'
CONTACTS = "interaction_id,customer_id,started_at,channel\n" + "".join(
    f"{month},{1 + month % 3},2025-{month:02}-05,phone\n" for month in range(1, 13)
)


@pytest.fixture
def run(write, suite, tmp_path):
    dataset = write(interactions__csv=CONTACTS, surveys__csv=None)
    notebooks = suite(PARAMETERS, **{"01_chain": [CHAIN]})

    def report(*arguments):
        return cx(
            "report", *arguments, "--dataset", dataset, "--notebooks", notebooks,
            "--out", tmp_path / "out",
        )  # fmt: skip

    report.suite = lambda *cells: suite(PARAMETERS, **{"01_chain": list(cells)})
    report.left = lambda quarter: json.loads(
        (tmp_path / "out" / quarter / "tables" / "chain_passport.json").read_text()
    )
    return report


def test_quarters_of_one_run_go_on_with_one_another_although_jobs_run_at_once(run):
    done = run("2025Q1..2025Q4", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert run.left("2025Q4") == ["2025Q1", "2025Q2", "2025Q3", "2025Q4"]
    assert "nothing has changed" in run("2025Q1..2025Q4").stdout


def test_a_quarter_goes_on_with_the_latest_report_before_it_and_is_made_anew_with_it(run):
    run("2025Q1")
    run("2025Q3")
    assert run.left("2025Q3") == ["2025Q1", "2025Q3"]
    assert "nothing has changed" in run("2025Q3").stdout
    run("2025Q1", "-p", "mark=x")
    again = run("2025Q3")
    assert "[1/1] chain" in again.stdout
    assert run.left("2025Q3") == ["x2025Q1", "2025Q3"]


def test_a_quarter_that_comes_in_between_is_gone_on_with(run):
    run("2025Q1")
    run("2025Q3")
    run("2025Q2..2025Q3")
    assert run.left("2025Q3") == ["2025Q1", "2025Q2", "2025Q3"]


def test_where_an_earlier_quarter_fails_its_last_passport_counts(run):
    run("2025Q1..2025Q2")
    run.suite(CHAIN, "assert quarter != '2025Q1', 'broken'")
    failed = run("2025Q1..2025Q2", "--fresh")
    assert failed.returncode == 1
    assert run.left("2025Q1") == ["2025Q1"]
    assert run.left("2025Q2") == ["2025Q1", "2025Q2"]


def test_where_the_quarter_between_fails_the_one_before_it_counts_and_stays(run):
    run.suite(CHAIN, "assert quarter != '2025Q2', 'broken'")
    assert run("2025Q1..2025Q3").returncode == 1
    assert run.left("2025Q3") == ["2025Q1", "2025Q3"]
    assert "nothing has changed" in run("2025Q3").stdout


def test_a_passport_that_the_same_run_takes_away_is_not_gone_on_with(run):
    run("2025Q2..2025Q3")
    run.suite(f"if quarter != '2025Q2' or not mark:\n{indent(CHAIN, '    ')}")
    run("2025Q2..2025Q3", "-p", "mark=n")
    assert run.left("2025Q3") == ["n2025Q3"]
    assert "nothing has changed" in run("2025Q3", "-p", "mark=n").stdout


def test_the_passport_of_another_filter_is_not_gone_on_with(run):
    run("2025Q1", "--where", "region = 'EMEA'")
    run("2025Q2")
    assert run.left("2025Q2") == ["2025Q2"]
