"""What the page on the worth of a score shows of groups and their later business."""

from collections.abc import Sequence

import pandas as pd

from cxlib.measure.kpis import label_of
from cxlib.page.figure import GREEN, GREY, RED, Figure, canvas, styled
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import capital, estimate, listed, looked_at, number, rows, scale
from cxlib.score_worth.groups import UNITS, Comparison, Gap
from cxlib.score_worth.results import ANSWER

LABELS = {
    "retained": "Retention", "revenue": "Revenue", "purchases": "Purchases",
    "returned": "Refunds", "contacts": "Contacts", "cost": "Cost of contacts",
}  # fmt: skip
EVIDENCE = (
    "Accounts by their customers' mean answer, adjusted for {alike}. An association, "
    "not proof of a cause."
)


def group_finding(found: Comparison, months: int, currency: str = "") -> Finding:
    """Whether the best group did better than the worst, like for like.

    Args:
        found: The groups.
        months: How long they were followed.
        currency: Of money.
    """
    if len(found.groups) < 2 or not any(each.difference.has_interval for each in found.gaps):
        small = [f"{rows(count, name.rstrip('s'))}" for name, count in found.left_out.items()]
        why = f" ({listed(small)})" if small else ""
        return Finding(
            f"Accounts cannot be compared by their answers: too few have an answer that can be "
            f"used{why}, or there are no later results.",
            news=False,
        )
    worst, best = found.groups[0].name, found.groups[-1].name
    gaps = [each for each in found.gaps if (each.lower, each.upper) == (worst, best)]
    gaps = [each for each in gaps if each.difference.has_interval]
    clear = [each for each in gaps if each.detected]
    evidence = EVIDENCE.format(alike=_alike(found))
    if not clear:
        first = min(gaps, key=lambda each: each.q)
        return Finding(
            _promising(first, best, worst, currency),
            estimate=first.difference,
            evidence=f"In the {months} months after: {_gap(first, currency)}. "
            f"{looked_at(len(gaps), 'result')}, and allowance is made for that. {evidence}",
            news=False,
        )
    return Finding(
        f"{capital(best)} differed from {worst} in the {months} months after: "
        f"{listed(_gap(each, currency, short=True) for each in clear)}.",
        estimate=clear[0].difference,
        evidence=f"{capital(listed(_gap(each, currency) for each in clear))}. "
        f"{_hidden_cause(clear[0])} {evidence}",
    )


def _hidden_cause(gap: Gap) -> str:
    return (
        f"A cause that is not in the data, such as the account manager, would account for the gap "
        f"in {LABELS[gap.result].lower()} if it explained {number(gap.hidden, 'share')} of what "
        "else sets accounts apart in both."
    )


def _promising(first: Gap, best: str, worst: str, currency: str) -> str:
    """What came nearest to a difference, without claiming it."""
    if not first.difference.excludes(0):
        return f"The results of {best} were not shown to differ from those of {worst}."
    gap = _gap(first, currency, short=True)
    return f"{capital(best)} may have differed from {worst}: {gap}. Promising, not conclusive."


def leak_finding(leaks: Sequence[str]) -> Finding | None:
    """A warning that answers give away who left; None where none do."""
    if not leaks:
        return None
    names = listed(dict.fromkeys(label_of(each.removeprefix(ANSWER)) for each in leaks))
    return Finding(
        f"{names} cannot be used here: it predicts without a single exception which accounts left.",
        evidence="No opinion predicts that well. The scores may have been entered, or asked for, "
        "when it was known who was leaving. What they seem to be worth is not shown.",
    )


def _alike(found: Comparison) -> str:
    return listed(each.replace("_", " ") for each in found.alike_by) or "nothing else"


def _gap(gap: Gap, currency: str, short: bool = False) -> str:
    money = gap.difference.unit in ("money", "per account")
    per = " per account and quarter" if money else ""
    each = gap.difference
    difference = estimate(each, currency, sign=True)
    if short:
        difference = number(each.value, each.unit, currency, sign=True)
    return f"{LABELS[gap.result].lower()} {difference}{per}"


@styled
def group_figure(found: Comparison, currency: str = "") -> Figure | None:
    """Each result by group, raw and like for like; None where there are not two groups."""
    results = list(found.groups[0].raw) if len(found.groups) > 1 else []
    if not results:
        return None
    lines = -(-len(results) // 3)
    height = (0.95 + 0.3 * len(found.groups)) * lines + 0.2
    figure, axes = canvas(height, lines, min(len(results), 3), squeeze=False)
    for axis in axes.flat[len(results) :]:
        axis.set_axis_off()
    colours = [RED, *[GREY] * (len(found.groups) - 2), GREEN]
    for place, (axis, result) in enumerate(zip(axes.flat, results, strict=False)):
        factor = scale("share" if result == "retained" else "")
        for row, (group, colour) in enumerate(zip(found.groups, colours, strict=True)):
            each, raw = group.adjusted[result], group.raw[result]
            if each.has_interval:
                ends = [each.low * factor, each.high * factor]
                axis.plot(ends, [row, row], color=colour, lw=2)
            axis.plot(each.value * factor, row, "o", color=colour, ms=6)
            axis.plot(raw.value * factor, row, "o", mfc="none", mec=colour, ms=6)
        names = [f"{each.name} ({number(each.accounts, 'count')})" for each in found.groups]
        axis.set_yticks(range(len(names)), names if place % 3 == 0 else [""] * len(names))
        axis.set_ylim(len(names) - 0.5, -0.5)
        axis.tick_params(axis="y", length=0)
        axis.locator_params(axis="x", nbins=4)
        axis.set_title(LABELS[result])
        axis.set_xlabel(_unit(result, currency))
    words = [
        f"{LABELS[result]}: "
        + listed(f"{g.name} {estimate(g.adjusted[result], currency)}" for g in found.groups)
        for result in results
    ]
    return Figure(
        figure,
        "Later results by group, adjusted as filled dots with 95% intervals, raw as rings. "
        f"{'; '.join(words)}.",
    )


def _unit(result: str, currency: str) -> str:
    if result == "retained":
        return "% of accounts still there"
    return "per quarter" if result in ("purchases", "contacts") else f"{currency} per quarter"


def group_table(found: Comparison, currency: str = "") -> Table | None:
    """The groups' results, raw and like for like; None where there are none."""
    if not found.groups or not found.groups[0].raw:
        return None
    heads = [each.name.capitalize() for each in found.groups]
    records = [
        {"Result": _with_unit(result, currency), "As": label}
        | {
            head: estimate(getattr(group, kind)[result])
            for head, group in zip(heads, found.groups, strict=True)
        }
        for result in found.groups[0].raw
        for label, kind in (("seen", "raw"), ("adjusted", "adjusted"))
    ]
    caption = "Per account and quarter, as seen and adjusted, with 95% intervals"
    return make_table(records, caption)


def _with_unit(result: str, currency: str) -> str:
    money = UNITS[result] == "money" and currency
    return f"{LABELS[result]} ({currency})" if money else LABELS[result]


def group_frame(found: Comparison, metric: str) -> pd.DataFrame:
    """The file of the groups: metric, result, group, accounts, kind (raw, adjusted), value, …"""
    records = [
        (metric, result, group.name, group.accounts, kind, each.value, each.low, each.high)
        for group in found.groups
        for kind in ("raw", "adjusted")
        for result, each in getattr(group, kind).items()
    ]
    columns = ["metric", "result", "group", "accounts", "kind", "value", "low", "high"]
    return pd.DataFrame(records, columns=columns)
