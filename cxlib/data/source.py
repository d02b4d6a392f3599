"""Bringing a table's rows, untouched, from its file into the engine."""

import csv
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd

from cxlib.data.config import Config
from cxlib.data.engines.base import OWN, ROW, bring, explained, gist, numbered, open_duckdb
from cxlib.data.engines.sql import identifier, quoted
from cxlib.data.files import not_utf8, read_mapping, undecodable
from cxlib.data.privacy.masks import shape_of
from cxlib.data.rules import LINE
from cxlib.errors import DataError

DELIMITERS = (",", ";", "\t", "|")
FIRST_LINES = 50
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


def read_table(connection: ibis.BaseBackend, path: Path, table: str, config: Config) -> RawTable:
    """Read one table into the engine.

    Raises:
        DataError: The file is not UTF-8, has no header or no rows, or its SQL fails.
    """
    name = f"{OWN}raw_{table}"
    if path.suffix == ".sql":
        rows, raw = _mapped(connection, path, name, config)
        return RawTable(path, (path, *raw), rows, _no_rejects())
    # A file beside the settings is read by DuckDB, which knows how, whatever the engine.
    reader = connection if connection.name == "duckdb" else open_duckdb()
    rejects = _no_rejects()
    try:
        if path.suffix == ".csv":
            rejects = _load_csv(reader, path, name)
        else:
            numbered(name, _scan(reader, path), reader, "VIEW")
    except duckdb.Error as error:
        raise DataError(_explain(path, (path,), error)) from None
    with explained(config, path):
        rows = bring(connection, reader.table(name), name)
    return RawTable(path, (path,), rows, rejects)


def _mapped(
    connection: ibis.BaseBackend, path: Path, name: str, config: Config
) -> tuple[ir.Table, list[Path]]:
    """A mapping's rows, worked out by the engine that has the raw tables; and its raw files."""
    query, raw = read_mapping(path, config)
    try:
        with explained(config, path):
            for file in raw:
                bring_raw(connection, file)
            return numbered(name, query, connection), raw
    except duckdb.Error as error:
        raise DataError(_explain(path, (path, *raw), error)) from None


def bring_raw(connection, file: Path) -> None:
    """Make a raw file a table of its own name; the columns of a CSV file are text."""
    if connection.name == "pyspark":
        from cxlib.data.engines import spark

        if file.suffix.lower() != ".parquet" and next(undecodable(file), None):
            raise DataError(not_utf8(file))
        spark.bring(connection, file, delimiter_of(file))
        return
    known = f"SELECT 1 FROM information_schema.tables WHERE table_name = {quoted(file.stem)}"
    if connection.raw_sql(known).fetchone():
        return
    if file.suffix.lower() == ".parquet":
        connection.raw_sql(f"CREATE VIEW {identifier(file.stem)} AS {_scan(connection, file)}")
        return
    header = _header(file, delimiter := delimiter_of(file))
    connection.raw_sql(
        f"CREATE TABLE {identifier(file.stem)} AS {_csv_scan(file, header, delimiter)}"
    )
    rejects = _take_rejects(connection, file)
    if len(rejects):
        first = rejects.iloc[0]
        raise DataError(
            # Not what it says: such a line may name a person, and errors end up in logs.
            f"{file}, line {first.row + 1}: {shape_of(first.value)!r} must be {len(header)} values "
            f"separated by {delimiter!r} ({first.message}); {len(rejects)} such lines"
        )


def _load_csv(connection, path: Path, name: str) -> pd.DataFrame:
    header = _header(path, ",")
    numbered(name, _csv_scan(path, header, ","), connection)
    rejects = _take_rejects(connection, path)
    rules = rejects.message.map(
        lambda message: f"must be a line of {len(header)} values separated by commas ({message})"
    )
    return rejects.assign(kind=LINE, rule=rules)[REJECT_COLUMNS]


def _csv_scan(path: Path, header: list[str], delimiter: str) -> str:
    """Read a CSV file as it says: nothing about it is guessed from its rows."""
    columns = ", ".join(f"{quoted(column)}: 'VARCHAR'" for column in header)
    return (
        f"SELECT * FROM read_csv({quoted(path)}, header=true, auto_detect=false, "
        f"delim={quoted(delimiter)}, quote='\"', escape='\"', comment='', "
        f"columns={{{columns}}}, store_rejects=true, rejects_limit=0)"
    )


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


def delimiter_of(path: Path) -> str:
    """The mark between values: the one that stands equally often in the first lines.

    Where none does, a comma: a single column has no mark.
    """
    with path.open("rb") as file:
        lines = [line.decode("utf-8", errors="replace") for line in islice(file, FIRST_LINES)]
    counts = {mark: [_unquoted(line).count(mark) for line in lines] for mark in DELIMITERS}
    steady = {
        mark: (sum(each == found[0] for each in found), found[0])
        for mark, found in counts.items()
        if found and found[0]
    }
    # A single column has no mark.
    return max(steady, key=steady.get) if steady else DELIMITERS[0]


def _unquoted(line: str) -> str:
    return "".join(line.split('"')[::2])


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


def _scan(connection, path: Path) -> str:
    rows = f"FROM read_parquet({quoted(path)})"
    # Ibis does not know moments that are as fine as this and have a zone.
    fine = [
        identifier(name)
        for name, kind, *_ in connection.raw_sql(f"DESCRIBE SELECT * {rows}").fetchall()
        if kind == "TIMESTAMPTZ_NS"
    ]
    casts = ", ".join(f"CAST({name} AS TIMESTAMPTZ) AS {name}" for name in fine)
    return f"SELECT * REPLACE ({casts}) {rows}" if fine else f"SELECT * {rows}"


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
