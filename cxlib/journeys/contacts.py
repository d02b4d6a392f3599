"""Contacts in the order in which their customers made them, in the engine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxlib.data import Dataset
from cxlib.measure.clusters import unit_of, with_unit
from cxlib.measure.kpis import catalogue
from cxlib.measure.panel import Panel, measure_spans
from cxlib.measure.rows import SECONDS_PER_DAY, contact_rows, within, without_strangers

# A wait longer than nine in ten of its channel is a long one, and so many transfers are many.
LONG_WAIT, MANY_TRANSFERS = 0.9, 2
# What makes a contact hard, by its column; the last four are the signs of silent frustration.
SIGNS = {
    "_switched": "came back on another channel",
    "_transferred": "passed on",
    "_abandoned": "gave up waiting",
    "_passed_around": "passed on twice or more",
    "_again": "had to come back",
    "_long_wait": "among the longest waits",
}
KEPT = ("interaction_id", "customer_id", "started_at", "channel")
SILENT = ("_abandoned", "_passed_around", "_again", "_long_wait")


@dataclass(frozen=True)
class Journeys:
    """The contacts of a period, each with what its customer met.

    Attributes:
        rows: The contacts, in the engine: those of the dataset, `_unit`, `_day`, `_same_channel`
            (of the contact before about the same), a column of 0 or 1 for each of `SIGNS` that is
            known, and `_hard`: any of `SILENT`.
        step: The column that tells where on the journey a contact is; empty if there is none.
        signs: Those that the data can tell.
        start, end: The period.
    """

    rows: ir.Table
    step: str
    signs: tuple[str, ...]
    start: datetime
    end: datetime

    def by(self, column: str, members: pd.DataFrame | None = None) -> "Journeys":
        """The same contacts, parted by another column.

        Args:
            column: Which.
            members: That column by `customer_id`, if the contacts have it not; contacts of other
                customers are left out.
        """
        if members is None:
            return replace(self, step=column)
        side = ibis.memtable(members, schema={"customer_id": "string", column: "string"})
        return replace(self, step=column, rows=self.rows.join(side, "customer_id"))


def step_of(data: Dataset) -> str:
    """What tells where on the journey a contact is: the touchpoint, or else what it is about."""
    known = ("touchpoint", "reason")
    return next((name for name in known if data.has("interactions", name)), "")


def matter_of(data: Dataset) -> str:
    """What tells what a contact is about: the reason, or else the touchpoint."""
    known = ("reason", "touchpoint")
    return next((name for name in known if data.has("interactions", name)), "")


def follow(data: Dataset, start: datetime, end: datetime, *columns: str) -> Journeys:
    """The contacts of a period, each with what made it hard.

    Whether a customer came back is looked up among all contacts, whatever the filter. Customers of
    whom nobody knows who they are have no journey, and are left out.

    Args:
        data: The dataset.
        start, end: The period.
        columns: Further columns of the contact, its customer and its account.

    Raises:
        MissingData: There are no contacts, or not these columns.
    """
    data.require("interactions")
    step, matter = step_of(data), matter_of(data)
    unit = unit_of(data, "interactions", ())
    known = [name for name in ("agent_id", "wait_seconds") if data.has("interactions", name)]
    wanted = dict.fromkeys([*unit, *filter(None, (step, matter)), *known, *columns])
    rows = without_strangers(data, _with_the_same_before(data, wanted, matter, start, end))
    rows = with_unit(within(rows, "started_at", start, end), unit)
    rows = rows.mutate(_day=rows.started_at.truncate("D"))
    signs = _signs(data, rows, matter)
    rows = rows.mutate(**{name: flag.fill_null(False).cast("int64") for name, flag in
                          signs.items()})  # fmt: skip
    shown = [rows[name] for name in SILENT if name in signs]
    hard = ibis.greatest(*shown) if shown else ibis.literal(0)
    rows = rows.mutate(_hard=hard.cast("int64"))
    own = [name for name in rows.columns if name.startswith("_") and name != "_same_at"]
    cost = ["cost"] if data.has("interactions", "cost") else []
    columns = dict.fromkeys([*KEPT, *wanted, *cost, *own])
    return Journeys(kept(rows.select(*columns)), step, tuple(signs), start, end)


def kept(rows: ir.Table) -> ir.Table:
    """The rows, worked out once: a page asks them a dozen questions."""
    engine = rows.get_backend()
    if engine.name == "pyspark":
        return rows
    return engine.create_table(f"journeys_{uuid4().hex}", rows, temp=True)


def _with_the_same_before(
    data: Dataset, wanted: Iterable[str], matter: str, start: datetime, end: datetime
) -> ir.Table:
    """Contacts with the one before it of the same customer about the same, whatever came between.

    `_same_at` and `_same_channel`, as far back as a contact counts as a repeat.
    """
    every = data.contacts
    if not matter:
        return contact_rows(data, wanted, followed=False)
    before = start - timedelta(days=data.config.thresholds.repeat_days)
    lately = within(every, "started_at", before, end)
    order = {"group_by": [lately.customer_id, lately[matter]],
             "order_by": [lately.started_at, lately.interaction_id]}  # fmt: skip
    same = {"_same_at": lately.started_at.lag().over(**order),
            "_same_channel": lately.channel.lag().over(**order)}  # fmt: skip
    if data.tables["interactions"] is every:
        # Nothing is filtered out, so what came before stands where the contacts stand.
        whole = replace(data, tables=data.tables | {"interactions": lately.mutate(**same)})
        return contact_rows(whole, wanted, followed=False)
    side = lately.select("interaction_id", **same)
    rows = contact_rows(data, wanted, followed=False)
    return rows.left_join(side, "interaction_id").drop("interaction_id_right")


def _signs(data: Dataset, rows: ir.Table, matter: str) -> dict[str, ir.BooleanColumn]:
    """What can be told of each contact."""
    found = {}
    if matter:
        days = (rows.started_at.epoch_seconds() - rows._same_at.epoch_seconds()) / SECONDS_PER_DAY
        again = (days <= data.config.thresholds.repeat_days) & rows[matter].notnull()
        found["_again"] = again
        found["_switched"] = again & (rows._same_channel != rows.channel)
    if data.has("interactions", "transfers"):
        found["_transferred"] = rows.transfers >= 1
        found["_passed_around"] = rows.transfers >= MANY_TRANSFERS
    if data.has("interactions", "abandoned"):
        found["_abandoned"] = rows.abandoned
    if data.has("interactions", "wait_seconds"):
        usual = rows.group_by("channel").agg(long=rows.wait_seconds.quantile(LONG_WAIT)).execute()
        long = ibis.literal(None, "float64")
        for channel, most in usual.dropna().itertuples(index=False):
            long = (rows.channel == channel).ifelse(float(most), long)
        found["_long_wait"] = rows.wait_seconds > long
    return {name: found[name] for name in SIGNS if name in found}


def cost_of_contact(data: Dataset, start: datetime, end: datetime) -> float:
    """What a contact costs on average; NaN where it is not known."""
    if not data.has("interactions", "cost"):
        return np.nan
    rows = within(data.rows("interactions"), "started_at", start, end)
    cost = rows.cost.mean().execute()
    return np.nan if cost is None else float(cost)


def measured(data: Dataset, kpis: Iterable[str], by: Sequence[str]) -> Panel:
    """KPIs of the last twelve months by columns; without any where a column is empty."""
    start, end = data.quarter.shift(-3).start, data.quarter.end
    span = pd.DataFrame({"period": ["year"], "start": [start], "end": [end]})
    span = span.astype({"start": "datetime64[us]", "end": "datetime64[us]"})
    known = catalogue(data.config)
    kpis = [name for name in kpis if all(by) and all(data.has(known[name].table, each)
                                                     for each in by)]  # fmt: skip
    return measure_spans(data, span, kpis, [name for name in by if name])
