"""Which channels customers prefer and use, and how they judge them for the same matters."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import ibis
import pandas as pd

from cxlib.data import Dataset
from cxlib.journeys.contacts import Journeys, matter_of
from cxlib.journeys.mix import standardised
from cxlib.measure import intervals
from cxlib.measure.clusters import unit_of, with_unit
from cxlib.measure.contrast import FALSE_LINKS, Judged, adjusted_probabilities, against_rest
from cxlib.measure.estimate import Estimate
from cxlib.measure.rows import within

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


def _mean(answers: pd.DataFrame) -> Estimate:
    sums = answers.groupby("unit").score.agg(["sum", "size"])
    mean, spread = intervals.ratio_of(sums["sum"], sums["size"])
    ends = intervals.t_interval(mean, spread)
    return Estimate(mean, *(float(each) for each in ends), len(answers), "score")


def preferred_and_used(data: Dataset, journeys: Journeys, shown: set[str]) -> pd.DataFrame:
    """How many contacts came by the channel that the customer says they prefer.

    Returns:
        By preferred `channel`: `contacts`, `there` (by that channel), `customers`; empty where
        preferences are not known.
    """
    columns = ["channel", "contacts", "there", "customers"]
    if not data.has("interactions", "preferred_channel"):
        return pd.DataFrame(columns=columns)
    side = data.tables["customers"].select("customer_id", _prefers="preferred_channel")
    rows = journeys.rows.select("customer_id", "channel").join(side, "customer_id")
    rows = rows.filter(rows._prefers.isin(sorted(shown)))
    found = rows.group_by("_prefers").agg(
        contacts=lambda each: each.count(),
        there=lambda each: (each.channel == each._prefers).sum(),
        customers=lambda each: each.customer_id.nunique(),
    )
    found = found.execute().rename(columns={"_prefers": "channel"})
    return found.sort_values(["contacts", "channel"], ascending=[False, True], ignore_index=True)
