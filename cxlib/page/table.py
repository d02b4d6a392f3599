"""Tables as people read them, and as files for other programs."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

from cxlib.data.formulas import harmless
from cxlib.data.privacy.pseudonyms import LOOKS
from cxlib.page.carry import in_report, tables_folder
from cxlib.page.look import look
from cxlib.page.wording import Written

# An interval in brackets, after its value; longer ones would make a table wider than its page.
INTERVAL = re.compile(r"(\((?=[^()]{5,20}\))[^()]+ to [^()]+\))")


@dataclass(frozen=True)
class Table:
    """A table of texts; shows itself in a notebook, with numbers on the right.

    Attributes:
        frame: The cells, already written out.
        caption: What the table says.
        folded: Only its caption is seen, until it is clicked on.
        across: It prints on a page across.
    """

    frame: pd.DataFrame
    caption: str
    folded: bool = False
    across: bool = False

    @property
    def data(self) -> pd.DataFrame:
        """The numbers behind the texts, in full precision; the ends of intervals in columns."""
        columns = {}
        for head, cells in self.frame.items():
            ends = [getattr(cell, "values", (cell,)) for cell in cells]
            names = [head] if max(map(len, ends)) == 1 else [head, f"{head} low", f"{head} high"]
            for place, name in enumerate(names):
                columns[name] = [each[place] if place < len(each) else np.nan for each in ends]
        return pd.DataFrame(columns)

    def _repr_html_(self) -> str:
        numeric = {name for name, cells in self.frame.items() if _is_of_numbers(cells)}
        heads = "".join(
            f'<th scope="col"{_align(name in numeric)}>{escape(str(name))}</th>'
            for name in self.frame
        )
        body = "".join(
            "<tr>" + "".join(
                f"<td{_class(str(cell), name in numeric)}>{_whole(escape(str(cell)))}</td>"
                for name, cell in zip(self.frame, row, strict=True)
            ) + "</tr>"
            for row in self.frame.itertuples(index=False)
        )  # fmt: skip
        caption = escape(self.caption)
        table = (
            f'<div class="table{" across" * self.across}" tabindex="0" role="group" '
            f'aria-label="{caption}">'
            f"<table><caption>{caption}</caption>"
            f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
        )
        if self.folded:
            return f'<details class="numbers"><summary>{caption}</summary>{table}</details>'
        return table


def _is_of_numbers(cells: Iterable[str]) -> bool:
    return any(isinstance(cell, Written) for cell in cells)


def _class(cell: str, numeric: bool) -> str:
    return ' class="pseudonym"' if LOOKS.fullmatch(cell) else _align(numeric)


def _align(numeric: bool) -> str:
    if numeric:
        return look("number")
    return "" if in_report() else look("text")


def _whole(cell: str) -> str:
    """A cell in which no line is broken within an interval."""
    return INTERVAL.sub(r'<span class="interval">\1</span>', cell)


def make_table(
    records: Sequence[Mapping[str, str]], caption: str, folded: bool = False
) -> Table | None:
    """A table from rows of texts and written numbers; None without rows."""
    return Table(pd.DataFrame(records, dtype=object), caption, folded) if len(records) else None


def save_table(frame: pd.DataFrame, name: str) -> Path:
    """Write a table to `tables/NAME`, as CSV or Parquet by its ending; full precision.

    In CSV, a text that a spreadsheet would take for a formula gets a leading apostrophe.
    """
    path = tables_folder() / name
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.map(harmless).to_csv(path, index=False, lineterminator="\n")
    return path
