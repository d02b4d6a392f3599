"""Widgets for JupyterLab, each with a twin without widgets, which the widget calls."""

import ipywidgets as widgets

from cxlib.data import Dataset
from cxlib.measure import catalogue
from cxlib.measure.kpis import label_of
from cxlib.page.chooser import chooser
from cxlib.page.figure import Figure
from cxlib.page.finding import Finding
from cxlib.score_changes.decomposition import keep_ledger
from cxlib.score_changes.invitations import ATTRIBUTES, asked_and_answered, ends_of, untold
from cxlib.score_changes.page import ledger_figure, ledger_finding


def explore_ledger(data: Dataset) -> widgets.Widget:
    """Choose a score, what to split it by and a quarter to compare with; see its change split."""
    columns = [
        name for name in data.columns_of("surveys") if name in (*ATTRIBUTES, "reason", "team")
    ]
    return chooser(
        lambda kpi, by, quarters_ago: ledger_of(data, kpi, by, quarters_ago),
        kpi=[(label_of(each), each) for each in ends_of(data.config)],
        by=[(each.replace("_", " "), each) for each in columns or ["metric"]],
        quarters_ago=widgets.IntSlider(1, 1, 8, continuous_update=False),
    )


def ledger_of(data: Dataset, kpi: str, by: str, quarters_ago: int) -> Figure | Finding:
    """The change of a score, split by a column; or why it cannot be."""
    before = data.quarter.shift(-quarters_ago)
    counts = asked_and_answered(data, by, data.quarter, before, kpi)
    lack = untold(data, by, data.quarter, before, kpi)
    found = keep_ledger(counts, not data.answers_only, catalogue(data.config)[kpi].unit, lack)
    drawn = ledger_figure(found, str(before), kpi)
    return drawn or ledger_finding(found, by, str(before), kpi=kpi)
