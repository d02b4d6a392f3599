"""The columns of each table, left for the next quarter, which tells what has come and gone."""

import json
from pathlib import Path

from cxlib.data import Dataset
from cxlib.errors import DataError
from cxlib.page.carry import find, leave

FILE = "schema_passport.json"


def schema_of(data: Dataset) -> dict[str, dict[str, str]]:
    """The columns that the files brought, with their types, by table."""
    return {
        table: {name: str(rows[name].type()) for name in rows.columns}
        for table, rows in data.known_tables.items()
    }


def save_schema(data: Dataset) -> Path:
    """Leave the schema for the next quarter."""
    return leave(FILE, json.dumps(schema_of(data), indent=2, sort_keys=True))


def schema_changes(data: Dataset, before: str) -> list[tuple[str, str, str]]:
    """What has come, gone or changed its type since an earlier report: table, column, what.

    Args:
        data: The dataset.
        before: The folder of that report; empty if there is none.

    Raises:
        ArgumentError: There is no folder `before`.
        DataError: What the earlier report left cannot be read.
    """
    if (found := find(before, FILE, "list of columns")) is None:
        return []
    try:
        old = json.loads(found[1])
        pairs = {table: dict(columns.items()) for table, columns in old.items()}
    except (ValueError, AttributeError) as error:
        raise DataError(f"{found[0]}: no list of columns: {error}") from None
    old, new = pairs, schema_of(data)
    changes = []
    for table in sorted({*old, *new}):
        was, now = old.get(table, {}), new.get(table, {})
        if not now or not was:
            changes.append((table, "", "the table has gone" if was else "the table has come"))
            continue
        changes += [(table, name, f"{name} has gone") for name in was if name not in now]
        changes += [(table, name, f"{name} has come") for name in now if name not in was]
        changes += [
            (table, name, f"{name} was {was[name]}, and is {now[name]}")
            for name in was
            if name in now and was[name] != now[name]
        ]
    return changes
