"""What rows share: the sums over accounts or customers, and over days or weeks.

A value's interval has to allow for both: `sums.py` adds the rows up by each.
"""

from collections.abc import Sequence
from datetime import timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxlib.data import Dataset
from cxlib.data.config import Config
from cxlib.measure.kpis import COUNTS, OPEN, Kpi
from cxlib.measure.rows import (
    account_rows,
    contact_rows,
    count_rows,
    customer_rows,
    in_spans,
    open_at_end,
    strangers,
    survey_rows,
)

# A period of so many days has weeks enough to tell how weeks differ; of a shorter one, days do.
LONG_ENOUGH = 56
ONE_DAY = timedelta(days=1)
# Counts that usually lie so many days apart are those of months.
FEWEST_MONTHLY = timedelta(days=20)
# With fewer accounts than these, they are the company's own divisions and no sample of accounts.
FEWEST_ACCOUNTS = 6


def unit_of(data: Dataset, table: str, by: Sequence[str]) -> tuple[str, ...]:
    """The columns that tell whom a row belongs to.

    Accounts, where customers share them and there are enough; customers otherwise, and within
    single accounts or customers. Stand-ins for nobody known belong together in no account.

    Returns:
        `("customer_id",)`, `("account_id",)`, or `("account_id", "customer_id", "known")`.
    """
    if table == "accounts":
        return ("account_id",)
    if table == COUNTS:
        return ("_unit",)
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
        case "counts":
            return _of_counts(data, [*by, *reads], spans)
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


def _of_counts(
    data: Dataset, wanted: Sequence[str], spans: pd.DataFrame
) -> tuple[ir.Table, pd.DataFrame]:
    """Rows of counts, by day or week; or by month, where there is one row a month."""
    rows = in_spans(count_rows(data, wanted), "day", spans)
    if timedelta(days=data.gaps.get(COUNTS, 1)) < FEWEST_MONTHLY:
        by_week = rows._weeks if "_weeks" in rows.columns else bool(spans.weeks.all())
        return with_time(rows, "day", by_week), calendar(data, spans, spans.weeks)
    return rows.mutate(_time=rows.day.truncate("M").cast("timestamp(6)")), _months(data, spans)


def _months(data: Dataset, spans: pd.DataFrame) -> pd.DataFrame:
    """The months of each period of which the data may have a count: as `calendar`."""
    first, last = pd.Timestamp(data.start), pd.Timestamp(data.end)
    parts = []
    for each in spans.itertuples():
        months = pd.date_range(each.start, each.end, freq="MS", inclusive="left")
        months = months[(months >= first.to_period("M").start_time) & (months < last)]
        days = months.days_in_month.to_numpy()
        share = days / max(days.sum(), 1)
        parts.append(pd.DataFrame({"period": each.period, "time": months, "share": share}))
    return pd.concat(parts, ignore_index=True).astype({"time": "datetime64[us]"})


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
