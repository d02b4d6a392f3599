"""A section of a page: a finding, its figure and its table, shown by one cell."""

from dataclasses import replace

from IPython.display import display

from cxlib.page.figure import Figure
from cxlib.page.table import Table


class Section:
    """What a cell shows, in this order.

    Args:
        parts: Findings, figures, tables and widgets; None, where there is nothing to show, is left
            out. A table after a figure has the figure's numbers, and waits to be asked for.
    """

    def __init__(self, *parts: object) -> None:
        shown = [part for part in parts if part is not None]
        drawn = [isinstance(part, Figure) for part in shown]
        self.parts = tuple(
            replace(part, folded=True) if isinstance(part, Table) and any(drawn[:place]) else part
            for place, part in enumerate(shown)
        )

    def __repr__(self) -> str:
        return f"Section of {len(self.parts)}: {', '.join(map(repr, self.parts))}"

    def _ipython_display_(self) -> None:
        for part in self.parts:
            display(part)
