"""A dataset: a folder opened, validated once, and handed on as tables to trust."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import and_
from pathlib import Path
from types import MappingProxyType

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd
from pandas.api.types import is_numeric_dtype

from cxlib.data.config import Config, read_config
from cxlib.data.contract import schemas
from cxlib.data.filters import as_expression, columns_of, parse_filter, unknown_column
from cxlib.data.links import LINKS, reachable, widen
from cxlib.data.quarantine import Intake, sift
from cxlib.data.quarter import Quarter
from cxlib.data.source import find_table, open_engine, read_table
from cxlib.errors import ArgumentError, DataError, MissingData

# How many days without rows at its end still make a period whole: where most days have rows, and
# where bookings come once a month.
SLACK_DAILY, SLACK_MONTHLY = 7, 31

# The moment at which a row comes into being; what is later than a report's quarter is not known
# to it. For some columns a later moment decides: they are empty until then.
EVENT = MappingProxyType(
    {
        "interactions": "started_at",
        "surveys": "sent_at",
        "revenue": "booked_at",
    }
)
KNOWN_FROM = MappingProxyType(
    {
        "accounts": ("churn_date", ("churn_date",)),
        "surveys": ("responded_at", ("responded_at", "score", "verbatim")),
        "cycles": ("closed_at", ("closed_at", "decision")),
    }
)


@dataclass(frozen=True)
class Dataset:
    """Validated tables, in the engine.

    Attributes:
        folder: Where the dataset lies.
        config: Its settings.
        tables: The rows to use, by table; a table that the dataset has not is absent.
        contacts: All interactions, whatever the filter: a customer who comes back by another
            channel has come back.
        intake: What became of each table's rows.
        faults: Every fault found: table, file, row, column, value, rule.
        fingerprint: Changes whenever any of the dataset's files does.
        start, end: The first moment of the data, and the first one after what is reported.
        slack_days: So many days without rows at either end do not make a period unfinished.
        answers_only: Every survey row of the files has a score: who did not answer is not known.
        quarter: The quarter reported, if one was asked for.
        where: The filter, as given.
        unfiltered: The tables that no condition of the filter could be applied to.
    """

    folder: Path
    config: Config
    tables: Mapping[str, ir.Table]
    contacts: ir.Table | None
    intake: tuple[Intake, ...]
    faults: pd.DataFrame
    fingerprint: str
    start: datetime
    end: datetime
    slack_days: int
    answers_only: bool
    quarter: Quarter | None = None
    where: str = ""
    unfiltered: frozenset[str] = frozenset()

    def has(self, table: str, *columns: str) -> bool:
        """Whether the dataset holds a table, and columns that it or what it refers to has."""
        return not self.lacks(table, *columns)

    def lacks(self, table: str, *columns: str) -> str:
        """What the dataset lacks of a table and its columns, in words; empty if nothing."""
        if table not in self.tables:
            some = any(each.table == table for each in self.intake)
            return f"any row of {table} that is asked for" if some else f"the table {table}"
        homes = self.columns_of(table)
        missing = [name for name in columns if name not in homes]
        return f"the column {table}.{missing[0]}" if missing else ""

    def require(self, *tables: str) -> None:
        """Make sure that tables are there.

        Raises:
            MissingData: One is not.
        """
        for table in tables:
            if lack := self.lacks(table):
                raise MissingData(f"the dataset {self.config.name!r} lacks {lack}")

    def rows(self, table: str, *columns: str) -> ir.Table:
        """A table's rows, with columns of the tables that they refer to.

        Raises:
            MissingData: The dataset does not have the table or a column.
        """
        self.require(table)
        if lack := self.lacks(table, *columns):
            raise MissingData(f"the dataset {self.config.name!r} lacks {lack}")
        return widen(self.tables, self.columns_of(table), table, columns)

    def columns_of(self, table: str) -> dict[str, str]:
        """The columns that describe a table's rows, and the table that holds each."""
        missing = {each.table: each.missing for each in self.intake}
        return reachable(self.tables, missing, table)

    def covers(self, start: datetime, end: datetime) -> bool:
        """Whether the data span a period, but for a few days at its ends without rows."""
        slack = timedelta(days=self.slack_days)
        return self.start - slack <= start and end <= self.end + slack

    @property
    def known_tables(self) -> dict[str, ir.Table]:
        """The tables without the contract's columns that no file brought."""
        missing = {each.table: each.missing for each in self.intake}
        return {name: rows.drop(*missing[name]) for name, rows in self.tables.items()}

    def filtered(self, where: str) -> "Dataset":
        """The dataset within a filter, such as a cycle's scope.

        Raises:
            ArgumentError: The filter cannot be read, names no known column, or matches no row.
        """
        return _restrict(self, parse_filter(where), where)

    def attach(self, table: str, frame: pd.DataFrame) -> "Dataset":
        """The dataset with further columns on a table, such as each customer's persona.

        Args:
            table: The table to extend.
            frame: The table's id column, with each id once, and the columns to add.
        """
        key, rows = frame.columns[0], self.tables[table]
        # An empty column has no type of its own; what is attached is text unless it is numbers.
        kinds = {
            name: "float64" if len(frame) and is_numeric_dtype(frame[name]) else "string"
            for name in frame.columns[1:]
        }
        side = ibis.memtable(frame, schema={key: "string"} | kinds)
        clash = [name for name in frame.columns[1:] if name in rows.columns]
        joined = rows.drop(*clash).left_join(side, key).drop(f"{key}_right")
        return replace(self, tables=self.tables | {table: joined})


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
    folder = _find_folder(Path(folder))
    config = read_config(folder)
    period = Quarter.parse(quarter, config.fiscal_year_start) if quarter else None
    conditions = parse_filter(where)
    connection = open_engine(config, folder)
    tables, intake, faults, inputs = {}, [], [], {folder / "dataset.toml"}
    for name, schema in schemas(config.scales).items():
        if path := find_table(folder, name):
            raw = read_table(connection, path, name, config)
            sifted = sift(raw, schema, tables)
            tables[name] = sifted.rows
            intake.append(sifted.intake)
            faults.append(sifted.faults)
            inputs.update(raw.inputs)
    if not tables:
        names = ", ".join(schemas(config.scales))
        raise DataError(f"{folder}: no table found; add a .sql, .parquet or .csv file for: {names}")
    start, end, slack_days = _span(tables, folder)
    dataset = Dataset(
        folder=folder,
        config=config,
        tables=tables,
        contacts=tables.get("interactions"),
        intake=tuple(intake),
        faults=pd.concat(faults, ignore_index=True),
        fingerprint=_fingerprint(inputs),
        start=start,
        end=end,
        slack_days=slack_days,
        answers_only=_answers_only(tables),
    )
    if period:
        dataset = _until(dataset, period)
    return _restrict(dataset, conditions, where)


