"""Sifting a raw table: good rows are used, the others are set apart with their reasons."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from pathlib import Path
from types import MappingProxyType

import ibis
import ibis.expr.types as ir
import pandas as pd
import pandera.ibis as pandera
import pyarrow as pa

from cxlib.data.casts import attribute_types, cast
from cxlib.data.contract import FLAG, NUMBER, TIME, TYPE_NAMES, kind_of, rule_of
from cxlib.data.dataset import EVENT
from cxlib.data.engines.base import OWN, ROW, is_on_disk, keep, upload
from cxlib.data.intake import Intake
from cxlib.data.marks import line_of
from cxlib.data.privacy.masks import shape_of
from cxlib.data.remedies import remedy
from cxlib.data.rules import (
    DUPLICATE,
    EMPTY,
    LINE,
    ORPHAN,
    UNREADABLE_FLAG,
    UNREADABLE_NUMBER,
    UNREADABLE_TIME,
    Rule,
)
from cxlib.data.source import RawTable
from cxlib.errors import DataError

IDS_AT_ONCE = 10_000_000
MOST_LOOKED_AT = 1_000  # values that a remedy is told from
# Whose row it is, where the row tells.
OWNERS = ["account_id", "customer_id"]
FAULT_COLUMNS = ["table", "file", "row", "column", "value", "kind", "rule", "at", "amount", *OWNERS]
# What a row is worth, where its table tells.
WORTH = MappingProxyType({"revenue": "amount"})
UNREADABLE = MappingProxyType(
    {TIME: UNREADABLE_TIME, NUMBER: UNREADABLE_NUMBER, FLAG: UNREADABLE_FLAG}
)


@dataclass(frozen=True)
class Sifted:
    """A table after the door: rows to use, the account of all rows, and each fault found.

    `faults` has a row per fault: table, file, row, column, value, the rule's kind and the rule in
    words, when the row came into being (`at`), its amount of money, and whose row it is.
    """

    rows: ir.Table
    intake: Intake
    faults: pd.DataFrame


def sift(
    raw: RawTable, schema: pandera.DataFrameSchema, parents: Mapping[str, ir.Table | None]
) -> Sifted:
    """Part a raw table into rows that keep the contract and rows that break it.

    The order matters: values are judged first, then whether ids are unique among the good rows,
    then whether what they refer to is among the rows used.

    Args:
        raw: The table as read.
        schema: Its contract.
        parents: The rows used of the tables that it may refer to; None where a dataset has none.

    Raises:
        DataError: A required column is absent, an id is stored as a fraction, or no row is good.
    """
    raw = _named_as_the_contract(raw, schema)
    _require_columns(raw, schema)
    connection = raw.rows.get_backend()
    attributes = attribute_types(raw.rows, schema)
    rows, faults = cast(raw.rows, schema, attributes), [raw.rejects]
    stages = [
        lambda rows: _value_rules(rows, raw.rows, schema),
        lambda rows: _unique_rules(rows, schema),
        lambda rows: _reference_rules(rows, schema, parents),
    ]
    good, clean = _probe(rows, stages[0](rows) + stages[2](rows), schema)
    read = good + len(raw.rejects)
    if not clean:
        rows = keep(connection, rows, f"{OWN}{schema.name}_typed")
    for stage in [] if clean else stages:
        if rules := stage(rows):
            rows, broken, found = _apply(rows, rules, raw.rows, schema.name)
            good -= broken
            faults.append(found)
    faults = pd.concat([each for each in faults if len(each)] or faults, ignore_index=True)
    faults = faults.assign(table=schema.name, file=raw.file.name)
    faults = faults.reindex(columns=FAULT_COLUMNS)
    if read == 0:
        raise DataError(f"{raw.file}: the table has no rows; add some, or remove the file")
    if good == 0:
        raise DataError(_nothing_good(raw.file, read, faults))
    columns = [*schema.columns, *attributes]
    rows = keep(connection, rows.select(columns), f"{OWN}{schema.name}")
    missing = tuple(name for name in schema.columns if name not in raw.rows.columns)
    kinds = {name: TYPE_NAMES[kind] for name, kind in attributes.items()}
    intake = Intake(schema.name, raw.file.name, read, good, read - good, missing, kinds)
    return Sifted(rows, intake, faults)


def _nothing_good(file: Path, read: int, faults: pd.DataFrame) -> str:
    """What is wrong with a table of which no row can be used: its commonest fault, and the fix."""
    groups = faults.groupby(["column", "kind", "rule"], dropna=False, sort=False)
    (column, kind, rule), rows = max(groups, key=lambda pair: len(pair[1]))
    # A line that is no row breaks a rule of no column.
    name = "" if pd.isna(column) else str(column)
    line = line_of(file, name) if name else 0
    values = rows.value.dropna()
    example = f", such as {shape_of(str(values.iloc[0]))!r}" if name and len(values) else ""
    fix = remedy(name, kind, values.head(MOST_LOOKED_AT).tolist()) if name else ""
    where = f"{file}, line {line}" if line else str(file)
    count = f"{len(rows)} row{'' if len(rows) == 1 else 's'}"
    said = f"{f'{name} {rule}'.strip()}{example} ({count})" + (f"; {fix}" if fix else "")
    return f"{where}: none of {read} rows can be used; the commonest fault: {said}"


def _probe(rows: ir.Table, rules: list[Rule], schema: pandera.DataFrameSchema) -> tuple[int, bool]:
    """How many rows there are, and whether all are sound: one pass, enough for most tables."""
    broken = reduce(or_, (each.broken.fill_null(False) for each in rules), ibis.literal(False))
    keys = [name for name, column in schema.columns.items() if column.unique]
    flagged = rows.mutate(_broken=broken)
    large = is_on_disk(rows.get_backend())
    counted = () if large else keys
    found = flagged.aggregate(
        rows=flagged.count(),
        broken=flagged._broken.cast("int32").sum().fill_null(0),
        **{f"ids {name}": flagged[name].nunique() for name in counted},
    ).execute()
    count = int(found["rows"].iloc[0])
    unique = all(int(found[f"ids {name}"].iloc[0]) == count for name in counted)
    sound = unique and not int(found["broken"].iloc[0])
    return count, sound and (not large or all(_twice(rows, name).empty for name in keys))


def _twice(rows: ir.Table, name: str) -> pd.DataFrame:
    """The ids that stand in several rows (`_id`), and the first row of each (`_first`).

    Where rows are more than memory should hold, so are their ids: they are looked at in parts.
    """
    parts = 1
    if is_on_disk(rows.get_backend()):
        parts += int(rows.count().execute()) // IDS_AT_ONCE
    found = []
    for part in range(parts):
        some = rows.filter(rows[name].hash().abs() % parts == part) if parts > 1 else rows
        groups = some.group_by(_id=some[name]).agg(_times=some.count(), _first=some[ROW].min())
        found.append(groups.filter(groups._times > 1).select("_id", "_first").execute())
    return pd.concat(found, ignore_index=True)


def _named_as_the_contract(raw: RawTable, schema: pandera.DataFrameSchema) -> RawTable:
    """The table with contract columns in the contract's own spelling: `Region` is `region`."""
    contract = {name.casefold(): name for name in schema.columns}
    folded = [name.casefold() for name in raw.rows.columns]
    twice = [name for name in raw.rows.columns if folded.count(name.casefold()) > 1]
    if twice:
        raise DataError(
            f"{raw.file}: {' and '.join(twice)} differ in capital letters alone; rename one"
        )
    spelled = {
        contract[name.casefold()]: name
        for name in raw.rows.columns
        if name.casefold() in contract and name not in schema.columns
    }
    return replace(raw, rows=raw.rows.rename(spelled)) if spelled else raw


