"""The targets of a quarter, each with its KPI as measured so far."""

from dataclasses import dataclass

import pandas as pd

from cxlib.data import Dataset
from cxlib.errors import CxError
from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import Kpi, catalogue
from cxlib.measure.panel import estimate_of, measure_spans, spans_of

MONTHS_BACK = 12


@dataclass(frozen=True)
class TargetData:
    """A target with what was measured.

    Attributes:
        plan: The target's row: kpi, quarter, target, scope, objective, owner.
        kpi: Its KPI; None where the catalogue has none of that name.
        so_far: The KPI in the quarter up to the end of the data; None if nothing was measured.
        elapsed: The share of the quarter that the data span, 0 to 1.
        months: The KPI of up to twelve whole months before the quarter.
        problem: Why nothing could be measured; empty where something could.
    """

    plan: pd.Series
    kpi: Kpi | None
    so_far: Estimate | None
    elapsed: float
    months: pd.Series
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
    kpi = catalogue(data.config).get(plan.kpi)
    if kpi is None:
        return TargetData(plan, None, None, 0.0, none, f"{plan.kpi!r} is not in the catalogue")
    spans = pd.concat([spans_of(data, "month"), _quarter(data)])
    try:
        scoped = data.filtered(plan.scope) if pd.notna(plan.scope) else data
        panel = measure_spans(scoped, spans, [kpi.name])
    except CxError as error:
        return TargetData(plan, kpi, None, 0.0, none, f"its scope cannot be used: {error}")
    if kpi.table in scoped.unfiltered:
        asked = " and ".join(filter(None, (data.where, _text(plan.scope))))
        problem = f"{asked} says nothing of {kpi.table}, which {kpi.name} counts"
        return TargetData(plan, kpi, None, 0.0, none, problem)
    if kpi.name in panel.left_out:
        return TargetData(plan, kpi, None, 0.0, none, panel.left_out[kpi.name])
    rows = panel.of(kpi.name)
    here = rows.period == pd.Timestamp(data.quarter.end)
    before = rows[~here & rows.complete.astype(bool) & (rows.period < data.quarter.start)]
    so_far = estimate_of(rows[here].iloc[0]) if here.any() else None
    length = (data.quarter.end - data.quarter.start).total_seconds()
    seen = (min(data.end, data.quarter.end) - data.quarter.start).total_seconds()
    elapsed = 1.0 if data.covers(data.quarter.start, data.quarter.end) else seen / length
    return TargetData(plan, kpi, so_far, elapsed, before.value.tail(MONTHS_BACK), "")


def _text(value) -> str:
    return value if isinstance(value, str) else ""


def _quarter(data: Dataset) -> pd.DataFrame:
    """The reported quarter as a period, called by its end, which no month before it is."""
    start, end = data.quarter.start, data.quarter.end
    span = pd.DataFrame({"period": [end], "start": [start], "end": [end], "complete": [True]})
    return span.astype(dict.fromkeys(("period", "start", "end"), "datetime64[us]"))
