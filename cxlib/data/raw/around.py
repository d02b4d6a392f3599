"""What stands around a sheet's table and is no part of it: notes below, a second table beside."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import ibis

from cxlib.data.engines.sql import identifier
from cxlib.data.raw.layout import VALUE, Layout
from cxlib.data.raw.text import FOOT, Apart

FEW_COLUMNS = 2
SENTENCE = re.compile(r"\S[\s:]")


def above_notes(rows: Iterable[tuple[int, Sequence[str]]]) -> Iterator:
    """The rows of a sheet with their numbers; at its end, a cell with a sentence is no row.

    Args:
        rows: The number of each row, and its cells.

    Examples:
        >>> found = list(above_notes([(2, ["1", "a", "x"]), (3, ["Note: all calls", "", ""])]))
        >>> found[0], found[1].line, found[1].text
        ((2, ['1', 'a', 'x']), 3, 'Note: all calls')
    """
    waiting: list[tuple[int, Sequence[str]]] = []
    for number, row in rows:
        cells = [cell for cell in row if cell.strip()]
        if not cells:
            continue
        alone = len(cells) == 1 and len(row) > FEW_COLUMNS
        if alone and SENTENCE.search(cells[0]) and not VALUE.fullmatch(cells[0].strip()):
            waiting.append((number, row))
            continue
        yield from waiting
        waiting = []
        yield number, row
    if len(waiting) > FOOT:
        yield from waiting
        return
    for number, row in waiting:
        text = next(cell for cell in row if cell.strip())
        yield Apart(number, text, "has one cell alone", below=True)


def leave_out_beside(connection: ibis.BaseBackend, name: str, layout: Layout) -> list[str]:
    """Keep the first of two tables that stand side by side, an empty column between them.

    Their rows have nothing to do with one another. They are two if one of them ends earlier.

    Returns:
        What was left out, for a person.
    """
    table, names = identifier(name), layout.names
    cuts = [-1, *(at for at, each in enumerate(names) if each in layout.unnamed), len(names)]
    sides = [names[start + 1 : end] for start, end in pairwise(cuts) if end - start > FEW_COLUMNS]
    if len(sides) < 2 or layout.head < 0:
        return []
    first, extent = sides[0], [_extent(connection, table, each) for each in sides]
    notes = []
    for side, (rows, last) in zip(sides[1:], extent[1:], strict=True):
        shorter, longer = sorted(((rows, last), extent[0]))
        # What is filled here and there belongs to the rows that it stands in.
        if shorter[0] != shorter[1] or not shorter[0] or shorter[0] == longer[0]:
            continue
        notes.append(
            f"{side[0]} to {side[-1]} stand beside the table, after an empty column, and are one "
            f"of their own with {rows:,} rows; they are left out: put them on a sheet of their own"
        )
        for each in side:
            connection.raw_sql(f"ALTER TABLE {table} DROP COLUMN {identifier(each)}")
    if notes:
        connection.raw_sql(f"DELETE FROM {table} WHERE NOT ({_filled(first)})")
    return notes


def _extent(connection: ibis.BaseBackend, table: str, names: Sequence[str]) -> tuple[int, int]:
    """How many rows have a value in some of these columns, and which is the last of them."""
    found = connection.raw_sql(
        f"SELECT count(*), coalesce(max(rowid) + 1, 0) FROM {table} WHERE {_filled(names)}"
    )
    return found.fetchall()[0]


def _filled(names: Sequence[str]) -> str:
    return " OR ".join(f"{identifier(each)} IS NOT NULL" for each in names)
