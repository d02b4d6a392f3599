from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.errors import ArgumentError, DataError
from cxlib.measure import KPIS
from cxlib.measure.estimate import Estimate
from cxlib.measure.spc import xmr
from cxlib.pdca_cycles import plan
from cxlib.pdca_cycles import plan_page as show
from cxlib.pdca_cycles.plan import assess_plan, decide, digest, freeze
from cxlib.pdca_cycles.power import noise_of
from tests.conftest import ROOT

HISTORY = 4 + 0.1 * np.random.default_rng(1).standard_normal(24)


def a_plan(**changes):
    return pd.Series(
        {
            "cycle_id": "T", "title": "t", "kpi": "csat", "objective": "Loyal customers",
            "scope": None, "control_scope": None, "target": 4.15, "expected_effect": 0.3,
            "plan_date": pd.Timestamp("2026-01-01"), "do_date": pd.Timestamp("2026-02-01"),
            "check_date": pd.Timestamp("2026-08-01"),
        }
        | changes
    )  # fmt: skip


def judged(history=HISTORY, kpi="csat", **changes):
    chart = xmr(history[-12:], baseline=12)
    noise = noise_of(history, np.arange(len(history)), 12)
    return assess_plan(a_plan(**changes), KPIS[kpi], chart, history, noise)


def test_a_sound_plan_meets_every_criterion():
    found = judged()
    assert all(found.smart.values())
    assert found.to_check == 6
    assert found.power > 0.8
    assert found.smallest < 0.3
    assert found.needed <= 6


@pytest.mark.parametrize(
    ("changes", "criterion"),
    [
        ({"target": np.nan}, "measurable"),
        ({"objective": None}, "relevant"),
        ({"objective": " "}, "relevant"),
        ({"check_date": pd.NaT}, "timed"),
        ({"check_date": pd.Timestamp("2026-01-15")}, "timed"),
        ({"target": 9.0}, "within reach"),
        ({"target": 3.5}, "within reach"),
    ],
)
def test_each_criterion_can_be_missed(changes, criterion):
    found = judged(**changes)
    assert not found.smart[criterion]


@pytest.mark.parametrize(
    ("target", "expected", "reach"),
    [
        (3.9, 0.3, plan.ALREADY),
        (HISTORY.max(), 0.3, plan.REACHED),
        (HISTORY.max() + 0.01, 0.0, plan.LIMITS),
        (4.60, 0.7, plan.PLANNED),
        (4.60, 0.2, plan.BEYOND),
        (np.nan, 0.2, plan.UNKNOWN),
    ],
)
def test_by_what_a_target_can_be_reached(target, expected, reach):
    assert judged(target=target, expected_effect=expected).reach == reach


def test_for_a_kpi_that_should_fall_everything_is_turned_round():
    found = judged(kpi="ces", target=4.15)
    fallen = judged(history=-HISTORY, kpi="churn_rate", target=-4.15, expected_effect=-0.3)
    assert fallen.reach == found.reach
    assert fallen.power == pytest.approx(found.power, abs=0.06)


@pytest.mark.parametrize(
    ("verdict", "effect", "expected", "rule"),
    [
        ("improved", (0.3, 0.1, 0.5), 0.4, "adopt"),
        ("improved", (0.3, 0.1, 0.5), 0.7, "adapt"),
        ("improved", (-0.3, -0.5, -0.1), -0.4, "adopt"),
        ("improved", (0.3, 0.1, 0.5), np.nan, "adopt"),
        ("worsened", (-0.3, -0.5, -0.1), 0.4, "abandon"),
        ("no detectable change", (0.0, -0.1, 0.1), 0.4, "abandon"),
        ("no detectable change", (0.0, -0.5, 0.5), 0.4, "adapt"),
        ("no detectable change", (0.0, -0.1, 0.1), -0.4, "abandon"),
        ("no detectable change", (0.0, -0.1, 0.1), np.nan, "adapt"),
        ("changed", (0.3, 0.1, 0.5), 0.4, "adapt"),
        ("too early", (0.3, 0.1, 0.5), 0.4, ""),
    ],
)
def test_the_rule(verdict, effect, expected, rule):
    assert decide(verdict, Estimate(*effect, n=30), expected, KPIS["csat"]) == rule
    assert decide(verdict, None, expected, KPIS["csat"]) == ""


