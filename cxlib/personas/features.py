"""Who customers are and how they behave: the features that personas are made of."""

from collections.abc import Sequence
from datetime import datetime
from difflib import get_close_matches

import ibis
import ibis.expr.types as ir
import pandas as pd

from cxlib.data import Dataset, Quarter
from cxlib.errors import DataError
from cxlib.measure.kpis import KPIS
from cxlib.measure.rows import contact_rows, strangers, survey_rows, within, without_strangers

# What contacts are divided by, into shares that add up to one.
SPLITS = ("channel", "reason", "touchpoint")
CHANNEL_RATE = "channel_rate"
# Names that features have whatever the dataset's columns are called.
BUILT = (
    *SPLITS, "contact_rate", CHANNEL_RATE, "transfers", "repeats", "wait", "age", "tenure", "spend",
)  # fmt: skip
# Columns that no dataset has, since theirs do not begin with an underscore.
CONTACTS, MONTHS = "_contacts", "_months"
DAYS_PER_MONTH, DAYS_PER_YEAR = 365.25 / 12, 365.25
# A feature that is an ingredient of KPIs: groups made by it differ in them by construction.
INGREDIENT_OF = {
    "contact_rate": ("contact_rate",),
    "channel_rate": ("contact_rate",),
    "transfers": ("transfer_rate",),
    "repeats": ("repeat_contact_rate",),
    "wait": ("average_speed_of_answer", "service_level"),
    "csat": ("csat", "csat_top2", "csat_bottom2"),
    "nps": ("nps",),
    "ces": ("ces",),
    "spend": ("revenue_per_account",),
}


def customer_features(
    data: Dataset, start: datetime, end: datetime, chosen: Sequence[str] = ()
) -> pd.DataFrame:
    """What is known of each customer who made contact in a window, and of whom anything is.

    Where there are no contacts at all, it is all customers.

    Args:
        data: The dataset.
        start, end: The window.
        chosen: The features to use, by name; all but `channel_rate`, if empty.

    Returns:
        Indexed by `customer_id`, and sorted by it. A column per feature that the dataset has:
        `channel: phone`, `reason: …`, `touchpoint: …` (shares of the customer's contacts);
        `contact_rate` (contacts a month, while the account was there); `channel_rate: phone` (the
        same per channel); `transfers` (per contact); `repeats` (share of contacts after which the
        customer came back about the same matter); `wait` (1 is usual for the channel; geometric
        mean); the mean of each further number among the columns of interactions; `csat`, `nps`,
        `ces` and the dataset's own metrics (mean score); `age` and `tenure` (years, at `end`);
        `spend` (bookings of the customer's account in the window); and the customer's other
        columns as they are.

    Raises:
        DataError: A chosen feature is not among these, or tells what another tells already.
    """
    known = feature_names(data)
    _refuse_unknown(data, chosen, known)
    _refuse_rates_twice(data, chosen)
    wanted = set(chosen or known) - (set() if chosen else {CHANNEL_RATE})
    if data.has("interactions"):
        rows = without_strangers(data, within(data.rows("interactions"), "started_at", start, end))
        table = _contacts(data, rows, start, end)
    else:
        # Of a snapshot, all customers are there, and nobody knows what they did.
        rows = without_strangers(data, data.rows("customers"))
        table = rows.select("customer_id").execute().set_index("customer_id")
    for name in wanted & set(SPLITS):
        counts = _counts(rows, name)
        table = table.join(counts.div(counts.sum(axis=1), axis=0).add_prefix(f"{name}: "))
    if CHANNEL_RATE in wanted:
        rates = _counts(rows, "channel").div(table[MONTHS], axis=0)
        table = table.join(rates.add_prefix(f"{CHANNEL_RATE}: "))
    if wanted & set(data.config.scales):
        table = table.join(_scores(data, start, end))
    table = table.join(_own(data, start, end)).sort_index()
    names = [name for name in known if name in wanted]
    return table[[each for name in names for each in _columns(table, name)]]


