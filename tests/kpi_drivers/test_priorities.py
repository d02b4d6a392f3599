from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cxlib.kpi_drivers import priorities_page as show
from cxlib.kpi_drivers.drivers import find_drivers
from cxlib.kpi_drivers.priorities import FIX_FIRST, KEEP_UP, OVER_SERVED, WATCH, make_map


def answers(rng, count=2_000) -> pd.DataFrame:
    """One driver in each quadrant: how much each matters, and how often it goes well."""
    well = {"fix": 0.4, "keep": 0.9, "watch": 0.4, "over": 0.9}
    weight = {"fix": 1.0, "keep": 1.6, "watch": 0.25, "over": 0.35}
    table = {name: (rng.random(count) > share).astype(float) for name, share in well.items()}
    score = 5 - sum(weight[name] * values for name, values in table.items())
    return pd.DataFrame(
        {"customer_id": np.arange(count), "score": score + 0.5 * rng.normal(size=count), **table,
         "shop": rng.choice(["a", "b"], count), "idle": rng.normal(size=count)}
    )  # fmt: skip


def test_each_planted_driver_stands_in_its_quadrant():
    table = answers(np.random.default_rng(1))
    found = make_map(find_drivers(table, "csat", resamples=200), table)
    expected = {"fix": FIX_FIRST, "keep": KEEP_UP, "watch": WATCH, "over": OVER_SERVED}
    assert {each.driver.name: each.quadrant for each in found.placements} == expected
    assert all(each.certain for each in found.placements)
    assert "category" in found.left_out["shop"]
    assert "not known whether more" in found.left_out["idle"]


def test_performance_is_the_share_of_good_contacts_where_a_driver_is_yes_or_no():
    table = answers(np.random.default_rng(2))
    found = make_map(find_drivers(table, "csat", resamples=50), table)
    for each in found.placements:
        assert each.performance.value == pytest.approx(1 - table[each.driver.name].mean())
    means = [each.performance.value for each in found.placements]
    assert found.performance == pytest.approx(np.mean(means))


def test_a_number_is_placed_between_its_worst_and_best_twentieth():
    rng = np.random.default_rng(3)
    table = answers(rng)
    table["wait"] = rng.exponential(1, len(table))
    table["score"] -= table.wait
    found = make_map(find_drivers(table, "csat", resamples=50), table)
    each = next(each for each in found.placements if each.driver.name == "wait")
    best, worst = table.wait.quantile([0.05, 0.95])
    expected = ((worst - table.wait) / (worst - best)).clip(0, 1).mean()
    assert each.performance.value == pytest.approx(expected)


def test_where_a_line_runs_through_an_interval_the_place_is_not_certain():
    rng = np.random.default_rng(4)
    table = answers(rng, 120)
    found = make_map(find_drivers(table, "csat", resamples=200), table)
    unsure = [each for each in found.placements if not each.certain]
    assert unsure
    sentence = show.priority_finding(found).sentence
    assert all(f"{show.aim(each.driver)} (perhaps)" in sentence for each in unsure)


def test_with_fewer_than_two_directions_there_is_no_map():
    rng = np.random.default_rng(5)
    table = answers(rng)[["customer_id", "score", "fix", "shop"]]
    for found in (
        make_map(find_drivers(table, "csat", resamples=50), table),
        make_map(find_drivers(table.iloc[:5], "csat"), table.iloc[:5]),
    ):
        assert found.placements == ()
        assert "too few drivers" in show.priority_finding(found).sentence
        assert show.priority_figure(found) is None
        assert show.priority_table(found) is None
        assert show.priority_frame(found).empty


def test_the_page_draws_the_map():
    table = answers(np.random.default_rng(6))
    found = make_map(find_drivers(table, "csat", resamples=50), table)
    figure = show.priority_figure(found)
    assert "less fix: matters" in figure.alt
    texts = {each.get_text() for each in figure.axes[0].texts}
    assert texts >= {"Fix first", "less keep", "less over"}
    assert show.priority_table(found).frame.Reading.tolist()[0] == "fix first"


def test_what_has_become_better_shows():
    """Waits are cut to a quarter: against all that was ever seen, they now go well."""
    rng = np.random.default_rng(7)
    before, now = answers(rng), answers(rng)
    for table, usual in ((before, 1.0), (now, 0.25)):
        table["wait"] = rng.exponential(usual, len(table))
        table["score"] -= table.wait
    found = {
        name: next(
            each
            for each in make_map(find_drivers(now, "csat", resamples=50), now, seen).placements
            if each.driver.name == "wait"
        ).performance.value
        for name, seen in (("own", now), ("ever", pd.concat([before, now])))
    }
    assert found["own"] < 0.75
    assert found["ever"] > 0.85


def test_drivers_are_called_what_is_good_for_the_score():
    table = answers(np.random.default_rng(8)).rename(columns={"fix": "not resolved"})
    found = make_map(find_drivers(table, "csat", resamples=50), table)
    assert "Fix first: solving at first contact." in show.priority_finding(found).sentence


def test_a_cycle_is_to_begin_only_on_what_costs_satisfaction():
    rng = np.random.default_rng(6)
    table = answers(rng).rename(columns={"keep": "handling", "fix": "transfers"})
    found = make_map(find_drivers(table, "csat", resamples=50), table)
    started = [each.title for each in show.priority_finding(found).screen]
    assert started == ["Start a cycle on transfer rate"]
    better = replace(found, placements=tuple(map(_turned, found.placements)))
    assert show.priority_finding(better).screen == ()
    assert "goes with" in show.priority_finding(found).screen[0].evidence


def _turned(each):
    step = each.driver.per_step
    raised = replace(step, value=-step.value, low=-step.high, high=-step.low)
    return replace(each, driver=replace(each.driver, per_step=raised))
