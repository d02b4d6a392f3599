"""What the page on the worth of a score shows of steps and points."""

import math
from collections.abc import Iterable, Mapping

import pandas as pd
from IPython.display import HTML

from cxlib.measure import KPIS
from cxlib.measure.estimate import Estimate
from cxlib.page.figure import BLUE, GREY, Figure, canvas, conclude, styled, whiskers
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import capital, estimate, in_sentence, listed, looked_at, number, rows
from cxlib.pdca_cycles.review import Cycle
from cxlib.score_worth.groups import Comparison
from cxlib.score_worth.points import Worth

# What is called one point of a KPI, by its unit: how much of the unit, and in words.
POINTS: Mapping[str, tuple[float, str]] = {
    "share": (0.01, "1 percentage point"),
    "points": (1.0, "1 point"),
    "score": (1.0, "1 point of the scale"),
    "seconds": (60.0, "1 minute"),
    "money": (1.0, "1 of the currency"),
}


def scaled(each: Estimate, factor: float) -> Estimate:
    """An estimate times a positive number."""
    ends = (each.value * factor, each.low * factor, each.high * factor)
    return Estimate(*ends, each.n, each.unit, each.confidence)


def step_finding(
    found: Comparison, accounts: int, customers: float, currency: str = ""
) -> Finding | None:
    """What moving an account up from the middle group is worth; None without three groups.

    Args:
        found: The groups by their answers.
        accounts: How many accounts there are.
        customers: How many customers an account has, on average.
        currency: Of the revenue.
    """
    if len(found.groups) < 3:
        return None
    middle, top = found.groups[-2], found.groups[-1]
    gap = found.gap("revenue", middle.name, top.name)
    if gap is None:
        return None
    each = gap.difference
    share = middle.accounts / sum(group.accounts for group in found.groups)
    base = scaled(each, accounts * share)
    each_customer = estimate(scaled(each, 1 / customers), currency, sign=True)
    divided = f" ({each_customer} for each of its customers)" if customers > 1.05 else ""
    size_of = number(abs(each.value), "money", currency)
    said = f"{capital(top.name)} were not shown to bring more or less revenue than {middle.name}"
    if gap.detected:
        way = "more" if each.value > 0 else "less"
        said = (
            f"{capital(top.name)} bring {size_of} {way} per account and quarter than {middle.name}"
        )
    return Finding(
        f"{said}.",
        estimate=each,
        evidence=f"Per account and quarter, comparable accounts: "
        f"{estimate(each, currency, sign=True)}{divided}. For all accounts, if the {share:.0%} of "
        f"{middle.name} among them were "
        f"{top.name}: {estimate(base, currency, sign=True)} per quarter. An association: "
        "only a change made on purpose, with a control group, would show a cause.",
        news=gap.detected,
    )


def worth_finding(worths: tuple[Worth, ...], accounts: int, currency: str = "") -> Finding:
    """Of which KPIs a point goes with later revenue."""
    if not worths:
        return Finding(
            "What a point is worth is not known: no bookings, or too few accounts with answers "
            "that "
            "can be used.",
            news=False,
        )
    clear = [each for each in worths if each.detected]
    if not clear:
        return Finding(
            "No KPI was shown to be linked with later revenue.",
            evidence=f"{looked_at(len(worths), 'KPI')}, in comparable accounts. The table gives "
            "the "
            "range in which a point's worth may lie. Few answers per account make links look "
            "weaker "
            "than they are.",
            news=False,
        )
    words = [
        f"{POINTS[KPIS[each.kpi].unit][1]} of {in_sentence(KPIS[each.kpi].label)} goes with "
        f"{number(_per_point(each).value, 'money', currency, sign=True)} per account and quarter"
        for each in clear[:3]
    ]
    everywhere = [
        f"{estimate(scaled(_per_point(each), accounts), currency, sign=True)} for all "
        f"{rows(accounts, 'account')}, {estimate(_per_point(each), currency, sign=True)} each"
        for each in clear[:3]
    ]
    return Finding(
        f"{capital(listed(words))}.",
        estimate=_per_point(clear[0]),
        evidence=f"{capital('; '.join(everywhere))}. {_hidden_cause(clear[0])} "
        f"{looked_at(len(worths), 'KPI')}, in comparable accounts. An association: only a change "
        "made on purpose, with a control group, would show a cause.",
    )


def _hidden_cause(worth: Worth) -> str:
    """How strong a hidden cause would have to be, in words."""
    label, (whole, enough) = in_sentence(KPIS[worth.kpi].label), worth.hidden
    return (
        f"A cause that is not in the data, such as the account manager, would account for the link "
        f"of {label} with revenue if it explained {number(whole, 'share')} of what else sets "
        f"accounts apart in both; with {number(enough, 'share')} the link would no longer stand "
        "out."
    )


def _per_point(worth: Worth) -> Estimate:
    return scaled(worth.per_point, POINTS[KPIS[worth.kpi].unit][0])


