"""What the PDCA page shows of all cycles together, and of the quarter's milestones."""

import pandas as pd

from cxlib.measure.spc import FAILS, HIT_OR_MISS, PASSES
from cxlib.measure.status import OPEN, Milestone
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import (
    capital,
    chance_of,
    estimate,
    in_sentence,
    listed,
    month,
    number,
    rows,
)
from cxlib.pdca_cycles.charts import icons
from cxlib.pdca_cycles.portfolio import Chain, Portfolio
from cxlib.pdca_cycles.review import Cycle

MOST_QUARTERS = 6
# What the process limits of earlier quarters say of a target.
ASSURED = {
    PASSES: " By its process limits, it meets this target in every quarter.",
    HIT_OR_MISS: " From quarter to quarter, the process hits or misses this target by chance.",
    FAILS: " The process misses this target unless something changes.",
}


def portfolio_finding(found: Portfolio) -> Finding:
    """How the loop turns."""
    days = f" Median cycle: {found.days:,.0f} days." if found.finished else ""
    held = f"; {found.held} of {found.watched} gains held" if found.watched else ""
    if not found.judged:
        return Finding(f"No cycle can be judged yet.{days}", news=False)
    count = len(found.against)
    decided = f"{rows(count, 'decision')} went against the evidence" if count else ""
    return Finding(
        f"{found.worked} of {rows(found.judged, 'cycle')} worked{held}.{days}"
        f"{f' {capital(decided)}.' if count else ''}",
        evidence=f"{found.started:,} started, {found.finished:,} finished; days from the change to "
        f"the decision.{f' Against the evidence: {listed(found.against)}.' if count else ''}",
        news=bool(count),
    )


def chain_table(chains: tuple[Chain, ...], currency: str = "") -> Table | None:
    """The cycles of each objective, and what they add up to; None without objectives."""
    return make_table(
        [
            {
                "Objective": each.objective,
                "KPI": each.kpi.label,
                "Cycles, in order": " → ".join(each.cycles),
                "Together, in the whole": (
                    f"{estimate(each.effect, currency, sign=True)}, from {each.told}"
                    if each.effect
                    else "not known yet"
                ),
            }
            for each in chains
        ],
        "What the cycles of an objective add up to: each effect times the share of contacts that "
        "its scope covers",
        folded=True,
    )


def milestone_findings(
    milestones: tuple[Milestone, ...], currency: str = ""
) -> tuple[Finding, ...]:
    """A sentence for each target of the quarter."""
    if not milestones:
        return (Finding("No target is set for this quarter.", news=False),)
    return tuple(_milestone(each, currency) for each in milestones)


def _milestone(each: Milestone, currency: str) -> Finding:
    label = capital(in_sentence(each.label))
    where = f" where {each.scope}" if each.scope else ""
    if each.problem:
        return Finding(f"The target for {in_sentence(label)}{where} cannot be judged: "
                       f"{each.problem}.", news=False)  # fmt: skip
    goal = number(each.target, each.so_far.unit, currency)
    value = number(each.so_far.value, each.so_far.unit, currency)
    interval, steady = estimate(each.so_far, currency), ASSURED.get(each.assurance, "")
    if not each.over:
        likely = f"{chance_of(each.probability)} likely to meet its target of {goal}"
        if pd.isna(each.probability):
            likely = f"too early to say whether it meets its target of {goal}"
        said = f"{label}{where} stands at {value}, {likely}"
        return Finding(f"{said}.", each.so_far, f"So far {interval}.{steady}")
    if each.now == OPEN:
        said = f"{label}{where} is {value}, too close to its target of {goal} to tell"
        likely = ""
        if pd.notna(each.probability):
            likely = f", {chance_of(each.probability)} likely to truly meet it"
        return Finding(f"{said}.", each.so_far, f"{interval}{likely}.{steady}", news=False)
    said = f"{label}{where} {each.now} its target of {goal}: {value}"
    return Finding(f"{said}.", each.so_far, f"{interval}.{steady}")


def target_gap_table(board: tuple[Cycle, ...], currency: str = "") -> Table | None:
    """The gap to each cycle's target, quarter by quarter since the change; None without any."""
    known = [
        each
        for each in board
        if not each.problem and pd.notna(each.target) and each.quarters is not None
    ]
    quarters = sorted({when for each in known for when in _since(each)})[-MOST_QUARTERS:]
    if not quarters:
        return None
    records = []
    for cycle in known:
        values = cycle.quarters.set_index("quarter").value
        record = {
            "Cycle": cycle.cycle_id,
            "KPI": cycle.kpi.label,
            "Target": number(cycle.target, cycle.kpi.unit, currency),
        }
        for when in quarters:
            started = when in _since(cycle)
            gap = values[when] - cycle.target if started else float("nan")
            record[month(when)] = number(gap, cycle.kpi.unit, currency, sign=True)
        records.append(record)
    return make_table(
        records,
        "Gap to target (KPI less target) in the quarters that began in these months",
        folded=True,
    )


def _since(cycle: Cycle) -> list[pd.Timestamp]:
    """The quarters that began after the change, or with it."""
    return [each for each in cycle.quarters.quarter if each >= pd.Timestamp(cycle.start)]


def control_table(board: tuple[Cycle, ...]) -> Table | None:
    """Variation, assurance, whether gains are held, and when to look again; None without charts."""
    records = []
    for cycle in board:
        if cycle.chart is None:
            continue
        variation, assurance = icons(cycle)
        watch = cycle.watch
        records.append(
            {
                "Cycle": cycle.cycle_id,
                "Chart": f"{cycle.chart.kind}{', trial limits' if cycle.chart.trial else ''}",
                "Variation": variation,
                "Assurance": assurance,
                "Change": _gain(cycle),
                "Limits set anew": month(watch.since) if watch else "–",
                "Next review": f"{watch.review:%d %b %Y}" if watch and pd.notna(watch.review)
                else "–",
            }
        )  # fmt: skip
    return make_table(records, "Charts, and whether gains are held", folded=True)


def _gain(cycle: Cycle) -> str:
    if cycle.watch is None:
        return "–"
    return "held" if cycle.held else f"slips back since {month(cycle.watch.alarm)}"


def control_finding(board: tuple[Cycle, ...]) -> Finding:
    """Which gains slip back."""
    watched = [each for each in board if each.watch]
    lost = [each for each in watched if not each.held]
    if not watched:
        return Finding("No gain has lasted long enough to be watched.", news=False)
    if not lost:
        held = (
            f"All {len(watched)} gains watched have" if len(watched) > 1 else "The gain watched has"
        )
        return Finding(f"{held} held.", news=False)
    words = listed(f"{each.cycle_id} since {month(each.watch.alarm)}" for each in lost)
    verb = "is" if len(lost) == 1 else "are"
    return Finding(
        f"{len(lost)} of {rows(len(watched), 'gain')} {verb} being lost: {words}.",
        evidence="An alarm takes a special cause towards the old level, and the loss of a third "
        "of the gain over two months.",
    )
