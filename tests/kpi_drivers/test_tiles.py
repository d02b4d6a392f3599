"""The tiles of the first screen: which KPIs, and what is said of each."""

import re
from dataclasses import asdict, replace
from datetime import datetime

import pandas as pd
import pytest

import cxlib as cx
from cxlib.batch.screen import assemble
from cxlib.batch.summary import sentences
from cxlib.data import open_dataset
from cxlib.data.config import Config, Leadership
from cxlib.demo import truth
from cxlib.errors import DataError
from cxlib.kpi_drivers import tiles_page as show
from cxlib.kpi_drivers.outcomes import worked_on
from cxlib.measure import KPIS, catalogue
from cxlib.measure.contrast import Change
from cxlib.measure.estimate import Estimate
from cxlib.measure.status import MET, MISSED, Milestone
from cxlib.pictures import sparkline
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def quarters(data):
    return cx.measure(data, period="quarter")


@pytest.fixture(scope="module")
def targets(data):
    return cx.measure.judge_targets(cx.measure.read_targets(data))


def change(kpi, value, half, q):
    now, before = (Estimate(each, each - 1, each + 1, 10, "points") for each in (value, 0.0))
    gap = Estimate(value, value - half, value + half, 10, KPIS[kpi].unit)
    return Change(KPIS[kpi], now, before, gap, q, 3 * half)


def test_those_with_targets_come_first_and_of_a_rating_one(quarters, targets):
    chosen = show.choose_kpis(quarters, targets, Config("x"))
    assert chosen == sorted(truth.TARGETS)
    few = [each for each in targets if each.name in ("nps", "csat_top2")]
    chosen = show.choose_kpis(quarters, few, Config("x"))
    assert chosen == ["csat_top2", "nps", "ces", "first_contact_resolution", "retention_rate",
                      "revenue"]  # fmt: skip
    own = Config("x", leadership=Leadership(tiles=("revenue", "backlog", "nps")))
    assert show.choose_kpis(quarters, targets, own) == ["revenue", "nps"]


def test_without_targets_the_levels_are_told(data, quarters):
    finding = show.tiles_finding(quarters, data.quarter, [], (), data.config)
    assert finding.sentence == "No targets are set: these are the levels."
    tiles = [each for each in finding.screen if each.part == "tile"]
    assert {each.now for each in tiles} == {""}
    assert {each.change for each in tiles} == {"nothing to compare with yet"}
    assert all(len(each.points) == 8 and each.points[-1][0] == "2026Q3" for each in tiles)


def test_the_demonstrations_tiles_say_met_missed_and_open(data, quarters, targets):
    finding = show.tiles_finding(quarters, data.quarter, [], targets, data.config)
    assert finding.sentence == "Missed: retention rate and transfer rate."
    now = {each.kpi: each.now for each in finding.screen if each.part == "tile"}
    assert now == {
        "retention_rate": MISSED, "csat_top2": "cannot tell yet", "first_contact_resolution": MET,
        "nps": "cannot tell yet", "transfer_rate": MISSED, "average_handle_time": MET,
    }  # fmt: skip
    alt = show.tiles_figure(quarters, data.quarter, list(now), targets, "EUR").alt
    assert "Retention rate from" in alt


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (change("nps", 9.0, 4.0, 0.001), ("better", "+9.0 on last year", "rose 9.0 since last year")),
        (change("nps", -9.0, 4.0, 0.001), ("worse", "−9.0 on last year", "fell 9.0 since last year")),
        (change("nps", 5.0, 4.0, 0.2), ("may have changed", "+5.0 on last year", "")),
        (change("nps", 1.0, 4.0, 0.9), ("steady", "(±12.0 would show)", "")),
        (change("contact_volume", 9.0, 4.0, 0.001), ("changed", "+9 on last year", "rose 9 since last year")),
    ],
    ids=["better", "worse", "may have", "steady", "neither is better"],
)  # fmt: skip
def test_a_change_is_said_in_three_steps_of_certainty(found, expected):
    kpi = found.kpi
    assert show._variation(kpi, kpi.name, [("last year", [found])], "") == expected


def test_a_clear_change_since_last_quarter_comes_before_an_unclear_one_since_last_year():
    several = [("last year", [change("nps", 1.0, 4.0, 0.9)]),
               ("last quarter", [change("nps", -9.0, 4.0, 0.001)])]  # fmt: skip
    assert show._variation(KPIS["nps"], "nps", several, "")[1] == "−9.0 on last quarter"


