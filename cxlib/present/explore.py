"""Widgets for JupyterLab; each has a twin without widgets, which the widget calls."""

from dataclasses import replace

import ipywidgets as widgets
import pandas as pd

from cxlib.analysis.drivers import find_drivers
from cxlib.analysis.pdca import Cycle
from cxlib.analysis.tiers import assign_tiers
from cxlib.data import Dataset
from cxlib.data.config import TierRules
from cxlib.measure import KPIS, measure
from cxlib.measure.coverage import Coverage
from cxlib.measure.features import answers_with_contact
from cxlib.present import cycles, drivers, personas, readiness, tiers
from cxlib.present.figure import Figure
from cxlib.present.findings import Finding


def explore_months(coverage: Coverage) -> widgets.Widget:
    """Choose a table; see its rows per month."""
    return _chooser(
        lambda table: months_of(coverage, table), table=list(coverage.months.table.unique())
    )


def months_of(coverage: Coverage, table: str) -> Figure:
    """Rows per month of one table."""
    months = coverage.months[coverage.months.table == table]
    return readiness.months_figure(replace(coverage, months=months))


def explore_kpi_by_persona(data: Dataset) -> widgets.Widget:
    """Choose a KPI; see it by persona."""
    names = [name for name in KPIS if not measure_lacks(data, name)]
    return _chooser(lambda kpi: kpi_by_persona(data, kpi), kpi=names)


def kpi_by_persona(data: Dataset, kpi: str) -> Figure:
    """One KPI by persona; `data` has the column `persona` on its customers."""
    return personas.kpi_figure(measure(data, [kpi], by=["persona"]), (kpi,), data.config.currency)


def measure_lacks(data: Dataset, kpi: str) -> bool:
    """Whether a KPI cannot be split by persona."""
    return KPIS[kpi].table == "accounts" or any(
        data.lacks(*need.split(".")) for need in KPIS[kpi].needs
    )


def explore_drivers(data: Dataset) -> widgets.Widget:
    """Choose a survey question; see its drivers."""
    return _chooser(lambda metric: drivers_of(data, metric), metric=list(data.config.scales))


def drivers_of(data: Dataset, metric: str) -> Figure | Finding:
    """The drivers of one survey question, or why there are none."""
    since = data.quarter.shift(-3).start if data.quarter else data.start
    found = find_drivers(answers_with_contact(data, metric, since), metric)
    return drivers.driver_figure(found) or drivers.driver_finding(found)


def explore_tiers(facts: pd.DataFrame, rules: TierRules, currency: str = "") -> widgets.Widget:
    """Move the thresholds; see who stands where."""
    start = assign_tiers(facts, rules).thresholds
    top = float(facts.revenue_12m.max()) or 1.0
    most = float(facts.growth_potential.max()) if facts.growth_potential.notna().any() else 1.0
    slide = {"readout_format": ",.0f", "continuous_update": False}
    return _chooser(
        lambda revenue, growth: tiers_at(facts, rules, revenue, growth, currency),
        revenue=widgets.FloatSlider(min(start["revenue_12m"], top), min=0, max=top, **slide),
        growth=widgets.FloatSlider(min(start["growth_potential"], most), min=0, max=most, **slide),
    )


def tiers_at(
    facts: pd.DataFrame, rules: TierRules, revenue: float, growth: float, currency: str = ""
) -> Figure:
    """Shares of accounts and revenue by tier at other thresholds."""
    changed = replace(rules, revenue=revenue, growth=growth)
    return tiers.tier_figure(assign_tiers(facts, changed), currency)


def explore_cycles(board: tuple[Cycle, ...], currency: str = "") -> widgets.Widget:
    """Choose a cycle; see its control chart."""
    names = {f"{cycle.cycle_id} {cycle.title}": cycle for cycle in board}
    return _chooser(lambda cycle: cycles.control_chart(names[cycle], currency), cycle=list(names))


def _chooser(show, **choices) -> widgets.Widget:
    return widgets.interactive(show, **choices)
