"""Rows that look right one by one and cannot be right together: copies, losses and shifts.

Each function looks at one kind of what exports do: it asks the engine for counts, and says what it
saw where that is beyond what sound data do. The bounds are ours; `METHODS.md` says which size is
seen.
"""

from dataclasses import dataclass
from itertools import pairwise

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxlib.data import Dataset
from cxlib.data.dataset import EVENT
from cxlib.data_readiness.outages import FEWEST_EXPECTED
from cxlib.measure.leaks import metrics_that_part
from cxlib.measure.rows import within

COPIED, LOST, SHIFTED, FILLER, CROWDED = "copied", "lost", "shifted", "filler", "crowded"
FORETOLD = "foretold"
YEAR = pd.DateOffset(years=1)
# Two rows of the same customer, channel and reason so near one another are one that came twice.
COPY_SECONDS = 60
# Of what share of rows on such things are said.
FEWEST_COPIES = {"interactions": 0.02, "surveys": 0.05}
TWICE_BOOKED, TWICE_AS_OFTEN = 0.20, 2.0
LOST_REVENUE, MORE_LOST = 0.05, 3.0
MIDNIGHT, SELDOM = 0.20, 0.05
FILLED_IN, FAR_OFF = 0.01, 3.0
ONE_CUSTOMER, NEXT = 0.05, 4.0
# How much likelier the hours must be, were they shifted; and how many rows tell hours.
LIKELIER, FEWEST_HOURS = 20.0, 200
FEWEST_ROWS = 100
MEASURED = ("wait_seconds", "handle_seconds", "cost")


@dataclass(frozen=True)
class Irregularity:
    """Something about a table's rows of a quarter that sound data do not show.

    Attributes:
        kind: copied, lost, shifted, filler, crowded or foretold.
        table, column: Where; the column may be empty.
        what: In words.
        share: Of the quarter's rows (or revenue) that it touches.
    """

    kind: str
    table: str
    column: str
    what: str
    share: float


def find_irregularities(data: Dataset) -> tuple[Irregularity, ...]:
    """What sound data do not show, in the quarter of a dataset as of its end."""
    found: list[Irregularity] = []
    looks = (near_copies, bookings_twice, accounts_not_booked, flags_not_set, fillers,
             one_customer, hours_shifted, days_without_times, scores_that_part)  # fmt: skip
    for look in looks:
        found += look(data)
    return tuple(found)


def near_copies(data: Dataset) -> list[Irregularity]:
    """Rows that came again under another id, at the same moment or within a minute."""
    alike = {
        "interactions": ("customer_id", "channel", "reason"),
        "surveys": ("customer_id", "metric", "score"),
    }
    found = []
    for table, columns in alike.items():
        at, rows = EVENT[table], _of_quarter(data, table)
        if rows is None:
            continue
        # Days without a time of day leave room for two on one day.
        rows = rows.filter(rows[at] != rows[at].truncate("D"))
        if table == "surveys":
            rows = rows.filter(rows.score.notnull())
        before = rows[at].lag().over(group_by=[rows[name] for name in columns], order_by=rows[at])
        gap = rows[at].epoch_seconds() - before.epoch_seconds()
        counts = rows.mutate(_copy=(gap <= COPY_SECONDS).fill_null(False))
        counts = counts.aggregate(
            rows=counts.count(), copies=counts._copy.ifelse(1, 0).sum().fill_null(0)
        )
        counts = counts.execute().iloc[0]
        share = counts.copies / max(counts["rows"], 1)
        if counts["rows"] >= FEWEST_ROWS and share >= FEWEST_COPIES[table]:
            what = (
                f"{counts.copies:,.0f} rows follow one of the same customer that is alike within "
                f"{COPY_SECONDS} seconds: they may have come twice"
            )
            found.append(Irregularity(COPIED, table, "", what, share))
    return found