# Frozen plans -------------------------------------------------------------------------------------


def test_a_plan_is_frozen_when_it_begins_and_a_later_edit_is_shown():
    log = pd.DataFrame(
        [a_plan(cycle_id="A"), a_plan(cycle_id="B", do_date=pd.Timestamp("2026-09-01"))]
    )
    first = freeze(log, pd.Timestamp("2026-04-01"), "2026Q1", {})
    # B has not begun: its plan may still change.
    assert list(first.plans) == ["A"]
    assert first.edits == ()
    log.loc[0, "target"] = 4.05
    second = freeze(log, pd.Timestamp("2026-07-01"), "2026Q2", first.plans)
    (edit,) = second.edits
    assert (edit.cycle_id, edit.name, edit.was, edit.now, edit.since) == (
        "A", "target", "4.15", "4.05", "2026Q1",
    )  # fmt: skip
    # What was frozen stays frozen, and the edit is shown in every report from then on.
    assert second.plans["A"] == first.plans["A"]
    assert freeze(log, pd.Timestamp("2026-10-01"), "2026Q3", second.plans).edits == second.edits
    assert first.compared == 0
    assert show.frozen_finding(first).sentence == "1 plan frozen for the first time."
    assert "1 plan changed after the change had begun: A" in show.frozen_finding(second).sentence
    assert show.edits_table(second).frame["Is now"].tolist() == ["4.05"]


def test_a_plan_cannot_be_moved_out_of_sight():
    """Put off, changed and brought back; or taken out of the log."""
    log = pd.DataFrame([a_plan(cycle_id="A"), a_plan(cycle_id="B")])
    first = freeze(log, pd.Timestamp("2026-04-01"), "2026Q1", {})
    log["do_date"] = pd.Timestamp("2026-12-01")
    second = freeze(log, pd.Timestamp("2026-07-01"), "2026Q2", first.plans)
    assert {each.name for each in second.edits} == {"do_date"}
    log["do_date"], log["target"] = pd.Timestamp("2026-02-01"), 4.0
    third = freeze(log.head(1), pd.Timestamp("2026-10-01"), "2026Q3", second.plans)
    assert [(each.cycle_id, each.name) for each in third.edits] == [
        ("A", "target"), ("B", plan.GONE),
    ]  # fmt: skip


def test_the_hash_is_that_of_the_plan():
    parts = {"kpi": "csat", "target": "4"}
    assert digest(parts) == digest(dict(reversed(parts.items())))
    assert digest(parts) != digest(parts | {"target": "5"})


def test_what_closes_a_cycle_is_no_edit_of_its_plan():
    log = pd.DataFrame([a_plan(cycle_id="A")])
    first = freeze(log, pd.Timestamp("2026-04-01"), "2026Q1", {})
    log["decision"], log["closed_at"], log["cost"] = "adopt", pd.Timestamp("2026-05-01"), 9.0
    assert freeze(log, pd.Timestamp("2026-07-01"), "2026Q2", first.plans).edits == ()


def test_plans_are_handed_from_report_to_report(tmp_path, monkeypatch):
    monkeypatch.setenv("CX_OUTPUT", str(tmp_path))
    data = open_dataset(ROOT / "data" / "demo", "2026Q2")
    show.save_frozen(show.frozen_plans(data))
    later = open_dataset(ROOT / "data" / "demo", "2026Q3")
    log = later.tables["cycles"].mutate(target=later.tables["cycles"].target + 1)
    changed = replace(later, tables=later.tables | {"cycles": log})
    assert show.frozen_plans(later, str(tmp_path)).edits == ()
    assert len(show.frozen_plans(changed, str(tmp_path)).edits) == 8


def test_plans_that_cannot_be_read_are_named(data, tmp_path):
    with pytest.raises(ArgumentError, match="there is no such folder"):
        show.frozen_plans(data, str(tmp_path / "nowhere"))
    (tmp_path / "tables").mkdir()
    assert len(show.frozen_plans(data, str(tmp_path)).plans) == 8
    for text in ("{", "{}", '{"plans": {"P01": {}}}', '{"plans": [1]}'):
        (tmp_path / "tables" / show.FILE).write_text(text)
        with pytest.raises(DataError, match="no frozen plans"):
            show.frozen_plans(data, str(tmp_path))
