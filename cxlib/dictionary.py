"""The documents that are generated from code: the data dictionary and the list of KPIs.

`python -m cxlib.dictionary` writes both; a test holds them in step.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path

from cxlib.data.config import SCALES, Config
from cxlib.data.contract import TYPE_NAMES, schemas
from cxlib.data.declared import OwnKpi
from cxlib.measure.kpis import KPIS

ROOT = Path(__file__).parents[1]

ROWS = {
    "accounts": "A row is a buying party.",
    "customers": "A row is a person. Contacts of whom nobody knows who it was get a customer each, "
    "such as `CASE customer_id WHEN '0' THEN 'unknown ' || call_id ELSE customer_id END`, here and "
    "in `interactions`, with `known` false here, and one account such as `unknown` for all: they "
    "count for waiting and handling, and for nothing that follows people.",
    "interactions": "A row is a contact; steps of one contact belong into one row.",
    "counts": "A row counts the contacts of a day (or month) and channel, where single contacts "
    "are not known. KPIs of contacts are measured from them where there is no table of contacts.",
    "surveys": "A row is one question put to a customer, with the answer if there was one.",
    "revenue": "A row is a booking, such as an order, an invoice or a refund. Purchases are "
    "counted by rows, so the lines of one order belong into one row.",
    "cycles": "A row is an improvement cycle.",
    "targets": "A row is the target of a KPI in a quarter.",
    "events": "A row is something that a customer did without making contact, such as a visit to "
    "the help pages.",
    "complaints": "A row is a complaint. One that goes on to an outside body or a small claims "
    "court is a row more.",
    "followups": "A row is a low score that somebody follows up.",
    "experience_map": "A row is what is known of a persona at a stage of its experience, from "
    "interviews, comments or observation. Pages show it as it is written: name no person.",
}


def data_dictionary() -> str:
    """The data dictionary, in Markdown."""
    parts = [_INTRODUCTION]
    for table, schema in schemas(SCALES).items():
        lines = [
            f"### {table}\n",
            f"{ROWS[table]}\n",
            "| column | type | unit | rules | meaning |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [_column(name, column) for name, column in schema.columns.items()]
        across = [f"`{check.name}` {check.error}" for check in schema.checks]
        if across:
            lines += ["", f"Across columns: {'; '.join(across)}."]
        parts.append("\n".join(lines))
    settings = [
        "## Settings in `dataset.toml`\n",
        "| setting | default | meaning |",
        "| --- | --- | --- |",
    ]
    settings += _settings(Config)
    parts.append("\n".join(settings))
    return "\n\n".join(parts) + "\n"


def kpi_list() -> str:
    """The KPI catalogue, in Markdown."""
    lines = [
        "# The KPI catalogue\n",
        "Generated from `cxlib/measure/kpis.py` by `make documents`. How intervals are made "
        "stands in [METHODS.md](../METHODS.md).\n",
        "| KPI | name | unit | better | kind | rows counted | needs | meaning |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {kpi.label} | `{kpi.name}` | {kpi.unit} | {kpi.better} | {kpi.kind} | {kpi.table} | "
        f"{', '.join(f'`{need}`' for need in kpi.needs)} | {kpi.meaning} |"
        for kpi in KPIS.values()
    ]
    return "\n".join(lines) + "\n"


def _column(name: str, column) -> str:
    target = column.metadata.get("references")
    rules = ["required" if column.required else ""]
    rules += ["unique" if column.unique else "", f"refers to {target}" if target else ""]
    rules += [check.error for check in column.checks if "finite" not in check.error]
    rules.append("personal" if column.metadata.get("personal") else "")
    written = "; ".join(rule for rule in rules if rule)
    unit = "" if column.metadata["unit"] == "id" else column.metadata["unit"]
    kind = "id (text)" if column.metadata["unit"] == "id" else TYPE_NAMES[column.dtype.type]
    return f"| `{name}` | {kind} | {unit} | {written} | {column.description} |"


def _settings(kind: type, prefix: str = "") -> list[str]:
    rows = []
    for each in fields(kind):
        if is_dataclass(each.type):
            rows += _settings(each.type, f"{prefix}{each.name}.")
            continue
        default = each.default if each.default_factory is MISSING else each.default_factory()
        meaning = each.metadata["meaning"]
        rows.append(f"| `{prefix}{each.name}` | {_written(default)} | {meaning} |")
        if each.name == "kpis":
            rows += _settings(OwnKpi, "kpis.NAME.")
    return rows


def _written(default) -> str:
    if default is MISSING or default is None or default == "" or default == {}:
        return "–"
    if isinstance(default, str | int | float):
        return f"`{default}`"
    pairs = default.items() if isinstance(default, Mapping) else ()
    return ", ".join(f"`{name} = {list(value)}`" for name, value in pairs) or "–"


_INTRODUCTION = """# Data dictionary

Generated from the contract (`cxlib/data/contract.py`) by `make documents`.

A dataset is a folder with a `dataset.toml` and, for each table below, the first found of
`TABLE.sql`, `TABLE.parquet` and `TABLE.csv`. All tables are optional: what a report cannot make
without one, it leaves out and says so. Of a table's columns, only those marked as required must
be there. Any further column is kept as an attribute: reports can be filtered by it and, where it
is one of accounts or customers, made for each of its values (`--by`). Numeric attributes of
interactions are candidates for drivers. A further column of texts that can all be read as numbers,
dates, or true or false is taken for these.

A row that breaks a rule is set apart ("quarantined") with its reason, never dropped in silence;
`cx check --dataset FOLDER` lists them. A row that refers to a row set apart is set apart as well.

- **CSV** is UTF-8, with commas between values and a line of column names. Times are written
  `2026-07-01` or `2026-07-01 09:30:00` (slashes, `T` and single digits will do), one with an
  offset (`…+02:00`) is turned into UTC; numbers as `12.5`, with a point and without thousands;
  true or false as such, or as yes and no, `t` and `f`, `y` and `n`, 1 and 0.
- **Ids** are text and stay text: `007` is not `7`. An id in a table to which the contract does
  not give it is not used: the account of a contact is the account of its customer.
- **Names** of columns may be in capitals; those that begin with an underscore are reserved.
- **SQL** is one SELECT that gives the table's columns. It names the raw files of the source
  folder without their endings: `FROM orders` reads `orders.csv`, `.tsv`, `.txt` or `.parquet`.
  The columns of a raw text file are all text there; cast what you calculate with.
  `examples/` shows mappings of real data. In PostgreSQL and Spark, SQL is the engine's own, over
  the tables that it has.

## Tables"""


if __name__ == "__main__":
    (ROOT / "data" / "README.md").write_text(data_dictionary(), encoding="utf-8")
    (ROOT / "docs" / "kpis.md").write_text(kpi_list(), encoding="utf-8")
