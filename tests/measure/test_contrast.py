import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.measure import KPIS, Estimate
from cxlib.measure.contrast import compare, difference, independent
from cxlib.measure.intervals import wilson_interval


def proportion(hits, n):
    low, high = wilson_interval(hits / n, n)
    return Estimate(hits / n, float(low), float(high), n, "share")


@pytest.mark.parametrize(
    ("one", "two", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 20), 0.6791, 1.0)],
)  # fmt: skip
def test_the_difference_of_proportions_matches_newcombe_1998(one, two, low, high):
    """Newcombe 1998, Statistics in Medicine 17, 873–890, table II, method 10."""
    each = difference(proportion(*one), proportion(*two))
    assert (each.low, each.high) == pytest.approx((low, high), abs=1e-4)


def test_coverage_of_a_difference():
    rng = np.random.default_rng(3)
    hits = rng.binomial([200, 150], [0.6, 0.5], (2_000, 2))
    inside = [not difference(proportion(a, 200), proportion(b, 150)).excludes(0.1) for a, b in hits]
    assert 0.935 <= np.mean(inside) <= 0.965


def test_of_many_kpis_without_change_hardly_any_report_says_up_or_down():
    """20 KPIs a report, no true change: at most 5% of reports name any, as the method promises."""
    rng = np.random.default_rng(4)
    false, reports = 0, 400
    for _ in range(reports):
        hits = rng.binomial(300, 0.6, (20, 2))
        pairs = [
            independent(KPIS["csat_top2"], proportion(a, 300), proportion(b, 300)) for a, b in hits
        ]
        false += any(each.detected for each in compare(pairs))
    assert false / reports <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / reports)


def test_the_stated_detectable_change_is_seen_four_times_in_five():
    rng = np.random.default_rng(5)
    (typical,) = compare(
        [independent(KPIS["csat_top2"], proportion(180, 300), proportion(180, 300))]
    )
    shift = typical.detectable
    hits = rng.binomial(300, [0.6 + shift, 0.6], (1_000, 2))
    seen = np.mean(
        [
            compare([independent(KPIS["csat_top2"], proportion(a, 300), proportion(b, 300))])[
                0
            ].detected
            for a, b in hits
        ]
    )
    assert seen == pytest.approx(0.8, abs=0.04)


def test_an_estimate_without_interval_is_compared_with_none():
    none = Estimate(5, float("nan"), float("nan"), 1)
    with pytest.raises(ValueError, match="csat: both estimates must have an interval"):
        independent(KPIS["csat"], none, none)
    assert compare([]) == ()


@given(st.integers(1, 49), st.integers(1, 49))
def test_swapping_the_groups_flips_the_sign(a, b):
    one, two = proportion(a, 50), proportion(b, 50)
    there, back = difference(one, two), difference(two, one)
    assert (there.value, there.low) == pytest.approx((-back.value, -back.high))
