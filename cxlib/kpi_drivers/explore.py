"""Widgets for JupyterLab, each with a twin without widgets, which the widget calls."""

import ipywidgets as widgets

from cxlib.data import Dataset
from cxlib.data.expressions import unknown_column
from cxlib.errors import CxError
from cxlib.kpi_drivers.drivers import find_drivers
from cxlib.kpi_drivers.outcomes import outcome_rows, outcomes
from cxlib.kpi_drivers.page import driver_figure, driver_finding
from cxlib.page.figure import Figure
from cxlib.page.finding import Finding
from cxlib.page.wording import capital


def explore_drivers(data: Dataset) -> widgets.Widget:
    """Choose an outcome, drivers, a filter and a window, and press the button; see the drivers."""
    names = outcomes(data)
    # The page has its drivers already: what takes as long again waits for the button.
    return widgets.interactive(
        lambda outcome, without, where, quarters: drivers_of(
            data, outcome, without, where, quarters
        ),
        {"manual": True, "manual_name": "Find drivers", "auto_display": True},
        outcome=names,
        without=widgets.Text("", placeholder="handling, reason", description="Leave out"),
        where=widgets.Text("", placeholder="channel = 'phone'", description="Only where"),
        quarters=widgets.IntSlider(4, 1, 12, continuous_update=False),
    )


def drivers_of(
    data: Dataset, outcome: str, without: str = "", where: str = "", quarters: int = 4
) -> Figure | Finding:
    """The drivers of an outcome, or why there are none.

    Args:
        data: The dataset.
        outcome: One of `kpi_drivers.outcomes.outcomes`.
        without: Drivers to leave out, by name, with commas between them.
        where: A filter; only rows that meet it count.
        quarters: How many quarters to look at, up to the one reported.
    """
    try:
        part = data.filtered(where) if where.strip() else data
        start = part.quarter.shift(1 - quarters).start if part.quarter else part.start
        rows = outcome_rows(part, outcome, start, part.end)
    except CxError as error:
        return Finding(f"{capital(str(error))}.", news=False)
    left_out = [name.strip() for name in without.split(",") if name.strip()]
    if strange := [name for name in left_out if name not in rows.columns]:
        return Finding(capital(str(unknown_column(strange[0], rows.columns))), news=False)
    found = find_drivers(rows.drop(columns=left_out), outcome)
    return driver_figure(found) or driver_finding(found)
