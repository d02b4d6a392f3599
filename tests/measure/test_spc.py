import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.measure import spc
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
    # Fewer breaches are better: below the centre a special cause is an improvement.
    kinds = [
        "common_cause" if not signal
        else "special_cause_improvement" if side < 0
        else "special_cause_concern"
        for signal, side in zip(chart.signals, chart.sides, strict=True)
    ]  # fmt: skip
    assert kinds == list(known.point_type)
    assert [kinds.count(each) for each in ("common_cause", "special_cause_concern")] == [24, 5]
    assert len(kinds) == 36


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


# Proportions and rates (Laney 2002) ---------------------------------------------------------------


def test_p_prime_by_hand():
    """p̄ = 36 / 180 = 0.2; σp = 0.04, but 0.08 at n = 25; z = 0, 1, 0, −1; mean range 1; σz = 1/1.128.

    Limits lie 3 · 0.04 / 1.128 = 0.106383 around 0.2, and 0.212766 where n is 25.
    """
    chart = spc.p_prime([20, 24, 20, 16, 5], [100, 100, 100, 100, 25], baseline=4)
    assert chart.centre == pytest.approx(0.2)
    assert chart.upper == pytest.approx([0.306383] * 4 + [0.412766], abs=1e-6)
    assert chart.lower == pytest.approx([0.093617] * 4 + [0], abs=1e-6)
    assert chart.values[-1] == 0.2


def test_u_prime_by_hand():
    """ū = 400 / 100 = 4; σu = 2 / √25 = 0.4; z = 0, 2.5, 0, −2.5; mean range 2.5; σz = 2.216312."""
    chart = spc.u_prime([100, 125, 100, 75], [25] * 4)
    assert chart.centre == 4
    assert chart.upper == pytest.approx([4 + 3 * 0.4 * 2.5 / 1.128] * 4)
    assert chart.lower == pytest.approx([4 - 3 * 0.4 * 2.5 / 1.128] * 4)


def test_where_the_binomial_is_all_there_is_the_limits_are_those_of_a_p_chart():
    """σz is 1 but for chance: over 400 draws of 24 months the mean limit is within 2%."""
    rng = np.random.default_rng(1)
    reach = [spc.p_prime(rng.binomial(400, 0.3, 24), [400] * 24).upper[0] - 0.3 for _ in range(400)]
    assert np.mean(reach) == pytest.approx(3 * np.sqrt(0.3 * 0.7 / 400), rel=0.02)


def test_huge_counts_do_not_make_every_month_a_special_cause():
    """Means that wander by 2% around 30%, with a million contacts a month."""
    rng = np.random.default_rng(2)
    share = 0.3 * (1 + 0.02 * rng.standard_normal(36))
    events = rng.binomial(1_000_000, share)
    chart = spc.p_prime(events, [1_000_000] * 36)
    assert sum(bool(each) for each in chart.signals) <= 4
    error = np.sqrt(0.3 * 0.7 / 1e6)
    assert (np.abs(events / 1e6 - 0.3) > 3 * error).mean() > 0.7


@pytest.mark.parametrize("make", [spc.p_prime, spc.u_prime])
def test_three_points_are_too_few_for_proportions_too(make):
    with pytest.raises(ValueError, match="baseline == 3, must be at least 4"):
        make([1, 2, 3], [10, 10, 10])


# The icons of Making Data Count -------------------------------------------------------------------

CALM = [10, 11, 9, 10, 11, 9, 10, 11, 9, 10, 11, 9]


@pytest.mark.parametrize(
    ("last", "better", "expected"),
    [
        (10, "higher", spc.COMMON),
        (30, "higher", spc.IMPROVING),
        (30, "lower", spc.CONCERNING),
        (-9, "higher", spc.CONCERNING),
        (-9, "lower", spc.IMPROVING),
        (30, "neither", spc.NEITHER),
    ],
)
def test_variation(last, better, expected):
    assert spc.variation(spc.xmr([*CALM, last], baseline=12), better) == expected


@pytest.mark.parametrize(
    ("target", "better", "expected"),
    [
        (10, "higher", spc.HIT_OR_MISS),
        (2, "higher", spc.PASSES),
        (2, "lower", spc.FAILS),
        (20, "higher", spc.FAILS),
        (20, "lower", spc.PASSES),
        (20, "neither", spc.NO_TARGET),
        (np.nan, "higher", spc.NO_TARGET),
    ],
)
def test_assurance(target, better, expected):
    assert spc.assurance(spc.xmr(CALM), target, better) == expected


def test_rules_take_several_series_at_once():
    rng = np.random.default_rng(3)
    many = rng.integers(0, 4, (50, 30)).astype(float)
    for rule in (spc.in_trend, lambda x: spc.in_shift(np.sign(x - 1)), lambda x: spc.two_of_three(np.sign(x - 1).astype(int))):  # fmt: skip
        assert (rule(many) == np.array([rule(each) for each in many])).all()


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
