"""Whether tables contradict one another, and whose revenue is touched by what is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

import ibis.expr.types as ir
import pandas as pd

from cxlib.data import Dataset

# A day is as near as dates without a time of day can be compared.
DAY = timedelta(days=1)
LONGEST_SECONDS = 12 * 3_600
# Who leaves is still billed for the month before.
LAST_INVOICE = timedelta(days=45)


@dataclass(frozen=True)
class Contradiction:
    """Rows that cannot be true together with others.

    Attributes:
        name: What is wrong, in words.
        table: Whose rows.
        rows, of: How many, and of how many rows of the table.
        accounts: How many of them each account has, as far as that can be worked out.
    """

    name: str
    table: str
    rows: int
    of: int
    accounts: Mapping[str, int]


@dataclass(frozen=True)
class _Rule:
    name: str
    table: str
    needs: tuple[str, ...]
    broken: Callable[[ir.Table], ir.BooleanValue]


RULES = (
    _Rule("a survey sent before its contact began", "surveys", ("interaction_id", "started_at"),
          lambda rows: rows.sent_at < rows.started_at - DAY),
    _Rule("an answer before its survey was sent", "surveys", ("responded_at",),
          lambda rows: rows.responded_at < rows.sent_at - DAY),
    _Rule("an answer without a score", "surveys", ("responded_at", "score"),
          lambda rows: rows.responded_at.notnull() & rows.score.isnull()),
    _Rule("a score without the time of its answer", "surveys", ("responded_at", "score"),
          lambda rows: rows.score.notnull() & rows.responded_at.isnull()),
    _Rule("revenue after the account had left", "revenue", ("churn_date",),
          lambda rows: (rows.booked_at >= rows.churn_date + LAST_INVOICE) & (rows.amount > 0)),
    _Rule("revenue before the account had signed up", "revenue", ("signup_date",),
          lambda rows: rows.booked_at < rows.signup_date - DAY),
    _Rule("a contact before the account had signed up", "interactions", ("signup_date",),
          lambda rows: rows.started_at < rows.signup_date - DAY),
    _Rule("an abandoned contact that was solved", "interactions", ("abandoned", "resolved"),
          lambda rows: rows.abandoned & rows.resolved),
    _Rule("an abandoned contact that was handled", "interactions", ("abandoned", "handle_seconds"),
          lambda rows: rows.abandoned & (rows.handle_seconds > 0)),
    _Rule("handling of more than 12 hours", "interactions", ("handle_seconds",),
          lambda rows: rows.handle_seconds > LONGEST_SECONDS),
)  # fmt: skip
# Two rows with another id but the same of these are one thing that came in twice.
SAME = MappingProxyType(
    {
        "interactions": ("customer_id", "started_at", "channel"),
        "surveys": ("customer_id", "interaction_id", "sent_at", "metric"),
    }
)


def find_contradictions(data: Dataset) -> tuple[Contradiction, ...]:
    """What the tables of a dataset say against one another; those without any are told as well.

    A rule whose columns the dataset lacks is left out.
    """
    found = [_ask(data, rule) for rule in RULES if data.has(rule.table, *rule.needs)]
    found += [_twice(data, table) for table in SAME if data.has(table, *SAME[table])]
    if data.has("accounts") and data.has("customers"):
        found.append(_without_customers(data))
    return tuple(found)


def _ask(data: Dataset, rule: _Rule) -> Contradiction:
    keys = ("account_id",) if data.has(rule.table, "account_id") else ()
    rows = data.rows(rule.table, *rule.needs, *keys)
    is_broken = rule.broken(rows).fill_null(False)
    counts = rows.aggregate(of=rows.count(), broken=is_broken.ifelse(1, 0).sum().fill_null(0))
    counts = counts.execute().iloc[0]
    broken = rows.filter(is_broken)
    return _told(rule.name, rule.table, broken, int(counts.broken), int(counts.of))


def _told(name: str, table: str, broken: ir.Table, count: int, of: int) -> Contradiction:
    accounts = {}
    if count and "account_id" in broken.columns:
        rows = broken.filter(broken.account_id.notnull()).group_by("account_id")
        accounts = rows.agg(n=lambda rows: rows.count()).execute().set_index("account_id").n
    return Contradiction(name, table, count, of, dict(accounts))


def _twice(data: Dataset, table: str) -> Contradiction:
    keys = ("account_id",) if data.has(table, "account_id") else ()
    rows = data.rows(table, *SAME[table], *keys)
    if table == "surveys":
        # Without its contact, a survey may well be asked twice at once.
        rows = rows.filter(rows.interaction_id.notnull())
    else:
        # Dates without a time of day leave room for two contacts on one day.
        rows = rows.filter(rows.started_at != rows.started_at.truncate("D"))
    groups = rows.group_by(*SAME[table], *keys).agg(times=rows.count())
    counts = groups.aggregate(
        of=groups.times.sum().fill_null(0), copies=(groups.times - 1).sum().fill_null(0)
    )
    counts = counts.execute().iloc[0]
    again = groups.filter(groups.times > 1)
    name = "rows that are alike but for their id"
    return _told(name, table, again, int(counts.copies), int(counts.of))


def _without_customers(data: Dataset) -> Contradiction:
    accounts, customers = data.tables["accounts"], data.tables["customers"]
    alone = accounts.anti_join(customers, "account_id").select("account_id")
    count, of = int(alone.count().execute()), int(accounts.count().execute())
    return _told("an account without a customer", "accounts", alone, count, of)


def rows_of_accounts(data: Dataset) -> dict[str, pd.Series]:
    """How many rows each account has, by table; of tables whose rows belong to accounts."""
    found = {}
    for table in data.tables:
        if data.has(table, "account_id"):
            rows = data.rows(table, "account_id")
            counts = rows.filter(rows.account_id.notnull()).group_by("account_id")
            counts = counts.agg(n=lambda rows: rows.count()).execute()
            found[table] = counts.set_index("account_id").n
    return found


def revenue_of_accounts(data: Dataset) -> pd.Series:
    """The revenue of the last twelve months, by account; empty where the dataset has none."""
    if not data.has("revenue"):
        return pd.Series(dtype=float)
    rows = data.tables["revenue"]
    since = pd.Timestamp(data.end) - pd.DateOffset(years=1)
    rows = rows.filter(rows.booked_at >= since.to_pydatetime())
    sums = rows.group_by("account_id").agg(revenue=rows.amount.sum()).execute()
    return sums.set_index("account_id").revenue


def accounts_of_faults(data: Dataset) -> pd.Series:
    """The account of each row set apart, where it is known: as `data.faults`, row for row."""
    account = data.faults.account_id.astype("object")
    if data.has("customers"):
        homes = data.tables["customers"].select("customer_id", "account_id").execute()
        known = homes.set_index("customer_id").account_id
        account = account.where(account.notna(), data.faults.customer_id.map(known))
    return account
