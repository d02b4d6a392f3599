"""Intervals against published values and other software, and by simulation."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cxlib.measure import intervals

SIMULATIONS = 2_000
N = 200
LOWEST, HIGHEST = 0.935, 0.965  # for a nominal 95%; 2,000 runs have a standard error of 0.5 points


def sums(y, x, cluster):
    """The sums over clusters that intervals are made from."""
    _, index = np.unique(cluster, return_inverse=True)
    totals_y, totals_x = np.bincount(index, y), np.bincount(index, x)
    return (
        y.sum(), x.sum(), (totals_y**2).sum(), (totals_x * totals_y).sum(), (totals_x**2).sum(),
        len(totals_y),
    )  # fmt: skip


def test_wilson_matches_newcombe_1998():
    """Newcombe 1998, Statistics in Medicine 17, table I: method 3 (Wilson without correction)."""
    for successes, n, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        ends = intervals.wilson_interval(successes / n, n)
        assert np.round(ends, 4) == pytest.approx((low, high), abs=1e-4)


def test_the_mean_matches_scipy():
    values = np.random.default_rng(1).gamma(2, 3, 40)
    parts = sums(values, np.ones(40), np.arange(40))
    variance = intervals.cluster_variance(*parts)
    low, high = intervals.t_interval(values.mean(), variance, 40)
    assert (low, high) == pytest.approx(
        stats.t.interval(0.95, 39, values.mean(), stats.sem(values)), rel=1e-12
    )


def test_the_clustered_mean_matches_statsmodels():
    rng = np.random.default_rng(2)
    cluster = rng.integers(0, 30, 200)
    values = rng.normal(size=200) + rng.normal(size=30)[cluster]
    variance = intervals.cluster_variance(*sums(values, np.ones(200), cluster))
    fit = sm.OLS(values, np.ones(200)).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    # statsmodels also multiplies by (n − 1) / (n − k), which is 1 for a mean.
    assert np.sqrt(variance) == pytest.approx(fit.bse[0], rel=1e-10)


def test_the_ratio_matches_cochrans_formula():
    rng = np.random.default_rng(3)
    x = rng.gamma(3, 1, 50)
    y = 0.4 * x + rng.normal(0, 0.2, 50)
    ratio = y.sum() / x.sum()
    by_hand = ((y - ratio * x) ** 2).sum() / 49 / 50 / x.mean() ** 2
    assert intervals.cluster_variance(*sums(y, x, np.arange(50))) == pytest.approx(by_hand)


def test_nps_reduces_to_wilson_where_nobody_is_passive():
    low, high = intervals.nps_interval(40.0, 1.0, 100)
    share = intervals.wilson_interval(0.7, 100)
    assert (low, high) == pytest.approx((200 * share[0] - 100, 200 * share[1] - 100))


def test_nps_agrees_with_the_multinomial_variance_in_large_samples():
    p, d, n = 0.45, 0.2, 1_000_000
    low, high = intervals.nps_interval(100 * (p - d), p + d, n)
    half = 100 * 1.959964 * np.sqrt((p + d - (p - d) ** 2) / n)
    assert (high - low) / 2 == pytest.approx(half, rel=1e-4)


def covered(low, high, truth):
    return np.mean((low <= truth) & (truth <= high))


def test_nps_coverage():
    rng = np.random.default_rng(10)
    for p, d in ((0.45, 0.20), (0.7, 0.1), (0.25, 0.35)):
        draws = rng.multinomial(N, [p, 1 - p - d, d], SIMULATIONS) / N
        low, high = intervals.nps_interval(
            100 * (draws[:, 0] - draws[:, 2]), draws[:, 0] + draws[:, 2], N
        )
        assert LOWEST <= covered(low, high, 100 * (p - d)) <= HIGHEST


def test_proportion_coverage():
    rng = np.random.default_rng(11)
    for p in (0.1, 0.35, 0.8):
        low, high = intervals.wilson_interval(rng.binomial(N, p, SIMULATIONS) / N, N)
        assert LOWEST <= covered(low, high, p) <= HIGHEST


def test_mean_coverage():
    values = np.random.default_rng(12).lognormal(0, 0.6, (SIMULATIONS, N))
    variance = values.var(axis=1, ddof=1) / N
    low, high = intervals.t_interval(values.mean(axis=1), variance, np.full(SIMULATIONS, N))
    assert LOWEST <= covered(low, high, np.exp(0.18)) <= HIGHEST


def test_ratio_coverage():
    rng = np.random.default_rng(13)
    x = rng.gamma(4, 1, (SIMULATIONS, N))
    y = 0.3 * x + rng.normal(0, 0.5, (SIMULATIONS, N))
    parts = (
        y.sum(1),
        x.sum(1),
        (y**2).sum(1),
        (x * y).sum(1),
        (x**2).sum(1),
        np.full(SIMULATIONS, N),
    )
    variance = intervals.cluster_variance(*parts)
    low, high = intervals.t_interval(parts[0] / parts[1], variance, parts[-1])
    assert LOWEST <= covered(low, high, 0.3) <= HIGHEST


def test_clustered_proportion_coverage():
    """80 customers with 1 to 5 contacts each, whose outcomes go together."""
    rng = np.random.default_rng(14)
    inside = []
    for _ in range(SIMULATIONS):
        own = rng.beta(3, 2, 80)
        cluster = np.repeat(np.arange(80), rng.integers(1, 6, 80))
        hit = (rng.random(len(cluster)) < own[cluster]).astype(float)
        parts = sums(hit, np.ones(len(hit)), cluster)
        share, n = hit.mean(), len(hit)
        simple = 80 / 79 * share * (1 - share) / n
        size = intervals.effective_size(n, intervals.cluster_variance(*parts), simple, 80)
        low, high = intervals.wilson_interval(share, size)
        inside.append(low <= 0.6 <= high)
    # The design effect is itself estimated, from 80 customers.
    assert 0.925 <= np.mean(inside) <= HIGHEST


@pytest.mark.parametrize(
    ("nps", "opinionated", "n"), [(100, 1, 5), (-100, 1, 5), (0, 0, 5), (100, 1, 1), (0, 1, 2)]
)
def test_no_interval_collapses_or_leaves_the_scale(nps, opinionated, n):
    low, high = intervals.nps_interval(nps, opinionated, n)
    assert -100 <= low <= nps <= high <= 100
    assert high - low > 10


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 60))
def test_nps_interval_properties(promoters, detractors, passives):
    n = promoters + detractors + passives
    nps, opinionated = 100 * (promoters - detractors) / n, (promoters + detractors) / n
    low, high = intervals.nps_interval(nps, opinionated, n)
    assert -100 <= low <= nps <= high <= 100
    mirrored = intervals.nps_interval(-nps, opinionated, n)
    assert mirrored == pytest.approx((-high, -low), abs=1e-9)
    twice = intervals.nps_interval(nps, opinionated, 2 * n)
    assert twice[1] - twice[0] < high - low


@given(st.integers(0, 80), st.integers(1, 80))
def test_wilson_stays_within_0_and_1(hits, misses):
    n = hits + misses
    low, high = intervals.wilson_interval(hits / n, n)
    assert 0 <= low <= hits / n <= high <= 1
