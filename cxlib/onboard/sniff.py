"""What a raw table holds: how many rows, and what is in each column."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import ibis

from cxlib.data.engines.sql import identifier, quoted
from cxlib.data.raw.tables import Brought
from cxlib.onboard.asked import COLUMN, EMPTY, FLAG, NUMBER, TEXT, TIME, Asked, Reading, bare
from cxlib.onboard.kinds import kind_of_texts, kind_of_type
from cxlib.onboard.questions import Interview

# How exports write that there is no value, and that something has no end.
NOTHING = ("?", "n/a", "#n/a", "null", "-", "--", "\\n", "(null)", "<null>", "#null!", "nan")
OPEN_ENDS = ("9999-12-31", "9999-12-31 00:00:00", "9999-12-31 23:59:59", "9999-12-31t00:00:00",
             "31.12.9999", "31/12/9999", "12/31/9999", "2999-12-31", "0000-00-00",
             "0000-00-00 00:00:00", "00/00/0000", "00.00.0000")  # fmt: skip
# Among texts, these may as well be values: NA is a region, and unknown an answer.
DOUBTFUL = ("na", "none", "unknown", "not applicable", "prefer not to say", "no answer",
            "not answered", "don't know", "dont know", "refused", "keine angabe", "k. a.", "k.a.",
            "skipped", "missing")  # fmt: skip
TOTALS = ("total", "totals", "sum", "summe", "gesamt", "grand total", "subtotal", "total général",
          "totale", "suma", "average", "mean", "durchschnitt")  # fmt: skip
SUM_OF = r"^(total|summe|gesamt|subtotal|suma|totale)( |summe|ergebnis)"
LOOKED_FOR_TOTALS = 3
MARKS = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"}

NUMBERED = re.compile(r"id$|_id|no$|number|code|ticket|case|call", re.IGNORECASE)
FEW_IDS = 100
ENOUGH_IDS = 0.8
FEW_WORDS = 8
FEW_VALUES = 15


@dataclass(frozen=True)
class RawColumn:
    """A column as a raw table has it.

    Attributes:
        name: As in the file.
        label: What a survey platform says of it in further words.
        reading: How its values are to be read.
        nothing: The words that stand for no value, such as `?`.
        padded: Some values have blanks around them.
        filled: The share of rows with a value.
        distinct: How many different values there are.
        unique: No value stands twice, and none is missing.
        single: No value stands twice, and few are missing.
        commonest, share: The value that stands most often, and in which share of the rows.
        words: All values of a text or a flag, the commonest first, where they are few.
        first, last: The earliest and the latest day, of times; empty if they are not told.
        low, high: The least and the greatest number.
        values: All numbers, where they are few.
    """

    name: str
    label: str
    reading: Reading
    nothing: tuple[str, ...]
    padded: bool
    filled: float
    distinct: int
    unique: bool
    single: bool = False
    commonest: str = ""
    share: float = 0.0
    words: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    low: float | None = None
    high: float | None = None
    values: tuple[float, ...] = ()

    @property
    def kind(self) -> str:
        """What it holds: one of the kinds of `asked.py`."""
        return self.reading.kind


@dataclass(frozen=True)
class RawFile:
    """A raw table.

    Attributes:
        brought: What it was read from, and how.
        columns: What it holds.
        key: Two columns that together tell every row apart, where none does so alone.
        totals: The rows that are sums of others, as a condition in SQL; empty if none are.
        total_rows: How many they are.
        joined: Its rows in SQL with columns of another table; empty where it has them all itself.
    """

    brought: Brought
    columns: tuple[RawColumn, ...]
    key: tuple[str, ...] = ()
    totals: str = ""
    total_rows: int = 0
    joined: str = ""

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.brought.rows

    @property
    def table(self) -> str:
        """The name by which SQL reads it."""
        return self.brought.part.name

    @property
    def rows_sql(self) -> str:
        """Its rows, as what follows FROM."""
        if self.joined or not self.totals:
            return self.joined or bare(self.table)
        return (
            f"(\n    SELECT * FROM {bare(self.table)}\n    WHERE NOT "
            f"coalesce({self.totals}, false)\n)"
        )

    @property
    def head(self) -> str:
        """What a person has to look at of its rows, as a line above the SQL."""
        if not self.totals:
            return ""
        return (
            f"-- UNSURE: {told_rows(self.total_rows)} with a word such as Total are "
            "sums, and left out.\n"
        )

    @property
    def told(self) -> str:
        """What it is, for a person."""
        return self.brought.part.told


def sniff(connection: ibis.BaseBackend, brought: Brought, interview: Interview) -> RawFile:
    """Say what a raw table holds, which is in DuckDB under its own name.

    Args:
        connection: DuckDB's.
        brought: The table.
        interview: Who answers what its values do not tell.
    """
    base, name = connection.con, brought.part.name
    table, labels = identifier(name), dict(brought.labels)
    stored = base.execute(f"DESCRIBE {table}").fetchall()
    columns = []
    for column, kind, *_ in stored:
        asked = Asked(base, name, column, 0, interview, brought.delimiter == ";")
        columns.append(_column(asked, kind, brought.rows, labels.get(column, "")))
    where, totals = _totals(base, table, columns)
    return RawFile(brought, tuple(columns), _key(base, brought, columns), where, totals)


def _totals(base, table: str, columns: Sequence[RawColumn]) -> tuple[str, int]:
    """The rows that are sums of others: a word such as Total is in one of their first columns."""
    conditions = []
    for place, each in enumerate(columns[:LOOKED_FOR_TOTALS]):
        if each.kind != TEXT and place:
            continue
        text = f"lower(rtrim(trim(CAST({bare(each.name)} AS VARCHAR)), ':'))"
        test = f"{text} IN ({_list(TOTALS)})"
        if not place:
            test = f"({test} OR regexp_matches({text}, {quoted(SUM_OF)}))"
        count = base.execute(f"SELECT count(*) FROM {table} WHERE {test}").fetchall()[0][0]
        if count:
            conditions.append(test)
    where = " OR ".join(conditions)
    if not where:
        return "", 0
    return where, base.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchall()[0][0]


def _list(words: Sequence[str]) -> str:
    return ", ".join(map(quoted, words))


def _key(base, brought: Brought, columns: Sequence[RawColumn]) -> tuple[str, ...]:
    """Two columns that tell rows apart together, one of them named as a number or an id."""
    if any(each.unique for each in columns):
        return ()
    rows, table = brought.rows, identifier(brought.part.name)
    whole = [each for each in columns if each.filled == 1 and each.kind in (TEXT, NUMBER)]
    named = [each for each in whole if NUMBERED.search(each.name) and each.distinct > FEW_IDS]
    for one in sorted(named, key=lambda each: -each.distinct):
        for other in whole:
            if other is one or one.distinct * other.distinct < rows:
                continue
            pair = ", ".join(identifier(each.name) for each in (one, other))
            found = base.execute(f"SELECT count(DISTINCT ({pair})) FROM {table}").fetchall()[0]
            if found[0] == rows:
                return (other.name, one.name)
    return ()


def _column(asked: Asked, stored: str, rows: int, label: str) -> RawColumn:
    column = identifier(asked.column)
    if stored != "VARCHAR":
        return _described(asked, stored, rows, label, column, (), False)
    padded = asked.one(
        f"SELECT count(*) FROM {identifier(asked.table)} WHERE {column} <> trim({column})"
    )[0]
    for words in ((*NOTHING, *OPEN_ENDS, *DOUBTFUL), (*NOTHING, *OPEN_ENDS)):
        nothing = _nothing(asked, column, words)
        given = f"trim({column})"
        for word in (*nothing, ""):
            given = f"nullif({given}, {quoted(word)})"
        found = _described(asked, stored, rows, label, given, nothing, padded > 0)
        if found.kind != TEXT or not set(map(str.casefold, nothing)) & set(DOUBTFUL):
            break
    return found


def _described(
    asked: Asked,
    stored: str,
    rows: int,
    label: str,
    given: str,
    nothing: Sequence[str],
    padded: bool,
) -> RawColumn:
    asked.base.execute(
        f"CREATE OR REPLACE TEMP TABLE _cx_v AS SELECT {given} AS v, count(*) AS n "
        f"FROM {identifier(asked.table)} WHERE {given} IS NOT NULL GROUP BY 1"
    )
    distinct, filled = asked.one("SELECT count(*), coalesce(sum(n), 0) FROM _cx_v")
    commonest, times = asked.one(
        "SELECT CAST(v AS VARCHAR), n FROM _cx_v ORDER BY n DESC, 1 LIMIT 1"
    ) or ("", 0)
    asked = replace(asked, distinct=distinct)
    if not filled:
        reading = Reading(EMPTY)
    elif stored == "VARCHAR":
        reading = kind_of_texts(asked)
    else:
        reading = kind_of_type(asked, stored)
    return RawColumn(
        name=asked.column,
        label=label,
        reading=reading,
        nothing=tuple(nothing),
        padded=padded,
        filled=int(filled) / rows if rows else 0.0,
        distinct=distinct,
        unique=bool(rows) and distinct == filled == rows,
        single=bool(rows) and distinct == filled > ENOUGH_IDS * rows,
        commonest=commonest,
        share=times / rows if rows else 0.0,
        words=tuple(asked.some(FEW_WORDS)) if _has_words(reading, distinct) else (),
        **_ends(asked, reading),
    )


def _has_words(reading: Reading, distinct: int) -> bool:
    return reading.kind in (TEXT, FLAG) and distinct <= FEW_WORDS


def _ends(asked: Asked, reading: Reading) -> dict:
    """The earliest and the latest day of times; the least and the greatest number."""
    value = f"CAST({reading.sql.replace(COLUMN, 'v')} AS VARCHAR)"
    if reading.kind == TIME:
        low, high = asked.one(
            f"SELECT min(TRY_CAST({value} AS TIMESTAMP)), max(TRY_CAST({value} AS "
            "TIMESTAMP)) FROM _cx_v"
        )
        return {"first": f"{low:%Y-%m-%d}", "last": f"{high:%Y-%m-%d}"} if low and high else {}
    if reading.kind == NUMBER:
        low, high = asked.one(
            f"SELECT min(x), max(x) FROM (SELECT TRY_CAST({value} AS DOUBLE) AS x FROM _cx_v) "
            "WHERE isfinite(x)"
        )
        few = asked.base.execute(
            f"SELECT DISTINCT TRY_CAST({value} AS DOUBLE) AS x FROM _cx_v WHERE isfinite(x) "
            f"ORDER BY x LIMIT {FEW_VALUES + 1}"
        ).fetchall()
        values = tuple(x for (x,) in few) if len(few) <= FEW_VALUES else ()
        return {"low": low, "high": high, "values": values}
    return {}


def _nothing(asked: Asked, column: str, words: Sequence[str]) -> list[str]:
    """The words for no value that a column has, as they are written."""
    found = asked.base.execute(
        f"SELECT trim({column}) AS v, count(*) FROM {identifier(asked.table)} "
        f"WHERE lower(trim({column})) IN ({_list(words)}) GROUP BY v ORDER BY 2 DESC, 1"
    ).fetchall()
    return [word for word, _ in found]


def told_rows(count: int) -> str:
    """A count of rows in words.

    Examples:
        >>> told_rows(1), told_rows(1_200)
        ('1 row', '1,200 rows')
    """
    return f"{count:,} row{'' if count == 1 else 's'}"


def described(file: RawFile) -> Sequence[str]:
    """What was found out about a file, in lines for a person."""
    brought = file.brought
    head = f"{file.told}: {file.rows:,} rows, {len(file.columns)} columns"
    if brought.delimiter:
        head += f", separated by {MARKS.get(brought.delimiter, repr(brought.delimiter))}"
    lines = [head, *(f"  {note}" for note in brought.notes)]
    lines += [
        f"  {each.name}: {'; '.join(notes)}" for each in file.columns if (notes := notes_of(each))
    ]
    if file.totals:
        lines.append(f"  {told_rows(file.total_rows)} with a word such as Total in front")
    return lines


def notes_of(column: RawColumn) -> list[str]:
    """What a person may want to know of a column."""
    notes, reading = list(column.reading.notes), column.reading
    if column.nothing:
        words = ", ".join(map(repr, column.nothing))
        notes.append(f"{words} {'stands' if len(column.nothing) == 1 else 'stand'} for no value")
    if reading.strays:
        where = told_rows(reading.strays)
        notes.append(f"mixed: in {where} no {reading.kind}, such as {reading.odd!r}")
    return notes
