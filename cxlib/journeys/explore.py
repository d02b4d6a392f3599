"""Widgets for JupyterLab, each with a twin without widgets, which the widget calls."""

import ipywidgets as widgets

from cxlib.data import Dataset
from cxlib.journeys.contacts import follow, measured
from cxlib.journeys.hardship import count_signs, hard_places
from cxlib.journeys.page import AT_TOUCHPOINTS, hard_figure, hard_finding, shown_in
from cxlib.page.chooser import chooser
from cxlib.page.figure import Figure
from cxlib.page.finding import Finding

COLUMNS = ("touchpoint", "reason", "channel", "team", "role", "region", "industry")


def explore_places(data: Dataset) -> widgets.Widget:
    """Choose by what contacts are parted and over how many quarters; see where they are hard."""
    known = [name for name in COLUMNS if name in data.columns_of("interactions")]
    return chooser(
        lambda by, quarters: places_by(data, by, quarters),
        by=known or ["channel"],
        quarters=widgets.IntSlider(4, 1, 8, continuous_update=False),
    )


def places_by(data: Dataset, by: str, quarters: int) -> Figure | Finding:
    """How hard contacts are, by a column; or why they cannot be compared."""
    start, end = data.quarter.shift(1 - quarters).start, data.quarter.end
    journeys = follow(data, start, end, by).by(by)
    shown = shown_in(measured(data, AT_TOUCHPOINTS, [by]), by)
    places = hard_places(journeys, shown)
    return hard_figure(places) or hard_finding(places, count_signs(data, journeys), by)
