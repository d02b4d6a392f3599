"""A validated dataset, kept for the notebooks of a run: judged once, read by each of them.

A run keeps the dataset as of its quarter, with its settings, and for each slice only the tables
that the slice's filter has changed. A notebook that runs by itself has no snapshot, and opens the
files.
"""

import os
import pickle
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from types import MappingProxyType

import duckdb
import ibis
import pyarrow as pa

from cxlib.data.dataset import Dataset
from cxlib.data.engines.base import explained, gist, is_warehouse, open_duckdb, stream
from cxlib.data.engines.sql import quoted
from cxlib.errors import DataError

VARIABLE = "CX_SNAPSHOT"
WHOLE, SLICE = "whole", "slice"
# Where a run's notebooks keep results for one another, and by what name a dataset knows the place.
RESULTS = "results"
ABOUT = "about.pickle"  # written and read within one run, by one program
IN_ENGINE = ("tables", "contacts", "base")


def keep(dataset: Dataset, folder: Path) -> None:
    """Keep a dataset as of its quarter, unfiltered, in an empty folder."""
    folder.mkdir(parents=True)
    _write(dataset, dataset.tables, folder / f"{WHOLE}.duckdb")
    _describe(dataset, dataset, dict.fromkeys(dataset.tables, WHOLE), folder, folder)


def keep_slice(part: Dataset, whole: Dataset, base: Path, folder: Path) -> None:
    """Keep what a filter has changed, beside the whole that was kept in `base`."""
    folder.mkdir(parents=True)
    changed = {
        name: rows for name, rows in part.tables.items() if rows is not whole.tables.get(name)
    }
    _write(part, changed, folder / f"{SLICE}.duckdb")
    places = {name: SLICE if name in changed else WHOLE for name in part.tables}
    _describe(part, whole, places, base, folder)


def load(folder: Path, quarter: str | None, where: str) -> Dataset | None:
    """The dataset that this run has kept for a notebook; None if it has kept no such one."""
    place = os.environ.get(VARIABLE)
    if not place:
        return None
    about = pickle.loads((Path(place) / ABOUT).read_bytes())
    if about["asked"] != (folder, quarter, where):
        return None
    connection = open_duckdb()
    # Sums of fractions depend on the order of their terms; a single thread always keeps it.
    connection.raw_sql("SET threads = 1")
    for name, file in about["files"].items():
        connection.raw_sql(f"ATTACH {quoted(file)} AS {name} (READ_ONLY)")
    tables = {
        name: connection.table(name, database=(at, "main")) for name, at in about["places"].items()
    }
    contacts = None
    if about["contacts"]:
        contacts = connection.table("interactions", database=(WHOLE, "main"))
    # A notebook that could put other rows in their place would spoil what the others are given.
    tables = MappingProxyType(tables)
    data = Dataset(tables=tables, contacts=contacts, **about["plain"])
    if data.filters:
        whole = {name: connection.table(name, database=(WHOLE, "main")) for name in about["whole"]}
        base = replace(data, tables=whole, where="", filters=(), slice=None, unfiltered=frozenset())
        data = replace(data, base=base)
    data.kept[RESULTS] = Path(place) / RESULTS
    return data


class Pickler(pickle.Pickler):
    """A pickler that knows mappings which cannot be changed, of which settings consist."""

    def reducer_override(self, each: object) -> object:
        """How an object is pickled that pickle does not know."""
        if isinstance(each, MappingProxyType):
            return _frozen, (dict(each),)
        return NotImplemented


def _frozen(items: dict) -> Mapping:
    return MappingProxyType(items)


def in_run() -> bool:
    """Whether a notebook of a run is asking, whose output will be published."""
    return bool(os.environ.get(VARIABLE))


def land(dataset: Dataset, file: Path) -> Dataset:
    """A warehouse's rows used, brought over once into a file; the dataset that reads them there.

    They travel in batches, so that memory need not hold them.

    Raises:
        DataError: The connection was lost on the way, or the disk is full.
    """
    if not is_warehouse(dataset.config):
        return dataset
    connection = open_duckdb()
    try:
        connection.raw_sql(f"ATTACH {quoted(file)} AS landed")
    except duckdb.Error as error:
        raise DataError(f"{file}: {gist(error)}") from None
    with explained(dataset.config, dataset.folder / "dataset.toml"):
        for name, rows in dataset.tables.items():
            _land_table(connection, name, stream(rows), file)
    tables = {name: connection.table(name, database=("landed", "main")) for name in dataset.tables}
    return replace(dataset, tables=tables, contacts=tables.get("interactions"))


def _land_table(connection, name: str, reader: pa.RecordBatchReader, file: Path) -> None:
    failures = []

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            yield from reader
        except Exception as error:
            failures.append(error)
            raise

    connection.con.register("batches", pa.RecordBatchReader.from_batches(reader.schema, batches()))
    try:
        connection.raw_sql(f"CREATE TABLE landed.main.{name} AS SELECT * FROM batches")
    except duckdb.Error as error:
        # DuckDB hides the server's error in one of its own.
        raise failures[0] if failures else DataError(f"{file}: {gist(error)}") from None
    connection.con.unregister("batches")


def _write(dataset: Dataset, tables: Mapping, file: Path) -> None:
    connection = next(iter(dataset.tables.values())).get_backend()
    try:
        connection.raw_sql(f"ATTACH {quoted(file)} AS kept")
        for name, rows in tables.items():
            connection.raw_sql(f"CREATE TABLE kept.main.{name} AS {ibis.to_sql(rows)}")
        connection.raw_sql("DETACH kept")
    except duckdb.Error as error:
        raise DataError(f"{file}: {gist(error)}") from None


def _describe(
    dataset: Dataset, whole: Dataset, places: Mapping[str, str], base: Path, folder: Path
) -> None:
    plain = replace(dataset, tables={}, contacts=None, base=None)
    files = {WHOLE: base / f"{WHOLE}.duckdb"}
    if folder != base:
        files[SLICE] = folder / f"{SLICE}.duckdb"
    about = {
        "asked": (dataset.folder, str(dataset.quarter), dataset.where),
        "plain": {
            each.name: getattr(plain, each.name)
            for each in fields(plain)
            if each.init and each.name not in IN_ENGINE
        },
        "places": dict(places),
        "whole": list(whole.tables),
        "contacts": dataset.contacts is not None,
        "files": files,
    }
    with (folder / ABOUT).open("wb") as file:
        Pickler(file).dump(about)
