"""What the PDCA page shows of plans: are they SMART, can they be seen, were they changed since?"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cxlib.data import Dataset
from cxlib.errors import DataError
from cxlib.page.carry import find, leave
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import Written, capital, listed, number, rows, size
from cxlib.pdca_cycles.charts import QUICK_EFFORT, QUICK_IMPACT
from cxlib.pdca_cycles.plan import (
    ALREADY,
    BEYOND,
    LIMITS,
    MEASURABLE,
    PLANNED,
    REACHED,
    RELEVANT,
    SPECIFIC,
    TIMED,
    UNKNOWN,
    FrozenPlans,
    freeze,
)
from cxlib.pdca_cycles.power import WEEKS_PER_MONTH
from cxlib.pdca_cycles.review import Cycle

FILE = "cycles_passport.json"
ENOUGH = 0.8
REACHES = {
    REACHED: "reached before, in {reached} of {months} months",
    LIMITS: "within the process limits",
    PLANNED: "reached if the planned effect comes",
    ALREADY: "met already, on average",
    BEYOND: "beyond the limits, never reached, and not by the planned effect",
    UNKNOWN: "not known",
}


def plan_finding(board: tuple[Cycle, ...]) -> Finding:
    """How many plans are SMART, and how many could show their effect by the check."""
    plans = [each.plan for each in board if each.plan]
    if not plans:
        return Finding("No plan can be judged.", news=False)
    smart = sum(all(each.smart.values()) for each in plans)
    timed = [each for each in plans if np.isfinite(each.power)]
    seen = sum(each.power >= ENOUGH for each in timed)
    verb = "is" if smart == 1 else "are"
    return Finding(
        f"{smart} of {rows(len(plans), 'plan')} {verb} SMART; {seen} of {len(timed)} could show "
        "their planned effect by the check date.",
        evidence="With 80% power. What can be seen follows from how much each KPI varied before "
        "the change; a "
        "check that comes too early finds nothing, whatever has happened.",
        news=False,
    )


def smart_table(board: tuple[Cycle, ...], currency: str = "") -> Table | None:
    """Each plan: SMART, criterion by criterion, and why; None without any."""
    records = []
    for cycle in board:
        plan = cycle.plan
        if plan is None:
            continue
        reach = REACHES[plan.reach].format(reached=plan.reached, months=plan.months)
        goal = number(cycle.target, cycle.kpi.unit, currency)
        records.append(
            {
                "Cycle": cycle.cycle_id,
                "Specific": _mark(plan.smart[SPECIFIC], cycle.kpi.label),
                "Measurable": _mark(plan.smart[MEASURABLE], f"target {goal}"),
                "Within reach": _mark(plan.smart["within reach"], reach),
                "Relevant": _mark(plan.smart[RELEVANT], cycle.objective or "no objective"),
                "Timed": _mark(plan.smart[TIMED], _dates(cycle)),
            }
        )
    return make_table(records, "Is the goal SMART?", folded=True)


def power_table(board: tuple[Cycle, ...], currency: str = "") -> Table | None:
    """What each plan could show, and when; None without any."""
    planned = [each for each in board if each.plan is not None]
    records = [
        {
            "Cycle": cycle.cycle_id,
            "Planned effect": number(cycle.expected, cycle.kpi.unit, currency, sign=True),
            "Weeks to the check": _weeks(cycle.plan.to_check),
            "Probability of seeing it": number(cycle.plan.power, "share"),
            "Weeks needed for 80%": _needed(cycle),
            "Smallest visible by the check": size(cycle.plan.smallest, cycle.kpi.unit, currency),
        }
        for cycle in planned
    ]
    return make_table(records, "What could be seen, and when", folded=True)


def quick_finding(board: tuple[Cycle, ...]) -> Finding | None:
    """The quick wins among the cycles; None where impact and effort are not logged."""
    known = [each for each in board if np.isfinite(each.impact) and np.isfinite(each.effort)]
    if not known:
        return None
    quick = [
        each.cycle_id
        for each in known
        if each.impact >= QUICK_IMPACT and each.effort <= QUICK_EFFORT
    ]
    words = f"Quick wins, by their teams' own judgement: {listed(quick)}" if quick else "No cycle "
    return Finding(
        f"{words}." if quick else "No cycle promises much for little effort.",
        evidence=f"An impact of {QUICK_IMPACT} or more at an effort of {QUICK_EFFORT} or less.",
        news=False,
    )


def frozen_plans(data: Dataset, before: str = "") -> FrozenPlans:
    """The plans of cycles that have begun, compared with how earlier reports froze them.

    Args:
        data: The dataset.
        before: The folder of an earlier report; "" if there is none.

    Raises:
        ArgumentError: There is no folder `before`.
        DataError: What the earlier report left cannot be read.
    """
    log = data.rows("cycles").execute()
    return freeze(log, data.end, str(data.quarter), _load(before))


def save_frozen(plans: FrozenPlans) -> Path:
    """Leave the frozen plans for the next quarter's report."""
    text = json.dumps({"plans": dict(plans.plans)}, ensure_ascii=False, indent=1, sort_keys=True)
    return leave(FILE, text)


