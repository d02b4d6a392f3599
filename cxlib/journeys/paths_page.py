"""What the page on journeys shows of ways: from touchpoint to touchpoint, and of issues."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd

from cxlib.data.contract import TOUCHPOINTS
from cxlib.journeys.next_issue import NextIssue
from cxlib.journeys.page import journey_order
from cxlib.journeys.paths import Ways
from cxlib.page.figure import BLUE, GREY, ORANGE, Figure, canvas, conclude, styled
from cxlib.page.finding import Finding
from cxlib.page.screen import Action
from cxlib.page.table import Table, make_table
from cxlib.page.wording import (
    Written,
    capital,
    estimate,
    interval,
    looked_at,
    number,
    percent,
    probability,
    rows,
)  # fmt: skip

# How far up on the first screen.
NEXT = 20
# A picture of more moves cannot be read; the others are summed beside it.
MOST_MOVES, MOST_ISSUES, MOST_WAYS = 10, 10, 10


def move_finding(ways: Ways | None, gap_days: int, step: str) -> Finding:
    """Where journeys begin, and how often customers stay at a touchpoint."""
    if ways is None or ways.moves.empty:
        return Finding("No journey can be followed: contacts have no touchpoint.", news=False)
    moves = ways.moves
    at = "at" if step == "touchpoint" else f"with {step}"
    begun, on = moves[moves.one == ""], moves[moves.one != ""]
    if begun.empty:
        return Finding("Too few customers begin a journey anywhere to say where.", news=False)
    first = begun.iloc[0]
    share = first.journeys / begun.journeys.sum()
    stay = on.journeys[on.one == on.other].sum() / max(on.journeys.sum(), 1)
    return Finding(
        f"{percent(share)} of journeys begin {at} {first.other}. Where a journey goes on, it stays "
        f"{at.split()[0]} the same {step} in {percent(stay)} of cases.",
        evidence=f"{rows(begun.journeys.sum(), 'journey')} with "
        f"{rows(moves.journeys.sum(), 'step')}. A new journey begins after {gap_days} days "
        "without contact.",
        news=False,
    )


@styled
def move_figure(ways: Ways | None) -> Figure | None:
    """The commonest ways from one touchpoint to another; None where customers stay at one."""
    moves = ways.moves if ways else pd.DataFrame(columns=["one", "other"])
    on = moves[(moves.one != "") & (moves.one != moves.other)]
    if on.empty:
        return None
    drawn = on.head(MOST_MOVES)
    names = journey_order({*drawn.one, *drawn.other})
    staged = set(names) <= set(TOUCHPOINTS)
    place = {name: number for number, name in enumerate(names)}
    figure, axes = canvas(3.4)
    for row in drawn.itertuples(index=False):
        one, other = place[row.one], place[row.other]
        ahead = other > one
        width = 0.8 + 5 * row.journeys / drawn.journeys.max()
        side = 1 if ahead else -1
        middle, peak = (one + other) / 2, side * (0.12 + 0.2 * abs(other - one))
        # The curve's peak is half as high as the point that draws it.
        low = side * 0.1
        bend = mpl.path.Path([(one, low), (middle, 2 * peak - low), (other, low)], [1, 3, 3])
        axes.add_patch(mpl.patches.FancyArrowPatch(
            path=bend, lw=width, arrowstyle="-|>", mutation_scale=10 + width,
            color=BLUE if ahead or not staged else ORANGE, alpha=0.75,
        ))  # fmt: skip
        axes.text(middle, peak + side * 0.03, f"{row.journeys:,}", ha="center",
                  va="bottom" if ahead else "top", fontsize=8.5,
                  bbox={"fc": "white", "ec": "none", "alpha": 0.7, "pad": 0.5})  # fmt: skip
    for name, number_ in place.items():
        axes.text(number_, 0, name, ha="center", va="center", fontsize=8.5,
                  bbox={"boxstyle": "round,pad=0.25", "fc": "white", "ec": GREY})  # fmt: skip
    reach = 0.3 + 0.2 * max(abs(place[each.one] - place[each.other])
                              for each in drawn.itertuples())  # fmt: skip
    axes.set_xlim(-0.6, len(names) - 0.4)
    back = any(place[each.one] > place[each.other] for each in drawn.itertuples())
    axes.set_ylim(-reach if back else -0.25, reach)
    axes.set_axis_off()
    first = drawn.iloc[0]
    conclude(axes, f"The commonest way on: from {first.one} to {first.other}")
    rest = on.journeys[len(drawn) :].sum()
    words = "; ".join(f"{row.one} to {row.other} {row.journeys:,}"
                      for row in drawn.itertuples(index=False))  # fmt: skip
    return Figure(figure, f"Ways between touchpoints: {words}; all others together {rest:,}.")


def turn_table(ways: Ways | None, step: str) -> Table | None:
    """What happens at each step: where journeys end, and what comes twice; None without any."""
    records = [
        {capital(step): row.step, "Steps": number(row.steps, "count")}
        | {
            head: percent(count / row.steps)
            for head, count in (
                ("Journey ends", row.ends), ("Again, same agent", row.repeats),
                ("Again, another agent", row.redone), ("Back after one elsewhere", row.ping_pong),
            )
        }
        for row in (ways.turns.itertuples() if ways else ())
    ]  # fmt: skip
    return make_table(records, f"What happens at each {step}, as shares of its steps")


def variant_table(ways: Ways | None) -> Table | None:
    """The commonest whole ways, and all others together; None without any."""
    if ways is None:
        return None
    found = ways.variants
    whole = max(found.journeys.sum(), 1)
    records = [
        {"Way": row.way, "Journeys": number(row.journeys, "count"),
         "Share": percent(row.journeys / whole)}
        for row in found.head(MOST_WAYS).itertuples()
    ]  # fmt: skip
    rest = found.journeys[MOST_WAYS:].sum()
    if rest:
        others = rows(len(found) - MOST_WAYS, "other way")
        records.append({"Way": f"({others})", "Journeys": number(rest, "count"),
                        "Share": percent(rest / whole)})  # fmt: skip
    return make_table(records, "Whole journeys, the commonest ways", folded=True)


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
        screen=(
            Action(
                f"Solve {best.then} together with {best.first}",
                f"Within {window} days, {rows(round(best.surplus.value), 'customer')} more than by "
                f"chance came back about {best.then}.",
                "",
                NEXT,
            ),
        ),
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
    return make_table(records, "What follows an issue; a ratio of 1 is no order", folded=True)


def _ratio(each: NextIssue) -> Written:
    if np.isfinite(each.ratio.high):
        return estimate(each.ratio)
    return Written(f"over {number(each.ratio.low)}", each.ratio.value, each.ratio.low, np.inf)


def next_frame(found: Sequence[NextIssue]) -> pd.DataFrame:
    """The file of issues and what follows them."""
    records = [
        (each.first, each.then, each.followed, each.preceded, each.ratio.value, each.ratio.low,
         each.ratio.high, each.q)
        for each in found
    ]  # fmt: skip
    columns = ["first", "then", "followed", "preceded", "ratio", "low", "high", "q"]
    return pd.DataFrame(records, columns=columns)
