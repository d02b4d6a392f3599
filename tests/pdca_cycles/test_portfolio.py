from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxlib.data import open_dataset
from cxlib.measure import KPIS
from cxlib.measure.estimate import Estimate
from cxlib.pdca_cycles import portfolio_page as show
from cxlib.pdca_cycles.log import confounded, reach, read_cycles
from cxlib.pdca_cycles.portfolio import chain_cycles, count_cycles, judge_target
from cxlib.pdca_cycles.review import review_cycles
from cxlib.pdca_cycles.targets import TargetData, read_targets
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def logged(data):
    return read_cycles(data)


@pytest.fixture(scope="module")
def board(logged):
    return review_cycles(logged)


def test_cycles_are_counted(board):
    found = count_cycles(board)
    assert (found.planned, found.started, found.finished) == (0, 8, 8)
    assert (found.worked, found.judged, found.held, found.watched) == (3, 8, 2, 3)
    days = sorted((each.closed - each.start).days for each in board)
    assert found.days == np.median(days)
    assert set(found.against) == {"P05", "P06", "P07", "P08"}


def test_a_chain_adds_effects_up_by_what_they_reach(data, board, logged):
    shares = {each.plan.cycle_id: reach(data, each.plan.scope) for each in logged}
    chains = {(each.objective, each.kpi.name): each for each in chain_cycles(board, shares)}
    found = chains["Lower cost to serve", "average_handle_time"]
    assert found.cycles == ("P04", "P08")
    parts = {each.cycle_id: each.effect for each in board}
    expected = sum(parts[name].value * shares[name] for name in found.cycles)
    assert found.effect.value == pytest.approx(expected)
    # Independent intervals add up in squares.
    low = sum(((parts[n].value - parts[n].low) * shares[n]) ** 2 for n in found.cycles)
    assert found.effect.low == pytest.approx(expected - np.sqrt(low))
    assert show.chain_table(tuple(chains.values())).frame.shape[0] == len(chains)


def test_what_is_not_told_yet_adds_nothing(board):
    silent = tuple(replace(each, found=None) for each in board)
    assert all(each.effect is None for each in chain_cycles(silent, {}))
    assert chain_cycles((), {}) == ()


def test_two_cycles_on_one_kpi_in_one_place_at_one_time_are_confounded(data):
    log = data.tables["cycles"].execute().head(3)
    log["kpi"] = "average_handle_time"
    log["do_date"], log["check_date"] = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-06-01")
    log["scope"] = ["channel = 'phone'", "region = 'EMEA'", "channel = 'chat'"]
    log["control_scope"] = None
    changed = replace(data, tables=data.tables | {"cycles": ibis.memtable(log)})
    names = sorted(log.cycle_id)
    found = confounded(changed, read_cycles(changed))
    phone, emea, chat = log.cycle_id
    # Phone and chat share no contact; each shares some with EMEA.
    assert {frozenset(each) for each in found} == {
        frozenset((phone, emea)),
        frozenset((emea, chat)),
    }
    log["do_date"] = pd.to_datetime(["2024-01-01", "2024-07-01", "2025-01-01"])
    log["check_date"] = pd.to_datetime(["2024-06-01", "2024-12-01", "2025-06-01"])
    later = replace(data, tables=data.tables | {"cycles": ibis.memtable(log)})
    assert confounded(later, read_cycles(later)) == ()
    assert len(names) == 3


# Milestones ---------------------------------------------------------------------------------------


def target(value, goal, elapsed=1.0, half=2.0, kpi="csat", months=(), **plan):
    row = pd.Series(
        {"kpi": kpi, "target": goal, "scope": None, "objective": None, "owner": None} | plan
    )
    found = Estimate(value, value - half, value + half, 100, KPIS[kpi].unit)
    return TargetData(row, KPIS[kpi], found, elapsed, pd.Series(months, dtype=float), "")


def test_of_a_quarter_that_is_over_it_is_known_whether_a_target_was_met():
    error = 2.0 / stats.norm.ppf(0.975)
    met = judge_target(target(11.0, 10.0))
    assert (met.met, met.over) == (True, True)
    assert met.probability == pytest.approx(stats.norm.cdf(1 / error))
    missed = judge_target(target(11.0, 10.0, kpi="churn_rate"))
    assert (missed.met, missed.probability) == (False, pytest.approx(1 - met.probability))


def test_while_a_quarter_runs_the_probability_is_that_of_its_end():
    """Months around levels that nobody knows: of 3,000 quarters, as many meet it as is foretold."""
    rng, stated, met = np.random.default_rng(1), [], []
    for _ in range(3_000):
        level = rng.uniform(-50, 50)
        months, goal = level + rng.standard_normal(12 + 3), level + rng.normal(0, 0.7)
        data = target(months[12:14].mean(), goal, elapsed=2 / 3, months=months[:12])
        found = judge_target(data)
        assert found.met is None
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
        stated.append(judge_target(data).probability)
        met.append(months[12:].sum() >= goal)
    assert farthest(np.array(stated), np.array(met)) <= 0.07


def test_a_target_whose_scope_its_kpi_knows_nothing_of_is_not_judged(data):
    rows = data.tables["targets"].execute()
    rows = rows[rows.quarter == "2026Q3"].head(1)
    rows["kpi"], rows["scope"], rows["target"] = "revenue", "channel = 'phone'", 100.0
    changed = replace(data, tables=data.tables | {"targets": ibis.memtable(rows)})
    found = judge_target(read_targets(changed)[0])
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
    found = judge_target(data)
    assert words in found.problem
    assert np.isnan(found.probability)
    (told,) = show.milestone_findings((found,))
    assert "cannot be judged" in told.sentence


def test_targets_of_the_demonstration(data):
    found = {each.kpi: each for each in map(judge_target, read_targets(data))}
    assert set(found) == {"nps", "csat_top2", "first_contact_resolution", "retention_rate"}
    assert all(each.over and not each.problem for each in found.values())
    assert found["first_contact_resolution"].probability > 0.99
    assert not found["retention_rate"].met
    none = open_dataset(ROOT / "data" / "demo", "2024Q1")
    assert read_targets(none) == ()
    assert "No target" in show.milestone_findings(())[0].sentence
