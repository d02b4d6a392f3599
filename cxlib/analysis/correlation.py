"""Which KPIs move together from month to month, once trend and momentum are set aside."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
import pandas as pd
from scipy import special, stats
from statsmodels.stats.multitest import multipletests

from cxlib.analysis.change import FALSE_DISCOVERIES
from cxlib.measure.estimate import CONFIDENCE, Estimate

FEWEST_MONTHS = 12
LONGEST_LEAD = 6
# Thousands of pairs are looked at; the plain functions of scipy.special answer much faster.
NORMAL = special.ndtri(0.5 + CONFIDENCE / 2)
ROUNDING = 1e-9


@dataclass(frozen=True)
class Correlation:
    """How two KPIs move together.

    Attributes:
        x, y: The KPIs.
        lag: By how many months x comes before y.
        r: Pearson's correlation of their month-to-month surprises, with its interval.
        rho: Spearman's, of their ranks, with its interval.
        p: Probability of so strong a correlation r where there is none.
        q: p, adjusted for the number of pairs, and lags, looked at (Benjamini and Hochberg 1995).
    """

    x: str
    y: str
    lag: int
    r: Estimate
    rho: Estimate
    p: float
    q: float

    @property
    def detected(self) -> bool:
        """Whether the correlation stands out from chance, given how many were looked at."""
        return self.q < FALSE_DISCOVERIES


def correlate(
    series: pd.DataFrame, restated: Iterable[frozenset[str]] = ()
) -> tuple[Correlation, ...]:
    """Correlate KPIs pair by pair in the same month, strongest first.

    Two series with a trend or with momentum always look related. Each is therefore first
    reduced to its surprises: what its own trend and last month's value do not foretell.

    Args:
        series: A row per month, a column per KPI.
        restated: Sets of KPIs that restate one another; their pairs are left out.
    """
    return _correlate(series, tuple(restated), combinations, [0])


def lead(
    series: pd.DataFrame, restated: Iterable[frozenset[str]] = (), longest: int = LONGEST_LEAD
) -> tuple[Correlation, ...]:
    """Which KPI's surprises come some months before those of which other, strongest first.

    Args:
        series, restated: As for `correlate`.
        longest: The longest lead looked at, in months.
    """
    return _correlate(series, tuple(restated), permutations, range(1, longest + 1))


def _correlate(series, restated, pairs_of, lags) -> tuple[Correlation, ...]:
    fresh = pd.DataFrame({name: surprises(series[name]) for name in series}, series.index)
    pairs = []
    for x, y in pairs_of(fresh, 2):
        if any({x, y} <= family for family in restated):
            continue
        for lag in lags:
            one, other = fresh[x].shift(lag).to_numpy(), fresh[y].to_numpy()
            both = np.isfinite(one) & np.isfinite(other)
            one, other = one[both], other[both]
            if len(one) >= FEWEST_MONTHS and one.std() and other.std():
                pairs.append((x, y, lag, *_pearson(one, other), _spearman(one, other)))
    if not pairs:
        return ()
    q = multipletests([p for *_, p, _ in pairs], method="fdr_bh")[1]
    found = [
        Correlation(x, y, lag, r, rho, float(p), float(each))
        for (x, y, lag, r, p, rho), each in zip(pairs, q, strict=True)
    ]
    return tuple(sorted(found, key=lambda each: (each.p, each.x, each.y, each.lag)))


def surprises(values: pd.Series) -> np.ndarray:
    """What a series' own straight trend and previous value do not foretell; NaN for the first.

    The residuals of a regression on a constant, time and the previous value, which makes both
    a stationary series and a random walk as good as white ("prewhitening", Box and Jenkins).
    """
    series = values.to_numpy(dtype=float)
    if len(series) < FEWEST_MONTHS:
        return np.full(len(series), np.nan)
    time = np.arange(len(series), dtype=float)
    design = np.column_stack([np.ones(len(series) - 1), time[1:], series[:-1]])
    known = np.isfinite(design).all(axis=1) & np.isfinite(series[1:])
    fresh = np.full(len(series), np.nan)
    if known.sum() > 4:
        weights, *_ = np.linalg.lstsq(design[known], series[1:][known], rcond=None)
        left = series[1:][known] - design[known] @ weights
        # What is left of a straight line is rounding, not surprise.
        scale = np.abs(series[1:][known]).max()
        fresh[1:][known] = np.where(np.abs(left).max() > ROUNDING * scale, left, 0.0)
    return fresh


def _spearman(x: np.ndarray, y: np.ndarray) -> Estimate:
    """Spearman's correlation with the interval of Bonett and Wright (2000, *Psychometrika* 65).

    The two fitted coefficients are taken off the months, as for Pearson's.
    """
    months = len(x)
    rho = float(np.corrcoef(stats.rankdata(x), stats.rankdata(y))[0, 1])
    bounded = np.clip(rho, -1 + 1e-12, 1 - 1e-12)
    error = np.sqrt((1 + bounded**2 / 2) / (months - 3 - 2))
    reach = NORMAL * error
    low, high = np.tanh(np.arctanh(bounded) + np.array([-reach, reach]))
    return Estimate(rho, min(low, rho), max(high, rho), months, "correlation")


def _pearson(x: np.ndarray, y: np.ndarray) -> tuple[Estimate, float]:
    """Fisher's interval, with the two fitted coefficients taken off the months."""
    months = len(x)
    r = float(np.corrcoef(x, y)[0, 1])
    freedom = months - 2 - 2
    bounded = np.clip(r, -1 + 1e-12, 1 - 1e-12)
    t = bounded * np.sqrt(freedom / (1 - bounded**2))
    reach = NORMAL / np.sqrt(months - 3 - 2)
    low, high = np.tanh(np.arctanh(bounded) + np.array([-reach, reach]))
    return Estimate(r, min(low, r), max(high, r), months, "correlation"), 2 * float(
        special.stdtr(freedom, -abs(t))
    )
