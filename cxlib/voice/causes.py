"""Whose cause it was, and how easy it is to do business with the company."""

from dataclasses import dataclass
from datetime import datetime

import ibis

from cxlib.data import Dataset
from cxlib.data.contract import ROOT_CAUSES
from cxlib.journeys.contacts import Journeys
from cxlib.measure import intervals
from cxlib.measure.clusters import unit_of, with_unit
from cxlib.measure.estimate import Estimate
from cxlib.measure.exposure import too_few_left
from cxlib.measure.rows import within, without_strangers

# What is said of why customers are unhappy, in the field.
RULE_OF_THUMB = {"customer": (0.20, 0.30), "employee": (0.20, 0.20), "company": (0.40, 0.60)}


@dataclass(frozen=True)
class Cause:
    """How many contacts somebody caused.

    Attributes:
        who: customer, employee or company.
        share: Of contacts whose cause is known.
        least, most: Of all contacts, were none or all of unknown cause theirs.
    """

    who: str
    share: Estimate
    least: float
    most: float


def root_causes(data: Dataset, start: datetime, end: datetime) -> tuple[Cause, ...]:
    """Whose cause the contacts of a period were, the commonest first; empty where not recorded."""
    if not data.has("interactions", "root_cause") or too_few_left(data, "interactions"):
        return ()
    unit = unit_of(data, "interactions", ())
    rows = with_unit(within(data.rows("interactions", *unit), "started_at", start, end), unit)
    people = rows.group_by("root_cause").agg(n=lambda each: each.customer_id.nunique()).execute()
    if data.pseudonyms and people.n.between(1, data.config.privacy.smallest_group - 1).any():
        return ()
    counts = rows.group_by("_unit", "root_cause").agg(n=lambda each: each.count()).execute()
    table = counts.pivot_table(index="_unit", columns=counts.root_cause.fillna(""), values="n",
                               aggfunc="sum", fill_value=0)  # fmt: skip
    every = table.to_numpy().sum()
    unknown = int(table[""].sum()) if "" in table else 0
    known = table.drop(columns="", errors="ignore")
    found = [
        Cause(who, Estimate(*intervals.share_of(known[who], known.sum(axis=1)),
                            int(known.to_numpy().sum()), "share"),
              float(known[who].sum() / every), float((known[who].sum() + unknown) / every))
        for who in ROOT_CAUSES if who in known
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda each: -each.share.value))


@dataclass(frozen=True)
class Ease:
    """How many contacts are free of what makes business hard.

    Attributes:
        index: The share free of all parts.
        parts: By what is missing (such as "no transfer"), the share free of it.
    """

    index: Estimate
    parts: dict[str, Estimate]


PARTS = {
    "_transferred": "not passed on", "_again": "did not have to come back",
    "_switched": "did not have to change channel", "_late": "answered in time",
    "_gave_up": "did not give up", "_open": "solved at first contact",
}  # fmt: skip


def easy_index(data: Dataset, journeys: Journeys | None) -> Ease | None:
    """The share of contacts without a transfer, repeat, switch, late answer or open end.

    Each part is a share of the contacts of which it is known; in the index, what is not known of a
    contact does not count against it.

    Args:
        data: The dataset.
        journeys: As `contacts.follow` of the subject journeys gives them.

    Returns:
        None where nothing is known of these.
    """
    if journeys is None or too_few_left(data, "interactions"):
        return None
    rows = journeys.rows
    has = [
        name for name in ("wait_seconds", "abandoned", "resolved") if data.has("interactions", name)
    ]
    side = without_strangers(data, data.rows("interactions")).select("interaction_id", *(
        name for name in has if name not in rows.columns))  # fmt: skip
    rows = rows.left_join(side, "interaction_id")
    flags = {name: rows[name] for name in ("_transferred", "_again", "_switched")
             if name in journeys.signs}  # fmt: skip
    if "wait_seconds" in has:
        flags["_late"] = (rows.wait_seconds > _standard(data, rows)).cast("int64")
    if "abandoned" in has:
        flags["_gave_up"] = rows.abandoned.cast("int64")
    if "resolved" in has:
        flags["_open"] = (~rows.resolved).cast("int64")
    if not flags:
        return None
    known = [flag.fill_null(0) for flag in flags.values()]
    rows = rows.select("_unit", **flags, _any=ibis.greatest(*known) if len(known) > 1 else known[0])
    sums = {name: rows[name].sum().fill_null(0) for name in (*flags, "_any")}
    sums |= {f"n{name}": rows[name].count() for name in (*flags, "_any")}
    units = rows.group_by("_unit").agg(**sums).execute()

    def free_of(name: str) -> Estimate:
        n = units[f"n{name}"]
        return Estimate(*intervals.share_of(n - units[name], n), int(n.sum()), "share")

    return Ease(free_of("_any"), {PARTS[name]: free_of(name) for name in PARTS if name in flags})


def _standard(data: Dataset, rows):
    """Within how many seconds a contact of a channel is answered in time."""
    rule = data.config.thresholds
    waits = ~rows.channel.lower().isin(data.config.channels.unattended)
    standard = waits.ifelse(float(rule.service_level_seconds), float(rule.response_seconds))
    for channel, seconds in rule.service_level_by_channel.items():
        standard = (rows.channel == channel).ifelse(float(seconds), standard)
    return standard
