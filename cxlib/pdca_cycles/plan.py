"""Is a cycle's plan SMART, can its effect be seen in time, and has it been changed since?"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import HIGHER, LOWER, Kpi
from cxlib.measure.spc import Chart
from cxlib.pdca_cycles.power import Noise, months_needed, power, smallest_effect

SPECIFIC, MEASURABLE, REACHABLE, RELEVANT, TIMED = (
    "specific", "measurable", "within reach", "relevant", "timed",
)  # fmt: skip
# Whether the process can reach a target, and by what.
REACHED, LIMITS, PLANNED, ALREADY, BEYOND, UNKNOWN = (
    "reached before", "within its limits", "with the planned effect", "met already", "beyond",
    "unknown",
)  # fmt: skip
ADOPT, ADAPT, ABANDON, WAIT = "adopt", "adapt", "abandon", ""
# An improvement of less than this share of the planned effect asks for adaption.
WORTHWHILE = 0.5
# What an edit is called by which a cycle is no longer in the log.
GONE = "the whole cycle"
# What may not change once the change has begun.
FROZEN = (
    "title", "kpi", "objective", "scope", "control_scope", "target", "expected_effect", "plan_date",
    "do_date", "check_date",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What a plan promises, judged from data.

    Attributes:
        smart: Whether each criterion is met.
        reach: By what the target can be reached: reached before, within its limits, with the
            planned effect, met already, beyond, or unknown.
        reached: In how many of the months before the change the target was reached.
        months: How many months before the change there are.
        to_check: How many months lie between the change and its check; 0 if not known.
        power: How likely the planned effect is to be detected by then; NaN if not known.
        smallest: The smallest effect that is detected by then with 80%; infinite if none is.
        needed: After how many months the planned effect is detected with 80%; None if not in two
            years, or not known.
    """

    smart: Mapping[str, bool]
    reach: str
    reached: int
    months: int
    to_check: int
    power: float
    smallest: float
    needed: int | None


@dataclass(frozen=True)
class Edit:
    """A part of a plan that was changed after the change had begun.

    Attributes:
        cycle_id: Of which cycle.
        name: Which part.
        was, now: As it was frozen, and as it stands; texts.
        since: The quarter whose report froze it.
    """

    cycle_id: str
    name: str
    was: str
    now: str
    since: str


@dataclass(frozen=True)
class FrozenPlans:
    """The plans of cycles that have begun.

    Attributes:
        plans: By cycle: `digest` (the hash of its plan), `since` (the quarter whose report froze
            it) and `plan` (its parts as texts).
        edits: What was changed since, in any of them.
        compared: How many of them an earlier report had frozen.
    """

    plans: Mapping[str, Mapping]
    edits: tuple[Edit, ...] = ()
    compared: int = 0


def assess_plan(
    plan: pd.Series, kpi: Kpi, chart: Chart | None, history: np.ndarray, noise: Noise | None,
    least: int = 1,
) -> Plan:  # fmt: skip
    """Judge a plan.

    Args:
        plan: The cycle's row in the log.
        kpi: Its KPI.
        chart: The KPI's chart, with limits from the baseline; None if there is none.
        history: The KPI in the months before the change.
        noise: What these tell of chance; None if they are too few.
        least: How many months after the change it takes at least for anything to be told.
    """
    target = number(plan.target)
    reach, reached = _reach(plan, kpi, chart, history)
    timed = pd.notna(plan.check_date) and plan.check_date > plan.do_date
    smart = {
        SPECIFIC: kpi.better in (HIGHER, LOWER),
        MEASURABLE: bool(np.isfinite(target)),
        REACHABLE: reach in (REACHED, LIMITS, PLANNED),
        RELEVANT: isinstance(plan.objective, str) and bool(plan.objective.strip()),
        TIMED: bool(timed),
    }
    to_check = _whole_months(plan.do_date, plan.check_date) if timed else 0
    expected = number(plan.expected_effect)
    known = noise is not None and np.isfinite(expected) and expected != 0
    return Plan(
        smart,
        reach,
        reached,
        len(history),
        to_check,
        _power(noise, expected, to_check, least) if known and timed else float("nan"),
        smallest_effect(noise, to_check) if noise and to_check >= least else float("inf"),
        _needed(noise, expected, least) if known else None,
    )


def _power(noise: Noise, expected: float, months: int, least: int) -> float:
    return power(noise, expected, months) if months >= least else 0.0


