"""A dataset without personal values: pseudonyms for ids and names, free text without finds.

What notebooks get is free of personal values, so that nothing they publish can hold one.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import ibis
import ibis.expr.types as ir
import pandas as pd

from cxlib.data.config import Config
from cxlib.data.contract import TEXT, schemas
from cxlib.data.dataset import Dataset
from cxlib.data.engine import OWN, first_group, keep
from cxlib.data.filters import columns_of, parse_filter
from cxlib.data.pseudonyms import (
    LENGTH,
    LENGTHS,
    PREFIX,
    PREFIXES,
    hidden_config,
    pseudonym,
    pseudonym_key,
    rewrite,
    shape_of,
)
from cxlib.data.quarantine import OWNERS
from cxlib.errors import ArgumentError, DataError

SCOPES = frozenset({"scope", "control_scope"})
# What is searched for in texts. Without look-around, which engines do not share: what stands
# before a find is kept as \1.
_START = r"(^|[^0-9A-Za-z+])"
FINDS: Mapping[str, str] = MappingProxyType(
    {
        "e-mail address": r"()[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*[.][A-Za-z]{2,}",
        "account number": _START + r"[A-Z]{2}[0-9]{2}( ?[A-Z0-9]{4}){3,7}( ?[A-Z0-9]{1,3})?",
        "card number": _START + r"[3-6]([ -]?[0-9]){12,18}",
        "national number": _START
        + r"([0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{3}[.][0-9]{3}[.][0-9]{3}-[0-9]{2}"
        r"|[A-CEGHJ-PR-TW-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]"
        r"|[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][0-9]{3}[A-Z]|[XYZ0-9][0-9]{7}-?[A-Z])",
        "phone number": r"(^|[^0-9A-Za-z])"
        r"([+][0-9]{1,3}([ ./()-]*[0-9]){7,12}|[(]?0[0-9]{1,4}[)]?[ ./-]?[0-9]([ ./-]?[0-9]){5,8}"
        r"|[(]?[2-9][0-9]{2}[)]?[ .-][0-9]{3}[ .-][0-9]{4})",
    }
)


def personal_columns(config: Config, tables: Mapping[str, ir.Table]) -> dict[str, list[str]]:
    """The columns that hold ids or name persons, by table.

    Raises:
        DataError: A setting names a column that the dataset has not.
    """
    contract = schemas(config.scales)
    found = {}
    for table, rows in tables.items():
        marked = {
            name
            for name, column in contract[table].columns.items()
            if name in PREFIXES or column.metadata.get("personal")
        }
        marked |= _named(config.privacy.personal, table)
        marked -= _named(config.privacy.public, table)
        found[table] = [name for name in rows.columns if name in marked]
    for setting in ("personal", "public"):
        for place in getattr(config.privacy, setting):
            table, _, column = place.partition(".")
            if table in tables and column not in tables[table].columns:
                raise DataError(
                    f"dataset.toml: privacy.{setting}: there is no column {place}; "
                    f"known are: {', '.join(tables[table].columns)}"
                )
    return found


def _named(places: tuple[str, ...], table: str) -> set[str]:
    return {place.partition(".")[2] for place in places if place.partition(".")[0] == table}


def hide(data: Dataset) -> Dataset:
    """The dataset with pseudonyms for ids and personal texts, and free text without finds.

    Numbers and dates of persons, such as a year of birth, stay: pages show them only of groups.
    An account's pseudonym stands for its name as well.

    Raises:
        DataError: There is no key, or a privacy setting is wrong.
    """
    key = pseudonym_key()
    personal = personal_columns(data.config, data.tables)
    tables = {}
    hidden = {name for names in personal.values() for name in names}
    for table, rows in data.tables.items():
        changed = {
            name: _hidden(rows, name, key) for name in personal[table] if rows[name].type() == TEXT
        }
        free = [name for name in rows.columns if rows[name].type() == TEXT and name not in changed]
        before = first_group(rows.get_backend())
        changed |= {name: _masked(rows[name], before) for name in _with_finds(rows, free)}
        for name in SCOPES & set(free) if table in ("cycles", "targets") else ():
            changed[name] = _rewritten(rows[name], changed.get(name, rows[name]), hidden, key)
        tables[table] = rows
        if changed:
            connection = rows.get_backend()
            tables[table] = keep(connection, rows.mutate(**changed), f"{OWN}hidden_{table}")
    return replace(
        data,
        tables=tables,
        contacts=tables.get("interactions"),
        faults=_faults_without_values(data.faults, key),
        config=hidden_config(data.config, key),
        pseudonyms=frozenset(hidden),
    )


def _hidden(rows: ir.Table, name: str, key: str) -> ir.StringValue:
    if name == "name" and "account_id" in rows.columns:
        # An account is called by one pseudonym, not by two.
        return rows[name].notnull().ifelse(_hidden(rows, "account_id", key), ibis.null(TEXT))
    secret = ibis.literal(f"{key}:{name}:") + rows[name]
    length = LENGTHS.get(name, LENGTH)
    return ibis.literal(PREFIXES.get(name, PREFIX)) + secret.hexdigest("sha256").left(length)


def _rewritten(
    given: ir.StringValue, column: ir.StringValue, hidden: set[str], key: str
) -> ir.StringValue:
    """A column of filters, such as a cycle's scope, with pseudonyms for the ids in them."""
    for text in given.as_table().distinct().execute().iloc[:, 0].dropna():
        try:
            conditions = [rewrite(each, hidden, key) for each in parse_filter(text)]
        except ArgumentError:
            continue  # what is wrong with it is said where the filter is used
        if any(hidden & columns_of(each) for each in conditions):
            said = " AND ".join(f"({each.sql()})" for each in conditions)
            column = (given == text).ifelse(said, column)
    return column


def _with_finds(rows: ir.Table, names: list[str]) -> list[str]:
    """The columns in which something names a person; each text is looked at once."""
    if not names:
        return []
    anything = "|".join(f"({pattern})" for pattern in FINDS.values())
    found = []
    for name in names:
        texts = rows.select(text=rows[name]).distinct()
        if texts.aggregate(some=texts.text.re_search(anything).any()).execute().some.iloc[0]:
            found.append(name)
    return found


def _masked(column: ir.StringValue, before: str) -> ir.StringValue:
    for what, pattern in FINDS.items():
        column = column.re_replace(pattern, f"{before}[{what}]")
    return column


def _faults_without_values(faults: pd.DataFrame, key: str) -> pd.DataFrame:
    # A value in the wrong column may be anybody's: an e-mail address where a number should be.
    shapes = faults.value.map(lambda text: text if pd.isna(text) else shape_of(str(text)))
    owners = {
        name: faults[name].map(
            lambda each, name=name: each if pd.isna(each) else pseudonym(name, each, key)
        )
        for name in OWNERS
    }
    return faults.assign(value=shapes.astype(faults.value.dtype), **owners)


def real_ids(data: Dataset, column: str) -> pd.Series:
    """The ids of a table's rows as they are, by their pseudonyms.

    Args:
        data: A dataset with its real ids.
        column: `account_id` or `customer_id`.
    """
    table = f"{column.removesuffix('_id')}s"
    if table not in data.tables:
        return pd.Series(dtype="str")
    key, ids = pseudonym_key(), data.tables[table][column].execute()
    return pd.Series(list(ids), [pseudonym(column, each, key) for each in ids], dtype="str")