def bend_finding(worths: tuple[Worth, ...], currency: str = "") -> Finding | None:
    """Whether lifting the middle is worth more than rescuing the bottom; None if not looked at."""
    looked = [each for each in worths if each.bend is not None]
    if not looked:
        return None
    names = listed(KPIS[each.kpi].label for each in looked)
    bent = [each for each in looked if each.bends]
    if not bent:
        return Finding(
            f"A point of {names} is not known to be worth more at the top than at the bottom.",
            estimate=looked[0].bend,
            evidence=f"{KPIS[looked[0].kpi].label}: a point above "
            f"{looked[0].knot:g} is worth {estimate(looked[0].bend, currency, sign=True)} "
            "more, per account and quarter, than one below.",
            news=False,
        )
    words = [
        f"a point of {in_sentence(KPIS[each.kpi].label)} is worth "
        f"{estimate(each.above, currency, sign=True)} above {each.knot:g} and "
        f"{estimate(each.below, currency, sign=True)} below it"
        for each in bent
    ]
    more = "lifting the middle" if bent[0].bend.value > 0 else "rescuing the bottom"
    said = listed(words)
    return Finding(
        f"{capital(said)}. There, {more} goes with more revenue.",
        estimate=bent[0].bend,
        evidence="Per account and quarter, in comparable accounts; an association.",
    )


def worth_table(worths: tuple[Worth, ...], accounts: int, currency: str = "") -> Table | None:
    """What a point of each KPI goes with; None where nothing is known."""
    money = f", {currency}" if currency else ""
    each_account, all_accounts = f"Per account{money}", f"All accounts{money}"
    return make_table(
        [
            {
                "KPI": KPIS[each.kpi].label,
                "A point": POINTS[KPIS[each.kpi].unit][1].replace("of the currency", currency),
                each_account: estimate(_per_point(each), sign=True),
                all_accounts: estimate(scaled(_per_point(each), accounts), sign=True),
                "Known": number(each.accounts, "count"),
                "Hidden cause": number(each.hidden[0] if each.detected else math.nan, "share"),
                "Reading": "beyond chance" if each.detected else "not shown",
            }
            for each in worths
        ],
        "Later revenue per quarter that goes with one point more, in comparable accounts, with 95% "
        "intervals; of how many accounts the KPI is known; and how much of what else sets accounts "
        "apart a hidden cause would have to explain to account for it",
        folded=True,
    )


def evidence_finding(cycles: Iterable[Cycle], controls: Mapping[str, str]) -> Finding:
    """Which improvement cycles could show a cause.

    Args:
        cycles: The cycles.
        controls: The filter of each cycle's comparison group, by its id; of those that have one.
    """
    having = [each for each in cycles if isinstance(controls.get(each.cycle_id), str)]
    having = [each for each in having if controls[each.cycle_id].strip()]
    if not having:
        return Finding(
            "No improvement cycle has a control group: nothing here shows a cause.",
            evidence="A cycle of which a part of the customers is left out for a while, and "
            "compared, would.",
            news=False,
        )
    names = listed(each.cycle_id for each in having)
    kpis = [f"{each.cycle_id} {each.kpi.label if each.kpi else '–'}" for each in having]
    verb = "has" if len(having) == 1 else "have"
    return Finding(
        f"{rows(len(having), 'improvement cycle')} {verb} a control group, and can show a cause: "
        f"{names}.",
        evidence=f"{'; '.join(kpis)}. The page on PDCA cycles shows what each changed.",
        news=False,
    )


def cycles_link(cycles: Iterable[Cycle]) -> HTML | None:
    """A link to the page on PDCA cycles; None if there is no cycle, and so no such page."""
    if not list(cycles):
        return None
    return HTML('<p><a href="pdca_cycles.html">What each improvement cycle changed</a></p>')


@styled
def worth_figure(worths: tuple[Worth, ...], currency: str = "") -> Figure | None:
    """What the accounts' differences in each KPI go with; None where nothing is known."""
    # Where most accounts are alike in a KPI, its quartiles are no distance apart.
    shown = [each for each in worths if each.spread > 0]
    if not shown:
        return None
    labels = [KPIS[each.kpi].label for each in shown]
    # A minute of one KPI and a point of another lie on one axis as what accounts differ by.
    across = [scaled(each.per_point, each.spread) for each in shown]
    figure, axis = canvas(0.8 + 0.27 * len(shown))
    whiskers(axis, across, labels, [BLUE if each.detected else GREY for each in shown])
    axis.axvline(0, color="#8a9099", lw=1)
    axis.set_xlabel(
        f"{currency} per quarter: an account at the upper quartile of the KPI\n"
        "against one at the lower (grey: no link shown)"
    )
    linked = [in_sentence(KPIS[each.kpi].label) for each in shown if each.detected]
    named = listed(linked) if len(linked) <= 3 else f"{len(linked)} KPIs"
    conclude(
        axis,
        f"Linked with later revenue: {named}"
        if linked
        else "No KPI is shown to go with later revenue",
    )
    words = [
        f"{label} {estimate(each, currency, sign=True)}"
        for label, each in zip(labels, across, strict=True)
    ]
    return Figure(
        figure,
        "Dot chart of the later revenue per quarter of an account at the upper quartile of each "
        f"KPI against one at the lower, with 95% intervals: {'; '.join(words)}.",
    )


def worth_frame(worths: tuple[Worth, ...]) -> pd.DataFrame:
    """The file of what points are worth: per unit of the KPI, account and quarter."""
    records = [
        (each.kpi, each.per_point.value, each.per_point.low, each.per_point.high, each.q,
         each.knot, each.bend.value if each.bend else None, each.bend_q, each.accounts)
        for each in worths
    ]  # fmt: skip
    columns = ["kpi", "per_unit", "low", "high", "q", "knot", "bend", "bend_q", "accounts"]
    return pd.DataFrame(records, columns=columns)
