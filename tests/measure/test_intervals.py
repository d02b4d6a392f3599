"""Intervals against published values and other software, and by simulation."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from cxlib.measure import intervals

SIMULATIONS = 2_000
N = 200
LOWEST, HIGHEST = 0.935, 0.965  # for a nominal 95%; 2,000 runs have a standard error of 0.5 points


def sums(y, x, cluster):
    """The sums over clusters that intervals are made from."""
    _, index = np.unique(cluster, return_inverse=True)
    totals_y, totals_x = np.bincount(index, y), np.bincount(index, x)
    return (
        y.sum() / x.sum(), (totals_y**2).sum(), (totals_x * totals_y).sum(), (totals_x**2).sum(),
        [(totals_x**k).sum() for k in intervals.POWERS],
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
    low, high = intervals.t_interval(values.mean(), intervals.clustered(*parts))
    assert (low, high) == pytest.approx(
        stats.t.interval(0.95, 39, values.mean(), stats.sem(values)), rel=1e-12
    )


def test_the_clustered_mean_matches_statsmodels():
    rng = np.random.default_rng(2)
    cluster = np.repeat(np.arange(30), 7)
    values = rng.normal(size=210) + rng.normal(size=30)[cluster]
    spread = intervals.clustered(*sums(values, np.ones(210), cluster))
    fit = sm.OLS(values, np.ones(210)).fit(
        cov_type="cluster", cov_kwds={"groups": cluster}, use_t=True
    )
    # statsmodels also multiplies by (n − 1) / (n − k), which is 1 for a mean.
    assert np.sqrt(spread.variance) == pytest.approx(fit.bse[0], rel=1e-10)
    assert float(spread.freedom) == pytest.approx(29)


def test_the_working_model_is_that_of_the_residuals_written_out():
    """Bell and McCaffrey's degrees of freedom from the matrix of the residuals of uneven clusters."""
    sizes, alike = np.array([1.0, 1, 2, 5, 9, 30]), 0.2
    n, total = len(sizes), sizes.sum()
    own = np.diag((1 - alike) * sizes + alike * sizes**2)
    left = np.eye(n) - np.outer(sizes, np.ones(n)) / total  # totals less the mean's share of them
    residuals = left @ own @ left.T
    factor, freedom = intervals.working_model([(sizes**k).sum() for k in intervals.POWERS], alike)
    assert float(factor) == pytest.approx(np.trace(own) / np.trace(residuals))
    assert float(freedom) == pytest.approx(
        np.trace(residuals) ** 2 / np.trace(residuals @ residuals)
    )


def test_two_way_clusters_match_statsmodels():
    """Cameron, Gelbach and Miller: by account, by week, less by both."""
    rng = np.random.default_rng(5)
    account, week = rng.integers(0, 25, 400), rng.integers(0, 13, 400)
    values = rng.normal(size=400) + rng.normal(size=25)[account] + rng.normal(size=13)[week]
    raw = [
        intervals.squares_left(*sums(values, np.ones(400), each)[:4]) / 400**2
        for each in (account, week, account * 13 + week)
    ]
    fit = sm.OLS(values, np.ones(400)).fit()
    both = cov_cluster_2groups(fit, account, week, use_correction=False)[0]
    assert raw[0] + raw[1] - raw[2] == pytest.approx(both[0, 0], rel=1e-10)


def test_the_largest_of_three_variances_is_taken():
    unit, time = intervals.Spread(4.0, 100.0), intervals.Spread(1.0, 12.0)
    assert float(intervals.by_both(unit, time, 2.0).variance) == 4.0
    assert float(intervals.by_both(unit, time, 2.0).freedom) == 100.0
    assert float(intervals.by_both(unit, time, 0.5).variance) == 4.5
    assert 12 < float(intervals.by_both(unit, time, 0.5).freedom) < 100
    weeks_alone = intervals.by_both(intervals.Spread(1e-9, 100.0), intervals.Spread(9.0, 12.0), 0.0)
    assert float(weeks_alone.freedom) == pytest.approx(12.0)
    nobody = intervals.Spread(np.array(np.nan), np.array(np.nan))
    assert np.isnan(intervals.by_both(nobody, time, 0.0).variance)
    rare = intervals.Spread(np.array(np.nan), np.array(12.0))
    assert float(intervals.by_both(unit, rare, 0.0).variance) == 4.0


