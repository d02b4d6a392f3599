"""A look at raw files, with the SQL that a mapping would use."""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cxlib.data.config import read_config
from cxlib.data.engines.base import OWN, ROW, explained, gist, numbered, open_engine
from cxlib.data.files import find_folder, read_select
from cxlib.data.source import bring_raw
from cxlib.errors import DataError

QUERY = "the query"  # what errors begin with
MOST = 4_000  # the megabytes of memory that a look may take


@dataclass(frozen=True)
class Look:
    """What a SELECT gives.

    Attributes:
        columns: Their names.
        rows: The first rows, as texts; nothing is written as an empty text.
        more: Whether there are further rows.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: bool


def look(folder: Path, query: str, most: int) -> Look:
    """The first rows of a SELECT over a dataset's raw files, or its warehouse's tables.

    Args:
        folder: The dataset's folder; nothing but its `dataset.toml` is needed.
        query: The SELECT; DESCRIBE and SUMMARIZE will do where the engine knows them.
        most: How many rows to give.

    Raises:
        ArgumentError: There is no such folder.
        DataError: The query cannot be read or answered, or the server cannot be reached.
    """
    if re.match(r"\s*(describe|summarize)\b", query, re.IGNORECASE):
        query = f"SELECT * FROM ({query})"
    folder = find_folder(folder)
    config = read_config(folder)
    text, wanted = read_select(query, QUERY, folder, config)
    with explained(config, folder / "dataset.toml"):
        connection = open_engine(config, folder, [each.file for each in wanted])
        try:
            for each in wanted:
                bring_raw(connection, each, config.source.encoding)
            # Only so many rows are worked out as are shown.
            # DuckDB has types that nobody else knows, such as intervals; all can be written out.
            columns = "COLUMNS(*)::VARCHAR" if connection.name == "duckdb" else "*"
            shown = f"SELECT {columns} FROM (\n{text}\n) AS look LIMIT {most + 1}"
            rows = numbered(f"{OWN}look", shown, connection)
            found = rows.order_by(ROW).drop(ROW).limit(most + 1).to_pyarrow()
        except duckdb.Error as error:
            raise DataError(f"{QUERY}: {gist(error)}") from None
    lines = (row.values() for row in found.to_pylist())
    texts = tuple(tuple("" if each is None else str(each) for each in line) for line in lines)
    return Look(tuple(found.column_names), texts[:most], len(texts) > most)
