"""Where the names of columns stand in an export, and what stands above and below its rows.

Reports put titles above their tables, survey platforms two or three lines of names, spreadsheets
merged ones, and many a line below that adds up or says who made it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

# Rows that are looked at from the top to find the names, and at the end to find what is no row.
WINDOW = 100
# A value, as names of columns are none: a number, a date, a time, an address.
VALUE = re.compile(
    r"[+-−]?[€$£¥]?\(?\d[\d.,' \u00a0\u202f]*%?\)?[€$£]?"
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ,].*)?|\d{1,2}:\d{2}(:\d{2})?( ?[AaPp][Mm])?"
    r"|\S+@\S+\.\w+|(?i:true|false|null|n/a)"
)
IMPORT_ID = '{"ImportId"'
# What survey platforms write below a question that has one column alone.
ONE_ANSWER = ("response", "open-ended response", "antwort", "réponse", "respuesta")
# A row holds names if it fills so much of what rows below usually fill.
ENOUGH = 0.6


@dataclass(frozen=True)
class Layout:
    """Where a table stands.

    Attributes:
        names: Of its columns, each once.
        unnamed: Those of them that stand for none; such a column without values is no column.
        head: The row with the names, counting from 0; -1 where none has.
        body: The first row of values.
        labels: What a survey platform says of columns in further words, by name.
        notes: What a person should know of it.
    """

    names: tuple[str, ...]
    unnamed: tuple[str, ...]
    head: int
    body: int
    labels: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


def find_layout(rows: Sequence[Sequence[str]], of_sheet: bool = False) -> Layout | None:
    """Where the table stands among the first rows of a file or a sheet.

    Args:
        rows: The first rows, as texts; those of a sheet with empty texts for empty cells.
        of_sheet: Every cell counts; in a line of text, a mark too many is a slip.

    Returns:
        None if there is nothing but empty cells.

    Examples:
        >>> rows = [["Queue report"], [], ["call", "queue"], ["1", "north"], ["2", "south"]]
        >>> found = find_layout(rows)
        >>> found.names, found.body, found.notes
        (('call', 'queue'), 3, ('the names of the columns stand in line 3',))
    """
    place = "row" if of_sheet else "line"
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    if not any(filled):
        return None
    usual = median([count for count in filled[len(filled) // 2 :] if count] or filled)
    head = next(at for at, count in enumerate(filled) if count >= max(1, ENOUGH * usual))
    if _are_values(rows[head]):
        # Names are to be found a little above, or nowhere.
        width = max(len(row) for row in rows[head:])
        names = tuple(f"column_{number}" for number in range(1, width + 1))
        note = f"no {place} has names of columns; they are called column_1 to column_{width}"
        return Layout(names, names, -1, head, (), (note,))
    below, labels, names, notes = head + 1, (), list(rows[head]), []
    if head:
        notes.append(f"the names of the columns stand in {place} {head + 1}")
    imports = [at for at in (head + 1, head + 2) if at < len(rows) and _are_import_ids(rows[at])]
    if imports:
        below = imports[0] + 1
        if imports[0] == head + 2:
            labels = tuple(zip(names, rows[head + 1], strict=False))
        notes.append(
            f"{place}s {head + 2} to {below} hold questions and import ids, and no answers"
        )
    elif _is_second_head(rows, head):
        below = head + 2
        names = _joined(rows[head], rows[head + 1])
        notes.append(f"names of columns stand in two {place}s, {head + 1} and {head + 2}")
    width = _width(names, rows[below:], of_sheet)
    if (bare := len(names) - width) > 0:
        columns = "1 empty column" if bare == 1 else f"{bare} empty columns"
        notes.append(f"{columns} without a name {'is' if bare == 1 else 'are'} left out")
    names, unnamed, more = _named(names, width)
    return Layout(names, unnamed, head, below, labels, (*notes, *more))


def _width(names: Sequence[str], rows: Sequence[Sequence[str]], of_sheet: bool) -> int:
    """How many columns there are: values may stand where no name does."""
    extents = [extent for row in rows if (extent := extent_of(row))]
    if not extents:
        return len(names)
    return max(extent_of(names), max(extents) if of_sheet else int(median(extents)))


def _are_values(row: Sequence[str]) -> bool:
    cells = [cell.strip() for cell in row if cell.strip()]
    return sum(bool(VALUE.fullmatch(cell)) for cell in cells) > len(cells) / 2


def _are_import_ids(row: Sequence[str]) -> bool:
    cells = [cell for cell in row if cell.strip()]
    return bool(cells) and all(cell.startswith(IMPORT_ID) for cell in cells)


def _is_second_head(rows: Sequence[Sequence[str]], head: int) -> bool:
    """Whether the row below the names goes on with them, as below merged cells."""
    if head + 2 >= len(rows):
        return False
    first, second, below = (_padded(rows[at], len(rows[head])) for at in (head, head + 1, head + 2))
    told = [cell.strip() for cell in second if cell.strip()]
    if not told or any(VALUE.fullmatch(cell) for cell in told):
        return False
    if any(cell.casefold() in ONE_ANSWER for cell in told):
        return True
    # Under an empty name stands a word, and further down a value of another kind.
    merged = [at for at, cell in enumerate(first) if not cell.strip() and second[at].strip()]
    alone = [
        at for at, cell in enumerate(second) if cell.strip() and VALUE.fullmatch(below[at].strip())
    ]
    return bool(merged) and bool(alone)


def _joined(first: Sequence[str], second: Sequence[str]) -> list[str]:
    names, above = [], ""
    for upper, lower in zip(first, _padded(second, len(first)), strict=False):
        upper, lower = upper.strip(), lower.strip()
        above = upper or above
        if not lower or lower.casefold() in ONE_ANSWER:
            names.append(upper)
        else:
            names.append(f"{above} - {lower}" if above else lower)
    return names


def _padded(row: Sequence[str], width: int) -> list[str]:
    return [*row, *[""] * (width - len(row))]


def _named(
    names: Sequence[str], width: int
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Names, each once; those that stand for none; and what was done to make them so."""
    found, unnamed, notes, seen = [], [], [], set()
    for at, name in enumerate(_padded(names, width)[:width]):
        first = " ".join(name.split())
        if not first:
            first = f"column_{at + 1}"
            unnamed.append(first)
        name, number = first, 2
        while name.casefold() in seen:
            name, number = f"{first}_{number}", number + 1
        if name != first:
            notes.append(f"{first!r} stands twice; the second is called {name}")
        seen.add(name.casefold())
        found.append(name)
    return tuple(found), tuple(unnamed), tuple(notes)


def extent_of(row: Sequence[str]) -> int:
    """How many cells a row has up to its last that is not empty."""
    return max((at + 1 for at, cell in enumerate(row) if cell.strip()), default=0)
