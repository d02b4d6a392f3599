"""Targets: met, missed or open; the process against them; the odds of a running quarter."""

from dataclasses import replace
from datetime import datetime

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxlib.data import open_dataset
from cxlib.demo import truth
from cxlib.measure import KPIS, intervals
from cxlib.measure.estimate import Estimate
from cxlib.measure.spc import FAILS, HIT_OR_MISS, NO_TARGET, PASSES
from cxlib.measure.status import MET, MISSED, OPEN, judge_targets
from cxlib.measure.targets import TargetData, read_targets
from cxlib.pdca_cycles import portfolio_page as show
from tests.conftest import ROOT


def target(value, goal, elapsed=1.0, half=2.0, kpi="csat", months=(), quarters=(), **plan):
    row = pd.Series(
        {"kpi": kpi, "target": goal, "scope": None, "objective": None, "owner": None} | plan
    )
    found = Estimate(value, value - half, value + half, 100, KPIS[kpi].unit)
    return TargetData(row, KPIS[kpi], found, elapsed, pd.Series(months, dtype=float),
                      pd.Series(quarters, dtype=float), "")  # fmt: skip


def judge(data):
    return judge_targets([data])[0]


def test_of_a_quarter_that_is_over_a_target_is_met_missed_or_open():
    error = 2.0 / stats.norm.ppf(0.975)
    met = judge(target(13.0, 10.0))
    assert (met.now, met.over) == (MET, True)
    assert met.probability == pytest.approx(stats.norm.cdf(3 / error))
    missed = judge(target(13.0, 10.0, kpi="churn_rate"))
    assert (missed.now, missed.probability) == (MISSED, pytest.approx(1 - met.probability))
    assert judge(target(11.0, 10.0)).now == OPEN
    # One of six that would be clear by itself may be chance among six.
    near = judge_targets([target(12.1, 10.0), *[target(10.0, 10.0)] * 5])[0]
    assert near.now == OPEN
    assert judge(target(12.1, 10.0)).now == MET


def test_while_a_quarter_runs_the_probability_is_that_of_its_end():
    """Months around levels that nobody knows: of 3,000 quarters, as many meet it as is foretold."""
    rng, stated, met = np.random.default_rng(1), [], []
    for _ in range(3_000):
        level = rng.uniform(-50, 50)
        months, goal = level + rng.standard_normal(12 + 3), level + rng.normal(0, 0.7)
        data = target(months[12:14].mean(), goal, elapsed=2 / 3, months=months[:12])
        found = judge(data)
        assert found.now == OPEN
        stated.append(found.probability)
        met.append(months[12:].mean() >= goal)
    assert farthest(np.array(stated), np.array(met)) <= 0.07


def farthest(stated, met) -> float:
    """How far what comes true lies from what was foretold, of any fifth that is often foretold."""
    apart = []
    for low, high in ((0.0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.0)):
        some = (stated >= low) & (stated < high)
        if some.sum() > 100:
            apart.append(abs(met[some].mean() - stated[some].mean()))
    return max(apart)


@pytest.mark.parametrize("done", [1, 2])
def test_the_probability_of_a_total_is_calibrated(done):
    """Months of revenue around levels that nobody knows: as many meet it as is foretold."""
    rng, stated, met = np.random.default_rng(2), [], []
    for _ in range(3_000):
        level = rng.uniform(100, 900)
        months = level + 8 * rng.standard_normal(12 + 3)
        so_far, goal = months[12 : 12 + done].sum(), 3 * level + rng.normal(0, 15)
        data = target(so_far, goal, done / 3, half=30.0, kpi="revenue", months=months[:12])
        stated.append(judge(data).probability)
        met.append(months[12:].sum() >= goal)
    assert farthest(np.array(stated), np.array(met)) <= 0.07