def contacts_of_strangers(data: Dataset, start: datetime, end: datetime) -> tuple[int, int]:
    """How many contacts of a window are of customers whom nobody knows, and of how many."""
    if not data.has("interactions"):
        return 0, 0
    rows = within(data.rows("interactions"), "started_at", start, end)
    if not data.has("customers", "known"):
        return 0, int(rows.count().execute())
    whose = rows.customer_id.isin(strangers(data).customer_id)
    counts = rows.aggregate(n=rows.count(), unknown=whose.ifelse(1, 0).sum().fill_null(0))
    counts = counts.execute().iloc[0]
    return int(counts.unknown), int(counts.n)


def earlier_customers(
    data: Dataset, quarter: Quarter, chosen: Sequence[str] = ()
) -> pd.DataFrame | None:
    """Customers as they were in the year to the end of an earlier quarter.

    Returns:
        As `customer_features`; None if the data do not reach back so far.
    """
    start = quarter.shift(-3).start
    if data.unspanned(start, quarter.end, "interactions"):
        return None
    return customer_features(data, start, quarter.end, chosen)


def feature_names(data: Dataset) -> list[str]:
    """The features that a dataset has, whoever the customers are: the columns' names before `:`."""
    found = [name for name in SPLITS if data.has("interactions", name)]
    found += ["contact_rate", CHANNEL_RATE] if data.has("interactions") else []
    found += ["transfers"] if data.has("interactions", "transfers") else []
    found += ["repeats"] if _can_repeat(data) else []
    found += ["wait"] if data.has("interactions", "wait_seconds") else []
    found += list(_contact_columns(data))
    found += list(data.config.scales) if data.has("surveys", "score") else []
    found += ["age"] if data.has("customers", "birth_year") else []
    found += list(_customer_columns(data))
    found += ["tenure"] if data.has("customers", "signup_date") else []
    found += ["spend"] if data.has("revenue", "account_id") else []
    return found


def _refuse_unknown(data: Dataset, chosen: Sequence[str], known: list[str]) -> None:
    for name in chosen:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"this dataset has: {', '.join(known)}"
            raise DataError(
                f"{data.folder / 'dataset.toml'}: personas.features: {name!r} is not known; {hint}"
            )


def _columns(table: pd.DataFrame, name: str) -> list[str]:
    """The columns of a feature, in an order that does not depend on the engine."""
    return sorted(each for each in table if each == name or each.startswith(f"{name}: "))


def _refuse_rates_twice(data: Dataset, chosen: Sequence[str]) -> None:
    """A rate by channel is the product of two other features: beside them, it would make groups."""
    if CHANNEL_RATE in chosen and {"channel", "contact_rate"} & set(chosen):
        raise DataError(
            f"{data.folder / 'dataset.toml'}: personas.features: {CHANNEL_RATE} tells channel and "
            "contact_rate at once; name either it or those two"
        )


def _contact_columns(data: Dataset) -> dict[str, str]:
    """The further numbers and flags of contacts: the name of the feature, and the column."""
    kinds = ("number", "true or false")
    return _called(_attributes(data, "interactions", kinds), data, "contacts")


def _customer_columns(data: Dataset) -> dict[str, str]:
    """The columns of customers that are features as they are, by the feature's name."""
    contract = ("role", "location", "preferred_channel")
    own = [name for name in contract if data.columns_of("customers").get(name) == "customers"]
    own += _attributes(data, "customers", ("number", "true or false", "text"))
    taken = _contact_columns(data)
    return _called(own, data, "customer", taken)


def _called(columns: list[str], data: Dataset, whose: str, taken=()) -> dict[str, str]:
    """Names of features for columns; one that is the name of another feature says whose it is."""
    others = {*BUILT, *data.config.scales, *taken}
    plain = {name.replace(": ", " "): name for name in columns}
    return {f"{name} of the {whose}" if name in others else name: c for name, c in plain.items()}


def _attributes(data: Dataset, table: str, kinds: Sequence[str]) -> list[str]:
    """The further columns of a table that are of certain kinds."""
    own = next((each.attributes for each in data.intake if each.table == table), {})
    return [name for name, kind in own.items() if kind in kinds]


def _can_repeat(data: Dataset) -> bool:
    return not any(data.lacks(*need.split(".")) for need in KPIS["repeat_contact_rate"].needs)