def _find_folder(folder: Path) -> Path:
    places = [Path.cwd(), *Path.cwd().parents]
    found = next((place / folder for place in places if (place / folder).is_dir()), None)
    if found is None:
        raise ArgumentError(f"dataset {str(folder)!r}: there is no such folder")
    return found.resolve()


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


def _fingerprint(inputs: set[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(inputs, key=lambda each: each.name):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _until(dataset: Dataset, quarter: Quarter) -> Dataset:
    """The dataset as it was known at the end of a quarter."""
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
    filled = _filled(tables)
    contacts = filled.get("interactions")
    return replace(dataset, tables=filled, contacts=contacts, end=end, quarter=quarter)


def _restrict(dataset: Dataset, conditions: list, where: str) -> Dataset:
    """The rows that meet the filter, in every table that can tell."""
    if not conditions:
        return dataset
    homes = {name: dataset.columns_of(name) for name in LINKS if name in dataset.tables}
    anywhere = {column: table for home in homes.values() for column, table in home.items()}
    for condition in conditions:
        if not any(columns_of(condition) <= set(home) for home in homes.values()):
            stray = sorted(columns_of(condition) - set(anywhere)) or sorted(columns_of(condition))
            raise unknown_column(stray[0], anywhere)
    tables = dict(dataset.tables)
    for name, home in homes.items():
        apply = [each for each in conditions if columns_of(each) <= set(home)]
        if apply:
            tables[name] = _matching(dataset, name, apply)
    filled = _filled(tables, where)
    owners = {anywhere[column] for each in conditions for column in columns_of(each)}
    events = {name for name in EVENT if name in dataset.tables}
    if owners - filled.keys() or not events & filled.keys():
        empty = sorted(owners - filled.keys()) or sorted(events)
        raise ArgumentError(f"filter {where!r}: no row of {', '.join(empty)} matches it")
    untouched = {
        name
        for name, home in homes.items()
        if not all(columns_of(condition) <= set(home) for condition in conditions)
    }
    return replace(dataset, tables=filled, where=where, unfiltered=frozenset(untouched))


def _filled(tables: Mapping[str, ir.Table], where: str = "") -> dict[str, ir.Table]:
    """The tables that have rows left: an empty one is as good as none."""
    try:
        return {name: rows for name, rows in tables.items() if rows.count().execute()}
    except duckdb.Error:
        raise ArgumentError(f"filter {where!r}: a value does not fit its column's type") from None


def _matching(dataset: Dataset, name: str, conditions: list) -> ir.Table:
    needed = {column for condition in conditions for column in columns_of(condition)}
    wide = widen(dataset.tables, dataset.columns_of(name), name, needed)
    test = reduce(and_, (as_expression(each, {c: wide[c] for c in needed}) for each in conditions))
    return wide.filter(test).select(*dataset.tables[name].columns)
