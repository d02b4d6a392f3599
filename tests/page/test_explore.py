"""What the widgets call, without a widget; and that each widget can be built."""

import ipywidgets as widgets
import pytest

from cxlib.account_tiers.accounts import quarter_books
from cxlib.account_tiers.assignment import standings
from cxlib.account_tiers.explore import explore_tiers, tiers_at
from cxlib.kpi_drivers.explore import drivers_of, explore_drivers
from cxlib.page.figure import Figure
from cxlib.score_changes.explore import explore_ledger, ledger_of
from cxlib.score_worth.explore import explore_groups, groups_by
from cxlib.score_worth.results import later_business


@pytest.mark.parametrize(
    ("outcome", "without"), [("ces", "channel"), ("transfer_rate", "channel, reason"),
                             ("revenue", "prior revenue")]
)  # fmt: skip
def test_drivers_of_any_outcome_within_any_window(data, outcome, without):
    figure = drivers_of(data, outcome, without, quarters=2)
    assert isinstance(figure, Figure)
    assert not any(name in figure.alt for name in without.split(", "))


def test_a_mistyped_driver_is_said(data):
    told = drivers_of(data, "ces", without="chanel")
    assert told.sentence == "There is no column chanel; did you mean channel?"


def test_drivers_within_a_filter_that_cannot_be_used_say_why(data):
    told = drivers_of(data, "csat", where="chanel = 'phone'")
    assert "did you mean channel?" in told.sentence
    assert "at least 50 answers" in drivers_of(data, "csat", quarters=1, where=(
        "channel = 'phone' AND region = 'APAC' AND industry = 'finance'"
    )).sentence  # fmt: skip


@pytest.mark.parametrize("kpi", ["nps", "csat"])
def test_the_change_of_any_score_is_split_by_any_column(data, kpi):
    assert "Response rates" in ledger_of(data, kpi, "team", 1).alt
    assert "cannot be split" in ledger_of(data, kpi, "region", 20).sentence


def test_groups_by_any_question(data):
    later = later_business(data, data.quarter.previous.start, data.quarter.end)
    assert "hard" in groups_by(later, "ces", 6, data.config).alt
    assert "cannot be compared" in groups_by(later.iloc[:5], "ces", 6, data.config).sentence


def test_other_thresholds_and_capacities_are_told_with_their_moves(data):
    tiers = standings(quarter_books(data, data.quarter), data.config.tiers)[-1].tiers
    same, _ = tiers_at(tiers, data.config.tiers, "EUR")
    assert "0 accounts move up, 0 down, and 0 EUR of revenue with them" in same.sentence
    told, figure = tiers_at(tiers, data.config.tiers, capacity_1=40, revenue_12m=30_000)
    assert told.sentence.startswith("Tier I: 40 · ")
    assert "Tier I" in figure.alt
    assert isinstance(explore_tiers(tiers, data.config.tiers), widgets.Widget)


def test_the_widgets_can_be_built(data):
    later = later_business(data, data.quarter.start, data.quarter.end)
    for built in (
        explore_drivers(data),
        explore_ledger(data),
        explore_groups(later, 3, data.config),
    ):
        assert isinstance(built, widgets.Widget)
