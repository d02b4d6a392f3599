"""Days on which rows should have come and none did: exports that broke off, or stopped early."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from cxlib.data import Dataset
from cxlib.data.dataset import EVENT

# Where chance alone makes so many expected rows fail to come once in 10⁸ times, it was not chance.
FEWEST_EXPECTED = 18.4


@dataclass(frozen=True)
class Silence:
    """Days in a row without a single row of a table.

    Attributes:
        table: Which.
        start, end: The first day without, and the first one with rows again or after the data.
        expected: How many rows such days had in the twelve weeks before.
    """

    table: str
    start: datetime
    end: datetime
    expected: float


def find_silences(data: Dataset, since: datetime) -> tuple[Silence, ...]:
    """Silences since a moment, of tables that have rows on most days.

    What is expected of a day is the median of the same weekdays in the twelve weeks before the
    silence, so that neither weekends nor the days between monthly bookings are silences.

    Args:
        data: The dataset as of a quarter.
        since: Silences that end before it are left out.
    """
    found = []
    for table, at in EVENT.items():
        if table not in data.tables:
            continue
        rows = data.tables[table]
        counts = rows.group_by(day=rows[at].truncate("D")).agg(rows=rows.count()).execute()
        days = pd.date_range(counts.day.min(), pd.Timestamp(data.end).normalize(), inclusive="left")
        daily = counts.set_index("day").rows.reindex(days, fill_value=0).astype(float)
        if len(daily) and (daily > 0).mean() > 0.5:
            found += _of_table(table, daily, since)
    return tuple(found)


def _of_table(table: str, daily: pd.Series, since: datetime) -> list[Silence]:
    empty = (daily == 0).to_numpy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], empty, [False]]).astype(int)))
    silences = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        before = daily.iloc[max(start - 84, 0) : start]
        usual = before.groupby(before.index.day_of_week).median()
        span = daily.index[start:end]
        expected = float(usual.reindex(span.day_of_week).fillna(0).sum())
        after = span[-1] + pd.Timedelta(days=1)
        if expected >= FEWEST_EXPECTED and after > pd.Timestamp(since):
            silences.append(
                Silence(table, span[0].to_pydatetime(), after.to_pydatetime(), expected)
            )
    return silences
