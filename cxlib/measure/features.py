"""Rows for the analyses: answers with their contact, accounts with their business."""

from datetime import datetime

import ibis
import numpy as np
import pandas as pd

from cxlib.data import Dataset
from cxlib.measure.kpis import KPIS
from cxlib.measure.panel import Panel, measure_spans

# KPIs that tell accounts apart; of those that restate one another, one.
ACROSS = (
    "nps", "csat", "ces", "response_rate", "first_contact_resolution", "average_handle_time",
    "average_speed_of_answer", "abandonment_rate", "transfer_rate", "repeat_contact_rate",
    "cost_per_contact", "revenue",
)  # fmt: skip
SEGMENTS = ("industry", "region", "service_level")


def answers_with_contact(data: Dataset, metric: str, since: datetime) -> pd.DataFrame:
    """Each answer to a survey question with the operational facts of the contact it is about.

    Args:
        data: The dataset.
        metric: `csat`, `nps`, `ces` or a metric of the dataset's own.
        since: Answers from this moment on.

    Returns:
        `customer_id`, `score`, and the facts that the dataset has: `not resolved` (0 or 1),
        `transfers`, `wait` (log of the wait over its channel's median wait), `handling`
        (likewise), `channel`, `reason`, `touchpoint`, and every numeric or true-or-false attribute
        of interactions.
    """
    if data.lacks("surveys", "score") or data.lacks("interactions"):
        return pd.DataFrame({"customer_id": [], "score": []})
    intake = next(each for each in data.intake if each.table == "interactions")
    own = [name for name, kind in intake.attributes.items() if kind in ("number", "true or false")]
    facts = [
        n
        for n in ("resolved", "transfers", "wait_seconds", "handle_seconds")
        if data.has("interactions", n)
    ]
    answers = data.tables["surveys"]
    at = answers.responded_at.fill_null(answers.sent_at)
    asked = (answers.metric == metric) & answers.score.notnull() & (at >= ibis.timestamp(since))
    answers = answers.filter(asked).select(
        "response_id", "customer_id", "interaction_id", _score=answers.score
    )
    kinds = [n for n in ("channel", "reason", "touchpoint") if data.has("interactions", n)]
    contacts = data.tables["interactions"].select("interaction_id", *kinds, *facts, *own)
    rows = answers.left_join(contacts, "interaction_id")
    frame = rows.execute().sort_values("response_id", ignore_index=True)
    table = frame[["customer_id", "_score"]].rename(columns={"_score": "score"})
    if "resolved" in facts:
        table["not resolved"] = 1 - frame.resolved.astype(float)
    if "transfers" in facts:
        table["transfers"] = frame.transfers
    for name, column in (("wait", "wait_seconds"), ("handling", "handle_seconds")):
        if column in facts:
            usual = frame.groupby("channel")[column].transform("median")
            table[name] = np.log((frame[column] + 1) / (usual + 1))
    for name in kinds:
        table[name] = frame[name]
    for name in own:
        label = name.replace("_", " ")
        # An attribute of the same name as one of the facts above is told apart from it.
        label = f"{label} (attribute)" if label in table else label
        table[label] = frame[name].astype(float)
    return table


def monthly_kpis(panel: pd.DataFrame, least: int = 24) -> pd.DataFrame:
    """KPIs side by side by month, for those measured in at least so many months.

    Args:
        panel: A panel's frame by month.
        least: How many months a KPI needs.

    Returns:
        Indexed by month, a column per KPI.
    """
    whole = panel[panel.complete.astype(bool)]
    wide = whole.pivot(index="period", columns="kpi", values="value")
    wide = wide[[name for name in KPIS if name in wide]]
    return wide.loc[:, wide.notna().sum() >= least]


def account_kpis(data: Dataset, start: datetime, end: datetime, least: int = 5) -> pd.DataFrame:
    """KPIs side by side by account, over a window.

    Args:
        data: The dataset.
        start, end: The window.
        least: An account's KPI needs so many contacts, answers or invitations to be told; KPIs of
            the account as a whole, such as its revenue, need none.

    Returns:
        Indexed by `account_id`, a column per KPI; NaN where not known. Empty without accounts.
    """
    if data.lacks("accounts"):
        return pd.DataFrame()
    span = pd.DataFrame({"period": [start], "start": [start], "end": [end], "complete": [True]})
    span = span.astype(dict.fromkeys(("period", "start", "end"), "datetime64[us]"))
    panel = measure_spans(data, span, ACROSS, by=["account_id"])
    whole = panel.frame.kpi.map(lambda name: KPIS[name].table == "accounts")
    known = panel.frame[whole | (panel.frame.n >= least)]
    wide = known.pivot(index="account_id", columns="kpi", values="value")
    return wide[[name for name in ACROSS if name in wide]]


def account_segments(data: Dataset) -> pd.DataFrame:
    """What accounts can be divided by: the texts among their columns, by `account_id`."""
    if data.lacks("accounts"):
        return pd.DataFrame()
    accounts = data.rows("accounts").execute().set_index("account_id")
    own = [name for name in SEGMENTS if data.columns_of("accounts").get(name) == "accounts"]
    return accounts[own]


def account_facts(data: Dataset, end: datetime) -> pd.DataFrame:
    """What tiers rest on, one row per account that is still there.

    Returns:
        Indexed by `account_id`: `name` (or the id), `revenue_12m` (booked in the twelve months
        before `end`), `growth_potential` and `strategic_value` (NaN where unknown). Empty where
        the dataset lacks accounts or revenue.
    """
    if data.lacks("accounts") or data.lacks("revenue"):
        columns = ["name", "revenue_12m", "growth_potential", "strategic_value"]
        return pd.DataFrame(columns=columns, index=pd.Index([], name="account_id"), dtype=float)
    accounts = data.rows("accounts").execute().set_index("account_id").sort_index()
    stays = accounts.churn_date.isna() | (accounts.churn_date >= end)
    accounts = accounts[stays & (accounts.signup_date.isna() | (accounts.signup_date < end))]
    since = pd.Timestamp(end) - pd.DateOffset(years=1)
    bookings = data.rows("revenue")
    window = bookings.filter(
        bookings.booked_at >= ibis.timestamp(since), bookings.booked_at < ibis.timestamp(end)
    )
    revenue = window.group_by("account_id").agg(revenue=window.amount.sum()).execute()
    revenue = revenue.set_index("account_id").revenue.reindex(accounts.index).fillna(0.0)
    return pd.DataFrame(
        {
            "name": accounts.name.astype("str").where(accounts.name.notna(), accounts.index),
            "revenue_12m": revenue,
            "growth_potential": accounts.growth_potential.astype(float),
            "strategic_value": accounts.strategic_value.astype(float),
        }
    )


def yearly_churn(churn: Panel) -> float | None:
    """The share of accounts lost over the last four quarters; None where churn is not known.

    Args:
        churn: The churn rate by quarter.
    """
    rates = churn.of("churn_rate").tail(4)
    whole = len(rates) == 4 and rates.complete.all()
    return float(1 - (1 - rates.value).prod()) if whole else None
