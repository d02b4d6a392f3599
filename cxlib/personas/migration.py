"""How customers moved between personas from one quarter to another."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.measure import intervals
from cxlib.measure.contrast import FALSE_DISCOVERIES, adjust
from cxlib.measure.estimate import CONFIDENCE, Estimate
from cxlib.personas.clustering import Personas, assign

GROWING, SHRINKING, STEADY = "growing", "shrinking", "no detectable change"
# What a customer may be besides a persona: known, but of none; and not there.
NO_PERSONA, ABSENT = "no persona", "not active"


@dataclass(frozen=True, eq=False)
class Movement:
    """How customers moved.

    Attributes:
        shares: A row per persona: persona, before, now (share of active customers), change, low,
            high, q (adjusted for the number of personas), verdict.
        matrix: Customers by persona before (rows) and now (columns); besides the personas, there
            are `no persona` and `not active`.
        kept: Of the customers who have a persona in both quarters, the share that kept theirs.
    """

    shares: pd.DataFrame
    matrix: pd.DataFrame
    kept: Estimate | None


def moves(
    personas: Personas, then: pd.DataFrame | None, clusters: pd.Series | None = None
) -> Movement | None:
    """How customers moved since an earlier quarter, at which the same model looks.

    Where the personas themselves have moved since, it is the model of that quarter. Personas that
    nobody is assigned to any more are left out of both quarters: they have not shrunk, they have
    ended.

    Args:
        personas: Of this quarter.
        then: The customers of the earlier quarter with their features; None if not known.
        clusters: As for `movement`.

    Returns:
        The movement; None where there is nothing to compare.
    """
    if then is None or not len(then) or not personas.found:
        return None
    was = assign(personas.before or personas.model, then)[0]
    return movement(
        was.where(was.isin(list(personas.stability.persona))), personas.labels, clusters
    )


def movement(before: pd.Series, now: pd.Series, clusters: pd.Series | None = None) -> Movement:
    """Compare customers' personas in two quarters.

    The change of a share is a difference of two shares among customers who are largely the same;
    its variance is that of the linearised difference, summed over clusters (Kish 1965, *Survey
    Sampling*, ch. 12.4 on overlapping samples), with Student's t over accounts.

    Args:
        before, now: The persona of each active customer, by `customer_id`; missing for none.
        clusters: The account of each customer, where accounts are shared; each customer alone, if
            None.
    """
    personas = sorted({*before.dropna(), *now.dropna()})
    everyone = before.index.union(now.index)
    was = before.astype("object").fillna(NO_PERSONA).reindex(everyone, fill_value=ABSENT)
    is_now = now.astype("object").fillna(NO_PERSONA).reindex(everyone, fill_value=ABSENT)
    there = (was != ABSENT).to_numpy(), (is_now != ABSENT).to_numpy()
    whose = everyone.to_series() if clusters is None else clusters.reindex(everyone)
    whose = pd.factorize(whose.fillna(everyone.to_series()))[0]
    count = len(np.unique(whose))
    rows = []
    for persona in personas:
        in_it = [(side == persona).to_numpy() for side in (was, is_now)]
        share = [each.sum() / max(seen.sum(), 1) for each, seen in zip(in_it, there, strict=True)]
        parts = [
            np.where(seen, each - p, 0.0) / max(seen.sum(), 1)
            for each, seen, p in zip(in_it, there, share, strict=True)
        ]
        added = pd.Series(parts[1] - parts[0]).groupby(whose).sum()
        variance, freedom = float((added**2).sum()), np.inf
        if clusters is not None:
            variance, freedom = variance * count / max(count - 1, 1), max(count - 1, 1)
        spread = intervals.Spread(variance, freedom)
        change = share[1] - share[0]
        reach = float(spread.reach(CONFIDENCE))
        p_value = float(spread.chance(change)) if variance else 1.0
        rows.append((persona, *share, change, change - reach, change + reach, p_value))
    columns = ["persona", "before", "now", "change", "low", "high", "p"]
    shares = pd.DataFrame(rows, columns=columns)
    p_values = shares.pop("p")
    shares["q"] = adjust(p_values)
    clear = shares.q < FALSE_DISCOVERIES
    shares["verdict"] = np.select(
        [clear & (shares.change > 0), clear], [GROWING, SHRINKING], STEADY
    )
    kinds = [*personas, NO_PERSONA, ABSENT]
    matrix = pd.crosstab(was, is_now).reindex(index=kinds, columns=kinds, fill_value=0)
    return Movement(shares, matrix, _kept(matrix, personas))


def _kept(matrix: pd.DataFrame, personas: list[str]) -> Estimate | None:
    both = matrix.loc[personas, personas].to_numpy()
    if not both.sum():
        return None
    share = np.trace(both) / both.sum()
    low, high = intervals.wilson_interval(share, both.sum())
    return Estimate(share, low, high, both.sum(), "share")
