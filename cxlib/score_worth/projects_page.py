"""What the page on the worth of a score shows of projects."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from cxlib.data import Dataset
from cxlib.errors import ArgumentError
from cxlib.measure import KPIS
from cxlib.measure.estimate import Estimate
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import Written, estimate, in_sentence, listed, number, percent, rows
from cxlib.pdca_cycles.effect import DIFFERENCES
from cxlib.pdca_cycles.log import CycleData, reach
from cxlib.pdca_cycles.review import CHANGED, IMPROVED, WORSENED, Cycle
from cxlib.score_worth.page import POINTS, scaled
from cxlib.score_worth.points import Worth
from cxlib.score_worth.projects import Return, project_return

# After so many quarters nobody waits for a cost to come back.
LONG = 40
LIKELY = 0.8
NOT_KNOWN = Written("not known", math.nan)
_NO_LINK = "no clear link of the KPI with money"


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
        why: Why no return is told of it; empty where one is.
    """

    name: str
    kpi: str
    change: Estimate
    reach: float
    point: Point
    returned: Return
    why: str = ""


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
            projects.append(Project(label, name, effect, share, point, found, _why(cycle, point)))
    return tuple(projects)


def _why(cycle: Cycle, point: Point) -> str:
    """Why no return is told of a cycle: a wide interval around nothing would pay now and then."""
    if cycle.verdict not in (IMPROVED, WORSENED, CHANGED):
        return "no detectable change"
    if cycle.found.method != DIFFERENCES:
        return "no control scope"
    return "" if point.known else _NO_LINK


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
    why = "" if points[kpi].known else _NO_LINK
    return Project("The project", kpi, effect, 1.0, points[kpi], found, why)


def projects_finding(projects: tuple[Project, ...]) -> Finding:
    """How many cycles are likely to pay."""
    if not projects:
        return Finding(
            "The return of the improvement cycles is not known: none is logged with its cost, its "
            "effect and a KPI whose worth is known.",
            news=False,
        )
    quarters = rows(projects[0].returned.quarters, "quarter")
    told = [each for each in projects if not each.why]
    likely = [each for each in told if each.returned.pays >= LIKELY]
    words = listed(f"{each.name} ({each.returned.pays:.0%})" for each in likely)
    known = f"ROI could be estimated for {len(told):,} of {rows(len(projects), 'project')}"
    sentence = f"{known}; likely to pay back within {quarters}: {words}."
    if not likely:
        sentence = f"{known}; none is likely to pay back within {quarters}."
    if not told:
        sentence = "The return on no improvement cycle is known yet."
    reasons = Counter(each.why for each in projects if each.why)
    words = listed(f"{why} ({count})" for why, count in reasons.items())
    unknown = (
        f" No return is given for the others: {words}; the table says what a point would have to "
        "be worth."
        if reasons
        else ""
    )
    return Finding(
        sentence,
        evidence=f"Likely: with a probability of at least {LIKELY:.0%}, as far as the KPI's link "
        "with cost or revenue is a cause. It takes a detected change against a control scope."
        f"{unknown}",
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
    if project.why:
        return Finding(
            f"Whether {project.name[0].lower()}{project.name[1:]}, at {cost}, pays is not known: "
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
            "Of contacts": percent(each.reach, whole=True),
            f"Cost{money}": number(each.returned.cost, "money"),
            f"Net of {rows(each.returned.quarters, 'quarter')}{money}": estimate(
                each.returned.net, sign=True
            )
            if not each.why
            else NOT_KNOWN,
            "Pays": NOT_KNOWN if each.why else percent(each.returned.pays, whole=True),
            f"A point is worth{money}": estimate(_a_point(each), sign=True),
            f"It must be{money}": _must_be(each),
        }
        for each in projects
    ]
    return make_table(
        records,
        "What cycles return, and what one point of the KPI is worth and must be worth to pay, per "
        "account and quarter, with 95% intervals",
    )


def _a_point(project: Project) -> Estimate:
    return scaled(project.point.worth, POINTS[KPIS[project.kpi].unit][0])


def _must_be(project: Project) -> Written:
    """What a point must be worth; nothing of a project that has changed nothing detectably."""
    if not project.change.excludes(0):
        return Written("no change", math.nan)
    needed = project.returned.break_even * POINTS[KPIS[project.kpi].unit][0]
    return number(needed, "money", sign=True)
