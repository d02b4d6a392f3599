"""What is known of each account at a moment: its revenue, its purchases, and how long it stayed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir
import pandas as pd

from cxlib.data import Dataset, Quarter
from cxlib.measure.features import there_at
from cxlib.measure.once import worked_out_once

DAYS_PER_YEAR = 365.25
# A year of bookings is whole if the first came so shortly after its start: before a month is over.
LATE = timedelta(days=27)
# Of less than a quarter, a year cannot be worked out: it counts as a quarter.
LEAST_TENURE = 0.25
YEARS = ("revenue_12m", "revenue_prior", "revenue_before")
FACTS = (
    "name", "peers", *YEARS, "growth_potential", "strategic_value", "tenure", "size", "yearly", "x",
    "t_x", "T", "amount",
)  # fmt: skip
LIVES = ("entered", "left", "churned", "size")
# What the engine adds up of each account's bookings, per moment.
NOW = ("kept", "seen", "first", "last", "purchases", "spent")
# What was known of an account's purchases a year before a moment.
THEN = ("last_then", "purchases_then", "spent_then")
SUMS = (*YEARS, *NOW, *THEN)


@dataclass(frozen=True, eq=False)
class AccountBook:
    """What is known of accounts at a moment.

    Attributes:
        moment: The moment.
        accounts: Indexed by `account_id`, of those that are there: `name` (or the id), `peers`
            (industry, or one group of all), `revenue_12m` (booked in the twelve months before),
            `revenue_prior` and `revenue_before` (in each of the two years before those; NaN where
            the data, or the account's bookings, do not go back so far), `growth_potential` (money
            per year) and `strategic_value` as the company has entered them, NaN where it has not,
            `tenure` (years since signup, or since the first booking), `size` (revenue per
            year, over all that is seen), `yearly` (revenue of twelve months; of an account that has
            not been there so long, what it would be in a year), and its purchases, a day with
            bookings above zero being one: `x` (after the first), `t_x` and `T` (days from the first
            to the last, and to the moment), `amount` (mean; NaN without any).
        lives: Of all accounts ever seen, by `account_id`: years after signup at which it came into
            sight (`entered`) and at which it left, or was last seen (`left`), whether it `churned`,
            and its `size`.
        dated: Whether the dataset tells when accounts leave.
        snapshot: Whether all who have left did so on one day, so that it does not tell.
        recurring: The share of bookings above zero that recur by contract; NaN if not known.
        kept: The share of what is bought that is not refunded.
        year_ago: Of all accounts that had bought a year before, by `account_id`: `x`, `t_x`, `T`
            and `amount` as they were then, and `purchases_since` and `spent_since`.
    """

    moment: datetime
    accounts: pd.DataFrame
    lives: pd.DataFrame
    dated: bool
    recurring: float
    kept: float
    snapshot: bool = False
    year_ago: pd.DataFrame | None = None


def account_books(data: Dataset, moments: Sequence[datetime]) -> tuple[AccountBook, ...]:
    """What is known of accounts at each of some moments.

    What the company has entered of an account (growth potential, strategic value) is known as it
    stands today alone; bookings and churn as of each moment.

    Args:
        data: The dataset.
        moments: Midnights.

    Returns:
        A book per moment; its frames are empty where the dataset lacks accounts or revenue.
    """
    if data.lacks("accounts") or data.lacks("revenue"):
        accounts = pd.DataFrame(columns=list(FACTS), index=_nobody(), dtype=float)
        lives = pd.DataFrame(columns=list(LIVES), index=_nobody(), dtype=float)
        nan = float("nan")
        return tuple(AccountBook(each, accounts, lives, False, nan, nan) for each in moments)
    accounts = data.rows("accounts").execute().set_index("account_id").sort_index()
    booked = _booked(data, moments).reindex(accounts.index)
    recurring = _recurring(data)
    return tuple(
        _book(data, accounts, booked[[f"{name}_{n}" for name in SUMS]].set_axis(list(SUMS), axis=1),
              moment, recurring)
        for n, moment in enumerate(moments)
    )  # fmt: skip


@worked_out_once
def quarter_books(data: Dataset, quarter: Quarter, back: int = 5) -> tuple[AccountBook, ...]:
    """What is known of accounts at the ends of a quarter and of those before it, earliest first.

    Args:
        data: The dataset.
        quarter: The last quarter.
        back: How many quarters to go back; those whose twelve months the data do not span are left
            out. Five reach the same quarter of last year, and the one before it.
    """
    quarters = [quarter.shift(-each) for each in reversed(range(back + 1))]
    whole = [each for each in quarters if not year_unspanned(data, each)]
    ends = [each.end for each in whole if each != quarter]
    return account_books(data, [*ends, quarter.end])


def year_unspanned(data: Dataset, quarter: Quarter) -> str:
    """Why the twelve months up to a quarter's end are not known, in words; empty where they are."""
    return data.unspanned(quarter.shift(-3).start, quarter.end, "revenue")


def account_book(data: Dataset, moment: datetime) -> AccountBook:
    """What is known of accounts at one moment."""
    return account_books(data, [moment])[0]


def _nobody() -> pd.Index:
    return pd.Index([], name="account_id", dtype="str")


def _booked(data: Dataset, moments: Sequence[datetime]) -> pd.DataFrame:
    """Sums of each account's bookings as of each moment, in one question to the engine."""
    rows = data.rows("revenue")
    days = rows.group_by("account_id", day=rows.booked_at.truncate("D")).agg(net=rows.amount.sum())
    sums = {}
    for n, moment in enumerate(moments):
        at = pd.Timestamp(moment)
        for back, name in enumerate(YEARS):
            start, end = (at - pd.DateOffset(years=each) for each in (back + 1, back))
            inside = (days.day >= ibis.timestamp(start)) & (days.day < ibis.timestamp(end))
            sums[f"{name}_{n}"] = days.net.sum(where=inside)
        sums |= {f"{name}_{n}": value for name, value in _bought(days, at).items()}
    return days.group_by("account_id").agg(**sums).execute().set_index("account_id")


