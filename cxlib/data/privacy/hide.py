"""A dataset without personal values: pseudonyms for ids and names, free text without finds.

What notebooks get is free of personal values, so that nothing they publish can hold one.
"""

from collections.abc import Container, Mapping
from dataclasses import replace

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
from pandera.ibis import DataFrameSchema

from cxlib.data.config import Config
from cxlib.data.contract import TEXT, TYPE_NAMES, schemas
from cxlib.data.dataset import Dataset
from cxlib.data.engines.base import OWN, RECURS, keep, keep_query, upload
from cxlib.data.hidden_filters import shown_scope
from cxlib.data.intake import Intake
from cxlib.data.privacy.masks import CANDIDATE, masked_text, shape_of
from cxlib.data.privacy.names import known_words, small_words, without_names
from cxlib.data.privacy.pseudonyms import (
    LENGTH,
    LENGTHS,
    PREFIX,
    PREFIXES,
    hidden_config,
    pseudonym,
    pseudonym_key,
    salt,
)
from cxlib.data.quarantine import OWNERS
from cxlib.errors import DataError

SCOPES = frozenset({"scope", "control_scope"})
# What somebody wrote, in which names may stand anywhere; and where names are known from.
WRITTEN = frozenset({("surveys", "verbatim")})
NAMED = (("accounts", "name"), ("accounts", "account_manager"), ("interactions", "agent_id"),
         ("followups", "owner"))  # fmt: skip
# So many letters of a pseudonym keep masked values of a category apart.
APART = 8
# Columns of free text that are masked at once.
AT_ONCE = 8


def personal_columns(config: Config, tables: Mapping[str, ir.Table]) -> dict[str, list[str]]:
    """The columns that hold ids or name persons, by table.

    Raises:
        DataError: A setting names a column that the dataset has not.
    """
    marked = _marked(config)
    found = {
        table: [name for name in rows.columns if name in marked[table]]
        for table, rows in tables.items()
    }
    for setting in ("personal", "public"):
        for place in getattr(config.privacy, setting):
            table, _, column = place.partition(".")
            if table in tables and column not in tables[table].columns:
                raise DataError(
                    f"dataset.toml: privacy.{setting}: there is no column {place}; "
                    f"known are: {', '.join(tables[table].columns)}"
                )
    return found


def personal_names(config: Config) -> frozenset[str]:
    """The names of all columns that hold ids or name persons, whichever tables there are."""
    return frozenset().union(*_marked(config).values())


def _marked(config: Config) -> dict[str, set[str]]:
    marked = {}
    for table, schema in schemas(config.scales).items():
        marked[table] = {
            name
            for name, column in schema.columns.items()
            if name in PREFIXES or column.metadata.get("personal")
        }
        marked[table] |= _named(config.privacy.personal, table)
        marked[table] -= _named(config.privacy.public, table)
    return marked


def _named(places: tuple[str, ...], table: str) -> set[str]:
    return {place.partition(".")[2] for place in places if place.partition(".")[0] == table}


def hide(data: Dataset) -> Dataset:
    """The dataset with pseudonyms for ids and personal texts, and free text without finds.

    The contract's numbers and dates of persons, such as a year of birth, stay: pages show them
    only of groups. An account's pseudonym stands for its name as well.

    Raises:
        DataError: There is no key, or a privacy setting is wrong.
    """
    key = pseudonym_key()
    personal = personal_columns(data.config, data.tables)
    hidden = {name for names in personal.values() for name in names}
    known = {name for rows in data.tables.values() for name in rows.columns}
    contract = schemas(data.config.scales)
    tables, names = {}, _known_names(data)
    for table, rows in data.tables.items():
        shown = _hidden(rows, contract[table], personal[table], key, names)
        scopes = SCOPES & set(contract[table].columns)
        shown = shown.mutate(**{name: _shown(shown[name], hidden, known, key) for name in scopes})
        tables[table] = keep(rows.get_backend(), shown, f"{OWN}hidden_{table}")
    return replace(
        data,
        tables=tables,
        contacts=tables.get("interactions"),
        intake=tuple(_as_texts(each, personal.get(each.table, ())) for each in data.intake),
        faults=_faults_without_values(data.faults, key),
        config=hidden_config(data.config, key),
        pseudonyms=frozenset(hidden),
    )


def _known_names(data: Dataset) -> frozenset[str]:
    """The words of names that the dataset itself tells, but for those that pages may show."""
    values = []
    for table, column in NAMED:
        there = table in data.tables and column in data.tables[table].columns
        if there and f"{table}.{column}" not in data.config.privacy.public:
            values += list(data.tables[table][column].as_table().distinct().execute()[column])
    return known_words(each for each in values if isinstance(each, str))