def test_the_ratio_matches_cochrans_formula():
    rng = np.random.default_rng(3)
    x = rng.gamma(3, 1, 50)
    y = 0.4 * x + rng.normal(0, 0.2, 50)
    ratio = y.sum() / x.sum()
    by_hand = ((y - ratio * x) ** 2).sum() / 50**2 / x.mean() ** 2
    squares = intervals.squares_left(*sums(y, x, np.arange(50))[:4])
    assert squares / x.sum() ** 2 == pytest.approx(by_hand)


def test_tango_is_the_score_statistic_written_out():
    """Tango 1998, equation 7: at the ends the statistic is 1.96; with no detractors the upper end is
    Wilson's of the promoters (9 of 10: 98.2)."""
    _, high = intervals.nps_interval(90.0, 0.9, 10)
    assert float(high) == pytest.approx(100 * intervals.wilson_interval(0.9, 10)[1], abs=1e-6)
    for promoters, detractors, n in ((9, 0, 10), (20, 7, 40), (3, 12, 25)):
        nps, opinionated = 100 * (promoters - detractors) / n, (promoters + detractors) / n
        for end in intervals.nps_interval(nps, opinionated, n):
            theta = float(end) / 100
            b = -promoters - detractors + (2 * n - promoters + detractors) * theta
            q = (np.sqrt(b * b + 8 * n * detractors * theta * (1 - theta)) - b) / (4 * n)
            statistic = (promoters - detractors - n * theta) / np.sqrt(
                n * (2 * q + theta * (1 - theta))
            )
            assert abs(statistic) == pytest.approx(1.959964, abs=1e-3)


def test_nps_is_wilsons_where_nobody_is_passive_and_many_answer():
    low, high = intervals.nps_interval(40.0, 1.0, 100_000)
    share = intervals.wilson_interval(0.7, 100_000)
    assert (low, high) == pytest.approx((200 * share[0] - 100, 200 * share[1] - 100), abs=0.01)


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
    low, high = intervals.t_interval(values.mean(axis=1), intervals.Spread(variance, N - 1))
    assert LOWEST <= covered(low, high, np.exp(0.18)) <= HIGHEST


def test_ratio_coverage():
    rng = np.random.default_rng(13)
    x = rng.gamma(4, 1, (SIMULATIONS, N))
    y = 0.3 * x + rng.normal(0, 0.5, (SIMULATIONS, N))
    powers = [(x**k).sum(1) for k in intervals.POWERS]
    ratio = y.sum(1) / x.sum(1)
    spread = intervals.clustered(ratio, (y**2).sum(1), (x * y).sum(1), (x**2).sum(1), powers)
    low, high = intervals.t_interval(ratio, spread)
    assert LOWEST <= covered(low, high, 0.3) <= HIGHEST


def test_clustered_proportion_coverage():
    """80 customers with 1 to 5 contacts each, whose outcomes go together."""
    rng = np.random.default_rng(14)
    inside = []
    for _ in range(SIMULATIONS):
        own = rng.beta(3, 2, 80)
        cluster = np.repeat(np.arange(80), rng.integers(1, 6, 80))
        hit = (rng.random(len(cluster)) < own[cluster]).astype(float)
        share, n = hit.mean(), len(hit)
        simple = share * (1 - share) / (n - 1)
        spread = intervals.clustered(*sums(hit, np.ones(n), cluster), simple, n)
        size = intervals.effective_size(n, spread, simple, 80)
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
