"""Bringing a table's rows, untouched, from its file into the engine."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd

from cxlib.data.config import Config
from cxlib.data.engines.base import OWN, ROW, bring, explained, gist, numbered, open_duckdb, upload
from cxlib.data.files import not_utf8, read_mapping, undecodable
from cxlib.data.raw.contents import find_part
from cxlib.data.raw.parts import Wanted
from cxlib.data.raw.tables import (
    Brought,
    bring_part,
    csv_scan,
    delimiter_for_others,
    exists,
    parquet_scan,
)
from cxlib.data.raw.text import DELIMITERS, Apart
from cxlib.data.rules import LINE
from cxlib.errors import DataError

REJECT_COLUMNS = ["row", "column", "value", "kind", "rule"]


@dataclass(frozen=True)
class RawTable:
    """A table as it stands in its source.

    Attributes:
        file: The table's own file.
        inputs: That file and, for a mapping, the raw files that it reads.
        rows: Its rows, with their number in `_row`.
        rejects: Lines that are no rows at all (`row`, `column`, `value`, `kind`, `rule`).
    """

    file: Path
    inputs: tuple[Path, ...]
    rows: ir.Table
    rejects: pd.DataFrame


def read_table(
    connection: ibis.BaseBackend,
    path: Path,
    table: str,
    config: Config,
    known: dict[str, Brought] | None = None,
) -> RawTable:
    """Read one table into the engine.

    Args:
        connection: The engine.
        path: The table's file.
        table: Its name.
        config: The dataset's settings.
        known: The raw tables that earlier mappings have brought, by name; those of this one join
            them.

    Raises:
        DataError: The file is not UTF-8, has no header or no rows, or its SQL fails.
    """
    name = f"{OWN}raw_{table}"
    if path.suffix == ".sql":
        return _mapped(connection, path, name, config, {} if known is None else known)
    # A file beside the settings is read by DuckDB, which knows how, whatever the engine.
    reader = connection if connection.name == "duckdb" else open_duckdb()
    rejects = _no_rejects()
    try:
        if path.suffix == ".csv":
            rejects = _load_csv(reader, path, name)
        else:
            numbered(name, parquet_scan(reader, path), reader, "VIEW")
    except duckdb.Error as error:
        raise DataError(_explain(path, (path,), error)) from None
    with explained(config, path):
        rows = bring(connection, reader.table(name), name)
    return RawTable(path, (path,), rows, rejects)


def _mapped(
    connection: ibis.BaseBackend, path: Path, name: str, config: Config, known: dict[str, Brought]
) -> RawTable:
    """A mapping's rows, worked out by the engine that has the raw tables."""
    query, wanted = read_mapping(path, config)
    inputs = (path, *(each.file for each in wanted))
    try:
        with explained(config, path):
            for each in wanted:
                if brought := bring_raw(connection, each, config.source.encoding):
                    known[each.name.casefold()] = brought
            rows = numbered(name, query, connection)
    except duckdb.Error as error:
        raise DataError(_explain(path, inputs, error)) from None
    # A list that a mapping makes of a log has lost none of the lines that are no events.
    made = re.search(r"(?i)\b(distinct|group\s+by|union(?!\s+all))\b", query)
    apart = [line for each in wanted if not made and each.name.casefold() in known
             for line in known[each.name.casefold()].apart]  # fmt: skip
    return RawTable(path, inputs, rows, _rejects(apart))


def _rejects(apart: Sequence[Apart]) -> pd.DataFrame:
    """Lines of raw files that are no rows, but for sums and signatures below the table."""
    found = [
        {"row": each.line, "column": None, "value": each.text, "kind": LINE, "rule": each.why}
        for each in apart
        if not each.below
    ]
    return pd.DataFrame(found, columns=REJECT_COLUMNS)


def bring_raw(connection, wanted: Wanted, otherwise: str = "") -> Brought | None:
    """Make a raw table one of the engine's, under the name that SQL has for it.

    Args:
        connection: The engine.
        wanted: The table.
        otherwise: The encoding of text that is not UTF-8; cp1252 if empty.

    Returns:
        How it was read; None if it is there already, or Spark reads it by itself.
    """
    part = find_part(wanted)
    if connection.name == "pyspark":
        from cxlib.data.engines import spark

        if (delimiter := delimiter_for_others(part, otherwise)) is not None:
            spark.bring(connection, part, delimiter)
            return None
        # Spark would not know how to read the others.
        reader = open_duckdb()
        brought = bring_part(reader, part, otherwise)
        upload(connection, reader.table(part.name).to_pyarrow(), part.name)
        return brought
    return None if exists(connection, part.name) else bring_part(connection, part, otherwise)


def _load_csv(connection, path: Path, name: str) -> pd.DataFrame:
    header = _header(path, ",")
    numbered(name, csv_scan(path, header, ","), connection)
    rejects = _take_rejects(connection, path)
    rules = rejects.message.map(
        lambda message: f"must be a line of {len(header)} values separated by commas ({message})"
    )
    return rejects.assign(kind=LINE, rule=rules)[REJECT_COLUMNS]


def _take_rejects(connection, path: Path) -> pd.DataFrame:
    """The lines that could not be read as rows, each once."""
    rejects = connection.raw_sql(
        "SELECT line - 1 AS row, column_name AS column, csv_line AS value, "
        "error_type, error_message AS message FROM reject_errors ORDER BY line"
    ).df()
    connection.raw_sql("DROP TABLE reject_errors; DROP TABLE reject_scans")
    if (rejects.error_type == "INVALID ENCODING").any():
        raise DataError(not_utf8(path))
    return rejects.drop_duplicates("row")


def _header(path: Path, delimiter: str) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file, delimiter=delimiter), [])
    except UnicodeDecodeError:
        raise DataError(not_utf8(path)) from None
    if not any(header):
        raise DataError(f"{path}: the first line is empty; it must hold the names of the columns")
    if len(header) == 1 and any(mark in header[0] for mark in DELIMITERS[1:]):
        raise DataError(f"{path}: columns are not separated by commas: {header[0]!r}")
    folded = [column.casefold() for column in header]
    twice = sorted({column for column in header if folded.count(column.casefold()) > 1})
    if "" in header:
        raise DataError(
            f"{path}: column {header.index('') + 1} of {len(header)} has no name in the first line"
        )
    values = [each for each in header if re.fullmatch(r"[+-]?[\d.,:/ -]+", each)]
    if len(values) > len(header) / 2:
        raise DataError(
            f"{path}: its first line holds values, not names of columns; add a line of names"
        )
    if twice:
        raise DataError(f"{path}: the header has {', '.join(map(repr, twice))} twice; rename one")
    if ROW in header:
        raise DataError(f"{path}: the header has {ROW!r}, a name that is reserved; rename it")
    return header


def _explain(path: Path, inputs: tuple[Path, ...], error: duckdb.Error) -> str:
    """One line from an engine's error; it names the file with a wrong encoding, if that is it."""
    message = str(error)
    if "unicode" in message.lower() or "encod" in message.lower():
        for suspect in inputs:
            if suspect.suffix.lower() != ".parquet" and next(undecodable(suspect), None):
                return not_utf8(suspect)
    return f"{path}: {gist(error)}"


def _no_rejects() -> pd.DataFrame:
    return pd.DataFrame(columns=REJECT_COLUMNS)
