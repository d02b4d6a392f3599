"""The engine that a dataset's rows live in: DuckDB beside us, or a warehouse that has them.

All three speak through Ibis; what they do each in their own way stands here and in `postgres.py`
and `spark.py`.
"""

import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pandas as pd
import psutil
import pyarrow as pa
from ibis.formats.pandas import PandasData

from cxlib.data.config import Config
from cxlib.data.engines.sql import DIALECTS, Dialect, identifier, quoted
from cxlib.data.files import NAME_FILES
from cxlib.data.privacy.masks import masked_text, without_values
from cxlib.data.scratch import Room, take_room
from cxlib.errors import CxError, DataError

OWN = "_cx_"  # begins the names of our own tables, beside those of raw files
ROW = "_row"  # the row's number in its file, counting from 1; no data column may be named so
BATCH = 100_000  # rows that travel at once
# Files of more bytes than these, some millions of rows, are worked on from disk: within a gigabyte
# or, of very large files, twice their size, but no more than half of what the machine has.
LARGE, MEMORY = 200_000_000, 1_000_000_000
RECURS, LONGEST_LIST = 4, 1_000_000  # how often texts recur on average, and how many may differ
# DuckDB's complaints about a value.
ABOUT_VALUES = frozenset(
    {
        "ConversionException",
        "InvalidInputException",
        "OutOfRangeException",
        "ConstraintException",
        "NotImplementedException",
    }
)
# By name, since only one of the engines need be installed.
MISFITS = frozenset(
    {
        "duckdb.Error",
        "psycopg.DataError",
        "psycopg.ProgrammingError",
        "pyspark.AnalysisException",
        "pyspark.SparkRuntimeException",
        "pyspark.NumberFormatException",
        "pyspark.DateTimeException",
    }
)


def open_engine(
    config: Config, folder: Path, files: Collection[Path] = (), room: Path | None = None
) -> ibis.BaseBackend:
    """Start the dataset's engine, or connect to it.

    Args:
        config: The dataset's settings.
        folder: Its folder.
        files: What it will read, and all that DuckDB can: whatever a mapping says, no other file
            is opened. If that is much, DuckDB works on disk.
        room: A folder in which it may write as well.

    Raises:
        DataError: The server does not let us in, or what speaks to it is not installed.
    """
    toml, engine = folder / "dataset.toml", config.source.engine
    try:
        match engine:
            case "postgres":
                from cxlib.data.engines import postgres

                return postgres.connect(config.source, toml)
            case "spark":
                from cxlib.data.engines import spark

                return spark.connect(config.source, toml)
            case _:
                size = sum(each.stat().st_size for each in files)
                rooms = [room] if room else []
                if size <= LARGE:
                    return _locked(open_duckdb(), files, rooms)
                own = take_room()
                return _locked(open_duckdb_on_disk(size, own), files, [*rooms, own.path])
    except ImportError:
        raise DataError(
            f"{toml}: source.engine == {engine!r} needs more than is installed; install it from "
            f"the project's folder: .venv/bin/pip install -e '.[{engine}]'"
        ) from None


def open_duckdb() -> ibis.BaseBackend:
    """Start DuckDB, which needs no server, in memory alone."""
    connection = ibis.duckdb.connect()
    # What memory cannot hold would be written into the working folder.
    connection.raw_sql("SET temp_directory = ''")
    return _set_up(connection)


