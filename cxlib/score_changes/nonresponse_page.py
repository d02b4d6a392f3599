"""What the page on the change of a score shows of those who do not answer."""

from cxlib.measure.kpis import label_of
from cxlib.page.figure import BLUE, GREY, Figure, canvas, styled, whiskers
from cxlib.page.finding import Finding
from cxlib.page.wording import estimate, listed, looked_at, number, rows
from cxlib.score_changes.nonresponse import ResponseRate, Weighed

MOST_GROUPS = 3


def rate_finding(rates: tuple[ResponseRate, ...]) -> Finding:
    """Who answers less often than others."""
    if not rates:
        return Finding(
            "Who answers and who does not cannot be told: the data hold no invitations that were "
            "not answered or nothing to divide customers by, or too few customers are outside the "
            "filter.",
            news=False,
        )
    less = [each for each in rates if each.detected and each.gap.value < 0 and each.named]
    if not less:
        return Finding(
            f"Of {rows(len(rates), 'group')}, none answers detectably less often than the others.",
            news=False,
        )
    words = [f"{_name(each)}, {estimate(each.rate)}" for each in less[:MOST_GROUPS]]
    more = f" and {rows(len(less) - MOST_GROUPS, 'other group')}" if len(less) > MOST_GROUPS else ""
    return Finding(
        f"Answering less often than others: {'; '.join(words)}{more}.",
        estimate=less[0].gap,
        evidence=f"{looked_at(len(rates), 'group')}, and allowance is made for that. "
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
        return Finding(f"What silence does to {name}: not told; {weighed.problem}.", news=False)
    silent = weighed.invited - weighed.answered
    if not silent:
        return Finding(
            f"Whether silence sways {name} cannot be told: the data hold no invitation that "
            "was not answered.",
            news=False,
        )
    unit = weighed.score.unit
    bounds = (
        f"Whatever the {silent:,} of {rows(weighed.invited, 'invitation')} without an answer would "
        f"have said, the score of all those asked lies between {number(weighed.worst, unit)} and "
        f"{number(weighed.best, unit)}."
    )
    if weighed.weighed is None:
        return Finding(
            f"Those who answered give a score of {estimate(weighed.score)}; nothing is known by "
            "which to weigh them.",
            evidence=bounds,
            news=False,
        )
    if weighed.moved.excludes(0):
        words = f"by {number(weighed.moved.value, unit, sign=True)}"
        words += f" ({estimate(weighed.moved, sign=True).partition(' (')[2]}"
    else:
        words = f"by no detectable amount: {estimate(weighed.moved, sign=True)}"
    by = listed(each.replace("_", " ") for each in weighed.by)
    return Finding(
        f"Weighing the answers for those who kept silent moves {name} {words}, to "
        f"{estimate(weighed.weighed)}.",
        estimate=weighed.moved,
        evidence=f"Weighed by {by}. Those who answer may differ in other ways too. {bounds}",
        news=weighed.moved.excludes(0),
    )
