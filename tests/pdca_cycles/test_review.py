from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.demo.truth import CYCLES, SLIP_BACK
from cxlib.measure import KPIS
from cxlib.pdca_cycles import page as show
from cxlib.pdca_cycles.effect import DIFFERENCES, SERIES
from cxlib.pdca_cycles.log import CycleData, read_cycles
from cxlib.pdca_cycles.review import ACT, DO, PLAN, TOO_EARLY, review_cycles
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def board(data):
    return {cycle.cycle_id: cycle for cycle in review_cycles(read_cycles(data))}


@pytest.mark.parametrize("truth", CYCLES, ids=lambda cycle: cycle.because)
def test_each_planted_cycle_gets_the_right_verdict(board, truth):
    assert board[truth.cycle_id].verdict == truth.verdict
    assert not board[truth.cycle_id].problem


def test_a_gain_that_slipped_back_is_not_held(board):
    assert {name: each.held for name, each in board.items() if each.held is not None} == {
        "P01": True, "P02": True, "P04": False,
    }  # fmt: skip
    # The loss begins with SLIP_BACK; the alarm comes within three months.
    alarm = board["P04"].watch.alarm
    assert SLIP_BACK[0] <= alarm < SLIP_BACK[0] + pd.DateOffset(months=3)


def test_limits_set_anew_are_those_of_the_kpi_itself(board):
    """Also where the gain is watched against a control scope: lines and targets are the KPI's."""
    found = board["P02"]
    months = found.months >= found.watch.since
    assert found.watch.chart.values.tolist() == found.chart.values[months].tolist()
    assert found.watch.chart.lower < found.after.value < found.watch.chart.upper


def test_where_there_is_a_control_scope_the_effect_is_told_against_it(board):
    methods = {name: each.found.method for name, each in board.items()}
    controlled = {truth.cycle_id for truth in CYCLES if truth.control_scope}
    assert {name for name, method in methods.items() if method == DIFFERENCES} == controlled
    assert set(methods.values()) == {DIFFERENCES, SERIES}


def test_the_rule_follows_what_was_found(board):
    rules = {name: each.rule for name, each in board.items()}
    assert {name: rules[name] for name in ("P01", "P02", "P03", "P04")} == {
        "P01": "adopt", "P02": "adopt", "P03": "abandon", "P04": "adopt",
    }  # fmt: skip
    # Where nothing was found, nothing is adopted, whatever the team decided.
    assert "adopt" not in {rules[name] for name in ("P05", "P06", "P07", "P08")}


def test_the_effect_of_a_real_improvement_is_recovered(board):
    assert not board["P02"].effect.excludes(0.15)
    assert not board["P03"].effect.excludes(0.14)


def test_stages_follow_the_dates():
    """At the end of 2025Q3, P08 has just begun and P02 begins the next day."""
    early = open_dataset(ROOT / "data" / "demo", "2025Q3")
    found = {cycle.cycle_id: cycle for cycle in review_cycles(read_cycles(early))}
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
            "decision": None, "expected_effect": np.nan, "do_date": pd.Timestamp(do), "check_date": pd.NaT, "closed_at": pd.NaT, "target": np.nan,
        }
        | plan
    )  # fmt: skip
    return CycleData(row, KPIS.get(kpi), months(values), None, "", pd.Timestamp(now))


def noise(count, seed=0, step=0.0, at=12):
    rng = np.random.default_rng(seed)
    return 4 + rng.normal(0, 0.1, count) + step * (np.arange(count) >= at)


def verdict(*args, **plan):
    return review_cycles((cycle(*args, **plan),))[0]


@pytest.mark.parametrize(
    ("step", "kpi", "expected"),
    [(0.6, "csat", "improved"), (-0.6, "csat", "worsened"), (0.6, "churn_rate", "worsened"),
     (0.6, "contact_rate", "changed")],
)  # fmt: skip
def test_a_step_is_found_and_its_direction_judged_by_the_kpi(step, kpi, expected):
    values = noise(36, step=step, at=24)
    found = verdict(values, kpi=kpi, do="2026-01-01", now="2027-01-01")
    assert found.verdict == expected


def test_noise_is_seldom_called_a_change():
    """White noise: at most the nominal 5% of intervals leave zero out, and the chart must agree."""
    called = [
        verdict(noise(36, seed), do="2026-01-01", now="2027-01-01").verdict
        in ("improved", "worsened")
        for seed in range(120)
    ]
    assert np.mean(called) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 120)


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
    values = noise(37, step=0.6, at=25)
    values[24] = 99
    found = verdict(values, do="2026-01-15", now="2027-02-01")
    assert found.effect.value == pytest.approx(0.6, abs=0.25)


