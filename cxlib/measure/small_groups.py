"""Groups so small that their members could be known: left out, and safe from subtraction."""

from collections.abc import Sequence

import pandas as pd


def without_small(
    frame: pd.DataFrame, by: Sequence[str], smallest: int, filtered: bool = False
) -> pd.DataFrame:
    """A panel's rows without those of groups under a minimum size.

    Whoever has the total and all groups but one can work that one out. So what is left out of a
    KPI's period amounts to two groups and to the minimum, or more: the smallest group that is
    large enough goes as well, until it does. The same holds along each of several group columns,
    so that a group cannot be worked out from the panel by the other columns alone.

    Args:
        frame: `kpi`, `period`, `clusters` (customers, or accounts) and the columns of `by`.
        by: The group columns.
        smallest: The minimum size; at 1, nothing is left out.
        filtered: The rows are those of a filter: without groups, they are a group themselves.

    Examples:
        >>> sizes = pd.DataFrame({"kpi": "nps", "period": 1, "channel": list("abc"),
        ...                       "clusters": [2, 7, 50]})
        >>> list(without_small(sizes, ["channel"], 5).channel)
        ['c']

    Source: the threshold rule with complementary suppression, as in Hundepool et al., Statistical
    Disclosure Control (2012), chapter 4.
    """
    if smallest <= 1 or frame.empty or not (frame.clusters < smallest).any():
        return frame
    hidden = frame.clusters < smallest
    if not by:
        return frame[~hidden].reset_index(drop=True) if filtered else frame
    # The whole of a period, and each line of its table: all groups that differ in one column only.
    lines = [[]] if len(by) == 1 else [[], *([name for name in by if name != one] for one in by)]
    known = -1
    while hidden.sum() > known:
        known = hidden.sum()
        for line in lines:
            hidden = _with_company(frame, hidden, ["kpi", "period", *line], smallest)
    return frame[~hidden].reset_index(drop=True)


def _with_company(
    frame: pd.DataFrame, hidden: pd.Series, keys: list[str], smallest: int
) -> pd.Series:
    """What is hidden, with the smallest of the others where those of a line do not hide it."""
    ordered = frame.assign(_hidden=hidden).sort_values(
        ["_hidden", "clusters"], ascending=[False, True], kind="stable"
    )
    groups = ordered.groupby(keys, sort=False, dropna=False)
    place, before = groups.cumcount(), groups.clusters.cumsum() - ordered.clusters
    needed = groups._hidden.transform("any") & ((place < 2) | (before < smallest))
    return (ordered._hidden | needed).reindex(frame.index)
