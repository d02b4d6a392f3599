"""Where a mapping still holds a guess, and which of its lines gives a column."""

import re
from dataclasses import dataclass
from pathlib import Path

# How a remark in the SQL begins that somebody has to look at.
UNSURE, MISSING = "UNSURE", "MISSING"
_MARK = re.compile(rf"--\s*((?:{UNSURE}|{MISSING})\b.*)$")


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
        for number, line in enumerate(_text(path).splitlines(), start=1):
            if mark := _MARK.search(line):
                found.append(Mark(path.name, number, mark[1].strip()))
    return found


def _text(path: Path) -> str:
    # Beside the mappings, which are UTF-8, there may be other SQL.
    return path.read_text(encoding="utf-8", errors="replace")


def line_of(path: Path, column: str) -> int:
    """The line of a mapping that gives a column; 0 if none can be worked out."""
    if path.suffix != ".sql" or not path.is_file():
        return 0
    lines = [_MARK.sub("", line) for line in _text(path).splitlines()]
    for number, line in enumerate(lines, start=1):
        code = line.strip().rstrip(",").split()
        if code and code[-1].strip('"').split(".")[-1].casefold() == column.casefold():
            return number
    # Several columns may stand on one line.
    named = re.compile(rf"\b{re.escape(column)}\b", re.IGNORECASE)
    return next((number for number, line in enumerate(lines, start=1) if named.search(line)), 0)


def expression_of(path: Path, column: str) -> str:
    """The SQL of a column on its line of a mapping; empty where it is none that stands alone.

    Args:
        path: The mapping.
        column: The contract's column.
    """
    number = line_of(path, column)
    if not number:
        return ""
    line = _text(path).splitlines()[number - 1].partition("  --")[0].strip().rstrip(",")
    found = re.fullmatch(rf"(?i)(?:select\s+)?(.+?)\s+as\s+\"?{re.escape(column)}\"?", line)
    sql = found[1] if found else line
    alone = sql.count("(") == sql.count(")") and (found or sql.casefold() == column.casefold())
    return sql if alone else ""
