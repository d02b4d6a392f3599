"""Where on the journey it is hard, and who suffers there in silence."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd
from scipy import stats

from cxlib.data import Dataset
from cxlib.journeys.contacts import SIGNS, Journeys
from cxlib.measure import intervals
from cxlib.measure.contrast import (
    FALSE_DISCOVERIES,
    Judged,
    adjust,
    adjusted_probabilities,
    difference,
)
from cxlib.measure.estimate import CONFIDENCE, Estimate
from cxlib.measure.exposure import too_few_left
from cxlib.measure.rows import within

# Of contacts of fewer customers, a place is not judged.
FEWEST_CUSTOMERS = 20
# An answer in this part of its scale is low: 1 and 2 of five, up to 4 of ten.
LOW = 0.4
PLAIN = ("touchpoint", "persona")


@dataclass(frozen=True)
class Place(Judged):
    """A touchpoint, or whatever contacts are parted by.

    Attributes:
        name: Of the place.
        contacts, customers: How many.
        hard: The share of contacts with a sign of silent frustration.
        gap: Less that of all other places together; None where it is not judged.
        q: The probability of so large a gap where there is none, for how many are looked at.
    """

    name: str
    contacts: int
    customers: int
    hard: Estimate
    gap: Estimate | None
    q: float

    @property
    def broken(self) -> bool:
        """Whether it is harder here than elsewhere, beyond chance."""
        return self.gap is not None and self.detected and self.gap.value > 0


def hard_places(journeys: Journeys, shown: Collection[str]) -> tuple[Place, ...]:
    """How hard each place is, and whether it is harder than all others together.

    Contacts of one account or customer go together, and so do those of one day: each place's gap
    has the variance of both, less that of their cells (Cameron, Gelbach and Miller 2011, *Journal
    of Business & Economic Statistics* 29).

    Args:
        journeys: As `contacts.follow` gives them.
        shown: The places that may be shown.

    Returns:
        The hardest first.
    """
    if not journeys.step or not journeys.signs:
        return ()
    rows = journeys.rows.rename(_place=journeys.step)
    rows = rows.filter(rows._place.isin(sorted(shown))) if len(shown) else rows.limit(0)
    totals = rows.group_by("_place").agg(
        n=lambda each: each.count(), y=lambda each: each._hard.sum(),
        customers=lambda each: each.customer_id.nunique(),
    )  # fmt: skip
    totals = totals.execute().set_index("_place").sort_index().astype(float)
    if len(totals) < 2:
        return ()
    others = totals.sum() - totals
    share, rest = totals.y / totals.n, others.y / others.n
    cells = rows.group_by("_place", "_unit", "_day").agg(
        n=lambda each: each.count(), y=lambda each: each._hard.sum()
    )
    spread = _two_ways(cells.execute(), totals, others)
    reach = stats.norm.ppf(0.5 + CONFIDENCE / 2)
    gaps, error = share - rest, np.sqrt(spread.gap.to_numpy())
    judged = (totals.customers >= FEWEST_CUSTOMERS) & (error > 0)
    p = 2 * stats.norm.sf(np.abs(gaps) / np.where(error > 0, error, np.inf))
    q = np.ones(len(totals))
    q[judged.to_numpy()] = adjust(p[judged.to_numpy()])
    found = []
    for number, (name, row) in enumerate(totals.iterrows()):
        half = reach * np.sqrt(spread.own[name])
        hard = Estimate(share[name], max(share[name] - half, 0), min(share[name] + half, 1),
                        row.n, "share")  # fmt: skip
        wide = reach * error[number]
        gap = Estimate(gaps[name], gaps[name] - wide, gaps[name] + wide, row.n, "share")
        found.append(Place(_called(journeys.step, name), int(row.n), int(row.customers), hard,
                           gap if judged[name] else None, float(q[number])))  # fmt: skip
    return tuple(sorted(found, key=lambda each: -each.hard.value))


def _called(step: str, name: str) -> str:
    """A touchpoint or persona goes by its name; of a reason or a channel, it is said what it is."""
    return str(name) if step in PLAIN else f"{step} {name}"


def _two_ways(cells: pd.DataFrame, totals: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """The variance of each place's share (`own`) and of its gap to the others (`gap`).

    Args:
        cells: `n` and `y` by `_place`, `_unit` and `_day`.
        totals, others: `n` and `y` of each place, and of all others.
    """
    unit, day = pd.factorize(cells._unit)[0], pd.factorize(cells._day)[0]
    both = pd.factorize(unit.astype(np.int64) * (day.max() + 1) + day)[0]
    y, n = cells.y.to_numpy(float), cells.n.to_numpy(float)

    def variance(pull: np.ndarray) -> float:
        units, days, cross = (
            float((np.bincount(group, pull) ** 2).sum()) for group in (unit, day, both)
        )
        return max(units + days - cross, units)

    found = []
    for name in totals.index:
        here = (cells._place == name).to_numpy()
        own, away = (
            (y - each.y[name] / each.n[name] * n) / each.n[name] for each in (totals, others)
        )
        found.append((variance(np.where(here, own, 0.0)), variance(np.where(here, own, -away))))
    return pd.DataFrame(found, totals.index, ["own", "gap"])


@dataclass(frozen=True)
class Sign:
    """One thing that makes contacts hard.

    Attributes:
        name: A key of `contacts.SIGNS`.
        contacts: How many had it.
        share: Of all contacts.
        cost: What these contacts cost together; NaN if unknown.
        lost: The answers about such contacts less those about all others; None where too few
            customers answered.
    """

    name: str
    contacts: int
    share: float
    cost: float
    lost: Estimate | None = None


def count_signs(data: Dataset, journeys: Journeys, question: str = "") -> tuple[Sign, ...]:
    """What makes contacts hard, the most frequent first, and what such contacts cost.

    Args:
        data: The dataset.
        journeys: As `contacts.follow` gives them.
        question: The survey question that tells how much worse they are judged.
    """
    rows, costs = journeys.rows, data.has("interactions", "cost")
    sums = {name: rows[name].sum() for name in journeys.signs}
    if costs:
        sums |= {f"{name} cost": (rows[name] * rows.cost).sum() for name in journeys.signs}
    if not journeys.signs or too_few_left(data, "interactions"):
        return ()
    people = rows.customer_id.nunique()
    found = rows.agg(n=rows.count(), people=people, **sums).execute().iloc[0].fillna(0)
    if data.pseudonyms and found.people < data.config.privacy.smallest_group:
        return ()
    lost = _lost(data, journeys, question)
    signs = [
        Sign(name, int(found[name]), found[name] / max(found.n, 1),
             float(found[f"{name} cost"]) if costs else np.nan, lost.get(name))
        for name in SIGNS if name in journeys.signs
    ]  # fmt: skip
    return tuple(sorted(signs, key=lambda each: -each.contacts))


def _lost(data: Dataset, journeys: Journeys, question: str) -> dict[str, Estimate]:
    """By sign, the mean answer about contacts with it, less that about all others."""
    if not question or not data.has("surveys", "interaction_id"):
        return {}
    asked = within(data.rows("surveys"), "sent_at", journeys.start, journeys.end)
    asked = asked.filter((asked.metric == question) & asked.score.notnull())
    about = journeys.rows.select("interaction_id", "_unit", *journeys.signs)
    answers = asked.select("interaction_id", "score").join(about, "interaction_id").execute()
    unit, score = pd.factorize(answers._unit)[0], answers.score.to_numpy(float)
    found, reach = {}, stats.norm.ppf(0.5 + CONFIDENCE / 2)
    for name in journeys.signs:
        met = answers[name].to_numpy() == 1
        if min(len(set(unit[met])), len(set(unit[~met]))) < FEWEST_CUSTOMERS:
            continue
        sides = np.where(met, score[met].mean(), score[~met].mean())
        sizes = np.where(met, met.sum(), -(~met).sum())
        half = reach * np.sqrt((np.bincount(unit, (score - sides) / sizes) ** 2).sum())
        gap = score[met].mean() - score[~met].mean()
        found[name] = Estimate(gap, gap - half, gap + half, int(met.sum()), "score")
    return found


@dataclass(frozen=True)
class Silent:
    """Customers who met a sign of frustration somewhere, and whether we heard of it.

    Attributes:
        name: The place.
        met: Customers who did.
        heard: Of these, those who answered a survey or complained in the period.
        silent: The share who did not.
        estimated: How many met trouble, those included whom no sign shows (Chapman); None without
            low answers.
    """

    name: str
    met: int
    heard: int
    silent: Estimate
    estimated: float | None


def silent_customers(
    data: Dataset, journeys: Journeys, shown: Collection[str]
) -> tuple[Silent, ...]:
    """How many customers met trouble at each place without our hearing of it.

    A share with Wilson's interval, each customer counted once in a place. The estimate takes signs
    and low answers as two looks at the same customers (Chapman 1951), which holds only if who
    meets a sign is no likelier to answer low; it is then too small.

    Args:
        data: The dataset.
        journeys: As `contacts.follow` gives them.
        shown: The places that may be shown.

    Returns:
        The place with most such customers first.
    """
    if not journeys.step or not journeys.signs or not data.has("surveys") or not len(shown):
        return ()
    rows = journeys.rows.rename(_place=journeys.step)
    met = rows.filter(rows._place.isin(sorted(shown))).group_by("_place", "customer_id")
    met = met.agg(hard=lambda each: each._hard.max())
    # Who answered about something else has been heard, whatever the filter.
    every = data.base or data
    answers = within(every.rows("surveys"), "sent_at", journeys.start, journeys.end)
    answers = answers.filter(answers.score.notnull())
    worst = ibis.literal(False)
    for metric, (low, high) in data.config.scales.items():
        worst = worst | ((answers.metric == metric) & (answers.score <= low + LOW * (high - low)))
    heard = answers.mutate(low=worst.cast("int64")).group_by("customer_id")
    heard = heard.agg(low=lambda each: each.low.max()).mutate(heard=1)
    if every.has("complaints"):
        made = within(every.rows("complaints"), "opened_at", journeys.start, journeys.end)
        made = made.select("customer_id").distinct().anti_join(heard, "customer_id")
        low = ibis.literal(0, "int64")
        heard = heard.select("customer_id", "low", "heard").union(
            made.mutate(low=low, heard=ibis.literal(1, heard.heard.type()))
        )
    both = met.left_join(heard, "customer_id").drop("customer_id_right")
    both = both.mutate(heard=both.heard.fill_null(0), low=both.low.fill_null(0))
    counts = both.group_by("_place").agg(
        met=both.hard.sum(), heard=(both.hard * both.heard).sum(),
        low=both.low.sum(), twice=(both.hard * both.low).sum(), here=both.count(),
    )  # fmt: skip
    found = []
    for row in counts.execute().sort_values("_place").itertuples(index=False):
        name, met_by, heard_of, low_by, twice, here = row
        if met_by < FEWEST_CUSTOMERS:
            continue
        share = 1 - heard_of / met_by
        ends = intervals.wilson_interval(share, met_by)
        guess = (met_by + 1) * (low_by + 1) / (twice + 1) - 1 if twice else None
        # No more can be in trouble than were there.
        guess = guess if guess is None else min(guess, float(here))
        found.append(Silent(_called(journeys.step, name), int(met_by), int(heard_of),
                            Estimate(share, *(float(each) for each in ends), met_by, "share"),
                            guess))  # fmt: skip
    return tuple(sorted(found, key=lambda each: -each.met))


def quietest(silent: Sequence[Silent]) -> tuple[Silent, Estimate] | None:
    """The group whose customers keep silent more than all others beyond chance, and by how much.

    Args:
        silent: Groups that share no customer, such as personas.
    """
    gaps = []
    for each in silent:
        met = sum(other.met for other in silent) - each.met
        share = 1 - (sum(other.heard for other in silent) - each.heard) / max(met, 1)
        ends = (float(end) for end in intervals.wilson_interval(share, max(met, 1)))
        gaps.append(difference(each.silent, Estimate(share, *ends, met, "share")))
    if len(gaps) < 2:
        return None
    q = adjusted_probabilities(gaps)
    clear = [pair for pair, p in zip(zip(silent, gaps, strict=True), q, strict=True)
             if p < FALSE_DISCOVERIES and pair[1].value > 0]  # fmt: skip
    return max(clear, key=lambda pair: pair[1].value, default=None)


def stories(journeys: Journeys, shown: Collection[str]) -> pd.DataFrame:
    """What each group of customers mostly does: where and by which channel, about what.

    Returns:
        By `group`, the one with most contacts first: `contacts`, the commonest value of each of
        `touchpoint`, `channel` and `reason` that is known, with its share; and, where known, the
        median `wait` in seconds and the share who came back about the same (`again`).
    """
    rows, found = journeys.rows.filter(journeys.rows[journeys.step].isin(sorted(shown))), []
    for column in [name for name in ("touchpoint", "channel", "reason") if name in rows.columns]:
        counts = rows.group_by(journeys.step, column).agg(n=lambda each: each.count()).execute()
        counts = counts[counts[column].notna()].sort_values(["n", column], ascending=[False, True])
        totals = counts.groupby(journeys.step).n.sum().rename("contacts")
        first = counts.groupby(journeys.step).first().join(totals)
        found.append(pd.DataFrame({"contacts": totals, column: first[column],
                                   f"{column} share": first.n / totals}))  # fmt: skip
    more = {"wait": rows.wait_seconds.quantile(0.5)} if "wait_seconds" in rows.columns else {}
    more |= {"again": rows._again.mean()} if "_again" in journeys.signs else {}
    if more:
        found.append(rows.group_by(journeys.step).agg(**more).execute().set_index(journeys.step))
    table = pd.concat(found, axis=1)
    table = table.loc[:, ~table.columns.duplicated()].rename_axis("group").reset_index()
    return table.sort_values("contacts", ascending=False, ignore_index=True)
