"""A dataset: tables that were validated once, and that analyses trust."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce
from itertools import combinations
from operator import and_
from pathlib import Path
from types import MappingProxyType

import ibis
import ibis.expr.types as ir
import pandas as pd
from pandas.api.types import is_numeric_dtype
from sqlglot import exp

from cxlib.data.config import Config
from cxlib.data.engines.base import is_misfit
from cxlib.data.expressions import columns_of, unknown_column
from cxlib.data.filters import as_expression, parse_filter
from cxlib.data.hidden_filters import with_pseudonyms
from cxlib.data.intake import Intake
from cxlib.data.links import LINKS, reachable, widen
from cxlib.data.privacy.pseudonyms import pseudonym_key
from cxlib.data.quarter import Quarter
from cxlib.errors import ArgumentError, MissingData

# The moment at which a row comes into being.
EVENT = MappingProxyType(
    {
        "interactions": "started_at",
        "counts": "day",
        "surveys": "sent_at",
        "revenue": "booked_at",
        "events": "at",
        "complaints": "opened_at",
    }
)

# Of so many conditions, every part is a wider page that somebody may have made.
MOST_PARTED = 4


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
        faults: Every fault found: table, file, row, column, value, kind of rule, rule, when its
            row came into being (`at`), its amount of money, and the account_id or customer_id of
            its row, if it has one.
        fingerprint: Changes whenever any of the dataset's files does.
        begins, ends: The first moment of each table with dates, and the first day after its last.
        gaps: How many days without a row each of these tables may have at the ends of a period
            that it spans.
        start, end: The first moment of the data, and the first one after what is reported.
        slack_days: So many days without rows at either end do not make a period unfinished.
        strays: How many rows of each table are dated so far from all others that the data are not
            taken to span the time between; tables without any are not told.
        answers_only: Every survey row of the files has a score: who did not answer is not known.
        refunds_only: Of bookings, refunds alone have a kind: what the others are is not known.
        unsettled: How many guesses are left in its SQL that nobody has settled.
        passport: The text of the passport of personas that is kept with it; None if there is none.
        left_at_once: All accounts that have left did so on this one day: the data are a snapshot,
            which who left earlier is not in; None where they are not.
        quarter: The quarter reported, if one was asked for.
        where: The filter, as given.
        unfiltered: The tables that no condition of the filter could be applied to.
        base: The same before any filter; None where there is none.
        filters: The conditions of those in force, one filter after another; the last is `where`.
        slice: Of one of several parts that have pages of their own: the column by which they are
            distinguished, this part's value, and the values of all.
        pseudonyms: The columns that hold pseudonyms, in place of ids and personal texts.
        kept: What was found out of exactly these rows, by what was asked, and where a run keeps
            such results; what is made of a dataset, such as a part of it, begins with nothing.
    """

    folder: Path
    config: Config
    tables: Mapping[str, ir.Table]
    contacts: ir.Table | None
    intake: tuple[Intake, ...]
    faults: pd.DataFrame
    fingerprint: str
    begins: Mapping[str, datetime]
    ends: Mapping[str, datetime]
    gaps: Mapping[str, int]
    start: datetime
    end: datetime
    slack_days: int
    strays: Mapping[str, int]
    answers_only: bool
    refunds_only: bool
    unsettled: int = 0
    passport: str | None = None
    left_at_once: datetime | None = None
    quarter: Quarter | None = None
    where: str = ""
    unfiltered: frozenset[str] = frozenset()
    base: "Dataset | None" = None
    filters: tuple[tuple[exp.Expression, ...], ...] = ()
    slice: tuple[str, object, tuple[object, ...]] | None = None
    pseudonyms: frozenset[str] = frozenset()
    kept: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    def __repr__(self) -> str:
        used = [f"{each.used:,} {each.table}" for each in self.intake if each.table in self.tables]
        until = f" as of {self.quarter}" if self.quarter else ""
        only = f"where {self.where}, of " if self.where else ""
        return (
            f"{self.config.name}{until}: {only}{', '.join(used)}. cx.measure(data) measures its "
            'KPIs; data.frame("surveys", "role") gives rows.'
        )

    @property
    def smallest_group(self) -> int:
        """Of how many customers a group must be to be shown; 1 where real ids are."""
        return self.config.privacy.smallest_group if self.pseudonyms else 1

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

    def frame(self, table: str, *columns: str) -> pd.DataFrame:
        """The same rows in pandas: `data.frame("surveys", "role", "region")`.

        Raises:
            MissingData: The dataset does not have the table or a column.
        """
        return self.rows(table, *columns).execute()

    def columns_of(self, table: str) -> dict[str, str]:
        """The columns that describe a table's rows, and the table that holds each."""
        missing = {each.table: each.missing for each in self.intake}
        return reachable(self.tables, missing, table)

    def covers(self, start: datetime, end: datetime) -> bool:
        """Whether the data span a period, but for a few days at its ends without rows."""
        slack = timedelta(days=self.slack_days)
        return self.start - slack <= start and end <= self.end + slack

    def begun(self, start: datetime, *tables: str) -> bool:
        """Whether tables had begun by a moment, or a few days after; one without dates has."""
        return all(self.begins.get(each, start) <= start + self._gap(each) for each in tables)

    def unspanned(self, start: datetime, end: datetime, *tables: str) -> str:
        """Why a period cannot be compared with another, in words; empty where it can.

        The data must span the period, and so must each of the tables; and they must not be a
        snapshot, of which those who left earlier are missing.
        """
        if self.left_at_once:
            return (
                f"all accounts that have left did so on {day(self.left_at_once)}: the data are a "
                "snapshot, from which those who left earlier are missing"
            )
        return self.missing_of(start, end, *tables)

    def missing_of(self, start: datetime, end: datetime, *tables: str) -> str:
        """What of a period the data, or tables, do not span, in words; empty where they do."""
        if not self.covers(start, end):
            return (
                f"the data run from {day(self.start)} to {day(self.end - timedelta(days=1))}, "
                f"and not over {day(start)} to {day(end - timedelta(days=1))}"
            )
        for table in tables:
            if not self.begun(start, table):
                return f"the table {table} begins on {day(self.begins[table])}"
            last = self.ends.get(table, end)
            if last + self._gap(table) < end:
                return f"the table {table} ends on {day(last - timedelta(days=1))}"
        return ""

    def _gap(self, table: str) -> timedelta:
        return timedelta(days=self.gaps.get(table, self.slack_days))

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
        return restrict(self, parse_filter(where), where)

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


