"""The charts of the PDCA page: when cycles ran, and whether their KPIs changed."""

import numpy as np
import pandas as pd

from cxlib.measure import spc
from cxlib.measure.kpis import HIGHER
from cxlib.page.figure import (
    BLUE,
    FAINT,
    GREEN,
    GREY,
    INK,
    ORANGE,
    RED,
    SKY,
    Figure,
    canvas,
    dated,
    styled,
    towards_now,
    whiskers,
)
from cxlib.page.wording import axis_label, estimate, month, number, rows, scale
from cxlib.pdca_cycles.page import cycle_finding, reading
from cxlib.pdca_cycles.review import ACT, CHECK, DO, IMPROVED, PLAN, WORSENED, Cycle
from cxlib.pdca_cycles.trial import TRIAL

STAGE_COLOURS = {PLAN: GREY, DO: SKY, CHECK: ORANGE, ACT: BLUE}
VERDICT_COLOURS = {IMPROVED: GREEN, WORSENED: RED}
# From this impact on, and up to this effort, a change is a quick win.
QUICK_IMPACT, QUICK_EFFORT = 4, 2


@styled
def timeline_figure(board: tuple[Cycle, ...], now: pd.Timestamp) -> Figure:
    """When each cycle ran, from its start to its check."""
    figure, axis = canvas(0.8 + 0.3 * len(board))
    for row, cycle in enumerate(board):
        colour = STAGE_COLOURS[cycle.stage]
        end = cycle.check if pd.notna(cycle.check) else now
        axis.plot([cycle.start, end], [row, row], color=colour, lw=7, solid_capstyle="butt")
        tint = VERDICT_COLOURS.get(cycle.verdict, GREY)
        words = "not measured" if cycle.problem else reading(cycle)
        axis.plot(end, row, "o", color=tint, ms=7)
        axis.annotate(
            words, (end, row), (8, 0), textcoords="offset points", va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )  # fmt: skip
    worked = sum(cycle.verdict == IMPROVED for cycle in board)
    axis.set_title(f"{worked} of {rows(len(board), 'cycle')} improved their KPI", loc="right")
    axis.axvline(now, color=INK, lw=0.9, ls="--", zorder=0)
    axis.set_yticks(range(len(board)), [_short(f"{c.cycle_id} {c.title}") for c in board])
    axis.set_ylim(len(board) - 0.5, -0.5)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x", color=FAINT, lw=0.6)
    dated(axis)
    # Room on the right for the words beside the last bars.
    left, right = axis.get_xlim()
    axis.set_xlim(left, right + 0.3 * (right - left))
    axis.annotate(
        f"end of {month(now - pd.Timedelta(days=1))}",
        (now, -0.5),
        (4, -9),
        textcoords="offset points",
        fontsize=8,
    )
    words = [f"{c.cycle_id} from {month(c.start)}, {reading(c)}" for c in board]
    return Figure(figure, f"Timeline of {rows(len(board), 'cycle')}: {'; '.join(words)}.")


def _short(text: str, most: int = 38) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


@styled
def control_chart(cycle: Cycle, currency: str = "") -> Figure:
    """A cycle's control chart: limits from its baseline, special causes marked."""
    figure, axis = canvas(2.7)
    towards_now(axis, _short(_conclusion(cycle, currency), 100))
    chart = cycle.chart
    if cycle.found and cycle.found.method == TRIAL:
        return _arms(figure, axis, cycle, currency)
    if chart is None:
        axis.set_axis_off()
        axis.text(0.5, 0.5, cycle.problem, ha="center", color=GREY, wrap=True)
        return Figure(figure, f"No control chart for {cycle.cycle_id}: {cycle.problem}.")
    factor = scale(cycle.kpi.unit)
    axis.axhline(chart.centre * factor, color=INK, lw=0.9)
    for limit in (chart.lower, chart.upper):
        # Limits of proportions and rates go up and down with the counts.
        line = np.broadcast_to(limit, len(chart.values)) * factor
        axis.plot(cycle.months, line, color=GREY, lw=0.9, ls="--", drawstyle="steps-mid")
    axis.axvline(pd.Timestamp(cycle.start), color=ORANGE, lw=1.2)
    _draw_watch(axis, cycle, factor)
    axis.plot(cycle.months, chart.values * factor, "-", color="#aab0b8", lw=1, zorder=1)
    colours = [
        _point_colour(cycle, when, side, signal)
        for when, side, signal in zip(cycle.months, chart.sides, chart.signals, strict=True)
    ]
    axis.scatter(cycle.months, chart.values * factor, s=26, color=colours, zorder=2)
    dated(axis)
    axis.set_ylabel(axis_label(cycle.kpi, currency))
    axis.grid(axis="y", color=FAINT, lw=0.6)
    axis.set_axisbelow(True)
    special = sum(bool(s) for s in chart.signals[chart.baseline :])
    return Figure(figure, _chart_words(cycle, special, currency))


