"""What the page on the change of a score shows of those who do not answer."""

from cxlib.measure.kpis import label_of
from cxlib.page.figure import BLUE, GREY, Figure, canvas, conclude, styled, whiskers
from cxlib.page.finding import Finding
from cxlib.page.wording import estimate, interval, listed, looked_at, number, rows
from cxlib.score_changes.nonresponse import ResponseRate, Weighed

MOST_GROUPS = 3


def rate_finding(rates: tuple[ResponseRate, ...]) -> Finding:
    """Who answers less often than others."""
    if not rates:
        return Finding(
            "Response bias was not tested: there are no unanswered invitations, no groups to "
            "compare, or too few customers outside the filter.",
            news=False,
        )
    less = [each for each in rates if each.detected and each.gap.value < 0 and each.named]
    if not less:
        return Finding(
            "No response bias was found between groups of customers.",
            evidence=f"{looked_at(len(rates), 'group')}.",
            news=False,
        )
    words = [
        f"{each.rate.value:.0%} answer where {each.by.replace('_', ' ')} is {each.group}, "
        f"{each.rate.value - each.gap.value:.0%} elsewhere"
        for each in less[:MOST_GROUPS]
    ]
    intervals = [f"{_name(each)} {estimate(each.rate)}" for each in less[:MOST_GROUPS]]
    more = f" and {rows(len(less) - MOST_GROUPS, 'other group')}" if len(less) > MOST_GROUPS else ""
    return Finding(
        f"Response bias: {'; '.join(words)}{more}.",
        estimate=less[0].gap,
        evidence=f"{'; '.join(intervals)}. {looked_at(len(rates), 'group')}, and allowance is made "
        "for that. "
        "Their experience counts for less in every score than their share of the customers.",
    )


def _name(rate: ResponseRate) -> str:
    return f"{rate.by.replace('_', ' ')} {rate.group}"


@styled
def rate_figure(rates: tuple[ResponseRate, ...]) -> Figure | None:
    """Response rates by group; None where there are none."""
    if not rates:
        return None
    shown = sorted(rates, key=lambda each: (each.by, each.rate.value))
    figure, axis = canvas(0.8 + 0.2 * len(shown))
    colours = [BLUE if each.detected else GREY for each in shown]
    whiskers(axis, [each.rate for each in shown], [_name(each) for each in shown], colours, 100)
    axis.set_xlabel("Share of invitations answered in time (%; grey: may be as the others)")
    less = [_name(each) for each in shown if each.detected and each.gap.value < 0]
    named = listed(less) if len(less) <= MOST_GROUPS else f"{len(less)} groups"
    conclude(
        axis,
        f"Heard less often: {named}" if less else "No group answers clearly less often than others",
    )
    stand = [each for each in rates if each.detected]
    words = [f"{_name(each)} {number(each.rate.value, 'share')}" for each in stand]
    return Figure(
        figure,
        f"Dot chart of response rates by group with 95% intervals. Unlike the others: "
        f"{listed(words) or 'none'}.",
    )


def weighed_finding(weighed: Weighed, kpi: str = "nps") -> Finding:
    """What a score might be had everybody answered."""
    name = label_of(kpi)
    if weighed.problem:
        return Finding(
            f"{name} could not be adjusted for non-response: {weighed.problem}.", news=False
        )
    silent = weighed.invited - weighed.answered
    if not silent:
        return Finding(
            f"{name} cannot be adjusted for non-response: the data hold no unanswered invitations.",
            news=False,
        )
    unit = weighed.score.unit
    bounds = (
        f"Whatever the {silent:,} of {rows(weighed.invited, 'invitation')} without an answer would "
        f"have said, the score of all invited lies between {number(weighed.worst, unit)} and "
        f"{number(weighed.best, unit)}."
    )
    if weighed.weighed is None:
        return Finding(
            f"{name} cannot be adjusted for non-response: nothing is known of those invited.",
            evidence=bounds,
            news=False,
        )
    by = listed(each.replace("_", " ") for each in weighed.by)
    if weighed.pairs:
        named = listed(" with ".join(each).replace("_", " ") for each in weighed.pairs)
        by += f", and {named}, which matter together"
    capped = (
        f"{rows(weighed.capped, 'answer')} of groups that seldom answer count for as much as we "
        "allow, and no more. "
        if weighed.capped
        else ""
    )
    moved = ", not clearly different"
    if weighed.moved.excludes(0):
        way = "higher" if weighed.moved.value > 0 else "lower"
        moved = f", {number(abs(weighed.moved.value), unit)} {way}"
    return Finding(
        f"Adjusted for non-response, {name} is {number(weighed.weighed.value, unit)}{moved}.",
        estimate=weighed.moved,
        evidence=f"{interval(weighed.weighed)}; adjustment {estimate(weighed.moved, sign=True)}. "
        f"Weighted by {by}. {capped}Those who answer may differ in other ways too. {bounds}",
        news=weighed.moved.excludes(0),
    )
