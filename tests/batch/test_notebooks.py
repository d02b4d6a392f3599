import pytest

from cxlib.batch.notebooks import check_parameters, choose, find_notebooks
from cxlib.errors import ArgumentError
from tests.conftest import COMMON, ROOT


def test_notebooks_are_found_in_the_order_of_their_numbers(suite):
    found = find_notebooks(suite(_=[], **{"10_b": [], "02_a": [], "draft": []}))
    assert [each.name for each in found] == ["a", "b"]
    assert (found[0].title, found[0].question) == ("02_a", "What?")


def test_the_suite_has_its_eight_notebooks():
    found = find_notebooks(ROOT / "notebooks")
    assert [each.name for each in found] == [
        "data_readiness", "personas", "kpi_drivers", "score_changes", "score_worth", "account_tiers",
        "pdca_cycles", "journeys", "voice",
    ]  # fmt: skip
    assert all(each.question.endswith("?") for each in found)


def test_an_unknown_notebook_is_refused_with_the_nearest(suite):
    with pytest.raises(ArgumentError, match="notebook 'perso': known are: a"):
        choose(find_notebooks(suite(**{"01_a": []})), ["perso"])


def test_a_notebook_must_take_what_every_notebook_takes(suite):
    with pytest.raises(ArgumentError, match="lacks dataset, where"):
        find_notebooks(suite('quarter = "x"  # q', **{"01_a": []}))


@pytest.mark.parametrize(
    ("argument", "value"),
    [("code=007", "007"), ("code=1_000", "1_000"), ("top=12", 12), ("rate=0.5", 0.5), ("deep=true", True), ("code=a=b", "a=b"), ("code=", "")],
)  # fmt: skip
def test_a_value_is_read_as_the_type_of_its_default(suite, argument, value):
    own = COMMON + 'code = "x"  # c\ntop = 5  # t\nrate = 1.0  # r\ndeep = False  # d\n'
    given = check_parameters(find_notebooks(suite(own, **{"01_a": []})), [argument])
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
def test_a_wrong_parameter_is_refused(suite, argument, message):
    with pytest.raises(ArgumentError, match=message):
        check_parameters(
            find_notebooks(suite(COMMON + "top = 5  # t\n", **{"01_a": []})), [argument]
        )
