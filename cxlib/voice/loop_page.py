"""What the page on the voice of the customer shows of causes, the loop, and ease."""

import calendar
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from cxlib.measure.estimate import Estimate
from cxlib.page.figure import BLUE, FAINT, GREY, Figure, canvas, conclude, styled, whiskers
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import capital, estimate, interval, number, percent, rows
from cxlib.voice.causes import PARTS, RULE_OF_THUMB, Cause, Ease
from cxlib.voice.expectations import Expectation
from cxlib.voice.followups import loop_by
from cxlib.voice.loop import HOURS, LANDMARK, Loop, Recovery


def cause_finding(found: Sequence[Cause]) -> Finding:
    """Whose cause contacts mostly are."""
    if not found:
        return Finding(
            "Whose cause contacts are is not known: it takes interactions.root_cause, and enough "
            "customers.",
            news=False,
        )
    first = found[0]
    unknown = first.most - first.least
    bounds = (
        f"; the cause of {percent(unknown, True)} is not known, so that it is "
        f"{percent(first.least, True)} to {percent(first.most, True)} of all"
    )
    return Finding(
        f"{percent(first.share.value, True)} of contacts with a known cause are the {first.who}'s.",
        estimate=first.share,
        evidence=f"{capital(interval(first.share))}{bounds if unknown > 0.005 else ''}.",
        news=False,
    )


def cause_table(found: Sequence[Cause]) -> Table | None:
    """Each cause, its bounds, and the rule of thumb; None without any."""
    records = [
        {
            "Cause": capital(each.who),
            "Of known causes": estimate(each.share),
            "Of all, at least": percent(each.least, True),
            "At most": percent(each.most, True),
            "Rule of thumb": " to ".join(
                dict.fromkeys(f"{end:.0%}" for end in RULE_OF_THUMB[each.who])
            ),
        }
        for each in found
    ]
    return make_table(
        records, "Whose cause contacts are, beside the field's rule of thumb", folded=True
    )


def loop_finding(found: Loop | None) -> Finding:
    """How fast low scores are followed up."""
    if found is None:
        return Finding(
            "Whether low scores are followed up is not known: it takes the table followups, and "
            "enough customers.",
            news=False,
        )
    hour, day, _ = found.within
    if not np.isfinite(day.value):
        return Finding(
            "Low scores are too recent to say how fast they are followed up.", news=False
        )
    return Finding(
        f"{percent(day.value, True)} of customers with a low score are called back within a day, "
        f"{percent(hour.value, True)} within the hour.",
        estimate=day,
        evidence=f"{capital(interval(day))}. {rows(found.answers, 'low answer')}; "
        f"{found.still_open:,} not called back yet count as long as they have waited.",
        news=False,
    )


@styled
def loop_figure(found: Loop | None) -> Figure | None:
    """The share called back by hours; None where not known."""
    if found is None or found.curve.empty:
        return None
    curve = found.curve[found.curve.index <= 2 * HOURS[-1]]
    if curve.empty:
        return None
    figure, axes = canvas(2.4)
    axes.fill_between(curve.index, 100 * curve.low, 100 * curve.high, step="post", color=FAINT)
    axes.step(curve.index, 100 * curve.share, where="post", color=BLUE, lw=2)
    for hours in HOURS:
        axes.axvline(hours, color=GREY, lw=0.7, ls=":")
    axes.set_xlim(left=0)
    axes.set_ylim(0, 100)
    axes.set_xlabel("hours since the low score")
    axes.set_ylabel("% called back")
    conclude(axes, "How fast customers with a low score are called back")
    words = ", ".join(f"{estimate(each)} in {hours} h"
                      for each, hours in zip(found.within, HOURS, strict=True))  # fmt: skip
    return Figure(figure, f"Share called back: {words}.")


def loop_table(answers: pd.DataFrame, smallest: int, end: datetime) -> Table | None:
    """Low answers by day, hour, what was wrong and what was done; None without followups.

    Args:
        answers: As `followups.answers_of` gives them.
        smallest: Groups of fewer customers are left out.
        end: Of what is known.
    """
    heads = {"weekday": "Day of the answer", "hour": "Hour of the answer",
             "cause": "What was wrong", "outcome": "What was done"}  # fmt: skip
    records = [
        {"By": head, "Group": row.group, "Low answers": number(row.answers, "count"),
         "Called back within a day": percent(row.called / row.answers, True)}
        for by, head in heads.items()
        for row in _by(answers, by, smallest, end).itertuples()
    ]  # fmt: skip
    return make_table(records, "Low scores by when they came, and what was done", folded=True)


