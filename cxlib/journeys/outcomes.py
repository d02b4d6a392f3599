"""How matters end, how long it takes, what escalation costs, and how often new customers come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy import stats

from cxlib.data import Dataset
from cxlib.data.contract import BODIES
from cxlib.data.expressions import columns_of
from cxlib.journeys.durations import CENSORED, cumulative_incidence, mean_cumulative
from cxlib.measure import intervals
from cxlib.measure.clusters import unit_of, with_unit
from cxlib.measure.estimate import CONFIDENCE, Estimate
from cxlib.measure.exposure import told_of, too_few_left
from cxlib.measure.rows import contact_rows, within, without_strangers

RESOLVED, ABANDONED, ESCALATED = 1, 2, 3
# How many are solved by when is said of so many days, and how often new customers come, of these.
SOON, FIRST_DAYS = 7, 90
MINUTE = 60


@dataclass(frozen=True)
class Resolution:
    """How contacts end, and when.

    Attributes:
        curve: The share that has ended in each way (`RESOLVED`, `ABANDONED`, `ESCALATED`), by days.
        contacts: How many.
        still_open: How many of these have not ended yet.
        soon: The share resolved within `SOON` days, of those that began that long ago.
    """

    curve: pd.DataFrame
    contacts: int
    still_open: int
    soon: Estimate

    @property
    def half(self) -> float:
        """Days until half of all contacts are resolved; NaN where they are not."""
        solved = self.curve[RESOLVED]
        return float((solved >= 0.5).idxmax()) if (solved >= 0.5).any() else np.nan


def resolution(data: Dataset, start: datetime, end: datetime) -> Resolution | None:
    """How the contacts of a period have ended by its end; None where closing is not recorded.

    A contact is escalated where its customer complains before it is closed.
    """
    if not data.has("interactions", "closed_at") or too_few_left(data, "interactions"):
        return None
    unit = unit_of(data, "interactions", ())
    rows = within(contact_rows(data, unit, followed=False), "started_at", start, end)
    rows = with_unit(rows, unit).mutate(_complained_at=ibis.null("timestamp(6)"))
    if data.has("complaints"):
        rows = _with_complaint(data, rows)
    if data.pseudonyms and _people(rows) < data.config.privacy.smallest_group:
        return None
    now = ibis.timestamp(min(end, data.end))
    known = data.has("interactions", "abandoned")
    gone = rows.abandoned.fill_null(False) if known else ibis.literal(False)
    closed = rows.closed_at < now
    last = ibis.cases((closed, rows.closed_at), else_=now)
    escalated = rows._complained_at < last
    ends = ibis.cases((escalated.fill_null(False), ESCALATED), (gone, ABANDONED),
                      (closed.fill_null(False), RESOLVED), else_=CENSORED)  # fmt: skip
    last = escalated.fill_null(False).ifelse(rows._complained_at, last)
    minutes = ((last.epoch_seconds() - rows.started_at.epoch_seconds()) / MINUTE).floor()
    if data.has("interactions", "wait_seconds"):
        # Who gives up does so after the wait.
        waited = (rows.wait_seconds.fill_null(0) / MINUTE).floor()
        minutes = (ends == ABANDONED).ifelse(waited, minutes)
    rows = rows.mutate(_ends=ends, _minutes=minutes)
    counts = rows.group_by("_minutes", "_ends").agg(n=lambda each: each.count()).execute()
    if counts.empty:
        return None
    curve = cumulative_incidence(counts._minutes, counts._ends, counts.n)
    for way in {RESOLVED, ABANDONED, ESCALATED} - set(curve):
        curve[way] = 0.0
    curve.index = curve.index * MINUTE / 86_400
    old = rows.filter(rows.started_at < now - ibis.interval(days=SOON))
    quick = (old._ends == RESOLVED) & (old._minutes < SOON * 24 * 60)
    units = old.group_by("_unit").agg(n=old.count(), y=quick.sum()).execute()
    soon = Estimate(*intervals.share_of(units.y, units.n), units.n.sum(), "share")
    open_now = counts.n[counts._ends == CENSORED].sum()
    return Resolution(curve, int(counts.n.sum()), int(open_now), soon)


def _people(rows: ir.Table) -> int:
    return int(rows.customer_id.nunique().execute())


def _with_complaint(data: Dataset, rows: ir.Table) -> ir.Table:
    """Contacts with the moment at which their customer first complained while they were open."""
    made = data.rows("complaints").select("customer_id", "opened_at")
    both = rows.select("interaction_id", "customer_id", "started_at").join(made, "customer_id")
    first = both.filter(both.opened_at >= both.started_at).group_by("interaction_id")
    first = first.agg(_complained_at=lambda each: each.opened_at.min())
    joined = rows.drop("_complained_at").left_join(first, "interaction_id")
    return joined.drop("interaction_id_right")


@dataclass(frozen=True)
class Ladder:
    """What escalation adds to the cost of contacts, by stated multiples.

    Attributes:
        counts: Contacts, and complaints by body.
        cost, time: Of a contact with all that comes of it, as multiples of a contact alone.
    """

    counts: Mapping[str, int]
    cost: Estimate
    time: Estimate


def escalation(data: Dataset, start: datetime, end: datetime) -> Ladder | None:
    """The ladder from contact to complaint, outside body and small claim; None without complaints.

    Each step is as likely as it was in the period; a complaint to the company costs as much as a
    contact, and the others as `[assumptions]` say. The interval is that of counts that come
    independently (compound Poisson), and not that of the assumptions.
    """
    # A filter that says nothing of complaints would hold all of them against some contacts.
    if not data.has("complaints") or "complaints" in data.unfiltered:
        return None
    # Nor may one that means something of its own in each table, such as a cost.
    asked = {name for some in data.filters for each in some for name in columns_of(each)}
    if asked & set(data.tables["complaints"].columns) - {"customer_id"}:
        return None
    if _few_complained(data, start, end):
        return None
    contacts = within(data.rows("interactions"), "started_at", start, end).count().execute()
    made = within(data.rows("complaints"), "opened_at", start, end).body.value_counts().execute()
    made = made.set_index("body").iloc[:, 0].reindex(list(BODIES), fill_value=0).to_numpy(float)
    if not contacts or not made.sum():
        return None
    rule = data.config.assumptions
    costs = (_multiple(contacts, made, (1, 1, *ends)) for ends in (
        (rule.outside_cost, rule.claim_cost), (rule.outside_time, rule.claim_time)))  # fmt: skip
    counts = {"contacts": int(contacts)} | dict(zip(BODIES, made.astype(int), strict=True))
    return Ladder(counts, *costs)


def _few_complained(data: Dataset, start: datetime, end: datetime) -> bool:
    """Whether complaints within a filter would tell of too few customers."""
    if not data.where:
        return False

    def count(some: Dataset, *by: str) -> pd.DataFrame:
        rows = within(some.rows("complaints", *by), "opened_at", start, end)
        rows = rows.group_by("body", *by)
        return rows.agg(customers=lambda each: each.customer_id.nunique()).execute()

    return len(told_of(data, "complaints", ["body"], count)) < len(count(data))


def _multiple(contacts: int, made: np.ndarray, costs: tuple[float, ...]) -> Estimate:
    # As the chain has it (chains.expected_cost), also where a step of the ladder is skipped.
    value = float(1 + made @ np.asarray(costs[1:], dtype=float) / contacts)
    half = stats.norm.ppf(0.5 + CONFIDENCE / 2) * np.sqrt(made @ np.square(costs[1:])) / contacts
    return Estimate(value, max(value - half, 1.0), value + half, contacts, "ratio")


@dataclass(frozen=True)
class SincePurchase:
    """How often customers of new accounts make contact.

    Attributes:
        curve: Contacts per customer, by days since the account began (mean cumulative function).
        customers: How many.
        first: Contacts in the first `FIRST_DAYS` days, of customers who are followed that long.
    """

    curve: pd.Series
    customers: int
    first: Estimate


def since_purchase(data: Dataset, start: datetime, end: datetime) -> SincePurchase | None:
    """How often customers come whose account began in a period; None where that is not known."""
    if not data.has("customers", "signup_date") or too_few_left(data, "interactions"):
        return None
    unit, end = unit_of(data, "customers", ()), min(end, data.end)
    smallest = data.smallest_group
    people = data.rows("customers", *unit, "signup_date")
    people = with_unit(without_strangers(data, within(people, "signup_date", start, end)), unit)
    people = people.select("customer_id", "signup_date", "_unit")
    contacts = data.tables["interactions"].select("customer_id", "started_at")
    contacts = contacts.join(people, "customer_id")
    age = (contacts.started_at.epoch_seconds() - contacts.signup_date.epoch_seconds()) / 86_400
    contacts = contacts.filter(age >= 0, contacts.started_at < ibis.timestamp(end))
    ages = contacts.select(member="customer_id", age=age.floor()).execute()
    known = people.execute().set_index("customer_id")
    followed = (pd.Timestamp(end) - known.signup_date) / timedelta(days=1)
    long = followed[followed >= FIRST_DAYS].index
    early = ages[ages.member.isin(long) & (ages.age < FIRST_DAYS)].groupby("member").size()
    units = pd.DataFrame({"y": early.reindex(long, fill_value=0), "x": 1.0})
    units = units.groupby(known._unit.reindex(long)).sum()
    value, spread = intervals.ratio_of(units.y, units.x)
    if not np.isfinite(value) or ages.empty or len(long) < smallest:
        return None
    low, high = intervals.t_interval(value, spread)
    first = Estimate(value, max(float(low), 0.0), float(high), len(long), "score")
    curve = mean_cumulative(ages, followed)
    # Its end would be that of a few customers.
    return SincePurchase(curve[curve.index <= followed.nlargest(smallest).min()], len(known), first)
