"""The order in which customers go from step to step, in the engine."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxlib.data import Dataset
from cxlib.journeys.contacts import Journeys, follow, kept
from cxlib.journeys.next_issue import expected_ratios
from cxlib.measure.exposure import told_of
from cxlib.measure.rows import SECONDS_PER_DAY, within, without_strangers

# Of longer journeys, the beginning is compared.
LONGEST = 8


def steps_of(data: Dataset, journeys: Journeys, *by: str) -> ir.Table:
    """What customers did, by contact or without: `customer_id`, `at`, `tie`, `step`, `who`.

    Args:
        data: The dataset; its events are added where contacts have a touchpoint. Within a filter
            they are not: it may say nothing of them, and they would hide how few it leaves out.
        journeys: As `contacts.follow` gives them.
        by: Further columns of the contact.
    """
    nobody = ibis.null("string")
    rows = journeys.rows.filter(journeys.rows[journeys.step].notnull())
    who = rows.agent_id if "agent_id" in rows.columns else nobody
    rows = rows.select("customer_id", *by, at="started_at", tie="interaction_id",
                       step=journeys.step, who=who)  # fmt: skip
    if journeys.step != "touchpoint" or data.where or not data.has("events", "touchpoint", *by):
        return rows
    events = within(data.rows("events", *by), "at", journeys.start, journeys.end)
    events = without_strangers(data, events.filter(events.touchpoint.notnull()))
    events = events.select("customer_id", *by, "at", tie=ibis.literal(""), step="touchpoint",
                           who=nobody)  # fmt: skip
    return rows.union(events)


def in_order(steps: ir.Table, gap_days: float, *by: str) -> ir.Table:
    """Steps with the one before (`one`), the one before that (`two`), and `who` did it (`whose`).

    A journey ends where its customer does nothing for `gap_days`; `nth` counts its steps, `ends`
    is 1 at its last one. Steps of one moment follow in the order of `tie` and name, every time.
    Customers are followed within a value of `by`.
    """
    whose = ["customer_id", *by]
    order = {"group_by": whose, "order_by": ["at", "tie", "step"]}
    seconds = steps.at.epoch_seconds()
    gap, pause = gap_days * SECONDS_PER_DAY, seconds - seconds.lag().over(**order)
    rest = seconds.lead().over(**order) - seconds
    rows = steps.mutate(
        _new=(pause.isnull() | (pause > gap)).cast("int64"),
        ends=(rest.isnull() | (rest > gap)).cast("int64"),
        one=steps.step.lag().over(**order),
        two=steps.step.lag(2).over(**order),
        whose=steps.who.lag().over(**order),
        _place=ibis.row_number().over(**order),
    )
    window = ibis.cumulative_window(group_by=whose, order_by="_place")
    rows = rows.mutate(_journey=rows._new.sum().over(window))
    first = rows._place.min().over(group_by=[*whose, "_journey"])
    rows = rows.mutate(nth=rows._place - first + 1)
    return rows.mutate(one=(rows.nth > 1).ifelse(rows.one, ibis.null("string")),
                       two=(rows.nth > 2).ifelse(rows.two, ibis.null("string")))  # fmt: skip


def moves_between(path: ir.Table, *by: str) -> pd.DataFrame:
    """How often customers go from one step to another within a journey, the commonest first.

    Returns:
        `one` (empty where a journey begins), `other`, the columns of `by`, `journeys` (how many
        moves), `customers`.
    """
    moves = path.mutate(one=path.one.fill_null(""), other="step")
    found = moves.group_by("one", "other", *by).agg(
        journeys=lambda each: each.count(), customers=lambda each: each.customer_id.nunique()
    )
    return found.execute().sort_values(["journeys", "one", "other"], ascending=[False, True, True],
                                       ignore_index=True)  # fmt: skip


def turns_at(path: ir.Table, *by: str) -> pd.DataFrame:
    """What happens at each step: how often it ends a journey, comes twice, or comes back.

    Returns:
        `step`, the columns of `by`, `steps`, `customers`, `ends`, `repeats` (the same again by the
        same agent), `redone` (by another), `ping_pong` (back after one step elsewhere).
    """
    again = path.one == path.step
    same, other = path.who == path.whose, path.who != path.whose
    back = (path.two == path.step) & (path.one != path.step)
    rows = path.mutate(_again=(again & same).cast("int64"), _redone=(again & other).cast("int64"),
                       _back=back.cast("int64"))  # fmt: skip
    found = rows.group_by("step", *by).agg(
        steps=lambda each: each.count(), customers=lambda each: each.customer_id.nunique(),
        agents=lambda each: each.who.count(), ends=lambda each: each.ends.sum(),
        repeats=lambda each: each._again.sum(),
        redone=lambda each: each._redone.sum(), ping_pong=lambda each: each._back.sum(),
    )  # fmt: skip
    found = found.execute()
    known = found.pop("agents") > 0
    for name in ("repeats", "redone", "ping_pong"):
        found[name] = found[name].astype(float).fillna(0)
    # Where no agent is known, nobody can say whether it was the same.
    found[["repeats", "redone"]] = found[["repeats", "redone"]].where(known, np.nan)
    return found.sort_values(["steps", "step"], ascending=[False, True], ignore_index=True)


def variants(path: ir.Table, *by: str, longest: int = LONGEST) -> pd.DataFrame:
    """The whole ways that journeys take, the commonest first.

    Args:
        path: As `in_order` gives it.
        by: Further columns of the journey.
        longest: Of journeys with more steps, so many and `…`.

    Returns:
        `way`, the columns of `by`, `journeys`, `customers`, `again` (how many of its steps had
        been there before).
    """
    places = {f"s{n:02d}": path.step.max(where=path.nth == n) for n in range(1, longest + 1)}
    whole = path.group_by("customer_id", "_journey", *by).agg(
        **places, length=path.count(), again=path.count() - path.step.nunique()
    )
    way = whole.s01
    for name in list(places)[1:]:
        way = way + (" → " + whole[name]).fill_null("")
    way = way + (whole.length > longest).ifelse(" → …", "")
    found = whole.mutate(way=way).group_by("way", *by).agg(
        journeys=lambda each: each.count(), customers=lambda each: each.customer_id.nunique(),
        again=lambda each: each.again.min(),
    )  # fmt: skip
    return found.execute().sort_values(["journeys", "way"], ascending=[False, True],
                                       ignore_index=True)  # fmt: skip


@dataclass(frozen=True)
class Ways:
    """In which order customers of a period go from step to step; groups of few are left out.

    Attributes:
        moves, turns, variants: As the functions of this module give them.
    """

    moves: pd.DataFrame
    turns: pd.DataFrame
    variants: pd.DataFrame


def ways_of(data: Dataset, journeys: Journeys, gap_days: float) -> Ways | None:
    """The ways of a period's customers; None where contacts have neither touchpoint nor reason."""
    if not journeys.step:
        return None
    paths = {}

    def path(some: Dataset, *by: str) -> ir.Table:
        key = id(some), by
        if key not in paths:
            own = some is data and not by
            theirs = journeys if own else follow(some, journeys.start, journeys.end, *by)
            # With the dataset, so that no other takes its identity.
            paths[key] = some, kept(in_order(steps_of(some, theirs, *by), gap_days, *by))
        return paths[key][1]

    def told(keys: list[str], count: Callable[..., pd.DataFrame]) -> pd.DataFrame:
        return told_of(data, "interactions", keys, lambda some, *by: count(path(some, *by), *by))

    return Ways(told(["one", "other"], moves_between), told(["step"], turns_at),
                told(["way"], variants))  # fmt: skip


