"""What later came of accounts, by what their customers had answered."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.measure import intervals
from cxlib.measure.estimate import Estimate


@dataclass(frozen=True)
class Group:
    """Accounts grouped by score, and what came of them later.

    Attributes:
        name: The group, such as promoters.
        accounts: How many.
        retained: Share still there at the end; None where unknown.
        revenue: Revenue per account over the period after.
    """

    name: str
    accounts: int
    retained: Estimate | None
    revenue: Estimate


def compare_groups(
    later: pd.DataFrame, edges: tuple[float, ...], names: tuple[str, ...]
) -> tuple[Group, ...]:
    """What came of accounts, by their score.

    Args:
        later: A row per account: `score`, `retained`, `revenue`.
        edges: The lowest score of each group after the first.
        names: The groups, worst score first.
    """
    which = np.digitize(later.score, edges)
    groups = []
    for index, name in enumerate(names):
        rows = later[which == index]
        if len(rows):
            groups.append(Group(name, len(rows), _share(rows.retained), _mean(rows.revenue)))
    return tuple(groups)


def _share(values: pd.Series) -> Estimate | None:
    values = values.dropna()
    if values.empty:
        return None
    low, high = intervals.wilson_interval(values.mean(), len(values))
    return Estimate(values.mean(), float(low), float(high), len(values), "share")


def _mean(values: pd.Series) -> Estimate:
    variance = values.var(ddof=1) / len(values)
    low, high = intervals.t_interval(values.mean(), variance, len(values))
    return Estimate(values.mean(), float(low), float(high), len(values), "money")
