"""The tiles of the first screen: a few KPIs with their targets, and how they have come along."""

from collections.abc import Sequence

import pandas as pd

from cxlib.data import Quarter
from cxlib.data.config import MOST_TILES, Config
from cxlib.kpi_drivers.lines_page import comparable, limits_before, points_of, recent, so_far
from cxlib.measure.contrast import Change, turned_round
from cxlib.measure.kpis import COMPLEMENTS, HIGHER, LOWER, Kpi
from cxlib.measure.panel import Panel, estimate_of
from cxlib.measure.spc import NO_TARGET
from cxlib.measure.status import LEVEL, MISSED, OPEN, Milestone, gathers
from cxlib.page.figure import BLUE, FAINT, GREY, Figure, canvas, dated, styled, towards_now
from cxlib.page.finding import Finding
from cxlib.page.screen import BETTER, MOVED, STEADY, UNSURE, WORSE, Amount, Tile
from cxlib.page.wording import (
    axis_label,
    chance_of,
    in_sentence,
    interval,
    listed,
    number,
    scale,
    size,
)

# What most companies look at first, in this order.
USUAL = (
    "nps", "csat", "ces", "first_contact_resolution", "retention_rate", "revenue",
    "responded_in_time", "service_level", "repeat_contact_rate", "time_to_resolution",
    "transfer_rate", "average_handle_time", "contact_volume", "purchase_frequency",
)  # fmt: skip

# A target is unlikely to be met below this probability.
UNLIKELY = 0.2


def choose_kpis(quarters: Panel, milestones: Sequence[Milestone], config: Config) -> list[str]:
    """The KPIs that are shown as tiles, by name.

    Those of `dataset.toml`; otherwise those with targets, and then the usual ones: of a rating,
    either its mean or a box.
    """
    measured = set(quarters.frame.kpi)
    if config.leadership.tiles:
        return [name for name in config.leadership.tiles if name in measured]
    chosen = {}
    for name in (*(each.name for each in milestones if not each.scope), *USUAL):
        if name in measured:
            chosen.setdefault(name.split("_top2")[0].split("_bottom2")[0], name)
    return list(chosen.values())[:MOST_TILES]


def tiles_finding(
    quarters: Panel,
    quarter: Quarter,
    changes: Sequence[tuple[str, Sequence[Change]]],
    milestones: Sequence[Milestone],
    config: Config,
) -> Finding:
    """How the most important KPIs stand.

    Args:
        quarters: Every KPI by quarter.
        quarter: The reported one.
        changes: What the quarter is compared with, in words, and the changes since then.
        milestones: The quarter's targets.
        config: The dataset's settings.
    """
    goals = {each.name: each for each in milestones if not each.scope and not each.problem}
    names = choose_kpis(quarters, milestones, config)
    tiles = [_tile(quarters, name, quarter, changes, goals.get(name), config) for name in names]
    tiles = [each for each in tiles if each]
    if not tiles:
        return Finding("No KPI can be measured in this quarter.", news=False)
    missed = [in_sentence(each.label) for each in tiles if each.now == MISSED]
    judged = [each for each in tiles if each.now]
    unlikely = [
        in_sentence(each.label)
        for each in tiles
        if (goal := goals.get(each.kpi)) and not goal.over and goal.probability < UNLIKELY
    ]
    if missed:
        said = f"Missed: {listed(missed)}"
    elif unlikely:
        plural = "s" * (len(unlikely) > 1)
        said = f"Unlikely to be met: the target{plural} of {listed(unlikely)}"
    elif any(not each.over for each in goals.values()):
        said = "The quarter is not over: no target is yet met or missed"
    elif judged:
        unsure = sum(each.now == OPEN for each in judged)
        said = "No target was clearly missed"
        said += f"; {unsure} of {len(judged)} are too close to tell" if unsure else ""
    else:
        said = "No targets are set: these are the levels"
    return Finding(
        f"{said}.",
        evidence=f"{listed(each.label for each in tiles)}.",
        news=bool(missed),
        screen=(*tiles, *_net_retention(quarters, quarter)),
    )


def _net_retention(quarters: Panel, quarter: Quarter) -> tuple[Amount, ...]:
    rows = quarters.of("net_revenue_retention")
    # Half of a quarter is measured against all of last year's.
    whole = rows.complete.astype(bool) & rows.value.notna()
    rows = rows[(rows.period == pd.Timestamp(quarter.start)) & whole]
    return tuple(
        Amount(number(row.value, "share"), "net revenue retention") for row in rows.itertuples()
    )