def day(moment: datetime) -> str:
    """A day as a sentence has it."""
    return f"{moment.day} {moment:%B %Y}"


def restrict(dataset: Dataset, conditions: list, where: str) -> Dataset:
    """The rows that meet the filter, in every table that can tell."""
    if not conditions:
        return dataset
    # Scopes of cycles and wider pages are asked for again and again.
    asked = (restrict, where, *(each.sql() for each in conditions))
    if asked not in dataset.kept:
        dataset.kept[asked] = _restrict(dataset, conditions, where)
    return dataset.kept[asked]


def _restrict(dataset: Dataset, conditions: list, where: str) -> Dataset:
    conditions = _turned(dataset, conditions)
    homes = {name: dataset.columns_of(name) for name in LINKS if name in dataset.tables}
    anywhere = {column: table for home in homes.values() for column, table in home.items()}
    for condition in conditions:
        if not any(columns_of(condition) <= set(home) for home in homes.values()):
            stray = sorted(columns_of(condition) - set(anywhere)) or sorted(columns_of(condition))
            raise unknown_column(stray[0], anywhere)
    changed = {}
    for name, home in homes.items():
        apply = [each for each in conditions if columns_of(each) <= set(home)]
        if apply:
            changed[name] = _matching(dataset, name, apply)
    gone = changed.keys() - filled(changed, where).keys()
    tables = {**dataset.tables, **changed}
    left = {name: rows for name, rows in tables.items() if name not in gone}
    events = {name for name in EVENT if name in dataset.tables}
    # Several tables may have a column, such as the channel; a match in one of them is enough.
    owners = [
        {home[column] for home in homes.values() if column in home}
        for each in conditions for column in columns_of(each)
    ]  # fmt: skip
    unmet = [tables for tables in owners if tables.isdisjoint(left)]
    if unmet or not events & left.keys():
        empty = sorted(unmet[0] if unmet else events)
        raise ArgumentError(f"filter {where!r}: no row of {', '.join(empty)} matches it")
    untouched = {
        name
        for name, home in homes.items()
        if not all(columns_of(condition) <= set(home) for condition in conditions)
    }
    return replace(
        dataset,
        tables=left,
        where=where,
        unfiltered=dataset.unfiltered | untouched,
        base=dataset.base or dataset,
        filters=(*dataset.filters, tuple(conditions)),
    )