def test_a_baseline_of_a_year_cannot_tell_a_season_from_a_change():
    """Half a year after a year: too early, unless a control scope shares the season."""
    found = verdict(noise(18, step=0.6), now="2025-07-01")
    assert (found.verdict, found.found) == (TOO_EARLY, None)
    assert "18 months are seen" in found.caution
    told = cycle(noise(18, step=0.6), now="2025-07-01")
    told = replace(told, control=months(noise(18, seed=1)))
    (found,) = review_cycles((told,))
    assert (found.found.method, found.verdict) == (DIFFERENCES, "improved")


def test_a_shock_to_both_scopes_is_no_effect():
    told = cycle(noise(36, step=0.8, at=24), do="2026-01-01", now="2027-01-01")
    assert review_cycles((told,))[0].verdict == "improved"
    told = replace(told, control=months(noise(36, seed=5, step=0.8, at=24)))
    (found,) = review_cycles((told,))
    assert (found.found.method, found.verdict) == (DIFFERENCES, "no detectable change")


def test_a_control_scope_that_cannot_be_used_is_told_and_done_without():
    told = cycle(noise(36, step=0.8, at=24), do="2026-01-01", now="2027-01-01")
    told = replace(told, control_problem="its control scope cannot be used: no column chanel")
    (found,) = review_cycles((told,))
    assert (found.found.method, found.verdict) == (SERIES, "improved")
    assert "no column chanel" in found.caution


def test_a_rate_that_never_varies_is_no_stumble():
    for level in (0.0, 1.0):
        told = cycle(np.full(48, level), kpi="first_contact_resolution", do="2026-06-01",
                     now="2028-01-01")  # fmt: skip
        (found,) = review_cycles((told,))
        assert found.verdict == "no detectable change"
        assert np.isnan(found.found.smallest)
        assert found.found.relative is None
        assert "did not vary at all" in show.cycle_finding(found).evidence


def test_a_gain_that_comes_little_by_little_is_seen():
    """A rise of a standard deviation a month, for a year: in 40 draws nearly always."""
    found = []
    for seed in range(40):
        values = noise(48, seed) + 0.1 * np.clip(np.arange(48) - 35, 0, None)
        found.append(verdict(values, do="2027-01-01", now="2028-01-01", expected_effect=0.6))
    assert sum(each.verdict == "improved" for each in found) >= 36
    assert np.mean([each.effect.value for each in found]) == pytest.approx(0.65, abs=0.06)
    assert "abandon" not in {each.rule for each in found}


def test_the_step_of_the_next_cycle_is_none_of_the_one_before():
    """Three months of nothing, and then another cycle's step: 3 standard deviations."""
    called = 0
    for seed in range(60):
        told = cycle(noise(48, seed, step=0.3, at=39), do="2027-01-01", now="2028-01-01")
        told = replace(told, others=(pd.Timestamp("2027-04-01"),))
        called += review_cycles((told,))[0].verdict == "improved"
    assert called / 60 <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 60)


def test_the_step_of_an_earlier_cycle_is_not_counted_again():
    called = 0
    for seed in range(60):
        told = cycle(noise(48, seed, step=0.3, at=32), do="2027-01-01", now="2028-01-01")
        told = replace(told, others=(pd.Timestamp("2026-09-01"),))
        called += review_cycles((told,))[0].verdict == "improved"
    assert called / 60 <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 60)


def test_a_control_scope_that_another_cycle_has_changed_is_not_used():
    told = cycle(noise(36), do="2026-01-01", now="2027-01-01")
    told = replace(told, control=months(noise(36, seed=1, step=-0.8, at=24)))
    assert review_cycles((told,))[0].verdict == "improved"
    (found,) = review_cycles((replace(told, beside=(pd.Timestamp("2026-01-01"),)),))
    assert (found.found.method, found.verdict) == (SERIES, "no detectable change")
    assert "was changed by another cycle" in found.caution


def test_a_control_scope_that_shares_contacts_with_the_scope_is_refused(data):
    log = data.tables["cycles"].execute().head(1)
    log["control_scope"] = "channel = 'phone' AND region = 'EMEA'"
    log["scope"] = "channel = 'phone'"
    changed = replace(data, tables=data.tables | {"cycles": ibis.memtable(log)})
    (found,) = review_cycles(read_cycles(changed))
    assert found.found.method == SERIES
    assert "shares contacts with its scope" in found.caution


