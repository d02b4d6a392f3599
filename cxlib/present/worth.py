"""What the page on the worth of a score shows of points and projects."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd
from IPython.display import HTML

from cxlib.analysis.business import Comparison
from cxlib.analysis.pdca import Cycle
from cxlib.analysis.worth import Return, Worth, project_return
from cxlib.data import Dataset
from cxlib.errors import ArgumentError
from cxlib.measure import KPIS
from cxlib.measure.cycles import CycleData, reach
from cxlib.measure.estimate import Estimate
from cxlib.present.figure import BLUE, GREY, Figure, canvas, styled, whiskers
from cxlib.present.findings import Finding
from cxlib.present.numbers import estimate, in_sentence, listed, number, rows
from cxlib.present.tables import Table, make_table

# After so many quarters nobody waits for a cost to come back.
LONG = 40
LIKELY = 0.8
# What is called one point of a KPI, by its unit: how much of the unit, and in words.
POINTS: Mapping[str, tuple[float, str]] = {
    "share": (0.01, "1 percentage point"),
    "points": (1.0, "1 point"),
    "score": (1.0, "1 point of the scale"),
    "seconds": (60.0, "1 minute"),
    "money": (1.0, "1 of the currency"),
}


@dataclass(frozen=True)
class Point:
    """What one unit of a KPI is worth.

    Attributes:
        worth: Money per account and quarter.
        through: Whether by costs saved, or by the revenue that goes with it.
        known: Whether that link stands out from chance; where not, nothing is said of a return.
    """

    worth: Estimate
    through: str
    known: bool


@dataclass(frozen=True)
class Project:
    """A project with its return.

    Attributes:
        name: What it is called.
        kpi: The KPI that it changes.
        change: By how much, for those whom it reaches.
        reach: What share of all contacts it reaches.
        point: What a unit of the KPI is worth, and through what.
        returned: What it may return, as far as a unit is worth that.
    """

    name: str
    kpi: str
    change: Estimate
    reach: float
    point: Point
    returned: Return


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
    reading = "" if gap.detected else "; no difference is detectable"
    return Finding(
        f"Per account and quarter, {top.name} bring {estimate(each, currency, sign=True)} against "
        f"{middle.name}, like for like{divided}{reading}.",
        estimate=each,
        evidence=f"For all accounts, if the {share:.0%} of {middle.name} among them were "
        f"{top.name}: {estimate(base, currency, sign=True)} per quarter. An association: "
        "only a change made on purpose, with a control, would show that one brings the other.",
        news=gap.detected,
    )


def worth_finding(worths: tuple[Worth, ...], accounts: int, currency: str = "") -> Finding:
    """Of which KPIs a point goes with later revenue."""
    if not worths:
        return Finding(
            "What a point is worth cannot be told: no bookings, or too few accounts with answers.",
            news=False,
        )
    clear = [each for each in worths if each.detected]
    if not clear:
        return Finding(
            f"Of {rows(len(worths), 'KPI')}, none goes detectably with an account's later revenue, "
            "like for like.",
            evidence="The table says between which amounts a point may lie. An account has few "
            "answers and contacts, which makes slopes look flatter than they are.",
            news=False,
        )
    words = [
        f"{POINTS[KPIS[each.kpi].unit][1]} of {in_sentence(KPIS[each.kpi].label)} goes with "
        f"{estimate(_per_point(each), currency, sign=True)} per account and quarter, or "
        f"{estimate(scaled(_per_point(each), accounts), currency, sign=True)} for all "
        f"{rows(accounts, 'account')}"
        for each in clear[:3]
    ]
    said = listed(words)
    return Finding(
        f"{said[0].upper()}{said[1:]}.",
        estimate=_per_point(clear[0]),
        evidence=f"Of {rows(len(worths), 'KPI')}, like for like. An association: only a change "
        "made on purpose, with a control, would show that one brings the other.",
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
            f"No bend is detectable in {names}: a point is not known to be worth more at the top "
            "than at the bottom.",
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
        f"The curve bends: {said}. There, {more} goes with more revenue.",
        estimate=bent[0].bend,
        evidence="Per account and quarter, like for like; an association.",
    )


def worth_table(worths: tuple[Worth, ...], accounts: int, currency: str = "") -> Table | None:
    """What a point of each KPI goes with; None where nothing is known."""
    if not worths:
        return None
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
                "Reading": "stands out" if each.detected else "may be nothing",
            }
            for each in worths
        ],
        "Later revenue per quarter that goes with one point more, like for like, with 95% "
        "intervals, and of how many accounts the KPI is known",
        (each_account, all_accounts, "Known"),
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
            "No improvement cycle has a comparison group: nothing here shows a cause.",
            evidence="A cycle of which a part of the customers is left out for a while, and "
            "compared, would.",
            news=False,
        )
    names = listed(f"{each.cycle_id} ({each.kpi.label if each.kpi else '–'})" for each in having)
    return Finding(
        f"{rows(len(having), 'improvement cycle')} with a comparison group can show a cause: "
        f"{names}.",
        evidence="The page on PDCA cycles tells what each changed.",
        news=False,
    )


def points_of(worths: tuple[Worth, ...], savings: Mapping[str, Estimate]) -> dict[str, Point]:
    """What a unit of each KPI is worth: through the cost that it saves, or later revenue."""
    found = {each.kpi: Point(each.per_point, "later revenue", each.detected) for each in worths}
    return found | {
        kpi: Point(each, "the cost of contacts", each.excludes(0)) for kpi, each in savings.items()
    }


def cycle_projects(
    data: Dataset,
    logged: tuple[CycleData, ...],
    board: tuple[Cycle, ...],
    points: Mapping[str, Point],
    accounts: int,
    quarters: float,
) -> tuple[Project, ...]:
    """The cycles whose cost, effect and worth are known, as projects.

    Args:
        data: The dataset.
        logged, board: The cycles, as logged and as reviewed.
        points: What a unit of each KPI is worth, as `points_of` gives it.
        accounts: How many accounts there are; a cycle reaches the share of contacts in its scope.
        quarters: For how many quarters an effect is counted.
    """
    projects = []
    for entry, cycle in zip(logged, board, strict=True):
        name = cycle.kpi.name if cycle.kpi else ""
        cost, effect = entry.plan.cost, cycle.effect
        if name not in points or pd.isna(cost) or effect is None or not effect.has_interval:
            continue
        share = reach(data, entry.plan.scope)
        if share > 0 and accounts:
            point = points[name]
            found = project_return(cost, effect, point.worth, accounts * share, quarters)
            label = f"{cycle.cycle_id} {cycle.title}"
            projects.append(Project(label, name, effect, share, point, found))
    return tuple(projects)


def typed_project(
    kpi: str,
    cost: float,
    change: tuple[float, float],
    points: Mapping[str, Point],
    accounts: int,
    quarters: float,
) -> Project | None:
    """A project as typed in; None if its cost is 0.

    Args:
        kpi: The KPI that it changes.
        cost: What it costs, once.
        change: Between how much and how much, in the KPI's unit (0.01 of a share is a percentage
            point).
        points, accounts, quarters: As for `cycle_projects`.

    Raises:
        ArgumentError: The change ends below where it begins, or nothing is known of the KPI.
    """
    if kpi not in KPIS:
        raise ArgumentError(f"project_kpi == {kpi!r}, must be a KPI, such as csat")
    if not cost:
        return None
    if kpi not in points:
        some = ", ".join(points) or "none"
        raise ArgumentError(f"project_kpi == {kpi!r}: its worth cannot be told; that of {some} can")
    low, high = change
    if low == high == 0:
        raise ArgumentError("project_low, project_high: say by how much the KPI changes")
    if not low <= high:
        raise ArgumentError(f"project_high == {high}, must be at least project_low, {low}")
    effect = Estimate((low + high) / 2, low, high, 0, KPIS[kpi].unit)
    found = project_return(cost, effect, points[kpi].worth, accounts, quarters)
    return Project("The project", kpi, effect, 1.0, points[kpi], found)


def cycles_link(cycles: Iterable[Cycle]) -> HTML | None:
    """A link to the page on PDCA cycles; None if there is no cycle, and so no such page."""
    if not list(cycles):
        return None
    return HTML('<p><a href="pdca_cycles.html">What each improvement cycle changed</a></p>')


def projects_finding(projects: tuple[Project, ...]) -> Finding:
    """How many cycles are likely to pay."""
    if not projects:
        return Finding(
            "What the improvement cycles return cannot be told: none is logged with its cost, its "
            "effect and a KPI whose worth is known.",
            news=False,
        )
    quarters = rows(projects[0].returned.quarters, "quarter")
    told = [each for each in projects if each.point.known]
    likely = [each for each in told if each.returned.pays >= LIKELY]
    words = listed(f"{each.name} ({each.returned.pays:.0%})" for each in likely)
    sentence = f"Likely to pay within {quarters}: {words}."
    if not likely:
        looked = rows(len(told), "improvement cycle")
        sentence = f"Of {looked} whose return can be told, none is likely to pay within {quarters}."
    if not told:
        sentence = "Whether any improvement cycle pays cannot be told."
    open_cases = len(projects) - len(told)
    unknown = (
        f" Of {open_cases}, it is not known what the KPI is worth; the table says what it would "
        "have to be worth."
        if open_cases
        else ""
    )
    return Finding(
        sentence,
        evidence=f"Likely: with a probability of at least {LIKELY:.0%}, as far as the KPI's link "
        f"with cost or revenue is a cause.{unknown}",
        news=bool(likely),
    )


def project_finding(project: Project | None, currency: str = "") -> Finding | None:
    """What a project returns; None without one."""
    if project is None:
        return None
    found, kpi = project.returned, KPIS[project.kpi].label
    quarters, cost = rows(found.quarters, "quarter"), number(found.cost, "money", currency)
    change = (
        f"For a change of {kpi} by {estimate(project.change, sign=True)} in {project.reach:.0%} of "
        f"contacts, through {project.point.through}."
    )
    if not project.point.known:
        return Finding(
            f"Whether {project.name[0].lower()}{project.name[1:]}, at {cost}, pays cannot be told: "
            f"{in_sentence(kpi)} has no clear link with {project.point.through}. "
            f"{_break_even(project, currency)}",
            estimate=project.point.worth,
            evidence=change,
            news=False,
        )
    return Finding(
        f"{project.name}, at {cost}, pays within {quarters} with a probability of "
        f"{found.pays:.0%}: net {estimate(found.net, currency, sign=True)}. {payback(found)}.",
        estimate=found.net,
        evidence=f"{change} It holds as far as that link is a cause.",
        news=False,
    )


def _break_even(project: Project, currency: str) -> str:
    size, words = POINTS[KPIS[project.kpi].unit]
    if not math.isfinite(project.returned.break_even):
        return "A change of nothing pays at no worth."
    needed = number(project.returned.break_even * size, "money", currency, sign=True)
    now = estimate(_a_point(project), currency, sign=True)
    return f"It pays if {words} is worth {needed} per account and quarter; the data say {now}."


def payback(found: Return) -> str:
    """When a cost is back, with its interval, as a sentence without its full stop.

    Examples:
        >>> each = Estimate(10.0, -5.0, 30.0, 100, "money")
        >>> payback(Return(60.0, 4, each, each, 0.3, 6.0, 2.0, float("inf"), 1.0))
        'The cost is back after 6.0 quarters (2.0 to never)'
        >>> payback(Return(60.0, 4, each, each, 0.0, float("inf"), float("inf"), float("inf"), 1.0))
        'The cost never comes back'
    """
    if math.isinf(found.soonest):
        return "The cost never comes back"
    if math.isinf(found.payback):
        return f"The cost may never come back; at the earliest after {_quarters(found.soonest)}"
    ends = f"{_in_quarters(found.soonest)} to {_in_quarters(found.latest)}"
    return f"The cost is back after {_quarters(found.payback)} ({ends})"


def _quarters(count: float) -> str:
    return f"{_in_quarters(count)} quarters"


def _in_quarters(count: float) -> str:
    if math.isinf(count):
        return "never"
    return f"{count:.1f}" if count < LONG else f"over {LONG}"


def project_table(projects: Iterable[Project], currency: str = "") -> Table | None:
    """What projects returned; None without one."""
    money = f", {currency}" if currency else ""
    records = [
        {
            "Project": each.name,
            "Change where made": f"{KPIS[each.kpi].label} {estimate(each.change, sign=True)}",
            "Of contacts": f"{each.reach:.0%}",
            f"Cost{money}": number(each.returned.cost, "money"),
            f"Net of {rows(each.returned.quarters, 'quarter')}{money}": estimate(
                each.returned.net, sign=True
            )
            if each.point.known
            else "not known",
            "Pays": f"{each.returned.pays:.0%}" if each.point.known else "not known",
            f"A point is worth{money}": estimate(_a_point(each), sign=True),
            f"It must be{money}": _must_be(each),
        }
        for each in projects
    ]
    if not records:
        return None
    texts = ("Project", "Change where made")
    return make_table(
        records,
        "What cycles return, and what one point of the KPI is worth and must be worth to pay, per "
        "account and quarter, with 95% intervals",
        tuple(name for name in records[0] if name not in texts),
    )


def _a_point(project: Project) -> Estimate:
    return scaled(project.point.worth, POINTS[KPIS[project.kpi].unit][0])


def _must_be(project: Project) -> str:
    """What a point must be worth; nothing of a project that has changed nothing detectably."""
    if not project.change.excludes(0):
        return "no change"
    needed = project.returned.break_even * POINTS[KPIS[project.kpi].unit][0]
    return number(needed, "money", sign=True) if math.isfinite(needed) else "–"


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
        "against one at the lower (grey: may be nothing)"
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
