"""Slices of a dataset: one for each value of an account's or a customer's column."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import ibis
import pandas as pd

from cxlib.data import Dataset
from cxlib.data.expressions import unknown_column
from cxlib.data.filters import parse_filter
from cxlib.errors import ArgumentError

# Under so few, intervals say next to nothing, and a reader may know the customers by name.
LEAST = 30
# A folder's name; and names that stand for devices on some systems.
LONGEST = 60
DEVICES = re.compile(r"(?i)con|prn|aux|nul|com\d|lpt\d")
# Whoever has made contact, answered or booked is there; an address alone says nothing.
ACTIVE: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "customers": ("customer_id", ("interactions", "surveys")),
    "accounts": ("account_id", ("revenue",)),
}
# Where nobody is known, each contact is somebody else's: they can be parted by what they are.
OF_CONTACTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "interactions": ("customer_id", ("interactions",)),
}


@dataclass(frozen=True)
class Slices:
    """The values of a column.

    Attributes:
        column: Its name.
        parts: For each value to report, its part of the dataset.
        too_few: Values with too few active customers to report; with them the smallest of the
            others, where it would give them away.
        rare: How many more values there are, of so few customers that they are not named.
        silent: Values of which nobody was active.
        without: How many customers have no value.
        counted: What was counted: customers or, where there are none, accounts.
        least: How many of them are enough.
    """

    column: str
    parts: Mapping[str, Dataset]
    too_few: tuple[str, ...]
    rare: int
    silent: tuple[str, ...]
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
    table = _table_of(data, column)
    every = _counts(data.filtered(where), table, column)
    # Who has no value is in none of the slices, and in the whole.
    nameless = int(every[every.index.isna()].sum())
    counts = every[every.index.notna()]
    active = {_text(value): int(count) for value, count in counts.items()}
    parts, too_few = {}, {}
    for value, count in counts.items():
        condition = f"{_identifier(column)} = {_literal(value, column)}"
        if count >= LEAST:
            both = f"({where}) AND {condition}" if where else condition
            parts[_text(value)] = data.filtered(both)
        elif count:
            too_few[_text(value)] = int(count)
    smallest = data.config.privacy.smallest_group
    if parts and 0 < sum(too_few.values()) + nameless < smallest:
        # Whoever takes all other slices from the whole would have these few.
        nearest = min(parts, key=lambda each: (active[each], each))
        too_few[nearest] = active[nearest]
        del parts[nearest]
        if not parts:
            raise ArgumentError(
                f"--by {column}: beside its one slice so few {table} are left that it would give "
                "them away"
            )
    if not parts:
        raise ArgumentError(
            f"--by {column}: none of its {len(counts)} values has {LEAST} active {table} or more"
        )
    own = {_text(value): value for value in counts.index}
    published = tuple(own[value] for value in parts)
    parts = {
        value: replace(part, slice=(column, own[value], published)) for value, part in parts.items()
    }
    values = (
        data.rows(table, column).group_by(column).agg(_rows=lambda rows: rows.count()).execute()
    )
    silent = sorted({_text(each) for each in values[column].dropna()} - {*parts, *too_few})
    without = int(values[values[column].isna()]["_rows"].sum())
    # A value that so few have may itself tell who they are.
    named = tuple(sorted(value for value, count in too_few.items() if count >= smallest))
    rare = len(too_few) - len(named)
    return Slices(column, parts, named, rare, tuple(silent), without, table)


def _table_of(data: Dataset, column: str) -> str:
    """Whether customers or accounts are counted; refuses a column that they have not."""
    tables = [each for each in ACTIVE if data.has(each)]
    # Accounts that only buy are counted where nobody makes contact or answers.
    seen = [each for each in tables if any(data.has(event) for event in ACTIVE[each][1])]
    table = next(iter(seen or tables), None)
    known = data.columns_of(table) if table else {}
    if column in known:
        return table
    if not _anybody_known(data):
        contacts = [each for each in (*OF_CONTACTS, "counts") if data.has(each, column)]
        if contacts:
            return contacts[0]
    if any(column in data.columns_of(each) for each in data.tables):
        raise ArgumentError(
            f"--by {column}: slices are made by what customers or accounts are "
            f"({', '.join(sorted(known))}); for a column of contacts, answers or bookings use "
            "--where"
        )
    raise unknown_column(column, known)


def _anybody_known(data: Dataset) -> bool:
    """Whether any customer is known, so that the same one may be in several slices of contacts."""
    if not data.has("customers"):
        return False
    if not data.has("customers", "known"):
        return True
    return bool(data.tables["customers"].known.fill_null(True).any().execute())


def _counts(data: Dataset, table: str, column: str) -> pd.Series:
    """For each value, how many customers have made contact or answered, or accounts have booked.

    Those without a value are counted as well.
    """
    if table == "counts":
        rows = data.rows(table, column)
        counts = rows.group_by(value=rows[column]).agg(count=rows.offered.sum().cast("int64"))
        return counts.execute().sort_values("value").set_index("value")["count"]
    key, events = (ACTIVE | OF_CONTACTS)[table]
    seen = [
        data.rows(name, column, key).select(key=key, value=column)
        for name in events
        if data.has(name, column, key)
    ]
    if not seen:
        raise ArgumentError(f"--by {column}: no {' or '.join(events)} that have it")
    active = ibis.union(*seen, distinct=True)
    counts = active.group_by("value").agg(count=active.key.nunique()).execute()
    return counts.sort_values("value").set_index("value")["count"]


def folder_names(values: Sequence[str]) -> dict[str, str]:
    """A folder's name for each value, safe on every file system, and different from the others'.

    Examples:
        >>> folder_names(["EMEA", "North America"])
        {'EMEA': 'EMEA', 'North America': 'North-America'}
        >>> len(set(folder_names(["a/b", "a:b", "A b", "..", ""]).values()))
        5
        >>> folder_names(["nul"]), len(folder_names(["x" * 300])["x" * 300])
        ({'nul': 'nul-99e624'}, 67)
    """
    plain = {value: re.sub(r"[^A-Za-z0-9_]+", "-", value).strip("-") for value in values}
    taken = [name.casefold() for name in plain.values()]

    def folder(value: str, name: str) -> str:
        alone = taken.count(name.casefold()) == 1
        if name and alone and len(name) <= LONGEST and not DEVICES.fullmatch(name):
            return name
        digest = hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()[:6]
        return f"{name[:LONGEST]}-{digest}".lstrip("-")

    return {value: folder(value, name) for value, name in plain.items()}


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
