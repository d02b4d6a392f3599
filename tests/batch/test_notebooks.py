import re

import nbformat
import pytest

from cxlib.batch.notebooks import check_parameters, find_notebooks
from cxlib.errors import ArgumentError
from tests.conftest import ROOT

COMMON = 'quarter = "2026Q3"  # q\ndataset = "d"  # d\nwhere = ""  # w\n'


@pytest.fixture
def folder(tmp_path):
    """A folder of tiny notebooks; each is a list of code cells after the parameters cell."""

    def make(parameters=COMMON, **cells):
        for name, sources in cells.items():
            notebook = nbformat.v4.new_notebook()
            head = nbformat.v4.new_code_cell(parameters)
            head.metadata["tags"] = ["parameters"]
            notebook.cells = [nbformat.v4.new_markdown_cell(f"# {name}\n\n**What?**"), head]
            notebook.cells += [nbformat.v4.new_code_cell(each) for each in sources]
            notebook.metadata["kernelspec"] = {
                "name": "python3",
                "display_name": "Python 3",
                "language": "python",
            }
            nbformat.write(notebook, tmp_path / f"{name}.ipynb")
        return tmp_path

    return make


def test_notebooks_are_found_in_the_order_of_their_numbers(folder):
    found = find_notebooks(folder(_=[], **{"10_b": [], "02_a": [], "draft": []}))
    assert [each.name for each in found] == ["a", "b"]
    assert (found[0].title, found[0].question) == ("02_a", "What?")


def test_the_suite_has_its_five_notebooks():
    found = find_notebooks(ROOT / "notebooks")
    assert [each.name for each in found] == [
        "data_readiness", "personas", "kpi_drivers", "account_tiers", "pdca_cycles",
    ]  # fmt: skip
    assert all(each.question.endswith("?") for each in found)


def test_an_unknown_notebook_is_refused_with_the_nearest(folder):
    with pytest.raises(ArgumentError, match="notebook 'perso': known are: a"):
        find_notebooks(folder(**{"01_a": []}), ["perso"])


def test_a_notebook_must_take_what_every_notebook_takes(folder):
    with pytest.raises(ArgumentError, match="lacks dataset, where"):
        find_notebooks(folder('quarter = "x"  # q', **{"01_a": []}))


@pytest.mark.parametrize(
    ("argument", "value"),
    [("code=007", "007"), ("code=1_000", "1_000"), ("top=12", 12), ("rate=0.5", 0.5), ("deep=true", True), ("code=a=b", "a=b"), ("code=", "")],
)  # fmt: skip
def test_a_value_is_read_as_the_type_of_its_default(folder, argument, value):
    own = COMMON + 'code = "x"  # c\ntop = 5  # t\nrate = 1.0  # r\ndeep = False  # d\n'
    given = check_parameters(find_notebooks(folder(own, **{"01_a": []})), [argument])
    name = argument.split("=")[0]
    assert given == {name: value}
    assert type(given[name]) is type(value)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("tpo=3", "no notebook has such a parameter; did you mean top"),
        ("top=many", "'many', must be a whole number"),
        ("top=1_000", "'1_000', must be a whole number"),
        ("top", "must be NAME=VALUE"),
        ("quarter=2026Q1", "has an argument of its own"),
    ],
)
def test_a_wrong_parameter_is_refused(folder, argument, message):
    with pytest.raises(ArgumentError, match=message):
        check_parameters(
            find_notebooks(folder(COMMON + "top = 5  # t\n", **{"01_a": []})), [argument]
        )


def test_a_notebook_that_fails_is_told_and_the_others_are_published(folder, tmp_path):
    from tests.conftest import cx

    notebooks = folder(
        **{
            "01_good": ["1 + 1"],
            "02_raises": ["x = 1", "raise ValueError('no luck')"],
            "03_exits": ["raise SystemExit(0)", "x = 1"],
            "04_lacks": [
                "from cxlib.errors import MissingData",
                "raise MissingData('has no table cycles')",
            ],
        }
    )
    out = tmp_path / "reports"
    run = cx("report", "2026Q3", "--notebooks", notebooks, "--out", out)
    assert run.returncode == 1, run.stderr
    page = (out / "2026Q3" / "index.html").read_text()
    assert (out / "2026Q3" / "good.html").is_file()
    assert not list((out / "2026Q3").glob("raises.html"))
    assert "raises: failed" in run.stdout
    assert "ValueError: no luck" in run.stdout
    assert re.search(r"exits: failed in [\d.]+ s: \S", run.stdout)
    assert "lacks: left out" in run.stdout
    assert "has no table cycles" in page
    assert "ValueError: no luck" in page