def _by(answers: pd.DataFrame, by: str, smallest: int, end: datetime) -> pd.DataFrame:
    found = loop_by(answers, by, smallest, end)
    order = {name: place for place, name in enumerate(calendar.day_name)}
    return found.sort_values("group", key=lambda names: [order.get(each, each) for each in names])


def recovery_finding(found: Recovery | None, label: str) -> Finding:
    """Whether calling back helped."""
    if found is None:
        return Finding(
            "Whether calling back helps is not known: it takes 30 customers with a next score who "
            "were called back, and 30 who were not.",
            news=False,
        )
    how = (
        f"{found.called:,} called back within {LANDMARK} hours against {found.others:,} others, "
        "made alike in what is known of them before. Before and after would claim "
        f"{number(found.naive, sign=True)}: low scores rise by themselves. Who is called is chosen "
        "by people, so that a trial would tell more."
    )
    gain = estimate(found.gain, sign=True)
    if not found.detected:
        return Finding(f"Calling back was not shown to help: {gain} points of the next score.",
                       evidence=how, news=False)  # fmt: skip
    way = "better" if found.gain.value > 0 else "worse"
    return Finding(
        f"Customers who were called back score {way} next time than others alike: "
        f"{number(found.gain.value, sign=True)} points.",
        estimate=found.gain,
        evidence=f"{capital(interval(found.gain, sign=True))}. {how}",
    )


def ease_finding(found: Ease | None, effort: Estimate | None) -> Finding:
    """How easy it is to do business with the company.

    Args:
        found: The index and its parts.
        effort: The mean effort score of the same months; None if not asked.
    """
    if found is None:
        return Finding(
            "How easy business is could not be measured: it takes waits, transfers, repeats or "
            "solutions.",
            news=False,
        )
    low = min(found.parts, key=lambda name: found.parts[name].value)
    known = (
        "all six parts"
        if len(found.parts) == len(PARTS)
        else (f"the {rows(len(found.parts), 'part')} of six that the data record")
    )
    said = f" Customers say {estimate(effort)} on the effort scale." if effort else ""
    return Finding(
        f"{percent(found.index.value, True)} of contacts are easy, by {known}.",
        estimate=found.index,
        evidence=f"{capital(interval(found.index))}. Weakest: "
        f"{percent(found.parts[low].value, True)} {low}.{said} Both are shown and never merged.",
        news=False,
    )


@styled
def ease_figure(found: Ease | None) -> Figure | None:
    """The parts of the index, the weakest first; None where not known."""
    if found is None:
        return None
    parts = sorted(found.parts.items(), key=lambda part: part[1].value)
    figure, axes = canvas(0.8 + 0.32 * len(parts))
    whiskers(axes, [each for _, each in parts], [name for name, _ in parts],
             [BLUE] * len(parts), 100)  # fmt: skip
    axes.set_xlim(right=100)
    axes.set_xlabel("% of contacts")
    conclude(axes, f"Weakest: {parts[0][0]}")
    words = "; ".join(f"{name} {estimate(each)}" for name, each in parts)
    return Figure(figure, f"Parts of an easy contact: {words}.")


def expectation_finding(found: Sequence[Expectation]) -> Finding:
    """Which of the ten expectations is broken most."""
    known = [each for each in found if each.broken]
    if not known:
        return Finding("No fact tells whether the ten expectations are met.", news=False)
    worst = max(known, key=lambda each: each.broken.value)
    return Finding(
        f"{len(known)} of ten expectations can be measured by facts; broken most often: "
        f"{worst.name} "
        f"({percent(worst.broken.value, True)}).",
        estimate=worst.broken,
        evidence=f"{capital(interval(worst.broken))}. Comments tell of others, but not how often "
        "they are broken.",
        news=False,
    )


def expectation_table(found: Sequence[Expectation]) -> Table | None:
    """The ten expectations: how often broken, what goes with it, and how we know."""
    records = [
        {"Expectation": capital(each.name), "Broken": estimate(each.broken),
         "Points where customers speak of it": estimate(each.effect, sign=True),
         "We know from": f"{each.evidence}: {each.source}" if each.source else each.evidence}
        for each in found
    ]  # fmt: skip
    return make_table(records, "Ten expectations of service, twelve months")
