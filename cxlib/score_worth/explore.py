"""Widgets for JupyterLab, each with a twin without widgets, which the widget calls."""

import ipywidgets as widgets
import pandas as pd

from cxlib.data.config import SCALES, Config
from cxlib.measure.kpis import label_of, own_ratings
from cxlib.page.chooser import chooser
from cxlib.page.figure import Figure
from cxlib.page.finding import Finding
from cxlib.score_worth.groups import bands_of, compare_groups
from cxlib.score_worth.groups_page import group_figure, group_finding


def explore_groups(later: pd.DataFrame, months: int, config: Config) -> widgets.Widget:
    """Choose a survey question; see what later came of accounts by their answers to it."""
    return chooser(
        lambda question: groups_by(later, question, months, config),
        question=[(label_of(each), each) for each in (*SCALES, *own_ratings(config))],
    )


def groups_by(later: pd.DataFrame, question: str, months: int, config: Config) -> Figure | Finding:
    """What later came of accounts by their answers; or why it cannot be worked out."""
    found = compare_groups(later, question, bands_of(config, question))
    drawn = group_figure(found, config.currency)
    return drawn or group_finding(found, months, config.currency)
