"""What bookings of the same days share, such as a campaign or a holiday, in the change of accounts.

A booking's day hardly matters where accounts pay by the month; where they buy when they like, all
may buy more in one week and less in another. So each third of a month (days 1 to 10, 11 to 20, and
the rest) is set against the same third before, grown as all have grown: what is paid on a fixed day
of the month then cancels out, and what is left is clustered by account and by third.
"""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxlib.data import Dataset
from cxlib.measure.intervals import SHARED, Spread
from cxlib.measure.rows import in_spans

# The KPIs that a booking adds to.
ADDED = ("revenue", "revenue_per_account", "purchase_frequency", "return_rate")
DAYS_OF_THIRD = 10
# Of fewer thirds with bookings, there is nothing to say; monthly bookings are in one of three.
FEWEST_THIRDS, MOST_OF = 6, 2 / 3


def by_thirds(
    data: Dataset, spans: pd.DataFrame, sizes: Mapping[str, tuple[float, float]],
    rates: Mapping[str, tuple[float, float]],
) -> dict[str, tuple[Spread, float]]:  # fmt: skip
    """How much the thirds of a month add to the variance of differences between two periods.

    Args:
        data: The dataset.
        spans: The two periods, now and before, of as many months.
        sizes: Of each KPI, its denominators now and before; 1 of a total.
        rates: Of each KPI, its values now and before.

    Returns:
        For each KPI the variance by third, and that by account and third; without those KPIs whose
        bookings are in too few thirds to tell.
    """
    names = [name for name in sizes if name in ADDED]
    months = [12 * (end.year - start.year) + end.month - start.month
              for start, end in zip(spans.start, spans.end, strict=True)]  # fmt: skip
    thirds = 3 * months[0]
    if not names or months[0] != months[1] or thirds < FEWEST_THIRDS:
        return {}
    rows = in_spans(data.tables["revenue"], "booked_at", spans)
    first = rows._start
    since = 12 * (rows.booked_at.year() - first.year()) + rows.booked_at.month() - first.month()
    of_month = ibis.least((rows.booked_at.day() - 1) // DAYS_OF_THIRD, 2)
    now = rows._period == ibis.timestamp(spans.period.iloc[0].to_pydatetime())
    added = {}
    for name in names:
        one, other = (
            _added(rows, name, size, rate)
            for size, rate in zip(sizes[name], rates[name], strict=True)
        )
        # What is refunded is counted as departing from its rate, which is grown already.
        late, early = (1.0, 1.0) if name == "return_rate" else rates[name]
        added[name] = now.ifelse(one, -other * (late / early if late > 0 < early else 1.0))
    rows = rows.select("account_id", _third=3 * since + of_month, **added)
    cells = rows.group_by("account_id", "_third").agg(
        _rows=rows.count(), **{name: rows[name].sum() for name in names}
    )
    sums = cells.group_by("_third").agg(
        rows=cells._rows.sum(),
        **{name: cells[name].sum() for name in names},
        **{f"{name}.cells": (cells[name] * cells[name]).sum() for name in names},
    )
    found = sums.execute().set_index("_third").sort_index()
    if len(found) < MOST_OF * thirds or found.rows.sum() < SHARED * 2 * thirds:
        return {}
    every = found.reindex(range(thirds), fill_value=0.0)
    return {
        name: (
            Spread(np.asarray(every[name].var(ddof=1) * thirds), np.asarray(thirds - 1.0)),
            float(every[f"{name}.cells"].sum()),
        )
        for name in names
    }


def _added(rows: ir.Table, name: str, size: float, rate: float) -> ir.Value:
    """What a booking adds to a KPI's value."""
    match name:
        case "purchase_frequency":
            value = (rows.amount > 0).ifelse(1.0, 0.0)
        case "return_rate":
            value = (rows.amount < 0).ifelse(-rows.amount, -rate * rows.amount)
        case _:
            value = rows.amount
    return value / size
