"""What the page on journeys shows of channels: which are preferred, and how judged."""

from collections.abc import Sequence

import pandas as pd

from cxlib.journeys.channels import Contained, Judgement, Use
from cxlib.measure.kpis import Kpi
from cxlib.measure.panel import Panel, estimate_of
from cxlib.page.figure import BLUE, RED, Figure, canvas, conclude, styled
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import (
    capital,
    estimate,
    in_sentence,
    interval,
    listed,
    looked_at,
    number,
    percent,
    rows,
)  # fmt: skip

# What tells how we behave on a channel, the first that is measured.
BEHAVIOUR = ("first_contact_resolution", "transfer_rate", "abandonment_rate")


def preference_finding(found: pd.DataFrame) -> Finding:
    """How often customers come by the channel that they say they prefer."""
    if found.empty:
        return Finding(
            "Which channels customers prefer is not known: it takes the column "
            "customers.preferred_channel, and more than one channel.",
            news=False,
        )
    share = found.there.sum() / found.contacts.sum()
    away = found.assign(share=found.there / found.contacts).sort_values("share").iloc[0]
    return Finding(
        f"{percent(share)} of contacts come by the channel that the customer prefers; of those who "
        f"prefer {away.channel}, {percent(away.share)}.",
        evidence=f"{rows(found.contacts.sum(), 'contact')} of "
        f"{rows(found.customers.sum(), 'customer')} with a stated preference.",
        news=False,
    )


def judgement_finding(found: Sequence[Judgement], question: Kpi | None, matter: str) -> Finding:
    """Whether customers judge channels differently, for the same matters."""
    if question is None or not found:
        return Finding(
            "Channels cannot be compared by what customers say: too few answers are about a "
            "contact whose channel is known.",
            news=False,
        )
    what = f"{matter}s" if matter else "contacts"
    how = (
        f"Each channel is given the mix of {what} that all have; "
        f"{looked_at(len(found), 'channel')}. Customers choose their channel, so this shows no "
        "cause."
    )
    apart = [each for each in found if each.detected]
    if not apart:
        return Finding(
            f"Customers were not shown to judge channels differently, for the same {what}.",
            evidence=how, news=False,
        )  # fmt: skip
    words = [
        f"{each.channel} {number(each.alike.value)} "
        f"({'below' if each.gap.value < 0 else 'above'} the others)"
        for each in apart[:3]
    ]
    return Finding(
        f"For the same {what}, {question.label} differs by channel: {listed(words)}.",
        estimate=apart[0].alike,
        evidence=f"{capital(interval(apart[0].alike))}. {how}",
    )


@styled
def judgement_figure(found: Sequence[Judgement], question: Kpi | None) -> Figure | None:
    """Each channel's answers, as they are and for the same mix; None without two channels."""
    if len(found) < 2:
        return None
    figure, axes = canvas(0.9 + 0.4 * len(found))
    for row, each in enumerate(found):
        colour = RED if each.detected and each.gap.value < 0 else BLUE
        axes.plot([each.alike.low, each.alike.high], [row, row], color=colour, lw=2)
        axes.plot(each.alike.value, row, "o", color=colour, ms=6)
        axes.plot(each.raw.value, row, "o", mfc="none", mec=colour, ms=7)
    axes.set_yticks(range(len(found)), [f"{each.channel} ({each.answers:,})" for each in found])
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"{question.label}: filled for the same mix of matters, rings as it is")
    apart = [each for each in found if each.detected]
    said = f"{apart[0].channel} differs for the same matters" if apart else "No channel stands out"
    conclude(axes, capital(said))
    words = "; ".join(f"{each.channel} {estimate(each.alike)}, as it is {number(each.raw.value)}"
                      for each in found)  # fmt: skip
    return Figure(figure, f"{question.label} by channel for the same mix of matters: {words}.")


def containment_finding(found: Sequence[Contained], days: float) -> Finding:
    """After how many visits to self-service no contact followed."""
    if not found:
        return Finding(
            "Whether self-service spares contacts is not known: it takes the table events, with "
            "its column what.",
            news=False,
        )
    low = min(found, key=lambda each: each.alone.value)
    words = [f"{each.what} {number(each.alone.value, 'share')}" for each in found[:3]]
    return Finding(
        f"After self-service, no contact followed within {days:g} days: {listed(words)}.",
        estimate=low.alone,
        evidence=f"{capital(interval(low.alone))} for {low.what}, the lowest. "
        f"{rows(sum(each.visits for each in found), 'visit')} of known customers. Who makes no "
        "contact may have found the answer, or given up.",
        news=False,
    )


def four_answers(use: Use, at_steps: Panel, at_channels: Panel, step: str, question: str) -> Table:
    """The four questions that journeys are asked, each with its answer.

    Args:
        use: As `channels.use_of` gives it.
        at_steps, at_channels: KPIs by touchpoint, and by channel.
        step: The column of touchpoints.
        question: The survey question.
    """
    answers = {
        "Which channels do customers prefer?": _preferred(use.preferred),
        "How does sentiment compare across touchpoints?": _compared(at_steps, step, question),
        "Why one channel rather than another?": _why(use, at_channels.frame.channel.nunique()),
        "How do we behave on each channel?": _behaviour(at_channels),
    }
    records = [{"Question": each, "Answer": answer} for each, answer in answers.items()]
    return make_table(records, "Four questions, twelve months")


def _preferred(found: pd.DataFrame) -> str:
    if found.empty:
        return "Not known: it takes customers.preferred_channel, and more than one channel."
    share = found.there.sum() / found.contacts.sum()
    first = found.sort_values("customers", ascending=False).iloc[0]
    return (
        f"Most prefer {first.channel} ({percent(first.customers / found.customers.sum(), True)} of "
        f"customers in contact); {percent(share, True)} of contacts come by the preferred channel."
    )


def _compared(panel: Panel, step: str, question: str) -> str:
    found = panel.of(question).sort_values("value") if question and step else pd.DataFrame()
    if len(found) < 2:
        return "Not known: it takes surveys about contacts with a touchpoint or a reason."
    low, high = found.iloc[0], found.iloc[-1]
    return (
        f"{panel.kpis[question].label} is highest at {high[step]} {estimate(estimate_of(high))}, "
        f"lowest at {low[step]} {estimate(estimate_of(low))}."
    )


def _why(use: Use, channels: int) -> str:
    if channels < 2:
        return "Not known: contacts came by one channel."
    words = [
        f"{row.channel} for {f'reason {row.matter}' if row.matter.isdigit() else row.matter} "
        f"({percent(row.share, True)}, {percent(row.usual, True)} of all)"
        for row in use.come_with.head(3).itertuples()
    ]
    said = f"What they come with: {listed(words)}." if words else "What they come with is alike."
    if len(use.switched):
        first = use.switched.iloc[0]
        said += f" Who changes mostly goes from {first.one} to {first.other} ({first.contacts:,})."
    return said + " Their reasons would have to be asked."


def _behaviour(panel: Panel) -> str:
    name = next((each for each in BEHAVIOUR if len(panel.of(each))), "")
    if not name:
        return "Not known: it takes resolved, transfers or abandoned."
    found = panel.of(name).sort_values("value")
    words = (f"{row.channel} {estimate(estimate_of(row))}" for _, row in found.iterrows())
    return f"{capital(in_sentence(panel.kpis[name].label))}: {listed(words)}."
