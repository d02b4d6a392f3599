"""What the PDCA page shows."""

from datetime import datetime

import numpy as np
import pandas as pd

from cxlib.findings import DECISION
from cxlib.measure.kpis import HIGHER, LOWER
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import (
    capital,
    estimate,
    in_sentence,
    interval,
    listed,
    month,
    number,
    rows,
    size,
)
from cxlib.pdca_cycles.review import CHANGED, IMPROVED, NO_CHANGE, TOO_EARLY, WORSENED, Cycle
from cxlib.pdca_cycles.trial import TRIAL

FILE_COLUMNS = (
    "cycle_id", "stage", "verdict", "effect", "low", "high", "q", "chart signal",
    "decision by rule", "held", "problem",
)  # fmt: skip


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
        why = f": {cycle.caution}" if cycle.caution else ""
        return Finding(f"{name}: too early to tell{why}.", news=False)
    label, shift = in_sentence(cycle.kpi.label), estimate(cycle.effect, currency, sign=True)
    if cycle.verdict == NO_CHANGE:
        claim = f"no effect on {label} was found"
        beyond = "" if cycle.found.method == TRIAL else ", beyond trend and season"
        if cycle.found.early:
            way = "risen" if cycle.effect.value > 0 else "fallen"
            claim = (
                f"{label} had {way} about {cycle.found.early} months before the change began, so "
                "it is no effect of it"
            )
        elif cycle.found.unlike:
            claim = (
                f"its effect on {label} cannot be told, as the two arms differed before, in "
                f"{listed(cycle.found.unlike)}"
            )
        return Finding(
            f"{name}: {claim}.",
            estimate=cycle.effect,
            evidence=f"Estimated {shift}{beyond}. {_visible(cycle, currency)}. {_evidence(cycle)}",
            news=False,
        )
    moved = size(abs(cycle.effect.value), cycle.kpi.unit, currency)
    way = "rose" if cycle.effect.value > 0 else "fell"
    end = {IMPROVED: " (better)", WORSENED: " (worse)"}.get(cycle.verdict, "")
    if cycle.held is False:
        end = f", but the gain has been lost since {month(cycle.watch.alarm)}"
    told = f"{label} {way} {moved}"
    if cycle.found.method == TRIAL:
        way = "higher" if cycle.effect.value > 0 else "lower"
        told = f"{label} {moved} {way} than in its control"
    return Finding(
        f"{name}: {told}{end}.",
        estimate=cycle.effect,
        evidence=f"{capital(interval(cycle.effect, currency, sign=True))}. {_evidence(cycle)}",
    )


def _visible(cycle: Cycle, currency: str) -> str:
    """The smallest effect that would have been seen, in a sentence."""
    if np.isnan(cycle.found.smallest):
        return "Before the change it did not vary at all"
    if not np.isfinite(cycle.found.smallest):
        return "Hardly any change would have been seen, so widely does it vary"
    seen = size(cycle.found.smallest, cycle.kpi.unit, currency)
    return f"A change of {seen} would have been seen four times in five"


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
            f"“{cycle.title}” ({cycle.cycle_id}): decided to {cycle.decision}. Result: "
            f"{cycle.problem or cycle.verdict}"
            + (f"; by the rule: {cycle.rule}." if cycle.rule else "."),
            estimate=cycle.effect,
            evidence=f"Decided on {pd.Timestamp(cycle.closed):%d %b %Y}.",
            kind=DECISION,
        )
        for cycle in made
    )


def _evidence(cycle: Cycle) -> str:
    """How the effect was found, and what was decided, against the cycle's rule."""
    words = [f"Method: {cycle.found.method}"]
    if cycle.found.method == TRIAL:
        arms = (number(each.value, each.unit) for each in (cycle.after, cycle.before))
        words[0] += ", {}, against {} in its control".format(*arms)
    if cycle.found.relative:
        words[0] += f"; as a factor, {estimate(cycle.found.relative)}"
    slope = cycle.found.slope
    if slope and slope.excludes(0):
        words.append(f"Beside it, the slope changed by {estimate(slope, sign=True)} a month")
    if cycle.caution:
        words.append(capital(cycle.caution))
    decided = f"the team decided to {cycle.decision}" if cycle.decision else "no decision yet"
    rule = f"; the rule says: {cycle.rule}" if cycle.rule else ""
    words.append(f"{capital(decided)}{rule}")
    return f"{'. '.join(words)}."


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
                "Reading": cycle.problem or reading(cycle),
                "Decision": _decision(cycle),
            }
            for cycle in board
        ],
        "Cycle board; the effect is beyond trend and season, with a 95% interval",
    )


def _decision(cycle: Cycle) -> str:
    """What was decided, and what the rule says where that is something else."""
    if not cycle.rule or cycle.decision == cycle.rule:
        return cycle.decision or "–"
    return f"{cycle.decision or '–'} (the rule: {cycle.rule})"


def reading(cycle: Cycle) -> str:
    """The verdict, and whether it has held."""
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
    empty = dict.fromkeys(("Cycle", "KPI", "Target", "This quarter", "Gap"), "–")
    return make_table(records or [empty | {"Reading": "no target set"}], "Gap to target")


def _met(cycle: Cycle) -> str:
    if cycle.kpi.better not in (HIGHER, LOWER):
        return "–"
    if not cycle.latest.excludes(cycle.target):
        return "too close to the target to tell"
    above = cycle.latest.value > cycle.target
    return "met" if above == (cycle.kpi.better == HIGHER) else "not met"


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
                "q": c.found.q if c.found else None,
                "chart signal": c.signal,
                "decision by rule": c.rule,
                "held": c.held,
                "problem": c.problem,
            }
            for c in board
        ],
        columns=list(FILE_COLUMNS),
    )
