"""Which channels customers prefer and use, and how they judge them for the same matters."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import ibis
import pandas as pd

from cxlib.data import Dataset
from cxlib.journeys.contacts import Journeys, follow, matter_of
from cxlib.journeys.mix import standardised
from cxlib.measure import intervals
from cxlib.measure.clusters import unit_of, with_unit
from cxlib.measure.contrast import FALSE_LINKS, Judged, adjusted_probabilities, against_rest
from cxlib.measure.estimate import Estimate
from cxlib.measure.exposure import told_of
from cxlib.measure.rows import SECONDS_PER_DAY, within, without_strangers

# How easy it was comes first, then how satisfied, then whether customers would recommend us.
QUESTIONS = ("ces", "csat", "nps")


@dataclass(frozen=True)
class Judgement(Judged):
    """How customers judge a channel.

    Attributes:
        channel: Which.
        answers: How many.
        raw: The mean answer.
        alike: The same, for the mix of matters that all channels have.
        gap: alike, less that of the other channels.
        q: The probability of so large a gap where there is none, for how many are looked at.
    """

    level: ClassVar[float] = FALSE_LINKS
    channel: str
    answers: int
    raw: Estimate
    alike: Estimate
    gap: Estimate
    q: float


def question_of(data: Dataset, start: datetime, end: datetime) -> str:
    """The survey question with which channels and touchpoints are judged; empty if none."""
    if not data.has("surveys"):
        return ""
    rows = within(data.rows("surveys"), "sent_at", start, end)
    asked = set(rows.filter(rows.score.notnull()).metric.value_counts().metric.execute())
    return next((name for name in (*QUESTIONS, *sorted(asked)) if name in asked), "")


def answers_of(data: Dataset, question: str, start: datetime, end: datetime) -> pd.DataFrame:
    """The answers of a period: `channel`, `matter`, `score`, `unit`; empty without channels."""
    matter = matter_of(data)
    matter = matter if matter and data.has("surveys", matter) else ""
    if not question or not data.has("surveys", "channel"):
        return pd.DataFrame(columns=["channel", "matter", "score", "unit"])
    unit = unit_of(data, "surveys", ())
    columns = list(dict.fromkeys(["channel", *([matter] if matter else []), *unit]))
    rows = within(data.rows("surveys", *columns), "sent_at", start, end)
    rows = with_unit(rows.filter((rows.metric == question) & rows.score.notnull()), unit)
    what = rows[matter] if matter else ibis.literal("all")
    return rows.select("channel", "score", matter=what, unit="_unit").execute()


def judge_channels(answers: pd.DataFrame, shown: set[str]) -> tuple[Judgement, ...]:
    """How customers judge each channel, for the same mix of matters; the lowest first.

    Args:
        answers: As `answers_of` gives them.
        shown: The channels that may be shown.
    """
    known = answers[answers.channel.isin(shown)]
    alike = standardised(known, "channel", ["matter"])
    # A channel with answers of one customer alone has no interval, and is not judged.
    alike = {name: each for name, each in alike.items() if each.has_interval}
    if len(alike) < 2:
        return ()
    gaps = [
        against_rest(each, [other for other in alike.values() if other is not each])
        for each in alike.values()
    ]
    return tuple(sorted(
        (
            Judgement(name, len(mine), _mean(mine), alike[name], gap, float(q))
            for (name, gap), q in zip(zip(alike, gaps, strict=True),
                                      adjusted_probabilities(gaps), strict=True)
            for mine in [known[known.channel == name]]
        ),
        key=lambda each: each.alike.value,
    ))  # fmt: skip


@dataclass(frozen=True)
class Use:
    """How channels are used.

    Attributes:
        preferred, switched, come_with: As `preferred_and_used`, `switches` and
            `typical_matters` give them.
    """

    preferred: pd.DataFrame
    switched: pd.DataFrame
    come_with: pd.DataFrame


def switches(journeys: Journeys, *by: str) -> pd.DataFrame:
    """From which channel to which customers go who come back about the same.

    Returns:
        `one`, `other`, the columns of `by`, `contacts`, `customers`; the commonest first.
    """
    columns = ["one", "other", *by, "contacts", "customers"]
    if "_switched" not in journeys.signs:
        return pd.DataFrame(columns=columns)
    rows = journeys.rows.filter(journeys.rows._switched == 1)
    found = rows.rename(one="_same_channel", other="channel").group_by("one", "other", *by).agg(
        contacts=lambda each: each.count(), customers=lambda each: each.customer_id.nunique()
    )  # fmt: skip
    return found.execute().sort_values(["contacts", "one", "other"],
                                       ascending=[False, True, True])  # fmt: skip


def matters_of(journeys: Journeys, matter: str, *by: str) -> pd.DataFrame:
    """How many contacts of each channel are about each matter.

    Returns:
        `channel`, `matter`, the columns of `by`, `contacts`, `customers`.
    """
    if not matter or matter == "channel":
        return pd.DataFrame(columns=["channel", "matter", *by, "contacts", "customers"])
    rows = journeys.rows.filter(journeys.rows[matter].notnull())
    counts = rows.group_by("channel", *by, matter=matter).agg(
        contacts=lambda each: each.count(), customers=lambda each: each.customer_id.nunique()
    )
    return counts.execute()


def typical_matters(counts: pd.DataFrame) -> pd.DataFrame:
    """What customers of each channel come with more than others, the most typical first.

    Args:
        counts: As `matters_of` gives them.

    Returns:
        By `channel`: `matter`, `share` of the channel's contacts, and `usual` (of all).
    """
    share = counts.contacts / counts.groupby("channel").contacts.transform("sum")
    usual = counts.groupby("matter").contacts.transform("sum") / max(counts.contacts.sum(), 1)
    found = counts.assign(share=share, usual=usual, more=share - usual)
    found = found.sort_values(["more", "channel", "matter"], ascending=[False, True, True])
    return found[found.more > 0].drop_duplicates("channel", ignore_index=True)


@dataclass(frozen=True)
class Contained:
    """What customers do by themselves, and whether it spares a contact.

    Attributes:
        what: Such as the help pages.
        visits, customers: How many.
        alone: The share after which the customer made no contact.
    """

    what: str
    visits: int
    customers: int
    alone: Estimate


def containment(data: Dataset, start: datetime, end: datetime) -> tuple[Contained, ...]:
    """After how many visits customers made no contact, by what they visited, the commonest first.

    No contact as long as one would count as a repeat; visits too late to tell are left out.
    """
    if not data.has("events", "what"):
        return ()
    days = data.config.thresholds.repeat_days
    unit = unit_of(data, "events", ())
    known = min(end, data.end) - timedelta(days=days)
    rows = within(data.rows("events", *unit), "at", start, known)
    rows = with_unit(without_strangers(data, rows.filter(rows.what.notnull())), unit)
    rows = rows.select("customer_id", "at", "what", "_unit")
    contacts = data.contacts.select("customer_id", "started_at")
    gap = contacts.started_at.epoch_seconds() - rows.at.epoch_seconds()
    after = [rows.customer_id == contacts.customer_id, gap >= 0, gap <= days * SECONDS_PER_DAY]
    visits = rows.group_by("what", "_unit").agg(n=lambda each: each.count())
    alone = rows.anti_join(contacts, after).group_by("what", "_unit")
    alone = alone.agg(y=lambda each: each.count())
    both = visits.left_join(alone, ["what", "_unit"]).execute().fillna({"y": 0})
    people = told_of(data, "events", ["what"], lambda some, *by: _visitors(some, start, known, *by))
    people, found = people.set_index("what").customers, []
    for what, units in both[both.what.isin(people.index)].groupby("what"):
        share = Estimate(*intervals.share_of(units.y, units.n), units.n.sum(), "share")
        found.append(Contained(str(what), int(units.n.sum()), int(people[what]), share))
    return tuple(sorted(found, key=lambda each: -each.visits))


def _visitors(data: Dataset, start: datetime, end: datetime, *by: str) -> pd.DataFrame:
    rows = within(data.rows("events", *by), "at", start, end)
    rows = rows.filter(rows.what.notnull()).group_by("what", *by)
    return rows.agg(customers=lambda each: each.customer_id.nunique()).execute()


def use_of(data: Dataset, journeys: Journeys, matter: str, shown: set[str]) -> Use:
    """How channels are used; groups of few customers are left out.

    Args:
        data: The dataset.
        journeys: As `contacts.follow` gives them.
        matter: The column that tells what a contact is about.
        shown: The channels that may be shown.
    """

    def told(keys: list[str], count: Callable[..., pd.DataFrame]) -> pd.DataFrame:
        def of(some: Dataset, *by: str) -> pd.DataFrame:
            own = some is data and not by
            theirs = journeys if own else follow(some, journeys.start, journeys.end, *by)
            return count(some, theirs, *by)

        return told_of(data, "interactions", keys, of)

    matters = told(["channel", "matter"], lambda some, each, *by: matters_of(each, matter, *by))
    return Use(
        told(["channel"], lambda some, each, *by: preferred_and_used(some, each, shown, *by)),
        told(["one", "other"], lambda some, each, *by: switches(each, *by)),
        typical_matters(matters),
    )  # fmt: skip


def _mean(answers: pd.DataFrame) -> Estimate:
    sums = answers.groupby("unit").score.agg(["sum", "size"])
    mean, spread = intervals.ratio_of(sums["sum"], sums["size"])
    ends = intervals.t_interval(mean, spread)
    return Estimate(mean, *(float(each) for each in ends), len(answers), "score")


def preferred_and_used(
    data: Dataset, journeys: Journeys, shown: set[str], *by: str
) -> pd.DataFrame:
    """How many contacts came by the channel that the customer says they prefer.

    Returns:
        By preferred `channel`: `contacts`, `there` (by that channel), `customers`; empty where
        preferences are not known.
    """
    columns = ["channel", *by, "contacts", "there", "customers"]
    if len(shown) < 2 or not data.has("interactions", "preferred_channel"):
        return pd.DataFrame(columns=columns)
    side = data.tables["customers"].select("customer_id", _prefers="preferred_channel")
    rows = journeys.rows.select("customer_id", "channel", *by).join(side, "customer_id")
    rows = rows.filter(rows._prefers.notnull())
    found = rows.group_by("_prefers", *by).agg(
        contacts=lambda each: each.count(),
        there=lambda each: (each.channel == each._prefers).sum(),
        customers=lambda each: each.customer_id.nunique(),
    )
    found = found.execute().rename(columns={"_prefers": "channel"})
    return found.sort_values(["contacts", "channel"], ascending=[False, True], ignore_index=True)
