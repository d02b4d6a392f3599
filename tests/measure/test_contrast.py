"""Differences of a KPI between two periods: other software, planted changes, and no change."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from cxlib.analysis.change import compare, every_year
from cxlib.data import Quarter, open_dataset
from cxlib.measure import contrasts
from tests.conftest import ROOT

NOW, BEFORE = Quarter.parse("2021Q2"), Quarter.parse("2021Q1")


@pytest.fixture
def world(tmp_path):
    """A dataset's folder from its tables."""

    def make(toml="", **tables):
        folder = tmp_path / "world"
        folder.mkdir(exist_ok=True)
        (folder / "dataset.toml").write_text(f'name = "World"\n{toml}')
        for name, frame in tables.items():
            frame.to_csv(folder / f"{name}.csv", index=False)
        return open_dataset(folder, raw_ids=True)

    return make


def accounts_and_bookings(amounts: dict[str, np.ndarray]):
    """An account for each place in the arrays, with a booking in the middle of each quarter."""
    count = len(next(iter(amounts.values())))
    ids = [f"a{i}" for i in range(count)]
    accounts = pd.DataFrame({"account_id": ids, "signup_date": "2019-01-01"})
    revenue = pd.concat(
        pd.DataFrame({"account_id": ids, "booked_at": day, "amount": values})
        for day, values in amounts.items()
    )
    ends = pd.DataFrame(
        {"account_id": "a0", "booked_at": ["2020-12-15", "2021-06-30"], "amount": 0.01}
    )
    return {"accounts": accounts, "revenue": pd.concat([revenue, ends])}


def test_revenue_is_compared_within_accounts(world):
    """As scipy's paired t-test has it."""
    rng = np.random.default_rng(1)
    before = rng.lognormal(8, 1, 400)
    now = before * rng.lognormal(-0.05, 0.2, 400)
    data = world(**accounts_and_bookings({"2021-02-15": before, "2021-05-15": now}))
    found = {each.kpi.name: each for each in contrasts(data, NOW, BEFORE)}
    paired = stats.ttest_rel(now, before)
    interval = paired.confidence_interval()
    mine = found["revenue"].difference
    assert (mine.low, mine.high) == pytest.approx(
        (400 * interval.low, 400 * interval.high), rel=1e-3
    )
    assert found["revenue"].chance == pytest.approx(paired.pvalue, rel=0.02)
    assert found["revenue_per_account"].chance == pytest.approx(paired.pvalue, rel=0.02)


def test_a_tenth_less_at_each_account_is_seen(world):
    """Log sd 1: unpaired, a change of a tenth drowns in how unlike accounts are."""
    before = np.random.default_rng(2).lognormal(8, 1, 400)
    data = world(**accounts_and_bookings({"2021-02-15": before, "2021-05-15": 0.9 * before}))
    (change,) = compare(contrasts(data, NOW, BEFORE, ["revenue"]))
    assert change.detected
    assert change.difference.high < 0


def test_new_and_lost_accounts_count_as_such(world):
    """Two in a hundred accounts replaced by others: the total's interval knows of both."""
    rng = np.random.default_rng(3)
    before = rng.lognormal(8, 0.5, 100)
    now = before.copy()
    before[:2], now[-2:] = 0, 0
    data = world(**accounts_and_bookings({"2021-02-15": before, "2021-05-15": now}))
    (found,) = contrasts(data, NOW, BEFORE, ["revenue"])
    assert found.difference.value == pytest.approx(now.sum() - before.sum(), abs=0.1)
    reach = stats.t.ppf(0.975, 99) * (now - before).std(ddof=1) * 10
    assert found.difference.high - found.difference.value == pytest.approx(reach, rel=0.01)


def test_a_difference_of_means_is_statsmodels_with_two_way_clusters():
    """The demonstration's handle time in two quarters: least squares on a dummy, by account and week."""
    data = open_dataset(ROOT / "data" / "demo", "2026Q3", raw_ids=True)
    (found,) = contrasts(data, data.quarter, data.quarter.year_before, ["average_handle_time"])
    tables = {name: pd.read_parquet(ROOT / "data" / "demo" / f"{name}.parquet")
              for name in ("interactions", "customers")}  # fmt: skip
    rows = tables["interactions"].merge(tables["customers"], on="customer_id")
    rows = rows[~rows.abandoned & (rows.wait_seconds >= 0) & (rows.customer_id != "C999999")]
    late, early = (
        (rows.started_at >= each.start) & (rows.started_at < each.end)
        for each in (data.quarter, data.quarter.year_before)
    )
    rows = rows[late | early]
    now = late[late | early].to_numpy(dtype=float)
    fit = sm.OLS(rows.handle_seconds.to_numpy(), sm.add_constant(now)).fit()
    account = pd.factorize(rows.account_id)[0]
    week = pd.factorize(rows.started_at.dt.to_period("W"))[0]
    both, one, other = (
        each[1, 1] for each in cov_cluster_2groups(fit, account, week, use_correction=False)
    )
    assert found.difference.value == pytest.approx(fit.params[1], rel=1e-9)
    # The largest of the three, put right for few clusters: of weeks by up to 14 in 13.
    assert max(one, other, both) <= found.spread**2 <= 1.1 * max(one, other, both)


@pytest.mark.parametrize("kpi", ["nps", "csat_top2", "csat"])
def test_swapping_periods_flips_the_sign(data, kpi):
    quarters = data.quarter, data.quarter.previous
    (there,) = contrasts(data, *quarters, [kpi])
    (back,) = contrasts(data, *quarters[::-1], [kpi])
    assert there.difference.value == pytest.approx(-back.difference.value)
    assert there.difference.low == pytest.approx(-back.difference.high)
    assert there.chance == pytest.approx(back.chance)


def test_a_step_of_every_year_is_the_seasons(data):
    (change,) = compare(contrasts(data, data.quarter, data.quarter.previous, ["retention_rate"]))
    (same,) = contrasts(data, data.quarter, data.quarter.previous, ["retention_rate"])
    assert every_year(change, [same])
    assert every_year(change, [same, same])
    assert not every_year(change, [])
    (other,) = contrasts(data, data.quarter.previous, data.quarter, ["retention_rate"])
    assert not every_year(change, [same, other])


def days_of_calls(rng, shock: float, days: int = 181, calls: int = 150):
    """Calls of strangers; how many give up varies from day to day."""
    start = pd.Timestamp("2021-01-01")
    parts = []
    for day in range(days):
        count = rng.poisson(calls * rng.lognormal(0, shock))
        rate = np.clip(0.05 * rng.lognormal(0, 2 * shock), 0, 1)
        parts.append(pd.DataFrame({"started_at": start + pd.Timedelta(days=day),
                                   "abandoned": rng.random(count) < rate}))  # fmt: skip
    calls = pd.concat(parts, ignore_index=True)
    calls["customer_id"] = [f"nobody {i}" for i in range(len(calls))]
    calls["interaction_id"], calls["channel"] = calls.index, "phone"
    people = pd.DataFrame({"customer_id": calls.customer_id, "account_id": "x", "known": False})
    return {
        "interactions": calls,
        "customers": people,
        "accounts": pd.DataFrame({"account_id": ["x"]}),
    }


def test_days_that_differ_are_no_change(world):
    """Both quarters are of one distribution, which varies from day to day."""
    claims = 0
    for seed in range(20):
        data = world(**days_of_calls(np.random.default_rng(seed), 0.4))
        claims += any(each.detected for each in compare(contrasts(data, NOW, BEFORE)))
    assert claims <= 4  # 5% of 20, and four standard errors
