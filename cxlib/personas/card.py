"""A persona's card: who they are, what sets them apart and how they fare, at a glance."""

from dataclasses import dataclass
from html import escape

from cxlib.page.drawn import drawn
from cxlib.pictures import icon

WIDTH, HEIGHT = 150, 12
# Readable on light and on dark paper.
TRACK, OTHERS = "#8a9099", "#6b7079"


@dataclass(frozen=True)
class Bar:
    """A share among a persona's customers or contacts, beside that of all others.

    Attributes:
        label, text: What it is of, and the numbers as the page writes them.
        inside, rest: The two shares.
    """

    label: str
    text: str
    inside: float
    rest: float


@dataclass(frozen=True)
class Fare:
    """How a persona fares in a KPI, on a scale from the worst to the best of all personas.

    Attributes:
        label, text: The KPI, and its value as the page writes it.
        value, low, high: Of this persona, from 0 to 1 on the scale.
        others: The values of the other personas on it.
    """

    label: str
    text: str
    value: float
    low: float
    high: float
    others: tuple[float, ...]


@dataclass(frozen=True)
class Card:
    """Everything that is known of a persona.

    Attributes:
        title, size, portrait: In words.
        hue: The number of its colour; `colour` is that colour.
        icon: The picture of the channel that it uses most.
        bars, fares: What is drawn.
        lines: Labels and texts, for those who want to know more.
    """

    title: str
    size: str
    portrait: str
    hue: int
    colour: str
    icon: str
    bars: tuple[Bar, ...]
    fares: tuple[Fare, ...]
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Cards:
    """A card per persona; shows itself in a notebook."""

    cards: tuple[Card, ...]

    def _repr_html_(self) -> str:
        return "".join(map(_card, self.cards))

    def __repr__(self) -> str:
        return "\n".join(f"{each.title}: {each.portrait}" for each in self.cards)


def _card(card: Card) -> str:
    more = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in card.lines)
    return (
        f'<section class="card persona hue-{card.hue}">{icon(card.icon)}'
        f'<h3>{escape(card.title)}</h3><p class="question">{escape(card.size)}</p>'
        f"<p>{escape(card.portrait)}</p>"
        f"{drawn((e.label, _bar(e, card.colour), e.text) for e in card.bars)}"
        f"{drawn((e.label, _fare(e, card.colour), e.text) for e in card.fares)}"
        f"<details><summary>More about them</summary><dl>{more}</dl></details></section>"
    )


def _bar(bar: Bar, colour: str) -> str:
    at = round(WIDTH * bar.rest, 1)
    return _svg(
        f'<rect y="2" width="{WIDTH}" height="8" rx="2" fill="{TRACK}" fill-opacity=".25"/>'
        f'<rect y="2" width="{WIDTH * bar.inside:.1f}" height="8" rx="2" fill="{colour}"/>'
        f'<path d="M{at} 0v12" stroke="{OTHERS}" stroke-width="2"/>'
    )


def _fare(fare: Fare, colour: str) -> str:
    def x(value: float) -> float:
        return round(6 + (WIDTH - 12) * value, 1)

    others = "".join(
        f'<circle cx="{x(each)}" cy="6" r="2.5" fill="{TRACK}" fill-opacity=".6"/>'
        for each in fare.others
    )
    return _svg(
        f'{others}<path d="M{x(fare.low)} 6H{x(fare.high)}" stroke="{colour}" stroke-width="2"/>'
        f'<circle cx="{x(fare.value)}" cy="6" r="4" fill="{colour}"/>'
    )


def _svg(inside: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'aria-hidden="true">{inside}</svg>'
    )
