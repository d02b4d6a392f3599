"""The improvement cycles of a dataset, each with its KPI month by month within its scope."""

from dataclasses import dataclass
from datetime import datetime

import ibis
import pandas as pd

from cxlib.data import Dataset
from cxlib.errors import CxError
from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import KPIS, Kpi
from cxlib.measure.panel import estimate_of, measure_spans, spans_of


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
    """

    plan: pd.Series
    kpi: Kpi | None
    months: pd.DataFrame
    latest: Estimate | None
    problem: str
    now: datetime


def read_cycles(data: Dataset) -> tuple[CycleData, ...]:
    """Every cycle of the log; one that cannot be measured does not stop the others."""
    log = data.rows("cycles").execute().sort_values(["do_date", "cycle_id"], ignore_index=True)
    return tuple(_read(data, plan) for _, plan in log.iterrows())


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


def _read(data: Dataset, plan: pd.Series) -> CycleData:
    none = pd.DataFrame(columns=["month", "value", "low", "high", "n"])
    kpi = KPIS.get(plan.kpi)
    if kpi is None:
        problem = f"its KPI {plan.kpi!r} is not in the catalogue: {', '.join(KPIS)}"
        return CycleData(plan, None, none, None, problem, data.end)
    try:
        scoped = data.filtered(plan.scope) if pd.notna(plan.scope) else data
        panel = measure_spans(scoped, _spans(scoped), [kpi.name])
    except CxError as error:
        return CycleData(plan, kpi, none, None, f"its scope cannot be used: {error}", data.end)
    if kpi.name in panel.left_out:
        problem = f"its KPI {kpi.name} {panel.left_out[kpi.name]}"
        return CycleData(plan, kpi, none, None, problem, data.end)
    if kpi.table in scoped.unfiltered:
        problem = f"its scope ({plan.scope}) says nothing of {kpi.table}, which {kpi.name} counts"
        return CycleData(plan, kpi, none, None, problem, data.end)
    rows = panel.of(kpi.name)
    reported = rows.period == (data.quarter.end if data.quarter else pd.NaT)
    latest = estimate_of(rows[reported].iloc[0]) if reported.any() else None
    months = rows[~reported & rows.complete.astype(bool)].rename(columns={"period": "month"})
    return CycleData(plan, kpi, months[none.columns].reset_index(drop=True), latest, "", data.end)


def _spans(data: Dataset) -> pd.DataFrame:
    """All months and the reported quarter, which is called by its end: one question for both."""
    months = spans_of(data, "month")
    if data.quarter is None:
        return months
    quarter = spans_of(data, "quarter", data.quarter).head(1)
    return pd.concat([months, quarter.assign(period=pd.Timestamp(data.quarter.end))])
