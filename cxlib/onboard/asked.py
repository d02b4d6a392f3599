"""What is asked of a raw column's values, and the reading that comes of it."""

import re
from dataclasses import dataclass, replace

import duckdb

from cxlib.data.engines.sql import identifier, quoted
from cxlib.onboard.questions import Interview, Question

TEXT, NUMBER, TIME, CLOCK, FLAG, EMPTY = "text", "number", "time", "clock", "flag", "empty"
# The words that SQL keeps for itself and exports use as names.
RESERVED = (
    "all analyse analyze and anti any array as asc asof asymmetric at authorization between bigint "
    "binary bit boolean both by case cast char character check coalesce collate collation column "
    "columns concurrently constraint create cross day dec decimal default deferrable desc describe "
    "distinct do else end except exists extract false fetch float for foreign freeze from full "
    "generated glob grant group grouping having hour ilike in initially inner inout int integer "
    "intersect interval into is isnull join lambda lateral leading left like limit localtime map "
    "minute month national natural nchar none not notnull null nullif numeric offset on only or "
    "order out outer overlaps overlay pivot pivot_longer pivot_wider placing position positional "
    "precision primary qualify real references returning right row second select semi setof show "
    "similar smallint some struct substring summarize symmetric table tablesample then time "
    "timestamp to trailing treat trim true try_cast tuple union unique unpack unpivot user using "
    "values varchar variadic verbose when where window with xmlattributes year "
)
COLUMN = "§"  # stands for the column in the SQL that reads it
MOSTLY = 0.9  # of different values fit a kind; the others are told


@dataclass(frozen=True)
class Reading:
    """How a column's values are to be read.

    Attributes:
        kind: text, number, time, clock (a time of day alone), flag or empty.
        sql: What the contract is given, in SQL; what it cannot read it names with its value.
        own: The same for a column that the contract does not know, if that has to be otherwise.
        form: How moments are written, for `strptime`, or as what they are counted.
        day_only: Moments are days.
        seconds: Durations have become seconds.
        whole: Whole numbers are stored as fractions, as ids must not be.
        notes: What a person may want to know.
        remark: What a person has to look at, as a comment in the SQL.
        odd: A value that does not fit; empty if all do.
        strays: How many rows have a value that does not fit.
    """

    kind: str
    sql: str = COLUMN
    own: str = ""
    form: str = ""
    day_only: bool = False
    seconds: bool = False
    whole: bool = False
    notes: tuple[str, ...] = ()
    remark: str = ""
    odd: str = ""
    strays: int = 0


@dataclass(frozen=True)
class Asked:
    """A column whose values, each once, are in `_cx_v`: the value `v`, and in how many rows (`n`).

    Attributes:
        base: DuckDB.
        table, column: What the column is called.
        distinct: How many values it has.
        interview: Who answers what values do not tell.
        continental: Semicolons part its values, as they do where commas are decimal.
    """

    base: duckdb.DuckDBPyConnection
    table: str
    column: str
    distinct: int
    interview: Interview
    continental: bool = False

    def one(self, query: str) -> tuple | None:
        """The first row of an answer."""
        # All of it is fetched: the next question must not find it half read.
        return next(iter(self.base.execute(query).fetchall()), None)

    def fits(self, test: str) -> int:
        """How many different values pass a test."""
        return self.one(f"SELECT count(*) FROM _cx_v WHERE {test}")[0]

    def all_fit(self, test: str) -> bool:
        """Whether every value passes a test."""
        return self.fits(test) == self.distinct

    def some(self, count: int) -> list[str]:
        """Values, those of the most rows first."""
        found = self.base.execute(
            f"SELECT CAST(v AS VARCHAR) FROM _cx_v ORDER BY n DESC, v LIMIT {count}"
        )
        return [value for (value,) in found.fetchall()]

    def without(self, reading: Reading, good: str) -> Reading:
        """A reading, with what does not fit it."""
        odd, rows = self.one(f"SELECT min(v), sum(n) FROM _cx_v WHERE NOT coalesce({good}, false)")
        return replace(reading, odd=odd or "", strays=int(rows or 0))

    def put(self, about: str, text: str, options: dict[str, str], guess: str):
        """Ask a person about the column."""
        key = f"{self.table}.{self.column}.{about}"
        return self.interview.put(Question(key, text, options, guess))


def matches(pattern: str, value: str = "v") -> str:
    """A test in SQL: whether a value is written so from its beginning to its end."""
    return f"regexp_full_match({value}, {quoted(pattern)})"


def given_as(text: str) -> str:
    """SQL that reads a column, as it reads a value."""
    return text.replace(COLUMN, "v")


def bare(name: str) -> str:
    """A name as SQL, in quotes only where it needs them.

    Examples:
        >>> bare("opened"), bare("Customer ID"), bare("order")
        ('opened', '"Customer ID"', '"order"')
    """
    plainly = (
        re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name) and name.casefold() not in RESERVED.split()
    )
    return name if plainly else identifier(name)
