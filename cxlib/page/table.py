"""Tables as people read them, and as files for other programs."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd

from cxlib.data.formulas import harmless
from cxlib.data.privacy.pseudonyms import LOOKS

# A batch run says through this variable where a notebook's files go; in JupyterLab they go
# beside the notebook.
OUTPUT_VARIABLE = "CX_OUTPUT"
# An interval in brackets, after its value; longer ones would make a table wider than its page.
INTERVAL = re.compile(r"(\((?=[^()]{5,20}\))[^()]+ to [^()]+\))")


@dataclass(frozen=True)
class Table:
    """A table of texts; shows itself in a notebook.

    Attributes:
        frame: The cells, already written out.
        caption: What the table says.
        numeric: Columns to align on the right.
    """

    frame: pd.DataFrame
    caption: str
    numeric: tuple[str, ...] = ()

    def _repr_html_(self) -> str:
        heads = "".join(
            f'<th scope="col"{self._align(name)}>{escape(str(name))}</th>' for name in self.frame
        )
        body = "".join(
            "<tr>" + "".join(
                f"<td{self._class(name, str(cell))}>{_whole(escape(str(cell)))}</td>"
                for name, cell in zip(self.frame, row, strict=True)
            ) + "</tr>"
            for row in self.frame.itertuples(index=False)
        )  # fmt: skip
        return (
            f'<div class="table" tabindex="0" role="group" aria-label="{escape(self.caption)}">'
            f"<table><caption>{escape(self.caption)}</caption>"
            f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def _class(self, name: str, cell: str) -> str:
        return ' class="pseudonym"' if LOOKS.fullmatch(cell) else self._align(name)

    def _align(self, name: str) -> str:
        return ' class="number"' if name in self.numeric else ""


def _whole(cell: str) -> str:
    """A cell in which no line is broken within an interval."""
    return INTERVAL.sub(r'<span class="interval">\1</span>', cell)


def make_table(
    records: list[Mapping[str, str]], caption: str, numeric: tuple[str, ...] = ()
) -> Table:
    """A table from rows of texts."""
    return Table(pd.DataFrame(records), caption, numeric)


def save_table(frame: pd.DataFrame, name: str) -> Path:
    """Write a table to `tables/NAME`, as CSV or Parquet by its ending; full precision.

    In CSV, a text that a spreadsheet would take for a formula gets a leading apostrophe.
    """
    folder = Path(os.environ.get(OUTPUT_VARIABLE, ".")) / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.map(harmless).to_csv(path, index=False, lineterminator="\n")
    return path
