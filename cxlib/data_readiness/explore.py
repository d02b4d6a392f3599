"""Widgets for JupyterLab, each with a twin without widgets, which the widget calls."""

from dataclasses import replace

import ipywidgets as widgets

from cxlib.data_readiness.coverage import Coverage
from cxlib.data_readiness.page import months_figure
from cxlib.page.chooser import chooser
from cxlib.page.figure import Figure


def explore_months(coverage: Coverage) -> widgets.Widget:
    """Choose a table; see its rows per month."""
    return chooser(
        lambda table: months_of(coverage, table), table=list(coverage.months.table.unique())
    )


def months_of(coverage: Coverage, table: str) -> Figure:
    """Rows per month of one table."""
    months = coverage.months[coverage.months.table == table]
    return months_figure(replace(coverage, months=months))
