"""Confidence intervals from sums, for any number of groups at once.

Every KPI here is a ratio Σy / Σx of totals over clusters: a mean has x = 1 per row. Rows that share
an account, a customer or a day are not independent, and the linearised ("ultimate cluster")
variance Σ_c (y_c − R·x_c)² / (Σ x)² allows for that (Cochran 1977, *Sampling Techniques*, ch. 6 and
9A). Where rows share two things, such as an account and a week, the variances by either are added
and that by both is taken off (Cameron, Gelbach and Miller 2011, *Journal of Business and Economic
Statistics* 29). The functions take arrays of equal shape and return arrays.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from cxlib.measure.estimate import CONFIDENCE

# Sums of the clusters' sizes to the powers one to five tell how uneven they are.
POWERS = (1, 2, 3, 4, 5)
# Where fewer rows share a day or week on average, what they share is too little to count.
SHARED = 2


@dataclass(frozen=True, eq=False)
class Spread:
    """A variance, and how well it is known.

    Attributes:
        variance: Of the value; NaN where nothing tells it.
        freedom: Its effective degrees of freedom; infinite where the variance follows from the
            value itself, as of independent answers yes or no.
    """

    variance: np.ndarray
    freedom: np.ndarray

    def reach(self, confidence: float = CONFIDENCE) -> np.ndarray:
        """Half the width of the interval."""
        return quantile(self.freedom, confidence) * np.sqrt(self.variance)

    def chance(self, difference) -> np.ndarray:
        """The probability of a value so far from zero where it is zero."""
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.abs(difference) / np.sqrt(self.variance)
        return 2 * _tail(t, self.freedom)


def quantile(freedom, confidence: float = CONFIDENCE) -> np.ndarray:
    """The quantile of Student's t that an interval reaches; of the normal where infinite."""
    freedom = np.asarray(freedom, dtype=float)
    finite = np.where(np.isfinite(freedom) & (freedom > 0), freedom, 1.0)
    upper = 0.5 + confidence / 2
    reach = np.where(np.isinf(freedom), stats.norm.ppf(upper), stats.t.ppf(upper, finite))
    return np.where(freedom > 0, reach, np.nan)


def squares_left(ratio, yy, xy, xx) -> np.ndarray:
    """Σ (y_c − R·x_c)² from the sums of y_c², x_c·y_c and x_c²."""
    squares = yy - 2 * ratio * xy + ratio**2 * xx
    # Below the rounding error of its terms the sum is noise around zero.
    return np.where(squares < 1e-12 * (yy + ratio**2 * xx), 0.0, squares)


