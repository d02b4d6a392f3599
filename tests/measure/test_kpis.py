"""Every KPI of the catalogue against an independent calculation in plain pandas.

The calculation reads the committed Parquet files itself, drops the planted faulty rows by
looking at them, and shares no code with the engine's.
"""

import numpy as np
import pandas as pd
import pytest

from cxlib.measure import KPIS, measure
from tests.conftest import ROOT

FOLDER = ROOT / "data" / "demo"
START, END = pd.Timestamp("2026-07-01"), pd.Timestamp("2026-10-01")


@pytest.fixture(scope="module")
def tables():
    t = {path.stem: pd.read_parquet(path) for path in FOLDER.glob("*.parquet")}
    t["customers"] = t["customers"][t["customers"].account_id.isin(t["accounts"].account_id)]
    i = t["interactions"]
    t["interactions"] = i[i.customer_id.isin(t["customers"].customer_id) & ~(i.wait_seconds < 0)]
    s = t["surveys"].drop_duplicates("response_id")
    s = s[~((s.metric == "nps") & (s.score > 10))]
    t["surveys"] = s[
        s.interaction_id.isna() | s.interaction_id.isin(t["interactions"].interaction_id)
    ]
    return t


def survey(t, metric):
    s = t["surveys"]
    at = s.responded_at.fillna(s.sent_at)
    return s.score[(s.metric == metric) & s.score.notna() & (at >= START) & (at < END)]


def contacts(t):
    i = t["interactions"]
    return i[(i.started_at >= START) & (i.started_at < END)]


def served(t):
    i = contacts(t)
    return i[~i.abandoned]


def there(t):
    a = t["accounts"]
    booked = t["revenue"][(t["revenue"].booked_at >= START) & (t["revenue"].booked_at < END)]
    dated = (a.signup_date < END) & (a.churn_date.isna() | (a.churn_date >= START))
    return a[dated | a.account_id.isin(booked.account_id)], booked


def starters(t):
    a = t["accounts"]
    return a[(a.signup_date < START) & (a.churn_date.isna() | (a.churn_date >= START))]


def repeats(t):
    i = t["interactions"].sort_values(["started_at", "interaction_id"])
    following = i.groupby(["customer_id", "reason"]).started_at.shift(-1)
    gap = (following - i.started_at).dt.total_seconds() / 86_400
    seen = (END - i.started_at).dt.total_seconds() / 86_400 >= 7
    inside = (i.started_at >= START) & seen
    return (gap[inside] <= 7).mean()


def answered_in_time(t):
    s = t["surveys"]
    s = s[(s.sent_at >= START) & (s.sent_at <= END - pd.Timedelta(days=14))]
    return (s.score.notna() & ((s.responded_at - s.sent_at) <= pd.Timedelta(days=14))).mean()


def in_time(t):
    i = contacts(t)
    standard = i.channel.map({"email": 3600, "web": 3600}).fillna(60)
    return ((i.wait_seconds <= standard) & ~i.abandoned)[i.wait_seconds.notna()].mean()


def customers_there(t):
    a = t["accounts"]
    present = a[(a.signup_date < END) & (a.churn_date.isna() | (a.churn_date >= START))]
    return t["customers"][t["customers"].account_id.isin(present.account_id)]


BY_HAND = {
    "nps": lambda t: 100 * ((survey(t, "nps") >= 9).mean() - (survey(t, "nps") <= 6).mean()),
    "csat": lambda t: survey(t, "csat").mean(),
    "csat_top2": lambda t: (survey(t, "csat") >= 4).mean(),
    "csat_bottom2": lambda t: (survey(t, "csat") <= 2).mean(),
    "ces": lambda t: survey(t, "ces").mean(),
    "response_rate": answered_in_time,
    "first_contact_resolution": lambda t: contacts(t).resolved.dropna().astype(float).mean(),
    "average_handle_time": lambda t: served(t).handle_seconds.mean(),
    "average_speed_of_answer": lambda t: served(t).wait_seconds.mean(),
    "service_level": in_time,
    "abandonment_rate": lambda t: contacts(t).abandoned.mean(),
    "transfer_rate": lambda t: (served(t).transfers > 0).mean(),
    "repeat_contact_rate": repeats,
    "contact_rate": lambda t: (
        contacts(t).customer_id.isin(customers_there(t).customer_id).sum() / len(customers_there(t))
    ),
    "cost_per_contact": lambda t: contacts(t).cost.mean(),
    "retention_rate": lambda t: (
        starters(t).churn_date.isna() | (starters(t).churn_date >= END)
    ).mean(),
    "churn_rate": lambda t: (starters(t).churn_date < END).mean(),
    "revenue": lambda t: there(t)[1].amount.sum(),
    "revenue_per_account": lambda t: there(t)[1].amount.sum() / len(there(t)[0]),
    "purchase_frequency": lambda t: (there(t)[1].amount > 0).sum() / len(there(t)[0]),
    "return_rate": lambda t: (
        -there(t)[1].amount.clip(upper=0).sum() / there(t)[1].amount.clip(lower=0).sum()
    ),
    "upsell_rate": lambda t: (
        there(t)[1][there(t)[1].kind.isin(["upsell", "cross_sell"])].account_id.nunique()
        / len(there(t)[0])
    ),
}


@pytest.fixture(scope="module")
def quarter(data):
    return measure(data, period="quarter", since=data.quarter)


def test_every_kpi_has_its_independent_calculation():
    assert set(BY_HAND) == set(KPIS)


@pytest.mark.parametrize("name", KPIS)
def test_a_kpi_agrees_with_plain_pandas(quarter, tables, name):
    each = quarter.estimate(name)
    assert each.value == pytest.approx(BY_HAND[name](tables), rel=1e-9, abs=1e-12)
    assert each.low < each.value < each.high
    assert each.n > 100


def test_every_kpi_says_what_it_means(data):
    for kpi in KPIS.values():
        assert kpi.meaning
        assert kpi.better in ("higher", "lower", "neither")


def test_the_panel_by_group_agrees_with_plain_pandas(data, tables):
    panel = measure(data, ["average_handle_time"], by=["channel", "region"], period="month")
    wide = tables["interactions"].merge(
        tables["customers"][["customer_id", "account_id"]], on="customer_id"
    )
    wide = wide.merge(tables["accounts"][["account_id", "region"]], on="account_id")
    wide["period"] = wide.started_at.dt.to_period("M").dt.start_time
    by_hand = wide[~wide.abandoned].groupby(["period", "channel", "region"]).handle_seconds.mean()
    found = panel.frame.set_index(["period", "channel", "region"]).value
    assert len(found) == len(by_hand)
    assert np.abs(found - by_hand).max() < 1e-9
