"""What the KPI page shows of units or regions side by side."""

from collections.abc import Sequence

from cxlib.data import Dataset
from cxlib.kpi_drivers.grid import FEWEST_CLUSTERS, Cell
from cxlib.measure.kpis import HIGHER, LOWER, Kpi
from cxlib.measure.panel import Panel
from cxlib.page.finding import Finding
from cxlib.page.screen import BETTER, WORSE, Grid
from cxlib.page.table import Table, make_table
from cxlib.page.wording import Written, capital, estimate, in_sentence, listed, number, rows

# What companies mostly lay their KPIs out by.
USUAL = ("business_unit", "unit", "region", "country", "market", "segment", "industry", "state")
USUAL_OF_COUNTS = ("team", "site", "queue", "channel")
MOST_ROWS, MOST_NAMED = 8, 3


def grid_column(data: Dataset) -> str:
    """The column by which KPIs are laid out: that of `dataset.toml`, or a usual one; or nothing."""
    if data.config.leadership.by:
        return data.config.leadership.by
    tables = [each for each in ("accounts", "customers") if data.has(each)]
    known = {name for each in tables for name in data.columns_of(each)}
    usual = USUAL
    if not tables and data.has("counts"):
        known, usual = set(data.columns_of("counts")), (*USUAL, *USUAL_OF_COUNTS)
    return next((name for name in usual if name in known), "")


def grid_finding(panel: Panel | None, cells: Sequence[Cell], currency: str = "") -> Finding:
    """Where KPIs differ from the rest of the company, beyond chance.

    Args:
        panel: KPIs of the quarter by one column; None where there is no such column.
        cells: As `against_others` gives them.
        currency: Of money.
    """
    groups = list(dict.fromkeys(each.group for each in cells))[:MOST_ROWS]
    if panel is None or len(groups) < 2:
        why = listed(dict.fromkeys(panel.left_out.values())) if panel and not groups else ""
        return Finding(
            "There are no units or regions to compare.",
            evidence=f"{capital(why)}." if why else "",
            news=False,
        )
    by, names = panel.by[0].replace("_", " "), list(dict.fromkeys(each.kpi for each in cells))
    found = {(each.group, each.kpi): each for each in cells}
    table = tuple(
        (group, tuple(_cell(found.get((group, name)), panel.kpis[name], currency)
                      for name in names))
        for group in groups
    )  # fmt: skip
    grid = Grid(by, tuple(panel.kpis[name].label for name in names), table)
    tested = [each for each in cells if each.gap]
    worse = [each for each in tested if _tone(each, panel.kpis[each.kpi]) == WORSE]
    worse = sorted((each for each in worse if each.group in groups), key=lambda each: each.q)
    note = f"{rows(len(tested), 'value')} compared with the rest, allowing for their number."
    if not tested:
        note = f"That takes {FEWEST_CLUSTERS} accounts or customers in each, and none in two."
        return Finding(f"No {by} could be compared with the rest.", evidence=note, news=False,
                       screen=(grid,))  # fmt: skip
    if not worse:
        return Finding(f"No {by} is clearly worse than the rest.", evidence=note, news=False,
                       screen=(grid,))  # fmt: skip
    said = listed(
        f"{in_sentence(panel.kpis[each.kpi].label)} in {each.group} "
        f"({number(each.value.value, each.value.unit, currency)})"
        for each in worse[:MOST_NAMED]
    )
    return Finding(f"Worse than elsewhere: {said}.", evidence=note, screen=(grid,))


def grid_table(panel: Panel | None, cells: Sequence[Cell], currency: str = "") -> Table | None:
    """The grid in numbers, with intervals; None where there are not two groups."""
    groups = list(dict.fromkeys(each.group for each in cells))
    if panel is None or len(groups) < 2:
        return None
    found = {(each.group, each.kpi): each for each in cells}
    names = list(dict.fromkeys(each.kpi for each in cells))
    by = panel.by[0].replace("_", " ").capitalize()
    return make_table(
        [
            {by: group}
            | {panel.kpis[name].label: _written(found.get((group, name)), panel, currency)
               for name in names}
            for group in groups
        ],
        f"KPIs by {by.lower()}, the largest first; better or worse than elsewhere beyond chance",
    )  # fmt: skip


def _written(cell: Cell | None, panel: Panel, currency: str) -> Written:
    if cell is None:
        return estimate(None)
    text, tone = estimate(cell.value, currency), _tone(cell, panel.kpis[cell.kpi])
    return Written(f"{text} {tone}", *text.values) if tone else text


def _cell(cell: Cell | None, kpi: Kpi, currency: str) -> tuple[str, str]:
    if cell is None:
        return "–", ""
    return number(cell.value.value, cell.value.unit, currency), _tone(cell, kpi)


def _tone(cell: Cell, kpi: Kpi) -> str:
    if not cell.gap or not cell.detected or kpi.better not in (HIGHER, LOWER):
        return ""
    return BETTER if (cell.gap.value > 0) == (kpi.better == HIGHER) else WORSE
