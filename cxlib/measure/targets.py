"""The targets of a quarter, each with its KPI as measured so far."""

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from cxlib.data import Dataset
from cxlib.errors import CxError
from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import Kpi
from cxlib.measure.panel import estimate_of, kpis_of, measure_spans, spans_of

MONTHS_BACK = 12
QUARTERS_BACK = 8
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class TargetData:
    """A target with what was measured.

    Attributes:
        plan: The target's row: kpi, quarter, target, scope, objective, owner.
        kpi: Its KPI; None where the catalogue has none of that name.
        so_far: The KPI in the quarter up to the end of the data; None if nothing was measured.
        elapsed: The share of the quarter that the data span, 0 to 1.
        months: The KPI of up to twelve whole months before the quarter.
        quarters: The KPI of up to eight whole quarters before it.
        problem: Why nothing could be measured; empty where something could.
    """

    plan: pd.Series
    kpi: Kpi | None
    so_far: Estimate | None
    elapsed: float
    months: pd.Series
    quarters: pd.Series
    problem: str


def read_targets(data: Dataset) -> tuple[TargetData, ...]:
    """The targets of the reported quarter; empty where there are none."""
    if data.lacks("targets"):
        return ()
    rows = data.rows("targets").execute()
    mine = rows[rows.quarter == str(data.quarter)].sort_values(["kpi", "scope"], ignore_index=True)
    return tuple(_read(data, each) for _, each in mine.iterrows())


def _read(data: Dataset, plan: pd.Series) -> TargetData:
    none = pd.Series(dtype=float)
    kpi = kpis_of(data).get(plan.kpi)
    if kpi is None:
        problem = f"{plan.kpi!r} is not in the catalogue"
        return TargetData(plan, None, None, 0.0, none, none, problem)
    spans = pd.concat([spans_of(data, "month"), _quarters(data)])
    try:
        scoped = data.filtered(plan.scope) if pd.notna(plan.scope) else data
        panel = measure_spans(scoped, spans, [kpi.name])
    except CxError as error:
        return TargetData(plan, kpi, None, 0.0, none, none, f"its scope cannot be used: {error}")
    if kpi.table in scoped.unfiltered:
        asked = " and ".join(filter(None, (data.where, _text(plan.scope))))
        problem = f"{asked} says nothing of {kpi.table}, which {kpi.name} counts"
        return TargetData(plan, kpi, None, 0.0, none, none, problem)
    if kpi.name in panel.left_out:
        return TargetData(plan, kpi, None, 0.0, none, none, panel.left_out[kpi.name])
    rows = panel.of(kpi.name)
    # Quarters are called by their second day, which no month is.
    of_quarters = rows.period.dt.day > 1
    here = rows.period == data.quarter.start + ONE_DAY
    whole = rows.complete.astype(bool) & (rows.period < data.quarter.start)
    so_far = estimate_of(rows[here].iloc[0]) if here.any() else None
    elapsed, late = _elapsed(data, kpi)
    months = rows[whole & ~of_quarters].value.tail(MONTHS_BACK)
    quarters = rows[whole & of_quarters].value.tail(QUARTERS_BACK)
    return TargetData(plan, kpi, so_far, elapsed, months, quarters, late)


def _elapsed(data: Dataset, kpi: Kpi) -> tuple[float, str]:
    """The share of the quarter of which a KPI is known; and why it cannot be judged at all."""
    start, end = data.quarter.start, data.quarter.end
    tables = {kpi.table, *(need.split(".")[0] for need in kpi.needs)} & data.tables.keys()
    missing = data.missing_of(start, end, *tables)
    if not missing:
        return 1.0, ""
    last = min(data.end, end, *(data.ends.get(each, end) for each in tables))
    if data.missing_of(start, last, *tables):
        # What came before the data cannot be expected from what comes after.
        return 0.0, missing
    return (last - start).total_seconds() / (end - start).total_seconds(), ""


def _text(value) -> str:
    return value if isinstance(value, str) else ""


def _quarters(data: Dataset) -> pd.DataFrame:
    """The reported quarter and those before it, as periods called by their second day."""
    quarters = [data.quarter.shift(-back) for back in range(QUARTERS_BACK + 1)]
    quarters = [each for each in quarters if each.end > data.start]
    starts, ends = [each.start for each in quarters], [each.end for each in quarters]
    names = [each + ONE_DAY for each in starts]
    span = pd.DataFrame({"period": names, "start": starts, "end": ends, "complete": True})
    return span.astype(dict.fromkeys(("period", "start", "end"), "datetime64[us]"))