def issue_pairs(data: Dataset, start: datetime, end: datetime, window: int) -> pd.DataFrame:
    """How many customers had one issue after another more often than before it, in both orders.

    Of each customer, contacts about the two issues that lie within the window are put in pairs;
    whoever has as many pairs in one order as in the other does not count.

    Args:
        data: The dataset.
        start, end: The period.
        window: Days.

    Returns:
        As `next_issue.next_issues` takes it; empty where contacts have no reason.
    """
    columns = ["first", "then", "followed", "preceded", "expected"]
    if not data.has("interactions", "reason"):
        return pd.DataFrame(columns=columns)

    def count(some: Dataset, *by: str) -> pd.DataFrame:
        return _leaning(_issues(some, start, end, *by), window, *by)

    found = told_of(data, "interactions", ["first", "then"], count)
    if found.empty:
        return pd.DataFrame(columns=columns)
    daily = _issues(data, start, end).group_by(day=lambda each: each.at.floor(), reason="reason")
    daily = daily.agg(n=lambda each: each.count()).execute()
    table = daily.pivot_table(index="day", columns="reason", values="n", fill_value=0)
    table = table.reindex(np.arange(table.index.min(), table.index.max() + 1), fill_value=0)
    ratios = expected_ratios(table, window)
    pairs = zip(found["first"], found.then, strict=True)
    found = found.assign(expected=[ratios.loc[one, other] for one, other in pairs])
    return found.sort_values(["first", "then"], ignore_index=True)[columns]


def _issues(data: Dataset, start: datetime, end: datetime, *by: str) -> ir.Table:
    """Contacts about something, of somebody known, with the day `at` which they began."""
    rows = without_strangers(data, data.rows("interactions", "reason", *by))
    rows = within(rows, "started_at", start, end).filter(lambda each: each.reason.notnull())
    at = rows.started_at.epoch_seconds() / SECONDS_PER_DAY
    return rows.select(*dict.fromkeys(("customer_id", "reason", *by)), at=at)


def _leaning(rows: ir.Table, window: int, *by: str) -> pd.DataFrame:
    """In which order how many customers mostly have two issues."""
    both = rows.join(rows.select("customer_id", then="reason", later="at"), "customer_id")
    gap = both.later - both.at
    both = both.filter((both.reason != both.then) & (gap != 0) & (gap.abs() <= window))
    order = (both.later > both.at).ifelse(1, -1)
    each = both.mutate(order=order).group_by("customer_id", "then", *by, first="reason")
    each = each.agg(order=lambda every: every.order.sum())
    return (
        each.group_by("first", "then", *by)
        .agg(followed=(each.order > 0).sum(), preceded=(each.order < 0).sum(),
             customers=each.count())
        .execute()
    )  # fmt: skip