def working_model(powers, alike) -> tuple[np.ndarray, np.ndarray]:
    """What few or uneven clusters do to a variance: its bias, and its degrees of freedom.

    A cluster of size n has a total whose variance is taken to be in proportion to (1 − ρ)·n + ρ·n².
    Since residuals are taken from the ratio of the same clusters, their squares are too small; the
    factor puts that right. The degrees of freedom are those of the sum of squares (Satterthwaite),
    as Bell and McCaffrey (2002, *Survey Methodology* 28) and Pustejovsky and Tipton (2018, *Journal
    of Business and Economic Statistics* 36) have them, in closed form from the sums of n to n⁵. Of
    G equal clusters they are G / (G − 1) and G − 1.

    Args:
        powers: The sums of the clusters' sizes to the powers 1 to 5.
        alike: ρ, from 0 to 1: how much alike the rows of a cluster are.

    Returns:
        The factor and the degrees of freedom; NaN for a single cluster.

    Examples:
        >>> factor, freedom = working_model([12 * 3.0**k for k in POWERS], 0.2)
        >>> round(float(factor), 4), round(float(freedom), 4)
        (1.0909, 11.0)
    """
    first = np.asarray(powers[0], dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Of sizes as shares of all, so that no power overflows.
        s1, s2, s3, s4, s5 = (np.asarray(each, dtype=float) / first**k
                              for k, each in zip(POWERS, powers, strict=True))  # fmt: skip
        a, b = (1 - alike) / first, np.asarray(alike, dtype=float)
        v, vw, vww = a * s1 + b * s2, a * s2 + b * s3, a * s3 + b * s4
        vv = a * a * s2 + 2 * a * b * s3 + b * b * s4
        vvw = a * a * s3 + 2 * a * b * s4 + b * b * s5
        trace = v - 2 * vw + v * s2
        norm = (
            vv * (1 + 2 * s2) + (v * s2) ** 2 - 4 * vvw
            + 2 * v * vww + 2 * vw**2 - 4 * v * vw * s2
        )  # fmt: skip
        single = 1 - s2 < 1e-9  # one cluster holds all
        factor = np.where(single, np.nan, v / trace)
        freedom = np.where(single, np.nan, trace**2 / norm)
    return factor, freedom


def alikeness(variance, simple, powers, n) -> np.ndarray:
    """How much alike the rows of a cluster are (ρ), from the design effect; 1 where not known."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (variance / simple - 1) / (powers[1] / n - 1)
    # Where each cluster is a row, or all rows are alike, it makes no difference.
    return np.clip(np.nan_to_num(share, nan=1.0, posinf=1.0, neginf=0.0), 0.0, 1.0)


def clustered(ratio, yy, xy, xx, powers, simple=None, n=None) -> Spread:
    """The variance of a ratio of totals over clusters, and its degrees of freedom.

    Args:
        ratio: Σy / Σx.
        yy, xy, xx: Sums over clusters of y_c², x_c·y_c and x_c².
        powers: Sums of the clusters' sizes x_c to the powers 1 to 5.
        simple: The variance, were rows independent; without it, clusters are taken to be as
            uneven as their sizes (ρ = 1).
        n: How many rows.
    """
    powers = [np.asarray(each, dtype=float) for each in powers]
    with np.errstate(divide="ignore", invalid="ignore"):
        raw = squares_left(ratio, yy, xy, xx) / powers[0] ** 2
    alike = np.ones_like(raw)
    if simple is not None:
        alike = alikeness(raw * working_model(powers, 0.0)[0], simple, powers, n)
    factor, freedom = working_model(powers, alike)
    return Spread(raw * factor, freedom)


def by_both(unit: Spread, time: Spread | None, cells) -> Spread:
    """The variance of rows that share both a unit (account or customer) and a time (day or week).

    That is unit + time − cells. Its estimate is uncertain and may fall below either, so the largest
    of the three is taken. What it has beyond the unit's is known only as well as days or weeks tell
    (degrees of freedom as by Satterthwaite 1946).

    Args:
        unit, time: By either; time is None where rows have none, and NaN where too few share one.
        cells: The variance by the cells of unit and time.

    Examples:
        >>> found = by_both(Spread(4.0, 100.0), Spread(3.0, 12.0), 1.0)
        >>> float(found.variance), round(float(found.freedom), 1)
        (6.0, 31.0)
    """
    if time is None:
        return unit
    largest = np.fmax(np.fmax(unit.variance, time.variance), unit.variance + time.variance - cells)
    # Of a single unit nothing is known, however many weeks there are.
    variance = np.where(np.isfinite(unit.variance), largest, np.nan)
    more = variance - unit.variance
    with np.errstate(divide="ignore", invalid="ignore"):
        uncertain = unit.variance**2 / unit.freedom + np.where(
            more > 0, more * variance / time.freedom, 0.0
        )
        freedom = np.where(more > 0, variance**2 / uncertain, unit.freedom)
    return Spread(variance, freedom)


def _tail(t, freedom) -> np.ndarray:
    freedom = np.asarray(freedom, dtype=float)
    finite = np.where(np.isfinite(freedom) & (freedom > 0), freedom, 1.0)
    return np.where(np.isinf(freedom), stats.norm.sf(t), stats.t.sf(t, finite))


def t_interval(value, spread: Spread, confidence: float = CONFIDENCE):
    """Student's t interval, for means, ratios and totals.

    Examples:
        >>> low, high = t_interval(10.0, Spread(0.25, 29))
        >>> round(float(low), 3), round(float(high), 3)
        (8.977, 11.023)
    """
    value, reach = np.asarray(value, dtype=float), spread.reach(confidence)
    return value - reach, value + reach


def effective_size(n, spread: Spread, simple, clusters, confidence: float = CONFIDENCE):
    """How many independent rows the clustered rows are worth.

    That is n over the design effect, times (z / t)², since a variance of few degrees of freedom is
    not known well (Korn and Graubard 1998, *Survey Methodology* 24). The design effect is never
    taken to be less than 1, and where it is not known (all rows alike, or a single cluster) each
    cluster counts as one row.

    Args:
        n: How many rows.
        spread: The variance that allows for clusters; infinite freedom leaves out the factor.
        simple: The variance, were rows independent.
        clusters: How many clusters.
        confidence: Of the interval that it is for.
    """
    n, clusters = np.asarray(n, dtype=float), np.asarray(clusters, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = np.asarray(spread.variance, dtype=float) / simple
        known = np.isfinite(effect) & (effect > 0)
        less = (quantile(np.inf, confidence) / quantile(spread.freedom, confidence)) ** 2
    less = np.where(np.isfinite(less), np.minimum(less, 1.0), 1.0)
    size = np.where(known, n / np.maximum(np.where(known, effect, 1.0), 1.0) * less, clusters)
    return np.minimum(size, n)


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
    """Tango's score interval of a Net Promoter Score (1998, *Statistics in Medicine* 17).

    A score is the difference of two shares of the same answers, promoters p and detractors d. The
    interval holds every θ for which the observed difference lies within z standard errors, with
    the detractors as likely as they can be under θ: so it stays within ±100 and does not collapse
    when all are promoters.

    Args:
        nps: The score, −100 to 100.
        opinionated: p + d, 0 to 1: the share that is not passive.
        size: The effective number of answers.
        confidence: The interval's confidence.

    Examples:
        >>> low, high = nps_interval(90.0, 0.9, 10)  # nine promoters and a passive
        >>> round(float(low), 1), round(float(high), 1)
        (37.3, 98.2)
    """
    nps, opinionated, size = np.broadcast_arrays(
        *(np.asarray(each, dtype=float) for each in (nps, opinionated, size))
    )
    theta, z = nps / 100, quantile(np.inf, confidence)
    promoters, detractors = (opinionated + theta) / 2, (opinionated - theta) / 2
    low = _score_end(promoters, detractors, size, z, -np.ones_like(theta), theta)
    # The upper end is the lower end of the score turned round.
    high = -_score_end(detractors, promoters, size, z, -np.ones_like(theta), -theta)
    known = np.isfinite(size) & (size > 0)
    return np.where(known, np.minimum(100 * low, nps), np.nan), np.where(
        known, np.maximum(100 * high, nps), np.nan
    )


def _score_end(more, less, n, z, low, high) -> np.ndarray:
    """The lowest difference that the observed one does not contradict, by bisection."""
    seen = more - less
    for _ in range(60):
        middle = (low + high) / 2
        b = -(more + less) + (2 - more + less) * middle
        root = np.sqrt(np.maximum(b * b + 8 * less * middle * (1 - middle), 0))
        rare = np.maximum((root - b) / 4, np.maximum(0.0, -middle))
        variance = np.maximum(2 * rare + middle * (1 - middle), 0) / n
        with np.errstate(invalid="ignore"):
            out = seen - middle > z * np.sqrt(variance)
        low, high = np.where(out, middle, low), np.where(out, high, middle)
    return (low + high) / 2


def ratio_of(y, x) -> tuple[float, Spread]:
    """The ratio of two totals over clusters, and its variance, from the clusters' values.

    Args:
        y, x: A value per cluster; one that has neither does not count.

    Examples:
        >>> value, spread = ratio_of([1, 2, 3], [1, 1, 1])
        >>> value, round(float(spread.variance), 4), round(float(spread.freedom), 4)
        (2.0, 0.3333, 2.0)
    """
    y, x = np.asarray(y, dtype=float), np.asarray(x, dtype=float)
    counts = (x != 0) | (y != 0)
    y, x = y[counts], x[counts]
    if not x.sum() > 0:
        return np.nan, Spread(np.nan, np.nan)
    powers = [(x**k).sum() for k in POWERS]
    ratio = y.sum() / x.sum()
    return float(ratio), clustered(ratio, (y * y).sum(), (x * y).sum(), (x * x).sum(), powers)


def share_of(y, x) -> tuple[float, float, float]:
    """A share of things that come in clusters, with its interval.

    Args:
        y, x: Per cluster, how many things have it, and how many there are.
    """
    y, x = np.asarray(y, dtype=float), np.asarray(x, dtype=float)
    y, x = y[x > 0], x[x > 0]
    n, clusters = x.sum(), len(x)
    if not n:
        return np.nan, np.nan, np.nan
    share = y.sum() / n
    simple = share * (1 - share) / max(n - 1, 1)
    powers = [(x**k).sum() for k in POWERS]
    spread = clustered(
        share, (y * y).sum(), (x * y).sum(), (x * x).sum(), powers, np.asarray(simple), n
    )
    if clusters == n:
        spread = Spread(spread.variance, np.inf)
    low, high = wilson_interval(share, effective_size(n, spread, simple, clusters))
    return float(share), float(low), float(high)
