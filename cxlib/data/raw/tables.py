"""Bringing a raw file's tables into the engine, and what a person should know of how."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa

from cxlib.data.engines.sql import identifier, quoted
from cxlib.data.raw import workbook
from cxlib.data.raw.around import above_notes, leave_out_beside
from cxlib.data.raw.layout import WINDOW, Layout, find_layout
from cxlib.data.raw.objects import json_rows, xes_rows
from cxlib.data.raw.parts import (
    ARCHIVE,
    BOOKS,
    LOGS,
    PARQUET,
    TEXTS,
    Part,
    kind_of,
    stem_of,
)
from cxlib.data.raw.text import Apart, Tally, Text, look_at_text, opened, rows_of
from cxlib.errors import DataError

BATCH = 20_000
SHOWN = 3  # lines that a note names


@dataclass(frozen=True)
class Brought:
    """A raw table in the engine.

    Attributes:
        part: What it was read from.
        columns: The names of its columns.
        labels: What a survey platform says of columns in further words, by name.
        notes: What a person should know of how it was read.
        apart: The lines that are no rows.
        delimiter: Between values, of text.
        rows: How many rows there are.
    """

    part: Part
    columns: tuple[str, ...]
    labels: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    apart: tuple[Apart, ...] = ()
    delimiter: str = ""
    rows: int = 0


def bring_part(connection: ibis.BaseBackend, part: Part, otherwise: str = "") -> Brought:
    """Make a raw table one of DuckDB's, under its name; the columns of all but Parquet are text.

    Args:
        connection: DuckDB's.
        part: The table.
        otherwise: The encoding of text that is not UTF-8; cp1252 if empty.

    Raises:
        DataError: It cannot be read, or nothing stands in it.
    """
    kind = kind_of(part.inner) if kind_of(part.file) == ARCHIVE else kind_of(part.file)
    if kind == PARQUET:
        return _parquet(connection, part)
    if kind in TEXTS and not _is_json(part):
        return _text(connection, part, otherwise)
    if kind in BOOKS:
        return _sheet(connection, part)
    tally = Tally()
    found = xes_rows(part) if kind in LOGS else json_rows(part, otherwise, tally)
    return _objects(connection, part, found, tally)


def exists(connection: ibis.BaseBackend, name: str) -> bool:
    """Whether the engine has a table of this name already."""
    known = (
        f"SELECT 1 FROM information_schema.tables WHERE lower(table_name) = lower({quoted(name)})"
    )
    return connection.raw_sql(known).fetchall() != []


def delimiter_for_others(part: Part, otherwise: str = "") -> str | None:
    """The delimiter of a file that any engine reads as it stands; empty for Parquet.

    None for workbooks, archives, and text that has titles, another encoding or line ends of two
    kinds.
    """
    if kind_of(part.file) == PARQUET:
        return ""
    if kind_of(part.file) not in TEXTS or stem_of(part.file) != part.file.stem:
        return None
    text = look_at_text(part, otherwise)
    return text.delimiter if text and text.plain else None


def _parquet(connection: ibis.BaseBackend, part: Part) -> Brought:
    scan = parquet_scan(connection, part.file)
    connection.raw_sql(f"CREATE VIEW {identifier(part.name)} AS {scan}")
    return Brought(part, _columns(connection, part), rows=_count(connection, part))


def parquet_scan(connection: ibis.BaseBackend, path: Path) -> str:
    """A SELECT of a Parquet file's rows."""
    rows = f"FROM read_parquet({quoted(path)})"
    # Ibis does not know moments that are as fine as this and have a zone.
    fine = [
        identifier(name)
        for name, kind, *_ in connection.raw_sql(f"DESCRIBE SELECT * {rows}").fetchall()
        if kind == "TIMESTAMPTZ_NS"
    ]
    casts = ", ".join(f"CAST({name} AS TIMESTAMPTZ) AS {name}" for name in fine)
    return f"SELECT * REPLACE ({casts}) {rows}" if fine else f"SELECT * {rows}"


# Text -----------------------------------------------------------------------------------------


