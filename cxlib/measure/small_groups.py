"""Groups so small that their members could be known: left out, and safe from subtraction."""

from collections.abc import Sequence

import pandas as pd

# Groups of these names are of rows of which nothing is known.
UNKNOWN = frozenset({"unknown", "none", "not known", "n/a", "na", "other", "-", "?"})


def without_small(
    frame: pd.DataFrame,
    by: Sequence[str],
    smallest: int,
    filtered: bool = False,
    exposed: pd.Series | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A panel's rows without those of groups under a minimum size, and what is withheld.

    Rows without a group are no group, and left out before all else. Whoever has the total and all
    groups but one can work that one out. So what is left out of a KPI's period amounts to two
    groups and to the minimum, or more: the smallest group that is large enough goes as well, those
    of nobody known first, until it does. The same holds along each of several group columns, so
    that a group cannot be worked out from the panel by the other columns alone.

    Args:
        frame: `kpi`, `period`, `people` (customers, or accounts) and the columns of `by`.
        by: The group columns.
        smallest: The minimum size; at 1, only rows without a group are left out.
        filtered: The rows are those of a filter: without groups, they are a group themselves.
        exposed: Which rows would give away, beside those of a wider page, what the filter leaves
            out.

    Returns:
        The rows to show; and those withheld: `kpi`, `period`, the columns of `by`, `why`.

    Examples:
        >>> sizes = pd.DataFrame({"kpi": "nps", "period": 1, "channel": list("abc"),
        ...                       "people": [2, 7, 50]})
        >>> shown, withheld = without_small(sizes, ["channel"], 5)
        >>> list(shown.channel), list(withheld.channel)
        (['c'], ['a', 'b'])

    Source: the threshold rule with complementary suppression, as in Hundepool et al., Statistical
    Disclosure Control (2012), chapter 4.
    """
    columns = ["kpi", "period", *(name for name in by if name not in ("kpi", "period"))]
    nowhere = frame[list(by)].isna().any(axis=1) if by else pd.Series(False, index=frame.index)
    why = pd.Series("", index=frame.index, dtype="str")
    for name in by:
        why = why.mask(frame[name].isna(), f"{name} is not recorded")
    kept = frame[~nowhere]
    small = kept.people < smallest
    secret = small if exposed is None else small | exposed[kept.index]
    if smallest > 1 and secret.any() and (by or filtered):
        hidden = _hidden(kept, by, smallest, secret) if by else secret
        # Company first, so that a small group's own reason stands.
        gone = hidden[hidden].index
        why.loc[gone] = f"another group of fewer than {smallest} could be worked out from it"
        why.loc[secret[secret].index] = f"fewer than {smallest} are left of the whole without it"
        why.loc[small[small].index] = f"fewer than {smallest} of whom it tells"
    out = why != ""
    withheld = frame.loc[out, columns].assign(why=why[out]).reset_index(drop=True)
    return frame[~out].reset_index(drop=True), withheld


def _hidden(frame: pd.DataFrame, by: Sequence[str], smallest: int, hidden: pd.Series) -> pd.Series:
    # The whole of a period, and each line of its table: all groups that differ in one column only.
    lines = [[]] if len(by) == 1 else [[], *([name for name in by if name != one] for one in by)]
    known = -1
    while hidden.sum() > known:
        known = hidden.sum()
        for line in lines:
            hidden = _with_company(frame, hidden, by, ["kpi", "period", *line], smallest)
    return hidden


def _with_company(
    frame: pd.DataFrame, hidden: pd.Series, by: Sequence[str], keys: list[str], smallest: int
) -> pd.Series:
    """What is hidden, with the smallest of the others where those of a line do not hide it."""
    unknown = pd.Series(False, index=frame.index)
    for name in by:
        unknown |= frame[name].astype("str").str.lower().isin(UNKNOWN)
    ordered = frame.assign(_hidden=hidden, _unknown=unknown).sort_values(
        ["_hidden", "_unknown", "people"], ascending=[False, False, True], kind="stable"
    )
    groups = ordered.groupby(keys, sort=False, dropna=False)
    place, before = groups.cumcount(), groups.people.cumsum() - ordered.people
    needed = groups._hidden.transform("any") & ((place < 2) | (before < smallest))
    return (ordered._hidden | needed).reindex(frame.index)
