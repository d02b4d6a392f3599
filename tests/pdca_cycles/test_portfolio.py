from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import pytest

from cxlib.pdca_cycles import portfolio_page as show
from cxlib.pdca_cycles.log import confounded, reach, read_cycles
from cxlib.pdca_cycles.portfolio import chain_cycles, count_cycles
from cxlib.pdca_cycles.review import review_cycles


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
