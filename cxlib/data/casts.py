"""Columns in the contract's types: what of a text is a number, a time, true or false.

Which texts can be read is said here and not left to the engine, so that a dataset means the same
in all of them.
"""

from collections.abc import Mapping
from datetime import datetime

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pandera.ibis as pa

from cxlib.data.contract import FLAG, MOST, NUMBER, TEXT, TIME
from cxlib.data.engines.base import ROW
from cxlib.errors import DataError

KEYS = ("account_id", "customer_id", "interaction_id", "response_id", "cycle_id")
# Infinities are numbers to engines; the contract's rules then refuse them by that name.
NUMBER_TEXT = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?(inf|infinity)$"
# What else can be read in one way only: (100.50), 100.50-, a minus of its own, and blanks or
# apostrophes between thousands.
MINUS = "[−–]"  # as people type it, beside the hyphen
BRACKETED, TRAILING = r"^[(](.*)[)]$", r"^([0-9.]+)-$"
GROUPS = "[ '’\u00a0\u2009\u202f]"
GROUPED = f"^[+-]?[0-9]{{1,3}}({GROUPS}[0-9]{{3}})+([.][0-9]*)?$"
# Durations: 26:10:03, PT5M30S, 1h 5m 20s.
CLOCKED = r"^([0-9]+):([0-5][0-9]):([0-5][0-9](?:[.][0-9]+)?)$"
SPELLED = (
    r"^(?:pt)?(?:([0-9]+) ?h(?:ours?|rs?)?)?,? ?(?:([0-9]+) ?m(?:in(?:ute)?s?)?)?,? ?"
    r"(?:([0-9]+(?:[.][0-9]+)?) ?s(?:ec(?:ond)?s?)?)?$"
)
TIME_TEXT = (
    r"^[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}"
    r"([T ]([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?"
    r" ?(Z|UTC|GMT|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)?)?$"
)
ZONE = r" ?(UTC|GMT)$"  # written out, which is Z
# What engines read each in their own way: an offset after minutes, and more than microseconds.
NO_SECONDS = r"^([^:]+:[0-9]{2})(Z|[+-].+)$"
TOO_FINE = r"([.][0-9]{6})[0-9]+"
# A moment of an attribute outside these years is none that Python knows.
YEARS = (1, 9_999)
# An engine takes more than twice as long to plan a question about twice as many columns.
COLUMNS_AT_ONCE = 32
TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


def cast(rows: ir.Table, schema: pa.DataFrameSchema, attributes: Mapping) -> ir.Table:
    """The table in the contract's types; `_lost_NAME` tells where a value could not be read."""
    kinds = {name: column.dtype.type for name, column in schema.columns.items()} | attributes
    columns, lost = {}, {}
    for name, kind in kinds.items():
        if name not in rows.columns:
            columns[name] = ibis.null(kind)
            continue
        seconds = name in schema.columns and schema.columns[name].metadata["unit"] == "seconds"
        columns[name] = _as(rows[name], kind, seconds)
        if name in attributes and kind == TIME:
            first, last = (datetime(year, 1, 1) for year in YEARS)
            known = columns[name].between(ibis.timestamp(first), ibis.timestamp(last))
            columns[name] = known.ifelse(columns[name], ibis.null(TIME))
        if name in attributes and kind == NUMBER:
            # One divided by nothing is no number to reckon with.
            columns[name] = (columns[name].abs() <= MOST).ifelse(columns[name], ibis.null(NUMBER))
        if name in schema.columns and kind not in (TEXT, rows[name].type()):
            lost[f"_lost_{name}"] = _given(rows[name]) & columns[name].isnull()
    return rows.select(ROW, **columns, **lost)


def _given(column: ir.Value) -> ir.BooleanValue:
    if column.type().is_string():
        return (column.strip() != "").fill_null(False)
    return column.notnull()


def _as(column: ir.Value, kind: dt.DataType, seconds: bool = False) -> ir.Value:
    if column.type().is_string():
        # A space around an id would make it another id.
        text = column.strip().nullif("")
        return _number(text, seconds) if kind == NUMBER else _read(text, kind)
    if kind == TEXT:
        return column.cast(TEXT)
    if column.type() == kind:
        return column
    if column.type().is_numeric() and kind == FLAG:
        return column.isin([0, 1]).ifelse(column == 1, ibis.null(FLAG))
    if column.type().is_numeric() and kind == TIME:
        return ibis.null(TIME)
    return column.try_cast(kind)


