"""KPIs by period and group: sums from the engine, intervals from the sums."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxlib.data import Dataset, Quarter
from cxlib.errors import ArgumentError
from cxlib.measure import intervals
from cxlib.measure.estimate import CONFIDENCE, Estimate
from cxlib.measure.kpis import KPIS, MEAN, NPS, PROPORTION, RATIO, TOTAL, Kpi
from cxlib.measure.rows import (
    WHOLE,
    account_rows,
    contact_rows,
    customer_rows,
    in_spans,
    survey_rows,
)
from cxlib.measure.small_groups import without_small

COLUMNS = ("kpi", "period", "value", "low", "high", "n", "clusters", "unit", "complete")
SUMS = ("y", "x", "rows", "yy", "xy", "xx", "clusters", "squares")


@dataclass(frozen=True)
class Panel:
    """KPIs by period and group.

    Attributes:
        frame: A row per KPI, period and group: `kpi`, `period` (its first moment), the group
            columns, `value`, `low`, `high`, `n`, `clusters`, `unit`, and `complete`: whether
            the data span the period.
        by: The group columns.
        left_out: Why a KPI is not there, by its name.
    """

    frame: pd.DataFrame
    by: tuple[str, ...]
    left_out: dict[str, str]

    def of(self, kpi: str) -> pd.DataFrame:
        """One KPI's rows, in order of period and group."""
        return self.frame[self.frame.kpi == kpi].reset_index(drop=True)

    def estimate(self, kpi: str, **group: object) -> Estimate | None:
        """The single estimate of a KPI in a group, such as `channel="phone"`; None if none."""
        rows = self.of(kpi)
        for name, value in group.items():
            rows = rows[rows[name] == value]
        return estimate_of(rows.iloc[0]) if len(rows) == 1 else None

    def values(self, period: datetime) -> list[tuple[Kpi, Estimate, bool]]:
        """Each KPI of a period, and whether the data span it; of a panel without groups."""
        rows = self.frame[self.frame.period == period].set_index("kpi")
        return [
            (kpi, estimate_of(rows.loc[name]), bool(rows.complete[name]))
            for name, kpi in KPIS.items()
            if name in rows.index
        ]

    def pairs(self, now: datetime, before: datetime) -> list[tuple[Kpi, Estimate, Estimate]]:
        """Each KPI in two periods, for those measured in both; of a panel without groups.

        A period that the data do not span is compared with none.
        """
        found = []
        for name in KPIS:
            rows = self.of(name)
            rows = rows[rows.complete.astype(bool)].set_index("period")
            if {now, before} <= set(rows.index):
                found.append(
                    (KPIS[name], estimate_of(rows.loc[now]), estimate_of(rows.loc[before]))
                )
        return found


def estimate_of(row: pd.Series) -> Estimate:
    """The estimate in a row of a panel's frame."""
    return Estimate(row.value, row.low, row.high, row.n, row.unit)


def measure(
    data: Dataset,
    kpis: Iterable[str] | None = None,
    by: Sequence[str] = (),
    period: str = WHOLE,
    since: Quarter | None = None,
    confidence: float = CONFIDENCE,
) -> Panel:
    """Measure KPIs by period and group, in the engine.

    Args:
        data: The dataset.
        kpis: Names of the catalogue; all that the dataset can feed, if None.
        by: Columns of the rows counted or of what they refer to, such as `channel` or `region`.
            Groups of fewer customers than `privacy.smallest_group` are left out, as are those that
            could be worked out from the other groups of their period and its total; unless the
            dataset was opened with its real ids, or the groups are accounts or customers.
        period: `month`, `quarter` or `all`.
        since: Leave out what lies before this quarter.
        confidence: Of the intervals.

    Raises:
        ArgumentError: A KPI or the period is unknown.
    """
    if period not in ("month", "quarter", WHOLE):
        raise ArgumentError(f"period == {period!r}, must be month, quarter or all")
    return measure_spans(data, spans_of(data, period, since), kpis, by, confidence)