def _arms(figure, axis, cycle: Cycle, currency: str) -> Figure:
    """The KPI in the two arms of a trial, which has no months before the change to chart."""
    figure.set_figheight(1.3)
    arms = {"control": cycle.before, "tried": cycle.after}
    colours = [GREY, VERDICT_COLOURS.get(cycle.verdict, GREY)]
    whiskers(axis, list(arms.values()), list(arms), colours, scale(cycle.kpi.unit))
    axis.set_xlabel(axis_label(cycle.kpi, currency))
    told = " and ".join(f"{name} {estimate(each, currency)}" for name, each in arms.items())
    return Figure(figure, f"{cycle.cycle_id}, the two arms of a trial with 95% intervals: {told}.")


def _draw_watch(axis, cycle: Cycle, factor: float) -> None:
    """The limits set anew after a change, and the month in which the gain slipped back."""
    if cycle.watch is None:
        return
    chart = cycle.watch.chart
    since = cycle.watch.months
    for level, style in ((chart.centre, "-"), (chart.lower, ":"), (chart.upper, ":")):
        axis.plot([since[0], since[-1]], [level * factor] * 2, color=BLUE, lw=0.9, ls=style)
    if not cycle.watch.held:
        axis.axvline(cycle.watch.alarm, color=RED, lw=1.2, ls="-.")


def _conclusion(cycle: Cycle, currency: str) -> str:
    """What came of a cycle, as the title of its chart."""
    said = cycle_finding(cycle, currency).sentence.partition(f"({cycle.cycle_id})")[2]
    return f"{cycle.cycle_id}: {said.lstrip(': ').rstrip('.')}"


def _point_colour(cycle: Cycle, when: pd.Timestamp, side: int, signal: str) -> str:
    if not signal:
        return GREY
    if cycle.kpi.better == "neither":
        return BLUE
    if (side > 0) != (cycle.kpi.better == HIGHER):
        return RED
    # Better than before the change still, but no longer as it was after it: no good news.
    lost = cycle.held is False and when >= cycle.watch.alarm
    return GREY if lost else GREEN


def _chart_words(cycle: Cycle, special: int, currency: str) -> str:
    chart, unit = cycle.chart, cycle.kpi.unit
    last = [np.broadcast_to(each, len(chart.values))[-1] for each in (chart.lower, chart.upper)]
    low, centre, high = (number(each, unit, currency) for each in (last[0], chart.centre, last[1]))
    alarm = ""
    if cycle.watch and not cycle.watch.held:
        alarm = f" An alarm in {month(cycle.watch.alarm)}: the gain slips back."
    kind = "trial limits" if chart.trial else "process limits"
    since = len(chart.values) - chart.baseline
    return (
        f"Control chart ({chart.kind}) of {cycle.kpi.label} by month for {cycle.cycle_id}: centre "
        f"{centre}, {kind} {low} to {high} from {chart.baseline} months before "
        f"{month(cycle.start)}; since then {special} of {since} points show a special cause.{alarm}"
    )


def icons(cycle: Cycle) -> tuple[str, str]:
    """Variation and assurance of a cycle's chart, in words; dashes without a chart."""
    if cycle.chart is None:
        return "–", "–"
    better = cycle.kpi.better
    # The process as it is now has the limits that were set anew, unless the gain has slipped back.
    latest = cycle.watch.chart if cycle.held else cycle.chart
    return spc.variation(cycle.chart, better), spc.assurance(latest, cycle.target, better)


@styled
def impact_figure(board: tuple[Cycle, ...]) -> Figure | None:
    """Cycles by effort and impact, as their teams expect them; None where neither is logged."""
    known = [each for each in board if np.isfinite(each.impact) and np.isfinite(each.effort)]
    if not known:
        return None
    figure, axis = canvas(3.4, width=5.6)
    axis.axvspan(0.5, QUICK_EFFORT + 0.5, (QUICK_IMPACT - 1) / 5, 1, color="#e8f3ee", lw=0)
    axis.annotate("quick wins", (0.6, 5.35), color=INK, fontsize=8.5, va="top")
    places: dict[tuple, list[str]] = {}
    for each in known:
        places.setdefault((each.effort, each.impact), []).append(each.cycle_id)
    for (effort, impact), names in places.items():
        axis.plot(effort, impact, "o", color=BLUE, ms=8)
        axis.annotate(", ".join(names), (effort, impact), (8, -3), textcoords="offset points")
    axis.set(xlim=(0.5, 5.5), ylim=(0.5, 5.5), xlabel="Effort (1 to 5)", ylabel="Impact (1 to 5)")
    axis.set_xticks(range(1, 6))
    axis.set_yticks(range(1, 6))
    axis.grid(color=FAINT, lw=0.6)
    axis.set_axisbelow(True)
    words = [f"{', '.join(n)} at effort {e:g}, impact {i:g}" for (e, i), n in places.items()]
    return Figure(figure, f"Cycles by expected effort and impact: {'; '.join(words)}.")
