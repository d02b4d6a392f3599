"""Every KPI as a small line: with limits from the quarters before, and targets."""

import pandas as pd
import pytest

import cxlib as cx
from cxlib.data.config import Config
from cxlib.kpi_drivers.lines_page import comparable, kpi_lines, limits_before, recent, so_far
from cxlib.measure import KPIS


def test_limits_are_those_of_an_individuals_chart_of_the_quarters_before():
    # Mean 11, mean moving range 2: 11 ± 2.66 × 2, whatever the latest quarter is.
    rows = pd.DataFrame({"value": [10.0, 12.0, 10.0, 12.0, 99.0]})
    assert limits_before(rows, "points") == pytest.approx((11 - 5.32, 11 + 5.32), abs=0.01)
    assert limits_before(rows.tail(4), "points") is None
    share = pd.DataFrame({"value": [0.97, 0.99, 0.97, 0.99, 0.5]})
    low, high = limits_before(share, "share")
    assert (0 < low < 0.97, high) == (True, 1.0)


def test_every_kpi_of_the_quarter_has_a_line(data):
    quarters = cx.measure(data, period="quarter")
    targets = cx.measure.judge_targets(cx.measure.read_targets(data))
    lines = kpi_lines(quarters, data.quarter, targets, data.config)
    now = quarters.frame[quarters.frame.period == pd.Timestamp(data.quarter.start)]
    assert len(lines.rows) == now[now.value.notna()].kpi.nunique() > 20
    drawn = {name: svg for name, svg, _ in lines.rows}
    assert 'class="goal"' in drawn["Retention rate"]
    assert 'class="goal"' not in drawn["CSAT"]
    assert all(svg.count('class="limit"') == 2 for svg in drawn.values())
    assert all("nan" not in svg for svg in drawn.values())


def test_a_quarter_in_which_nothing_was_measured_has_no_lines(data):
    quarters = cx.measure(data, ["csat"], period="quarter")
    assert kpi_lines(quarters, data.quarter.shift(9), (), Config("x")) is None


def quarters_of(values, complete):
    starts = pd.date_range("2025-07-01", periods=len(values), freq="QS")
    return pd.DataFrame({"period": starts, "value": values, "complete": complete})


def test_half_a_quarter_ends_no_line_of_sums():
    running = quarters_of([9.0, 10.0, 11.0, 2.0], [True, True, True, False])
    assert so_far(running)
    assert list(comparable(running, KPIS["revenue"]).value) == [9.0, 10.0, 11.0]
    assert list(comparable(running, KPIS["nps"]).value) == [9.0, 10.0, 11.0, 2.0]
    # Of a snapshot no quarter can be compared with another: none of them is a half.
    snapshot = quarters_of([9.0, 10.0, 11.0, 2.0], [False] * 4)
    assert not so_far(snapshot)
    assert len(comparable(snapshot, KPIS["revenue"])) == 4


def test_of_a_snapshot_no_earlier_quarter_is_shown(tmp_path):
    """Of those who are left, all had stayed until then: a line would fall where nothing did."""
    rows = [f"A{n},2025-0{n % 9 + 1}-03,{'2026-09-30' if n % 4 == 0 else ''}" for n in range(60)]
    paid = [f"A{n},{month}-05,10" for n in range(60) for month in ("2026-02", "2026-05", "2026-08")]
    (tmp_path / "dataset.toml").write_text('name = "x"\n')
    (tmp_path / "accounts.csv").write_text("\n".join(["account_id,signup_date,churn_date", *rows]))
    (tmp_path / "revenue.csv").write_text("\n".join(["account_id,booked_at,amount", *paid]))
    data = cx.open_dataset(tmp_path, "2026Q3")
    quarters = cx.measure(data, ["retention_rate", "revenue"], period="quarter")
    assert len(quarters.of("retention_rate")) > 1
    for name in ("retention_rate", "revenue"):
        assert len(recent(quarters, name, data.quarter)) == 1