def _bought(days: ir.Table, moment: pd.Timestamp) -> dict[str, ir.Value]:
    known = days.day < ibis.timestamp(moment)
    bought = known & (days.net > 0)
    then = bought & (days.day < ibis.timestamp(moment - pd.DateOffset(years=1)))
    return {
        "kept": days.net.sum(where=known),
        "seen": days.day.min(where=known),
        "first": days.day.min(where=bought),
        "last": days.day.max(where=bought),
        "purchases": days.day.count(where=bought),
        "spent": days.net.sum(where=bought),
        "last_then": days.day.max(where=then),
        "purchases_then": days.day.count(where=then),
        "spent_then": days.net.sum(where=then),
    }


def _recurring(data: Dataset) -> float:
    if data.lacks("revenue", "kind"):
        return float("nan")
    rows = data.rows("revenue", "kind").filter(lambda row: row.amount > 0)
    share = (rows.kind == "recurring").cast("float64").mean().execute()
    return float("nan") if pd.isna(share) else float(share)


def _book(
    data: Dataset, accounts: pd.DataFrame, booked: pd.DataFrame, moment: datetime, recurring: float
) -> AccountBook:
    begun = accounts.signup_date.fillna(booked.seen)
    left = accounts.churn_date.where(accounts.churn_date < moment)
    lives = pd.DataFrame(
        {
            # Who had left before the data begin is not in them: nobody is at risk before that.
            "entered": _years(pd.Timestamp(data.start) - begun).clip(lower=0.0),
            "left": _years(left.fillna(pd.Timestamp(moment)) - begun),
            "churned": left.notna().astype(float),
        }
    )
    seen = (lives["left"] - lives.entered).clip(lower=1 / 12)
    lives["size"] = booked.kept / seen
    lives = lives[(lives["left"] > lives.entered) & begun.notna()]
    there = there_at(accounts, moment)
    if accounts.signup_date.isna().all() and accounts.churn_date.isna().all():
        # Of accounts without any date it is known that they are there once they have a booking.
        there = there[booked.seen.reindex(there.index).notna()]
    facts = booked.reindex(there.index)
    table = pd.DataFrame(
        {
            "name": there.name.astype("str").where(there.name.notna(), there.index),
            "peers": there.industry.astype("str").where(there.industry.notna(), "all"),
            "revenue_12m": facts.revenue_12m.fillna(0.0),
            **{name: _whole(data, facts, accounts.signup_date, name, moment) for name in YEARS[1:]},
            "growth_potential": there.growth_potential.astype(float),
            "strategic_value": there.strategic_value.astype(float),
            "tenure": _years(pd.Timestamp(moment) - begun.reindex(there.index)),
            "size": (booked.kept / seen).reindex(there.index),
            "yearly": facts.revenue_12m.fillna(0.0)
            / _years(pd.Timestamp(moment) - begun.reindex(there.index))
            .clip(LEAST_TENURE, 1.0)
            .fillna(1.0),
            "x": (facts.purchases - 1).clip(lower=0).fillna(0).astype(float),
            "t_x": (facts["last"] - facts["first"]).dt.days.fillna(0).astype(float),
            "T": (pd.Timestamp(moment) - facts["first"]).dt.days.astype(float),
            "amount": facts.spent / facts.purchases.where(facts.purchases > 0),
        }
    )
    spent, kept = facts.spent.sum(), facts.kept.sum()
    share = min(max(kept / spent, 0.0), 1.0) if spent > 0 else float("nan")
    dated = bool(accounts.churn_date.notna().any())
    lives = lives.rename_axis("account_id")
    at_once = data.left_at_once is not None
    earlier = _year_ago(booked, moment)
    return AccountBook(moment, table, lives, dated, recurring, share, at_once, earlier)


def _year_ago(booked: pd.DataFrame, moment: datetime) -> pd.DataFrame:
    """What was known a year before of those that had bought, and what they bought since."""
    then = booked[booked.purchases_then > 0]
    ago = pd.Timestamp(moment) - pd.DateOffset(years=1)
    return pd.DataFrame(
        {
            "x": (then.purchases_then - 1).astype(float),
            "t_x": (then.last_then - then["first"]).dt.days.astype(float),
            "T": (ago - then["first"]).dt.days.astype(float),
            "amount": then.spent_then / then.purchases_then,
            "purchases_since": (then.purchases - then.purchases_then).astype(float),
            "spent_since": then.spent - then.spent_then,
        }
    )


def _whole(
    data: Dataset, facts: pd.DataFrame, signup: pd.Series, name: str, moment: datetime
) -> pd.Series:
    """A year's revenue, where the account was a customer from the year's start on.

    Eleven months taken for twelve would pass for growth a year later.
    """
    years = YEARS.index(name) + 1
    start = (pd.Timestamp(moment) - pd.DateOffset(years=years)).to_pydatetime()
    first = facts["first"]
    # An account without a day of sign-up that buys as soon as the data begin may be an old one.
    signup = signup.reindex(facts.index)
    begun = (signup.fillna(first) <= start) | (signup.isna() & (first <= data.start + LATE))
    known = begun & (first <= start + LATE) & (data.start <= start + LATE)
    return facts[name].fillna(0.0).where(known)


def _years(span: pd.Series) -> pd.Series:
    return span.dt.days / DAYS_PER_YEAR
