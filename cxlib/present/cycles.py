"""What the PDCA page shows."""

from dataclasses import replace
from datetime import datetime

import pandas as pd

from cxlib.analysis.pdca import (
    ACT,
    CHANGED,
    CHECK,
    DO,
    IMPROVED,
    NO_CHANGE,
    PLAN,
    TOO_EARLY,
    WORSENED,
    Cycle,
)
from cxlib.measure import Estimate
from cxlib.measure.kpis import HIGHER, LOWER
from cxlib.present.figure import (
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
)
from cxlib.present.findings import DECISION, Finding
from cxlib.present.numbers import (
    axis_label,
    estimate,
    in_sentence,
    listed,
    month,
    number,
    rows,
    scale,
)
from cxlib.present.tables import Table, make_table

STAGE_COLOURS = {PLAN: GREY, DO: SKY, CHECK: ORANGE, ACT: BLUE}
VERDICT_COLOURS = {IMPROVED: GREEN, WORSENED: RED}


def board_finding(board: tuple[Cycle, ...]) -> Finding:
    """What came of the cycles, together."""
    counts = {
        verdict: sum(c.verdict == verdict and not c.problem for c in board)
        for verdict in (IMPROVED, WORSENED, CHANGED, NO_CHANGE, TOO_EARLY)
    }
    words = [f"{count} {verdict}" for verdict, count in counts.items() if count]
    unmeasured = sum(bool(c.problem) for c in board)
    if unmeasured:
        words.append(f"{unmeasured} could not be measured")
    return Finding(
        f"Of {rows(len(board), 'cycle')}: {listed(words)}.",
        evidence="A change counts only where the control chart and the interval agree on it.",
        news=bool(counts[IMPROVED] or counts[WORSENED] or counts[CHANGED]),
    )


def cycle_finding(cycle: Cycle, currency: str = "") -> Finding:
    """What came of one cycle."""
    name = f"“{cycle.title}” ({cycle.cycle_id})"
    if cycle.problem:
        return Finding(f"{name} cannot be judged: {cycle.problem}.", news=False)
    if cycle.verdict == TOO_EARLY:
        return Finding(f"{name}: too early to tell.", news=False)
    shift = estimate(cycle.effect, currency, sign=True)
    if cycle.verdict == NO_CHANGE:
        return Finding(
            f"{name}: no detectable change of {in_sentence(cycle.kpi.label)} beyond trend, season "
            f"and chance; estimated {shift}.",
            estimate=cycle.effect,
            evidence=_decided(cycle),
            news=False,
        )
    size = estimate(_size(cycle.effect), currency, sign=True).replace("+", "")
    way = "rose" if cycle.effect.value > 0 else "fell"
    lost = "" if cycle.held in (None, True) else "; the latest three months no longer show it"
    return Finding(
        f"{name}: {in_sentence(cycle.kpi.label)} {way} by {size}, so it {cycle.verdict}{lost}.",
        estimate=cycle.effect,
        evidence=_decided(cycle),
    )


def decision_findings(
    board: tuple[Cycle, ...], start: datetime, end: datetime
) -> tuple[Finding, ...]:
    """What teams decided between two moments, beside what the data say."""
    made = [
        cycle
        for cycle in board
        if cycle.decision and pd.notna(cycle.closed) and start <= cycle.closed < end
    ]
    if not made:
        nothing = "No decision on an improvement cycle was recorded in this quarter."
        return (Finding(nothing, news=False, kind=DECISION),)
    return tuple(
        Finding(
            f"The team of “{cycle.title}” ({cycle.cycle_id}) decided to {cycle.decision}; "
            f"the data say: {cycle.problem or cycle.verdict}.",
            estimate=cycle.effect,
            evidence=f"Decided on {pd.Timestamp(cycle.closed):%d %b %Y}.",
            kind=DECISION,
        )
        for cycle in made
    )


def _size(effect: Estimate) -> Estimate:
    """An effect without its sign."""
    ends = sorted((abs(effect.low), abs(effect.high)))
    return replace(effect, value=abs(effect.value), low=ends[0], high=ends[1])


def _decided(cycle: Cycle) -> str:
    return f"The team decided to {cycle.decision}." if cycle.decision else "No decision yet."


def board_table(board: tuple[Cycle, ...], currency: str = "") -> Table:
    """The cycle board."""
    return make_table(
        [
            {
                "Cycle": f"{cycle.cycle_id} {cycle.title}",
                "KPI": cycle.kpi.label if cycle.kpi else "–",
                "Stage": cycle.stage,
                "Began": f"{pd.Timestamp(cycle.start):%d %b %Y}",
                "Before → after": _before_after(cycle, currency),
                "Effect": estimate(cycle.effect, currency, sign=True),
                "Reading": cycle.problem or _reading(cycle),
                "Decision": cycle.decision or "–",
            }
            for cycle in board
        ],
        "Cycle board; the effect is beyond trend and season, with a 95% interval",
    )


def _reading(cycle: Cycle) -> str:
    return cycle.verdict if cycle.held in (None, True) else f"{cycle.verdict}, not held"


def _before_after(cycle: Cycle, currency: str) -> str:
    ends = (cycle.before, cycle.after)
    before, after = (number(e.value, e.unit, currency) if e else "–" for e in ends)
    return f"{before} → {after}"


