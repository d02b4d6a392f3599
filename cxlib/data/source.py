"""Bringing a table's rows, untouched, from its file into the engine."""

import csv
from dataclasses import dataclass
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd

from cxlib.data.config import Config
from cxlib.data.files import not_utf8, read_mapping, undecodable
from cxlib.errors import DataError

DELIMITERS = (",", ";", "\t", "|")
OWN = "_cx_"  # begins the names of our own tables, beside those of raw files
ROW = "_row"  # the row's number in its file, counting from 1; no data column may be named so


@dataclass(frozen=True)
class RawTable:
    """A table as it stands in its source.

    Attributes:
        file: The table's own file.
        inputs: That file and, for a mapping, the raw files that it reads.
        rows: Its rows, with their number in `_row`.
        rejects: Lines that are no rows at all (`row`, `column`, `value`, `rule`).
    """

    file: Path
    inputs: tuple[Path, ...]
    rows: ir.Table
    rejects: pd.DataFrame


def open_engine(config: Config, folder: Path) -> ibis.BaseBackend:
    """Start the dataset's engine.

    Raises:
        DataError: The engine is unknown.
    """
    if config.source.engine != "duckdb":
        raise DataError(
            f"{folder / 'dataset.toml'}: source.engine == {config.source.engine!r}, "
            "must be 'duckdb'"
        )
    connection = ibis.duckdb.connect()
    # Times with an offset are all turned into one clock.
    connection.raw_sql("SET TimeZone = 'UTC'")
    return connection


def read_table(connection: ibis.BaseBackend, path: Path, table: str, config: Config) -> RawTable:
    """Read one table into the engine.

    Raises:
        DataError: The file is not UTF-8, has no header or no rows, or its SQL fails.
    """
    name = f"{OWN}raw_{table}"
    rejects, inputs = _no_rejects(), (path,)
    try:
        if path.suffix == ".csv":
            rejects = _load_csv(connection, path, name)
        elif path.suffix == ".parquet":
            connection.raw_sql(_with_rows(name, _scan(path), "VIEW"))
        else:
            query, raw = read_mapping(path, config)
            inputs = (path, *raw)
            for file in raw:
                _bring(connection, file)
            connection.raw_sql(_with_rows(name, query))
    except duckdb.Error as error:
        raise DataError(_explain(path, inputs, error)) from None
    return RawTable(path, inputs, connection.table(name), rejects)


def _bring(connection, file: Path) -> None:
    """Make a raw file a table of its own name; the columns of a CSV file are text."""
    known = f"SELECT 1 FROM information_schema.tables WHERE table_name = {quoted(file.stem)}"
    if connection.raw_sql(known).fetchone():
        return
    if file.suffix.lower() == ".parquet":
        connection.raw_sql(f"CREATE VIEW {_name(file.stem)} AS {_scan(file)}")
        return
    header = _header(file, delimiter := _delimiter(file))
    connection.raw_sql(f"CREATE TABLE {_name(file.stem)} AS {_csv_scan(file, header, delimiter)}")
    rejects = _take_rejects(connection, file)
    if len(rejects):
        first = rejects.iloc[0]
        raise DataError(
            f"{file}, line {first.row + 1}: {first.value!r} must be {len(header)} values separated "
            f"by {delimiter!r} ({first.message}); {len(rejects)} such lines"
        )


def _load_csv(connection, path: Path, name: str) -> pd.DataFrame:
    header = _header(path, ",")
    connection.raw_sql(_with_rows(name, _csv_scan(path, header, ",")))
    rejects = _take_rejects(connection, path)
    rules = rejects.message.map(
        lambda message: f"must be a line of {len(header)} values separated by commas ({message})"
    )
    return rejects.assign(rule=rules)[["row", "column", "value", "rule"]]


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


def _delimiter(path: Path) -> str:
    """The mark between the names in a raw file's first line."""
    with path.open("rb") as file:
        first = file.readline().decode("utf-8", errors="replace")
    return max(DELIMITERS, key=first.count)


def _header(path: Path, delimiter: str) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file, delimiter=delimiter), [])
    except UnicodeDecodeError:
        raise DataError(not_utf8(path)) from None
    if not any(header):
        raise DataError(f"{path}: the first line is empty; it must hold the names of the columns")
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        raise DataError(f"{path}: columns are not separated by commas: {header[0]!r}")
    folded = [column.casefold() for column in header]
    twice = sorted({column for column in header if folded.count(column.casefold()) > 1})
    if twice or ROW in header or "" in header:
        names = ", ".join(map(repr, twice or [ROW if ROW in header else ""]))
        raise DataError(f"{path}: the header has {names} twice, empty, or under a reserved name")
    return header


def _scan(path: Path) -> str:
    return f"SELECT * FROM read_parquet({quoted(path)})"


def _with_rows(name: str, query: str, kind: str = "TABLE") -> str:
    return (
        f"CREATE {kind} {_name(name)} AS "
        f"SELECT row_number() OVER () AS {ROW}, * FROM (\n{query}\n) AS source"
    )


def _explain(path: Path, inputs: tuple[Path, ...], error: duckdb.Error) -> str:
    """One line from an engine's error; it names the file with a wrong encoding, if that is it."""
    message = str(error)
    if "unicode" in message.lower() or "encod" in message.lower():
        for suspect in inputs:
            if suspect.suffix.lower() != ".parquet" and next(undecodable(suspect), None):
                return not_utf8(suspect)
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return f"{path}: {' '.join(lines[:2])}"


def _no_rejects() -> pd.DataFrame:
    return pd.DataFrame(columns=["row", "column", "value", "rule"])


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def quoted(value: object) -> str:
    """A value as a text literal of SQL."""
    return "'" + str(value).replace("'", "''") + "'"