def test_a_running_quarter_shows_how_likely_its_target_is(data, quarters):
    milestone = Milestone("nps", KPIS["nps"], "", "", "", 30.0, None, False, probability=0.724)
    finding = show.tiles_finding(quarters, data.quarter, [], (milestone,), data.config)
    (tile,) = [each for each in finding.screen if each.part == "tile" and each.kpi == "nps"]
    assert tile.now == "72% likely to be met"


def test_a_kpi_that_there_is_not_is_one_line_with_its_place():
    for setting in ("tiles", "grid"):
        config = Config("x", leadership=replace(Leadership(), **{setting: ("npss",)}))
        with pytest.raises(DataError, match=rf"leadership\.{setting}: there is no KPI 'npss'; did"):
            catalogue(config)


def test_a_quarter_in_which_nothing_was_measured_has_no_tiles(data, quarters):
    finding = show.tiles_finding(quarters, data.quarter.shift(9), [], (), data.config)
    assert finding.sentence == "No KPI can be measured in this quarter."
    assert show.tiles_figure(quarters, data.quarter.shift(-40), ["nps"], ()) is None


def test_a_cycle_works_on_its_kpi_until_a_year_after_and_not_once_abandoned(data):
    import ibis

    log = data.tables["cycles"].execute().head(4)
    log["kpi"] = ["nps", "csat", "ces", "revenue"]
    log["do_date"] = pd.to_datetime(["2026-08-01", "2024-01-01", "2024-01-01", "2026-08-01"])
    log["decision"] = ["adopt", "adopt", None, "abandon"]
    changed = replace(data, tables=data.tables | {"cycles": ibis.memtable(log)})
    assert worked_on(changed) == {"nps", "ces"}
    assert worked_on(replace(data, tables={})) == frozenset()


@pytest.fixture(scope="module")
def half():
    """The demonstration as it stood half-way through its last quarter."""
    whole = open_dataset(ROOT / "data" / "demo", "2026Q3")
    return replace(whole, end=datetime(2026, 8, 20))


def test_half_a_quarter_is_said_to_be_half(half):
    quarters = cx.measure(half, period="quarter")
    targets = cx.measure.judge_targets(cx.measure.read_targets(half))
    config = replace(half.config, leadership=Leadership(tiles=("revenue", "nps", "retention_rate")))
    finding = show.tiles_finding(quarters, half.quarter, [], targets, config)
    tiles = {each.kpi: each for each in finding.screen if each.part == "tile"}
    revenue = tiles["revenue"]
    assert revenue.so_far
    assert revenue.interval.endswith(" so far")
    assert "so far" in revenue.sentence
    # A mean is what it is, and grows no more.
    assert not tiles["nps"].so_far
    # Half of this year's quarter is not measured against all of last year's.
    assert not [each for each in finding.screen if each.part == "amount"]
    # The line stops where quarters end.
    drawn = assemble(sentences([{"notebook": "x", "sentence": "s", "news": True,
                                 "screen": [asdict(revenue)]}])).tiles[0]["line"]  # fmt: skip
    assert _corners(drawn) == len(revenue.points) - 1
    assert _corners(sparkline(revenue.points, "x")) == len(revenue.points)


def _corners(svg):
    return len(re.search(r'<polyline points="([^"]+)"', svg)[1].split())


def test_churn_moves_as_retention_does_the_other_way():
    now, before = Estimate(0.95, 0.94, 0.96, 900, "share"), Estimate(0.98, 0.97, 0.99, 900, "share")
    fell = Change(KPIS["retention_rate"], now, before, Estimate(-0.03, -0.05, -0.01, 900, "share"),
                  0.001, 0.02)  # fmt: skip
    found = show._variation(KPIS["churn_rate"], "churn_rate", [("last year", [fell])], "")
    assert found == ("worse", "+3.0 points on last year", "rose 3.0 points since last year")


@pytest.mark.parametrize(
    ("probability", "over", "sentence"),
    [
        (0.1, False, "Unlikely to be met: the target of Net Promoter Score."),
        (0.6, False, "The quarter is not over: no target is yet met or missed."),
        (0.6, True, "No target was clearly missed; 1 of 1 are too close to tell."),
    ],
)
def test_a_running_quarter_is_judged_by_how_likely_its_targets_are(
    data, quarters, probability, over, sentence
):
    goal = Milestone("nps", KPIS["nps"], "", "", "", 30.0, None, over, probability=probability)
    config = replace(data.config, leadership=Leadership(tiles=("nps",)))
    assert show.tiles_finding(quarters, data.quarter, [], (goal,), config).sentence == sentence