def measure_spans(
    data: Dataset,
    spans: pd.DataFrame,
    kpis: Iterable[str] | None = None,
    by: Sequence[str] = (),
    confidence: float = CONFIDENCE,
) -> Panel:
    """Measure KPIs over periods of one's own choice, which may overlap.

    Args:
        data: The dataset.
        spans: The periods: `period` (their name, each once), `start`, `end`, `complete`; as
            `spans_of` gives them.
        kpis, by, confidence: As for `measure`.

    Raises:
        ArgumentError: A KPI is unknown, or a column of `by` has a name that the panel needs.
    """
    names = list(KPIS) if kpis is None else list(kpis)
    unknown = [name for name in names if name not in KPIS]
    if unknown:
        raise ArgumentError(f"KPI {unknown[0]!r}: not in the catalogue: {', '.join(KPIS)}")
    own = [name for name in by if name in COLUMNS]
    if own:
        raise ArgumentError(
            f"by == {own[0]!r}, must not be one of the panel's own columns ({', '.join(COLUMNS)}); "
            "give the attribute another name"
        )
    left_out = {name: why for name in names if (why := _lacking(data, KPIS[name], by))}
    parts = []
    # What follows a contact takes a sort: asked by itself, it sorts few columns, others none.
    for table, at, followed in dict.fromkeys(_source(KPIS[name]) for name in names):
        group = [KPIS[n] for n in names if _source(KPIS[n]) == (table, at, followed)]
        group = [kpi for kpi in group if kpi.name not in left_out]
        if group:
            rows = _rows(data, group, by, spans)
            sums = _sums(rows, group, data, by, _cluster(table))
            parts += [_with_intervals(sums, kpi, by, confidence) for kpi in group]
    columns = [*COLUMNS[:2], *by, *COLUMNS[2:]]
    parts = [part.merge(_complete(data, part.kpi.iloc[0], spans), on="period") for part in parts
             if len(part)]  # fmt: skip
    frame = pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)
    frame = frame.sort_values(["kpi", "period", *by], ignore_index=True)
    if data.pseudonyms and not {"account_id", "customer_id"} & set(by):
        frame = without_small(frame, by, data.config.privacy.smallest_group, bool(data.where))
    return Panel(frame, tuple(by), left_out)


def _complete(data: Dataset, name: str, spans: pd.DataFrame) -> pd.DataFrame:
    """Which periods the tables that a KPI counts span."""
    tables = {need.split(".")[0] for need in KPIS[name].needs}
    begun = [data.begun(start, *tables) for start in spans.start]
    return spans[["period"]].assign(complete=spans.complete.to_numpy(dtype=bool) & begun)


def spans_of(data: Dataset, period: str, since: Quarter | None = None) -> pd.DataFrame:
    """The months, the quarters, or the one period that the data cover.

    Columns: `period` (its start), `start`, `end`, and whether the data span it (`complete`).
    """
    first = max(data.start, since.start) if since else data.start
    if period == WHOLE:
        starts, ends = [pd.Timestamp(first)], [pd.Timestamp(data.end)]
    elif period == "month":
        starts = list(
            pd.date_range(
                pd.Timestamp(first).to_period("M").start_time, data.end, freq="MS", inclusive="left"
            )
        )
        ends = [start + pd.offsets.MonthBegin() for start in starts]
    else:
        quarter = Quarter.holding(first, data.config.fiscal_year_start)
        quarters = []
        while quarter.start < data.end:
            quarters.append(quarter)
            quarter = quarter.shift(1)
        starts, ends = [each.start for each in quarters], [each.end for each in quarters]
    spans = pd.DataFrame({"period": starts, "start": starts, "end": ends})
    spans = spans.astype("datetime64[us]")
    whole = [data.covers(start, end) for start, end in zip(starts, ends, strict=True)]
    return spans.assign(complete=whole)


def _lacking(data: Dataset, kpi: Kpi, by: Sequence[str]) -> str:
    for need in (f"{kpi.table}.{_cluster(kpi.table)}", *kpi.needs):
        table, column = need.split(".")
        if lack := data.lacks(table, column):
            return f"needs {lack}"
    if kpi.name == "response_rate" and data.answers_only:
        return "needs the invitations that were not answered: every survey row has a score"
    if kpi.name == "upsell_rate" and data.refunds_only:
        return "needs the kind of every booking: refunds alone have one"
    homes = data.columns_of(kpi.table)
    stray = [name for name in by if name not in homes]
    if stray:
        return f"cannot be split by {stray[0]}: no column of {kpi.table} or of what they refer to"
    return ""


def _source(kpi: Kpi) -> tuple[str, str, bool]:
    return kpi.table, kpi.at, kpi.followed


def _cluster(table: str) -> str:
    return "account_id" if table == "accounts" else "customer_id"