def left_over(data: Dataset, table: str, beside: str = "") -> tuple[Dataset, ...]:
    """What wider pages may tell and these data do not: a table's rows that the filter leaves out.

    Wider are the data before any filter, and within a part of its conditions. Only the table's own
    rows are left out of them: what describes the rows stays, and a table that the filter cannot be
    applied to has none to leave out.

    Args:
        data: The dataset within a filter.
        table: The table.
        beside: Another table; conditions that can be applied to it leave nothing out here.
    """
    asked = (left_over, table, beside)
    if asked not in data.kept:
        data.kept[asked] = _left_over(data, table, beside)
    return data.kept[asked]


def _left_over(data: Dataset, table: str, beside: str) -> tuple[Dataset, ...]:
    conditions = list({each.sql(): each for some in data.filters for each in some}.values())
    told = set(data.base.columns_of(beside)) if beside else set()
    own = [each for each in conditions if not columns_of(each) <= told]
    if not own:
        return ()
    wider = [restricted(data.base, kept) for kept in _wider(conditions)]
    return tuple(_outside(each, table, own) for each in wider)


def _wider(conditions: list) -> list[list]:
    """Parts of a filter's conditions: all parts of a few; of more, without one or one's columns."""
    if len(conditions) <= MOST_PARTED:
        sizes = range(len(conditions))
        return [list(each) for size in sizes for each in combinations(conditions, size)]
    found = [[]]
    for one in conditions:
        found.append([each for each in conditions if each is not one])
        found.append([each for each in conditions if not columns_of(each) & columns_of(one)])
    return found


def restricted(base: Dataset, conditions: list) -> Dataset:
    """A dataset within parsed conditions."""
    return restrict(base, conditions, " AND ".join(each.sql() for each in conditions))


def _outside(dataset: Dataset, table: str, conditions: list) -> Dataset:
    home = set(dataset.columns_of(table))
    apply = [each for each in conditions if columns_of(each) <= home]
    # An empty table stays: what counts rows of it then counts none.
    rows = (
        _matching(dataset, table, apply, outside=True) if apply
        else dataset.tables[table].filter(ibis.literal(False))
    )  # fmt: skip
    return replace(dataset, tables={**dataset.tables, table: rows})


def _turned(dataset: Dataset, conditions: list) -> list:
    if not dataset.pseudonyms:
        return conditions
    key = pseudonym_key()
    return [with_pseudonyms(each, dataset.pseudonyms, key) for each in conditions]


def filled(tables: Mapping[str, ir.Table], where: str = "") -> dict[str, ir.Table]:
    """The tables that have rows left: an empty one is as good as none."""
    # One question for all tables: building a question takes longer than answering it.
    some = [
        rows.limit(1).aggregate(rows=lambda row: row.count()).mutate(name=ibis.literal(name))
        for name, rows in tables.items()
    ]
    try:
        found = ibis.union(*some).execute().set_index("name").rows if some else {}
        return {name: rows for name, rows in tables.items() if found[name]}
    except Exception as error:
        if not is_misfit(error):
            raise
        raise ArgumentError(f"filter {where!r}: a value does not fit its column's type") from None


def _matching(dataset: Dataset, name: str, conditions: list, outside: bool = False) -> ir.Table:
    needed = {column for condition in conditions for column in columns_of(condition)}
    wide = widen(dataset.tables, dataset.columns_of(name), name, needed)
    test = reduce(and_, (as_expression(each, {c: wide[c] for c in needed}) for each in conditions))
    test = ~test.fill_null(False) if outside else test
    return wide.filter(test).select(*dataset.tables[name].columns)
