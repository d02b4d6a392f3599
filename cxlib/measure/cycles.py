"""The improvement cycles of a dataset, each with its KPI month by month within its scope."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from cxlib.data import Dataset
from cxlib.errors import CxError
from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import KPIS, Kpi
from cxlib.measure.panel import estimate_of, measure


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


def _read(data: Dataset, plan: pd.Series) -> CycleData:
    none = pd.DataFrame(columns=["month", "value", "low", "high", "n"])
    kpi = KPIS.get(plan.kpi)
    if kpi is None:
        problem = f"its KPI {plan.kpi!r} is not in the catalogue: {', '.join(KPIS)}"
        return CycleData(plan, None, none, None, problem, data.end)
    try:
        scoped = data.filtered(plan.scope) if pd.notna(plan.scope) else data
        monthly = measure(scoped, [kpi.name], period="month")
        quarterly = measure(scoped, [kpi.name], period="quarter")
    except CxError as error:
        return CycleData(plan, kpi, none, None, f"its scope cannot be used: {error}", data.end)
    if kpi.name in monthly.left_out:
        problem = f"its KPI {kpi.name} {monthly.left_out[kpi.name]}"
        return CycleData(plan, kpi, none, None, problem, data.end)
    if kpi.table in scoped.unfiltered:
        problem = f"its scope ({plan.scope}) says nothing of {kpi.table}, which {kpi.name} counts"
        return CycleData(plan, kpi, none, None, problem, data.end)
    months = monthly.of(kpi.name).rename(columns={"period": "month"})
    months = months[months.complete.astype(bool)]
    quarters = quarterly.of(kpi.name)
    now = quarters[quarters.period == pd.Timestamp(data.quarter.start)] if data.quarter else []
    latest = estimate_of(now.iloc[0]) if len(now) else None
    return CycleData(plan, kpi, months[none.columns].reset_index(drop=True), latest, "", data.end)
