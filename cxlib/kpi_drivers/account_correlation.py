"""Which KPIs go together from account to account, and where that is only a matter of segments."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.measure.coefficients import beside, of_ranks, partial, probability, with_interval
from cxlib.measure.contrast import FALSE_DISCOVERIES, FALSE_LINKS, Judged, adjust
from cxlib.measure.estimate import Estimate

FEWEST_ACCOUNTS = 30
# A KPI that is not known of so many of a pair's accounts is not held equal.
MOSTLY_KNOWN = 0.8
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
class Across(Judged):
    """How two KPIs go together across accounts.

    Attributes:
        x, y: The KPIs.
        r: Pearson's correlation of the accounts' values, with its interval.
        rho: Spearman's, with its interval.
        partial: Spearman's with the other KPIs held equal; None where that leaves too few accounts.
        p: Probability of so strong a correlation where there is none, on ranks and on values.
        q: p, adjusted for the number of pairs (Benjamini and Hochberg 1995).
        reversals: The segments within which it goes the other way.
    """

    level: ClassVar[float] = FALSE_LINKS
    x: str
    y: str
    r: Estimate
    rho: Estimate
    partial: Estimate | None
    p: float
    q: float
    reversals: tuple[Reversal, ...] = ()


def correlate_accounts(
    values: pd.DataFrame, segments: pd.DataFrame, restated: Iterable[frozenset[str]] = ()
) -> tuple[Across, ...]:
    """Correlate KPIs across accounts, pair by pair, strongest first.

    What stands out is decided on ranks, which single large accounts do not sway, and must stand out
    on the values as well: KPIs of few contacts vary more, and lean the same way, so that ranks go
    together by chance alone (a slope with HC3 errors, either way round; MacKinnon and White 1985,
    *Journal of Econometrics* 29). A pair that stands out is looked at within segments as well: if
    its deviations from the segments' means are correlated the other way, beyond chance, the
    correlation comes from the segments.

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
        r, rho = both.corr().iloc[0, 1], both.rank().corr().iloc[0, 1]
        given = _known_beside(values.loc[both.index], x, y, restated)
        complete = values[[x, y, *given]].dropna().rank()
        pairs.append(
            (x, y, with_interval(r, len(both)), with_interval(rho, len(both), 0, of_ranks(rho)),
             partial(complete, x, y, given), max(probability(rho, len(both) - 2), _uneven(both)))
        )  # fmt: skip
    if not pairs:
        return ()
    q = adjust([p for *_, p in pairs])
    found = [Across(*each, float(adjusted)) for each, adjusted in zip(pairs, q, strict=True)]
    found = _with_reversals(found, values, segments)
    return tuple(sorted(found, key=lambda each: (each.p, each.x, each.y)))


def _uneven(both: pd.DataFrame) -> float:
    """The probability of so steep a slope where there is none, though some accounts vary more."""
    x, y = (both[name].to_numpy(float) - both[name].mean() for name in both)
    return max(_slope(x, y), _slope(y, x))


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    squares = float((x**2).sum())
    slope = float(x @ y) / squares
    left = (y - slope * x) / (1 - 1 / len(x) - x**2 / squares).clip(min=1e-9)
    error = np.sqrt(((x * left) ** 2).sum()) / squares
    return float(2 * stats.t.sf(abs(slope) / max(error, 1e-300), len(x) - 2))


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
    q = adjust([p for *_, p in looked])
    turned: dict[int, list[Reversal]] = {}
    for (number, segment, within, _), adjusted in zip(looked, q, strict=True):
        if adjusted < FALSE_DISCOVERIES and within.value * found[number].rho.value < 0:
            turned.setdefault(number, []).append(Reversal(segment, within))
    return [
        replace(each, reversals=tuple(turned.get(number, ()))) for number, each in enumerate(found)
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
    rho = left.corr().iloc[0, 1]
    within = with_interval(rho, len(both), lost, of_ranks(rho))
    return within, probability(rho, len(both) - 2 - lost)


def _known_beside(values: pd.DataFrame, x: str, y: str, restated) -> tuple[str, ...]:
    """What may be held equal beside a pair without losing most of its accounts."""
    known = values.columns[values.notna().mean() >= MOSTLY_KNOWN]
    return beside(known, x, y, restated)