def open_duckdb_on_disk(size: int, room: Room) -> ibis.BaseBackend:
    """Start DuckDB on a file of its own, which goes when the connection does.

    Rows that memory could not hold stay there; only what a question needs comes in.

    Args:
        size: Of the files that it will read, in bytes.
        room: Where its file lies; it is left with the connection.
    """
    machine = psutil.virtual_memory().total
    memory = min(max(MEMORY, 2 * size), machine // 2)
    connection = ibis.duckdb.connect(room.path / "rows.duckdb")
    weakref.finalize(connection, room.leave)
    connection.raw_sql(f"SET memory_limit = '{memory} bytes'")
    connection.raw_sql(f"SET temp_directory = {quoted(room.path)}")
    # Rows keep the order of their files only where somebody asks for it, which saves memory.
    connection.raw_sql("SET preserve_insertion_order = false")
    return _set_up(connection)


def _set_up(connection: ibis.BaseBackend) -> ibis.BaseBackend:
    # Times with an offset are all turned into one clock.
    connection.raw_sql("SET TimeZone = 'UTC'")
    # How far a question has come would be written among what a run says.
    connection.raw_sql("SET enable_progress_bar = false")
    return connection


def _locked(
    connection: ibis.BaseBackend, files: Iterable[Path], rooms: Iterable[Path]
) -> ibis.BaseBackend:
    """DuckDB, from now on without any file but these, network, extension or change of settings."""
    listed = {name: ", ".join(map(quoted, places)) for name, places in
              (("allowed_paths", files), ("allowed_directories", rooms))}  # fmt: skip
    for name, places in listed.items():
        connection.raw_sql(f"SET {name} = [{places}]")
    for name in ("autoload_known_extensions", "enable_external_access"):
        connection.raw_sql(f"SET {name} = false")
    connection.raw_sql("SET lock_configuration = true")
    return connection


def is_warehouse(config: Config) -> bool:
    """Whether the rows live in a server of their own, and may change without any file changing."""
    return config.source.engine != "duckdb"


def numbered(name: str, query: str, connection: ibis.BaseBackend, kind: str = "TABLE") -> ir.Table:
    """A SELECT's rows, as a table of the engine, with their number in `_row`."""
    number = "row_number() OVER ()"
    if connection.name == "pyspark":
        # Counting in one go would bring all rows to one machine.
        number = "monotonically_increasing_id() + 1"
    columns = "source.*"
    if connection.name == "postgres":
        from cxlib.data.engines import postgres

        columns = postgres.plain_columns(connection, query)
    text = f"SELECT {number} AS {ROW}, {columns} FROM (\n{query}\n) AS source"
    return keep_query(connection, text, name, kind)


def keep(connection: ibis.BaseBackend, rows: ir.Table, name: str) -> ir.Table:
    """Have the engine work a table out once, so that what follows starts from its result."""
    kept = keep_query(connection, connection.compile(rows), name)
    if not is_on_disk(connection):
        return kept
    _list_texts(connection, kept)
    return connection.table(name)


def is_on_disk(connection: ibis.BaseBackend) -> bool:
    """Whether rows are more than memory should hold."""
    return connection.name == "duckdb" and connection.current_catalog != "memory"


def _list_texts(connection: ibis.BaseBackend, rows: ir.Table) -> None:
    """Store texts that recur, such as channels, as places in a sorted list of them.

    They read as before, and compare and sort alike; but numbers are sorted and grouped in a third
    of the time that texts take.
    """
    texts = [name for name, kind in rows.schema().items() if kind.is_string()]
    counts = rows.aggregate(
        rows=rows.count(), **{name: rows[name].approx_nunique() for name in texts}
    ).execute()
    longest = min(LONGEST_LIST, int(counts["rows"].iloc[0]) // RECURS)
    table = identifier(rows.get_name())
    for name in texts:
        if 0 < counts[name].iloc[0] <= longest:
            kind, column = identifier(f"{rows.get_name()}_{name}"), identifier(name)
            connection.raw_sql(
                f"CREATE TYPE {kind} AS ENUM (SELECT DISTINCT {column} FROM {table} "
                f"WHERE {column} IS NOT NULL ORDER BY 1)"
            )
            connection.raw_sql(f"ALTER TABLE {table} ALTER {column} TYPE {kind}")


def keep_query(
    connection: ibis.BaseBackend, query: str, name: str, kind: str = "TABLE"
) -> ir.Table:
    """The same for a query in the engine's own words; `VIEW` works it out whenever it is read."""
    match connection.name:
        case "postgres":
            connection.raw_sql(f"CREATE TEMPORARY TABLE {identifier(name)} AS {query}").close()
        case "pyspark":
            from cxlib.data.engines import spark

            spark.keep(connection, query, name)
        case _:
            connection.raw_sql(f"CREATE {kind} {identifier(name)} AS {query}")
    return connection.table(name)


def bring(connection: ibis.BaseBackend, rows: ir.Table, name: str) -> ir.Table:
    """A table of DuckDB's, such as a log of cycles kept as CSV, in the dataset's engine."""
    return rows if rows.get_backend() is connection else upload(connection, rows.to_pyarrow(), name)


def upload(connection: ibis.BaseBackend, table: pa.Table, name: str) -> ir.Table:
    """A small table of ours, in the engine."""
    held = ibis.memtable(table)
    if connection.name == "pyspark":
        return connection.create_view(name, held, overwrite=True)
    return connection.create_table(name, held, temp=True)


def ask(
    given: Mapping[str, ir.Table], question: Callable[[Dialect], str], schema: Mapping
) -> pd.DataFrame:
    """A question in the engine's own words over tables that Ibis makes.

    Args:
        given: The tables, by the names that the question has for them.
        question: The question, as an engine's dialect has it.
        schema: The columns of the answer, with their types.
    """
    connection = next(iter(given.values())).get_backend()
    tables = []
    for name, rows in given.items():
        # What Ibis does before it asks: tables of ours have to be there.
        connection._run_pre_execute_hooks(rows)
        tables.append(f"{name} AS ({connection.compile(rows)})")
    text = f"WITH {', '.join(tables)} {question(DIALECTS[connection.name])}"
    match connection.name:
        case "postgres":
            with closing(connection.raw_sql(text)) as cursor:
                # The server cuts long names off.
                frame = pd.DataFrame(cursor.fetchall(), columns=list(schema))
        case "pyspark":
            frame = connection.raw_sql(text).toPandas()
        case _:
            frame = connection.con.sql(text).to_arrow_table().to_pandas()
    return PandasData.convert_table(frame, ibis.schema(schema))


def stream(rows: ir.Table) -> pa.RecordBatchReader:
    """A table's rows, a batch at a time: only so many are in memory at once."""
    connection = rows.get_backend()
    if connection.name != "pyspark":
        return rows.to_pyarrow_batches(chunk_size=BATCH)
    from cxlib.data.engines import spark

    schema = rows.schema().to_pyarrow()
    return pa.RecordBatchReader.from_batches(schema, spark.batches(connection, rows, schema, BATCH))


@contextmanager
def explained(config: Config, path: Path) -> Iterator[None]:
    """Turn a warehouse's errors into one line that says what to do, with no secret in it.

    Args:
        config: The dataset's settings.
        path: The file whose query is under way, to begin the line with.

    Raises:
        DataError: In place of the engine's own error.
    """
    try:
        yield
    except CxError:
        raise
    except Exception as error:
        if line := _line_of(error, config, path):
            raise DataError(line) from None
        raise


def _line_of(error: Exception, config: Config, path: Path) -> str:
    match config.source.engine:
        case "postgres":
            from cxlib.data.engines import postgres

            return postgres.explain(error, config.source, path)
        case "spark":
            from cxlib.data.engines import spark

            return spark.explain(error, path)
    return ""


def is_misfit(error: Exception) -> bool:
    """Whether an engine refuses a question for what is in it, such as a text beside a number."""
    kinds = type(error).__mro__
    return any(f"{_package(kind)}.{kind.__name__}" in MISFITS for kind in kinds)


def _package(kind: type) -> str:
    return kind.__module__.split(".")[0].lstrip("_")


def gist(error: Exception) -> str:
    """What DuckDB complains of, on one line that is fit for a log: without a value of a row."""
    kept = [line.strip() for line in str(error).splitlines() if line.strip()]
    kind = type(error).__name__
    if kind == "PermissionException":
        return f"reads a file or changes a setting by itself, which is locked; {NAME_FILES}"
    if kind in ABOUT_VALUES:
        return without_values(kept[0])
    return masked_text(" ".join(kept[:2]))
