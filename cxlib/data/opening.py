"""Opening a dataset's folder, and looking at it as of a quarter's end."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import ibis

from cxlib.data import snapshot
from cxlib.data.dataset import EVENT, Dataset, filled
from cxlib.data.files import find_folder
from cxlib.data.filters import parse_filter
from cxlib.data.hidden_filters import refuse_persons
from cxlib.data.quarter import Quarter
from cxlib.errors import ArgumentError

# Some columns are empty until a later moment than that of the row: then it is not yet known that
# an account has left, or what a customer answered.
KNOWN_FROM = MappingProxyType(
    {
        "accounts": ("churn_date", ("churn_date",)),
        "interactions": ("closed_at", ("closed_at",)),
        "surveys": ("responded_at", ("responded_at", "score", "verbatim")),
        "cycles": ("closed_at", ("closed_at", "decision")),
    }
)


def open_dataset(
    folder: str | Path, quarter: str | None = None, where: str = "", raw_ids: bool = False
) -> Dataset:
    """Open a dataset's folder: read, validate, and set faulty rows apart.

    Args:
        folder: The dataset's folder; a relative one is looked for in the working folder, then in
            the folders above it.
        quarter: Report as of the end of this quarter, such as 2026Q3: later rows are left out,
            and what only became known later (a churn, an answer, a decision) is not known.
        where: A filter over the columns of the tables, such as `region = 'EMEA'`. Each condition
            applies to every table that has its columns, or refers to a table that has.
        raw_ids: Show ids and personal texts as they are, instead of pseudonyms. In a run of
            `cx report` it has no effect.

    Raises:
        DataError: A file cannot be used.
        ArgumentError: The folder, the quarter or the filter is wrong.
    """
    folder = find_folder(Path(folder))
    if kept := snapshot.load(folder, quarter, where):
        return kept
    parse_filter(where)
    if quarter:
        Quarter.parse(quarter)
    # Loading what judges rows takes time that a run's notebooks need not spend: they have a
    # snapshot.
    from cxlib.data.privacy.hide import hide
    from cxlib.data.validate import validate

    dataset = validate(folder)
    if not raw_ids or snapshot.in_run():
        dataset = hide(dataset)
        refuse_persons(where, dataset.pseudonyms)
    if quarter:
        dataset = as_of(dataset, quarter)
    return dataset.filtered(where)


def as_of(dataset: Dataset, name: str) -> Dataset:
    """A dataset as it was known at the end of a quarter, such as 2026Q3.

    Raises:
        ArgumentError: It is no quarter, or lies outside the data.
    """
    quarter = Quarter.parse(name, dataset.config.fiscal_year_start)
    if quarter.start >= dataset.end or quarter.end <= dataset.start:
        raise ArgumentError(
            f"quarter == {quarter}, must lie within the data, which runs "
            f"from {dataset.start:%Y-%m-%d} to {dataset.end - timedelta(days=1):%Y-%m-%d}"
        )
    tables = {}
    for name, rows in dataset.tables.items():
        if name in KNOWN_FROM:
            moment, columns = KNOWN_FROM[name]
            later = rows[moment] >= quarter.end
            rows = rows.mutate(
                **{each: later.ifelse(ibis.null(rows[each].type()), rows[each]) for each in columns}
            )
        if name in EVENT:
            rows = rows.filter(rows[EVENT[name]] < quarter.end)
        if name == "cycles":
            # A cycle is known once it is planned, even if it has not begun.
            rows = rows.filter(rows.plan_date.fill_null(rows.do_date) < quarter.end)
        tables[name] = rows
    end = min(dataset.end, quarter.end)
    left = filled(tables)
    contacts = left.get("interactions")
    return replace(dataset, tables=left, contacts=contacts, end=end, quarter=quarter)