def _needed(noise: Noise, expected: float, least: int) -> int | None:
    needed = months_needed(noise, expected)
    return max(needed, least) if needed else None


def decide(verdict: str, effect: Estimate | None, expected: float, kpi: Kpi) -> str:
    """What a cycle's rule says: adopt, adapt or abandon; nothing while it is too early.

    Adopt what has improved by at least half of the planned effect; adapt what has improved by less,
    or may still have the planned effect unseen; abandon what has worsened, or has not had the
    planned effect.

    Args:
        verdict: As `review.review_cycles` gives it.
        effect: What was found.
        expected: The planned effect; NaN if none was.
        kpi: The cycle's KPI.
    """
    if effect is None or verdict == "too early":
        return WAIT
    if verdict == "worsened":
        return ABANDON
    if verdict == "improved":
        enough = not np.isfinite(expected) or abs(effect.value) >= WORTHWHILE * abs(expected)
        return ADOPT if enough else ADAPT
    if verdict == "no detectable change" and np.isfinite(expected) and expected:
        beyond = effect.high < expected if expected > 0 else effect.low > expected
        return ABANDON if beyond else ADAPT
    return ADAPT


def freeze(log: pd.DataFrame, now, quarter: str, before: Mapping[str, Mapping]) -> FrozenPlans:
    """Freeze the plans of cycles that have begun, and compare them with how they were frozen.

    Args:
        log: The cycles as logged.
        now: The end of what is reported.
        quarter: The quarter reported.
        before: The plans that earlier reports froze, as in `FrozenPlans.plans`.
    """
    plans, edits = dict(before), []
    there = {row.cycle_id: {name: _text(row.get(name)) for name in FROZEN}
             for _, row in log.iterrows()}  # fmt: skip
    begun = log.cycle_id[pd.to_datetime(log.do_date) < pd.Timestamp(now)]
    for cycle_id in begun[~begun.isin(list(before))]:
        parts = there[cycle_id]
        plans[cycle_id] = {"digest": digest(parts), "since": quarter, "plan": parts}
    for cycle_id, known in before.items():
        # A plan that was put off, or taken out of the log, has been changed as well.
        parts = there.get(cycle_id)
        if parts is None:
            edits.append(Edit(cycle_id, GONE, known["plan"].get("title", ""), "", known["since"]))
        elif known["digest"] != digest(parts):
            edits += [
                Edit(cycle_id, name, known["plan"].get(name, ""), parts[name], known["since"])
                for name in FROZEN
                if known["plan"].get(name, "") != parts[name]
            ]
    return FrozenPlans(plans, tuple(edits), len(before))


def digest(parts: Mapping[str, str]) -> str:
    """The hash of a plan.

    Examples:
        >>> digest({"kpi": "csat"})[:12]
        '0f3b82fa0ba6'
    """
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _reach(plan: pd.Series, kpi: Kpi, chart: Chart | None, history: np.ndarray) -> tuple[str, int]:
    """By what a target can be reached, and in how many months it has been."""
    target = number(plan.target)
    if not np.isfinite(target) or chart is None or kpi.better not in (HIGHER, LOWER):
        return UNKNOWN, 0
    sign = 1 if kpi.better == HIGHER else -1
    reached = int((sign * history >= sign * target).sum())
    if sign * chart.centre >= sign * target:
        return ALREADY, reached
    if reached:
        return REACHED, reached
    limits = np.broadcast_to(chart.upper if sign > 0 else chart.lower, len(chart.values))
    limit = float(limits[chart.baseline - 1])
    if sign * limit >= sign * target:
        return LIMITS, 0
    planned = number(plan.expected_effect)
    if np.isfinite(planned) and sign * (chart.centre + planned) >= sign * target:
        return PLANNED, 0
    return BEYOND, 0


def _whole_months(start, end) -> int:
    """The months that lie wholly between a change and its check."""
    begins = pd.Timestamp(start).to_period("M").start_time
    first = begins if begins == pd.Timestamp(start) else begins + pd.offsets.MonthBegin()
    last = pd.Timestamp(end).to_period("M").start_time
    return max((last.year - first.year) * 12 + last.month - first.month, 0)


def number(value) -> float:
    """A number of the log; NaN where it has none."""
    return float("nan") if value is None or pd.isna(value) else float(value)


def _text(value) -> str:
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)