def _require_columns(raw: RawTable, schema: pandera.DataFrameSchema) -> None:
    for name, column in schema.columns.items():
        if name not in raw.rows.columns:
            if column.required:
                have = ", ".join(each for each in raw.rows.columns if each != ROW)
                raise DataError(
                    f"{raw.file}: the column {name} is required and missing; it has: {have}"
                )
        elif column.metadata["unit"] == "id" and raw.rows[name].type().is_floating():
            raise DataError(
                f"{raw.file}: {name} is stored as a fractional number; ids are text "
                "(007 must stay 007), so write the column as text"
            )


# The three rounds of rules --------------------------------------------------------------------


def _value_rules(rows: ir.Table, raw: ir.Table, schema: pandera.DataFrameSchema) -> list[Rule]:
    rules = []
    for name, column in schema.columns.items():
        if name not in raw.columns:
            continue
        empty = rows[name].isnull()
        if f"_lost_{name}" in rows.columns:
            lost = rows[f"_lost_{name}"]
            kind = column.dtype.type
            words = f"must be readable as {TYPE_NAMES[kind]}"
            rules.append(Rule(name, UNREADABLE[kind], words, lost))
            empty = empty & ~lost
        if not column.nullable:
            rules.append(Rule(name, EMPTY, "must not be empty", empty))
        for check in column.checks:
            broken = ~check(rows, name).check_output
            rules.append(Rule(name, kind_of(check), rule_of(check), broken))
    for check in schema.checks:
        if check.name in raw.columns:
            broken = ~check(rows).check_output
            rules.append(Rule(check.name, kind_of(check), rule_of(check), broken))
    return rules


