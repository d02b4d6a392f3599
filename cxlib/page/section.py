"""A section of a page: a finding, its figure and its table, shown by one cell."""

from IPython.display import display


class Section:
    """What a cell shows, in this order.

    Args:
        parts: Findings, figures, tables and widgets; None, where there is nothing to show, is left
            out.
    """

    def __init__(self, *parts: object) -> None:
        self.parts = tuple(part for part in parts if part is not None)

    def __repr__(self) -> str:
        return f"Section of {len(self.parts)}: {', '.join(map(repr, self.parts))}"

    def _ipython_display_(self) -> None:
        for part in self.parts:
            display(part)
