"""Reading a dataset's files and judging every row of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import ibis.expr.types as ir
import pandas as pd

from cxlib.data.config import Config, read_config
from cxlib.data.contract import schemas
from cxlib.data.dataset import EVENT, Dataset
from cxlib.data.engine import explained, is_warehouse, open_engine
from cxlib.data.files import find_files, find_table, fingerprint
from cxlib.data.quarantine import sift
from cxlib.data.source import read_table
from cxlib.errors import DataError

# How many days without rows at its end still make a period whole: where most days have rows, and
# where bookings come once a month.
SLACK_DAILY, SLACK_MONTHLY = 7, 31


def validate(folder: Path) -> Dataset:
    """Every row of a dataset, judged; the dataset as its files, or its server, have it today.

    Raises:
        DataError: A file cannot be used, or the server cannot be reached.
    """
    config = read_config(folder)
    with explained(config, folder / "dataset.toml"):
        return _validate(folder, config)


def _validate(folder: Path, config: Config) -> Dataset:
    files = find_files(folder)
    before = fingerprint(files)
    connection = open_engine(config, folder, files)
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
    if fingerprint(files) != before:
        raise DataError(f"{folder}: its files have changed while they were read; try again")
    begins, start, end, slack_days = _span(tables, folder)
    return Dataset(
        folder=folder,
        config=config,
        tables=tables,
        contacts=tables.get("interactions"),
        intake=tuple(intake),
        faults=pd.concat(faults, ignore_index=True),
        fingerprint=f"{before}-{_moment()}" if is_warehouse(config) else before,
        begins=begins,
        start=start,
        end=end,
        slack_days=slack_days,
        answers_only=_answers_only(tables),
    )


def _moment() -> str:
    # The rows of a server may change without any file changing: each reading stands for itself.
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"


def _span(
    tables: Mapping[str, ir.Table], folder: Path
) -> tuple[dict[str, datetime], datetime, datetime, int]:
    """The first day of each table and of all, the day after the last, and how many may lack."""
    days = {
        name: pd.to_datetime(rows.select(day=rows[EVENT[name]].date()).distinct().execute().day)
        for name, rows in tables.items()
        if name in EVENT
    }
    days = {name: each for name, each in days.items() if len(each)}
    if not days:
        raise DataError(f"{folder}: no table with dates; add interactions, surveys or revenue")
    begins = {name: each.min().to_pydatetime() for name, each in days.items()}
    every = pd.concat(days.values()).drop_duplicates()
    start, end = every.min().to_pydatetime(), (every.max() + pd.Timedelta(days=1)).to_pydatetime()
    daily = len(every) > (end - start).days / 2
    return begins, start, end, SLACK_DAILY if daily else SLACK_MONTHLY


def _answers_only(tables: Mapping[str, ir.Table]) -> bool:
    # Asked of the whole files: as of a quarter, an answer still to come looks like none.
    if "surveys" not in tables:
        return False
    return bool(tables["surveys"].score.notnull().all().execute())