def gap_table(board: tuple[Cycle, ...], currency: str = "") -> Table:
    """Each cycle's KPI over the quarter against its target."""
    records = []
    for cycle in board:
        if cycle.problem or cycle.latest is None or pd.isna(cycle.target):
            continue
        gap = cycle.latest.value - cycle.target
        records.append(
            {
                "Cycle": cycle.cycle_id,
                "KPI": cycle.kpi.label,
                "Target": number(cycle.target, cycle.kpi.unit, currency),
                "This quarter": estimate(cycle.latest, currency),
                "Gap": number(gap, cycle.kpi.unit, currency, sign=True),
                "Reading": _met(cycle),
            }
        )
    empty = [
        {
            "Cycle": "–",
            "KPI": "–",
            "Target": "–",
            "This quarter": "–",
            "Gap": "–",
            "Reading": "no target set",
        }
    ]
    return make_table(records or empty, "Gap to target", ("Target", "This quarter", "Gap"))


def _met(cycle: Cycle) -> str:
    if cycle.kpi.better not in (HIGHER, LOWER):
        return "–"
    if not cycle.latest.excludes(cycle.target):
        return "not told apart from the target"
    above = cycle.latest.value > cycle.target
    return "met" if above == (cycle.kpi.better == HIGHER) else "not met"


@styled
def timeline_figure(board: tuple[Cycle, ...], now: pd.Timestamp) -> Figure:
    """When each cycle ran, from its start to its check."""
    figure, axis = canvas(0.8 + 0.3 * len(board))
    for row, cycle in enumerate(board):
        colour = STAGE_COLOURS[cycle.stage]
        end = cycle.check if pd.notna(cycle.check) else now
        axis.plot([cycle.start, end], [row, row], color=colour, lw=7, solid_capstyle="butt")
        tint = VERDICT_COLOURS.get(cycle.verdict, GREY)
        words = "not measured" if cycle.problem else _reading(cycle)
        axis.plot(end, row, "o", color=tint, ms=7)
        axis.annotate(
            words, (end, row), (8, 0), textcoords="offset points", va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )  # fmt: skip
    axis.axvline(now, color=INK, lw=0.9, ls="--", zorder=0)
    axis.set_yticks(range(len(board)), [_short(f"{c.cycle_id} {c.title}") for c in board])
    axis.set_ylim(len(board) - 0.5, -0.5)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x", color=FAINT, lw=0.6)
    dated(axis)
    axis.margins(x=0.2)
    axis.annotate(
        f"end of {month(now - pd.Timedelta(days=1))}",
        (now, -0.5),
        (4, -9),
        textcoords="offset points",
        fontsize=8,
    )
    words = [f"{c.cycle_id} from {month(c.start)}, {_reading(c)}" for c in board]
    return Figure(figure, f"Timeline of {rows(len(board), 'cycle')}: {'; '.join(words)}.")


def _short(text: str, most: int = 38) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


@styled
def control_chart(cycle: Cycle, currency: str = "") -> Figure:
    """A cycle's control chart: limits from its baseline, special causes marked."""
    figure, axis = canvas(2.5)
    axis.set_title(_short(f"{cycle.cycle_id} {cycle.title}", 70))
    chart = cycle.chart
    if chart is None:
        axis.set_axis_off()
        axis.text(0.5, 0.5, cycle.problem, ha="center", color=GREY, wrap=True)
        return Figure(figure, f"No control chart for {cycle.cycle_id}: {cycle.problem}.")
    factor = scale(cycle.kpi.unit)
    axis.axhline(chart.centre * factor, color=INK, lw=0.9)
    for limit in (chart.lower, chart.upper):
        axis.axhline(limit * factor, color=GREY, lw=0.9, ls="--")
    axis.axvline(pd.Timestamp(cycle.start), color=ORANGE, lw=1.2)
    axis.plot(cycle.months, chart.values * factor, "-", color="#aab0b8", lw=1, zorder=1)
    colours = [
        _point_colour(cycle, side, signal)
        for side, signal in zip(chart.sides, chart.signals, strict=True)
    ]
    axis.scatter(cycle.months, chart.values * factor, s=26, color=colours, zorder=2)
    dated(axis)
    axis.set_ylabel(axis_label(cycle.kpi, currency))
    axis.grid(axis="y", color=FAINT, lw=0.6)
    axis.set_axisbelow(True)
    special = sum(bool(s) for s in chart.signals[chart.baseline :])
    return Figure(figure, _chart_words(cycle, special, currency))


def _point_colour(cycle: Cycle, side: int, signal: str) -> str:
    if not signal:
        return GREY
    if cycle.kpi.better == "neither":
        return BLUE
    return GREEN if (side > 0) == (cycle.kpi.better == HIGHER) else RED


def _chart_words(cycle: Cycle, special: int, currency: str) -> str:
    chart, unit = cycle.chart, cycle.kpi.unit
    low, centre, high = (
        number(v, unit, currency) for v in (chart.lower, chart.centre, chart.upper)
    )
    kind = "trial limits" if chart.trial else "process limits"
    return (
        f"Control chart of {cycle.kpi.label} by month for {cycle.cycle_id}: centre {centre}, "
        f"{kind} {low} to {high} from {chart.baseline} months before {month(cycle.start)}; since "
        f"then {special} of {len(chart.values) - chart.baseline} points show a special cause."
    )


def cycle_frame(board: tuple[Cycle, ...]) -> pd.DataFrame:
    """The file of cycles and what came of them."""
    return pd.DataFrame(
        [
            {
                "cycle_id": c.cycle_id,
                "stage": c.stage,
                "verdict": "" if c.problem else c.verdict,
                "effect": c.effect.value if c.effect else None,
                "low": c.effect.low if c.effect else None,
                "high": c.effect.high if c.effect else None,
                "held": c.held,
                "problem": c.problem,
            }
            for c in board
        ]
    )
