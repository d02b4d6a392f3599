"""Opening a dataset's folder: read, validate, and look at it as of a quarter's end."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import ibis
import ibis.expr.types as ir
import pandas as pd

from cxlib.data import snapshot
from cxlib.data.config import read_config
from cxlib.data.contract import schemas
from cxlib.data.dataset import EVENT, Dataset, filled
from cxlib.data.files import find_files, find_folder, find_table, fingerprint
from cxlib.data.filters import parse_filter
from cxlib.data.quarantine import sift
from cxlib.data.quarter import Quarter
from cxlib.data.source import open_engine, read_table
from cxlib.errors import ArgumentError, DataError

# How many days without rows at its end still make a period whole: where most days have rows, and
# where bookings come once a month.
SLACK_DAILY, SLACK_MONTHLY = 7, 31

# Some columns are empty until a later moment than that of the row: then it is not yet known that
# an account has left, or what a customer answered.
KNOWN_FROM = MappingProxyType(
    {
        "accounts": ("churn_date", ("churn_date",)),
        "surveys": ("responded_at", ("responded_at", "score", "verbatim")),
        "cycles": ("closed_at", ("closed_at", "decision")),
    }
)


def open_dataset(folder: str | Path, quarter: str | None = None, where: str = "") -> Dataset:
    """Open a dataset's folder: read, validate, and set faulty rows apart.

    Args:
        folder: The dataset's folder; a relative one is looked for in the working folder, then in
            the folders above it.
        quarter: Report as of the end of this quarter, such as 2026Q3: later rows are left out,
            and what only became known later (a churn, an answer, a decision) is not known.
        where: A filter over the columns of the tables, such as `region = 'EMEA'`. Each condition
            applies to every table that has its columns, or refers to a table that has.

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
    dataset = validate(folder)
    if quarter:
        dataset = as_of(dataset, quarter)
    return dataset.filtered(where)


def validate(folder: Path) -> Dataset:
    """Every row of a dataset's files, judged; the dataset as its files have it today.

    Raises:
        DataError: A file cannot be used.
    """
    config = read_config(folder)
    connection = open_engine(config, folder)
    tables, intake, faults = {}, [], []
    for name, schema in schemas(config.scales).items():
        if path := find_table(folder, name):
            sifted = sift(read_table(connection, path, name, config), schema, tables)
            tables[name] = sifted.rows
            intake.append(sifted.intake)
            faults.append(sifted.faults)
    if not tables:
        names = ", ".join(schemas(config.scales))
        raise DataError(f"{folder}: no table found; add a .sql, .parquet or .csv file for: {names}")
    start, end, slack_days = _span(tables, folder)
    return Dataset(
        folder=folder,
        config=config,
        tables=tables,
        contacts=tables.get("interactions"),
        intake=tuple(intake),
        faults=pd.concat(faults, ignore_index=True),
        fingerprint=fingerprint(find_files(folder)),
        start=start,
        end=end,
        slack_days=slack_days,
        answers_only=_answers_only(tables),
    )


def as_of(dataset: Dataset, name: str) -> Dataset:
    """A dataset as it was known at the end of a quarter, such as 2026Q3.

    Raises:
        ArgumentError: It is no quarter, or lies outside the data.
    """
    quarter = Quarter.parse(name, dataset.config.fiscal_year_start)
    if quarter.start >= dataset.end or quarter.end <= dataset.start:
        raise ArgumentError(
            f"quarter == {quarter}, must lie within the data, which runs "
            f"from {dataset.start:%Y-%m-%d} to {dataset.end - pd.Timedelta(days=1):%Y-%m-%d}"
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


def _span(tables: Mapping[str, ir.Table], folder: Path) -> tuple[datetime, datetime, int]:
    """The first day in the data, the day after the last, and how many days may lack rows."""
    days = [
        rows.select(day=rows[EVENT[name]].date()).distinct().execute().day
        for name, rows in tables.items()
        if name in EVENT
    ]
    if not days:
        raise DataError(f"{folder}: no table with dates; add interactions, surveys or revenue")
    days = pd.to_datetime(pd.concat(days)).drop_duplicates()
    start, end = days.min().to_pydatetime(), (days.max() + pd.Timedelta(days=1)).to_pydatetime()
    daily = len(days) > (end - start).days / 2
    return start, end, SLACK_DAILY if daily else SLACK_MONTHLY


def _answers_only(tables: Mapping[str, ir.Table]) -> bool:
    # Asked of the whole files: as of a quarter, an answer still to come looks like none.
    if "surveys" not in tables:
        return False
    return bool(tables["surveys"].score.notnull().all().execute())
