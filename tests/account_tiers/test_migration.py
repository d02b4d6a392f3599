from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from cxlib.account_tiers import migration_page
from cxlib.account_tiers.accounts import quarter_books
from cxlib.account_tiers.assignment import assign_tiers, standings
from cxlib.account_tiers.migration import migrate, moved_since
from cxlib.data.declared import Override
from cxlib.data.quarter import Quarter
from tests.account_tiers.test_assignment import ABSOLUTE, facts

QUARTER = Quarter.parse("2026Q2")


def moved_from(before, now, rules=ABSOLUTE, rules_now=None):
    return migrate(assign_tiers(before, rules), assign_tiers(now, rules_now or rules))


def test_who_moved_and_why():
    before = facts(revenue_12m=[50, 500, 10, 10, 500], growth_potential=[0, 0, 60, np.nan, 60])
    now = facts(revenue_12m=[150, 40, 10, 10, 40], growth_potential=[0, 0, 30, 80, 60])
    found = moved_from(before, now)
    table = found.moved
    assert table.loc["A0", ["before", "now", "cause", "input"]].tolist() == [
        "III", "I", "value", "revenue_12m"]  # fmt: skip
    assert table.loc["A1", ["before", "now", "cause"]].tolist() == ["I", "III", "value"]
    assert table.loc["A2", ["before", "now", "input"]].tolist() == [
        "II", "III", "growth_potential"]  # fmt: skip
    assert table.loc["A3", ["before", "now", "cause"]].tolist() == ["III", "II", "known"]
    assert table.loc["A4", ["before", "now"]].tolist() == ["I", "II"]
    assert sorted(found.went(upwards=True).index) == ["A0", "A3"]
    assert sorted(found.went(upwards=False).index) == ["A1", "A2", "A4"]
    assert migration_page.why(table.loc["A0"], "EUR") == (
        "revenue of the last twelve months went from 50.00 EUR to 150 EUR, threshold 100 EUR"
    )


def test_a_threshold_that_moved_is_the_reason_where_the_account_did_not():
    table = facts(revenue_12m=[90.0, 10.0])
    found = moved_from(table, table, rules_now=replace(ABSOLUTE, revenue=80))
    assert found.moved.loc["A0", ["cause", "threshold_before", "threshold_now"]].tolist() == [
        "threshold", 100, 80]  # fmt: skip
    assert "the threshold of revenue" in migration_page.why(found.moved.loc["A0"])


def test_overrides_are_named_as_the_cause():
    table = facts(revenue_12m=[1.0])
    by_hand = replace(ABSOLUTE, overrides=(Override("A0", "I", "partner", date(2030, 1, 1)),))
    assert moved_from(table, table, rules_now=by_hand).moved.cause.tolist() == ["override"]


def test_arrivals_and_departures_are_no_moves_and_everything_adds_up():
    before, now = facts(revenue_12m=[500.0, 7.0]), facts(revenue_12m=[500.0, 7.0, 9.0]).iloc[1:]
    found = moved_from(before, now)
    assert found.moved.cause.to_dict() == {"A0": "departure", "A2": "arrival"}
    assert found.went(True).empty
    assert found.went(False).empty
    assert found.accounts.to_numpy().sum() == 3
    assert found.revenue.to_numpy().sum() == pytest.approx(516)
    assert found.accounts.loc["I", "left"] == 1
    told = migration_page.moved_finding(found, QUARTER, "EUR").sentence
    assert told == (
        "Since 2026Q2, 1 account churned (500 EUR a year); 1 joined; no account changed tier."
    )
    assert migration_page.moved_table(found, QUARTER) is None


def test_a_quarter_that_is_not_known_is_said_so(data):
    stood = standings(quarter_books(data, data.quarter), data.config.tiers)
    assert moved_since(stood, data.quarter.previous).accounts.loc["I", "I"] > 50
    assert moved_since(stood, data.quarter.year_before) is not None
    nothing = moved_since(stood, data.quarter.shift(-9))
    assert nothing is None
    assert "are not known" in migration_page.moved_finding(nothing, data.quarter.shift(-9)).sentence
    assert migration_page.flow_table(nothing, QUARTER) is None


def test_the_demonstration_moves_both_ways_by_what_has_changed(data):
    """What is entered of an account stays as it is; and each move up passes the threshold."""
    stood = standings(quarter_books(data, data.quarter), data.config.tiers)
    moved = moved_since(stood, data.quarter.year_before)
    between = pd.concat([moved.went(True), moved.went(False)])
    assert set(between.input) <= {"revenue_12m", "growth_potential", "lifetime_value"}
    assert len(moved.went(True)) >= 5 <= len(moved.went(False))
    up = moved.went(True)
    # In between, an account may have passed the threshold and now be kept by the buffer.
    buffer = 1 - data.config.tiers.buffer
    assert (up.value_now >= buffer * up.threshold_now).all()
    assert (up.value_now >= up.threshold_now).mean() > 0.8


def test_the_bridge_leads_from_then_to_now():
    before = facts(revenue_12m=[500.0, 100.0, 50.0, 20.0])
    now = facts(revenue_12m=[400.0, 130.0, 50.0, 30.0, 60.0]).drop(index="A3")
    steps = moved_from(before, now).bridge
    assert steps.to_dict() == {
        "started": 670, "joined": 60, "grew": 30, "shrank": -100, "churned": -20, "ended": 640,
    }  # fmt: skip
    found = moved_from(before, now)
    figure = migration_page.bridge_figure(found, QUARTER, "EUR")
    assert (
        figure.canvas.get_suptitle()
        .replace("\n", " ")
        .startswith("Churn took 20 EUR a year; new and")
    )
    assert "churned −20.00 EUR" in figure.alt
    heights = [bar.get_y() + bar.get_height() for bar in figure.axes[0].patches]
    assert heights[-1] == 640
    assert migration_page.bridge_figure(None, QUARTER) is None
    assert migration_page.bridge_figure(found, QUARTER, dated=False) is None


def test_without_earlier_revenue_there_is_no_bridge():
    found = moved_from(facts(revenue_12m=[0.0, 0.0]), facts(revenue_12m=[1.0, 2.0]))
    assert migration_page.bridge_figure(found, QUARTER) is None


def test_the_bridge_of_the_demonstration_adds_up(data):
    stood = standings(quarter_books(data, data.quarter), data.config.tiers)
    steps = moved_since(stood, data.quarter.previous).bridge
    assert steps[["started", "joined", "grew", "shrank", "churned"]].sum() == pytest.approx(
        steps.ended
    )
    assert steps.churned < 0 < steps.grew
