"""Where a mapping still holds a guess, and which of its lines gives a column."""

from dataclasses import dataclass
from pathlib import Path

# How a remark in the SQL begins that somebody has to look at.
UNSURE, MISSING = "UNSURE", "MISSING"


@dataclass(frozen=True)
class Mark:
    """A place in a mapping that somebody has to look at: file, line, and what is asked."""

    file: str
    line: int
    text: str


def marks(folder: Path) -> list[Mark]:
    """What is still unsure or missing in a dataset's mappings."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            _, dashes, remark = line.partition("--")
            if dashes and remark.strip().startswith((UNSURE, MISSING)):
                found.append(Mark(path.name, number, remark.strip()))
    return found


def line_of(path: Path, column: str) -> int:
    """The line of a mapping that gives a column; 0 if none can be told."""
    if path.suffix != ".sql" or not path.is_file():
        return 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        code = line.partition("--")[0].strip().rstrip(",").split()
        if code and code[-1].strip('"').split(".")[-1].casefold() == column.casefold():
            return number
    return 0
