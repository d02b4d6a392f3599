"""Revenue of 400 unlike accounts, from quarter to quarter: a tenth less, and no change at all.

`CX_NULLS=200` draws a thousand companies; `make test` draws fewer, with the bounds that follow.
"""

import os
from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
from scipy import stats

from cxlib.data import Quarter, open_dataset
from cxlib.measure import contrasts
from cxlib.measure.contrast import compare
from tests.conftest import draws

DRAWS = 1_000 if int(os.environ.get("CX_NULLS", "0")) >= 200 else 40
# A tenth less is seen in every draw, or in none.
SEEN = DRAWS if DRAWS >= 1_000 else draws(40, 15)
NOW, BEFORE = Quarter.parse("2021Q2"), Quarter.parse("2021Q1")
ACCOUNTS = [f"a{i:03}" for i in range(400)]


def bookings(rng, change: float) -> pd.DataFrame:
    """A booking of each account in each month: its size (log sd 1), and a tenth up and down.

    Some accounts buy something more, and some get a little back.
    """
    size = rng.lognormal(7, 1, len(ACCOUNTS))
    months = pd.date_range("2021-01-01", "2021-06-01", freq="MS")
    parts = [
        pd.DataFrame(
            {"account_id": ACCOUNTS, "booked_at": month.as_unit("us"),
             "amount": size * rng.lognormal(0, 0.1, len(ACCOUNTS)) * (1 + change * (at >= 3)),
             "kind": "recurring"}
        )
        for at, month in enumerate(months)
    ]  # fmt: skip
    for each in list(parts):
        for kind, share in (("upsell", 0.2), ("refund", -0.1)):
            few = each.iloc[rng.choice(len(ACCOUNTS), 40, replace=False)]
            parts.append(few.assign(kind=kind, amount=few.amount * share))
    # The data span both quarters.
    ends = parts[5].tail(1).assign(booked_at=pd.Timestamp("2021-06-30").as_unit("us"), amount=0.01)
    return pd.concat([*parts, ends], ignore_index=True)


def companies(folder, change: float, count: int = DRAWS):
    """Datasets that differ in their bookings alone, and are therefore opened once."""
    (folder / "dataset.toml").write_text('name = "Four hundred accounts"\n')
    accounts = pd.DataFrame({"account_id": ACCOUNTS, "signup_date": "2019-01-01"})
    accounts.to_csv(folder / "accounts.csv", index=False)
    bookings(np.random.default_rng(0), 0).to_csv(folder / "revenue.csv", index=False)
    data = open_dataset(folder, raw_ids=True)
    held = data.tables["revenue"]
    for seed in range(count):
        drawn = bookings(np.random.default_rng(seed), change)
        empty = {name: None for name in held.columns if name not in drawn}
        rows = ibis.memtable(drawn.assign(**empty)[list(held.columns)], schema=held.schema())
        yield replace(data, tables=data.tables | {"revenue": rows})


def test_a_tenth_less_revenue_is_seen(tmp_path):
    seen = []
    for data in companies(tmp_path, -0.1, SEEN):
        changes = {each.kpi.name: each for each in compare(contrasts(data, NOW, BEFORE))}
        revenue = changes["revenue"]
        seen.append(revenue.detected and revenue.difference.value < 0)
    print(f"{np.mean(seen):.1%} of {SEEN} see it, among {len(changes)} KPIs")
    assert np.mean(seen) >= 0.99


def test_revenue_that_does_not_change_is_rarely_said_to(tmp_path):
    alone, revenues, claims = [], [], []
    for data in companies(tmp_path, 0.0):
        changes = compare(contrasts(data, NOW, BEFORE))
        revenue = next(each for each in changes if each.kpi.name == "revenue")
        alone.append(not revenue.difference.low <= 0 <= revenue.difference.high)
        revenues.append(revenue.detected)
        claims.append(any(each.detected for each in changes))
    print(
        f"revenue alone {np.mean(alone):.1%}, after allowance {np.mean(revenues):.1%}, any of "
        f"{len(changes)} KPIs {np.mean(claims):.1%} of {DRAWS}"
    )
    low, high = (
        (0.03, 0.07) if DRAWS >= 1_000 else stats.binom.ppf([0.001, 0.999], DRAWS, 0.05) / DRAWS
    )
    assert low <= np.mean(alone) <= high
    assert np.mean(revenues) <= (0.05 if DRAWS >= 1_000 else high)
    # So many claims of any KPI come by chance in 1 of 1,000 such tests where each has 5%.
    assert np.mean(claims) <= stats.binom.ppf(0.999, DRAWS, 0.05) / DRAWS
