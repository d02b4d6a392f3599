"""Does a KPI meet its target now, and would the process as it is go on to meet it?

Two questions, kept apart as in NHS England's "Making Data Count": *now* is met, missed or cannot
tell yet; *assurance* is passes, hit or miss, or fails, by the process limits of earlier quarters.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from cxlib.measure.contrast import FALSE_DISCOVERIES, adjust
from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import HIGHER, LOWER, TOTAL, Kpi
from cxlib.measure.spc import FEWEST_BASELINE, NO_TARGET, assurance, xmr
from cxlib.measure.targets import TargetData

MET, MISSED, OPEN = "met", "missed", "cannot tell yet"
MONTHS_PER_QUARTER = 3
# What is still to come in a quarter is expected from so many months before it.
LATEST_MONTHS = 9


@dataclass(frozen=True)
class Milestone:
    """A target of the quarter, judged.

    Attributes:
        name: Of its KPI.
        kpi: The KPI; None where the catalogue has none of that name.
        scope, objective, owner: As logged.
        target: To be reached.
        so_far: The KPI in the quarter; None if nothing was measured.
        over: Whether the quarter is over.
        now: met, missed, or cannot tell yet.
        chance: The probability of lying so far from the target when exactly on it, looked at
            alone; NaN while the quarter runs.
        probability: Of its being met by the quarter's end; of a quarter that is over, that the
            true level meets it. NaN if it cannot be worked out.
        assurance: passes, hit or miss, or fails; no target, where no limits are known.
        problem: Why nothing can be said; empty where something can.
    """

    name: str
    kpi: Kpi | None
    scope: str
    objective: str
    owner: str
    target: float
    so_far: Estimate | None
    over: bool
    now: str = OPEN
    chance: float = float("nan")
    probability: float = float("nan")
    assurance: str = NO_TARGET
    problem: str = ""

    @property
    def label(self) -> str:
        """The KPI as it is called in sentences."""
        return self.kpi.label if self.kpi else self.name


def judge_targets(several: Sequence[TargetData]) -> tuple[Milestone, ...]:
    """Which targets are met, and which will be.

    A target is met, or missed, where its KPI lies on that side beyond chance, allowing for the
    number of targets (Benjamini and Hochberg 1995): of quarters exactly on all their targets, at
    most 5% show any as met or missed. While a quarter runs, what is still to come is taken to be
    like the latest months, and to vary as they did.

    Args:
        several: The targets of a quarter, with what was measured.
    """
    judged = [_judge(each) for each in several]
    over = [each for each in judged if np.isfinite(each.chance)]
    clear = adjust([each.chance for each in over]) < FALSE_DISCOVERIES
    now = {
        id(each): MET if each.probability > 0.5 else MISSED
        for each, found in zip(over, clear, strict=True)
        if found
    }
    return tuple(replace(each, now=now.get(id(each), OPEN)) for each in judged)


def _judge(data: TargetData) -> Milestone:
    plan, found, kpi = data.plan, data.so_far, data.kpi
    words = {name: _text(plan.get(name)) for name in ("scope", "objective", "owner")}
    target, over = float(plan.target), data.elapsed >= 1
    bare = Milestone(plan.kpi, kpi, **words, target=target, so_far=found, over=over)
    problem = data.problem or ("" if found else "nothing was measured in the quarter")
    if not problem and kpi.better not in (HIGHER, LOWER):
        problem = "neither direction of its KPI is better"
    if problem:
        return replace(bare, problem=problem)
    value, error = _at_the_end(data, target)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.float64(value - target) / error * (1 if kpi.better == HIGHER else -1)
    chart = xmr(data.quarters) if len(data.quarters) >= FEWEST_BASELINE else None
    return replace(
        bare,
        chance=float(2 * stats.norm.sf(abs(z))) if over else float("nan"),
        probability=float(stats.norm.cdf(z)),
        assurance=assurance(chart, target, kpi.better) if chart else NO_TARGET,
    )


def _at_the_end(data: TargetData, target: float) -> tuple[float, float]:
    """What the KPI will be at the quarter's end, and its standard error towards the target."""
    found, elapsed = data.so_far, data.elapsed
    error = float("nan")
    if found.has_interval:
        half = found.value - found.low if found.value > target else found.high - found.value
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


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
