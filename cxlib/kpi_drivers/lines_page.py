"""Every KPI over its last quarters, as a small line with process limits."""

from collections.abc import Mapping, Sequence

import pandas as pd

from cxlib.data import Quarter
from cxlib.data.config import Config
from cxlib.measure.kpis import Kpi
from cxlib.measure.panel import Panel, estimate_of
from cxlib.measure.spc import FEWEST_BASELINE, xmr
from cxlib.measure.status import LEVEL, Milestone, gathers
from cxlib.page.drawn import DrawnRows
from cxlib.page.wording import estimate, number
from cxlib.pictures import Point, sparkline

QUARTERS_SHOWN = 8


def recent(quarters: Panel, name: str, quarter: Quarter) -> pd.DataFrame:
    """A KPI in the reported quarter and up to seven before it, the latest last.

    Quarters that can be compared with none are left out: of a snapshot, all earlier ones, in which
    only those are left who stayed.
    """
    rows = quarters.of(name)
    rows = rows[(rows.period <= quarter.start) & rows.value.notna()]
    rows = rows[rows.complete.astype(bool) | (rows.period == pd.Timestamp(quarter.start))]
    return rows.tail(QUARTERS_SHOWN)


def so_far(rows: pd.DataFrame) -> bool:
    """Whether the latest of those quarters is not over, while others are."""
    whole = rows.complete.astype(bool)
    return bool(whole.any() and not whole.iloc[-1])


def comparable(rows: pd.DataFrame, kpi: Kpi) -> pd.DataFrame:
    """Those quarters that a line may join: half of a quarter has half of its revenue."""
    return rows.iloc[:-1] if so_far(rows) and gathers(kpi) != LEVEL else rows


def points_of(rows: pd.DataFrame, config: Config) -> tuple[Point, ...]:
    """What a small line is drawn from: quarters, values and intervals."""
    return tuple(
        (
            str(Quarter.holding(row.period, config.fiscal_year_start)),
            float(row.value),
            *(None if pd.isna(each) else float(each) for each in (row.low, row.high)),
        )
        for row in rows.itertuples()
    )


def limits_before(rows: pd.DataFrame, unit: str) -> tuple[float, float] | None:
    """The process limits that the quarters before the latest give; None where they are too few.

    Those of a share lie between 0 and 1.
    """
    before = rows.value.to_numpy(dtype=float)[:-1]
    if len(before) < FEWEST_BASELINE:
        return None
    chart = xmr(before)
    ends = [float(chart.lower), float(chart.upper)]
    lower, upper = [min(max(end, 0.0), 1.0) for end in ends] if unit == "share" else ends
    return lower, upper


def kpi_lines(
    quarters: Panel, quarter: Quarter, milestones: Sequence[Milestone], config: Config
) -> DrawnRows | None:
    """A line for every KPI of the quarter; None without any.

    Args:
        quarters: Every KPI by quarter.
        quarter: The reported one.
        milestones: The quarter's targets.
        config: The dataset's settings.
    """
    goals = {each.name: each.target for each in milestones if not each.scope and not each.problem}
    lines = [
        _line(quarters, name, rows, goals, config)
        for name in dict.fromkeys(quarters.frame.kpi)
        if len(rows := recent(quarters, name, quarter))
        and rows.period.iloc[-1] == pd.Timestamp(quarter.start)
    ]
    caption = (
        "All KPIs over their last quarters: the band is the 95% interval; dotted are the process "
        "limits of the quarters before, dashed the target"
    )
    return DrawnRows(caption, tuple(lines)) if lines else None


def _line(
    quarters: Panel, name: str, rows: pd.DataFrame, goals: Mapping[str, float], config: Config
) -> tuple[str, str, str]:
    kpi, now, half = quarters.kpis[name], estimate_of(rows.iloc[-1]), so_far(rows)
    rows = comparable(rows, kpi)
    points = points_of(rows, config)
    then, last = (number(rows.value.iloc[place], kpi.unit, config.currency) for place in (0, -1))
    words = f"{kpi.label} from {then} in {points[0][0]} to {last} in {points[-1][0]}"
    drawn = sparkline(points, words, goals.get(name), limits_before(rows, kpi.unit))
    return kpi.label, drawn, f"{estimate(now, config.currency)}{', so far' * half}"
