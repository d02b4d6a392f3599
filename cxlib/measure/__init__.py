"""KPIs as estimates with their intervals, by period and group."""

from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import KPIS, Kpi
from cxlib.measure.panel import Panel, measure

__all__ = ["KPIS", "Estimate", "Kpi", "Panel", "measure"]
