"""Widgets for JupyterLab, each with a twin without widgets, which the widget calls."""

import ipywidgets as widgets

from cxlib.page.chooser import chooser
from cxlib.pdca_cycles.charts import control_chart
from cxlib.pdca_cycles.review import Cycle


def explore_cycles(board: tuple[Cycle, ...], currency: str = "") -> widgets.Widget:
    """Choose a cycle; see its control chart."""
    names = {f"{cycle.cycle_id} {cycle.title}": cycle for cycle in board}
    return chooser(lambda cycle: control_chart(names[cycle], currency), cycle=list(names))
