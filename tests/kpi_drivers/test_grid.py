"""Units side by side: which differ from the others, and seldom where accounts are dealt by lot."""

import numpy as np
import pandas as pd
import pytest

import cxlib as cx
from cxlib.kpi_drivers import grid_page as show
from cxlib.kpi_drivers.grid import against_others
from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import KPIS
from cxlib.measure.panel import Panel
from tests.conftest import draws

SHOWN = ("nps", "csat_top2", "first_contact_resolution", "transfer_rate", "retention_rate")


def panel(**groups):
    """A panel of one KPI (NPS) by region, from estimates."""
    rows = [
        {"kpi": "nps", "period": pd.Timestamp("2026-07-01"), "region": name, "value": each.value,
         "low": each.low, "high": each.high, "n": each.n, "unit": "points", "clusters": each.n}
        for name, each in groups.items()
    ]  # fmt: skip
    return Panel(pd.DataFrame(rows), ("region",), {}, pd.DataFrame(), KPIS)


def near(value, half=4.0, n=100):
    return Estimate(value, value - half, value + half, n, "points")


def test_a_region_is_compared_with_all_others_by_their_numbers():
    found = panel(a=near(10.0), b=near(40.0, n=300), c=near(20.0))
    largest, first, _ = against_others(found, ["nps"])
    assert (largest.group, first.group) == ("b", "a")
    assert first.gap.value == pytest.approx(10 - (3 * 40 + 20) / 4)
    assert first.gap.high - first.gap.value == pytest.approx(np.hypot(4, 4 * np.hypot(3, 1) / 4))
    finding = show.grid_finding(found, against_others(found, ["nps"]))
    assert finding.sentence.startswith("Worse than elsewhere: Net Promoter Score in a (10.0)")
    (grid,) = finding.screen
    table = show.grid_table(found, against_others(found, ["nps"])).frame
    assert table["Net Promoter Score"][0] == "40.0 (36.0 to 44.0) better"
    assert dict(grid.rows) == {"a": (("10.0", "worse"),), "b": (("40.0", "better"),),
                               "c": (("20.0", "worse"),)}  # fmt: skip


def test_a_group_of_few_is_shown_and_not_judged():
    found = panel(a=near(10.0), b=near(40.0), c=near(90.0, n=19))
    cells = {each.group: each for each in against_others(found, ["nps"])}
    assert cells["c"].gap is None
    assert cells["a"].gap.value == pytest.approx(-30)
    (grid,) = show.grid_finding(found, tuple(cells.values())).screen
    assert dict(grid.rows)["c"] == (("90.0", ""),)


def test_groups_that_share_accounts_are_shown_and_not_judged():
    found = panel(a=near(10.0), b=near(90.0))
    cells = against_others(found, ["nps"], apart=False)
    assert {each.gap for each in cells} == {None}
    finding = show.grid_finding(found, cells)
    assert finding.sentence == "No region could be compared with the rest."
    assert "20 accounts or customers in each, and none in two" in finding.evidence
    assert "clearly worse" in show.grid_finding(panel(a=near(10.0), b=near(10.5)),
                                                against_others(panel(a=near(10.0), b=near(10.5)),
                                                               ["nps"])).sentence  # fmt: skip


@pytest.mark.parametrize(
    "found",
    [panel(), panel(a=near(10.0)), panel(a=near(1.0), b=Estimate(5, np.nan, np.nan, 1, "points"))],
    ids=["no group", "one group", "no interval"],
)
def test_where_nothing_can_be_compared_nothing_is_claimed(found):
    cells = against_others(found, ["nps"]) if len(found.frame) else ()
    assert show.grid_table(None, ()) is None
    assert not any(each.detected for each in cells)
    assert not show.grid_finding(found, cells).news


def test_a_column_that_there_is_not_is_named(data):
    sides = cx.measure(data, SHOWN, by=["regoin"], period="quarter", since=data.quarter)
    finding = show.grid_finding(sides, against_others(sides, SHOWN))
    assert "Cannot be split by regoin: no column of surveys" in finding.evidence


def test_in_the_demonstration_it_is_the_transfers_of_one_region(data):
    sides = cx.measure(data, SHOWN, by=["region"], period="quarter", since=data.quarter)
    cells = against_others(sides, SHOWN)
    worse = [(each.kpi, each.group) for each in cells if each.detected and each.gap.value > 0]
    assert worse == [("transfer_rate", "APAC")]


def test_regions_dealt_to_accounts_by_lot_seldom_differ(data):
    """Real rows, accounts dealt into three regions: few deals show any difference."""
    rng, deals, claims = np.random.default_rng(3), draws(40, 20), 0
    accounts = data.rows("accounts").account_id.execute().sort_values().to_numpy()
    for _ in range(deals):
        lot = rng.choice(["x", "y", "z"], len(accounts), p=[0.45, 0.33, 0.22])
        dealt = data.attach("accounts", pd.DataFrame({"account_id": accounts, "lot": lot}))
        sides = cx.measure(dealt, SHOWN, by=["lot"], period="quarter", since=data.quarter)
        claims += any(each.detected for each in against_others(sides, SHOWN))
    assert claims / deals <= 0.05 + 2.33 * np.sqrt(0.05 * 0.95 / deals)
