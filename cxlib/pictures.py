"""Small pictures as SVG, in pages and in the indexes over them: lines of values, and icons."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from types import MappingProxyType

WIDTH, HEIGHT, MARGIN = 180, 44, 4
Point = tuple[str, float, float | None, float | None]


def sparkline(
    points: Sequence[Point],
    words: str,
    goal: float | None = None,
    limits: Sequence[float] | None = None,
) -> str:
    """A line as SVG: its values, the band of their intervals, the target and process limits.

    Args:
        points: A label, a value and the ends of its interval, the latest last.
        words: What it shows, for those who cannot see it.
        goal: The target, drawn dashed.
        limits: The lower and the upper process limit, drawn dotted.
    """
    values = [each for _, *point in points for each in point]
    known = [each for each in (*values, goal, *(limits or ())) if each is not None]
    lowest, highest = min(known), max(known)
    reach = (highest - lowest) or 1.0

    def x(place: int) -> float:
        return round(MARGIN + place * (WIDTH - 2 * MARGIN) / max(len(points) - 1, 1), 1)

    def y(value: float) -> float:
        return round(HEIGHT - MARGIN - (value - lowest) / reach * (HEIGHT - 2 * MARGIN), 1)

    def across(value: float, kind: str, dashes: str) -> str:
        return (
            f'<line class="{kind}" x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{y(value)}" '
            f'y2="{y(value)}" stroke="#6b7079" stroke-dasharray="{dashes}"/>'
        )

    bound = [(x(n), y(low), y(high)) for n, (_, _, low, high) in enumerate(points)
             if low is not None and high is not None]  # fmt: skip
    above, below = [(at, high) for at, _, high in bound], [(at, low) for at, low, _ in bound]
    band = _joined([*above, *reversed(below)])
    path = _joined((x(n), y(value)) for n, (_, value, *_) in enumerate(points))
    return (
        f'<svg class="sparkline" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" '
        f'aria-label="{escape(words)}">'
        + (f'<polygon points="{band}" fill="#6b7079" fill-opacity=".2"/>' if band else "")
        + "".join(across(each, "limit", "1 3") for each in limits or ())
        + ("" if goal is None else across(goal, "goal", "4 3"))
        + f'<polyline points="{path}" fill="none" stroke="#0072B2" stroke-width="1.8"/>'
        f'<circle cx="{x(len(points) - 1)}" cy="{y(points[-1][1])}" r="3.5" fill="#0072B2"/></svg>'
    )


def _joined(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


# Each drawn with one line in a square of 24.
PATHS: Mapping[str, str] = MappingProxyType(
    {
        "phone": "M7 3l3 6-2 2c1 3 3 5 5 6l2-2 6 3c0 3-2 4-4 4C10 21 3 14 3 7c0-2 1-4 4-4z",
        "chat": "M3 4h18v12H11l-5 5v-5H3z",
        "mail": "M3 5h18v14H3zM3 6l9 7 9-7",
        "web": "M3 4h18v13H3zM9 21h6M12 17v4",
        "person": "M12 3a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4 21c0-5 4-8 8-8s8 3 8 8",
    }
)
# Channels by what a picture of them would show.
SHOWN_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "phone": ("phone", "call", "voice"),
        "chat": ("chat", "message", "sms", "whatsapp"),
        "mail": ("mail", "letter", "post"),
        "web": ("web", "portal", "form", "app", "online"),
    }
)


def icon_of(channel: str) -> str:
    """The picture of a channel; of a person where there is none.

    Examples:
        >>> icon_of("Phone call"), icon_of("branch")
        ('phone', 'person')
    """
    known = (name for name, words in SHOWN_BY.items() if any(w in channel.lower() for w in words))
    return next(known, "person")


def icon(name: str) -> str:
    """A picture as SVG; it says nothing that the words beside it do not."""
    path = PATHS.get(name, PATHS["person"])
    return (
        '<svg class="icon" viewBox="0 0 24 24" width="26" height="26" fill="none" '
        f'stroke="#6b7079" stroke-width="1.6" aria-hidden="true"><path d="{path}"/></svg>'
    )
