"""All that speaks for or against a quarter's data, gathered in one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from cxlib.data import Dataset
from cxlib.data.privacy.masks import FINDS
from cxlib.data_readiness.coverage import Coverage
from cxlib.data_readiness.irregular import Irregularity, find_irregularities
from cxlib.data_readiness.outages import Silence, find_silences
from cxlib.data_readiness.quality import (
    Contradiction,
    accounts_of_faults,
    find_contradictions,
    revenue_of_accounts,
    rows_of_accounts,
)
from cxlib.personas.features import contacts_of_strangers

FIND_COLUMNS = ["table", "column", "what", "rows"]


@dataclass(frozen=True)
class Evidence:
    """What was found out about a quarter's data.

    Attributes:
        start, end: The quarter's first moment, and the first one after it.
        data_start, data_end: The first moment of the data, and the first one after them, at most
            the quarter's end.
        spanned: Whether the data span the whole quarter.
        faults: A row per fault: `table`, `column`, `kind` and `rule`, `row`, `at`, `amount`,
            `account`, and `account_rows`, how many rows its account has in the table.
        read: How many rows were used by table: `used`, and of the quarter `used_now`; indexed by
            the table.
        months: Rows per table and month: `table`, `month`, `rows`.
        filled: Share of rows with a value: `table`, `column`, `filled`.
        held: By table, how many rows each account has.
        contradictions: What the tables say against one another.
        silences: Days without rows, of those that end in the quarter.
        irregularities: What sound data do not show: copies, losses, shifts.
        strays: How many rows of a table are dated far from all others.
        finds: What names persons in free text: `table`, `column`, `what`, `rows`.
        strangers: How many of the quarter's contacts are of customers whom nobody knows, and of how
            many.
        unsettled: Places of the SQL that are marked to be looked at yet.
        left_at_once: All accounts that have left did so on this one day; None where not.
        revenue: Of the last twelve months, by account; empty where there is none.
    """

    start: datetime
    end: datetime
    data_start: datetime
    data_end: datetime
    spanned: bool
    faults: pd.DataFrame
    read: pd.DataFrame
    months: pd.DataFrame
    filled: pd.DataFrame
    held: Mapping[str, pd.Series]
    contradictions: tuple[Contradiction, ...]
    silences: tuple[Silence, ...]
    irregularities: tuple[Irregularity, ...]
    strays: Mapping[str, int]
    finds: pd.DataFrame
    strangers: tuple[int, int]
    unsettled: int
    left_at_once: datetime | None
    revenue: pd.Series


def gather_evidence(data: Dataset, coverage: Coverage) -> Evidence:
    """Look at a dataset, as of a quarter, from all sides.

    Args:
        data: The dataset.
        coverage: What it holds.
    """
    start, end = data.quarter.start, data.quarter.end
    held = rows_of_accounts(data)
    return Evidence(
        start=start,
        end=end,
        data_start=data.start,
        data_end=data.end,
        spanned=data.covers(start, end),
        faults=_faults(data, held),
        read=_read(coverage, start, end),
        months=coverage.months,
        filled=coverage.filled,
        held=held,
        contradictions=find_contradictions(data),
        silences=find_silences(data, start),
        irregularities=find_irregularities(data),
        strays=data.strays,
        finds=_finds(data),
        strangers=contacts_of_strangers(data, start, end),
        unsettled=data.unsettled,
        left_at_once=data.left_at_once,
        revenue=revenue_of_accounts(data),
    )


def _faults(data: Dataset, held: Mapping[str, pd.Series]) -> pd.DataFrame:
    """The faults with the account of each, and how many rows that account has in the table."""
    faults = data.faults.assign(account=accounts_of_faults(data))
    counts = [
        held.get(table, {}).get(account, 0)
        for table, account in zip(faults.table, faults.account, strict=True)
    ]
    return faults.assign(account_rows=counts)


def _read(coverage: Coverage, start: datetime, end: datetime) -> pd.DataFrame:
    months = coverage.months
    now = months[(months.month >= start) & (months.month < end)].groupby("table").rows.sum()
    read = coverage.intake.set_index("table")[["used"]]
    return read.assign(used_now=now.reindex(read.index).fillna(0))


def _finds(data: Dataset) -> pd.DataFrame:
    """The texts in which something that names a person has been masked."""
    found = []
    for table, held in data.known_tables.items():
        texts = [
            name
            for name in held.columns
            if held[name].type().is_string() and name not in data.pseudonyms
        ]
        asked = {
            f"{name}|{what}": held[name].contains(f"[{what}]").fill_null(False).ifelse(1, 0).sum()
            for name in texts
            for what in FINDS
        }
        counts = held.aggregate(**asked).execute().iloc[0].fillna(0) if asked else {}
        found += [(table, *key.split("|"), int(counts[key])) for key in asked if counts[key]]
    return pd.DataFrame(found, columns=FIND_COLUMNS)