@pytest.mark.parametrize("done", [1, 2])
@pytest.mark.parametrize("kpi", ["retention_rate", "churn_rate", "revenue_per_account"])
def test_the_probability_of_what_gathers_in_a_quarter_is_calibrated(kpi, done):
    """Accounts leave, and book, month by month: as many quarters meet their target as foretold."""
    rng, stated, met = np.random.default_rng(3), [], []
    for _ in range(3_000):
        if kpi == "revenue_per_account":
            months = rng.uniform(100, 900) + 8 * rng.standard_normal(12 + 3)
            ends = months[12:].sum()
            so_far, goal = months[12 : 12 + done].sum(), 3 * months[:12].mean() + rng.normal(0, 15)
        else:
            # Of 2,000 accounts, so many leave in each month.
            left = rng.binomial(2_000, rng.uniform(0.005, 0.03), 12 + 3) / 2_000
            stay = np.cumprod(1 - left[12:])
            ends, so_far, goal = stay[-1], stay[done - 1], (1 - left[:12].mean()) ** 3
            goal += rng.normal(0, 0.006)
            months = 1 - left
            if kpi == "churn_rate":
                months, ends, so_far, goal = left, 1 - ends, 1 - so_far, 1 - goal
        data = target(so_far, goal, done / 3, half=0.01, kpi=kpi, months=months[:12])
        stated.append(judge(data).probability)
        met.append((ends >= goal) == (kpi != "churn_rate"))
    assert farthest(np.array(stated), np.array(met)) <= 0.07


def test_a_quarter_that_has_lost_too_many_accounts_cannot_meet_its_target_any_more():
    """Half of a quarter is gone, and what was lost in it stays lost."""
    months = [0.985, 0.995] * 6
    assert judge(target(0.97, 0.975, 0.5, kpi="retention_rate", months=months)).probability == 0
    assert judge(target(0.03, 0.025, 0.5, kpi="churn_rate", months=months)).probability == 0
    assert judge(target(0.999, 0.975, 0.9, kpi="retention_rate", months=months)).probability > 0.9
    # Half of the revenue in half of the quarter is no miss.
    half = target(2_500.0, 4_900.0, 0.5, kpi="revenue_per_account", months=[1_600.0, 1_700.0] * 6)
    assert judge(half).probability > 0.5


@pytest.mark.parametrize(
    ("kpi", "so_far", "goal", "months"),
    [
        ("churn_rate", 0.0, 0.0, [0.0] * 12),
        ("retention_rate", 1.0, 1.0, [1.0] * 12),
        ("revenue", 60.0, 90.0, [30.0] * 12),
    ],
)
def test_what_has_never_varied_goes_on_as_it_was(kpi, so_far, goal, months):
    assert judge(target(so_far, goal, 2 / 3, kpi=kpi, months=months)).probability == 1
    worse = goal * 1.01 if kpi == "revenue" else goal
    if kpi == "revenue":
        assert judge(target(so_far, worse, 2 / 3, kpi=kpi, months=months)).probability == 0


def test_a_month_without_a_value_is_no_reason_to_say_nothing():
    months = [0.02, 0.03, float("nan"), 0.02, 0.025, 0.03, 0.02, 0.025, 0.03]
    found = judge(target(0.02, 0.05, 0.5, kpi="return_rate", months=months))
    assert found.probability > 0.9


def test_a_quarter_of_which_revenue_is_known_in_part_is_not_over(data):
    """Contacts span it; the bookings of its last month have not come yet."""
    rows = data.tables["targets"].execute()
    rows = rows[rows.quarter == "2026Q3"].head(1)
    rows["kpi"], rows["target"] = "revenue", 9e6
    late = replace(data, tables=data.tables | {"targets": ibis.memtable(rows)},
                   ends=data.ends | {"revenue": datetime(2026, 9, 1)})  # fmt: skip
    (found,) = read_targets(late)
    assert found.elapsed == pytest.approx(62 / 92, abs=0.01)
    assert judge(found).now == OPEN
    early = replace(data, tables=data.tables | {"targets": ibis.memtable(rows)},
                    begins=data.begins | {"revenue": datetime(2026, 8, 20)})  # fmt: skip
    (found,) = read_targets(early)
    assert "begins on" in judge(found).problem


def test_what_says_nothing_before_the_quarter_ends_has_no_probability():
    months = [0.95, 0.9, 0.92] * 4
    assert np.isnan(
        judge(target(0.6, 0.9, 0.5, kpi="net_revenue_retention", months=months)).probability
    )
    assert np.isnan(judge(target(0.0, 9.0, 0.0, kpi="revenue", months=[3.0] * 12)).probability)


def test_what_is_counted_in_a_quarter_that_is_over_is_a_fact():
    missed = judge(target(7.9, 8.0, half=1.0, kpi="revenue"))
    assert (missed.now, missed.probability) == (MISSED, 0)
    backlog = Estimate(34.0, float("nan"), float("nan"), 34, "count")
    met = judge(replace(target(34.0, 100.0, kpi="backlog"), so_far=backlog))
    assert (met.now, met.probability) == (MET, 1)
    # A sample without an interval is none.
    alone = Estimate(4.0, float("nan"), float("nan"), 1, "score")
    assert judge(replace(target(4.0, 3.0), so_far=alone)).now == OPEN