def _text(connection: ibis.BaseBackend, part: Part, otherwise: str) -> Brought:
    _refuse_other_kinds(part)
    text = look_at_text(part, otherwise)
    if text is None:
        raise DataError(f"{part.told}: is empty")
    if text.plain and not part.inner and _scanned(connection, text):
        names, count = text.layout.names, _count(connection, part)
        notes = tuple(_encoding_notes(text, Tally()))
        return Brought(part, names, notes=notes, delimiter=text.delimiter, rows=count)
    tally, apart = Tally(), []
    rows = (found[1] for found in _sifted(rows_of(text, tally), apart))
    _create(connection, part, text.layout.names, rows)
    notes = _encoding_notes(text, tally) + list(text.layout.notes)
    notes += _drop_unnamed(connection, part, text.layout) + _tally_notes(tally)
    return Brought(
        part,
        _columns(connection, part),
        text.layout.labels,
        (*notes, *_apart_notes(apart)),
        tuple(apart),
        text.delimiter,
        _count(connection, part),
    )


def _refuse_other_kinds(part: Part) -> None:
    """Say what a file is that is no text, whatever its name."""
    with opened(part) as file:
        head = file.read(8)
    if head.startswith(b"PK"):
        raise DataError(
            f"{part.told}: is a workbook or an archive by its content; name it .xlsx or .zip"
        )
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataError(f"{part.told}: is an old workbook by its content; name it .xls")


def _is_json(part: Part) -> bool:
    """Whether a text is JSON, whatever its name."""
    with opened(part) as file:
        return bool(re.match(rb"\s*(\[\s*)?\{\s*\"", file.read(64)))


def _scanned(connection: ibis.BaseBackend, text: Text) -> bool:
    """Have DuckDB read a plain text; False, and nothing is left, if any line is not as expected."""
    name = identifier(text.part.name)
    try:
        scan = csv_scan(text.part.file, text.layout.names, text.delimiter)
        connection.raw_sql(f"CREATE TABLE {name} AS {scan}")
    except duckdb.Error:
        return False
    odd = connection.raw_sql("SELECT count(*) FROM reject_errors").fetchall()[0][0]
    connection.raw_sql("DROP TABLE reject_errors; DROP TABLE reject_scans")
    # Where a value runs over several lines, a quote may have gone astray.
    if odd or _count(connection, text.part) + 1 != text.written.lines:
        connection.raw_sql(f"DROP TABLE {name}")
        return False
    return True


def csv_scan(path: Path, names: Sequence[str], delimiter: str) -> str:
    """A SELECT of a CSV file as it says: nothing about it is guessed from its rows."""
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in names)
    return (
        f"SELECT * FROM read_csv({quoted(path)}, header=true, auto_detect=false, "
        f"delim={quoted(delimiter)}, quote='\"', escape='\"', comment='', "
        f"columns={{{columns}}}, store_rejects=true, rejects_limit=0)"
    )


def _sifted(found: Iterable, apart: list[Apart]) -> Iterator:
    """What is a row; the rest goes into a list."""
    for each in found:
        if isinstance(each, Apart):
            apart.append(each)
        else:
            yield each


def _encoding_notes(text: Text, tally: Tally) -> list[str]:
    encoding, odd = text.written.encoding, tally.odd
    if encoding == "utf-8-sig":
        return ["begins with a byte-order mark"]
    if encoding != "utf-8":
        return [f"written in {encoding}"]
    if not odd:
        return []
    return [
        f"{_lines(odd)} not UTF-8, and read as {text.otherwise}; if letters look wrong, name the "
        "encoding with --encoding"
    ]


def _tally_notes(tally: Tally) -> list[str]:
    notes = []
    if tally.astray:
        notes.append(
            f"in {_lines(tally.astray, verb=False)} a quote is opened or closed that has no other; "
            "these lines are read as if it were not there"
        )
    if tally.short:
        rows = _rows(tally.short)
        notes.append(
            f"{rows} {_have(tally.short)} fewer values than columns; the last are empty there"
        )
    if tally.blank:
        notes.append(f"{tally.blank} empty line{'' if tally.blank == 1 else 's'}")
    return notes


def _apart_notes(apart: Sequence[Apart], place: str = "line") -> list[str]:
    notes = [
        f"{place} {each.line}, below the table, is no row: {each.text!r}"
        for each in apart
        if each.below
    ]
    odd = [each for each in apart if not each.below]
    notes += [
        f"{place} {each.line} is set apart, since it {each.why}: {each.text[:80]!r}"
        for each in odd[:SHOWN]
    ]
    if len(odd) > SHOWN:
        notes.append(f"{len(odd) - SHOWN} more such {place}s are set apart")
    return notes


