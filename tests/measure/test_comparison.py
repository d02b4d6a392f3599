"""Differences of a KPI between two periods: other software, planted changes, and no change."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from cxlib.data import Quarter, open_dataset
from cxlib.measure import contrasts
from cxlib.measure.clusters import counted_rows
from cxlib.measure.comparison import _residuals, _sides, not_compared
from cxlib.measure.contrast import compare, every_year
from cxlib.measure.kpis import catalogue
from cxlib.measure.sums import CELL, narrow, sums_of
from tests.conftest import ROOT, draws

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
    claims, runs = 0, draws(20, 10)
    for seed in range(runs):
        data = world(**days_of_calls(np.random.default_rng(seed), 0.4))
        claims += any(each.detected for each in compare(contrasts(data, NOW, BEFORE)))
    # 5% of them, and four standard errors: 4 of 20, or 3 of 10.
    assert claims / runs <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / runs)


def test_a_single_customer_on_one_side_is_not_compared(world):
    """One cluster does not show how much others differ; nor is it a reason to stop."""
    calls = pd.DataFrame(
        {"interaction_id": range(60), "customer_id": [f"c{i}" for i in range(30)] + ["c0"] * 30,
         "started_at": ["2021-01-05"] * 15 + ["2021-03-30"] * 15 + ["2021-06-29"] * 30,
         "channel": "phone", "resolved": [True, False] * 30}
    )  # fmt: skip
    people = pd.DataFrame({"customer_id": [f"c{i}" for i in range(30)]}).assign(account_id="x")
    data = world(interactions=calls, customers=people, accounts=pd.DataFrame({"account_id": ["x"]}))
    assert "first_contact_resolution" not in {
        each.kpi.name for each in contrasts(data, NOW, BEFORE)
    }


def test_a_wave_of_answers_in_one_week_silences_no_other_change(world):
    """A wave shows nothing of how weeks differ; what else has changed is told all the same."""
    rng = np.random.default_rng(4)
    people = pd.DataFrame({"customer_id": [f"c{i}" for i in range(400)]}).assign(account_id="x")
    weeks = pd.date_range("2021-01-04", "2021-06-28", freq="W-MON")
    calls = pd.DataFrame(
        {"interaction_id": range(5_200), "customer_id": rng.choice(people.customer_id, 5_200),
         "started_at": np.repeat(weeks, 200), "channel": "phone"}
    )  # fmt: skip
    late = calls.started_at >= NOW.start
    calls["abandoned"] = rng.random(5_200) < np.where(late, 0.25, 0.05)
    shock = {week: rng.choice([0, 10]) for week in weeks}
    early = calls[~late].sample(400, random_state=1)
    answers = pd.DataFrame({"customer_id": early.customer_id, "sent_at": early.started_at})
    answers["score"] = [shock[each] for each in answers.sent_at]
    wave = pd.DataFrame({"customer_id": people.customer_id, "sent_at": "2021-06-28 09:00"})
    wave["score"] = rng.choice([0, 10], 400)
    surveys = pd.concat([answers, wave]).assign(metric="nps")
    surveys["response_id"] = range(len(surveys))
    data = world(
        interactions=calls, customers=people, accounts=pd.DataFrame({"account_id": ["x"]}),
        surveys=surveys,
    )  # fmt: skip
    changes = {each.kpi.name: each for each in compare(contrasts(data, NOW, BEFORE))}
    assert changes["abandonment_rate"].detected


@pytest.mark.parametrize("name", ["q1.ease", "ease(+)", "nps.e"])
def test_a_rating_may_have_any_name(world, name):
    rng = np.random.default_rng(5)
    people = pd.DataFrame({"customer_id": [f"c{i}" for i in range(200)]}).assign(account_id="x")
    days = pd.date_range("2021-01-01", "2021-06-30")
    surveys = pd.DataFrame(
        {"response_id": range(2_000), "customer_id": rng.choice(people.customer_id, 2_000),
         "sent_at": rng.choice(days, 2_000), "metric": name, "score": rng.integers(1, 6, 2_000)}
    )  # fmt: skip
    data = world(
        f'[scales]\n"{name}" = [1, 5]\n', surveys=surveys, customers=people,
        accounts=pd.DataFrame({"account_id": ["x"]}),
    )  # fmt: skip
    found = {each.kpi.name for each in contrasts(data, NOW, BEFORE)}
    assert {name, f"{name}_top2", f"{name}_bottom2"} <= found


def test_what_is_closed_soon_after_the_data_begin_is_compared_with_nothing(world):
    """Of tickets that take a month, the first quarter of the data can only close the short ones."""
    rng = np.random.default_rng(6)
    opened = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.uniform(0, 181, 6_000), "D")
    closed = opened + pd.to_timedelta(rng.exponential(30, 6_000), "D")
    calls = pd.DataFrame(
        {"interaction_id": range(6_000), "customer_id": [f"c{i % 500}" for i in range(6_000)],
         "started_at": opened.round("s"), "channel": "email", "closed_at": closed.round("s")}
    )  # fmt: skip
    calls["closed_at"] = calls.closed_at.where(calls.closed_at < "2021-07-01")
    people = pd.DataFrame({"customer_id": [f"c{i}" for i in range(500)]}).assign(account_id="x")
    data = world(interactions=calls, customers=people, accounts=pd.DataFrame({"account_id": ["x"]}))
    compared = {each.kpi.name for each in contrasts(data, NOW, BEFORE)}
    assert "contact_volume" in compared
    assert not {"time_to_resolution", "backlog"} & compared
    whys = not_compared(data, NOW, BEFORE)
    assert "only what took short" in whys["time_to_resolution"]
    assert "a state on one day" in whys["backlog"]


def buyers(rng, shock: float) -> dict[str, pd.DataFrame]:
    """600 accounts that buy when they like, all of them more on some days than on others."""
    ids = np.array([f"a{i}" for i in range(600)])
    days = pd.date_range("2021-01-01", "2021-06-30")
    size = rng.lognormal(4, 1, 600)
    counts = rng.poisson(0.15 * np.outer(np.ones(600), rng.lognormal(-(shock**2) / 2, shock, 181)))
    account, day = np.nonzero(counts)
    revenue = pd.DataFrame(
        {"account_id": ids[account], "booked_at": days[day],
         "amount": (size[account] * counts[account, day]).round(2)}
    )  # fmt: skip
    accounts = pd.DataFrame({"account_id": ids, "signup_date": "2019-01-01"})
    return {"accounts": accounts, "revenue": revenue}


def test_days_on_which_all_buy_more_are_no_change_of_revenue(world):
    runs, claims = 16, {"revenue": 0, "purchase_frequency": 0}
    for seed in range(runs):
        data = world(**buyers(np.random.default_rng(seed), 0.4))
        for each in contrasts(data, NOW, BEFORE, list(claims)):
            claims[each.kpi.name] += each.chance < 0.05
    # A quarter has a day more than the other, too; without the days' own variance it is half.
    assert max(claims.values()) <= stats.binom.ppf(0.999, runs, 0.07)


def test_people_without_a_time_count_period_by_period(data):
    now = data.quarter
    spans = pd.DataFrame(
        {"period": [now.start, now.previous.start], "start": [now.start, now.previous.start],
         "end": [now.end, now.previous.end]}
    ).astype("datetime64[us]")  # fmt: skip
    rate = catalogue(data.config)["contact_rate"]
    rows, when = counted_rows(data, spans, [rate], [])
    cells = narrow(rows, [rate], data.config, ["_period"], timed=True).execute()
    cells = cells.groupby(["_period", "_unit", "_time"], dropna=False)
    cells = cells[["contact_rate.y", "contact_rate.x"]].sum().reset_index()
    cells.columns = ["period", "unit", "time", "y", "x"]
    total = cells.groupby("period")[["y", "x"]].transform("sum")
    departs = (cells.y - total.y / total.x * cells.x) / total.x
    sums = sums_of(rows, [rate], data.config, ["_period"], when)
    sides = _sides(sums.rename(columns={"_period": "period"}), rate, spans, when, 0.95)
    found = _residuals(rows, [rate], data.config, {"contact_rate": sides}, spans, timed=True)
    both = found[found._which == CELL]["contact_rate.ee"].sum()
    assert both == pytest.approx((departs**2).sum())
