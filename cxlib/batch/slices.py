"""Slices of a dataset: one for each value of an account's or a customer's column."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cxlib.data import Dataset
from cxlib.data.filters import parse_filter, unknown_column
from cxlib.errors import ArgumentError

# Under so few, intervals say next to nothing, and a reader may know the customers by name.
LEAST = 30


@dataclass(frozen=True)
class Slices:
    """The values of a column.

    Attributes:
        column: Its name.
        parts: For each value to report, its part of the dataset.
        too_few: Values with too few customers to report, and how many they have.
        without: How many customers have no value.
        counted: What was counted: customers or, where there are none, accounts.
        least: How many of them are enough.
    """

    column: str
    parts: Mapping[str, Dataset]
    too_few: Mapping[str, int]
    without: int
    counted: str
    least: int = LEAST


def find_slices(data: Dataset, column: str, where: str = "") -> Slices:
    """The slices of a dataset by a column.

    Args:
        data: The dataset as of a quarter.
        column: Of its customers, or of their accounts.
        where: A filter that holds for every slice as well.

    Raises:
        ArgumentError: There is no such column, it does not hold texts, numbers or flags, or no
            value has enough customers.
    """
    table = next((each for each in ("customers", "accounts") if data.has(each)), None)
    known = data.columns_of(table) if table else {}
    if column not in known:
        raise unknown_column(column, known)
    rows = data.filtered(where).rows(table, column)
    counts = rows.group_by(column).agg(_rows=rows.count()).execute()
    counts = counts.sort_values(column, ignore_index=True)
    without = int(counts[counts[column].isna()]["_rows"].sum())
    counts = counts[counts[column].notna()]
    parts, too_few = {}, {}
    for value, count in zip(counts[column], counts["_rows"], strict=True):
        condition = f"{_identifier(column)} = {_literal(value, column)}"
        if count < LEAST:
            too_few[_text(value)] = int(count)
        else:
            both = f"({where}) AND {condition}" if where else condition
            parts[_text(value)] = data.filtered(both)
    if not parts:
        raise ArgumentError(
            f"--by {column}: none of its {len(too_few)} values has {LEAST} {table} or more"
        )
    return Slices(column, parts, too_few, without, table)


def folder_names(values: Sequence[str]) -> dict[str, str]:
    """A folder's name for each value, safe on every file system, and different from the others'.

    Examples:
        >>> folder_names(["EMEA", "North America"])
        {'EMEA': 'EMEA', 'North America': 'North-America'}
        >>> len(set(folder_names(["a/b", "a:b", "A b", "..", ""]).values()))
        5
    """
    plain = {value: re.sub(r"[^A-Za-z0-9_]+", "-", value).strip("-") for value in values}
    taken = [name.casefold() for name in plain.values()]
    return {
        value: name
        if name and taken.count(name.casefold()) == 1
        else f"{name}-{hashlib.sha256(value.encode()).hexdigest()[:6]}".lstrip("-")
        for value, name in plain.items()
    }


def _identifier(column: str) -> str:
    """A column as filters write it: in quotes only where it would be read as something else."""
    try:
        parse_filter(f"{column} = 1")
    except ArgumentError:
        return '"' + column.replace('"', '""') + '"'
    return column


def _text(value) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _literal(value, column: str) -> str:
    """A value as filters write it."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if pd.api.types.is_bool(value):
        return str(bool(value)).lower()
    if pd.api.types.is_number(value):
        return _text(float(value))
    raise ArgumentError(f"--by {column}: must hold texts, numbers or flags, not dates")
