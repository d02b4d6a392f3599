"""What a raw file is: its encoding, its delimiter, and what each column holds.

Every value is looked at, none is guessed from a sample. Where values can be read in two ways, that
is an error which shows both, until somebody says which is right.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import MappingProxyType

import duckdb
import ibis

from cxlib.data.engine import first_lines, identifier, quoted
from cxlib.data.source import bring_raw, delimiter_of
from cxlib.errors import ArgumentError, DataError

DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
COMMA, POINT = "comma", "point"
TEXT, NUMBER, TIME, CLOCK, FLAG, EMPTY = "text", "number", "time", "clock", "flag", "empty"
# How exports write that there is no value.
NOTHING = ("?", "na", "n/a", "null", "none", "nan", "-", "--", "unknown", "#n/a")
MARKS = MappingProxyType({"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"})
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
# Where neither a mark nor UTF-8 tells: what Windows programs write in western languages.
OTHERWISE = "cp1252"

_ISO = r"\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?"
_CLOCK = r"\d{1,2}:\d{2}(:\d{2})?"
_PLAIN = r"[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?"
_POINTED = r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"
_COMMAED = r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?"
_FLAGS = ("true", "false", "t", "f", "yes", "no", "y", "n")
_DAYS = {"%d{0}%m{0}": DAY_FIRST, "%m{0}%d{0}": MONTH_FIRST}
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
# Formats of dates with their order, and those without marks with their length.
ORDERS = MappingProxyType(
    {
        days.format(mark) + year + time: order
        for (days, order), mark, year, time in product(_DAYS.items(), "/.-", ("%Y", "%y"), _TIMES)
    }
)
COMPACT = MappingProxyType({"%Y%m%d": 8, "%y%m%d": 6})
NUMBERED = re.compile(r"id$|_id|no$|number|code|ticket|case|call", re.IGNORECASE)
FEW_IDS = 100
MOSTLY = 0.9  # of different values; the others are told


@dataclass(frozen=True)
class RawColumn:
    """A column as a raw file has it.

    Attributes:
        name: As in the file.
        kind: text, number, time, clock (a time of day alone), flag or empty.
        format: How times are written, for `strptime`; empty if as 2026-01-31.
        comma: Numbers have a decimal comma.
        fraction: Whole numbers are stored as fractions, as ids must not be.
        nothing: The word that stands for no value, such as `?`; empty if none.
        filled: The share of rows with a value.
        distinct: How many different values there are.
        unique: No value stands twice, and none is missing.
        commonest, share: The value that stands most often, and in which share of the rows.
        odd: What does not fit the kind, for example; empty if everything does.
        strays: How many values do not fit.
    """

    name: str
    kind: str
    nothing: str
    filled: float
    distinct: int
    unique: bool
    commonest: str = ""
    share: float = 0.0
    format: str = ""
    comma: bool = False
    fraction: bool = False
    odd: str = ""
    strays: int = 0


@dataclass(frozen=True)
class RawFile:
    """A raw file.

    Attributes:
        path, rows: Where it lies, and how many rows it has.
        delimiter: Between its values; empty for Parquet.
        columns: What it holds.
        key: Two columns that together tell every row apart, where none does so alone.
    """

    path: Path
    rows: int
    delimiter: str
    columns: tuple[RawColumn, ...]
    key: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """The name by which SQL reads it."""
        return self.path.stem


def encoding_of(path: Path) -> tuple[str, bool]:
    """A text file's encoding, and whether that is a guess."""
    with path.open("rb") as file:
        head = file.read(4)
    for mark, name in BOMS:
        if head.startswith(mark):
            return name, False
    try:
        with path.open(encoding="utf-8") as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return OTHERWISE, True
    return "utf-8", False


def sniff(connection: ibis.BaseBackend, path: Path, dates: str = "", decimal: str = "") -> RawFile:
    """Read a raw file and say what it holds; it stays in the engine under its own name.

    Args:
        connection: DuckDB's.
        path: A CSV file (or .tsv, .txt) in UTF-8, or a Parquet file.
        dates: `day-first` or `month-first`, where dates can be read both ways.
        decimal: `comma` or `point`, where numbers can be read both ways.

    Raises:
        DataError: It is no table, or some values can be read in two ways.
    """
    try:
        bring_raw(connection, path)
    except duckdb.Error as error:
        raise DataError(f"{path}: cannot be read as a table: {first_lines(error, 1)}") from None
    base, table = connection.con, identifier(path.stem)
    rows = base.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    if not rows:
        raise DataError(f"{path}: has no rows below the names of its columns")
    stored = base.execute(f"DESCRIBE {table}").fetchall()
    asked = _Asked(base, path, dates, decimal)
    columns = tuple(_column(asked, name, kind, rows) for name, kind, *_ in stored)
    mark = "" if path.suffix.lower() == ".parquet" else delimiter_of(path)
    return RawFile(path, rows, mark, columns, _key(asked, rows, columns))


