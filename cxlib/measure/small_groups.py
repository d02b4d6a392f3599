"""Groups so small that their members could be known: left out, and safe from subtraction."""

from collections.abc import Sequence

import pandas as pd


def without_small(frame: pd.DataFrame, by: Sequence[str], smallest: int) -> pd.DataFrame:
    """A panel's rows without those of groups under a minimum size.

    Whoever has the total and all groups but one can work that one out. So what is left out of a
    KPI's period amounts to two groups and to the minimum, or more: the smallest group that is
    large enough goes as well, until it does.

    Args:
        frame: `kpi`, `period`, `clusters` (customers, or accounts) and the columns of `by`.
        by: The group columns.
        smallest: The minimum size; at 1, nothing is left out.

    Examples:
        >>> sizes = pd.DataFrame({"kpi": "nps", "period": 1, "channel": list("abc"),
        ...                       "clusters": [2, 7, 50]})
        >>> list(without_small(sizes, ["channel"], 5).channel)
        ['c']

    Source: the threshold rule with complementary suppression, as in Hundepool et al., Statistical
    Disclosure Control (2012), chapter 4.
    """
    if not by or smallest <= 1 or frame.empty or not (frame.clusters < smallest).any():
        return frame
    ordered = frame.sort_values("clusters", kind="stable")
    groups = ordered.groupby(["kpi", "period"], sort=False).clusters
    place, total = groups.cumcount(), groups.cumsum()
    before = total - ordered.clusters
    any_small = groups.transform("min") < smallest
    # In order of size: a group goes if it is small, or if those before it do not hide each other.
    hidden = any_small & ((ordered.clusters < smallest) | (place < 2) | (before < smallest))
    return frame[~hidden.reindex(frame.index)].reset_index(drop=True)
