"""Widgets for JupyterLab; each has a twin without widgets, which the widget calls."""

from collections.abc import Sequence
from dataclasses import replace

import ipywidgets as widgets
import numpy as np
import pandas as pd
from IPython import get_ipython
from IPython.display import display

from cxlib.analysis.business import bands_of, compare_groups
from cxlib.analysis.drivers import find_drivers
from cxlib.analysis.ledger import keep_ledger
from cxlib.analysis.mixed import columns_of
from cxlib.analysis.passport import identify
from cxlib.analysis.pdca import Cycle
from cxlib.analysis.personas import MOST_PERSONAS, Personas, find_personas
from cxlib.analysis.portraits import differences
from cxlib.analysis.tiers import Tiers
from cxlib.data import Dataset
from cxlib.data.config import Config, TierRules
from cxlib.errors import CxError
from cxlib.measure import catalogue, measure
from cxlib.measure.coverage import Coverage
from cxlib.measure.invitations import ATTRIBUTES, asked_and_answered, ends_of, untold
from cxlib.measure.outcomes import outcome_rows, outcomes
from cxlib.measure.panel import lacking
from cxlib.present import (
    business,
    cycle_charts,
    drivers,
    ledger,
    personas,
    portraits,
    readiness,
    whatif,
)
from cxlib.present import tiers as tier_pages
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


def explore_personas(features: pd.DataFrame, most: int = MOST_PERSONAS) -> widgets.Widget:
    """Choose features, a number of personas and names, and press the button."""
    names = list(columns_of(features))
    # Looking for personas takes seconds: it waits for the button.
    return widgets.interactive(
        lambda chosen, count, named: display(*personas_with(features, chosen, count, named, most)),
        {"manual": True, "manual_name": "Find personas"},
        chosen=widgets.SelectMultiple(options=names, value=names, rows=8, description="Features"),
        count=widgets.IntSlider(0, 0, most, description="How many", tooltip="0: as found"),
        named=widgets.Text("", placeholder="A = Fridah, B = James", description="Names"),
    )


def personas_with(
    features: pd.DataFrame, chosen: Sequence[str], count: int, named: str, most: int = MOST_PERSONAS
) -> tuple[Finding | Figure, ...]:
    """The personas made of some features: what is found, and its figures.

    Args:
        features: Customers with their features.
        chosen: Names of the features to use.
        count: The number of personas; 0 for as many as there are.
        named: Names for them, such as `A = Fridah, B = James`.
        most: The largest number of personas to look for.
    """
    parts = columns_of(features)
    table = features[[column for name in chosen for column in parts[name]]]
    pairs = (each.partition("=") for each in named.split(",") if "=" in each)
    names = {letter.strip(): name.strip() for letter, _, name in pairs if name.strip()}
    if len(set(names.values())) < len(names):
        return (Finding("Two personas cannot have the same name.", news=False),)
    found = find_personas(table, most=most, count=count if count > 1 else None)
    shown, _ = identify(found, table, names=names)
    pictures = (
        personas.tried_figure(shown),
        portraits.difference_figure(differences(table, shown), shown),
    )
    return personas.found_finding(shown), *filter(None, pictures)


def explore_kpi_by_persona(data: Dataset, known: Personas) -> widgets.Widget:
    """Choose a KPI; see it by persona."""
    names = [
        name
        for name, kpi in catalogue(data.config).items()
        if kpi.table != "accounts" and not lacking(data, kpi)
    ]
    return _chooser(lambda kpi: kpi_by_persona(data, known, kpi), kpi=names)


def kpi_by_persona(data: Dataset, known: Personas, kpi: str) -> Figure:
    """One KPI by persona; `data` has the column `persona` on its customers."""
    panel = measure(data, [kpi], by=["persona"])
    return personas.kpi_figure(panel, known, (kpi,), data.config.currency)


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
        without=widgets.Text("", placeholder="handling, reason", description="Without"),
        where=widgets.Text("", placeholder="channel = 'phone'", description="Where"),
        quarters=widgets.IntSlider(4, 1, 12, continuous_update=False),
    )


def drivers_of(
    data: Dataset, outcome: str, without: str = "", where: str = "", quarters: int = 4
) -> Figure | Finding:
    """The drivers of an outcome, or why there are none.

    Args:
        data: The dataset.
        outcome: One of `measure.outcomes.outcomes`.
        without: Drivers to leave out, by name, with commas between them.
        where: A filter; only rows that meet it count.
        quarters: How many quarters to look at, up to the one reported.
    """
    try:
        part = data.filtered(where) if where.strip() else data
        start = part.quarter.shift(1 - quarters).start if part.quarter else part.start
        rows = outcome_rows(part, outcome, start, part.end)
    except CxError as error:
        return Finding(f"{error}.", news=False)
    left_out = [name.strip() for name in without.split(",")]
    found = find_drivers(rows.drop(columns=left_out, errors="ignore"), outcome)
    return drivers.driver_figure(found) or drivers.driver_finding(found)