@dataclass(frozen=True)
class _Asked:
    """What is asked of a file's columns, one at a time: its values, each once, are in `_cx_v`."""

    base: duckdb.DuckDBPyConnection
    path: Path
    dates: str
    decimal: str

    def one(self, query: str):
        return self.base.execute(query).fetchone()

    def fits(self, test: str) -> int:
        return self.one(f"SELECT count(*) FROM _cx_v WHERE {test}")[0]


def _key(asked: _Asked, rows: int, columns: Sequence[RawColumn]) -> tuple[str, ...]:
    """Two columns that tell rows apart together, one of them named as a number or an id."""
    if any(each.unique for each in columns):
        return ()
    whole = [each for each in columns if each.filled == 1 and each.kind in (TEXT, NUMBER)]
    named = [each for each in whole if NUMBERED.search(each.name) and each.distinct > FEW_IDS]
    for one in sorted(named, key=lambda each: -each.distinct):
        for other in whole:
            if other is one or one.distinct * other.distinct < rows:
                continue
            pair = f"({identifier(one.name)}, {identifier(other.name)})"
            found = asked.one(f"SELECT count(DISTINCT {pair}) FROM {identifier(asked.path.stem)}")
            if found[0] == rows:
                return (other.name, one.name)
    return ()


def _column(asked: _Asked, name: str, stored: str, rows: int) -> RawColumn:
    table, column = identifier(asked.path.stem), identifier(name)
    is_text = stored == "VARCHAR"
    nothing = _nothing(asked, table, column) if is_text else ""
    given = f"nullif(nullif(trim({column}), {quoted(nothing)}), '')" if is_text else column
    filled = asked.one(f"SELECT count({given}) FROM {table}")[0]
    asked.base.execute(
        f"CREATE OR REPLACE TEMP TABLE _cx_v AS SELECT DISTINCT {given} AS v FROM {table} "
        f"WHERE {given} IS NOT NULL"
    )
    distinct = asked.fits("true")
    commonest, times = asked.one(
        f"SELECT CAST({given} AS VARCHAR) AS v, count(*) FROM {table} WHERE {given} IS NOT NULL "
        "GROUP BY v ORDER BY 2 DESC, 1 LIMIT 1"
    ) or ("", 0)
    found = _of_text(asked, name, distinct) if is_text and filled else _of_type(asked, stored)
    return RawColumn(
        name=name,
        nothing=nothing,
        filled=filled / rows,
        distinct=distinct,
        unique=distinct == filled == rows,
        commonest=commonest,
        share=times / rows,
        **({"kind": EMPTY} if not filled else found),
    )


def _nothing(asked: _Asked, table: str, column: str) -> str:
    words = ", ".join(map(quoted, NOTHING))
    found = asked.one(
        f"SELECT trim({column}) AS v, count(*) FROM {table} "
        f"WHERE lower(trim({column})) IN ({words}) GROUP BY v ORDER BY 2 DESC, 1 LIMIT 1"
    )
    return found[0] if found else ""


def _of_type(asked: _Asked, stored: str) -> dict:
    """What a column is that has a type of its own."""
    if stored == "BOOLEAN":
        return {"kind": FLAG}
    if stored.startswith(("TIMESTAMP", "DATE")):
        return {"kind": TIME}
    if stored in ("DOUBLE", "FLOAT"):
        return {"kind": NUMBER, "fraction": asked.fits("v <> floor(v)") == 0}
    return {"kind": NUMBER}


def _of_text(asked: _Asked, name: str, distinct: int) -> dict:
    """What a column of texts is: the kind that all values fit, or nearly all."""

    def all_fit(test: str) -> bool:
        return asked.fits(test) == distinct

    # A code such as 007 is no number.
    codes = asked.fits(_matches(r"[+-]?0\d+"))
    compact = [
        form
        for form, length in COMPACT.items()
        if _looks_dated(name) and all_fit(f"length(v) = {length} AND {_reads(form)}")
    ]
    if compact:
        return {"kind": TIME, "format": compact[0]}
    if all_fit(_matches(_PLAIN)):
        return {"kind": TEXT if codes else NUMBER}
    if all_fit(f"lower(v) IN ({', '.join(map(quoted, _FLAGS))})"):
        return {"kind": FLAG}
    if all_fit(_matches(_CLOCK)):
        return {"kind": CLOCK}
    return _of_times(asked, name, distinct) or _of_numbers(asked, name, distinct) or {"kind": TEXT}


def _of_times(asked: _Asked, name: str, distinct: int) -> dict | None:
    options = {"": asked.fits(_matches(_ISO))}
    if asked.fits(r"regexp_matches(v, '^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}')"):
        options |= {form: asked.fits(_reads(form)) for form in ORDERS}
    best = max(options.values())
    if best < MOSTLY * distinct:
        return None
    form = _the_order(asked, name, [each for each, count in options.items() if count == best])
    return {"kind": TIME, "format": form} | _odd(asked, _reads(form) if form else _matches(_ISO))


