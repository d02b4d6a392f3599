"""What was done for accounts: contacts, hours and cost, and what their customers answered."""

from datetime import datetime

import ibis
import pandas as pd

from cxlib.data import Dataset, Quarter
from cxlib.measure.features import accounts_at
from cxlib.measure.rows import in_spans, survey_rows, within
from cxlib.score_changes.activity import account_activity
from cxlib.score_changes.invitations import quarter_spans

SERVICE = ("contacts", "handled", "seconds", "usual", "squares", "cost")
QUARTERS_BACK = 4
# Of the fees before the last two, so many tell what is usual.
FEES_BACK = 12
FEES = ("fee_last", "fee_second", "fee_count", "fee_mean", "fee_spread")


def account_service(data: Dataset, start: datetime, end: datetime) -> pd.DataFrame:
    """What each account took of the service over a window.

    Returns:
        Indexed by `account_id`, of accounts that are there at `end`: `contacts`, `handled` (those
        with a handling time), `seconds` (of handling), `usual` (what such contacts take on average,
        by channel and reason), `squares` (of how far a contact's time lies from the usual, as a
        share of it, added up over contacts), `cost` (NaN where the dataset does not tell). Empty
        where contacts lead to no account.
    """
    accounts = accounts_at(data, end)
    if data.lacks("interactions", "account_id") or accounts.empty:
        return pd.DataFrame(columns=list(SERVICE), index=accounts.index[:0], dtype=float)
    rows = within(data.rows("interactions", "account_id"), "started_at", start, end)
    # A column that no file brought is empty, and so the same for all.
    rows = rows.mutate(
        _seconds=rows.handle_seconds.cast("float64"),
        _usual=rows.handle_seconds.mean().over(group_by=[rows.channel, rows.reason]),
    )
    off = rows._seconds / rows._usual.nullif(0) - 1
    sums = rows.group_by("account_id").agg(
        contacts=rows.count(), handled=rows._seconds.count(), seconds=rows._seconds.sum(),
        usual=rows._usual.sum(where=rows._seconds.notnull()), squares=(off * off).sum(),
        cost=rows.cost.cast("float64").sum(),
    )  # fmt: skip
    table = sums.execute().set_index("account_id").reindex(accounts.index).astype(float).fillna(0.0)
    if data.lacks("interactions", "cost"):
        table["cost"] = float("nan")
    return table


def account_answers(data: Dataset, start: datetime, end: datetime) -> pd.DataFrame:
    """The answers of each account's customers over a window.

    Returns:
        A row per account and question: `account_id`, `metric`, `answers`, `mean`.
    """
    if data.lacks("surveys", "score", "account_id"):
        return pd.DataFrame(columns=["account_id", "metric", "answers", "mean"])
    rows = within(survey_rows(data, ["account_id"]), "_answered_at", start, end)
    rows = rows.filter(rows.score.notnull())
    means = rows.group_by("account_id", "metric").agg(answers=rows.count(), mean=rows.score.mean())
    return means.execute().sort_values(["account_id", "metric"], ignore_index=True)


def revenue_quarters(data: Dataset, quarter: Quarter) -> pd.DataFrame:
    """Revenue of each account in a quarter (`now`) and in the four before it (`1`, the last, …).

    Returns:
        Indexed by `account_id`, of accounts that are there at the quarter's end; NaN where the
        data, or the account, were not there from the beginning of the quarter; `bookings` above
        zero per quarter, in the four before; and the columns of `last_fees`.
    """
    accounts = accounts_at(data, quarter.end)
    names = {"now": quarter}
    names |= {str(n): quarter.shift(-n) for n in range(1, QUARTERS_BACK + 1)}
    if data.lacks("revenue") or accounts.empty:
        columns = [*names, "bookings", *FEES]
        return pd.DataFrame(columns=columns, index=accounts.index[:0], dtype=float)
    rows = in_spans(data.rows("revenue"), "booked_at", quarter_spans(names))
    sums = rows.group_by("account_id", "_period").agg(
        revenue=rows.amount.sum(), bookings=(rows.amount > 0).sum()
    )
    sums = sums.execute()
    wide = sums.pivot(index="account_id", columns="_period", values="revenue")
    wide = wide.reindex(index=accounts.index, columns=list(names)).fillna(0.0)
    begun = accounts.signup_date.fillna(pd.Timestamp(data.start))
    for name, each in names.items():
        known = (begun <= each.start) & (not data.unspanned(each.start, each.end, "revenue"))
        wide[name] = wide[name].where(known)
    earlier = sums[sums._period != "now"].groupby("account_id").bookings.sum()
    there = wide.drop(columns="now").notna().sum(axis=1)
    wide["bookings"] = earlier.reindex(wide.index).fillna(0.0) / there.where(there > 0)
    return wide.join(last_fees(data, quarter))


