"""What cycles leave to decide: what goes on, what is lost, what was decided against the evidence."""

from dataclasses import replace
from datetime import datetime

import pytest
from matplotlib.colors import to_hex

from cxlib.page.figure import GREEN
from cxlib.page.screen import Action, Cause
from cxlib.pdca_cycles.charts import control_chart
from cxlib.pdca_cycles.decisions_page import decide_finding
from cxlib.pdca_cycles.log import read_cycles
from cxlib.pdca_cycles.review import CHANGED, review_cycles

SINCE = datetime(2025, 10, 1)


@pytest.fixture(scope="module")
def board(data):
    return review_cycles(read_cycles(data))


def actions(board, since=SINCE):
    return [each for each in decide_finding(board, since, "EUR").screen if isinstance(each, Action)]


def test_the_planted_decisions_are_found_in_order_of_urgency(board):
    found = actions(board)
    assert [each.title for each in found] == [
        "Check that “Route contacts through a new menu” (P03) is really off",
        "Restart “Reply to e-mails from a library of answers” (P04)",
        "Look again at 4 decisions made against the evidence",
    ]
    assert [each.owner for each in found] == ["CX lead 3", "CX lead 1", ""]
    assert found[0].evidence.startswith(
        "Abandoned on 15 Apr 2026, but transfer rate in APAC is still "
    )
    assert "Decided to adopt, where the evidence says abandon: P07 and P06." in found[2].evidence


def test_each_names_the_kpi_that_it_explains(board):
    causes = [each for each in decide_finding(board, SINCE).screen if isinstance(each, Cause)]
    assert {each.kpi for each in causes} == {"transfer_rate", "average_handle_time"}


def test_decisions_of_long_ago_rest(board):
    assert not any(
        "against the evidence" in each.title for each in actions(board, datetime(2026, 9, 1))
    )


def test_what_was_no_gain_or_was_given_up_is_not_restarted(board):
    (lost,) = [each for each in board if each.held is False]
    for other in (replace(lost, decision="abandon"), replace(lost, verdict=CHANGED)):
        assert not any("Restart" in each.title for each in actions((other,)))
    assert any("Restart" in each.title for each in actions((lost,)))


def test_what_was_abandoned_long_ago_rests(board):
    (on,) = [each for each in board if each.lingers]
    assert any("really off" in each.title for each in actions((on,)))
    assert not actions((on,), datetime(2026, 5, 1))


def test_a_single_decision_is_called_by_its_name(board):
    (one,) = [each for each in board if each.cycle_id == "P07"]
    (found,) = actions((one,))
    assert found.title == "Look again at “Publish how-to videos” (P07)"
    assert found.owner == one.owner


def test_where_all_is_well_nothing_is_to_be_decided(board):
    well = [replace(each, lingers=None, watch=None, decision=each.rule) for each in board]
    finding = decide_finding(well, SINCE)
    assert (finding.screen, finding.news) == ((), False)
    assert decide_finding((), SINCE).screen == ()


def test_on_a_chart_whose_gain_is_lost_no_late_point_is_good_news(board):
    (lost,) = [each for each in board if each.cycle_id == "P04"]
    figure = control_chart(lost, "EUR")
    axis = figure.axes[0]
    assert axis.get_title(loc="right").replace("\n", " ") == (
        "P04: average handle time fell 131 s, but the gain has been lost since Feb 2026"
    )
    colours = [to_hex(each).upper() for each in axis.collections[-1].get_facecolors()]
    late = [colour for colour, when in zip(colours, lost.months, strict=True)
            if when >= lost.watch.alarm]  # fmt: skip
    assert GREEN in colours
    assert GREEN not in late
