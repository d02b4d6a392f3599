"""All cycles together: what came of them, and what they add up to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import TOTAL, Kpi
from cxlib.pdca_cycles.review import IMPROVED, PLAN, Cycle


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
