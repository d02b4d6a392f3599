"""What rows share: the sums over accounts or customers, and over days or weeks.

A value's interval has to allow for both. The engine adds rows up by (group, unit, time), and these
cells by unit and by time; only their squares and products leave it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir
import pandas as pd

from cxlib.data import Dataset
from cxlib.data.config import Config
from cxlib.measure.kpis import COUNT, MEAN, NPS, OPEN, RATE, Kpi
from cxlib.measure.rows import (
    account_rows,
    contact_rows,
    customer_rows,
    in_spans,
    open_at_end,
    strangers,
    survey_rows,
)

# A period of so many days has weeks enough to tell how weeks differ; of a shorter one, days do.
LONG_ENOUGH = 56
# With fewer accounts than these, they are the company's own divisions and no sample of accounts.
FEWEST_ACCOUNTS = 6
UNIT, TIME = 0, 1
SUMS = ("y", "x", "rows", "squares", "yy", "xy", "xx", "x3", "x4", "x5", "clusters",
        "cell_yy", "cell_xy", "cell_xx")  # fmt: skip


def unit_of(data: Dataset, table: str, by: Sequence[str]) -> tuple[str, ...]:
    """The columns that tell whom a row belongs to.

    Accounts, where customers share them and there are enough; customers otherwise, and within
    single accounts or customers. Stand-ins for nobody known belong together in no account.

    Returns:
        `("customer_id",)`, `("account_id",)`, or `("account_id", "customer_id", "known")`.
    """
    if table == "accounts":
        return ("account_id",)
    if {"account_id", "customer_id"} & set(by) or not data.has("customers", "account_id"):
        return ("customer_id",)
    people = data.tables["customers"]
    unknown = data.has("customers", "known")
    if unknown:
        people = people.anti_join(strangers(data), "customer_id")
    counts = people.aggregate(accounts=people.account_id.nunique(), people=people.count())
    found = counts.execute().iloc[0]
    if not FEWEST_ACCOUNTS <= found.accounts < found.people:
        return ("customer_id",)
    return ("account_id", "customer_id", "known") if unknown else ("account_id",)


def with_unit(rows: ir.Table, unit: Sequence[str]) -> ir.Table:
    """Rows with the `_unit` that they belong to."""
    if len(unit) == 1:
        return rows.mutate(_unit=rows[unit[0]])
    known = rows.known.fill_null(True)
    return rows.mutate(_unit=known.ifelse(rows.account_id, rows.customer_id))


def cluster_of_customers(data: Dataset) -> pd.Series | None:
    """The account of each customer, by `customer_id`, where accounts are shared; None where not."""
    unit = unit_of(data, "customers", ())
    if unit == ("customer_id",):
        return None
    rows = with_unit(data.tables["customers"], unit)
    return rows.select("customer_id", "_unit").execute().set_index("customer_id")["_unit"]


def weekly(data: Dataset, spans: pd.DataFrame) -> pd.Series:
    """Of each period, whether its rows are compared by weeks, and not by days."""
    first, last = pd.Timestamp(data.start), pd.Timestamp(data.end)
    seen = spans.end.clip(upper=last) - spans.start.clip(lower=first)
    return seen >= timedelta(days=LONG_ENOUGH)


def with_time(rows: ir.Table, at: str, weeks: bool | ir.Value) -> ir.Table:
    """Rows with the `_time` in which they are: the first moment of their day or week."""
    day, week = rows[at].truncate("D"), rows[at].truncate("W")
    if isinstance(weeks, bool):
        return rows.mutate(_time=week if weeks else day)
    return rows.mutate(_time=weeks.ifelse(week, day))


def calendar(data: Dataset, spans: pd.DataFrame, weeks: pd.Series) -> pd.DataFrame:
    """The days or weeks of each period: `period`, `time` and `share` of the period's days.

    Of a period that the data do not span, the days that they do: on others nothing could come.
    """
    parts = []
    for span, by_week in zip(spans.itertuples(), weeks, strict=True):
        start, end = max(span.start, data.start), min(span.end, data.end)
        days = pd.date_range(_midnight(start), end, freq="D", inclusive="left")
        first = days - pd.to_timedelta(days.day_of_week, "D") if by_week else days
        shares = pd.Series(1 / len(days), index=first).groupby(level=0).sum()
        parts.append(pd.DataFrame({"period": span.period, "time": shares.index, "share": shares}))
    frame = pd.concat(parts, ignore_index=True)
    return frame.astype({"time": "datetime64[us]"})


def _midnight(moment: datetime) -> pd.Timestamp:
    return pd.Timestamp(moment).normalize()


def counted_rows(
    data: Dataset, spans: pd.DataFrame, kpis: Sequence[Kpi], by: Sequence[str]
) -> tuple[ir.Table, pd.DataFrame | None]:
    """The rows that KPIs of one source count, and the calendar of their periods.

    The rows have `_period`, `_unit` and, unless they are accounts, `_time`; there is no calendar
    where rows have no time, or where single accounts or customers are the groups.
    """
    kpi = kpis[0]
    unit = unit_of(data, kpi.table, by)
    if kpi.table == "accounts":
        return with_unit(account_rows(data, by, spans), unit), None
    # Whether a contact of one day is followed by another hangs on the days after it.
    weeks = weekly(data, spans) | any(each.followed for each in kpis)
    spans = spans.assign(weeks=weeks.to_numpy())
    wanted = list(dict.fromkeys((*by, *unit)))
    match kpi.table:
        case "customers":
            rows = customer_rows(data, wanted, spans)
        case "surveys":
            rows = in_spans(survey_rows(data, wanted), kpi.at, spans)
        case _:
            rows = contact_rows(data, wanted, followed=any(each.followed for each in kpis))
            rows = (
                open_at_end(rows, spans, data.end) if kpi.at == OPEN
                else in_spans(rows, kpi.at, spans)
            )  # fmt: skip
    rows = with_unit(rows, unit)
    if kpi.at == OPEN or {"account_id", "customer_id"} & set(by):
        return rows, None
    by_week = rows._weeks if "_weeks" in rows.columns else bool(weeks.all())
    at = "started_at" if kpi.table == "customers" else kpi.at
    return with_time(rows, at, by_week), calendar(data, spans, weeks)


def cells_of(
    rows: ir.Table, kpis: Sequence[Kpi], config: Config, keys: Sequence[str], timed: bool
) -> ir.Table:
    """Rows added up by group, unit and time: of each KPI `.y`, `.rows`, and what else it needs.

    `.x` is there where a KPI has a denominator of its own, `.squares` where rows have values of
    their own. Each query names what it needs: unused columns cost time.
    """
    finest = [*keys, "_unit", *(["_time"] if timed else [])]
    columns = {}
    for kpi in kpis:
        columns[f"{kpi.name}.y"] = kpi.value(rows, config).cast("float64")
        if kpi.per:
            columns[f"{kpi.name}.x"] = kpi.per(rows, config).cast("float64")
    rows = rows.select(*dict.fromkeys(finest), **columns)
    totals = {name: rows[name].sum().fill_null(0) for name in columns}
    totals |= {f"{kpi.name}.rows": rows[f"{kpi.name}.y"].count() for kpi in kpis}
    totals |= {
        f"{kpi.name}.squares": (rows[f"{kpi.name}.y"] ** 2).sum().fill_null(0)
        for kpi in kpis
        if kpi.kind in (NPS, MEAN)
    }
    return rows.group_by(*dict.fromkeys(finest)).agg(**totals)


def by_unit_and_time(cells: ir.Table, timed: bool) -> tuple[ir.Table, ir.Value, ir.Value]:
    """Each cell twice, once for its unit and once for its time: `_which`, `_by_unit`, `_by_time`.

    So that the cells, which may be nearly as many as the rows, are made once and never kept.
    """
    if not timed:
        rows = cells.mutate(_which=ibis.literal(UNIT, "int8"), _by_unit=cells._unit)
        return rows.drop("_unit")
    rows = cells.cross_join(ibis.memtable({"_which": [UNIT, TIME]}, schema={"_which": "int8"}))
    by_unit = rows._which == UNIT
    return rows.mutate(
        _by_unit=by_unit.ifelse(rows._unit, ibis.null(rows._unit.type())),
        _by_time=by_unit.ifelse(ibis.null(rows._time.type()), rows._time),
    ).drop("_unit", "_time")


def sums_of(
    rows: ir.Table,
    kpis: Sequence[Kpi],
    config: Config,
    keys: Sequence[str],
    when: pd.DataFrame | None,
) -> pd.DataFrame:
    """The sums that values and intervals follow from.

    Args:
        rows: With `_period`, `_unit` and, if `when` is given, `_time`.
        kpis: What is measured of them.
        config: The dataset's settings.
        keys: `_period` and the group columns.
        when: The calendar of the periods; None where rows have no time of their own.

    Returns:
        A row per group: the keys, and for each KPI and name of `SUMS` a column `nps.y` over units
        and `nps.time.y` over days or weeks. `squares` are of the rows, `cell_…` of units by time.
        Of a KPI that counts over time, a day's `x` is its share of the period's days.
    """
    timed = when is not None
    halves = by_unit_and_time(cells_of(rows, kpis, config, keys, timed), timed)
    finest = [*keys, "_which", "_by_unit", *(["_by_time"] if timed else [])]
    added = {name: halves[name].sum() for name in halves.columns if name not in finest}
    for kpi in kpis if timed else ():
        y, x = halves[f"{kpi.name}.y"], _weight(halves, kpi)
        added |= {f"{kpi.name}.cell_yy": (y * y).sum(), f"{kpi.name}.cell_xy": (x * y).sum(),
                  f"{kpi.name}.cell_xx": (x * x).sum()}  # fmt: skip
    parts = halves.group_by(*dict.fromkeys(finest)).agg(**added)
    if timed and any(kpi.kind in (COUNT, RATE) for kpi in kpis):
        share = ibis.memtable(
            when.rename(columns={"period": "_of", "time": "_day", "share": "_share"})
        )
        parts = parts.left_join(
            share, [parts._period == share._of, parts._by_time == share._day]
        ).drop("_of", "_day")
    sums = {}
    for kpi in kpis:
        y, counted = parts[f"{kpi.name}.y"], parts[f"{kpi.name}.rows"]
        x = _weight(parts, kpi)
        in_time = parts._share.fill_null(0.0) if "_share" in parts.columns else None
        cross = in_time if kpi.kind in (COUNT, RATE) and in_time is not None else x
        cross = (parts._which == TIME).ifelse(cross, x)
        squares = parts[f"{kpi.name}.squares"] if kpi.kind in (NPS, MEAN) else y
        each = {
            "y": y.sum(), "x": x.sum(), "rows": counted.sum(), "squares": squares.sum(),
            "yy": (y * y).sum(), "xy": (cross * y).sum(), "xx": (x * x).sum(),
            "x3": (x * x * x).sum(), "x4": (x * x * x * x).sum(), "x5": (x * x * x * x * x).sum(),
            "clusters": (counted > 0).sum(),
        }  # fmt: skip
        if timed:
            each |= {name: parts[f"{kpi.name}.{name}"].sum() for name in SUMS[-3:]}
        sums |= {f"{kpi.name}.{part}": value for part, value in each.items()}
    frame = parts.group_by(*keys, "_which").agg(**sums).execute()
    units = frame[frame._which == UNIT].drop(columns="_which")
    if not timed:
        return units
    times = frame[frame._which == TIME].drop(columns="_which")
    times = times.rename(
        columns={f"{kpi.name}.{part}": f"{kpi.name}.time.{part}" for kpi in kpis for part in SUMS}
    )
    return units.merge(times, on=list(keys), how="left")


def _weight(rows: ir.Table, kpi: Kpi) -> ir.Value:
    """A KPI's denominator: each row with a value weighs one, unless it has another."""
    return rows[f"{kpi.name}.x"] if kpi.per else rows[f"{kpi.name}.rows"].cast("float64")


def people_behind(
    rows: ir.Table, kpis: Sequence[Kpi], config: Config, keys: Sequence[str]
) -> pd.DataFrame:
    """How many customers (or accounts) are behind each value: those whom it could tell of.

    Returns:
        The keys and, of each KPI, a column `nps.people`.
    """
    whom = rows.customer_id if "customer_id" in rows.columns else rows.account_id
    counts = {
        f"{kpi.name}.people": whom.nunique(where=kpi.value(rows, config).notnull()) for kpi in kpis
    }
    return rows.group_by(*keys).agg(**counts).execute()
