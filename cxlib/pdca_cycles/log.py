"""The improvement cycles of a dataset, each with its KPI month by month within its scope."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations

import ibis
import pandas as pd

from cxlib.data import Dataset
from cxlib.errors import CxError
from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import Kpi
from cxlib.measure.once import worked_out_once
from cxlib.measure.panel import estimate_of, kpis_of, measure_spans, spans_of
from cxlib.pdca_cycles.trial import Trial, unlike

OPTIONAL = ("control_scope", "expected_effect", "impact", "effort", "cost")
NO_MONTHS = pd.DataFrame(columns=["month", "value", "low", "high", "n"])


@dataclass(frozen=True)
class CycleData:
    """A cycle as logged, with what was measured.

    Attributes:
        plan: The cycle's row in the log.
        kpi: Its KPI; None where the catalogue has none of that name.
        months: The KPI within the scope: month, value, low, high, n; complete months only.
        latest: The KPI within the scope over the reported quarter.
        problem: Why nothing could be measured; empty where something could.
        now: The end of what is reported.
        quarters: The KPI within the scope: quarter (its first moment), value, low, high; whole
            quarters only.
        control: The KPI within the control scope, like `months`; None without a control scope.
        control_problem: Why the control scope cannot be used; empty where it can, or is not there.
        others: When other cycles on the same KPI began that share rows with the scope.
        beside: Likewise, with the control scope.
        first_month: In which the fiscal year begins.
        trial: What was measured of both scopes since the change, where neither has rows before it;
            None of others.
    """

    plan: pd.Series
    kpi: Kpi | None
    months: pd.DataFrame
    latest: Estimate | None
    problem: str
    now: datetime
    quarters: pd.DataFrame | None = None
    control: pd.DataFrame | None = None
    control_problem: str = ""
    others: tuple[pd.Timestamp, ...] = ()
    beside: tuple[pd.Timestamp, ...] = ()
    first_month: int = 1
    trial: Trial | None = None


@worked_out_once
def read_cycles(data: Dataset) -> tuple[CycleData, ...]:
    """Every cycle of the log; one that cannot be measured does not stop the others."""
    log = data.rows("cycles").execute().sort_values(["do_date", "cycle_id"], ignore_index=True)
    for name in OPTIONAL:
        if name not in log:
            log[name] = None
    return tuple(_with_others(data, _read(data, plan), log) for _, plan in log.iterrows())


def reach(data: Dataset, scope: str | None) -> float:
    """The share of the last year's contacts that a cycle's scope covers; 1 without a scope.

    NaN where the dataset has no contacts, or the scope cannot be used on them.
    """
    if pd.isna(scope) or not scope:
        return 1.0
    try:
        scoped = data.filtered(scope)
    except CxError:
        return float("nan")
    if not data.has("interactions") or "interactions" in scoped.unfiltered:
        return float("nan")
    since = ibis.timestamp(pd.Timestamp(data.end) - pd.DateOffset(years=1))
    counts = []
    for each in (scoped, data):
        if not each.has("interactions"):
            return 0.0
        rows = each.rows("interactions")
        counts.append(rows.filter(rows.started_at >= since).count().execute())
    return float(counts[0] / counts[1]) if counts[1] else float("nan")


def overlaps(data: Dataset, one: str | None, other: str | None) -> bool:
    """Whether two scopes share contacts or answers; a scope that cannot be used shares none."""
    scopes = [each for each in (one, other) if isinstance(each, str) and each]
    if len(scopes) < 2 or scopes[0] == scopes[1]:
        return True
    try:
        both = data.filtered(" AND ".join(f"({each})" for each in scopes))
    except CxError:
        return False
    return both.has("interactions") or both.has("surveys")


def confounded(data: Dataset, logged: Sequence[CycleData]) -> tuple[tuple[str, str], ...]:
    """Pairs of cycles whose effects cannot be kept apart: one KPI, one time, and shared rows.

    A cycle's time runs from its beginning to its check or, without one, for a year.
    """
    found = []
    for one, other in combinations([each for each in logged if each.kpi], 2):
        if one.kpi.name != other.kpi.name or not _at_once(one.plan, other.plan):
            continue
        if overlaps(data, one.plan.scope, other.plan.scope):
            found.append((one.plan.cycle_id, other.plan.cycle_id))
    return tuple(found)


def _at_once(one: pd.Series, other: pd.Series) -> bool:
    year = pd.DateOffset(years=1)
    ends = [
        each.check_date if pd.notna(each.check_date) else each.do_date + year
        for each in (one, other)
    ]
    return one.do_date < ends[1] and other.do_date < ends[0]


def _read(data: Dataset, plan: pd.Series) -> CycleData:
    known = kpis_of(data)
    kpi = known.get(plan.kpi)
    if kpi is None:
        problem = f"its KPI {plan.kpi!r} is not in the catalogue: {', '.join(known)}"
        return CycleData(plan, None, NO_MONTHS, None, problem, data.end)
    rows, problem = _measured(data, kpi, plan.scope, "scope")
    if problem:
        return CycleData(plan, kpi, NO_MONTHS, None, problem, data.end)
    control, control_problem = None, ""
    if isinstance(plan.get("control_scope"), str) and plan.control_scope:
        if overlaps(data, plan.scope, plan.control_scope):
            control_problem = "its control scope shares contacts with its scope, and is not used"
        else:
            control, control_problem = _measured(data, kpi, plan.control_scope, "control scope")
            control = None if control_problem else _months(control)
    quarters = rows[rows.name == "quarter"]
    now = quarters[quarters.start == (data.quarter.start if data.quarter else pd.NaT)]
    latest = estimate_of(now.iloc[0]) if len(now) else None
    whole = quarters[quarters.complete.astype(bool)].rename(columns={"start": "quarter"})
    return CycleData(
        plan, kpi, _months(rows), latest, "", data.end,
        whole[["quarter", "value", "low", "high"]].reset_index(drop=True), control, control_problem,
        trial=None if control is None else _trial(data, kpi, plan, rows),
    )  # fmt: skip


def _trial(data: Dataset, kpi: Kpi, plan: pd.Series, rows: pd.DataFrame) -> Trial | None:
    """What was measured of both scopes since the change, where the scope has no rows before it."""
    begins = pd.Timestamp(plan.do_date).to_period("M").start_time
    if (rows.start[rows.name == "month"] < begins).any() or not begins < pd.Timestamp(data.end):
        return None
    arms = [data.filtered(each) for each in (plan.scope, plan.control_scope)]
    span = pd.DataFrame({"period": [begins], "start": [begins], "end": [pd.Timestamp(data.end)]})
    span = span.astype("datetime64[us]")
    found = [measure_spans(arm, span, [kpi.name]).of(kpi.name) for arm in arms]
    if any(each.empty for each in found):
        return None
    scope, control = (estimate_of(each.iloc[0]) for each in found)
    if not (scope.has_interval and control.has_interval):
        return None
    return Trial(scope, control, *unlike(*arms))


def _with_others(data: Dataset, cycle: CycleData, log: pd.DataFrame) -> CycleData:
    """A cycle with the beginnings of others on the same KPI that touch its scopes."""
    plan = cycle.plan
    same = log[(log.kpi == plan.kpi) & (log.cycle_id != plan.cycle_id)]
    others = [each.do_date for each in same.itertuples() if overlaps(data, plan.scope, each.scope)]
    beside = [
        each.do_date
        for each in same.itertuples()
        if cycle.control is not None and overlaps(data, plan.control_scope, each.scope)
    ]
    first_month = data.config.fiscal_year_start
    return replace(cycle, others=tuple(others), beside=tuple(beside), first_month=first_month)


def _measured(data: Dataset, kpi: Kpi, scope, what: str) -> tuple[pd.DataFrame, str]:
    """A KPI by month and by quarter within a scope, or why it cannot be measured there."""
    try:
        scoped = data.filtered(scope) if pd.notna(scope) else data
        spans = _spans(data)
        panel = measure_spans(scoped, spans.drop(columns="name"), [kpi.name])
    except CxError as error:
        return NO_MONTHS, f"its {what} cannot be used: {error}"
    if kpi.name in panel.left_out:
        return NO_MONTHS, f"its KPI {kpi.name} {panel.left_out[kpi.name]}"
    if kpi.table in scoped.unfiltered:
        asked = " and ".join(filter(None, (data.where, scope if pd.notna(scope) else "")))
        problem = f"its {what} ({asked}) says nothing of {kpi.table}, which {kpi.name} counts"
        return NO_MONTHS, problem
    return panel.of(kpi.name).merge(spans[["period", "name", "start"]], on="period"), ""


def _months(rows: pd.DataFrame) -> pd.DataFrame:
    months = rows[(rows.name == "month") & rows.complete.astype(bool)]
    return months.rename(columns={"start": "month"})[list(NO_MONTHS)].reset_index(drop=True)


def _spans(data: Dataset) -> pd.DataFrame:
    """All months and quarters: one question for both.

    A quarter begins with a month; it is called by its last second, which no month begins with.
    """
    months, quarters = spans_of(data, "month"), spans_of(data, "quarter")
    quarters = quarters.assign(period=quarters.end - pd.Timedelta(seconds=1))
    return pd.concat([months.assign(name="month"), quarters.assign(name="quarter")])