def _rows(data: Dataset, kpis: list[Kpi], by: Sequence[str], spans: pd.DataFrame) -> ir.Table:
    """The rows that KPIs of one table and one `at` count, each with the period that it is in."""
    match kpis[0].table:
        case "accounts":
            return account_rows(data, by, spans)
        case "customers":
            return customer_rows(data, by, spans)
        case "surveys":
            rows = survey_rows(data, by)
        case _:
            rows = contact_rows(data, by, followed=any(kpi.followed for kpi in kpis))
    return in_spans(rows, kpis[0].at, spans)


def _sums(
    rows: ir.Table, kpis: list[Kpi], data: Dataset, by: Sequence[str], cluster: str
) -> pd.DataFrame:
    """The sums that values and intervals follow from: first per cluster, then per group."""
    keys = ["_period", *by]
    # Accounts are clusters of their own where they are the groups.
    finest = list(dict.fromkeys((*keys, cluster)))
    columns = {}
    for kpi in kpis:
        columns[f"{kpi.name}.y"] = kpi.value(rows, data.config).cast("float64")
        if kpi.per:
            columns[f"{kpi.name}.x"] = kpi.per(rows, data.config).cast("float64")
    rows = rows.select(*finest, **columns)
    totals = {name: rows[name].sum().fill_null(0) for name in columns}
    totals |= {f"{kpi.name}.rows": rows[f"{kpi.name}.y"].count() for kpi in kpis}
    totals |= {
        f"{kpi.name}.squares": (rows[f"{kpi.name}.y"] ** 2).sum() for kpi in kpis if kpi.kind == NPS
    }
    clusters = rows.group_by(*finest).agg(**totals)
    sums = {}
    for kpi in kpis:
        y, counted = clusters[f"{kpi.name}.y"], clusters[f"{kpi.name}.rows"]
        # Of a share, each row's value is its own square; for means and ratios nobody asks.
        squares = clusters[f"{kpi.name}.squares"] if kpi.kind == NPS else y
        # Of a mean, each row with a value weighs one.
        x = clusters[f"{kpi.name}.x"] if kpi.per else counted.cast("float64")
        parts = {
            "y": y.sum(), "x": x.sum(), "rows": counted.sum(), "squares": squares.sum(),
            "yy": (y * y).sum(), "xy": (x * y).sum(), "xx": (x * x).sum(),
            "clusters": (counted > 0).sum(),
        }  # fmt: skip
        sums |= {f"{kpi.name}.{part}": value for part, value in parts.items()}
    return clusters.group_by(*keys).agg(**sums).execute().rename(columns={"_period": "period"})


def _with_intervals(
    sums: pd.DataFrame, kpi: Kpi, by: Sequence[str], confidence: float
) -> pd.DataFrame:
    each = sums[["period", *by]].copy()
    for part in SUMS:
        each[part] = sums[f"{kpi.name}.{part}"].astype(float)
    each = each[(each.rows > 0) & (each.x > 0)]
    value, low, high = _interval(kpi.kind, each, confidence)
    return each.assign(kpi=kpi.name, value=value, low=low, high=high, n=each.rows, unit=kpi.unit)


def _interval(kind: str, sums: pd.DataFrame, confidence: float) -> tuple[np.ndarray, ...]:
    parts = [sums[name].to_numpy() for name in ("y", "x", "yy", "xy", "xx", "clusters")]
    y, x, *_, clusters = parts
    value, variance = y / x, intervals.cluster_variance(*parts)
    # Where all clusters are alike, nothing shows how much they might differ.
    variance = (
        np.where(variance > 0, variance, np.nan) if kind in (MEAN, RATIO, TOTAL) else variance
    )
    if kind in (MEAN, RATIO):
        return value, *intervals.t_interval(value, variance, clusters, confidence)
    if kind == TOTAL:
        return y, *intervals.t_interval(y, variance * x**2, clusters, confidence)
    n = sums.rows.to_numpy()
    simple = sums.squares.to_numpy() / n - value**2
    with np.errstate(divide="ignore", invalid="ignore"):
        # The same divisor as in the clustered variance, so that only clustering sets them apart.
        simple = np.where(clusters > 1, clusters / (clusters - 1), np.nan) * simple / n
    size = intervals.effective_size(n, variance, simple, clusters)
    if kind == PROPORTION:
        return value, *intervals.wilson_interval(value, size, confidence)
    if kind == NPS:
        opinionated = sums.squares.to_numpy() / n / 100**2
        return value, *intervals.nps_interval(value, opinionated, size, confidence)
    raise AssertionError(kind)
