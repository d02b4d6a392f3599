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
from cxlib.measure.kpis import COUNT, HIGHER, LOWER, MEAN, PROPORTION, TOTAL, Kpi
from cxlib.measure.kpis import OPEN as AT_END
from cxlib.measure.spc import FEWEST_BASELINE, NO_TARGET, assurance, xmr
from cxlib.measure.targets import TargetData

# How a KPI of a quarter follows from those of its months.
LEVEL, SUM, CHANCE = "level", "sum", "chance"
MET, MISSED, OPEN = "met", "missed", "cannot tell yet"
MONTHS_PER_QUARTER = 3
# What is still to come in a quarter is expected from so many months before it.
LATEST_MONTHS = 9
# Half of it says little of the whole: it is measured against all of last year's quarter.
NEVER_HALF = "net_revenue_retention"
# What has left stays away: once missed in a quarter, its target cannot be met any more.
FALLS_AWAY = ("retention_rate", "churn_rate")
# A share of none or of all has no logarithm.
LEAST_SHARE = 1e-9


def gathers(kpi: Kpi) -> str:
    """How a KPI grows within a period: not at all, as a sum, or as the share that it has reached.

    Examples:
        >>> from cxlib.measure.kpis import KPIS
        >>> gathers(KPIS["csat"]), gathers(KPIS["revenue_per_account"]), gathers(KPIS["churn_rate"])
        ('level', 'sum', 'chance')
    """
    if kpi.kind == TOTAL or (kpi.table == "accounts" and kpi.kind == MEAN):
        return SUM
    if kpi.kind == COUNT and kpi.at != AT_END:
        return SUM
    return CHANCE if kpi.table == "accounts" and kpi.kind == PROPORTION else LEVEL


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
            true level meets it, or, of what is counted, whether it does. NaN if it cannot be
            worked out.
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
    most 5% show any as met or missed. What is counted and no sample, such as revenue, is a fact.
    While a quarter runs, what is still to come is taken to be like the latest months, and to vary
    as they did; what has come counts as it does in the KPI: accounts that have left stay away.

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
    now |= {id(each): MET if each.probability == 1 else MISSED for each in judged if _is_fact(each)}
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
    chart = xmr(data.quarters) if len(data.quarters) >= FEWEST_BASELINE else None
    judged = replace(bare, assurance=assurance(chart, target, kpi.better) if chart else NO_TARGET)
    if _is_fact(judged):
        gap = found.value - target
        meets = gap == 0 or (gap > 0) == (kpi.better == HIGHER)
        return replace(judged, probability=float(meets))
    if not over:
        return replace(judged, probability=_likely(data, target))
    half = found.value - found.low if found.value > target else found.high - found.value
    error = half / stats.norm.ppf(0.5 + found.confidence / 2)
    z = _towards(kpi, found.value - target, error)
    return replace(
        judged, chance=float(2 * stats.norm.sf(abs(z))), probability=float(stats.norm.cdf(z))
    )


def _is_fact(each: Milestone) -> bool:
    """Whether the quarter is over and its KPI counted: no sample, of which another would differ."""
    return each.over and not each.problem and each.kpi.kind in (TOTAL, COUNT)


def _towards(kpi: Kpi, gap: float, error: float) -> float:
    """How many standard errors a value lies on the target's good side."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.float64(gap) / error * (1 if kpi.better == HIGHER else -1))


def _likely(data: TargetData, target: float) -> float:
    """The probability that a running quarter ends on its target's good side."""
    kpi, elapsed = data.kpi, data.elapsed
    if elapsed <= 0 or kpi.name == NEVER_HALF:
        return float("nan")
    way, sums = gathers(kpi), gathers(kpi) != LEVEL
    months = data.months.dropna().tail(LATEST_MONTHS).to_numpy(dtype=float)
    value, error = data.so_far.value, _half(data.so_far)
    if way == CHANCE:
        # Shares of the accounts there multiply from month to month, and their logarithms add up.
        lost = value < target if kpi.better == HIGHER else value > target
        if lost and kpi.name in FALLS_AWAY:
            return 0.0
        months, value, target = (_in_logs(kpi, each) for each in (months, value, target))
        error = float("nan")
    done, left = MONTHS_PER_QUARTER * elapsed, MONTHS_PER_QUARTER * (1 - elapsed)
    here = value / done if sums else value
    varies = float(np.diff(months).std(ddof=1) / np.sqrt(2)) if len(months) > 2 else error
    # A month to come is like the latest ones: those of the quarter, and those before it.
    count = len(months) + done
    usual = (months.sum() + done * here) / count
    spread = varies * np.sqrt(left + left**2 / count)
    if not sums:
        value, spread = done * here / MONTHS_PER_QUARTER, spread / MONTHS_PER_QUARTER
        left /= MONTHS_PER_QUARTER
    gap = value + left * usual - target
    if spread == 0:
        # What has never varied goes on as it was.
        return float(_towards(kpi, gap, 1.0) >= -LEAST_SHARE)
    return float(stats.norm.cdf(_towards(kpi, gap, spread)))


def _half(found: Estimate) -> float:
    """The standard error of an estimate; NaN without an interval."""
    if not found.has_interval:
        return float("nan")
    return (found.high - found.low) / 2 / stats.norm.ppf(0.5 + found.confidence / 2)


def _in_logs(kpi: Kpi, share):
    """Shares on a scale on which months add up, and which rises with them."""
    if kpi.name == "retention_rate":
        return np.log(np.maximum(share, LEAST_SHARE))
    return -np.log1p(-np.minimum(share, 1 - LEAST_SHARE))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
