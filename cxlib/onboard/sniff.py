"""What a raw file is: its encoding, its delimiter, and what each column holds."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import duckdb
import ibis

from cxlib.data.engines.base import gist
from cxlib.data.engines.sql import identifier, quoted
from cxlib.data.formats import COUNTED
from cxlib.data.source import bring_raw, delimiter_of
from cxlib.errors import ArgumentError, DataError
from cxlib.onboard.kinds import CLOCK, EMPTY, NUMBER, TEXT, TIME, Asked, kind_of_texts, kind_of_type

# How exports write that there is no value.
NOTHING = ("?", "n/a", "#n/a", "null", "-", "--")
# Among texts, these may as well be values: NA is a region, and unknown an answer.
DOUBTFUL = ("na", "none", "nan", "unknown")
TOTALS = ("total", "totals", "sum", "summe", "gesamt", "grand total")
MARKS = MappingProxyType({"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"})
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
MARKED = frozenset(name for _, name in BOMS)
# Where neither a mark nor UTF-8 tells: what Windows programs write in western languages.
OTHERWISE = "cp1252"

NUMBERED = re.compile(r"id$|_id|no$|number|code|ticket|case|call", re.IGNORECASE)
FEW_IDS = 100
FEW_WORDS = 8


@dataclass(frozen=True)
class RawColumn:
    """A column as a raw file has it.

    Attributes:
        name: As in the file.
        kind: text, number, time, clock (a time of day alone), flag or empty.
        format: How times are written, for `strptime`, or one of `COUNTED`; empty if 2026-01-31.
        comma: Numbers have a decimal comma.
        thousands: Commas part the thousands of numbers.
        unit: A sign that stands beside numbers, such as €; empty if none.
        fraction: Whole numbers are stored as fractions, as ids must not be.
        nothing: The words that stand for no value, such as `?`.
        padded: Some values have blanks around them.
        filled: The share of rows with a value.
        distinct: How many different values there are.
        unique: No value stands twice, and none is missing.
        commonest, share: The value that stands most often, and in which share of the rows.
        words: All values of a text, the commonest first, where they are few.
        first, last: The earliest and the latest day, of times; empty if they are not told.
        odd: What does not fit the kind, for example; empty if everything does.
        strays: How many rows have a value that does not fit.
    """

    name: str
    kind: str
    nothing: tuple[str, ...]
    filled: float
    distinct: int
    unique: bool
    commonest: str = ""
    share: float = 0.0
    format: str = ""
    comma: bool = False
    thousands: bool = False
    unit: str = ""
    padded: bool = False
    fraction: bool = False
    words: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
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
        totals: How many rows begin with a word such as Total.
    """

    path: Path
    rows: int
    delimiter: str
    columns: tuple[RawColumn, ...]
    key: tuple[str, ...] = ()
    totals: int = 0

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
    _refuse_others(path)
    try:
        bring_raw(connection, path)
    except duckdb.Error as error:
        raise DataError(f"{path}: cannot be read as a table: {gist(error)}") from None
    base, table = connection.con, identifier(path.stem)
    rows = base.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    if not rows:
        raise DataError(f"{path}: has no rows below the names of its columns")
    stored = base.execute(f"DESCRIBE {table}").fetchall()
    asked = Asked(base, path, dates, decimal)
    columns = tuple(_column(asked, name, kind, rows) for name, kind, *_ in stored)
    mark = "" if path.suffix.lower() == ".parquet" else delimiter_of(path)
    first = identifier(columns[0].name)
    words = ", ".join(map(quoted, TOTALS))
    totals = asked.one(
        f"SELECT count(*) FROM {table} WHERE lower(trim(CAST({first} AS VARCHAR))) IN ({words})"
    )
    return RawFile(path, rows, mark, columns, _key(asked, rows, columns), totals[0])


def _refuse_others(path: Path) -> None:
    """Say what a file is that is no table, whatever its name."""
    with path.open("rb") as file:
        head = file.read(1 << 12)
    what = ""
    if head.startswith(b"PK") and path.suffix.lower() != ".parquet":
        what = "is a workbook or an archive; export it as CSV, each sheet by itself"
    elif path.suffix.lower() != ".parquet" and b"\x00" in head:
        what = "has bytes of zero; if it is UTF-16, name it: --encoding utf-16-le"
    elif head.lstrip()[:1] in (b"{", b"["):
        what = "is JSON; export it as CSV"
    elif head.lower().startswith(b"sep="):
        what = f"begins with {head.splitlines()[0].decode(errors='replace')!r}; remove that line"
    if what:
        raise DataError(f"{path}: {what}")


def _key(asked: Asked, rows: int, columns: Sequence[RawColumn]) -> tuple[str, ...]:
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