def explore_ledger(data: Dataset) -> widgets.Widget:
    """Choose a score, what to split it by and a quarter to compare with; see its change split."""
    columns = [
        name for name in data.columns_of("surveys") if name in (*ATTRIBUTES, "reason", "team")
    ]
    return _chooser(
        lambda kpi, by, quarters_ago: ledger_of(data, kpi, by, quarters_ago),
        kpi=list(ends_of(data.config)),
        by=columns or ["metric"],
        quarters_ago=widgets.IntSlider(1, 1, 8, continuous_update=False),
    )


def ledger_of(data: Dataset, kpi: str, by: str, quarters_ago: int) -> Figure | Finding:
    """The change of a score, split by a column; or why it cannot be."""
    before = data.quarter.shift(-quarters_ago)
    counts = asked_and_answered(data, by, data.quarter, before, kpi)
    lack = untold(data, by, data.quarter, before, kpi)
    found = keep_ledger(counts, not data.answers_only, catalogue(data.config)[kpi].unit, lack)
    drawn = ledger.ledger_figure(found, str(before), kpi)
    return drawn or ledger.ledger_finding(found, by, str(before), kpi=kpi)


def explore_groups(later: pd.DataFrame, months: int, config: Config) -> widgets.Widget:
    """Choose a survey question; see what later came of accounts by their answers to it."""
    return _chooser(
        lambda question: groups_by(later, question, months, config), question=list(ends_of(config))
    )


def groups_by(later: pd.DataFrame, question: str, months: int, config: Config) -> Figure | Finding:
    """What later came of accounts by their answers; or why it cannot be told."""
    found = compare_groups(later, question, bands_of(config, question))
    drawn = business.group_figure(found, config.currency)
    return drawn or business.group_finding(found, months, config.currency)


def explore_tiers(tiers: Tiers, rules: TierRules, currency: str = "") -> widgets.Widget:
    """Move thresholds and capacities; see who would stand where."""
    amounts = {}
    for name, threshold in tiers.thresholds.items():
        top = float(tiers.accounts[name].max())
        if np.isfinite(threshold) and top > 0:
            most = 1.1 * max(top, threshold)
            amounts[name] = widgets.FloatSlider(
                threshold, min=0, max=most, readout_format=",.0f", continuous_update=False
            )
    count = len(tiers.accounts)
    capacities = {
        name: widgets.IntSlider(count, min=0, max=count, continuous_update=False)
        for name in ("capacity_1", "capacity_2")
    }
    return _chooser(
        lambda **moved: tiers_at(tiers, rules, currency, **moved), **amounts, **capacities
    )


def tiers_at(
    tiers: Tiers, rules: TierRules, currency: str = "", capacity_1: int | None = None,
    capacity_2: int | None = None, **thresholds: float,
) -> tuple[Finding, Figure]:  # fmt: skip
    """What other thresholds and capacities would do: how many accounts move, and the shares.

    Args:
        tiers, rules: As they are.
        currency: Of amounts.
        capacity_1, capacity_2: How many accounts Tier I and Tier II can hold.
        thresholds: By input.
    """
    changed = whatif.tiers_under(
        tiers, rules, dict(tiers.thresholds) | thresholds, capacity_1, capacity_2
    )
    told = whatif.outcome(tiers, changed, currency)
    return told, tier_pages.tier_figure(changed, currency)


def explore_cycles(board: tuple[Cycle, ...], currency: str = "") -> widgets.Widget:
    """Choose a cycle; see its control chart."""
    names = {f"{cycle.cycle_id} {cycle.title}": cycle for cycle in board}
    return _chooser(
        lambda cycle: cycle_charts.control_chart(names[cycle], currency), cycle=list(names)
    )


def _chooser(show, **choices) -> widgets.Widget:
    """Widgets, and below them what they choose: shown again whenever one of them moves.

    What is there at first is put into the output as it is. Captured while it is displayed, as
    ipywidgets would, it makes a client that runs notebooks without a screen send to the kernel
    while it waits for it, and now and then wait forever (issue 312 of nbclient).

    Args:
        show: From the values chosen to what is displayed: one thing, or a tuple.
        choices: A widget, or what makes one, for each argument of `show`.
    """
    box = widgets.interactive(
        lambda **values: display(*_parts(show(**values))), {"manual": True}, **choices
    )
    box.children = [each for each in box.children if each is not box.manual_button]
    for each in box.kwargs_widgets:
        each.observe(box.update, "value")
    if get_ipython():
        first = {each._kwarg: each.get_interact_value() for each in box.kwargs_widgets}
        for part in _parts(show(**first)):
            box.out.append_display_data(part)
    return box


def _parts(shown) -> tuple:
    return shown if isinstance(shown, tuple) else (shown,)
