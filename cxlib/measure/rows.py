"""The rows that KPIs count: survey answers, contacts, and accounts and customers per period.

Columns made here begin with an underscore, which no column of a dataset does.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import ibis
import ibis.expr.types as ir
import pandas as pd

from cxlib.data import Dataset

WHOLE = "all"  # the period that covers everything
SECONDS_PER_DAY = 86_400


def survey_rows(data: Dataset, wanted: Iterable[str]) -> ir.Table:
    """Survey rows with the wanted columns, and those that KPIs derive from (`_…`)."""
    rows = data.rows("surveys", *wanted)
    end = ibis.timestamp(data.end).epoch_seconds()
    sent = rows.sent_at.epoch_seconds()
    return rows.mutate(
        _answered_at=rows.responded_at.fill_null(rows.sent_at),
        _days_to_answer=(rows.responded_at.epoch_seconds() - sent) / SECONDS_PER_DAY,
        _days_since_sent=(end - sent) / SECONDS_PER_DAY,
    )


def contact_rows(data: Dataset, wanted: Iterable[str], followed: bool) -> ir.Table:
    """Contact rows with the wanted columns.

    Args:
        data: The dataset.
        wanted: Columns of the contact, its customer and its account.
        followed: Add when the customer came back (`_…`), which takes a look at every other contact.
            Of contacts at the very same moment, the wanted columns tell which is first: where
            these are alike as well, either order comes to the same.
    """
    end = ibis.timestamp(data.end).epoch_seconds()
    if not followed:
        return _with_course(data.rows("interactions", *wanted), data)
    every = data.contacts
    own = _own(data, "interactions")
    matter = [name for name in ("reason", "touchpoint") if name in own][:1]
    following = every.started_at.lead().over(
        group_by=[every.customer_id, *(every[name] for name in matter)],
        order_by=[every.started_at, *(every[name] for name in wanted if name in own)],
    )
    # Of a contact whose matter is not recorded, nobody can say whether it came back; nor of one
    # whose customer nobody knows.
    known = every[matter[0]].notnull() if matter else ibis.literal(True)
    if data.has("customers", "known"):
        known = known & every.customer_id.notin(strangers(data).customer_id)
    if data.tables["interactions"] is every:
        # Nothing is filtered out, so what follows can be looked up where the contacts stand.
        followed_by = every.mutate(_next_at=following, _matter_known=known)
        whole = replace(data, tables=data.tables | {"interactions": followed_by})
        rows = whole.rows("interactions", *wanted)
    else:
        follow = every.select("interaction_id", _next_at=following, _matter_known=known)
        rows = data.rows("interactions", *wanted)
        rows = rows.left_join(follow, "interaction_id").drop("interaction_id_right")
    started = rows.started_at.epoch_seconds()
    return _with_course(rows, data).mutate(
        _days_to_next=(rows._next_at.epoch_seconds() - started) / SECONDS_PER_DAY,
        _days_followed=(end - started) / SECONDS_PER_DAY,
    )


def _with_course(rows: ir.Table, data: Dataset) -> ir.Table:
    """Contact rows with how long they were open, and whether they are overdue.

    And whether the customer waits `_on_the_line`; by letter or e-mail nobody does.
    """
    started = rows.started_at.epoch_seconds()
    return rows.mutate(
        _on_the_line=~rows.channel.lower().isin(data.config.channels.unattended),
        _seconds_open=(rows.closed_at.epoch_seconds() - started).cast("float64"),
        _overdue=(rows.due_at < ibis.timestamp(data.end)).fill_null(False),
    )


def count_rows(data: Dataset, wanted: Iterable[str]) -> ir.Table:
    """Rows of counts with the wanted columns; what they share is their day, which is the unit."""
    rows = data.rows("counts", *wanted)
    on_the_line = ~rows.channel.lower().isin(data.config.channels.unattended)
    return rows.mutate(_on_the_line=on_the_line, _unit=rows.day.cast("string"))


def account_rows(data: Dataset, wanted: Iterable[str], spans: pd.DataFrame) -> ir.Table:
    """A row per account and period in which it was there, with its bookings (`_…`).

    `_amount_before` is what was booked in the same period of last year; who had booked then and is
    gone has a row as well, and is not `_there`. An account is there from its signup to its churn,
    and in any period in which it has bookings; where a dataset has neither date, only then.

    Args:
        data: The dataset.
        wanted: Columns of the account to keep.
        spans: The periods: `period`, `start`, `end`.
    """
    rows = data.rows("accounts", *wanted)
    rows = rows.select(*dict.fromkeys(("account_id", "signup_date", "churn_date", *wanted)))
    rows = rows.cross_join(periods(spans))
    booked = _bookings(data, spans)
    rows = rows.left_join(booked, ["account_id", "_period"])
    rows = rows.drop("account_id_right", "_period_right")
    # A year before the data begin, nothing is known.
    year = pd.DateOffset(years=1)
    earlier = spans.assign(start=spans.start - year, end=spans.end - year)
    seen = [
        not data.missing_of(start, end, "revenue")
        for start, end in zip(earlier.start, earlier.end, strict=True)
    ]
    earlier = earlier.loc[seen].astype({"start": "datetime64[us]", "end": "datetime64[us]"})
    before = _bookings(data, earlier)
    before = before.select("account_id", "_period", _amount_before=before._amount)
    rows = rows.left_join(before, ["account_id", "_period"])
    rows = rows.drop("account_id_right", "_period_right")
    own = _own(data, "accounts")
    dated = "signup_date" in own or "churn_date" in own
    joined = rows.signup_date.isnull() | (rows.signup_date < rows._end)
    stays = rows.churn_date.isnull() | (rows.churn_date >= rows._start)
    there = (joined & stays & dated) | rows._bookings.notnull()
    amounts = ("_amount", "_purchases", "_refunded", "_sold", "_upsold", "_amount_before")
    # Who had booked a year before and is gone is asked for by one KPI alone.
    rows = rows.mutate(_there=there)
    rows = rows.filter(rows._there | (rows._amount_before > 0).fill_null(False))
    joined_before = rows.signup_date.isnull() | (rows.signup_date < rows._start)
    stays = rows.churn_date.isnull() | (rows.churn_date >= rows._start)
    return rows.mutate(
        _at_start=joined_before & stays & rows._there,
        _churned=(rows.churn_date < rows._end).fill_null(False),
        **{name: rows[name].fill_null(0) for name in amounts},
    )


def customer_rows(data: Dataset, wanted: Iterable[str], spans: pd.DataFrame) -> ir.Table:
    """Customers who were there in a period, and their contacts in it.

    A row per customer and period in which the customer's account was there (`_people` is 1), and
    one per contact of theirs (`_contacts` is 1), which alone has a moment, `started_at`.
    """
    dates = [name for name in ("signup_date", "churn_date") if data.has("customers", name)]
    rows = without_strangers(data, data.rows("customers", *wanted, *dates))
    rows = rows.select(*dict.fromkeys(("customer_id", *dates, *wanted)))
    rows = rows.cross_join(periods(spans))
    if "signup_date" in dates:
        rows = rows.filter(rows.signup_date.isnull() | (rows.signup_date < rows._end))
    if "churn_date" in dates:
        rows = rows.filter(rows.churn_date.isnull() | (rows.churn_date >= rows._start))
    people = rows.drop(*(name for name in dates if name not in wanted))
    contacts = data.tables["interactions"].select("customer_id", "started_at")
    contacts = contacts.join(
        people,
        [
            contacts.customer_id == people.customer_id,
            contacts.started_at >= people._start,
            contacts.started_at < people._end,
        ],
    ).drop("customer_id_right")
    nothing = {"_people": ibis.literal(1.0), "_contacts": ibis.literal(0.0)}
    people = people.mutate(started_at=ibis.null("timestamp(6)"), **nothing)
    contacts = contacts.mutate(_people=ibis.literal(0.0), _contacts=ibis.literal(1.0))
    columns = people.columns
    contacts = contacts.mutate(started_at=contacts.started_at.cast("timestamp(6)"))
    return people.union(contacts.select(*columns))


def strangers(data: Dataset) -> ir.Table:
    """The customers who stand in for somebody whom nobody knows, each for a single contact."""
    customers = data.tables["customers"]
    return customers.filter(~customers.known.fill_null(True))


def without_strangers(data: Dataset, rows: ir.Table) -> ir.Table:
    """Rows of customers, less those who stand in for somebody whom nobody knows."""
    if not data.has("customers", "known"):
        return rows
    return rows.anti_join(strangers(data), "customer_id")


def within(rows: ir.Table, at: str, start: datetime, end: datetime) -> ir.Table:
    """The rows whose moment lies in a window."""
    return rows.filter(rows[at] >= ibis.timestamp(start), rows[at] < ibis.timestamp(end))


def in_spans(rows: ir.Table, at: str, spans: pd.DataFrame) -> ir.Table:
    """Rows with the `_period` that they fall in; those outside every period are left out."""
    named = periods(spans)
    if _are_months(spans):
        # Two comparisons for each row and month would take most of the time; but those that lie
        # outside all of them need not be read.
        first, last = (
            ibis.timestamp(pd.Timestamp(each)) for each in (spans.start.min(), spans.end.max())
        )
        rows = rows.filter(rows[at] >= first, rows[at] < last)
        rows = rows.mutate(_period=rows[at].truncate("M"))
        return rows.semi_join(named, "_period")
    return rows.join(named, [rows[at] >= named._start, rows[at] < named._end])


def open_at_end(rows: ir.Table, spans: pd.DataFrame, end: datetime) -> ir.Table:
    """Contacts with each `_period` at whose end, or at that of the data, they were open."""
    named = periods(spans.assign(end=spans.end.clip(upper=pd.Timestamp(end))))
    begun = rows.started_at < named._end
    return rows.join(named, [begun, (rows.closed_at >= named._end) | rows.closed_at.isnull()])


def _are_months(spans: pd.DataFrame) -> bool:
    starts, ends = pd.to_datetime(spans.start), pd.to_datetime(spans.end)
    first = (starts.dt.day == 1) & (starts == starts.dt.normalize())
    named = pd.api.types.is_datetime64_any_dtype(spans.period) and (spans.period == starts).all()
    return bool(named and first.all() and (ends == starts + pd.offsets.MonthBegin()).all())


def _bookings(data: Dataset, spans: pd.DataFrame) -> ir.Table:
    if "revenue" not in data.tables:
        kinds = {"account_id": "string", "_period": "timestamp(6)"}
        kinds |= dict.fromkeys(("_amount", "_refunded", "_sold"), "float64")
        kinds |= dict.fromkeys(("_bookings", "_purchases", "_upsold"), "int64")
        return ibis.memtable(pd.DataFrame(columns=list(kinds)), schema=kinds)
    rows = data.tables["revenue"].select("account_id", "booked_at", "amount", "kind")
    rows = in_spans(rows, "booked_at", spans)
    sale = rows.amount > 0
    upsell = rows.kind.isin(["upsell", "cross_sell"]) & sale
    return rows.group_by("account_id", "_period").agg(
        _bookings=rows.count(),
        _amount=rows.amount.sum(),
        _purchases=sale.sum(),
        _refunded=(-rows.amount).sum(where=rows.amount < 0).fill_null(0),
        _sold=rows.amount.sum(where=sale).fill_null(0),
        _upsold=upsell.any().fill_null(False).cast("int64"),
    )


def periods(spans: pd.DataFrame) -> ir.Table:
    """The periods as a table of the engine: `_period`, `_start`, `_end`, and `_weeks` if given."""
    columns = [name for name in ("period", "start", "end", "weeks") if name in spans]
    return ibis.memtable(spans[columns].add_prefix("_"))


def _own(data: Dataset, table: str) -> set[str]:
    """The columns that a table's own file brought."""
    return {name for name, home in data.columns_of(table).items() if home == table}