def bookings_twice(data: Dataset) -> list[Irregularity]:
    """A month whose accounts are booked the same amount more than once, as in no month before."""
    if "revenue" not in data.tables:
        return []
    rows = _lately(data, "revenue")
    same = rows.group_by("account_id", "amount", month=rows.booked_at.truncate("M"))
    same = same.agg(times=rows.count())
    again = (same.times - 1).sum()
    months = same.group_by("month").agg(rows=same.times.sum(), again=again).execute()
    months = months.set_index("month").sort_index()
    share = months.again / months["rows"]
    now = share.index >= pd.Timestamp(data.quarter.start)
    usual = share[~now].max() if (~now).any() else np.nan
    return [
        Irregularity(
            COPIED, "revenue", "amount",
            f"in {month:%b %Y} {each:.0%} of the bookings repeat an amount of the same account, "
            f"in no month before more than {usual:.0%}: they may have come twice",
            each,
        )
        for month, each in share[now].items()
        if months["rows"][month] >= FEWEST_ROWS / 3
        and each >= TWICE_BOOKED
        and each > TWICE_AS_OFTEN * usual
    ]  # fmt: skip


def accounts_not_booked(data: Dataset) -> list[Irregularity]:
    """Accounts that were booked in the quarter before and are not, although they have not left."""
    if data.lacks("revenue") or data.lacks("accounts"):
        return []
    quarters = [data.quarter.shift(-each) for each in range(5)]
    rows = data.tables["revenue"]
    sums = {
        str(each): rows.amount.sum(
            where=(rows.booked_at >= ibis.timestamp(each.start))
            & (rows.booked_at < ibis.timestamp(each.end))
        )
        for each in quarters
    }
    booked = rows.group_by("account_id").agg(**sums).execute().set_index("account_id")
    left = data.tables["accounts"].select("account_id", "churn_date").execute()
    left = left.set_index("account_id").churn_date.reindex(booked.index)
    lost = []
    for each, before in pairwise(quarters):
        if data.unspanned(before.start, each.end, "revenue"):
            break
        stays = left.isna() | (left >= each.end)
        had = booked[str(before)].where(stays & (booked[str(before)] > 0)).dropna()
        gone = had[booked[str(each)].reindex(had.index).isna()]
        lost.append((len(gone), gone.sum() / had.sum() if had.sum() > 0 else 0.0))
    if len(lost) < 3:
        return []
    (count, share), *earlier = lost
    usual = max(each for _, each in earlier)
    if share < LOST_REVENUE or share <= MORE_LOST * usual:
        return []
    what = (
        f"{count:,} accounts that have not left, with {share:.0%} of the revenue of the quarter "
        f"before, have no booking; in quarters before it was at most {usual:.1%}"
    )
    return [Irregularity(LOST, "revenue", "", what, share)]


def flags_not_set(data: Dataset) -> list[Irregularity]:
    """A flag that was set in every quarter before, and is set in no row of this one."""
    found = []
    for name in ("abandoned", "resolved"):
        if not data.has("interactions", name):
            continue
        rows = _lately(data, "interactions")
        now = rows.started_at >= ibis.timestamp(data.quarter.start)
        counts = rows.aggregate(
            rows=rows.count(where=now),
            set=rows[name].ifelse(1, 0).sum(where=now).fill_null(0),
            rows_before=rows.count(where=~now),
            set_before=rows[name].ifelse(1, 0).sum(where=~now).fill_null(0),
        )
        counts = counts.execute().iloc[0]
        share = counts.set_before / max(counts.rows_before, 1)
        if not counts.set and share * counts["rows"] >= FEWEST_EXPECTED:
            what = (
                f"no contact of the quarter is {name}, where {share:.1%} were in the year before: "
                "they may no longer be recorded"
            )
            found.append(Irregularity(LOST, "interactions", name, what, share))
    return found


def fillers(data: Dataset) -> list[Irregularity]:
    """One largest value far beyond all others, in many rows: 9999 where nothing was known."""
    rows = _of_quarter(data, "interactions")
    if rows is None:
        return []
    found = []
    for name in (each for each in MEASURED if data.has("interactions", each)):
        largest = rows[name].max().execute()
        if pd.isna(largest):
            continue
        is_it = rows[name] == largest
        counts = rows.aggregate(
            rows=rows[name].count(), times=is_it.ifelse(1, 0).sum(),
            usual=rows[name].quantile(0.99, where=~is_it),
        )  # fmt: skip
        counts = counts.execute().iloc[0]
        share = counts.times / max(counts["rows"], 1)
        if (
            counts["rows"] >= FEWEST_ROWS
            and share >= FILLED_IN
            and (largest > FAR_OFF * counts.usual)
        ):
            what = f"{name} is {largest:,.0f} in {share:.1%} of rows, and hardly ever as large else"
            found.append(Irregularity(FILLER, "interactions", name, what, share))
    return found


