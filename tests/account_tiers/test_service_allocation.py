import numpy as np
import pandas as pd
import pytest

from cxlib.account_tiers import care_page as show
from cxlib.account_tiers.service import account_service
from cxlib.account_tiers.service_allocation import differences_between, weigh_care
from cxlib.data.config import CareRules
from cxlib.measure import KPIS
from cxlib.measure.panel import Panel
from tests.conftest import draws


def lognormal(rng, count, sigma=0.6):
    return rng.lognormal(-(sigma**2) / 2, sigma, count)


def service_of(rng, contacts, factor=None, mean=480.0, varies=lognormal) -> pd.DataFrame:
    """Handling times that vary as people's do, contact by contact; `factor` lengthens an account's."""
    factor = np.ones(len(contacts)) if factor is None else factor
    rows = []
    for count, times in zip(contacts, factor, strict=True):
        seconds = times * mean * varies(rng, count)
        rows.append(
            (count, count, seconds.sum(), count * mean, ((seconds / mean - 1) ** 2).sum(), 1.0)
        )
    columns = ["contacts", "handled", "seconds", "usual", "squares", "cost"]
    index = pd.Index([f"A{n}" for n in range(len(rows))], name="account_id")
    return pd.DataFrame(rows, columns=columns, index=index).astype(float)


def tiers_of(service: pd.DataFrame) -> pd.Series:
    names = np.array(["I", "II", "III"])[np.arange(len(service)) % 3]
    return pd.Series(names, service.index)


def test_an_account_that_gets_half_the_time_is_found():
    rng = np.random.default_rng(1)
    factor = np.ones(60)
    factor[:2] = 0.4, 2.0
    service = service_of(rng, [40] * 60, factor)
    found = weigh_care(service, tiers_of(service), service.cost * 100, CareRules())
    assert set(found.accounts.index) == {"A0", "A1"}
    assert found.accounts.gap["A0"] > 0 > found.accounts.gap["A1"]
    assert found.looked_at == 60


@pytest.mark.parametrize(
    "varies",
    [lognormal, lambda rng, n: rng.exponential(1, n), lambda rng, n: rng.gamma(4, 1 / 4, n),
     lambda rng, n: rng.uniform(0.5, 1.5, n)],
    ids=["lognormal", "exponential", "gamma", "uniform"],
)  # fmt: skip
def test_where_all_are_served_alike_hardly_anybody_stands_out(varies):
    """At a false discovery rate of 5% some account is called in 5% of draws; bound at 4 errors."""
    rng, called, runs = np.random.default_rng(2), 0, draws(300, 80)
    for _ in range(runs):
        service = service_of(rng, rng.poisson(12, 60), varies=varies)
        called += (
            len(weigh_care(service, tiers_of(service), service.cost, CareRules()).accounts) > 0
        )
    assert called / runs <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / runs)


def test_hours_due_are_the_baseline_and_the_shares_of_what_is_left():
    service = pd.DataFrame(
        {"contacts": 10.0, "handled": 10.0, "seconds": [3_600.0, 7_200.0, 10_800.0],
         "usual": 7_200.0, "squares": 1e6, "cost": [10.0, 20.0, 30.0]}, index=["A", "B", "C"]
    )  # fmt: skip
    tiers = pd.Series(["I", "II", "III"], service.index)
    found = weigh_care(service, tiers, pd.Series(100.0, service.index), CareRules(hours=9))
    assert found.tiers.baseline.tolist() == [2, 2, 2]
    # Three hours lie beyond the baseline: 60% and 40% of them.
    assert found.tiers.due.tolist() == pytest.approx([3.8, 3.2, 2.0])
    assert found.tiers.gap.tolist() == pytest.approx([2.8, 1.2, -1.0])
    assert found.tiers.due.sum() == pytest.approx(9)
    assert found.tiers.cost_share["III"].value == pytest.approx(0.3)
    told = show.hours_finding(found).sentence
    assert told == (
        "Service took 6.0 hours of 9.0 that can be given; for a fair share, "
        "Tier I needs 2.8, Tier II needs 1.2 and Tier III can give 1.0 hours."
    )


def test_a_capacity_below_the_baseline_is_shared_alike():
    service = service_of(np.random.default_rng(3), [10, 20, 30])
    found = weigh_care(service, tiers_of(service), service.cost, CareRules(hours=4))
    assert not found.covers
    assert found.tiers.due.sum() == pytest.approx(4)
    shares = found.tiers.due / found.tiers.baseline
    assert shares.tolist() == pytest.approx([shares.iloc[0]] * 3)
    assert "does not cover the baseline" in show.hours_finding(found).sentence


def test_nothing_recorded_is_said_so():
    service = service_of(np.random.default_rng(4), [5, 5, 5]) * 0
    found = weigh_care(service, tiers_of(service), service.cost, CareRules())
    assert "no handling time is recorded" in show.hours_finding(found).sentence
    assert (
        show.hours_table(found)
        is show.served_finding(found)
        is show.served_table(found, {})
        is None
    )


def test_differences_between_tiers_are_judged_together():
    """12 points between wide intervals are no news, 30 between narrow ones are."""
    rows = [("I", 0.9, 0.88, 0.92), ("II", 0.6, 0.58, 0.62), ("III", 0.72, 0.55, 0.85)]
    frame = pd.DataFrame(
        [{"kpi": "service_level", "tier": t, "value": v, "low": low, "high": high, "n": 100,
          "unit": "share"} for t, v, low, high in rows]
    )  # fmt: skip
    panel = Panel(frame, ("tier",), {}, frame[:0], KPIS)
    found = differences_between(panel, ["service_level", "csat"])
    told = {(each.one, each.other): each.detected for each in found}
    assert told == {("I", "II"): True, ("I", "III"): True, ("II", "III"): False}
    assert "Tier I 90.0%, Tier II 60.0%" in show.difference_finding(found).sentence


def test_service_is_measured_as_by_hand(data):
    """Contacts, hours and what such contacts usually take, against pandas."""
    start, end = data.quarter.start, data.quarter.end
    found = account_service(data, start, end)
    rows = data.tables["interactions"].execute()
    rows = rows[(rows.started_at >= start) & (rows.started_at < end)]
    people = data.tables["customers"].execute().set_index("customer_id").account_id
    rows["account_id"] = rows.customer_id.map(people)
    usual = rows.groupby(["channel", "reason"]).handle_seconds.transform("mean")
    rows["usual"] = usual.where(rows.handle_seconds.notna())
    by_hand = rows.groupby("account_id").agg(
        contacts=("channel", "size"), seconds=("handle_seconds", "sum"), usual=("usual", "sum"),
        cost=("cost", "sum"),
    )  # fmt: skip
    by_hand = by_hand.reindex(found.index).fillna(0)
    for name in by_hand:
        assert found[name].tolist() == pytest.approx(by_hand[name].tolist(), abs=1e-6)
