"""Widgets for JupyterLab, each with a twin without widgets, which the widget calls."""

from collections.abc import Sequence

import ipywidgets as widgets

from cxlib.data import Dataset
from cxlib.data.contract import STAGES
from cxlib.errors import ArgumentError
from cxlib.journeys.contacts import follow, measured
from cxlib.journeys.hardship import count_signs, hard_places
from cxlib.journeys.page import AT_TOUCHPOINTS, hard_figure, hard_finding, shown_in
from cxlib.journeys.sheet import TOLD, save_told, told_of_persona
from cxlib.page.chooser import chooser
from cxlib.page.figure import Figure
from cxlib.page.finding import Finding
from cxlib.page.wording import capital

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


def edit_sheet(data: Dataset, personas: Sequence[str]) -> widgets.Widget:
    """Write down what people told of a persona, by stage; the button saves it with the dataset."""
    persona = widgets.Dropdown(options=list(personas), description="Persona")
    wide = widgets.Layout(width="15em", height="4em")
    boxes = {
        (stage, column): widgets.Textarea(placeholder=fill, layout=wide)
        for column, (_, fill) in TOLD.items()
        for stage in STAGES
    }
    save, said = widgets.Button(description="Save"), widgets.Label()

    def show(_=None) -> None:
        mine = told_of_persona(data.folder, persona.value or "")
        for (stage, column), box in boxes.items():
            text = mine[column].get(stage) if column in mine else None
            box.value = text if isinstance(text, str) else ""

    def write(_) -> None:
        texts = {stage: {column: boxes[stage, column].value for column in TOLD} for stage in STAGES}
        try:
            said.value = f"Saved in {save_told(data.folder, persona.value, texts).name}"
        except ArgumentError as error:
            said.value = str(error)

    persona.observe(show, "value")
    save.on_click(write)
    show()
    heads = [widgets.Label(each) for each in ("", *STAGES)]
    lines = [
        cell
        for column in TOLD
        for cell in (widgets.Label(capital(column)), *(boxes[stage, column] for stage in STAGES))
    ]
    grid = widgets.GridBox(
        [*heads, *lines], layout=widgets.Layout(grid_template_columns="9em repeat(4, 16em)")
    )
    return widgets.VBox([persona, grid, widgets.HBox([save, said])])