def _lines(numbers: Sequence[int], verb: bool = True) -> str:
    shown = ", ".join(f"{number:,}" for number in numbers[:SHOWN])
    more = f" and {len(numbers) - SHOWN:,} more" if len(numbers) > SHOWN else ""
    several = len(numbers) > 1
    text = f"line{'s' if several else ''} {shown}{more}"
    return f"{text} {'are' if several else 'is'}" if verb else text


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


# Sheets and objects ---------------------------------------------------------------------------


def _sheet(connection: ibis.BaseBackend, part: Part) -> Brought:
    rows = workbook.cells_of(part)
    window = list(islice(rows, WINDOW))
    layout = find_layout(window, of_sheet=True)
    if layout is None:
        raise DataError(f"{part.told}: is empty")
    width = len(layout.names)
    every = enumerate(chain(window[layout.body :], rows), layout.body + 1)
    wide = ((at, row[:width] + [""] * (width - len(row))) for at, row in every)
    apart: list[Apart] = []
    found = (each[1] for each in _sifted(above_notes(wide), apart))
    _create(connection, part, layout.names, found)
    notes = [*layout.notes, *leave_out_beside(connection, part.name, layout)]
    notes += _drop_unnamed(connection, part, layout) + list(workbook.remarks(part))
    notes += _apart_notes(apart, "row")
    count = _count(connection, part)
    return Brought(
        part, _columns(connection, part), layout.labels, tuple(notes), tuple(apart), rows=count
    )


def _objects(connection: ibis.BaseBackend, part: Part, found: Iterable, tally: Tally) -> Brought:
    apart: list[Apart] = []
    rows = list(_sifted(found, apart))
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    if not names:
        raise DataError(f"{part.told}: is empty")
    _create(connection, part, names, ([row.get(name, "") for name in names] for row in rows))
    notes = (*_tally_notes(tally), *_apart_notes(apart))
    return Brought(part, names, notes=notes, apart=tuple(apart), rows=len(rows))


def _create(
    connection: ibis.BaseBackend, part: Part, names: Sequence[str], rows: Iterable[Sequence[str]]
) -> None:
    """A table of texts, of which only some rows are in memory at once; empty texts are nothing."""
    schema = pa.schema([(name, pa.string()) for name in names])

    def batches() -> Iterator[pa.RecordBatch]:
        waiting = iter(rows)
        while some := list(islice(waiting, BATCH)):
            columns = [[cell or None for cell in column] for column in zip(*some, strict=True)]
            yield pa.record_batch([pa.array(each, pa.string()) for each in columns], schema)

    reader = pa.RecordBatchReader.from_batches(schema, batches())
    connection.con.register("_cx_reader", reader)
    try:
        connection.raw_sql(f"CREATE TABLE {identifier(part.name)} AS SELECT * FROM _cx_reader")
    finally:
        connection.con.unregister("_cx_reader")


def _drop_unnamed(connection: ibis.BaseBackend, part: Part, layout: Layout) -> list[str]:
    """Leave out columns that have neither a name nor a value; name the others."""
    if not layout.unnamed or layout.head < 0:
        return []
    name = identifier(part.name)
    counts = ", ".join(f"count({identifier(each)})" for each in layout.unnamed)
    filled = connection.raw_sql(f"SELECT {counts} FROM {name}").fetchall()[0]
    notes, bare = [], 0
    for column, count in zip(layout.unnamed, filled, strict=True):
        if count:
            notes.append(f"a column without a name is called {column}")
        else:
            bare += 1
            connection.raw_sql(f"ALTER TABLE {name} DROP COLUMN {identifier(column)}")
    if bare:
        columns = "1 empty column" if bare == 1 else f"{bare} empty columns"
        notes.append(f"{columns} without a name {'is' if bare == 1 else 'are'} left out")
    return notes


def _columns(connection: ibis.BaseBackend, part: Part) -> tuple[str, ...]:
    described = connection.raw_sql(f"DESCRIBE {identifier(part.name)}").fetchall()
    return tuple(name for name, *_ in described)


def _count(connection: ibis.BaseBackend, part: Part) -> int:
    return connection.raw_sql(f"SELECT count(*) FROM {identifier(part.name)}").fetchall()[0][0]
