"""Do groups differ, or those whom they serve? Standardised means, and the split of a difference."""

from dataclasses import dataclass

import pandas as pd

from cxlib.measure import intervals
from cxlib.measure.estimate import Estimate


@dataclass(frozen=True)
class Split:
    """The difference of two means or shares: what the mix makes of it, and what is left.

    Attributes:
        mix: What comes of a different mix of strata.
        within: What comes of differences within the strata.
    """

    mix: float
    within: float


def split_difference(one: pd.DataFrame, other: pd.DataFrame) -> Split:
    """Kitagawa's split of the difference of two groups (1955, *JASA* 50).

    Args:
        one, other: By stratum, `n` and `mean`.
    """
    one, other = one.align(other, join="outer")
    weights = [each.n.fillna(0) / each.n.sum() for each in (one, other)]
    # A stratum that one of them has not differs in the mix alone.
    means = [one["mean"].fillna(other["mean"]), other["mean"].fillna(one["mean"])]
    mix = ((weights[0] - weights[1]) * (means[0] + means[1]) / 2).sum()
    within = ((means[0] - means[1]) * (weights[0] + weights[1]) / 2).sum()
    return Split(float(mix), float(within))


def standardised(answers: pd.DataFrame, group: str, strata: list[str]) -> dict[str, Estimate]:
    """Each group's mean, were its answers spread over the strata as all answers are.

    Direct standardisation (Fleiss, Levin and Paik 2003, *Statistical Methods for Rates and
    Proportions*, ch. 19). Strata that some group lacks are left out for all, so that all are
    compared in the same ones. Intervals allow for accounts or customers who answer several times.

    Args:
        answers: `score`, `unit` (account or customer), the group and the strata.
        group: The column of groups.
        strata: The columns that tell answers alike.

    Returns:
        By group; without those that share no stratum with all others.
    """
    known = answers.dropna(subset=["score", group, *strata])
    if known.empty:
        return {}
    cell = known.groupby(strata).ngroup() if strata else pd.Series(0, known.index)
    sizes = known.assign(cell=cell).groupby(["cell", group]).size().unstack(fill_value=0)
    everywhere = sizes.index[(sizes > 0).all(axis=1)]
    known, cell = known[cell.isin(everywhere)], cell[cell.isin(everywhere)]
    if known.empty:
        return {}
    share = cell.map(cell.value_counts(normalize=True))
    found = {}
    for name, mine in known.groupby(group, sort=True):
        own = cell[mine.index]
        weight = share[mine.index] / own.map(own.value_counts(normalize=True))
        sums = pd.DataFrame({"y": weight * mine.score, "x": weight}).groupby(mine.unit).sum()
        mean, spread = intervals.ratio_of(sums.y, sums.x)
        low, high = (float(each) for each in intervals.t_interval(mean, spread))
        found[str(name)] = Estimate(mean, low, high, len(mine), "score")
    return found
