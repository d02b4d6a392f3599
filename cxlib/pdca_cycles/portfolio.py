"""All cycles together: what came of them, what they add up to, and the quarter's milestones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import HIGHER, LOWER, TOTAL, Kpi
from cxlib.pdca_cycles.review import IMPROVED, PLAN, Cycle
from cxlib.pdca_cycles.targets import TargetData

MONTHS_PER_QUARTER = 3
# From so many months before the quarter, what is to come is foretold.
LATEST_MONTHS = 9


@dataclass(frozen=True)
class Portfolio:
    """Cycles, counted.

    Attributes:
        planned, started, finished: Not begun yet; begun; closed by their teams.
        worked: Of those begun, how many improved their KPI; `judged` is how many could be judged.
        judged: See `worked`.
        held, watched: Of the improvements that could be watched, how many have held.
        days: The median time round the loop, from the change to the team's decision; NaN if none.
        against: Cycles whose team decided otherwise than the rule.
    """

    planned: int
    started: int
    finished: int
    worked: int
    judged: int
    held: int
    watched: int
    days: float
    against: tuple[str, ...]


@dataclass(frozen=True)
class Chain:
    """The cycles of one objective that move one KPI, in order of time.

    Attributes:
        objective, kpi: Which.
        cycles: Their ids.
        effect: What they add up to in the KPI as a whole: each effect times the share of contacts
            that its scope covers. None where none can be worked out.
        told: How many of them it rests on.
    """

    objective: str
    kpi: Kpi
    cycles: tuple[str, ...]
    effect: Estimate | None
    told: int


@dataclass(frozen=True)
class Milestone:
    """A target of the quarter.

    Attributes:
        kpi, label: Which, by its name, and as in sentences.
        scope, objective, owner: As logged.
        target: To be reached.
        so_far: The KPI in the quarter; None if nothing was measured.
        over: Whether the quarter is over.
        met: Whether it was met, as counted; None while the quarter runs, or if not measured.
        probability: Of its being met by the quarter's end; of a quarter that is over, that the
            process as it is meets it, and not by luck. NaN if it cannot be worked out.
        problem: Why nothing can be said; empty where something can.
    """

    kpi: str
    label: str
    scope: str
    objective: str
    owner: str
    target: float
    so_far: Estimate | None
    over: bool
    met: bool | None
    probability: float
    problem: str


def count_cycles(board: Sequence[Cycle]) -> Portfolio:
    """Count cycles by what came of them."""
    begun = [each for each in board if each.stage != PLAN]
    closed = [each for each in begun if pd.notna(each.closed)]
    watched = [each for each in begun if each.verdict == IMPROVED and each.held is not None]
    days = [(pd.Timestamp(each.closed) - pd.Timestamp(each.start)).days for each in closed]
    return Portfolio(
        planned=len(board) - len(begun),
        started=len(begun),
        finished=len(closed),
        worked=sum(each.verdict == IMPROVED for each in begun),
        judged=sum(each.found is not None for each in begun),
        held=sum(bool(each.held) for each in watched),
        watched=len(watched),
        days=float(np.median(days)) if days else float("nan"),
        against=tuple(
            each.cycle_id
            for each in board
            if each.decision and each.rule and each.decision != each.rule
        ),
    )


def chain_cycles(board: Sequence[Cycle], reach: Mapping[str, float]) -> tuple[Chain, ...]:
    """The cycles of each objective and KPI, and what they add up to.

    Effects are taken as independent; those that are not detectable count with their own estimate
    and interval, for leaving them out would flatter the sum.

    Args:
        board: The cycles.
        reach: The share of contacts that each cycle's scope covers, by its id.
    """
    groups: dict[tuple[str, str], list[Cycle]] = {}
    for each in sorted(board, key=lambda cycle: pd.Timestamp(cycle.start)):
        if each.objective and each.kpi:
            groups.setdefault((each.objective, each.kpi.name), []).append(each)
    return tuple(
        Chain(name, cycles[0].kpi, tuple(each.cycle_id for each in cycles), *_sum(cycles, reach))
        for (name, _), cycles in groups.items()
    )


def judge_target(data: TargetData) -> Milestone:
    """Whether a target is met, or will be.

    Of a quarter that is over, the probability is that of the KPI's own level, given its interval,
    to lie on the target's good side. While it runs, what is still to come is taken to be like the
    latest months, and to vary as they did.

    Args:
        data: The target, with what was measured.
    """
    plan, found, kpi = data.plan, data.so_far, data.kpi
    words = {name: _text(plan.get(name)) for name in ("scope", "objective", "owner")}
    target, over = float(plan.target), data.elapsed >= 1
    label = kpi.label if kpi else plan.kpi
    problem = data.problem or ("" if found else "nothing was measured in the quarter")
    if not problem and kpi.better not in (HIGHER, LOWER):
        problem = "neither direction of its KPI is better"
    if problem:
        return Milestone(plan.kpi, label, **words, target=target, so_far=found, over=over, met=None,
                         probability=float("nan"), problem=problem)  # fmt: skip
    sign = 1 if kpi.better == HIGHER else -1
    value, error = _at_the_end(data)
    gap = sign * (value - target)
    if error > 0:
        chance = float(stats.norm.cdf(gap / error))
    else:
        chance = float(gap >= 0) if over else float("nan")
    met = bool(sign * found.value >= sign * target) if over else None
    return Milestone(plan.kpi, label, **words, target=target, so_far=found, over=over, met=met,
                     probability=chance, problem="")  # fmt: skip


def _at_the_end(data: TargetData) -> tuple[float, float]:
    """What the KPI will be at the quarter's end, and its standard error."""
    found, elapsed = data.so_far, data.elapsed
    half = (found.high - found.low) / 2 if found.has_interval else float("nan")
    error = half / stats.norm.ppf(0.5 + found.confidence / 2)
    if elapsed >= 1:
        return found.value, error
    done, left = MONTHS_PER_QUARTER * elapsed, MONTHS_PER_QUARTER * (1 - elapsed)
    total = data.kpi.kind == TOTAL
    here = found.value / done if total else found.value
    months = data.months.tail(LATEST_MONTHS)
    varies = float(months.diff().std() / np.sqrt(2)) if len(months) > 2 else error
    # A month to come is like the latest ones: those of the quarter, and those before it.
    count = len(months) + done
    usual = (months.sum() + done * here) / count
    spread = varies * np.sqrt(left + left**2 / count)
    if total:
        return float(found.value + left * usual), float(spread)
    ends = (done * here + left * usual) / MONTHS_PER_QUARTER
    return float(ends), float(spread / MONTHS_PER_QUARTER)


def _sum(cycles: Sequence[Cycle], reach: Mapping[str, float]) -> tuple[Estimate | None, int]:
    kpi = cycles[0].kpi
    if kpi.kind == TOTAL:
        # What a part brings more, the whole brings more.
        reach = dict.fromkeys((each.cycle_id for each in cycles), 1.0)
    elif kpi.table == "accounts":
        # The share of contacts says nothing of the share of accounts.
        reach = {each.cycle_id: 1.0 for each in cycles if not each.scope}
    told = [
        each for each in cycles if each.effect and np.isfinite(reach.get(each.cycle_id, np.nan))
    ]
    if not told:
        return None, 0
    parts = [(each.effect, reach[each.cycle_id]) for each in told]
    value = sum(effect.value * share for effect, share in parts)
    low = value - np.sqrt(sum(((e.value - e.low) * share) ** 2 for e, share in parts))
    high = value + np.sqrt(sum(((e.high - e.value) * share) ** 2 for e, share in parts))
    return Estimate(value, low, high, len(told), cycles[0].kpi.unit), len(told)


def _text(value) -> str:
    return value if isinstance(value, str) else ""
