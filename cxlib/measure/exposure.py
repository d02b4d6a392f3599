"""KPIs of a filter that, beside those of a wider page, would tell of fewer than may be told of.

Whoever has the KPI of all customers and that of all but three can work out what the three have
answered. So a filter's KPI is shown only where nobody is left over, or enough.
"""

from collections.abc import Callable, Sequence
from types import MappingProxyType

import pandas as pd

from cxlib.data import Dataset
from cxlib.data.dataset import left_over, restricted
from cxlib.measure.clusters import counted_rows, people_behind
from cxlib.measure.kpis import COUNTS, Kpi
from cxlib.measure.rows import in_spans

# From a dataset and columns to a frame.
Counting = Callable[..., pd.DataFrame]
# What KPIs of a table add up: the other table, its moment, and whom its rows belong to.
ADDED_UP = MappingProxyType(
    {
        "accounts": ("revenue", "booked_at", "account_id"),
        "customers": ("interactions", "started_at", "customer_id"),
    }
)


def find_exposed(
    data: Dataset, spans: pd.DataFrame, kpis: Sequence[Kpi], by: Sequence[str]
) -> list[pd.DataFrame]:
    """The values of a filter beside which too few are left over.

    Args:
        data: The dataset, within a filter or not.
        spans: The periods.
        kpis: Those of one source.
        by: The group columns. Of columns that the wider data have not, such as a persona that was
            found within the filter, all groups are taken together.

    Returns:
        A frame for each way of looking: `kpi`, `period`, and such of the columns of `by` as could
        be asked for; a row for each value that must not be shown.
    """
    smallest = data.config.privacy.smallest_group
    if data.base is None or not data.pseudonyms or smallest <= 1 or kpis[0].table == COUNTS:
        return []
    table = kpis[0].table
    counts = [_people(rest, spans, kpis, by) for rest in left_over(data, table)]
    # What is added up of another table tells of its rows as well.
    source = ADDED_UP.get(table)
    if source and data.has(source[0]):
        rests = left_over(data, source[0], beside=table)
        counts += [_owners(rest, spans, kpis, by, *source) for rest in rests]
    found = [each[(each.people > 0) & (each.people < smallest)] for each in counts]
    if data.slice:
        found.append(_beside_others(data, spans, kpis, by))
    return [each.drop(columns="people") for each in found if len(each)]


def is_exposed(frame: pd.DataFrame, found: Sequence[pd.DataFrame]) -> pd.Series:
    """Which rows of a panel's frame are among those found."""
    exposed = pd.Series(False, index=frame.index)
    for each in found:
        keys = list(each.columns)
        exposed |= pd.MultiIndex.from_frame(frame[keys]).isin(pd.MultiIndex.from_frame(each))
    return exposed


def few_outside(
    data: Dataset, spans: pd.DataFrame, kpis: Sequence[Kpi], by: Sequence[str] = ()
) -> str:
    """Why nothing that KPIs' rows tell may be told within a filter, in words; empty where it may.

    Args:
        data, spans, kpis, by: As for `find_exposed`; some group or period is enough.
    """
    if not find_exposed(data, spans, kpis, by):
        return ""
    return (
        f"so few customers are outside the filter (under {data.config.privacy.smallest_group}) "
        "that their answers could be worked out"
    )


def _people(
    data: Dataset, spans: pd.DataFrame, kpis: Sequence[Kpi], by: Sequence[str]
) -> pd.DataFrame:
    """How many are behind each value: `kpi`, `period`, the columns of `by` that are there."""
    known = [name for name in dict.fromkeys(by) if data.has(kpis[0].table, name)]
    rows, _ = counted_rows(data, spans, kpis, known)
    people = people_behind(rows, kpis, data.config, ["_period", *known])
    people = people.rename(columns={"_period": "period"})
    parts = [
        people[["period", *known]].assign(kpi=kpi.name, people=people[f"{kpi.name}.people"])
        for kpi in kpis
    ]
    return pd.concat(parts, ignore_index=True)


