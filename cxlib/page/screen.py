"""Parts of the quarter's first screen, which notebooks publish with their findings.

A page says more than leaders have time for; a notebook picks from it what belongs on one screen.
The index puts the parts of all pages together by their kind, knowing no subject.
"""

from dataclasses import dataclass, field

# How a tile stands against an earlier quarter.
BETTER, WORSE, MOVED, STEADY, UNSURE = "better", "worse", "changed", "steady", "may have changed"


def _kind(name: str):
    return field(default=name, init=False)


@dataclass(frozen=True)
class Tile:
    """A KPI with its target and how it has come along.

    Attributes:
        kpi, label, short: Its name, what it is called, and so inside a sentence.
        value, interval: As written.
        unit: Of the values.
        points: Quarter, value and ends of the interval of up to eight quarters, the latest last.
        variation: better, worse, changed, steady or may have changed.
        change: How much, and since when, in words.
        target: As written; empty without one.
        goal: The target as a number; None without one.
        limits: The process limits of the quarters before; None where they are too few.
        written: The values of the points, as written.
        so_far: The latest point is of a quarter that is not over, and still grows.
        now: met, missed or cannot tell yet; empty without a target.
        assurance: passes, hit or miss, or fails; empty where no limits are known.
        sentence: What a headline says of it.
    """

    kpi: str
    label: str
    short: str
    value: str
    interval: str
    unit: str
    points: tuple[tuple[str, float, float | None, float | None], ...]
    variation: str
    change: str
    target: str = ""
    goal: float | None = None
    limits: tuple[float, float] | None = None
    written: tuple[str, ...] = ()
    so_far: bool = False
    now: str = ""
    assurance: str = ""
    sentence: str = ""
    part: str = _kind("tile")


@dataclass(frozen=True)
class Cause:
    """What explains how a KPI stands, found by another page.

    Attributes:
        kpi: Its name.
        text: The cause; a clause without a full stop.
    """

    kpi: str
    text: str
    part: str = _kind("cause")


@dataclass(frozen=True)
class Action:
    """Something to decide this quarter.

    Attributes:
        title: What to do, as an order.
        evidence: Why, in one sentence.
        owner: Whose it is; empty if nobody's.
        urgency: The higher, the further up.
    """

    title: str
    evidence: str
    owner: str
    urgency: int
    part: str = _kind("action")


@dataclass(frozen=True)
class Amount:
    """An amount of money with what it is.

    Attributes:
        value, label: As written.
        urgency: The higher, the further up.
    """

    value: str
    label: str
    urgency: int = 0
    part: str = _kind("amount")


@dataclass(frozen=True)
class Quote:
    """What a customer wrote, without what names persons.

    Attributes:
        text: In their words.
        about: Who, in which groups, and the score.
    """

    text: str
    about: str
    part: str = _kind("quote")


@dataclass(frozen=True)
class Group:
    """A kind of customers.

    Attributes:
        name: What it is called.
        icon: Of the channel that it prefers: phone, chat, mail, web or person.
        facts: Lines about it.
        worse: Whether it fares worse than another beyond chance.
    """

    name: str
    icon: str
    facts: tuple[str, ...]
    worse: bool = False
    part: str = _kind("group")


@dataclass(frozen=True)
class Grid:
    """KPIs by unit or region; a cell is judged where it differs from the others beyond chance.

    Attributes:
        by: What the rows are, such as region.
        columns: The KPIs.
        rows: The name of each row, and for each KPI its value as written and better, worse, or
            nothing.
    """

    by: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    part: str = _kind("grid")


Part = Tile | Cause | Action | Amount | Quote | Group | Grid
