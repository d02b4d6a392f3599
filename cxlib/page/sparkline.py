"""A small line of how a number has come along."""

from collections.abc import Iterable, Sequence
from html import escape

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