def _tile(
    quarters: Panel,
    name: str,
    quarter: Quarter,
    changes: Sequence[tuple[str, Sequence[Change]]],
    goal: Milestone | None,
    config: Config,
) -> Tile | None:
    rows = recent(quarters, name, quarter)
    if rows.empty or rows.period.iloc[-1] != pd.Timestamp(quarter.start):
        return None
    kpi, currency, now = quarters.kpis[name], config.currency, estimate_of(rows.iloc[-1])
    half = " so far" * so_far(rows)
    limits = limits_before(comparable(rows, kpi), kpi.unit)
    variation, change, moved = _variation(kpi, name, changes, currency)
    value, target = number(now.value, now.unit, currency), ""
    if goal:
        target = number(goal.target, now.unit, currency)
    said = f"{kpi.label} is {value}{half}"
    if moved:
        said = f"{kpi.label} {moved}, to {value}"
    if goal and goal.now == MISSED:
        said = f"{kpi.label} missed its target of {target}, at {value}"
    return Tile(
        kpi=name,
        label=kpi.label,
        short=in_sentence(kpi.label),
        value=value,
        interval=interval(now, currency).removeprefix("95% interval ").replace(" to ", "–") + half,
        unit=kpi.unit,
        points=points_of(rows, config),
        limits=limits,
        so_far=bool(half) and gathers(kpi) != LEVEL,
        written=tuple(number(each, kpi.unit, currency) for each in rows.value),
        variation=variation,
        change=change,
        target=target,
        goal=goal.target if goal else None,
        now=_now(goal),
        assurance=goal.assurance if goal and goal.assurance != NO_TARGET else "",
        sentence=said,
    )


def _now(goal: Milestone | None) -> str:
    if goal is None:
        return ""
    if goal.over or pd.isna(goal.probability):
        return goal.now
    return f"{chance_of(goal.probability)} likely to be met"


def _variation(
    kpi: Kpi, name: str, changes: Sequence[tuple[str, Sequence[Change]]], currency: str
) -> tuple[str, str, str]:
    """How a KPI moved: the word for it, how much in words, and as a verb with its size."""
    found = [
        (against, each) for against, several in changes for each in several if each.kpi.name == name
    ]
    if not found and (other := COMPLEMENTS.get(name)):
        # What is another KPI turned round moves as it does, the other way.
        found = [
            (against, turned_round(each, kpi))
            for against, several in changes for each in several if each.kpi.name == other
        ]  # fmt: skip
    if not found:
        return "", "nothing to compare with yet", ""
    clear = [pair for pair in found if pair[1].detected]
    near = [pair for pair in found if pair[1].difference.excludes(0)]
    against, change = (clear or near or found)[0]
    step = number(change.difference.value, kpi.unit, currency, sign=True)
    if clear:
        verb = "rose" if change.difference.value > 0 else "fell"
        moved = f"{verb} {size(abs(change.difference.value), kpi.unit, currency)} since {against}"
        if kpi.better not in (HIGHER, LOWER):
            return MOVED, f"{step} on {against}", moved
        good = (change.difference.value > 0) == (kpi.better == HIGHER)
        return BETTER if good else WORSE, f"{step} on {against}", moved
    if near:
        return UNSURE, f"{step} on {against}", ""
    seen = size(change.detectable, kpi.unit, currency)
    return STEADY, f"(±{seen} would show)", ""


@styled
def tiles_figure(
    quarters: Panel,
    quarter: Quarter,
    names: Sequence[str],
    milestones: Sequence[Milestone],
    currency: str = "",
) -> Figure | None:
    """Eight quarters of each KPI with its interval, limits and target; None without any.

    Args:
        quarters: Every KPI by quarter.
        quarter: The reported one.
        names: The KPIs.
        milestones: The quarter's targets.
        currency: Of money.
    """
    shown = {name: recent(quarters, name, quarter) for name in names}
    shown = {name: rows for name, rows in shown.items() if len(rows)}
    if not shown:
        return None
    goals = {each.name: each.target for each in milestones if not each.scope}
    # One below the other, so that a phone can show the latest quarters of all.
    figure, axes = canvas(0.3 + 1.25 * len(shown), len(shown), squeeze=False, sharex=True)
    for axis, (name, rows) in zip(axes[:, 0], shown.items(), strict=True):
        kpi, factor = quarters.kpis[name], scale(quarters.kpis[name].unit)
        rows = comparable(rows, kpi)
        axis.fill_between(rows.period, rows.low * factor, rows.high * factor, color=FAINT, lw=0)
        axis.plot(rows.period, rows.value * factor, color=BLUE, lw=1.6)
        axis.plot(rows.period.iloc[-1], rows.value.iloc[-1] * factor, "o", color=BLUE, ms=5)
        for limit in limits_before(rows, kpi.unit) or ():
            axis.axhline(limit * factor, color=GREY, lw=1, ls=":")
        if name in goals:
            axis.axhline(goals[name] * factor, color=GREY, lw=1, ls="--")
        towards_now(axis, axis_label(kpi, currency))
        dated(axis)
    words = [
        f"{quarters.kpis[name].label} from "
        f"{number(rows.value.iloc[0], quarters.kpis[name].unit, currency)} to "
        f"{number(rows.value.iloc[-1], quarters.kpis[name].unit, currency)}"
        for name, each in shown.items()
        for rows in [comparable(each, quarters.kpis[name])]
    ]
    return Figure(
        figure,
        f"Lines of {len(shown)} KPIs by quarter with 95% intervals, process limits dotted and "
        f"targets dashed: {'; '.join(words)}.",
    )