def _of_numbers(asked: _Asked, name: str, distinct: int) -> dict | None:
    with_point = f"({_matches(_POINTED)} OR {_matches(_PLAIN)})"
    pointed, commaed = asked.fits(with_point), asked.fits(_matches(_COMMAED))
    if max(pointed, commaed) < MOSTLY * distinct:
        return None
    comma = _the_decimal(asked, name, pointed, commaed)
    good = _matches(_COMMAED) if comma else with_point
    return {"kind": NUMBER, "comma": comma} | _odd(asked, good)


def _matches(pattern: str) -> str:
    return f"regexp_full_match(v, {quoted(pattern)})"


def _looks_dated(name: str) -> bool:
    return any(word in name.casefold() for word in ("date", "day", "time", "datum", "_at"))


def _reads(form: str) -> str:
    return f"try_strptime(v, {quoted(form)}) IS NOT NULL"


def _odd(asked: _Asked, good: str) -> dict:
    odd, strays = asked.one(f"SELECT min(v), count(*) FROM _cx_v WHERE NOT ({good})")
    return {"odd": odd or "", "strays": strays}


def _the_order(asked: _Asked, name: str, equal: list[str]) -> str:
    """The format of dates among those that fit best; an error if day and month could be either."""
    if "" in equal:
        return ""
    # A year of four digits is read by its own format alone.
    equal = [form for form in equal if "%Y" in form] or equal
    orders = {ORDERS[form]: form for form in reversed(equal)}
    if len(orders) == 1:
        return equal[0]
    if asked.dates:
        return orders[asked.dates]
    day, month = orders[DAY_FIRST], orders[MONTH_FIRST]
    example = asked.one(
        f"SELECT v, strftime(strptime(v, {quoted(day)}), '%-d %B %Y') AS one, "
        f"strftime(strptime(v, {quoted(month)}), '%-d %B %Y') AS other FROM _cx_v "
        f"WHERE {_reads(day)} AND {_reads(month)} ORDER BY one = other, v LIMIT 1"
    )
    raise DataError(
        f"{asked.path}: column {name!r}: {example[0]!r} may be {example[1]} (day first) or "
        f"{example[2]} (month first), and no value of the column tells which; say it with "
        f"--dates {DAY_FIRST} or --dates {MONTH_FIRST}"
    )


def _the_decimal(asked: _Asked, name: str, pointed: int, commaed: int) -> bool:
    """Whether a comma is the decimal mark; an error if it could as well part the thousands."""
    if pointed != commaed:
        return commaed > pointed
    if asked.decimal:
        return asked.decimal == COMMA
    text = asked.one("SELECT v FROM _cx_v WHERE regexp_matches(v, '[.,]') ORDER BY v LIMIT 1")[0]
    other = text.replace(",", ".") if "," in text else text.replace(".", "")
    readings = (other, text.replace(",", ""))
    raise DataError(
        f"{asked.path}: column {name!r}: {text!r} may be {readings[0]} (decimal comma) or "
        f"{readings[1]} (decimal point), and no value of the column tells which; say it with "
        f"--decimal {COMMA} or --decimal {POINT}"
    )


def recoded(path: Path, encoding: str, folder: Path) -> Path:
    """A copy of a text file in UTF-8.

    Raises:
        DataError: The file is not written in this encoding.
    """
    target = folder / f"{path.stem}.csv"
    try:
        with (
            path.open(encoding=encoding, newline="") as old,
            target.open("w", encoding="utf-8", newline="") as new,
        ):
            while part := old.read(1 << 20):
                new.write(part)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: is not {encoding} (byte {error.start}); name its encoding with --encoding"
        ) from None
    except LookupError:
        raise ArgumentError(f"--encoding {encoding}: there is no such encoding") from None
    return target


def described(file: RawFile) -> Sequence[str]:
    """What was found out about a file, in lines for a person."""
    head = f"{file.path.name}: {file.rows:,} rows, {len(file.columns)} columns"
    if file.delimiter:
        head += f", separated by {MARKS[file.delimiter]}"
    lines = [head]
    for each in file.columns:
        notes = []
        if each.format:
            notes.append(f"dates as {each.format}")
        if each.comma:
            notes.append("decimal comma")
        if each.fraction:
            notes.append("whole numbers stored as fractions")
        if each.nothing:
            notes.append(f"{each.nothing!r} stands for no value")
        if each.strays:
            notes.append(f"mixed: {each.strays:,} values are no {each.kind}, such as {each.odd!r}")
        if notes:
            lines.append(f"  {each.name}: {'; '.join(notes)}")
    return lines