def test_a_target_whose_scope_its_kpi_knows_nothing_of_is_not_judged(data):
    rows = data.tables["targets"].execute()
    rows = rows[rows.quarter == "2026Q3"].head(1)
    rows["kpi"], rows["scope"], rows["target"] = "revenue", "channel = 'phone'", 100.0
    changed = replace(data, tables=data.tables | {"targets": ibis.memtable(rows)})
    found = judge(read_targets(changed)[0])
    assert "says nothing of accounts, which revenue counts" in found.problem


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (replace(target(1, 1), problem="'joy' is not in the catalogue"), "not in the catalogue"),
        (replace(target(1, 1), so_far=None), "nothing was measured"),
        (target(1, 1, kpi="contact_rate"), "neither direction"),
    ],
    ids=["unknown KPI", "no data", "no direction"],
)
def test_a_target_that_cannot_be_judged_says_why(data, words):
    found = judge(data)
    assert words in found.problem
    assert np.isnan(found.probability)
    (told,) = show.milestone_findings((found,))
    assert "cannot be judged" in told.sentence


def test_targets_of_the_demonstration(data):
    found = {each.name: each for each in judge_targets(read_targets(data))}
    assert set(found) == set(truth.TARGETS)
    assert all(each.over and not each.problem for each in found.values())
    assert found["first_contact_resolution"].probability > 0.99
    assert found["retention_rate"].now == found["transfer_rate"].now == MISSED
    assert found["csat_top2"].now == OPEN
    none = open_dataset(ROOT / "data" / "demo", "2024Q1")
    assert read_targets(none) == ()
    assert "No target" in show.milestone_findings(())[0].sentence


def test_at_most_one_in_twenty_reports_exactly_on_target_shows_a_target_as_met_or_missed():
    """2,000 quarters of six KPIs, each exactly on its target; the bound allows for the number of quarters."""
    rng, quarters, coloured = np.random.default_rng(5), 2_000, 0
    for _ in range(quarters):
        targets = []
        for level in (0.7, 0.8, 0.9, 0.95):
            size = int(rng.integers(60, 900))
            value = rng.binomial(size, level) / size
            low, high = intervals.wilson_interval(value, size)
            found = Estimate(value, low, high, size, "share")
            targets.append(replace(target(0.0, level, kpi="csat_top2"), so_far=found))
        for level in (20.0, 4.1):
            scores = level + rng.standard_t(8, size := int(rng.integers(40, 300)))
            value, error = scores.mean(), scores.std(ddof=1) / np.sqrt(size)
            reach = stats.t.ppf(0.975, size - 1) * error
            found = Estimate(value, value - reach, value + reach, size, "points")
            targets.append(replace(target(0.0, level), so_far=found))
        coloured += any(each.now != OPEN for each in judge_targets(targets))
    assert coloured / quarters <= 0.05 + 2.33 * np.sqrt(0.05 * 0.95 / quarters)


@pytest.mark.parametrize(
    ("goal", "kpi", "expected"),
    [
        (8.0, "csat", PASSES), (10.2, "csat", HIT_OR_MISS), (13.0, "csat", FAILS),
        (8.0, "average_handle_time", FAILS), (13.0, "average_handle_time", PASSES),
    ],
)  # fmt: skip
def test_assurance_is_where_a_target_lies_of_the_process_limits(goal, kpi, expected):
    quarters = [10, 10.4, 9.8, 10.1, 10.2, 9.9]
    assert judge(target(10.0, goal, kpi=kpi, quarters=quarters)).assurance == expected
    assert judge(target(10.0, goal, kpi=kpi, quarters=quarters[:3])).assurance == NO_TARGET


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (target(13.0, 10.0), "CSAT met its target of 10.00: 13.00."),
        (target(10.5, 10.0), "CSAT is 10.50, too close to its target of 10.00 to tell."),
        (target(10.5, 10.0, half=np.nan), "CSAT is 10.50, too close to its target of 10.00 to"),
        (target(11.0, 10.0, elapsed=2 / 3, months=[10, 11, 12]), "% likely to meet its target of"),
        (target(11.0, 10.0, elapsed=0.1, half=np.nan), "too early to say whether it meets its"),
    ],
    ids=["met", "open", "no interval", "running", "just begun"],
)
def test_each_target_has_a_sentence(data, words):
    (finding,) = show.milestone_findings((judge(data),))
    assert words in finding.sentence
    assert "nan" not in f"{finding.sentence} {finding.evidence}".lower()
