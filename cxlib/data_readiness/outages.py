"""Days on which rows should have come and none did: exports that broke off, or stopped early."""

import math
from dataclasses import dataclass, replace
from datetime import datetime

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxlib.data import Dataset
from cxlib.data.dataset import EVENT

# Where chance alone makes so many expected rows fail to come once in 10⁸ times, it was not chance.
FEWEST_EXPECTED = -math.log(1e-8)
WINDOW = 84  # days before, which tell what is usual
YEAR = 364  # days: the same weekdays a year before


@dataclass(frozen=True)
class Silence:
    """Days in a row without a single row of a table.

    Attributes:
        table: Which.
        start, end: The first day without, and the first one with rows again or after the data.
        expected: How many rows such days had in the twelve weeks before.
        channel: Of this channel alone; of all rows, if empty.
    """

    table: str
    start: datetime
    end: datetime
    expected: float
    channel: str = ""


def find_silences(data: Dataset, since: datetime) -> tuple[Silence, ...]:
    """Silences since a moment, of tables that have rows on most days.

    What is expected of a day is the median of the same weekdays in the twelve weeks before the
    silence, so that neither weekends nor the days between monthly bookings are silences; nor are
    days without rows that had none a year before either, give or take three days, such as holidays.
    Where counts vary more than independent rows would, so many more have to be missing.

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
        whole = _of_days(data, table, counts, since)
        found += whole
        if table == "interactions":
            found += _of_channels(data, rows, whole, since)
    return tuple(found)


def _of_channels(
    data: Dataset, rows: ir.Table, whole: list[Silence], since: datetime
) -> list[Silence]:
    """Silences of single channels, but for those in which nothing came by any."""
    counts = rows.group_by("channel", day=rows.started_at.truncate("D")).agg(rows=rows.count())
    counts = counts.execute().sort_values(["channel", "day"])
    found = []
    for channel, own in counts.groupby("channel"):
        for each in _of_days(data, "interactions", own, since):
            if not any(each.start < other.end and other.start < each.end for other in whole):
                found.append(replace(each, channel=str(channel)))
    return found


def _of_days(data: Dataset, table: str, counts: pd.DataFrame, since: datetime) -> list[Silence]:
    """The silences of rows of which each day's number is known, if they come on most days."""
    days = pd.date_range(counts.day.min(), pd.Timestamp(data.end).normalize(), inclusive="left")
    daily = counts.set_index("day").rows.reindex(days, fill_value=0).astype(float)
    if not len(daily) or (daily > 0).mean() <= 0.5:
        return []
    return _of_table(table, daily, since)


def _of_table(table: str, daily: pd.Series, since: datetime) -> list[Silence]:
    empty = (daily == 0).to_numpy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], empty, [False]]).astype(int)))
    silences = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        before = daily.iloc[max(start - WINDOW, 0) : start]
        usual = before.groupby(before.index.day_of_week).median()
        span = daily.index[start:end]
        expected = float(usual.reindex(span.day_of_week).fillna(0).sum())
        after = span[-1] + pd.Timedelta(days=1)
        if after <= pd.Timestamp(since) or _was_silent(daily, start - YEAR, end - YEAR):
            continue
        if expected >= FEWEST_EXPECTED * _clumping(before, usual):
            silences.append(
                Silence(table, span[0].to_pydatetime(), after.to_pydatetime(), expected)
            )
    return silences


def _was_silent(daily: pd.Series, start: int, end: int) -> bool:
    """Whether as many days had no row about then."""
    shifts = range(max(start - 3, 0), start + 4) if start + 3 >= 0 else ()
    length = end - start
    return any((daily.iloc[first : first + length] == 0).all() for first in shifts)


def _clumping(before: pd.Series, usual: pd.Series) -> float:
    """How many times the variance of independent rows daily counts vary around the usual."""
    expected = before.index.day_of_week.map(usual).to_numpy(dtype=float)
    busy = expected > 0
    if busy.sum() < 2:
        return 1.0
    off = before.to_numpy()[busy] - expected[busy]
    return max(1.0, float(np.mean(off**2) / expected[busy].mean()))
