"""What the page on journeys shows of how matters end: time, escalation, and new customers."""

import numpy as np

from cxlib.data.config import Assumptions
from cxlib.journeys.outcomes import (
    ABANDONED,
    ESCALATED,
    FIRST_DAYS,
    RESOLVED,
    SOON,
    Ladder,
    Resolution,
    SincePurchase,
)
from cxlib.page.figure import BLUE, FAINT, GREY, ORANGE, RED, Figure, canvas, conclude, styled
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import capital, estimate, interval, number, percent, rows

WAYS = {
    RESOLVED: ("resolved", BLUE),
    ABANDONED: ("given up", ORANGE),
    ESCALATED: ("escalated", RED),
}
# Days that are drawn; what takes longer is beyond the edge.
MOST_DAYS = 60


def resolution_finding(found: Resolution | None) -> Finding:
    """How long it takes until matters are resolved, with those that are still open."""
    if found is None:
        return Finding(
            "How long matters take is not known: it takes the column interactions.closed_at.",
            news=False,
        )
    half = "Fewer than half of contacts are resolved"
    if np.isfinite(found.half):
        half = f"Half of contacts are resolved within {number(found.half * 86_400, 'seconds')}"
    soon = f", and {number(found.soon.value, 'share')} within {SOON} days"
    return Finding(
        half + (soon if found.soon.n else "") + ".",
        estimate=found.soon if found.soon.has_interval else None,
        evidence=(f"{capital(interval(found.soon))}. " if found.soon.has_interval else "")
        + f"{rows(found.contacts, 'contact')}, {found.still_open:,} of them still open: these "
        "count as long as they are seen, and no longer. Who gives up or complains does not count "
        "as resolved.",
        news=False,
    )


@styled
def resolution_figure(found: Resolution | None) -> Figure | None:
    """The share that has ended in each way by each day; None where it is not known."""
    if found is None or found.curve.empty:
        return None
    curve = found.curve[found.curve.index <= MOST_DAYS]
    figure, axes = canvas(2.6)
    below = np.zeros(len(curve))
    for way, (name, colour) in WAYS.items():
        above = below + curve[way].to_numpy()
        if curve[way].max() > 0:
            axes.fill_between(curve.index, 100 * below, 100 * above, step="post", color=colour,
                              alpha=0.75, lw=0, label=name)  # fmt: skip
        below = above
    axes.fill_between(curve.index, 100 * below, 100, step="post", color=FAINT, lw=0, label="open")
    axes.set_ylim(0, 100)
    axes.set_xlim(0, max(curve.index.max(), 1 / 24))
    axes.set_ylabel("% of contacts")
    axes.set_xlabel("days since the contact began")
    axes.legend(loc="upper center", ncols=4, frameon=False, bbox_to_anchor=(0.5, -0.28))
    conclude(axes, "How contacts end, and when")
    last = curve.iloc[-1]
    words = ", ".join(f"{percent(last[way])} {name}" for way, (name, _) in WAYS.items())
    return Figure(figure, f"After {curve.index.max():.0f} days: {words}.")


def ladder_finding(found: Ladder | None, rule: Assumptions) -> Finding:
    """What escalation adds to the cost of contacts."""
    if found is None:
        return Finding(
            "What escalation costs is not known: it takes the table complaints, and within a "
            "filter enough of them.",
            news=False,
        )
    return Finding(
        f"With what escalates, contacts cost {number(found.cost.value)} times what they cost "
        f"alone, and take {number(found.time.value)} times as long.",
        estimate=found.cost,
        evidence=f"{capital(interval(found.cost))} for cost. It assumes that a complaint to an "
        f"outside body costs as much as {rule.outside_cost:g} contacts and a small claim as "
        f"{rule.claim_cost:g}, and that they take {rule.outside_time:g} and {rule.claim_time:g} "
        f"times as long ({rule.source}); the dataset's [assumptions] say otherwise.",
        news=False,
    )


def ladder_table(found: Ladder | None, rule: Assumptions) -> Table | None:
    """The steps of the ladder: how many, and what each adds; None without complaints."""
    if found is None:
        return None
    worth = (1, 1, rule.outside_cost, rule.claim_cost)
    records = [
        {
            "Step": capital(name if name == "contacts" else f"complaint: {name}"),
            "Number": number(count, "count"),
            "Of contacts": percent(count / found.counts["contacts"]),
            "Costs, in contacts": number(each),
            "Together": number(count * each, "count"),
        }
        for (name, count), each in zip(found.counts.items(), worth, strict=True)
    ]
    return make_table(records, "From contact to small claim, twelve months", folded=True)


def purchase_finding(found: SincePurchase | None) -> Finding:
    """How often new customers make contact."""
    if found is None:
        return Finding(
            "How often new customers make contact is not known: it takes accounts.signup_date, and "
            "accounts that began in these twelve months.",
            news=False,
        )
    return Finding(
        f"A new customer makes contact {number(found.first.value)} times in the first {FIRST_DAYS} "
        "days.",
        estimate=found.first,
        evidence=f"{capital(interval(found.first))}. {rows(found.first.n, 'customer')} of accounts "
        "that began in these twelve months are followed that long.",
        news=False,
    )


@styled
def purchase_figure(found: SincePurchase | None) -> Figure | None:
    """Contacts per new customer by days since the account began; None where not known."""
    if found is None:
        return None
    figure, axes = canvas(2.2)
    axes.step(found.curve.index, found.curve, where="post", color=BLUE, lw=2)
    axes.axvline(FIRST_DAYS, color=GREY, lw=0.8, ls=":")
    axes.set_xlabel("days since the account began")
    axes.set_ylabel("contacts per customer")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    conclude(axes, f"{number(found.first.value)} contacts in {FIRST_DAYS} days")
    return Figure(
        figure,
        f"Contacts per new customer: {estimate(found.first)} in {FIRST_DAYS} days, "
        f"{found.curve.iloc[-1]:.1f} in {found.curve.index[-1]:.0f}.",
    )
