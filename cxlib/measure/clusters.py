"""What rows share: the sums over accounts or customers, and over days or weeks.

A value's interval has to allow for both. The engine adds rows up by (group, unit, time), and these
cells by unit and by time; only their squares and products leave it.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir
import numpy as np
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
ONE_DAY = timedelta(days=1)
# With fewer accounts than these, they are the company's own divisions and no sample of accounts.
FEWEST_ACCOUNTS = 6
UNIT, TIME, CELL = 0, 1, 2
ADDED = ("y", "x", "rows", "squares", "yy", "xy", "xx", "x3", "x4", "x5", "clusters")
PRODUCTS = ("yy", "xy", "xx")
SUMS = (*ADDED, *(f"cell_{name}" for name in PRODUCTS))


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
    if unit_of not in data.kept:
        data.kept[unit_of] = _unit_of_people(data)
    return data.kept[unit_of]


def _unit_of_people(data: Dataset) -> tuple[str, ...]:
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
    first = spans.start.clip(lower=pd.Timestamp(data.start)).dt.normalize()
    days = ((spans.end.clip(upper=pd.Timestamp(data.end)) - first) / ONE_DAY).apply(np.ceil)
    number = days.clip(lower=0).astype(int).to_numpy()
    rows = np.repeat(np.arange(len(spans)), number)
    nth = np.arange(len(rows)) - np.repeat(number.cumsum() - number, number)
    time = first.iloc[rows] + pd.to_timedelta(nth, "D")
    monday = time - pd.to_timedelta(time.dt.day_of_week, "D")
    frame = pd.DataFrame({"period": spans.period.iloc[rows], "share": 1 / number[rows]})
    frame["time"] = time.where(~weeks.to_numpy()[rows], monday).astype("datetime64[us]")
    return frame.groupby(["period", "time"], as_index=False, sort=False).share.sum()


def counted_rows(
    data: Dataset, spans: pd.DataFrame, kpis: Sequence[Kpi], by: Sequence[str]
) -> tuple[ir.Table, pd.DataFrame | None]:
    """The rows that KPIs of one source count, and the calendar of their periods.

    The rows have `_period`, `_unit` and, unless they are accounts, `_time`; there is no calendar
    where rows have no time, or where single accounts or customers are the groups.
    """
    kpi = kpis[0]
    unit = unit_of(data, kpi.table, by)
    reads = [name for each in kpis for name in each.reads]
    if kpi.table == "accounts":
        return with_unit(account_rows(data, [*by, *reads], spans), unit), None
    # Whether a contact of one day is followed by another hangs on the days after it.
    weeks = weekly(data, spans) | any(each.followed for each in kpis)
    spans = spans.assign(weeks=weeks.to_numpy())
    wanted = list(dict.fromkeys((*by, *unit, *reads)))
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


def narrow(
    rows: ir.Table, kpis: Sequence[Kpi], config: Config, keys: Sequence[str], timed: bool
) -> ir.Table:
    """Rows with the keys, their `_unit` and `_time`, and what of each KPI is added up.

    That is `.y`, its value, and `.x` where it has a denominator of its own. Each query names what
    it needs: unused columns cost time, and so do rows of which no KPI has a value.
    """
    columns = {}
    for kpi in kpis:
        columns[f"{kpi.name}.y"] = kpi.value(rows, config).cast("float64")
        if kpi.per:
            columns[f"{kpi.name}.x"] = kpi.per(rows, config).cast("float64")
    known = reduce(or_, (value.notnull() for value in columns.values()))
    finest = dict.fromkeys([*keys, "_unit", *(["_time"] if timed else [])])
    return rows.filter(known).select(*finest, **columns)


def added_up(rows: ir.Table, kpis: Sequence[Kpi], by: Sequence[str]) -> ir.Table:
    """Narrow rows added up: of each KPI `.y`, `.x`, its denominator or number, `.rows`, `.squares`.

    `.squares` are there of KPIs whose rows have values of their own.
    """
    sums = {}
    for kpi in kpis:
        y = rows[f"{kpi.name}.y"]
        sums[f"{kpi.name}.y"] = y.sum().fill_null(0.0)
        sums[f"{kpi.name}.rows"] = y.count()
        if kpi.per:
            sums[f"{kpi.name}.x"] = rows[f"{kpi.name}.x"].sum().fill_null(0.0)
        if kpi.kind in (NPS, MEAN):
            sums[f"{kpi.name}.squares"] = (y * y).sum().fill_null(0.0)
    added = rows.group_by(*dict.fromkeys(by)).agg(**sums)
    numbers = {
        f"{kpi.name}.x": added[f"{kpi.name}.rows"].cast("float64") for kpi in kpis if not kpi.per
    }
    return added.mutate(**numbers)


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
    rows, keys = narrow(rows, kpis, config, keys, timed), list(dict.fromkeys(keys))
    units = added_up(rows, kpis, [*keys, "_unit"])
    parts = [_powers(units, kpis, keys, UNIT)]
    if timed:
        times = _with_shares(added_up(rows, kpis, [*keys, "_time"]), kpis, when)
        cells = added_up(rows, kpis, [*keys, "_unit", "_time"])
        parts += [_powers(times, kpis, keys, TIME), _products(cells, kpis, keys)]
    # One question, so that the rows are made once.
    frame = ibis.union(*parts).execute() if timed else parts[0].execute()
    found = _of(frame, kpis, UNIT, "")
    for which, prefix in ((TIME, "time."), (CELL, "cell_")) if timed else ():
        found = found.merge(_of(frame, kpis, which, prefix), on=keys, how="left")
    return found.reset_index(drop=True)


def _with_shares(times: ir.Table, kpis: Sequence[Kpi], when: pd.DataFrame) -> ir.Table:
    """Sums of days or weeks, with their `.share` of the period for what is counted over time."""
    counted = [f"{kpi.name}.share" for kpi in kpis if kpi.kind in (COUNT, RATE)]
    if not counted:
        return times
    share = ibis.memtable(when.rename(columns={"period": "_of", "time": "_day", "share": "_share"}))
    times = times.left_join(share, [times._period == share._of, times._time == share._day])
    return times.mutate(**dict.fromkeys(counted, times._share.fill_null(0.0)))


def _powers(added: ir.Table, kpis: Sequence[Kpi], keys: Sequence[str], which: int) -> ir.Table:
    sums = {}
    for kpi in kpis:
        y, x, counted = (added[f"{kpi.name}.{name}"] for name in ("y", "x", "rows"))
        cross = f"{kpi.name}.share" if f"{kpi.name}.share" in added.columns else f"{kpi.name}.x"
        squares = added[f"{kpi.name}.squares"] if kpi.kind in (NPS, MEAN) else y
        each = {
            "y": y, "x": x, "rows": counted, "squares": squares,
            "yy": y * y, "xy": added[cross] * y, "xx": x * x,
            "x3": x * x * x, "x4": x * x * x * x, "x5": x * x * x * x * x,
            "clusters": (counted > 0).cast("int64"),
        }  # fmt: skip
        sums |= {f"{kpi.name}.{part}": value.sum().cast("float64") for part, value in each.items()}
    return added.group_by(*keys).agg(**sums).mutate(_which=ibis.literal(which, "int8"))


def _products(cells: ir.Table, kpis: Sequence[Kpi], keys: Sequence[str]) -> ir.Table:
    """The products of units by time, in columns of the same names; the others are empty."""
    names = [f"{kpi.name}.{part}" for kpi in kpis for part in ADDED]
    sums = {}
    for kpi in kpis:
        y, x = cells[f"{kpi.name}.y"], cells[f"{kpi.name}.x"]
        products = zip(PRODUCTS, (y * y, x * y, x * x), strict=True)
        sums |= {f"{kpi.name}.{part}": product.sum() for part, product in products}
    empty = {name: ibis.null("float64") for name in names if name not in sums}
    found = cells.group_by(*keys).agg(**sums)
    return found.mutate(**empty, _which=ibis.literal(CELL, "int8")).select(*keys, *names, "_which")


def _of(frame: pd.DataFrame, kpis: Sequence[Kpi], which: int, prefix: str) -> pd.DataFrame:
    """The sums of units, of days or weeks, or of cells, with names of their own."""
    parts = PRODUCTS if which == CELL else ADDED
    names = {f"{kpi.name}.{part}": f"{kpi.name}.{prefix}{part}" for kpi in kpis for part in parts}
    others = [f"{kpi.name}.{part}" for kpi in kpis for part in ADDED]
    found = frame[frame._which == which].drop(columns="_which")
    return found.drop(columns=[name for name in others if name not in names]).rename(columns=names)


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