def one_customer(data: Dataset) -> list[Irregularity]:
    """One customer with a large part of all contacts: a test line, or a default for nobody.

    How much others have at most is told from the year before as well: of a quarter, little is left
    to chance in the largest share, and much in the next.
    """
    if "interactions" not in data.tables:
        return []
    rows = _lately(data, "interactions")
    now = rows.started_at >= ibis.timestamp(data.quarter.start)
    counts = rows.group_by("customer_id").agg(now=rows.count(where=now), lately=rows.count())
    counts = counts.execute().set_index("customer_id").sort_index()
    total = counts.now.sum()
    if total < FEWEST_ROWS or len(counts) < 2:
        return []
    share = counts.now.max() / total
    others = counts.lately.drop(counts.now.idxmax()).max() / counts.lately.sum()
    if share < ONE_CUSTOMER or share <= NEXT * others:
        return []
    what = (
        f"one customer has {share:.1%} of all contacts, {share / others:.0f} times as much as any "
        "other: it may stand for nobody known, or be a test"
    )
    return [Irregularity(CROWDED, "interactions", "customer_id", what, share)]


def hours_shifted(data: Dataset) -> list[Irregularity]:
    """Hours of the day that would be likelier, were all moved by some: another time zone."""
    if "interactions" not in data.tables:
        return []
    rows = _lately(data, "interactions")
    rows = rows.filter(rows.started_at != rows.started_at.truncate("D"))
    now = rows.started_at >= ibis.timestamp(data.quarter.start)
    counts = rows.group_by(now=now, hour=rows.started_at.hour()).agg(rows=rows.count()).execute()
    wide = counts.pivot(index="hour", columns="now", values="rows").reindex(range(24))
    if not {True, False} <= set(wide.columns):
        return []
    late, early = (wide[each].fillna(0).to_numpy(dtype=float) for each in (True, False))
    if min(late.sum(), early.sum()) < FEWEST_HOURS:
        return []
    usual = (early + 0.5) / (early.sum() + 12)
    fits = [float(late @ np.log(np.roll(usual, shift))) for shift in range(24)]
    best = int(np.argmax(fits))
    if best == 0 or fits[best] - fits[0] < LIKELIER + 0.02 * late.sum():
        return []
    hours = best if best <= 12 else best - 24
    what = (
        f"contacts come {abs(hours)} hour{'s' if abs(hours) > 1 else ''} "
        f"{'later' if hours > 0 else 'earlier'} in the day than in the year before: their times "
        "may be of another time zone"
    )
    return [Irregularity(SHIFTED, "interactions", "started_at", what, 1.0)]


def days_without_times(data: Dataset) -> list[Irregularity]:
    """Times of day that were recorded before, and are midnight now."""
    found = []
    for table in ("interactions", "surveys"):
        if table not in data.tables:
            continue
        at, rows = EVENT[table], _lately(data, table)
        now = rows[at] >= ibis.timestamp(data.quarter.start)
        midnight = (rows[at] == rows[at].truncate("D")).ifelse(1.0, 0.0)
        shares = rows.aggregate(now=midnight.mean(where=now), before=midnight.mean(where=~now))
        shares = shares.execute().iloc[0]
        if shares.now >= MIDNIGHT and shares.before <= SELDOM:
            what = (
                f"{at} has no time of day in {shares.now:.0%} of rows, in {shares.before:.0%} of "
                "those of the year before"
            )
            found.append(Irregularity(SHIFTED, table, at, what, float(shares.now)))
    return found


def scores_that_part(data: Dataset) -> list[Irregularity]:
    """Answers by which one can tell, without an exception, which accounts left."""
    return [
        Irregularity(
            FORETOLD, "surveys", "score",
            f"the answers to {metric} part the {rows:,} accounts that left from all others without "
            "an exception: they may have been entered when that was known",
            1.0,
        )
        for metric, rows in metrics_that_part(data).items()
    ]  # fmt: skip


def _of_quarter(data: Dataset, table: str) -> ir.Table | None:
    """The quarter's rows of a table; None where the dataset has no such table."""
    if table not in data.tables:
        return None
    return within(data.tables[table], EVENT[table], data.quarter.start, data.quarter.end)


def _lately(data: Dataset, table: str) -> ir.Table:
    """The rows of the quarter and of the year before it."""
    start = (pd.Timestamp(data.quarter.start) - YEAR).to_pydatetime()
    return within(data.tables[table], EVENT[table], start, data.quarter.end)