def _unique_rules(rows: ir.Table, schema: pandera.DataFrameSchema) -> list[Rule]:
    rules = []
    for name, column in schema.columns.items():
        # Of the few ids that stand twice, all rows but the first are copies.
        if column.unique and len(twice := _twice(rows, name)):
            table = pa.table({"_id": twice._id, "_first": twice._first.astype("int64")})
            twice = upload(rows.get_backend(), table, f"{OWN}{schema.name}_twice_{name}")
            copies = rows[name].isin(twice._id) & rows[ROW].notin(twice._first)
            rules.append(Rule(name, DUPLICATE, "must be unique (the first row is used)", copies))
    return rules


def _reference_rules(
    rows: ir.Table, schema: pandera.DataFrameSchema, parents: Mapping
) -> list[Rule]:
    rules = []
    for name, column in schema.columns.items():
        target = column.metadata.get("references")
        if target and parents.get(target) is not None:
            orphan = rows[name].notnull() & rows[name].notin(parents[target][name])
            rules.append(Rule(name, ORPHAN, f"must be among the rows used of {target}", orphan))
    return rules


def _apply(
    rows: ir.Table, rules: list[Rule], raw: ir.Table, table: str
) -> tuple[ir.Table, int, pd.DataFrame]:
    """Set apart the rows that break a rule: the rest, how many, and every rule each breaks."""
    flags = {f"_fault_{place}": rule.broken.fill_null(False) for place, rule in enumerate(rules)}
    flagged = rows.mutate(**flags)
    bad = reduce(or_, (flagged[flag] for flag in flags))
    event, worth = EVENT.get(table), WORTH.get(table)
    moment = flagged[event].cast("string") if event else ibis.null("string")
    amount = flagged[worth] if worth else ibis.null("float64")
    shown = flagged.filter(bad).select(ROW, *flags, _at=moment, _amount=amount).execute()
    if shown.empty:
        return rows, 0, pd.DataFrame(columns=FAULT_COLUMNS[2:])
    shown["_at"] = pd.to_datetime(shown["_at"], errors="coerce", format="ISO8601")
    # A faulty moment may be one that pandas cannot hold, such as infinity.
    texts = {
        name: raw[name].cast("string") for name in raw.columns if raw[name].type().is_temporal()
    }
    values = raw.mutate(**texts).semi_join(ibis.memtable(shown[[ROW]]), ROW).execute()
    shown = shown.merge(values, on=ROW).sort_values(ROW)
    found = [
        pd.DataFrame(
            {
                "row": shown.loc[shown[flag], ROW],
                "column": rule.column,
                "value": shown.loc[shown[flag], rule.column].astype("string"),
                "kind": rule.kind,
                "rule": rule.words,
                "at": shown.loc[shown[flag], "_at"],
                "amount": shown.loc[shown[flag], "_amount"].astype("float64"),
                **{
                    owner: shown.loc[shown[flag], owner].astype("string")
                    for owner in OWNERS
                    if owner in shown
                },
            }
        )
        for flag, rule in zip(flags, rules, strict=True)
        if shown[flag].any()
    ]
    good = flagged.filter(~bad).drop(*flags)
    return good, len(shown), pd.concat(found, ignore_index=True)


def set_apart(faults: pd.DataFrame) -> pd.DataFrame:
    """The rows set apart, each once with all its reasons: table, row, reason.

    Args:
        faults: As a dataset has them: a row per fault.
    """
    # A line that is no row has no number among the rows.
    whole = faults.kind == LINE
    reasons = (faults.column.astype("string").fillna("") + " " + faults.rule).where(
        ~whole, faults.rule
    )
    told = faults.assign(reason=reasons.str.strip(), whole=whole)
    grouped = told.groupby(["table", "row", "whole"], sort=False, dropna=False)
    return grouped.agg(reason=("reason", "; ".join)).reset_index()[["table", "row", "reason"]]