def _read(text: ir.StringValue, kind: dt.DataType) -> ir.Value:
    """What a text says; null where it cannot be read as this kind."""
    if kind == NUMBER:
        return _fits(text.lower(), NUMBER_TEXT).try_cast(NUMBER)
    if kind == TIME:
        sign = "$" if text.get_backend().name == "pyspark" else "\\"
        moment = _fits(text, TIME_TEXT).replace("/", "-")
        moment = moment.re_replace(ZONE, "Z").re_replace(" ([+-])", f"{sign}1")
        moment = moment.re_replace(NO_SECONDS, f"{sign}1:00{sign}2")
        moment = moment.re_replace(TOO_FINE, f"{sign}1")
        return moment.try_cast(dt.Timestamp(timezone="UTC")).cast(TIME)
    if kind == FLAG:
        word = text.lower()
        return word.isin(TRUE + FALSE).ifelse(word.isin(TRUE), ibis.null(FLAG))
    return text


def _number(text: ir.StringValue, seconds: bool) -> ir.Value:
    """The number that a text of the contract says, or how many seconds."""
    plain = _read(text, NUMBER)
    bare = text.re_replace(MINUS, "-")
    bracketed = bare.re_search(BRACKETED)
    bare = bracketed.ifelse("-" + bare.re_extract(BRACKETED, 1), bare)
    bare = bare.re_search(TRAILING).ifelse("-" + bare.re_extract(TRAILING, 1), bare)
    bare = bare.re_search(GROUPED).ifelse(bare.re_replace(GROUPS, ""), bare)
    other = _read(bare, NUMBER)
    if seconds:
        other = ibis.coalesce(other, _seconds(text))
    # Nearly all numbers are plain.
    return plain.notnull().ifelse(plain, other)


def _seconds(text: ir.StringValue) -> ir.Value:
    """How long a duration is that cannot be read in two ways, as 05:10 can."""
    word = text.lower()
    clock = _unit(word, CLOCKED, 1) * 3600 + _unit(word, CLOCKED, 2) * 60 + _unit(word, CLOCKED, 3)
    spelled = _unit(word, SPELLED, 1) * 3600 + _unit(word, SPELLED, 2) * 60
    spelled = spelled + _unit(word, SPELLED, 3)
    said = word.re_search(SPELLED) & word.re_search("[0-9]")
    nothing = ibis.null(NUMBER)
    return word.re_search(CLOCKED).ifelse(clock, said.ifelse(spelled, nothing))


def _unit(text: ir.StringValue, pattern: str, group: int) -> ir.Value:
    return text.re_extract(pattern, group).nullif("").try_cast(NUMBER).fill_null(0)


def _fits(text: ir.StringValue, pattern: str) -> ir.StringValue:
    return text.re_search(pattern).ifelse(text, ibis.null(TEXT))


def attribute_types(rows: ir.Table, schema: pa.DataFrameSchema) -> dict[str, dt.DataType]:
    """The types of columns that the contract does not name.

    Text becomes numbers, flags or times only if every value can be read so, and no number begins
    with a needless zero, as codes do.
    """
    names = [
        name
        for name in rows.columns
        # An id that the contract gives to another table: the account of a contact is that of
        # its customer, and may not be contradicted here.
        if name not in schema.columns and name != ROW and name not in KEYS
    ]
    reserved = [name for name in names if name.startswith("_")]
    if reserved:
        raise DataError(
            f"{schema.name}: the column {reserved[0]} begins with an underscore, which is "
            "reserved; rename it"
        )
    texts = [name for name in names if rows[name].type().is_string()]
    found = {}
    for start in range(0, len(texts), COLUMNS_AT_ONCE):
        fits = _fits_of(rows, texts[start : start + COLUMNS_AT_ONCE])
        found |= rows.aggregate(**fits).execute().iloc[0].to_dict()
    kinds = {}
    for name in names:
        kind = rows[name].type()
        if name in texts:
            options = {"number": NUMBER, "flag": FLAG, "time": TIME}
            read_as = [options[key] for key in options if found[f"{name} {key}"]]
            kinds[name] = read_as[0] if read_as and found[f"{name} some"] else TEXT
        elif kind.is_numeric():
            kinds[name] = NUMBER
        elif kind.is_boolean():
            kinds[name] = FLAG
        elif kind.is_temporal() and not kind.is_time():
            kinds[name] = TIME
        else:
            kinds[name] = TEXT
    return kinds


def _fits_of(rows: ir.Table, names: list[str]) -> dict[str, ir.BooleanScalar]:
    """What all values of some columns of texts can be read as."""
    fits = {}
    for name in names:
        column = rows[name].strip().nullif("")
        code = column.re_search(r"^[+-]?0[0-9]")
        fits[f"{name} some"] = column.notnull().any()
        fits[f"{name} number"] = (column.isnull() | _read(column, NUMBER).notnull()).all() & ~(
            code.fill_null(False).any()
        )
        fits[f"{name} flag"] = (column.isnull() | column.lower().isin(["true", "false"])).all()
        fits[f"{name} time"] = (column.isnull() | _read(column, TIME).notnull()).all()
    return fits
