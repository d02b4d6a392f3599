"""Spark as a dataset's engine: its session, its raw files, its errors."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import SparkSession

from cxlib.data.config import Source, expand
from cxlib.data.engines.sql import identifier
from cxlib.data.privacy.masks import without_values
from cxlib.data.raw.parts import Part
from cxlib.errors import DataError

# What a person reads first in Spark's errors is the gist; the rest is a plan and a Java trace.
GIST = 300
LOCAL_PARTITIONS = 4
# A cluster's own settings (cores, memory, partitions) are its own affair, in spark-defaults.conf.
START = MappingProxyType(
    {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
    }
)


def connect(source: Source, toml: Path) -> ibis.BaseBackend:
    """Start a Spark session, or join the one that is there.

    Raises:
        DataError: Java is not installed, or the cluster cannot be reached.
    """
    master = expand(source.master, toml)
    # It would write each error, with the values in it, beside our one line.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    builder = SparkSession.builder.master(master).appName("cx")
    for name, value in START.items():
        builder = builder.config(name, value)
    try:
        # Views of a session of its own: each opening of a dataset makes them anew.
        session = builder.getOrCreate().newSession()
        session.conf.set("spark.sql.session.timeZone", "UTC")
        if master.startswith("local"):
            # Spark parts every result in 200 by default; on one machine that takes all the time.
            session.conf.set("spark.sql.shuffle.partitions", LOCAL_PARTITIONS)
        connection = ibis.pyspark.connect(session)
    except (PySparkException, RuntimeError) as error:
        raise DataError(
            f"{toml}: Spark does not start at source.master == {source.master!r}: {gist(error)}; "
            "it needs Java 17 or newer"
        ) from None
    if source.schema:
        connection.raw_sql(f"USE `{expand(source.schema, toml)}`")
    return connection


def bring(connection: ibis.BaseBackend, part: Part, delimiter: str) -> None:
    """Make a raw file a view, under the name that SQL has for it; the columns of text are text.

    Args:
        connection: Spark's.
        part: The file.
        delimiter: Between its values; empty for Parquet.
    """
    place = str(part.file).replace("'", "\\'")
    options, kind = f"path '{place}'", "parquet"
    if delimiter:
        kind = "csv"
        options += (
            f", header 'true', sep '{delimiter}', quote '\"', escape '\"', multiLine 'true', "
            "mode 'FAILFAST', enforceSchema 'false'"
        )
    name = identifier(part.name, "`")
    connection.raw_sql(f"CREATE OR REPLACE TEMPORARY VIEW {name} USING {kind} OPTIONS ({options})")


def batches(
    connection: ibis.BaseBackend, rows: ir.Table, schema: pa.Schema, size: int
) -> Iterator[pa.RecordBatch]:
    """A table's rows, partition by partition: the whole never comes to one place."""
    waiting = []
    # PySpark gives moments by the machine's own clock, unless they have none.
    moments = {name: kind for name, kind in rows.schema().items() if kind.is_timestamp()}
    columns = ", ".join(
        f"CAST(`{name}` AS TIMESTAMP_NTZ) AS `{name}`" if name in moments else f"`{name}`"
        for name in rows.columns
    )
    found = connection.raw_sql(f"SELECT {columns} FROM ({connection.compile(rows)})")
    for row in found.toLocalIterator(prefetchPartitions=True):
        waiting.append(row.asDict())
        if len(waiting) == size:
            yield pa.RecordBatch.from_pylist(waiting, schema)
            waiting = []
    if waiting:
        yield pa.RecordBatch.from_pylist(waiting, schema)


def keep(connection: ibis.BaseBackend, query: str, name: str) -> None:
    """Work a query out once, under a name.

    Spark's own cache is shared by all sessions, and would give an earlier opening's rows.
    """
    connection.raw_sql(query).localCheckpoint().createOrReplaceTempView(name)


def explain(error: Exception, path: Path) -> str:
    """One line from Spark's error; empty if it is none of Spark's."""
    if not type(error).__module__.startswith(("pyspark", "py4j")) and not isinstance(
        error, ConnectionError
    ):
        return ""
    line = gist(error)
    # Its parser and its analyser complain of the query; all else, of what is in the rows.
    asked = isinstance(error, AnalysisException)
    return f"{path}: Spark: {line if asked else without_values(line)}"


def gist(error: Exception) -> str:
    """The line of an error that says why, cut where Spark begins to explain itself."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by:")]
    if causes:
        lines = causes[-1:]
    elif len(lines) > 1 and lines[0].startswith("An error occurred while calling"):
        lines = lines[1:]
    first = lines[0] if lines else type(error).__name__
    first = re.sub(r"^(Caused by)?: ?[\w.$]+: ?", "", first)
    return first.split(" SQLSTATE")[0][:GIST]
