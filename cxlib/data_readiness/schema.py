"""The columns of each table, left for the next quarter, which tells what has come and gone."""

import json
import os
from pathlib import Path

from cxlib.data import Dataset
from cxlib.page.table import OUTPUT_VARIABLE

FILE = "schema_passport.json"


def schema_of(data: Dataset) -> dict[str, dict[str, str]]:
    """The columns that the files brought, with their types, by table."""
    return {
        table: {name: str(rows[name].type()) for name in rows.columns}
        for table, rows in data.known_tables.items()
    }


def save_schema(data: Dataset) -> Path:
    """Leave the schema for the next quarter."""
    path = Path(os.environ.get(OUTPUT_VARIABLE, ".")) / "tables" / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schema_of(data), indent=2, sort_keys=True), encoding="utf-8")
    return path


def schema_changes(data: Dataset, before: str) -> list[tuple[str, str, str]]:
    """What has come, gone or changed its type since an earlier report: table, column, what.

    Args:
        data: The dataset.
        before: The folder of that report; empty if there is none.
    """
    path = Path(before) / "tables" / FILE
    if not before or not path.is_file():
        return []
    old, new = json.loads(path.read_text(encoding="utf-8")), schema_of(data)
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