def _owners(
    data: Dataset,
    spans: pd.DataFrame,
    kpis: Sequence[Kpi],
    by: Sequence[str],
    source: str,
    at: str,
    whom: str,
) -> pd.DataFrame:
    """Whose rows of another table are added up: as `_people`."""
    known = [name for name in dict.fromkeys(by) if data.has(source, name)]
    rows = in_spans(data.rows(source, *known, whom), at, spans)
    people = rows.group_by("_period", *known).agg(people=rows[whom].nunique()).execute()
    people = people.rename(columns={"_period": "period"})
    fed = [kpi.name for kpi in kpis if any(need.startswith(f"{source}.") for need in kpi.needs)]
    parts = [people.assign(kpi=name) for name in fed]
    columns = ["kpi", "period", *known, "people"]
    return pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)


def _beside_others(
    data: Dataset, spans: pd.DataFrame, kpis: Sequence[Kpi], by: Sequence[str]
) -> pd.DataFrame:
    """The values of a slice that are left out for the sake of what no slice shows."""
    column = data.slice[0]
    people = _people(_with_other_slices(data), spans, kpis, [*by, column])
    # Where it parts none of what is counted, there is nothing beside.
    return _needed_beside(data, people) if column in people else people[:0]


def _with_other_slices(data: Dataset) -> Dataset:
    """What the slice and its others are parts of."""
    # Slices are made first; a cycle's scope may follow.
    (*others, _), *scopes = data.filters
    return restricted(data.base, others + [condition for each in scopes for condition in each])


def _needed_beside(data: Dataset, people: pd.DataFrame) -> pd.DataFrame:
    """Which groups of a slice are left out, of the people of all slices.

    Whoever has the whole and all slices has what is in none of them, and what is too small in one:
    where these are too few together, the next smallest slices are left out as well.
    """
    column, own, published = data.slice
    people = people[people.people > 0]
    keys = [name for name in people.columns if name not in (column, "people")]
    smallest = data.config.privacy.smallest_group
    shown = people[column].isin(published) & (people.people >= smallest)
    hidden = people[~shown].groupby(keys).people.sum()
    # In the same order from whichever slice it is asked.
    ordered = people[shown].assign(named=people[column].astype("str"))
    ordered = ordered.sort_values(["people", "named"])
    ordered = ordered.merge(hidden.rename("hidden"), on=keys)
    before = ordered.groupby(keys).people.cumsum() - ordered.people + ordered.hidden
    needed = ordered[(before < smallest) & (ordered[column] == own)]
    return needed[[*keys, "people"]]


def told_of(data: Dataset, table: str, keys: Sequence[str], count: Counting) -> pd.DataFrame:
    """Counts by group that are no KPIs, without the groups that would tell of too few customers.

    Args:
        data: The dataset, within a filter or not.
        table: Whose rows are counted.
        keys: The columns that name a group.
        count: The counts of a dataset by `keys` and by such further columns of the rows as are
            asked for, with how many `customers` are behind each.
    """
    found, smallest = count(data), data.config.privacy.smallest_group
    if not data.pseudonyms or smallest <= 1:
        return found
    found = found[found.customers >= smallest]
    if data.slice and data.slice[0] in data.tables[table].columns:
        # A slice by what is counted itself: there is nothing to count it by.
        return found[:0]
    if data.base is not None:
        asked = [*keys, "customers"]
        few = [count(rest)[asked] for rest in left_over(data, table)]
        few = [each[each.customers.between(1, smallest - 1)] for each in few]
        if data.slice and data.slice[0] in data.base.columns_of(table):
            sides = count(_with_other_slices(data), data.slice[0])[[*asked, data.slice[0]]]
            people = sides.rename(columns={"customers": "people"}).astype({"people": float})
            few.append(_needed_beside(data, people))
        found = found[~is_exposed(found, [each[list(keys)] for each in few])]
    return found.reset_index(drop=True)


def too_few_left(data: Dataset, table: str) -> bool:
    """Whether fewer customers are outside the filter, of a table's rows, than may be told of."""
    smallest = data.smallest_group
    if data.base is None or smallest <= 1:
        return False
    counts = (rest.tables[table].customer_id.nunique().execute() for rest in left_over(data, table))
    return any(0 < count < smallest for count in counts)
