"""PDCA cycles: where each stands, and whether its KPI has changed."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from cxlib.analysis.spc import FEWEST_BASELINE, Chart, xmr
from cxlib.measure import intervals
from cxlib.measure.cycles import CycleData
from cxlib.measure.estimate import CONFIDENCE, Estimate
from cxlib.measure.kpis import HIGHER, LOWER, Kpi

BASELINE_MONTHS = 12
AFTER_MONTHS = 12
FEWEST_AFTER = 3
LATEST_MONTHS = 3
FIRM_AFTER = 7
# A yearly pattern can be told from a change only where two years are seen.
SEASON_MONTHS = 24
IMPROVED, WORSENED = "improved", "worsened"
CHANGED, NO_CHANGE, TOO_EARLY = "changed", "no detectable change", "too early"
PLAN, DO, CHECK, ACT = "Plan", "Do", "Check", "Act"


@dataclass(frozen=True)
class Cycle:
    """A cycle as it stands.

    Attributes:
        cycle_id, title, objective, owner, decision: As logged.
        kpi: The KPI that it should move.
        stage: Plan, Do, Check or Act.
        start, check: When the change began, and when it is to be judged (NaT if not planned).
        closed: When the team decided; NaT if it has not.
        months: The months of the chart.
        chart: The KPI's control chart, limits from the baseline; None where not possible.
        before, after: Mean of the monthly values in the baseline, and since the change.
        effect: The step at the change that trend, season and chance do not account for.
        target: The KPI value to reach; NaN if none was set.
        latest: The KPI over the reported quarter.
        verdict: improved, worsened, changed (where neither direction is better), no detectable
            change, or too early.
        held: Whether the latest months still show a detected change; None where there is none, or
            where it is too young to tell.
        problem: Why nothing can be said; empty where something can.
    """

    cycle_id: str
    title: str
    objective: str
    owner: str
    decision: str
    kpi: Kpi | None
    stage: str
    start: datetime
    check: datetime
    closed: datetime
    months: pd.DatetimeIndex
    chart: Chart | None
    before: Estimate | None
    after: Estimate | None
    effect: Estimate | None
    target: float
    latest: Estimate | None
    verdict: str
    held: bool | None
    problem: str


def review(cycles: tuple[CycleData, ...]) -> tuple[Cycle, ...]:
    """Review every cycle; one without data says so."""
    return tuple(_review(each) for each in cycles)


def _review(cycle: CycleData) -> Cycle:
    plan, problem = cycle.plan, cycle.problem
    months, chart, before, after, effect = _months(cycle), None, None, None, None
    verdict = TOO_EARLY
    if not problem:
        problem = _obstacle(months)
    if not problem:
        chart = xmr(months.value, baseline=int(months.before.sum()))
        before = _mean(months.value[months.before], cycle.kpi.unit)
        if months.after.sum() >= FEWEST_AFTER:
            after = _mean(months.value[months.after], cycle.kpi.unit)
            effect = step_change(cycle.months, plan.do_date, cycle.kpi.unit)
            verdict = _verdict(cycle.kpi, chart, effect)
    return Cycle(
        cycle_id=plan.cycle_id,
        title=plan.title,
        objective=_text(plan.objective),
        owner=_text(plan.owner),
        decision=_text(plan.decision),
        kpi=cycle.kpi,
        stage=_stage(plan, cycle.now),
        start=plan.do_date,
        check=plan.check_date,
        closed=plan.closed_at,
        months=pd.DatetimeIndex(months.month),
        chart=chart,
        before=before,
        after=after,
        effect=effect,
        target=float(plan.target),
        latest=cycle.latest,
        verdict=verdict,
        held=_held(chart, effect) if verdict in (IMPROVED, WORSENED, CHANGED) else None,
        problem=problem,
    )


def step_change(months: pd.DataFrame, start: datetime, unit: str) -> Estimate | None:
    """The step of a monthly series at a date: an interrupted time series.

    A regression on a constant, time, the step and, where two years are seen, a yearly wave, with
    errors that allow for autocorrelation (Newey and West 1987). The month in which the change
    falls counts as neither before nor after, unless it begins with it.

    Args:
        months: month, value.
        start: When the change began.
        unit: Of the values.

    Returns:
        The step; None where there are too few months to tell.
    """
    months = _windows(months, start, before=36)
    used = months[months.before | months.after]
    time = (used.month.dt.year * 12 + used.month.dt.month).to_numpy(dtype=float)
    columns = [time - time.mean(), used.after.astype(float)]
    if len(used) >= SEASON_MONTHS:
        angle = 2 * np.pi * time / 12
        columns += [np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)]
    if len(used) < len(columns) + 5 or not used.after.any() or not used.before.any():
        return None
    design = add_constant(np.column_stack(columns))
    fit = OLS(used.value.to_numpy(dtype=float), design).fit(
        cov_type="HAC", cov_kwds={"maxlags": 2, "use_correction": True}, use_t=True
    )
    low, high = fit.conf_int(1 - CONFIDENCE)[2]
    return Estimate(
        fit.params[2], min(low, fit.params[2]), max(high, fit.params[2]), len(used), unit
    )


def _windows(months: pd.DataFrame, start: datetime, before: int) -> pd.DataFrame:
    begins = pd.Timestamp(start).to_period("M").start_time
    first_after = begins if begins == pd.Timestamp(start) else begins + pd.offsets.MonthBegin()
    earlier = (months.month < begins) & (months.month >= begins - pd.DateOffset(months=before))
    later = (months.month >= first_after) & (
        months.month < first_after + pd.DateOffset(months=AFTER_MONTHS)
    )
    return months.assign(before=earlier, after=later)


def _months(cycle: CycleData) -> pd.DataFrame:
    """The months of the chart: the baseline and all since, with which is which."""
    months = _windows(cycle.months, cycle.plan.do_date, BASELINE_MONTHS)
    begins = pd.Timestamp(cycle.plan.do_date).to_period("M").start_time
    return months[months.before | (months.month >= begins)].reset_index(drop=True)


def _obstacle(months: pd.DataFrame) -> str:
    if months.empty:
        return "nothing was measured within its scope"
    count = int(months.before.sum())
    if count < FEWEST_BASELINE:
        return f"its baseline has {count} months; a control chart needs at least {FEWEST_BASELINE}"
    return ""


def _verdict(kpi: Kpi, chart: Chart, effect: Estimate | None) -> str:
    """A change counts only where the chart and the interval agree on it."""
    after = slice(chart.baseline, None)
    sides = {
        side
        for side, signal in zip(chart.sides[after], chart.signals[after], strict=True)
        if signal
    }
    if effect is None:
        return TOO_EARLY
    if not effect.excludes(0) or np.sign(effect.value) not in sides:
        return NO_CHANGE
    if kpi.better not in (HIGHER, LOWER):
        return CHANGED
    return IMPROVED if (effect.value > 0) == (kpi.better == HIGHER) else WORSENED


def _held(chart: Chart, effect: Estimate) -> bool | None:
    """Whether the latest months lie nearer to the effect than to the old centre.

    None where they belong to the months from which the effect itself was told.
    """
    if len(chart.values) - chart.baseline < FIRM_AFTER:
        return None
    moved = (chart.values[-LATEST_MONTHS:].mean() - chart.centre) / effect.value
    return bool(moved > 0.5)


def _stage(plan: pd.Series, now: datetime) -> str:
    if pd.Timestamp(plan.do_date) >= pd.Timestamp(now):
        return PLAN
    if pd.notna(plan.decision):
        return ACT
    return CHECK if pd.notna(plan.check_date) and plan.check_date <= pd.Timestamp(now) else DO


def _mean(values: pd.Series, unit: str) -> Estimate:
    low, high = intervals.t_interval(values.mean(), values.var(ddof=1) / len(values), len(values))
    return Estimate(float(values.mean()), float(low), float(high), len(values), unit)


def _text(value) -> str:
    return value if isinstance(value, str) else ""
