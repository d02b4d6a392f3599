"""PDCA cycles: where each stands, and whether its KPI has changed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd

from cxlib.data.quarter import Quarter
from cxlib.measure import intervals, spc
from cxlib.measure.contrast import FALSE_DISCOVERIES, adjust
from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import HIGHER, LOWER, Kpi
from cxlib.pdca_cycles.effect import (  # fmt: skip
    AFTER_MONTHS,
    BASELINE_MONTHS,
    DIFFERENCES,
    FEWEST_AFTER,
    Found,
    basis_of,
    chart_of,
    find_effect,
    first_month_after,
    month_number,
    net_of,
    rows_of,
    windows,
)
from cxlib.pdca_cycles.interrupted import season_of
from cxlib.pdca_cycles.log import CycleData
from cxlib.pdca_cycles.plan import ABANDON, Plan, assess_plan, decide, number
from cxlib.pdca_cycles.power import noise_of
from cxlib.pdca_cycles.sustain import Watch, lingers, watch
from cxlib.pdca_cycles.trial import TRIAL, Trial, compare_arms

IMPROVED, WORSENED = "improved", "worsened"
CHANGED, NO_CHANGE, TOO_EARLY = "changed", "no detectable change", "too early"
PLAN, DO, CHECK, ACT = "Plan", "Do", "Check", "Act"


@dataclass(frozen=True)
class Cycle:
    """A cycle as it stands.

    Attributes:
        cycle_id, title, objective, owner, decision, scope: As logged.
        impact, effort, cost: As expected; NaN where not logged.
        kpi: The KPI that it should move.
        stage: Plan, Do, Check or Act.
        start, check: When the change began, and when it is to be judged (NaT if not planned).
        closed: When the team decided; NaT if it has not.
        expected: The planned effect; NaN if none was.
        months: The months of the chart.
        chart: The KPI's control chart, limits from the baseline; None where not possible.
        before, after: Mean of the monthly values in the baseline, and since the change; of a trial,
            the KPI in its control scope, and in its scope.
        found: What the change did; None where it cannot be worked out yet.
        target: The KPI value to reach; NaN if none was set.
        latest: The KPI over the reported quarter.
        quarters: The KPI by quarter.
        verdict: improved, worsened, changed (where neither direction is better), no detectable
            change, or too early.
        plan: The plan, judged; None where nothing could be measured.
        rule: What the cycle's rule says: adopt, adapt, abandon, or nothing yet.
        watch: How a detected gain is held; None where there is none, or it is too young.
        lingers: Of a change that made things worse and was abandoned, whether the KPI is still as
            it was with it; None where there is none, or it is too early.
        problem: Why nothing can be said; empty where something can.
        caution: What else to know: why the control scope could not be used, or why it is too early.
    """

    cycle_id: str
    title: str
    objective: str
    owner: str
    decision: str
    scope: str
    impact: float
    effort: float
    cost: float
    kpi: Kpi | None
    stage: str
    start: datetime
    check: datetime
    closed: datetime
    expected: float
    months: pd.DatetimeIndex
    chart: spc.Chart | None
    before: Estimate | None
    after: Estimate | None
    found: Found | None
    target: float
    latest: Estimate | None
    quarters: pd.DataFrame | None
    verdict: str
    plan: Plan | None
    rule: str
    watch: Watch | None
    lingers: bool | None
    problem: str
    caution: str

    @property
    def effect(self) -> Estimate | None:
        """The step at the change; None where it cannot be worked out."""
        return self.found.step if self.found else None

    @property
    def held(self) -> bool | None:
        """Whether a detected gain has not slipped back; None where there is none to watch."""
        return self.watch.held if self.watch else None

    @property
    def signal(self) -> str:
        """The latest special cause in the chart since the change; empty without one."""
        since = self.chart.signals[self.chart.baseline :] if self.chart else ()
        return next((each for each in reversed(since) if each), "")


def review_cycles(cycles: Sequence[CycleData]) -> tuple[Cycle, ...]:
    """Review every cycle; one without data says so.

    A change counts where the interval of its step leaves out zero, the step stands out among the
    cycles that are checked in the same quarter (Benjamini and Hochberg 1995), and a control chart
    shows a special cause on the same side. With a control scope the step is that of the difference
    between the two scopes. Without one, two years of months are needed, since a yearly season could
    not be told from a change.
    """
    board = [_review(each) for each in cycles]
    judged = [n for n, each in enumerate(board) if each.found]
    quarters = pd.Series({n: _checked_in(board[n], cycles[n].first_month) for n in judged})
    for _, group in quarters.groupby(quarters):
        p = [board[n].found.p for n in group.index]
        for n, q in zip(group.index, adjust(p), strict=True):
            board[n] = _judged(board[n], cycles[n], float(q))
    return tuple(board)


def _review(cycle: CycleData) -> Cycle:
    plan, problem = cycle.plan, cycle.problem
    months = _months(cycle)
    chart = before = after = found = promise = None
    caution = cycle.control_problem
    if cycle.trial:
        found, caution = _of_arms(cycle.kpi, cycle.trial)
        before, after = cycle.trial.control, cycle.trial.scope
    else:
        problem = problem or _obstacle(months)
    if not (problem or cycle.trial):
        chart = chart_of(months, cycle.kpi)
        basis = basis_of(cycle)
        caution = caution or basis.caution
        earlier = basis.used[basis.used.before]
        noise = noise_of(
            earlier.value.to_numpy(float), month_number(earlier.month),
            min(BASELINE_MONTHS, len(earlier)),
        )  # fmt: skip
        before = _mean(months.value[months.before], cycle.kpi.unit)
        history = windows(cycle.months, plan.do_date)
        history = history.value[history.before].to_numpy(float)
        promise = assess_plan(plan, cycle.kpi, chart, history, noise, basis.least_after)
        if months.after.sum() >= FEWEST_AFTER:
            after = _mean(months.value[months.after], cycle.kpi.unit)
            found, why = find_effect(cycle, months, chart, basis, noise)
            caution = caution or why
        else:
            caution = caution or (
                f"{rows_of(int(months.after.sum()))} seen since, and {FEWEST_AFTER} are needed"
            )
    asked = {name: number(plan.get(name)) for name in ("impact", "effort", "cost")}
    return Cycle(
        cycle_id=plan.cycle_id,
        title=plan.title,
        objective=_text(plan.objective),
        owner=_text(plan.owner),
        decision=_text(plan.decision),
        scope=_text(plan.get("scope")),
        **asked,
        kpi=cycle.kpi,
        stage=_stage(plan, cycle.now),
        start=plan.do_date,
        check=plan.check_date,
        closed=plan.closed_at,
        expected=number(plan.get("expected_effect")),
        months=pd.DatetimeIndex(months.month),
        chart=chart,
        before=before,
        after=after,
        found=found,
        target=number(plan.target),
        latest=cycle.latest,
        quarters=cycle.quarters,
        verdict=TOO_EARLY,
        plan=promise,
        rule="",
        watch=None,
        lingers=None,
        problem=problem,
        caution=caution,
    )


def _of_arms(kpi: Kpi, trial: Trial) -> tuple[Found, str]:
    """What a trial found, and what is known of whether its arms were alike before."""
    each = compare_arms(kpi, trial)
    found = Found(
        TRIAL, each.step, each.p, float("nan"), None, None, each.smallest, (True, True),
        unlike=trial.unlike,
    )  # fmt: skip
    if trial.unlike:
        return found, ""
    if not trial.compared:
        return found, "whether the two arms were alike before cannot be checked"
    return found, (
        f"the customers of the two arms were alike in {trial.compared} of {trial.compared} facts"
    )


def _judged(cycle: Cycle, data: CycleData, q: float) -> Cycle:
    """A cycle with its verdict, the probability being adjusted for how many are judged with it."""
    found = replace(cycle.found, q=q)
    step, verdict = found.step, NO_CHANGE
    agrees = found.sides[0] if step.value > 0 else found.sides[1]
    doubtful = found.early or found.unlike
    if found.bent and not found.early:
        cycle = _cautioned(cycle, "its trend may have bent before the change, which looks the same")
    elif not doubtful and step.excludes(0) and q < FALSE_DISCOVERIES and agrees:
        verdict = CHANGED
        if cycle.kpi.better in (HIGHER, LOWER):
            good = (step.value > 0) == (cycle.kpi.better == HIGHER)
            verdict = IMPROVED if good else WORSENED
    # What has become worse is no gain to be held.
    held = lingering = None
    if found.method == TRIAL:
        pass
    elif verdict in (IMPROVED, CHANGED):
        months, since, before = _without_season(cycle, data)
        held = watch(since, step.value, before, cycle.closed, data.now)
    elif verdict == WORSENED and cycle.decision == ABANDON:
        months, _, before = _without_season(cycle, data)
        later = months[months.month >= first_month_after(cycle.closed)]
        lingering = lingers(later.value, step.value, before)
    rule = decide(verdict, step, cycle.expected, cycle.kpi)
    return replace(cycle, found=found, verdict=verdict, watch=held, lingers=lingering, rule=rule)


def _cautioned(cycle: Cycle, caution: str) -> Cycle:
    """A cycle with a further caution."""
    return replace(cycle, caution=f"{cycle.caution}; {caution}" if cycle.caution else caution)


def _without_season(cycle: Cycle, data: CycleData) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """The months without what the season, or the control scope, did: all, those since, before."""
    basis = basis_of(data)
    months = data.months.assign(own=data.months.value)
    if basis.method == DIFFERENCES:
        months = net_of(months, data.control)
    else:
        used = basis.used
        season = season_of(
            used.value.to_numpy(float), month_number(used.month), used.after.to_numpy(),
            month_number(months.month),
        )  # fmt: skip
        months = months.assign(value=months.value.to_numpy(float) - season)
    earlier = windows(months, cycle.start, BASELINE_MONTHS)
    since = months[months.month >= first_month_after(cycle.start)].reset_index(drop=True)
    return months, since, earlier.value[earlier.before]


def _checked_in(cycle: Cycle, first_month: int) -> str:
    """The quarter in which a cycle is checked, by whose cycles the budget is shared."""
    planned = pd.notna(cycle.check)
    when = cycle.check if planned else cycle.start + pd.DateOffset(months=AFTER_MONTHS)
    return str(Quarter.holding(pd.Timestamp(when), first_month))


def _months(cycle: CycleData) -> pd.DataFrame:
    """The months of the chart: the baseline and all since, with which is which."""
    months = windows(cycle.months, cycle.plan.do_date, BASELINE_MONTHS)
    begins = pd.Timestamp(cycle.plan.do_date).to_period("M").start_time
    return months[months.before | (months.month >= begins)].reset_index(drop=True)


def _obstacle(months: pd.DataFrame) -> str:
    if months.empty:
        return "nothing was measured within its scope"
    count = int(months.before.sum())
    if count < spc.FEWEST_BASELINE:
        return (
            f"its baseline has {count} months; a control chart needs at least {spc.FEWEST_BASELINE}"
        )
    return ""


def _stage(plan: pd.Series, now: datetime) -> str:
    if pd.Timestamp(plan.do_date) >= pd.Timestamp(now):
        return PLAN
    if pd.notna(plan.decision):
        return ACT
    return CHECK if pd.notna(plan.check_date) and plan.check_date <= pd.Timestamp(now) else DO


def _mean(values: pd.Series, unit: str) -> Estimate:
    spread = intervals.Spread(values.var(ddof=1) / len(values), len(values) - 1)
    low, high = intervals.t_interval(values.mean(), spread)
    return Estimate(float(values.mean()), float(low), float(high), len(values), unit)


def _text(value) -> str:
    return value if isinstance(value, str) else ""
