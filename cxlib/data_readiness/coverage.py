"""What came in: rows by table and month, and how completely the columns are filled."""

from dataclasses import dataclass

import pandas as pd

from cxlib.data import Dataset
from cxlib.data.dataset import EVENT


@dataclass(frozen=True)
class Coverage:
    """What a dataset holds.

    Attributes:
        intake: A row per table: table, file, read, used, quarantined, missing (columns).
        faults: A row per kind of fault: table, file, column, rule, rows, example.
        months: Rows per table and month: table, month, rows; months without rows are 0.
        filled: Share of rows with a value: table, column, filled.
    """

    intake: pd.DataFrame
    faults: pd.DataFrame
    months: pd.DataFrame
    filled: pd.DataFrame


def cover(data: Dataset) -> Coverage:
    """Count what a dataset holds."""
    intake = pd.DataFrame(
        [
            {
                "table": each.table,
                "file": each.file,
                "read": each.read,
                "used": each.used,
                "quarantined": each.quarantined,
                "missing": ", ".join(each.missing),
            }
            for each in data.intake
        ]
    )
    groups = data.faults.groupby(["table", "file", "column", "rule"], sort=False, dropna=False)
    faults = groups.agg(rows=("row", "size"), example=("value", "first")).reset_index()
    return Coverage(intake, faults, _months(data), _filled(data))


def _months(data: Dataset) -> pd.DataFrame:
    every = pd.date_range(
        pd.Timestamp(data.start).to_period("M").start_time, data.end, freq="MS", inclusive="left"
    )
    parts = []
    for table, at in EVENT.items():
        if table in data.tables:
            rows = data.tables[table]
            month = rows[at].truncate("M")
            counts = rows.group_by(month=month).agg(rows=rows.count()).execute()
            counts = counts.set_index("month").rows.reindex(every, fill_value=0)
            parts.append(counts.rename_axis("month").reset_index().assign(table=table))
    none = pd.DataFrame({"month": [], "rows": [], "table": []})
    return pd.concat(parts or [none], ignore_index=True)[["table", "month", "rows"]]


def _filled(data: Dataset) -> pd.DataFrame:
    parts = []
    for table, rows in data.known_tables.items():
        shares = rows.aggregate([rows[name].notnull().mean().name(name) for name in rows.columns])
        share = shares.execute().iloc[0].astype(float)
        parts.append(pd.DataFrame({"table": table, "column": share.index, "filled": share.values}))
    return pd.concat(parts, ignore_index=True)