def test_a_log_without_optional_columns_is_enough(data):
    log = data.tables["cycles"].execute().head(2)
    few = log.drop(columns=["control_scope", "expected_effect", "impact", "effort", "cost"])
    changed = replace(data, tables=data.tables | {"cycles": ibis.memtable(few)})
    board = review_cycles(read_cycles(changed))
    assert all(each.found and not each.problem for each in board)


def test_power_is_none_before_anything_could_be_judged():
    """Two whole months lie between 15 January and 15 April, and three are needed."""
    values = noise(36)
    found = verdict(values, do="2026-01-15", now="2027-01-01", expected_effect=9.0,
                    check_date=pd.Timestamp("2026-04-15")).plan  # fmt: skip
    assert (found.to_check, found.power, found.needed) == (2, 0.0, 3)
    young = verdict(noise(14), do="2025-01-01", now="2025-03-01", expected_effect=9.0).plan
    assert young.needed == 12


def test_missing_months_are_no_stumble():
    values = months(noise(36, step=0.6, at=24)).drop(index=[3, 4, 20, 27, 28])
    told = replace(cycle([], do="2026-01-01", now="2027-01-01"), months=values)
    (found,) = review_cycles((told,))
    assert found.verdict == "improved"


def test_a_check_before_the_change_is_no_plan_but_still_judged():
    found = verdict(noise(36, step=0.6, at=24), do="2026-01-01", now="2027-01-01",
                    check_date=pd.Timestamp("2025-06-01"))  # fmt: skip
    assert not found.plan.smart["timed"]
    assert found.verdict == "improved"


def test_cycles_checked_in_one_quarter_share_a_budget():
    """A p of 0.03 counts alone, but not as the smallest of four in the same quarter."""
    together = [
        cycle(noise(36, seed), do="2026-01-01", now="2027-01-01", cycle_id=f"T{seed}")
        for seed in range(40)
    ]
    alone = [review_cycles((each,))[0].found for each in together]
    assert [each.q for each in alone] == [each.p for each in alone]
    shared = [each.found.q for each in review_cycles(together)]
    assert all(q >= each.p for q, each in zip(shared, alone, strict=True))
    assert min(shared) > min(each.p for each in alone)
    quarters = pd.date_range("2026-04-01", periods=4, freq="QS")
    apart = [
        replace(each, plan=pd.Series(each.plan.to_dict() | {"check_date": quarter}))
        for each, quarter in zip(together, quarters, strict=False)
    ]
    assert [each.found.q for each in review_cycles(apart)] == [each.p for each in alone[:4]]


def test_a_verdict_states_the_smallest_effect_that_would_have_been_seen():
    found = verdict(noise(48, at=36), do="2027-01-01", now="2028-01-01").found
    assert 0.05 < found.smallest < 0.4


def test_one_cycle_that_fails_does_not_stop_the_others(data):
    log = data.tables["cycles"].execute()
    log.loc[0, "kpi"], log.loc[1, "scope"] = "happiness", "chanel = 'phone'"
    broken = replace(data, tables=data.tables | {"cycles": ibis.memtable(log.head(3))})
    board = review_cycles(read_cycles(broken))
    problems = {each.cycle_id: each.problem for each in board}
    assert "'happiness' is not in the catalogue" in problems[log.cycle_id[0]]
    assert "no column chanel; did you mean channel" in problems[log.cycle_id[1]]
    assert problems[log.cycle_id[2]] == ""


def test_a_lasting_step_is_seldom_said_to_be_lost():
    """A step of four standard deviations, a year after."""
    held = [
        verdict(noise(48, seed, step=0.4, at=36), do="2027-01-01", now="2028-01-01").held
        for seed in range(120)
    ]
    told = [each for each in held if each is not None]
    assert len(told) > 90
    assert np.mean(told) > 0.93


def test_a_scope_that_does_not_reach_the_kpi_is_a_problem(data):
    log = data.tables["cycles"].execute().head(1)
    log.loc[0, "kpi"] = "retention_rate"
    changed = replace(data, tables=data.tables | {"cycles": ibis.memtable(log)})
    (found,) = review_cycles(read_cycles(changed))
    assert "says nothing of accounts, which retention_rate counts" in found.problem


def test_the_latest_figure_is_that_of_the_reported_quarter_or_none(data):
    log = data.tables["cycles"].execute().head(1)
    log.loc[0, "scope"] = "channel = 'phone' AND started_at < '2026-04-01'"
    changed = replace(data, tables=data.tables | {"cycles": ibis.memtable(log)})
    (found,) = read_cycles(changed)
    assert found.latest is None