def _contacts(data: Dataset, rows: ir.Table, start: datetime, end: datetime) -> pd.DataFrame:
    """How often each customer made contact, and what the contacts took, on average."""
    waits = data.has("interactions", "wait_seconds")
    if waits:
        usual = rows.group_by("channel").agg(_usual=rows.wait_seconds.median())
        rows = rows.left_join(usual, "channel").drop("channel_right")
    numbers = _contact_columns(data)
    if data.has("interactions", "transfers"):
        numbers["transfers"] = "transfers"
    sums = {name: rows[column].cast("float64").mean() for name, column in numbers.items()}
    if waits:
        longer = (rows.wait_seconds + 1).ln() - (rows._usual + 1).ln()
        sums["wait"] = longer.mean().exp()
    table = rows.group_by("customer_id").agg(**{CONTACTS: rows.count()}, **sums).execute()
    table = table.set_index("customer_id")
    table[MONTHS] = _months(data, start, end).reindex(table.index)
    table["contact_rate"] = table[CONTACTS] / table[MONTHS]
    return table.join(_repeats(data, start, end)) if _can_repeat(data) else table


def _months(data: Dataset, start: datetime, end: datetime) -> pd.Series:
    """For how many months each customer's account was seen in the window; at least one."""
    dates = [name for name in ("signup_date", "churn_date") if data.has("customers", name)]
    there = data.rows("customers", *dates).select("customer_id", *dates).execute()
    there = there.set_index("customer_id").reindex(columns=["signup_date", "churn_date"])
    # Of what lies before or after the data, nobody knows who made contact.
    start, end = pd.Timestamp(max(start, data.start)), pd.Timestamp(min(end, data.end))
    first = pd.to_datetime(there.signup_date).fillna(start).clip(lower=start)
    last = pd.to_datetime(there.churn_date).fillna(end).clip(upper=end)
    return ((last - first).dt.days / DAYS_PER_MONTH).clip(lower=1)


def _repeats(data: Dataset, start: datetime, end: datetime) -> pd.Series:
    rows = within(contact_rows(data, (), followed=True), "started_at", start, end)
    came_back = KPIS["repeat_contact_rate"].value(rows, data.config).cast("float64")
    table = rows.mutate(_again=came_back).group_by("customer_id")
    return table.agg(repeats=lambda each: each._again.mean()).execute().set_index("customer_id")


def _counts(rows: ir.Table, split: str) -> pd.DataFrame:
    """How many of each customer's contacts are by each channel, or about each reason."""
    counts = rows.group_by("customer_id", split).agg(n=rows.count()).execute().dropna()
    return counts.pivot(index="customer_id", columns=split, values="n").fillna(0)


def _scores(data: Dataset, start: datetime, end: datetime) -> pd.DataFrame:
    """Each customer's mean score by survey question."""
    rows = within(survey_rows(data, ()), "_answered_at", start, end)
    rows = rows.filter(rows.score.notnull())
    means = rows.group_by("customer_id", "metric").agg(score=rows.score.mean()).execute()
    wide = means.pivot(index="customer_id", columns="metric", values="score")
    return wide.reindex(columns=list(data.config.scales))


def _own(data: Dataset, start: datetime, end: datetime) -> pd.DataFrame:
    """What customers are, whatever they do; and what their account is to the company."""
    dates = [name for name in ("signup_date",) if data.has("customers", name)]
    table = data.rows("customers", *dates).execute().set_index("customer_id")
    columns = _customer_columns(data)
    own = table[list(columns.values())].set_axis(list(columns), axis=1)
    if data.has("customers", "birth_year"):
        own["age"] = end.year - table.birth_year.astype(float)
    if dates:
        age = (pd.Timestamp(end) - pd.to_datetime(table.signup_date)).dt.days
        own["tenure"] = age.clip(lower=0) / DAYS_PER_YEAR
    if data.has("revenue", "account_id"):
        bookings = data.rows("revenue")
        inside = (bookings.booked_at >= ibis.timestamp(start)) & (
            bookings.booked_at < ibis.timestamp(end)
        )
        spend = bookings.group_by("account_id").agg(spend=bookings.amount.sum(where=inside))
        spend = spend.execute().set_index("account_id").spend
        own["spend"] = table.account_id.map(spend).fillna(0.0).astype(float)
    return own