def last_fees(data: Dataset, quarter: Quarter) -> pd.DataFrame:
    """The last two amounts of each account that booked in a quarter, beside those before them.

    Recurring bookings, where the dataset tells which are; otherwise all above zero.

    Returns:
        Indexed by `account_id`: `fee_last` and `fee_second` (the last, and the one before);
        `fee_count`, `fee_mean` and `fee_spread` (of up to a dozen before these).
    """
    rows = data.rows("revenue")
    rows = rows.filter(rows.amount > 0, rows.booked_at < ibis.timestamp(quarter.end))
    if data.has("revenue", "kind"):
        recurring = rows.filter(rows.kind == "recurring")
        rows = recurring if recurring.count().execute() else rows
    newest_first = ibis.window(
        group_by="account_id", order_by=[ibis.desc("booked_at"), ibis.desc("amount")]
    )
    rows = rows.mutate(_place=ibis.row_number().over(newest_first))
    lately = rows.booked_at >= ibis.timestamp(quarter.start)
    earlier = (rows._place >= 2) & (rows._place < 2 + FEES_BACK)
    found = rows.filter(rows._place < 2 + FEES_BACK).group_by("account_id").agg(
        fee_last=rows.amount.max(where=(rows._place == 0) & lately),
        fee_second=rows.amount.max(where=rows._place == 1),
        fee_count=earlier.cast("int64").sum(),
        fee_mean=rows.amount.mean(where=earlier),
        fee_spread=rows.amount.std(where=earlier),
    )  # fmt: skip
    return found.execute().set_index("account_id")[list(FEES)].astype(float)


def account_signs(
    data: Dataset, quarter: Quarter
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """What may be a sign of leaving by the end of a quarter.

    Returns:
        Activity (`account_activity`), the answers of the last two quarters (`account_answers`) and
        revenue (`revenue_quarters`).
    """
    answers = account_answers(data, quarter.previous.start, quarter.end)
    return account_activity(data, quarter), answers, revenue_quarters(data, quarter)


def accounts_heard(data: Dataset, quarter: Quarter) -> list[str] | None:
    """The accounts that have answered or made contact in a quarter or in the three before it.

    None where the data tell of neither. Contacts count whatever the filter.
    """
    start = quarter.shift(-3).start
    known = None
    if data.has("surveys", "score", "account_id"):
        known = set(account_answers(data, start, quarter.end).account_id)
    if data.contacts is not None and data.has("customers", "account_id"):
        people = data.tables["customers"].select("customer_id", "account_id")
        rows = within(data.contacts, "started_at", start, quarter.end).select("customer_id")
        made = rows.distinct().join(people, "customer_id").account_id.execute()
        known = (known or set()) | set(made)
    return sorted(known) if known is not None else None


def account_revenue(data: Dataset, start: datetime, end: datetime) -> pd.Series:
    """What was booked of each account in a window, by `account_id`; all that is booked counts."""
    if data.lacks("revenue"):
        return pd.Series(dtype=float)
    rows = within(data.rows("revenue"), "booked_at", start, end)
    sums = rows.group_by("account_id").agg(revenue=rows.amount.sum()).execute()
    return sums.set_index("account_id").revenue.astype(float)


def left_since(data: Dataset, quarter: Quarter) -> pd.Series:
    """Whether each account that was there at the end of a quarter has left since.

    Empty where the dataset does not tell when accounts leave.
    """
    accounts = accounts_at(data, quarter.end)
    if data.lacks("accounts", "churn_date"):
        return pd.Series(dtype=bool, index=accounts.index[:0])
    return accounts.churn_date < data.end
