from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import pytest

from cxlib.analysis.pdca import ACT, DO, PLAN, TOO_EARLY, review, step_change
from cxlib.data import open_dataset
from cxlib.data.demo_truth import CYCLES
from cxlib.measure import KPIS
from cxlib.measure.cycles import CycleData, read_cycles
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def board(data):
    return {cycle.cycle_id: cycle for cycle in review(read_cycles(data))}


@pytest.mark.parametrize("truth", CYCLES, ids=lambda cycle: cycle.because)
def test_each_planted_cycle_gets_the_right_verdict(board, truth):
    assert board[truth.cycle_id].verdict == truth.verdict
    assert not board[truth.cycle_id].problem


def test_a_gain_that_slipped_back_is_not_held(board):
    assert {name: each.held for name, each in board.items() if each.held is not None} == {
        "P01": True, "P02": True, "P03": True, "P04": False,
    }  # fmt: skip


def test_the_effect_of_a_real_improvement_is_recovered(board):
    assert not board["P02"].effect.excludes(0.15)
    assert not board["P03"].effect.excludes(0.14)


def test_stages_follow_the_dates():
    """At the end of 2025Q3, P08 has just begun and P02 begins the next day."""
    early = open_dataset(ROOT / "data" / "demo", "2025Q3")
    found = {cycle.cycle_id: cycle for cycle in review(read_cycles(early))}
    assert found["P08"].stage == DO
    assert found["P08"].verdict == TOO_EARLY
    assert found["P04"].stage == ACT
    assert (found["P02"].stage, found["P02"].verdict) == (PLAN, TOO_EARLY)
    assert "P03" not in found


def months(values, start="2024-01-01"):
    month = pd.date_range(start, periods=len(values), freq="MS")
    return pd.DataFrame({"month": month, "value": values, "low": values, "high": values, "n": 100})


def cycle(values, do="2025-01-01", kpi="csat", now="2026-01-01", **plan):
    row = pd.Series(
        {
            "cycle_id": "T", "title": "t", "kpi": kpi, "objective": None, "owner": None,
            "decision": None, "do_date": pd.Timestamp(do), "check_date": pd.NaT, "closed_at": pd.NaT, "target": np.nan,
        }
        | plan
    )  # fmt: skip
    return CycleData(row, KPIS.get(kpi), months(values), None, "", pd.Timestamp(now))


def noise(count, seed=0, step=0.0, at=12):
    rng = np.random.default_rng(seed)
    return 4 + rng.normal(0, 0.1, count) + step * (np.arange(count) >= at)


def verdict(*args, **plan):
    return review((cycle(*args, **plan),))[0]


def test_a_step_is_found_and_its_direction_judged_by_the_kpi():
    assert verdict(noise(24, step=0.6)).verdict == "improved"
    assert verdict(noise(24, step=-0.6)).verdict == "worsened"
    assert verdict(noise(24, step=0.6), kpi="churn_rate").verdict == "worsened"


def test_noise_is_seldom_called_a_change():
    """White noise: at most the nominal 5% of intervals leave zero out, and the chart must agree."""
    called = [verdict(noise(24, seed)).verdict in ("improved", "worsened") for seed in range(300)]
    assert np.mean(called) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


@pytest.mark.parametrize(
    ("values", "plan", "words"),
    [
        (noise(15), {"do": "2024-04-01"}, "its baseline has 3 months"),
        ([], {}, "nothing was measured within its scope"),
    ],
    ids=["three points of baseline", "no data"],
)
def test_a_cycle_that_cannot_be_judged_says_why(values, plan, words):
    found = verdict(values, **plan)
    assert words in found.problem
    assert found.chart is None


def test_no_points_after_is_too_early():
    found = verdict(noise(12), do="2025-01-01", now="2025-01-01")
    assert (found.stage, found.verdict, found.after) == (PLAN, TOO_EARLY, None)


def test_a_constant_series_shows_no_change():
    assert verdict(np.full(24, 4.0)).verdict in ("no detectable change", TOO_EARLY)


def test_the_month_in_which_a_change_begins_is_neither_before_nor_after():
    values = noise(25, step=0.6, at=13)
    values[12] = 99
    each = step_change(months(values), pd.Timestamp("2025-01-15"), "score")
    assert each.value == pytest.approx(0.6, abs=0.25)


def test_one_cycle_that_fails_does_not_stop_the_others(data):
    log = data.tables["cycles"].execute()
    log.loc[0, "kpi"], log.loc[1, "scope"] = "happiness", "chanel = 'phone'"
    broken = replace(data, tables=data.tables | {"cycles": ibis.memtable(log.head(3))})
    board = review(read_cycles(broken))
    problems = {each.cycle_id: each.problem for each in board}
    assert "'happiness' is not in the catalogue" in problems[log.cycle_id[0]]
    assert "no column chanel; did you mean channel" in problems[log.cycle_id[1]]
    assert problems[log.cycle_id[2]] == ""


def test_a_lasting_step_is_seldom_said_to_be_lost():
    """A step of 2.5 standard deviations, seven months after."""
    held = [verdict(noise(19, seed, step=0.25), now="2025-08-01").held for seed in range(200)]
    told = [each for each in held if each is not None]
    assert len(told) > 100
    assert np.mean(told) > 0.93


def test_a_scope_that_does_not_reach_the_kpi_is_a_problem(data):
    log = data.tables["cycles"].execute().head(1)
    log.loc[0, "kpi"] = "retention_rate"
    changed = replace(data, tables=data.tables | {"cycles": ibis.memtable(log)})
    (found,) = review(read_cycles(changed))
    assert "says nothing of accounts, which retention_rate counts" in found.problem


def test_the_latest_figure_is_that_of_the_reported_quarter_or_none(data):
    log = data.tables["cycles"].execute().head(1)
    log.loc[0, "scope"] = "channel = 'phone' AND started_at < '2026-04-01'"
    changed = replace(data, tables=data.tables | {"cycles": ibis.memtable(log)})
    (found,) = read_cycles(changed)
    assert found.latest is None
