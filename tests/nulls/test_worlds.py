"""Made-up companies in which nothing changes, but every day is a little unlike the others."""

import os

import numpy as np
import pandas as pd

from cxlib.data import Quarter, open_dataset
from cxlib.measure import contrasts
from cxlib.measure.contrast import compare
from tests.conftest import draws

WORLDS = int(os.environ.get("CX_NULLS", draws(12, 6)))
MOST = 0.06 if WORLDS >= 200 else 0.05 + 4 * np.sqrt(0.05 * 0.95 / WORLDS)
SHOCK = 0.15  # the standard deviation, in logarithms, of what all contacts of a day share
DAYS = pd.date_range("2025-01-01", "2025-06-30")


def company(rng) -> dict[str, pd.DataFrame]:
    """Half a year of 300 accounts: contacts, surveys and bookings, none of which changes."""
    accounts = pd.DataFrame(
        {"account_id": [f"a{i}" for i in range(300)], "signup_date": "2024-01-01"}
    )
    lasting = rng.exponential(3_000, 300)
    left = pd.Timestamp("2025-01-01") + pd.to_timedelta(lasting.round(), "D")
    accounts["churn_date"] = left.where(left < "2025-07-01")
    customers = pd.DataFrame({"customer_id": [f"c{i}" for i in range(900)]})
    customers["account_id"] = [f"a{i}" for i in rng.integers(0, 300, 900)]
    counts = rng.poisson(40 * rng.lognormal(0, SHOCK, len(DAYS)))
    day = np.repeat(np.arange(len(DAYS)), counts)
    n = len(day)
    shocks = {name: rng.lognormal(0, SHOCK, len(DAYS))[day]
              for name in ("wait", "handle", "abandon", "transfer", "solve", "cost")}  # fmt: skip
    eager = rng.lognormal(0, 1, 900)
    contacts = pd.DataFrame({
        "interaction_id": [f"i{i}" for i in range(n)],
        "customer_id": [f"c{i}" for i in rng.choice(900, n, p=eager / eager.sum())],
        "started_at": DAYS[day] + pd.to_timedelta(rng.integers(8 * 3_600, 18 * 3_600, n), "s"),
        "channel": rng.choice(["phone", "chat", "email"], n),
        "reason": rng.choice(["billing", "technical"], n),
        "wait_seconds": (rng.exponential(60, n) * shocks["wait"]).round(1),
        "handle_seconds": (rng.gamma(4, 90, n) * shocks["handle"]).round(1),
        "transfers": rng.poisson(0.2 * shocks["transfer"]),
        "abandoned": rng.random(n) < 0.08 * shocks["abandon"],
        "resolved": rng.random(n) < 0.7 / shocks["solve"],
        "cost": (rng.gamma(9, 0.7, n) * shocks["cost"]).round(2),
    })  # fmt: skip
    asked = contacts.iloc[np.flatnonzero(rng.random(n) < 0.4)]
    metric = rng.choice(["nps", "csat", "ces"], len(asked))
    top = pd.Series(metric).map({"nps": 10, "csat": 5, "ces": 7}).to_numpy()
    mood = rng.normal(size=900)[asked.customer_id.str[1:].astype(int)]
    mood = mood + np.log(shocks["wait"])[asked.index] + rng.normal(size=len(asked))
    score = np.clip(np.round(top * 0.7 + mood), 1, top)
    surveys = pd.DataFrame({
        "response_id": [f"s{i}" for i in range(len(asked))],
        "customer_id": asked.customer_id.to_numpy(),
        "interaction_id": asked.interaction_id.to_numpy(),
        "sent_at": asked.started_at.to_numpy(),
        "metric": metric,
        "score": np.where(rng.random(len(asked)) < 0.4, score, np.nan),
    })  # fmt: skip
    surveys["responded_at"] = surveys.sent_at.where(surveys.score.notna())
    booked = pd.concat([
        pd.DataFrame({"account_id": accounts.account_id, "booked_at": month,
                      "amount": rng.lognormal(6, 1, 300).round(2), "kind": "recurring"})
        for month in pd.date_range("2025-01-01", "2025-06-01", freq="MS")
    ])  # fmt: skip
    extra = booked.sample(200, random_state=int(rng.integers(2**31)))
    extra = extra.assign(kind=rng.choice(["upsell", "refund"], 200))
    extra["amount"] = extra.amount.where(extra.kind == "upsell", -extra.amount / 10)
    revenue = pd.concat([booked, extra]).merge(accounts[["account_id", "churn_date"]])
    revenue = revenue[revenue.churn_date.isna() | (revenue.booked_at < revenue.churn_date)]
    return {"accounts": accounts, "customers": customers, "interactions": contacts,
            "surveys": surveys, "revenue": revenue.drop(columns="churn_date")}  # fmt: skip


def test_a_company_in_which_nothing_changes_hardly_ever_claims_a_change(tmp_path):
    claims, looked = [], []
    for seed in range(WORLDS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        (folder / "dataset.toml").write_text('name = "Nothing changes"\n')
        for name, frame in company(np.random.default_rng(seed)).items():
            frame.to_parquet(folder / f"{name}.parquet", index=False)
        data = open_dataset(folder, raw_ids=True)
        now = Quarter.parse("2025Q2")
        changes = compare(contrasts(data, now, now.previous))
        looked.append(len(changes))
        claims.append(any(each.detected for each in changes))
    print(f"{np.mean(claims):.1%} of {WORLDS} worlds claim a change; {min(looked)} KPIs and more")
    assert min(looked) >= 20
    assert np.mean(claims) <= MOST
