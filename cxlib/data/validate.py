"""Reading a dataset's files and judging every row of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxlib.data.config import Config, read_config
from cxlib.data.contract import schemas
from cxlib.data.dataset import EVENT, Dataset
from cxlib.data.engines.base import explained, gist, is_warehouse, open_engine
from cxlib.data.files import PERSONAS, find_files, find_table, fingerprint
from cxlib.data.marks import marks
from cxlib.data.own_kpis import check_own_kpis
from cxlib.data.quarantine import sift
from cxlib.data.source import read_table
from cxlib.errors import DataError

# How many days without rows at its end still make a period whole: where most days have rows, and
# where bookings come once a month.
SLACK_DAILY, SLACK_MONTHLY = 7, 31
# Of a table's gaps between days with rows, so many are no longer than what is usual.
USUAL, SLACK_TWICE = 0.95, 14
# Of so many accounts that have left, not all do so on one day.
SEVERAL = 5
# So few of all rows, parted from the others by so long a time without any, are dated wrongly.
SNAPSHOT = timedelta(days=92)
LONE, LONE_ROWS = pd.Timedelta(days=183), 0.01


def validate(folder: Path, room: Path | None = None) -> Dataset:
    """Every row of a dataset, judged; the dataset as its files, or its server, have it today.

    Args:
        folder: The dataset's folder.
        room: A folder into which its rows may be written later on.

    Raises:
        DataError: A file cannot be used, or the server cannot be reached.
    """
    files = find_files(folder)
    before = fingerprint(files)
    # Only after that: what changes while it is read has another fingerprint in the end.
    config = read_config(folder)
    with explained(config, folder / "dataset.toml"):
        dataset = _validate(folder, config, files, before, room)
        check_own_kpis(dataset)
    if fingerprint(find_files(folder)) != before:
        raise DataError(f"{folder}: its files have changed while they were read; try again")
    return dataset


def _validate(
    folder: Path, config: Config, files: Collection[Path], before: str, room: Path | None
) -> Dataset:
    connection = open_engine(config, folder, files, room)
    tables, intake, faults, raw = {}, [], [], {}
    for name, schema in schemas(config.scales).items():
        if path := find_table(folder, name):
            try:
                sifted = sift(read_table(connection, path, name, config, raw), schema, tables)
            except duckdb.Error as error:
                # Such as a file that is broken in its middle, or a disk that is full.
                raise DataError(f"{path}: {gist(error)}") from None
            tables[name] = sifted.rows
            intake.append(sifted.intake)
            faults.append(sifted.faults)
    if not tables:
        names = ", ".join(schemas(config.scales))
        raise DataError(f"{folder}: no table found; add a .sql, .parquet or .csv file for: {names}")
    span = _span(tables, folder)
    return Dataset(
        folder=folder,
        config=config,
        tables=tables,
        contacts=tables.get("interactions"),
        intake=tuple(intake),
        faults=pd.concat(faults, ignore_index=True),
        fingerprint=f"{before}-{_moment()}" if is_warehouse(config) else before,
        begins=span.begins,
        ends=span.ends,
        gaps=span.gaps,
        start=span.start,
        end=span.end,
        slack_days=span.slack_days,
        strays=span.strays,
        answers_only=_answers_only(tables),
        refunds_only=_refunds_only(tables),
        unsettled=len(marks(folder)),
        passport=_passport(folder / PERSONAS),
        left_at_once=_left_at_once(tables, span.end),
    )


def _passport(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else None
    except UnicodeDecodeError:
        raise DataError(f"{path}: no passport of personas: it is not UTF-8") from None


def _moment() -> str:
    # The rows of a server may change without any file changing: each reading stands for itself.
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"


@dataclass(frozen=True)
class _Span:
    """The first day of each table and of all, the days after their last, and how many may lack."""

    begins: dict[str, datetime]
    ends: dict[str, datetime]
    gaps: dict[str, int]
    start: datetime
    end: datetime
    slack_days: int
    strays: dict[str, int]


def _span(tables: Mapping[str, ir.Table], folder: Path) -> _Span:
    days = {name: _days(rows, EVENT[name]) for name, rows in tables.items() if name in EVENT}
    if not any(len(each) for each in days.values()) and "accounts" in tables:
        # Accounts alone are a snapshot of the day on which the last of them came or went.
        last = _last_day(tables["accounts"])
        days = {} if last is None else {"accounts": pd.Series({last: 1}, name="n")}
    if not any(len(each) for each in days.values()):
        raise DataError(f"{folder}: no table with dates; add interactions, surveys or revenue")
    every = pd.concat(days.values()).groupby(level=0).sum().sort_index()
    body = _body(every)
    start, end = body.index.min(), body.index.max() + pd.Timedelta(days=1)
    inside = {name: each[(each.index >= start) & (each.index < end)] for name, each in days.items()}
    strays = {name: int(each.sum() - inside[name].sum()) for name, each in days.items()}
    return _Span(
        begins={
            name: each.index.min().to_pydatetime() for name, each in inside.items() if len(each)
        },
        ends={
            name: (each.index.max() + pd.Timedelta(days=1)).to_pydatetime()
            for name, each in inside.items()
            if len(each)
        },
        gaps={name: _usual_gap(each) for name, each in inside.items() if len(each)},
        start=start.to_pydatetime(),
        end=end.to_pydatetime(),
        slack_days=SLACK_DAILY if len(body) > (end - start).days / 2 else SLACK_MONTHLY,
        strays={name: count for name, count in strays.items() if count},
    )


def _days(rows: ir.Table, at: str) -> pd.Series:
    """How many rows each day has."""
    counts = rows.group_by(day=rows[at].date()).agg(n=lambda rows: rows.count()).execute()
    return counts.set_index(pd.to_datetime(counts.day)).n


def _last_day(accounts: ir.Table) -> pd.Timestamp | None:
    """The last day on which an account came or went; None if no account has a date."""
    ends = accounts.aggregate(came=accounts.signup_date.max(), went=accounts.churn_date.max())
    last = ends.execute().iloc[0].dropna()
    return pd.Timestamp(last.max()).normalize() if len(last) else None


def _usual_gap(days: pd.Series) -> int:
    """How many days may lie between the end of a period and a table's rows in it.

    As many as between all but the longest of its gaps; of a table with rows on most days, twice
    that, up to two weeks, since shops close over holidays. A month of monthly bookings is missed.
    """
    gaps = days.index.sort_values().to_series().diff().dt.days.dropna().sort_values()
    if gaps.empty:
        return SLACK_MONTHLY
    usual = int(gaps.iloc[int(USUAL * (len(gaps) - 1))])
    return max(usual, min(2 * usual, SLACK_TWICE))


def _body(days: pd.Series) -> pd.Series:
    """The days without a few rows that a long gap parts from all others, such as 1900-01-01."""
    parts = (days.index.to_series().diff() > LONE).cumsum().to_numpy()
    sizes = days.groupby(parts).sum()
    return days[np.isin(parts, sizes.index[sizes >= LONE_ROWS * sizes.sum()])]


def _answers_only(tables: Mapping[str, ir.Table]) -> bool:
    # Asked of the whole files: as of a quarter, an answer still to come looks like none.
    if "surveys" not in tables:
        return False
    return bool(tables["surveys"].score.notnull().all().execute())


def _refunds_only(tables: Mapping[str, ir.Table]) -> bool:
    # Then nobody knows what the other bookings are.
    if "revenue" not in tables:
        return False
    kind = tables["revenue"].kind
    known, refunds = kind.count(), (kind == "refund").ifelse(1, 0).sum().fill_null(0)
    counts = tables["revenue"].aggregate(known=known, refunds=refunds).execute().iloc[0]
    return bool(0 < counts.known == counts.refunds)


def _left_at_once(tables: Mapping[str, ir.Table], end: datetime) -> datetime | None:
    """The one day on which all accounts left that have left, if the data end about then."""
    if "accounts" not in tables:
        return None
    left = tables["accounts"].churn_date
    found = tables["accounts"].aggregate(
        count=left.count(), first=left.min(), days=left.date().nunique()
    )
    found = found.execute().iloc[0]
    if found["count"] < SEVERAL or found["days"] != 1:
        return None
    # Contracts may all end with a year; then the data go on.
    first = pd.Timestamp(found["first"]).to_pydatetime()
    return first if first >= end - SNAPSHOT else None
