"""What the page on journeys shows of ways: from touchpoint to touchpoint, issues, channels."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd

from cxlib.journeys.channels import Judgement
from cxlib.journeys.next_issue import NextIssue
from cxlib.journeys.page import in_order
from cxlib.measure.kpis import Kpi
from cxlib.page.figure import BLUE, GREY, ORANGE, RED, Figure, canvas, conclude, styled
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import (
    Written,
    capital,
    estimate,
    interval,
    listed,
    looked_at,
    number,
    percent,
    probability,
    rows,
)  # fmt: skip

# A picture of more moves cannot be read; the others are summed beside it.
MOST_MOVES, MOST_ISSUES = 10, 10


def move_finding(moves: pd.DataFrame, gap_days: int, step: str) -> Finding:
    """Where journeys begin, and how often customers stay at a touchpoint."""
    at = "at" if step == "touchpoint" else f"with {step}"
    begun, on = moves[moves.one == ""], moves[moves.one != ""]
    if begun.empty:
        return Finding("No journey can be followed: contacts have no touchpoint.", news=False)
    first = begun.iloc[0]
    share = first.journeys / begun.journeys.sum()
    stay = on.journeys[on.one == on.other].sum() / max(on.journeys.sum(), 1)
    return Finding(
        f"{percent(share)} of journeys begin {at} {first.other}. Where a journey goes on, it stays "
        f"{at.split()[0]} the same {step} in {percent(stay)} of cases.",
        evidence=f"{rows(begun.journeys.sum(), 'journey')} with "
        f"{rows(moves.journeys.sum(), 'contact')}. A new journey begins after {gap_days} days "
        "without contact.",
        news=False,
    )


@styled
def move_figure(moves: pd.DataFrame, smallest: int) -> Figure | None:
    """The commonest ways from one touchpoint to another; None where customers stay at one.

    Args:
        moves: As `contacts.moves_between` gives them.
        smallest: Ways of fewer customers are not shown.
    """
    on = moves[(moves.one != "") & (moves.one != moves.other) & (moves.customers >= smallest)]
    if on.empty:
        return None
    drawn = on.head(MOST_MOVES)
    names = in_order(set(moves.other))
    place = {name: number for number, name in enumerate(names)}
    figure, axes = canvas(3.4)
    for row in drawn.itertuples(index=False):
        one, other = place[row.one], place[row.other]
        ahead = other > one
        width = 0.8 + 5 * row.journeys / drawn.journeys.max()
        axes.add_patch(mpl.patches.FancyArrowPatch(
            (one, 0.12 if ahead else -0.12), (other, 0.12 if ahead else -0.12),
            connectionstyle="arc3,rad=-0.45", lw=width,
            arrowstyle="-|>", mutation_scale=10 + width, color=BLUE if ahead else ORANGE,
            alpha=0.75, shrinkA=2, shrinkB=4,
        ))  # fmt: skip
        middle, height = (one + other) / 2, 0.2 + 0.225 * abs(other - one)
        axes.text(middle, height if ahead else -height, f"{row.journeys:,}", ha="center",
                  va="bottom" if ahead else "top", fontsize=8.5)  # fmt: skip
    for name, number_ in place.items():
        axes.text(number_, 0, name, ha="center", va="center", fontsize=8.5,
                  bbox={"boxstyle": "round,pad=0.25", "fc": "white", "ec": GREY})  # fmt: skip
    reach = 0.35 + 0.24 * max(abs(place[each.one] - place[each.other])
                              for each in drawn.itertuples())  # fmt: skip
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_ylim(-reach, reach)
    axes.set_axis_off()
    first = drawn.iloc[0]
    conclude(axes, f"The commonest way on: from {first.one} to {first.other}")
    rest = on.journeys[len(drawn) :].sum()
    words = "; ".join(f"{row.one} to {row.other} {row.journeys:,}"
                      for row in drawn.itertuples(index=False))  # fmt: skip
    return Figure(figure, f"Ways between touchpoints: {words}; all others together {rest:,}.")


def move_table(moves: pd.DataFrame, smallest: int) -> Table | None:
    """All ways that enough customers went; None without any."""
    records = [
        {
            "From": row.one or "(begins)",
            "To": row.other,
            "Contacts": number(row.journeys, "count"),
            "Customers": number(row.customers, "count"),
        }
        for row in moves[moves.customers >= smallest].head(25).itertuples(index=False)
    ]
    return make_table(records, "Ways from one touchpoint to the next, the commonest first")


def next_finding(found: Sequence[NextIssue], window: int, cost: float, currency: str) -> Finding:
    """Which issue brings another, and what would be saved without it.

    Args:
        found: As `next_issues` gives them.
        window: Days.
        cost: Of a contact, on average; NaN if unknown.
        currency: Of money.
    """
    if not found:
        return Finding(
            "Whether one issue brings another is not known: too few customers have had two.",
            news=False,
        )
    how = (
        f"Customers with both issues within {window} days are counted in either order; "
        f"{looked_at(len(found), 'order')}, and allowance is made for that, for trends, and for "
        "customers who call often."
    )
    clear = [each for each in found if each.detected]
    if not clear:
        return Finding("No issue was shown to bring another.", evidence=how, news=False)
    best = clear[0]
    more = f" and {len(clear) - 1} more" if len(clear) > 1 else ""
    saved = ""
    if np.isfinite(cost):
        ends = [number(each * cost, "money", currency) for each in
                (best.surplus.low, best.surplus.high)]  # fmt: skip
        saved = f" If one brings the other, preventing it saves {ends[0]} to {ends[1]} of contacts."
    return Finding(
        f"{capital(best.first)} is often followed by {best.then}{more}: within {window} days for "
        f"{rows(round(best.surplus.value), 'customer')} more than by chance.",
        estimate=best.surplus,
        evidence=f"{capital(interval(best.surplus))}; {best.followed:,} had {best.then} after it "
        f"and {best.preceded:,} before.{saved} {how}",
    )


def next_table(found: Sequence[NextIssue]) -> Table | None:
    """Both orders of pairs of issues, the clearest first; None without any."""
    records = [
        {
            "Issue": each.first,
            "Then": each.then,
            "Customers": number(each.followed, "count"),
            "In the other order": number(each.preceded, "count"),
            "Ratio": _ratio(each),
            "By chance": probability(each.q),
        }
        for each in found[:MOST_ISSUES]
    ]
    return make_table(records, "What follows an issue; a ratio of 1 is no order")


def _ratio(each: NextIssue) -> Written:
    if np.isfinite(each.ratio.high):
        return estimate(each.ratio)
    return Written(f"over {number(each.ratio.low)}", each.ratio.value, each.ratio.low, np.inf)


def preference_finding(found: pd.DataFrame) -> Finding:
    """How often customers come by the channel that they say they prefer."""
    if found.empty:
        return Finding(
            "Which channels customers prefer is not known: it takes the column "
            "customers.preferred_channel.",
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


def next_frame(found: Sequence[NextIssue]) -> pd.DataFrame:
    """The file of issues and what follows them."""
    records = [
        (each.first, each.then, each.followed, each.preceded, each.ratio.value, each.ratio.low,
         each.ratio.high, each.q)
        for each in found
    ]  # fmt: skip
    columns = ["first", "then", "followed", "preceded", "ratio", "low", "high", "q"]
    return pd.DataFrame(records, columns=columns)
