"""Which KPIs move together from month to month, once trend and momentum are set aside."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from cxlib.analysis.change import FALSE_DISCOVERIES
from cxlib.measure.estimate import CONFIDENCE, Estimate

FEWEST_MONTHS = 12
ROUNDING = 1e-9


@dataclass(frozen=True)
class Correlation:
    """How two KPIs move together.

    Attributes:
        x, y: The KPIs.
        r: Pearson's correlation of their month-to-month surprises, with its interval.
        p: Probability of so strong a correlation where there is none.
        q: p, adjusted for the number of pairs looked at (Benjamini and Hochberg 1995).
    """

    x: str
    y: str
    r: Estimate
    p: float
    q: float

    @property
    def detected(self) -> bool:
        """Whether the correlation stands out from chance, given how many were looked at."""
        return self.q < FALSE_DISCOVERIES


def correlate(
    series: pd.DataFrame, restated: Iterable[frozenset[str]] = ()
) -> tuple[Correlation, ...]:
    """Correlate KPIs pair by pair, strongest first.

    Two series with a trend or with momentum always look related. Each is therefore first
    reduced to its surprises: what its own trend and last month's value do not foretell.

    Args:
        series: A row per month, a column per KPI.
        restated: Sets of KPIs that restate one another; their pairs are left out.
    """
    fresh = pd.DataFrame({name: surprises(series[name]) for name in series}, series.index)
    pairs = []
    for x, y in combinations(fresh, 2):
        both = fresh[[x, y]].dropna()
        same = any({x, y} <= family for family in restated)
        if same or len(both) < FEWEST_MONTHS or (both.std() == 0).any():
            continue
        pairs.append((x, y, *_pearson(both[x].to_numpy(), both[y].to_numpy())))
    if not pairs:
        return ()
    q = multipletests([p for *_, p in pairs], method="fdr_bh")[1]
    found = [
        Correlation(x, y, r, float(p), float(each))
        for (x, y, r, p), each in zip(pairs, q, strict=True)
    ]
    return tuple(sorted(found, key=lambda each: (each.p, each.x, each.y)))


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


def _pearson(x: np.ndarray, y: np.ndarray) -> tuple[Estimate, float]:
    """Fisher's interval, with the two fitted coefficients taken off the months."""
    months = len(x)
    r = float(np.corrcoef(x, y)[0, 1])
    freedom = months - 2 - 2
    bounded = np.clip(r, -1 + 1e-12, 1 - 1e-12)
    t = bounded * np.sqrt(freedom / (1 - bounded**2))
    reach = stats.norm.ppf(0.5 + CONFIDENCE / 2) / np.sqrt(months - 3 - 2)
    low, high = np.tanh(np.arctanh(bounded) + np.array([-reach, reach]))
    return Estimate(r, min(low, r), max(high, r), months, "correlation"), 2 * stats.t.sf(
        abs(t), freedom
    )
