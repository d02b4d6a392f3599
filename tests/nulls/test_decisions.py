"""Noise asks for nothing to be decided: weeks dealt by lot, and scores dealt among the answers."""

import os
from dataclasses import replace

import ibis
import numpy as np
import pandas as pd

import cxlib as cx
from cxlib.page.screen import Action
from tests.conftest import draws
from tests.nulls.test_real_rows import dealt

WORLDS = int(os.environ.get("CX_NULLS", draws(4, 2)))
# Of 40 worlds at most two; of fewer, as many as chance makes of one in twenty, twice in a hundred.
MOST = 0.05 + 2.33 * np.sqrt(0.05 * 0.95 / WORLDS)


def noise(data, rng):
    """The demonstration's own rows without what was planted, its cycles still undecided."""
    world, *_ = dealt(data, 7, rng)
    answers = data.tables["surveys"].execute()
    given = answers.score.notna()
    for metric in answers.metric.unique():
        mine = given & (answers.metric == metric)
        answers.loc[mine, "score"] = rng.permutation(answers.score[mine])
    cycles = data.tables["cycles"].execute()
    cycles["decision"], cycles["closed_at"] = None, pd.NaT
    cycles = cycles.astype({"decision": "str", "closed_at": "datetime64[us]"})
    made = {"surveys": ibis.memtable(answers), "cycles": ibis.memtable(cycles)}
    return replace(world, tables=dict(world.tables) | made)


def asked_for(world):
    """What the first screen would ask to be decided, of cycles and of drivers."""
    board = cx.pdca_cycles.review_cycles(cx.pdca_cycles.read_cycles(world))
    since = world.quarter.shift(-3).start
    findings = [cx.pdca_cycles.decide_finding(board, since)]
    answers = cx.kpi_drivers.answers_with_contact(world, "csat", since)
    found = cx.kpi_drivers.make_map(cx.kpi_drivers.find_drivers(answers, "csat"), answers)
    findings.append(cx.kpi_drivers.priority_finding(found))
    return [part.title for each in findings for part in each.screen if isinstance(part, Action)]


def test_noise_asks_for_nothing_to_be_decided(data, capsys):
    rng = np.random.default_rng(23)
    asked = [asked_for(noise(data, rng)) for _ in range(WORLDS)]
    with capsys.disabled():
        print(f"\ndecisions asked for in {sum(map(bool, asked))} of {WORLDS} worlds of noise")
    assert np.mean([bool(each) for each in asked]) <= MOST, asked
