"""KPIs side by side, by month and by account, and which accounts are there."""

from datetime import datetime

import pandas as pd

from cxlib.data import Dataset
from cxlib.measure.kpis import COMPLEMENTS, COUNT, KPIS, TOTAL
from cxlib.measure.panel import Panel, measure_spans

# KPIs that tell accounts apart; of those that restate one another, one.
ACROSS = (
    "nps", "csat", "ces", "response_rate", "first_contact_resolution", "average_handle_time",
    "average_speed_of_answer", "abandonment_rate", "transfer_rate", "repeat_contact_rate",
    "cost_per_contact", "revenue",
)  # fmt: skip
SEGMENTS = ("industry", "region", "service_level")


def monthly_kpis(panel: Panel, least: int = 24) -> pd.DataFrame:
    """KPIs side by side by month, for those measured in at least so many months.

    What says the same again is left out: numbers and totals, which have a KPI per customer or
    account beside them, what is another KPI turned round, and what runs over a year.

    Args:
        panel: A panel by month, without groups.
        least: How many months a KPI needs.

    Returns:
        Indexed by month, a column per KPI.
    """
    whole = panel.frame[panel.frame.complete.astype(bool)]
    wide = whole.pivot(index="period", columns="kpi", values="value")
    again = {*COMPLEMENTS, "net_revenue_retention"}
    again |= {name for name, kpi in panel.kpis.items() if kpi.kind in (COUNT, TOTAL)}
    wide = wide[[name for name in panel.kpis if name in wide and name not in again]]
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
    whole = panel.frame.kpi.isin([name for name in ACROSS if KPIS[name].table == "accounts"])
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


def accounts_at(data: Dataset, moment: datetime) -> pd.DataFrame:
    """The accounts that are there at a moment, by `account_id`; empty without accounts."""
    if data.lacks("accounts"):
        return pd.DataFrame(index=pd.Index([], name="account_id"))
    return there_at(data.rows("accounts").execute().set_index("account_id").sort_index(), moment)


def there_at(accounts: pd.DataFrame, moment: datetime) -> pd.DataFrame:
    """Those of the accounts that are there at a moment."""
    stays = accounts.churn_date.isna() | (accounts.churn_date >= moment)
    return accounts[stays & (accounts.signup_date.isna() | (accounts.signup_date < moment))]