def _hidden(
    rows: ir.Table, schema: DataFrameSchema, personal: list[str], key: str, names: frozenset[str]
) -> ir.Table:
    """A table's rows with pseudonyms, and with names of finds in place of them."""
    own = [name for name in personal if name not in schema.columns]
    # A phone number that was read as a number is one all the same.
    hidden = [name for name in personal if name in own or rows[name].type() == TEXT]
    # An id by which rows are distinguished stays so.
    keys = {name for name, column in schema.columns.items() if column.unique}
    free = [
        name
        for name in rows.columns
        if rows[name].type() == TEXT and name not in {*hidden, *keys, *SCOPES}
    ]
    read, stacked = rows, 0
    for name in free:
        masked = _masked(rows, read, schema.name, name, key, names)
        stacked, rows = stacked + (masked is not rows), masked
        if stacked == AT_ONCE:
            # Masks of dozens of columns, one upon the other, are more than can be put into words.
            backend, part = rows.get_backend(), f"{OWN}masked_until_{schema.name}_{name}"
            stacked, rows = 0, keep_query(backend, backend.compile(rows), part, "VIEW")
    hiding = _in_engine if rows.get_backend().name == "duckdb" else _by_list
    return hiding(rows, schema.name, hidden, key)


def _masked(
    rows: ir.Table, read: ir.Table, table: str, name: str, key: str, names: frozenset[str]
) -> ir.Table:
    """The rows with what names a person masked in a column of texts; each text is looked at once.

    Texts are looked at in the rows as they were read, on which no other column's masks are stacked.
    Texts that recur are what a column counts, such as products: these stay apart.
    """
    texts = read.select(text=read[name]).distinct()
    if (table, name) in WRITTEN:
        every = texts.filter(texts.text.notnull()).text.execute()
        small = small_words(every)
        masks = ((text, without_names(masked_text(text), names, small)) for text in every)
    else:
        some = texts.filter(texts.text.re_search(CANDIDATE)).text.execute()
        masks = ((text, masked_text(text)) for text in some)
    shown = {text: found for text, found in masks if found != text}
    if not shown:
        return rows
    counts = read.aggregate(rows=read[name].count(), texts=read[name].nunique()).execute().iloc[0]
    if counts.rows >= RECURS * counts.texts:
        shown = {text: f"{found} {pseudonym(name, text, key)[:APART]}"
                 for text, found in shown.items()}  # fmt: skip
    pairs = {"_real": pa.array(list(shown), "string"), "_shown": pa.array(shown.values(), "string")}
    side = upload(rows.get_backend(), pa.table(pairs), f"{OWN}masked_{table}_{name}")
    joined = rows.left_join(side, rows[name] == side._real)
    return joined.mutate(**{name: ibis.coalesce(joined._shown, joined[name])}).select(rows.columns)


def _as_texts(intake: Intake, hidden: Container[str]) -> Intake:
    kinds = {
        name: TYPE_NAMES[TEXT] if name in hidden else kind
        for name, kind in intake.attributes.items()
    }
    return replace(intake, attributes=kinds)


def _in_engine(rows: ir.Table, table: str, names: list[str], key: str) -> ir.Table:
    """The rows with pseudonyms, made where the rows are."""
    return rows.mutate(**{name: _pseudonym(rows, table, name, key) for name in names})


def _pseudonym(rows: ir.Table, table: str, name: str, key: str) -> ir.StringValue:
    if table == "accounts" and name == "name":
        # An account is called by one pseudonym, not by two.
        called = _pseudonym(rows, table, "account_id", key)
        return rows[name].notnull().ifelse(called, ibis.null(TEXT))
    secret = ibis.literal(salt(name, key)) + rows[name].cast("string")
    length = LENGTHS.get(name, LENGTH)
    return ibis.literal(PREFIXES.get(name, PREFIX)) + secret.hexdigest("sha256").left(length)


def _by_list(rows: ir.Table, table: str, names: list[str], key: str) -> ir.Table:
    """The same for a warehouse, which gets a list of pseudonyms: its logs may keep what it is told.

    Ids of contacts and answers are too many for a list; what makes their pseudonyms, which no page
    shows, tells nothing of others.
    """
    columns = rows.columns
    for name in names:
        if name in LENGTHS:
            rows = rows.mutate(**{name: _pseudonym(rows, table, name, key)})
            continue
        source = "account_id" if table == "accounts" and name == "name" else name
        values = rows.select(_real=rows[source].cast("string")).distinct().execute()._real
        values = [str(each) for each in values.dropna()]
        shown = [pseudonym(source, each, key) for each in values]
        pairs = pa.table({"_real": pa.array(values, "string"), "_shown": pa.array(shown, "string")})
        side = upload(rows.get_backend(), pairs, f"{OWN}names_{table}_{name}")
        joined = rows.mutate(_text=rows[source].cast("string"))
        joined = joined.left_join(side, joined._text == side._real)
        shown = joined[name].notnull().ifelse(joined._shown, ibis.null(TEXT))
        rows = joined.mutate(**{f"_new_{name}": shown}).drop("_text", "_real", "_shown")
    rows = rows.drop(*(name for name in names if f"_new_{name}" in rows.columns))
    rows = rows.rename({name: f"_new_{name}" for name in names if f"_new_{name}" in rows.columns})
    return rows.select(columns)


def _shown(column: ir.StringValue, hidden: set[str], known: set[str], key: str) -> ir.StringValue:
    """A column of filters, such as a cycle's scope, with pseudonyms for the ids in them."""
    shown = column
    for text in column.as_table().distinct().execute().iloc[:, 0].dropna():
        said = shown_scope(text, hidden, known, key)
        if said != text:
            shown = (column == text).ifelse(said, shown)
    return shown


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
