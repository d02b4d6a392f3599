"""Which KPIs go together from account to account, and where that is only a matter of segments."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from cxlib.analysis.change import FALSE_DISCOVERIES
from cxlib.measure.estimate import CONFIDENCE, Estimate

FEWEST_ACCOUNTS = 30
# A segment of fewer accounts tells nothing by itself, and so many levels are no segments.
FEWEST_IN_LEVEL, MOST_LEVELS = 10, 12


@dataclass(frozen=True)
class Reversal:
    """A correlation whose sign turns round within segments (Simpson 1951).

    Attributes:
        segment: The column by which accounts are divided.
        within: The correlation of deviations from the segments' means.
    """

    segment: str
    within: Estimate


@dataclass(frozen=True)
class Across:
    """How two KPIs go together across accounts.

    Attributes:
        x, y: The KPIs.
        r: Pearson's correlation of the accounts' values, with its interval.
        rho: Spearman's, with its interval.
        p: Probability of so strong a correlation rho where there is none.
        q: p, adjusted for the number of pairs (Benjamini and Hochberg 1995).
        reversals: The segments within which it goes the other way.
    """

    x: str
    y: str
    r: Estimate
    rho: Estimate
    p: float
    q: float
    reversals: tuple[Reversal, ...] = ()

    @property
    def detected(self) -> bool:
        """Whether the correlation stands out from chance, given how many were looked at."""
        return self.q < FALSE_DISCOVERIES


def correlate_accounts(
    values: pd.DataFrame, segments: pd.DataFrame, restated: Iterable[frozenset[str]] = ()
) -> tuple[Across, ...]:
    """Correlate KPIs across accounts, pair by pair, strongest first.

    What stands out is decided on ranks, which single large accounts do not sway. A pair that
    stands out is looked at within segments as well: if its deviations from the segments' means
    are correlated the other way, beyond chance, the correlation comes from the segments.

    Args:
        values: A row per account, a column per KPI; NaN where not known.
        segments: A row per account, by the same index; texts that accounts are divided by.
        restated: Sets of KPIs that restate one another; their pairs are left out.
    """
    restated, pairs = tuple(restated), []
    for x, y in combinations(values, 2):
        both = values[[x, y]].dropna()
        same = any({x, y} <= family for family in restated)
        if same or len(both) < FEWEST_ACCOUNTS or (both.nunique() < 2).any():
            continue
        rank = both.rank()
        rho = _correlation(rank[x], rank[y], spread=1.06)
        r = _correlation(both[x], both[y])
        pairs.append((x, y, r, rho, _probability(rho, len(both) - 2)))
    if not pairs:
        return ()
    q = multipletests([p for *_, p in pairs], method="fdr_bh")[1]
    found = [Across(*each, float(adjusted)) for each, adjusted in zip(pairs, q, strict=True)]
    found = _with_reversals(found, values, segments)
    return tuple(sorted(found, key=lambda each: (each.p, each.x, each.y)))


def _with_reversals(
    found: list[Across], values: pd.DataFrame, segments: pd.DataFrame
) -> list[Across]:
    looked = []
    for number, each in enumerate(found):
        for segment in segments if each.detected else ():
            within = _within(values[[each.x, each.y]], segments[segment])
            if within is not None:
                looked.append((number, segment, *within))
    if not looked:
        return found
    q = multipletests([p for *_, p in looked], method="fdr_bh")[1]
    turned: dict[int, list[Reversal]] = {}
    for (number, segment, within, _), adjusted in zip(looked, q, strict=True):
        if adjusted < FALSE_DISCOVERIES and within.value * found[number].rho.value < 0:
            turned.setdefault(number, []).append(Reversal(segment, within))
    return [
        Across(each.x, each.y, each.r, each.rho, each.p, each.q, tuple(turned.get(number, ())))
        for number, each in enumerate(found)
    ]


def _within(pair: pd.DataFrame, segment: pd.Series) -> tuple[Estimate, float] | None:
    """The correlation of ranks less their segments' means; None where there are no segments."""
    both = pair.assign(level=segment.reindex(pair.index)).dropna()
    sizes = both.level.value_counts()
    levels = sizes[sizes >= FEWEST_IN_LEVEL].index
    if not 2 <= len(levels) <= MOST_LEVELS:
        return None
    both = both[both.level.isin(levels)]
    ranks = both.iloc[:, :2].rank()
    left = ranks - ranks.groupby(both.level).transform("mean")
    if len(both) < FEWEST_ACCOUNTS or (left.std() < 1e-9).any():
        return None
    lost = len(levels) - 1
    within = _correlation(left.iloc[:, 0], left.iloc[:, 1], lost, spread=1.06)
    return within, _probability(within, len(both) - 2 - lost)


def _correlation(x: pd.Series, y: pd.Series, lost: int = 0, spread: float = 1.0) -> Estimate:
    """A correlation with Fisher's interval.

    Args:
        x, y: Values by account.
        lost: So many means have been taken off besides the overall one.
        spread: The variance of Fisher's z, times n − 3: 1.06 for ranks (Fieller, Hartley and
            Pearson 1957, *Biometrika* 44).
    """
    r, count = float(np.corrcoef(x, y)[0, 1]), len(x)
    bounded = np.clip(r, -1 + 1e-12, 1 - 1e-12)
    error = np.sqrt(spread / (count - 3 - lost))
    reach = stats.norm.ppf(0.5 + CONFIDENCE / 2) * error
    low, high = np.tanh(np.arctanh(bounded) + np.array([-reach, reach]))
    return Estimate(r, min(low, r), max(high, r), count, "correlation")


def _probability(correlation: Estimate, freedom: int) -> float:
    r = np.clip(correlation.value, -1 + 1e-12, 1 - 1e-12)
    return float(2 * stats.t.sf(abs(r) * np.sqrt(freedom / (1 - r**2)), freedom))
