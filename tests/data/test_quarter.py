from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.data import Quarter
from cxlib.errors import ArgumentError

quarters = st.builds(
    Quarter, st.integers(1950, 2900), st.integers(1, 4), first_month=st.integers(1, 12)
)


@pytest.mark.parametrize(
    "text", ["2026Q5", "2026Q0", "26Q1", "2026", "", "2026-Q1", "2026Q11", "x"]
)
def test_a_text_that_is_no_quarter_is_refused_with_its_rule(text):
    with pytest.raises(ArgumentError, match="must be a year and a quarter from Q1 to Q4"):
        Quarter.parse(text)


def test_a_fiscal_year_is_named_for_the_year_in_which_it_ends():
    first = Quarter.parse("2026Q1", first_month=2)
    assert first.start == datetime(2025, 2, 1)
    assert first.shift(3).end == datetime(2026, 2, 1)


@given(quarters)
def test_quarters_follow_one_another_without_gap(quarter):
    assert quarter.end == quarter.shift(1).start
    assert quarter.previous.end == quarter.start
    assert quarter.shift(5).shift(-5) == quarter
    assert timedelta(days=88) < quarter.end - quarter.start < timedelta(days=93)


@given(quarters)
def test_a_quarter_holds_its_first_and_last_moment(quarter):
    last = quarter.end - timedelta(microseconds=1)
    assert Quarter.holding(quarter.start, quarter.first_month) == quarter
    assert Quarter.holding(last, quarter.first_month) == quarter
    assert Quarter.parse(str(quarter), quarter.first_month) == quarter
