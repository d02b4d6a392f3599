import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.analysis import spc
from tests.conftest import SHARED


@pytest.mark.shared
def test_nhs_rf4_type_1_breaches_point_by_point():
    """NHSRplotthedots 0.2.2 on monthly type-1 breaches at RF4."""
    known = pd.read_csv(SHARED / "reference" / "spc_xmr_nhs_rf4_type1_breaches.csv")
    chart = spc.xmr(known.y)
    assert chart.centre == 4175.5
    assert (chart.lower, chart.upper) == pytest.approx((2025.612, 6325.388), abs=1e-9)
    words = {
        "Common Cause": "",
        "Below LCL": spc.BEYOND,
        "Above UCL": spc.BEYOND,
        "7 Points Below CL": spc.SHIFT,
        "2 in 3 Below CL": spc.TWO_OF_THREE,
        "2 in 3 Above CL": spc.TWO_OF_THREE,
    }
    assert list(chart.signals) == [words[each] for each in known.special_cause_type]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([5, 11, 0], [0, 1, 1]), ([1, 10], [0, 0]), ([], [])],
    ids=["outside", "on the limit", "empty"],
)
def test_beyond_limits(values, expected):
    assert list(spc.beyond_limits(np.array(values), 1, 10)) == [bool(each) for each in expected]


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ([1] * 7, [1] * 7),
        ([1] * 6, [0] * 6),
        ([-1] * 7 + [1], [1] * 7 + [0]),
        ([1, 1, 1, 0, 1, 1, 1, 1], [0] * 8),
        ([0] * 9, [0] * 9),
    ],
    ids=["seven above", "six", "seven below", "broken by the centre", "on the centre"],
)
def test_in_shift(sides, expected):
    assert list(spc.in_shift(np.array(sides))) == [bool(each) for each in expected]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3, 4, 5, 6, 7], [1] * 7),
        ([1, 2, 3, 4, 5, 6], [0] * 6),
        ([7, 6, 5, 4, 3, 2, 1, 9], [1] * 7 + [0]),
        ([1, 2, 3, 3, 4, 5, 6, 7], [0] * 8),
    ],
    ids=["seven rising", "six", "seven falling", "broken by a tie"],
)
def test_in_trend(values, expected):
    assert list(spc.in_trend(np.array(values))) == [bool(each) for each in expected]


@pytest.mark.parametrize(
    ("near", "expected"),
    [
        ([1, 0, 1], [1, 0, 1]),
        ([1, 1, 0], [1, 1, 0]),
        ([1, 0, 0, 1], [0, 0, 0, 0]),
        ([1, -1, 0], [0, 0, 0]),
        ([-1, -1], [0, 0]),
    ],
    ids=["around one", "next to one", "too far apart", "opposite sides", "too short"],
)
def test_two_of_three(near, expected):
    assert list(spc.two_of_three(np.array(near))) == [bool(each) for each in expected]


def test_limits_are_frozen_from_the_baseline():
    calm = [10, 11, 9, 10, 11, 9, 10, 11, 9, 10, 11, 9]
    chart = spc.xmr([*calm, 30, 30, 30], baseline=12)
    assert chart.centre == pytest.approx(10)
    assert chart.signals[-3:] == (spc.BEYOND,) * 3
    assert not chart.trial
    assert spc.xmr(calm, baseline=11).trial


def test_a_constant_series_has_limits_on_its_centre_and_no_signal():
    chart = spc.xmr([5.0] * 12)
    assert (chart.lower, chart.upper) == (5, 5)
    assert set(chart.signals) == {""}


def test_three_points_are_too_few():
    with pytest.raises(ValueError, match="baseline == 3, must be at least 4"):
        spc.xmr([1, 2, 3])


@given(st.lists(st.integers(-50, 50), min_size=12, max_size=40), st.integers(1, 9))
def test_scaling_and_mirroring_a_series_keeps_its_signals(values, factor):
    values = np.array(values, dtype=float)
    signals = spc.xmr(values).signals
    assert spc.xmr(values * factor).signals == signals
    assert spc.xmr(-values).signals == signals