def _column(asked: Asked, name: str, stored: str, rows: int) -> RawColumn:
    column = identifier(name)
    if stored != "VARCHAR":
        return _described_column(asked, name, rows, column, (), False, stored)
    padded = asked.one(
        f"SELECT count(*) FROM {identifier(asked.path.stem)} WHERE {column} <> trim({column})"
    )[0]
    for words in ((*NOTHING, *DOUBTFUL), NOTHING):
        nothing = _nothing(asked, column, words)
        given = f"trim({column})"
        for word in (*nothing, ""):
            given = f"nullif({given}, {quoted(word)})"
        found = _described_column(asked, name, rows, given, nothing, padded > 0, stored)
        if found.kind != TEXT:
            break
    return found


def _described_column(
    asked: Asked,
    name: str,
    rows: int,
    given: str,
    nothing: Sequence[str],
    padded: bool,
    stored: str,
) -> RawColumn:
    table = identifier(asked.path.stem)
    asked.base.execute(
        f"CREATE OR REPLACE TEMP TABLE _cx_v AS SELECT {given} AS v, count(*) AS n FROM {table} "
        f"WHERE {given} IS NOT NULL GROUP BY 1"
    )
    distinct, filled = asked.one("SELECT count(*), coalesce(sum(n), 0) FROM _cx_v")
    commonest, times = asked.one(
        "SELECT CAST(v AS VARCHAR), n FROM _cx_v ORDER BY n DESC, 1 LIMIT 1"
    ) or ("", 0)
    if not filled:
        found = {"kind": EMPTY}
    elif stored == "VARCHAR":
        found = kind_of_texts(asked, name, distinct)
    else:
        found = kind_of_type(asked, name, stored)
    return RawColumn(
        name=name,
        nothing=tuple(nothing),
        padded=padded,
        filled=int(filled) / rows,
        distinct=distinct,
        unique=distinct == filled == rows,
        commonest=commonest,
        share=times / rows,
        words=_words(asked, distinct) if found["kind"] == TEXT else (),
        **_days(asked, found),
        **found,
    )


def _words(asked: Asked, distinct: int) -> tuple[str, ...]:
    if distinct > FEW_WORDS:
        return ()
    values = asked.base.execute("SELECT CAST(v AS VARCHAR) FROM _cx_v ORDER BY n DESC, 1")
    return tuple(value for (value,) in values.fetchall())


def _days(asked: Asked, found: Mapping) -> dict[str, str]:
    """The earliest and the latest day of a column of times."""
    form = found.get("format", "")
    if found["kind"] != TIME or form in COUNTED:
        return {}
    read = f"try_strptime(v, {quoted(form)})" if form else "TRY_CAST(v AS TIMESTAMP)"
    first, last = asked.one(f"SELECT min({read}), max({read}) FROM _cx_v")
    return {"first": f"{first:%Y-%m-%d}", "last": f"{last:%Y-%m-%d}"} if first and last else {}


def _nothing(asked: Asked, column: str, words: Sequence[str]) -> list[str]:
    """The words for no value that a column has, as they are written."""
    known = ", ".join(map(quoted, words))
    found = asked.base.execute(
        f"SELECT trim({column}) AS v, count(*) FROM {identifier(asked.path.stem)} "
        f"WHERE lower(trim({column})) IN ({known}) GROUP BY v ORDER BY 2 DESC, 1"
    ).fetchall()
    return [word for word, _ in found]


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


def told_rows(count: int) -> str:
    """A count of rows in words.

    Examples:
        >>> told_rows(1), told_rows(1_200)
        ('1 row', '1,200 rows')
    """
    return f"{count:,} row{'' if count == 1 else 's'}"


def described(file: RawFile) -> Sequence[str]:
    """What was found out about a file, in lines for a person."""
    head = f"{file.path.name}: {file.rows:,} rows, {len(file.columns)} columns"
    if file.delimiter:
        head += f", separated by {MARKS[file.delimiter]}"
    lines = [head]
    for each in file.columns:
        notes = []
        if each.format:
            notes.append(f"{'times of day' if each.kind == CLOCK else 'dates'} as {each.format}")
        if each.comma:
            notes.append("decimal comma")
        if each.thousands:
            notes.append("commas part the thousands")
        if each.unit:
            notes.append(f"{each.unit!r} beside numbers is taken off")
        if each.fraction:
            notes.append("whole numbers stored as fractions")
        if each.nothing:
            words = ", ".join(map(repr, each.nothing))
            notes.append(f"{words} {'stands' if len(each.nothing) == 1 else 'stand'} for no value")
        if each.strays:
            where = told_rows(each.strays)
            notes.append(f"mixed: in {where} no {each.kind}, such as {each.odd!r}")
        if notes:
            lines.append(f"  {each.name}: {'; '.join(notes)}")
    if file.totals:
        lines.append(f"  {told_rows(file.totals)} with a word such as Total in front")
    return lines
