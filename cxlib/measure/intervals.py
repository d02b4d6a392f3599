"""Confidence intervals from sums, for any number of groups at once.

Every KPI here is a ratio Σy / Σx of totals over clusters (customers or accounts): a mean has
x = 1 per row. Where a cluster contributes several rows, its rows are not independent; the
linearised ("ultimate cluster") variance

    var = G / (G − 1) · Σ_c (y_c − R·x_c)² / (Σ x)²

allows for that (Cochran 1977, *Sampling Techniques*, ch. 6 and 9A; it equals s²/n when each
cluster is one row). The functions take arrays of equal shape and return arrays `low, high`.
"""

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from cxlib.measure.estimate import CONFIDENCE


def cluster_variance(y, x, yy, xy, xx, clusters) -> np.ndarray:
    """Variance of the ratio y / x from totals over clusters.

    Args:
        y, x: Totals of numerator and denominator.
        yy, xy, xx: Sums over clusters of y_c², x_c·y_c and x_c².
        clusters: How many clusters.

    Returns:
        The variance; NaN for fewer than two clusters.
    """
    y, x, yy, xy, xx, clusters = (
        np.asarray(each, dtype=float) for each in (y, x, yy, xy, xx, clusters)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = y / x
        squares = yy - 2 * ratio * xy + ratio**2 * xx
        # Below the rounding error of its terms the sum is noise around zero.
        squares = np.where(squares < 1e-12 * (yy + ratio**2 * xx), 0.0, squares)
        variance = clusters / (clusters - 1) * squares / x**2
    return np.where(clusters > 1, variance, np.nan)


def t_interval(value, variance, clusters, confidence: float = CONFIDENCE):
    """Student's t interval with clusters − 1 degrees of freedom, for means, ratios and totals.

    Examples:
        >>> low, high = t_interval(10.0, 0.25, 30)
        >>> round(float(low), 3), round(float(high), 3)
        (8.977, 11.023)
    """
    value, clusters = np.asarray(value, dtype=float), np.asarray(clusters, dtype=float)
    freedom = np.where(clusters > 1, clusters - 1, np.nan)
    reach = stats.t.ppf(0.5 + confidence / 2, freedom) * np.sqrt(variance)
    return value - reach, value + reach


def effective_size(n, variance, simple_variance, clusters) -> np.ndarray:
    """How many independent rows the clustered rows are worth: n over the design effect.

    The design effect is never taken to be less than 1, and where it cannot be told (all rows
    alike, or a single cluster) each cluster counts as one row (Korn and Graubard 1998,
    *Survey Methodology* 24).
    """
    n, clusters = np.asarray(n, dtype=float), np.asarray(clusters, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = np.asarray(variance, dtype=float) / simple_variance
    known = np.isfinite(effect) & (effect > 0)
    size = np.where(known, n / np.maximum(np.where(known, effect, 1.0), 1.0), clusters)
    return np.where(clusters == n, n, np.minimum(size, n))


def wilson_interval(share, size, confidence: float = CONFIDENCE):
    """Wilson's score interval of a proportion (Wilson 1927), from its effective size.

    Examples:
        >>> low, high = wilson_interval(0.15, 263)
        >>> round(float(low), 4), round(float(high), 4)
        (0.1119, 0.1982)
    """
    share, size = np.asarray(share, dtype=float), np.asarray(size, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = proportion_confint(share * size, size, 1 - confidence, method="wilson")
    # At a share of 0 or 1 rounding may put the end a hair beyond the share itself.
    return np.minimum(np.clip(low, 0, 1), share), np.maximum(np.clip(high, 0, 1), share)


def nps_interval(nps, opinionated, size, confidence: float = CONFIDENCE):
    """Score interval of a Net Promoter Score, from the multinomial variance.

    With p promoters and d detractors as shares, the score θ = p − d has the variance
    (p + d − θ²) / n. As Wilson does for a proportion, the interval holds every θ that the
    observed score does not contradict (May and Johnson 1997, *Statistics in Medicine* 16), so it
    stays within ±100 and does not collapse when all are promoters.

    Args:
        nps: The score, −100 to 100.
        opinionated: p + d, 0 to 1: the share that is not passive.
        size: The effective number of answers.
        confidence: The interval's confidence.

    Examples:
        >>> low, high = nps_interval(20.0, 0.7, 200)
        >>> round(float(low), 2), round(float(high), 2)
        (8.46, 30.78)
    """
    theta, size = np.asarray(nps, dtype=float) / 100, np.asarray(size, dtype=float)
    opinionated = np.asarray(opinionated, dtype=float)
    z = stats.norm.ppf(0.5 + confidence / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = size * theta / (size + z**2)
        spread = opinionated * (size + z**2) - size * theta**2
        reach = z * np.sqrt(np.maximum(spread, 0)) / (size + z**2)
        # All passive: no opinion was seen, but Wilson's bound on a share of 0 is not 0.
        reach = np.where(opinionated == 0, z**2 / (size + z**2), reach)
    low, high = 100 * (centre - reach), 100 * (centre + reach)
    return np.minimum(low, nps), np.maximum(high, nps)


def ratio_of(y, x) -> tuple[float, float]:
    """The ratio of two totals over clusters, and its variance, from the clusters' values.

    Args:
        y, x: A value per cluster; one whose x is 0 does not count.

    Examples:
        >>> value, variance = ratio_of([1, 2, 3], [1, 1, 1])
        >>> value, round(variance, 4)
        (2.0, 0.3333)
    """
    y, x = np.asarray(y, dtype=float), np.asarray(x, dtype=float)
    y, x = y[x > 0], x[x > 0]
    if not len(x):
        return np.nan, np.nan
    sums = (y.sum(), x.sum(), (y * y).sum(), (x * y).sum(), (x * x).sum(), len(x))
    return float(y.sum() / x.sum()), float(cluster_variance(*sums))


def share_of(y, x) -> tuple[float, float, float]:
    """A share of things that come in clusters, with its interval.

    Args:
        y, x: Per cluster, how many things have it, and how many there are.
    """
    y, x = np.asarray(y, dtype=float), np.asarray(x, dtype=float)
    if not x.sum():
        return np.nan, np.nan, np.nan
    share, variance = ratio_of(y, x)
    n, clusters = x.sum(), (x > 0).sum()
    simple = share * (1 - share) / n * clusters / max(clusters - 1, 1)
    size = effective_size(n, variance, simple, clusters)
    low, high = wilson_interval(share, size)
    return share, float(low), float(high)
