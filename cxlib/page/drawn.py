"""Rows of a name, a small picture and the numbers that it shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

Row = tuple[str, str, str]


@dataclass(frozen=True)
class DrawnRows:
    """Rows that wait to be asked for; they show themselves in a notebook.

    Attributes:
        caption: What they show.
        rows: A name, a picture as SVG, and the numbers in words.
    """

    caption: str
    rows: tuple[Row, ...]

    def _repr_html_(self) -> str:
        summary = f"<summary>{escape(self.caption)}</summary>"
        return f'<details class="numbers">{summary}{drawn(self.rows)}</details>'


def drawn(rows: Iterable[Row]) -> str:
    """Rows as a table in HTML; nothing without any."""
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{svg}</td><td>{escape(text)}</td></tr>'
        for name, svg, text in rows
    )
    return f'<table class="drawn"><tbody>{lines}</tbody></table>' if lines else ""
