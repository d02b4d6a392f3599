"""The command as a person runs it: how it refuses, and what it says."""

import re

import pytest

from tests.conftest import ROOT, SOURCE, cx


def test_a_small_dataset_publishes_what_it_can(write, tmp_path):
    run = cx("report", "2026Q1", "--dataset", write(), "--out", tmp_path / "out")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "pdca_cycles, 2026Q1: left out" in run.stdout
    published = tmp_path / "out" / "2026Q1"
    assert (published / "account_tiers.html").is_file()
    assert "3 customers are too few to tell personas" in (published / "personas.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["2026Q5"], "quarter == '2026Q5', must be a year and a quarter"),
        (["2031Q1"], "must lie within the data"),
        (["2026Q3", "-p", "speed=3"], "-p speed: no notebook has such a parameter"),
        (["2026Q3", "-p", "before=reports"], "-p before: is found by the run"),
        (["2026Q3", "-p", "most_personas=few"], "-p most_personas: 'few', must be a whole number"),
        (["2026Q3", "--dataset", "no/such/folder"], "there is no such folder"),
        (["2026Q3", "--only", "persona"], "notebook 'persona': did you mean personas"),
        (["2026Q3", "--where", "regio = 'EMEA'"], "no column regio; did you mean region"),
        (["2026Q3", "--notebooks", "docs"], "no notebook found"),
    ],
)
def test_a_wrong_argument_ends_in_one_line_and_code_2(tmp_path, arguments, message):
    run = cx("report", *arguments, "--out", tmp_path / "out")
    assert run.returncode == 2
    assert message in run.stderr
    assert run.stderr.startswith("cx: ")
    assert run.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_empty_table_ends_in_one_line_and_code_2(write, tmp_path):
    folder = write(surveys__csv=SOURCE["surveys.csv"].split("\n")[0] + "\n")
    run = cx("report", "2026Q1", "--dataset", folder, "--out", tmp_path / "out")
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert "surveys.csv: the table has no rows" in run.stderr


def test_check_names_file_column_value_count_and_rule():
    run = cx("check", "--dataset", ROOT / "data" / "demo")
    assert run.returncode == 0
    line = r"surveys.parquet: score == '11.0' \(row \d+\): must be a whole number .* nps; 3 rows"
    assert re.search(line, run.stdout)


def test_list_names_every_notebook_and_parameter():
    run = cx("list")
    assert "pdca_cycles: Did our improvements work?" in run.stdout
    assert "most_personas = 8" in run.stdout
