"""KPIs as estimates with their intervals, by period and group."""

from cxlib.measure.contrast import Contrast, Window, contrasts
from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import KPIS, Kpi, catalogue
from cxlib.measure.panel import Panel, measure

__all__ = [
    "KPIS",
    "Contrast",
    "Estimate",
    "Kpi",
    "Panel",
    "Window",
    "catalogue",
    "contrasts",
    "measure",
]
