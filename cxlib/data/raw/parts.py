"""Which tables a raw file holds, and their names in SQL.

A CSV file is one table, called as the file is. A workbook has one for each sheet and an archive one
for each file in it: `support.xlsx` holds `support_tickets` and `support_nps`, or just `support`
where there is no second.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PARQUET, ARCHIVE, PACKED = ".parquet", ".zip", ".gz"
TEXTS = (".csv", ".tsv", ".txt")
BOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
OBJECTS = (".jsonl", ".ndjson", ".json")
LOGS = (".xes",)
KINDS = (PARQUET, *TEXTS, *BOOKS, *OBJECTS, *LOGS, ARCHIVE)
# What may stand in an archive, and what Macs put there.
PACKABLE, HIDDEN = (*TEXTS, *OBJECTS, *LOGS), ("__MACOSX/", ".")


@dataclass(frozen=True)
class Part:
    """A table of a raw file.

    Attributes:
        file: The file.
        name: The table's name in SQL.
        inner: The sheet of a workbook or the file in an archive; empty where the file is all.
    """

    file: Path
    name: str
    inner: str = ""

    @property
    def told(self) -> str:
        """What it is, for a person."""
        return f"{self.file.name}, {self.inner}" if self.inner else self.file.name


@dataclass(frozen=True)
class Wanted:
    """A table that SQL names, and the raw file that holds it."""

    file: Path
    name: str


def kind_of(path: Path | str) -> str:
    """The ending that says what a file is; empty if it is no raw file.

    Examples:
        >>> kind_of("tickets.export.CSV.gz"), kind_of("notes.docx"), kind_of("a.parquet.gz")
        ('.csv', '', '')
    """
    name = Path(path).name.casefold()
    packed = name.endswith(PACKED)
    ending = Path(name.removesuffix(PACKED)).suffix
    return ending if ending in (PACKABLE if packed else KINDS) else ""


def stem_of(path: Path | str) -> str:
    """A file's name without its endings.

    Examples:
        >>> stem_of("tickets.export.csv.gz")
        'tickets.export'
    """
    name = Path(path).name
    name = name[: -len(PACKED)] if name.casefold().endswith(PACKED) else name
    return name[: -len(Path(name).suffix)] if Path(name).suffix else name


def holds_several(path: Path) -> bool:
    """Whether a file may hold more than one table."""
    return kind_of(path) in (*BOOKS, ARCHIVE)


def plain_name(text: str) -> str:
    """A name of letters, digits and underscores.

    Examples:
        >>> plain_name("Q3 – Tickets (EMEA)")
        'q3_tickets_emea'
    """
    return re.sub(r"\W+", "_", text.casefold()).strip("_") or "table"


def holders(name: str, files: Iterable[Path]) -> list[Path]:
    """The raw files that may hold a table of this name; more than one where nobody could tell."""
    wanted, files = name.casefold(), [each for each in files if kind_of(each)]
    called = [each for each in files if stem_of(each).casefold() == wanted]
    return called or [
        each
        for each in files
        if holds_several(each) and wanted.startswith(f"{stem_of(each).casefold()}_")
    ]