def frozen_finding(plans: FrozenPlans) -> Finding:
    """Whether a plan was changed after its change had begun."""
    fresh = len(plans.plans) - plans.compared
    if not plans.edits:
        words = [f"of {rows(plans.compared, 'plan')} frozen before, none was changed"]
        words = words if plans.compared else []
        words += [f"{rows(fresh, 'plan')} frozen for the first time"] if fresh else []
        sentence = "; ".join(words) or "no plan has begun"
        return Finding(
            f"{capital(sentence)}.",
            evidence="A plan is frozen, with a hash, by the first report after its change began; "
            "an edit before that report cannot be seen.",
            news=False,
        )
    changed = sorted({each.cycle_id for each in plans.edits})
    return Finding(
        f"{rows(len(changed), 'plan')} changed after the change had begun: {listed(changed)}.",
        evidence="A goal that moves once results are in proves nothing.",
    )


def edits_table(plans: FrozenPlans) -> Table | None:
    """What was changed in plans after they had begun; None if nothing was."""
    return make_table(
        [
            {
                "Cycle": each.cycle_id,
                "Part": each.name.replace("_", " "),
                "Was": each.was or "(empty)",
                "Is now": each.now or "(empty)",
                "Frozen in": each.since,
                "Hash then": plans.plans[each.cycle_id]["digest"][:12],
            }
            for each in plans.edits
        ],
        "Plans that were changed after they had begun",
    )


def overlap_finding(pairs: tuple[tuple[str, str], ...]) -> Finding:
    """Cycles whose effects cannot be kept apart."""
    if not pairs:
        return Finding(
            "No two cycles worked on the same KPI in the same place at the same time.", news=False
        )
    words = listed(f"{one} with {other}" for one, other in pairs)
    return Finding(
        f"Confounded: {words}. They worked on the same KPI at the same time, and share contacts.",
        evidence="Whatever changed, it is not known which of the two did it.",
    )


def _load(before: str) -> Mapping[str, Mapping]:
    if (found := find(before, FILE, "frozen plans")) is None:
        return {}
    path, text = found
    try:
        plans = json.loads(text)["plans"]
        if not all({"digest", "since", "plan"} <= set(each) for each in plans.values()):
            raise ValueError("a plan lacks a part")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: no frozen plans: {error}") from None
    return plans


def _mark(met: bool, why: str) -> str:
    return f"{'yes' if met else 'no'}: {why}"


def _dates(cycle: Cycle) -> str:
    if not cycle.plan.smart[TIMED]:
        return "no check date after the start"
    return f"check on {cycle.check:%d %b %Y}"


def _needed(cycle: Cycle) -> Written:
    if not np.isfinite(cycle.expected):
        return number(np.nan)
    return _weeks(cycle.plan.needed) if cycle.plan.needed else Written("over two years", np.inf)


def _weeks(months: int) -> Written:
    return number(months * WEEKS_PER_MONTH if months else np.nan, "count")
