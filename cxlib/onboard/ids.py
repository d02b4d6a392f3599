"""Whether ids of several files are the same: compared before anything is written.

Spreadsheets and CRM systems change how an id is written: 100 becomes 100.0, 007 becomes 7, an
address loses its capitals, Salesforce has ids of 15 and of 18 characters. Then nothing joins, and
nobody is told. Here it is, with the SQL that joins them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import duckdb

from cxlib.data.engines.sql import quoted
from cxlib.data.marks import MISSING, UNSURE
from cxlib.onboard.asked import COLUMN

# How an id is written otherwise, as SQL that undoes it and in words; from the surest on.
MENDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "wrapped": (
            f"regexp_replace({COLUMN}, '^=?\"?(.*?)\"?$', '\\1')",
            'without ="…" around them',
        ),
        "decimals": (f"regexp_replace({COLUMN}, '\\.0+$', '')", "without .0 at their end"),
        "long": (f"left({COLUMN}, 15)", "by their first 15 characters, as Salesforce has both"),
        "zeros": (f"regexp_replace({COLUMN}, '^0+([0-9])', '\\1')", "without zeros in front"),
        "case": (f"lower({COLUMN})", "in small letters"),
    }
)
RUINED = r"^[0-9]([.,][0-9]+)?E[+][0-9]+$"


@dataclass(frozen=True)
class IdColumn:
    """A column of ids.

    Attributes:
        table, column: The raw table and its column.
        sql: The id as text, in SQL over that table.
        rows: The table's rows, as what follows FROM.
    """

    table: str
    column: str
    sql: str
    rows: str


@dataclass(frozen=True)
class Joined:
    """How the ids of several columns become the same.

    Attributes:
        mends: The keys of `MENDS` to apply to each of them, in order.
        notes: What was found, for a person.
        remark: What a person has to look at, as a comment in the SQL; empty if nothing.
    """

    mends: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    remark: str = ""

    def applied(self, sql: str) -> str:
        """An id in SQL, as it joins."""
        for each in self.mends:
            sql = MENDS[each][0].replace(COLUMN, sql)
        return sql


def join_ids(base: duckdb.DuckDBPyConnection, what: str, columns: Sequence[IdColumn]) -> Joined:
    """Compare the ids of one kind in all columns that hold them.

    Args:
        base: DuckDB, with the raw tables.
        what: Of whom they are ids, such as customers.
        columns: Those that hold them.
    """
    if not columns:
        return Joined()
    mends: list[str] = []
    kept = found = _counts(base, columns, mends)
    for name in MENDS:
        if name == "long" and not _of_two_lengths(base, columns):
            continue
        counts = _counts(base, columns, [*mends, name])
        # What brings ids of several files together, or makes fewer of those in one, was no part
        # of them; but a mend that only merges ids of files that join already is not trusted.
        gains = counts.links > kept.links or (
            name in ("wrapped", "decimals") and _all(base, columns, mends, name)
        )
        # Ids of Salesforce differ by capitals alone.
        merges = name == "case" and counts.distinct < kept.distinct and not _coded(base, columns)
        if gains or merges:
            mends, kept = [*mends, name], counts
    ruined = [word for each in columns for word in _ruined(base, each)]
    notes, remark = [], ""
    if ruined:
        remark = (
            f"{MISSING}: {len(ruined):,} ids such as {ruined[0]} have lost digits in a "
            "spreadsheet, and "
            "nothing brings them back; export the ids as text"
        )
        notes.append(remark.removeprefix(f"{MISSING}: "))
    if len(columns) > 1:
        tables = " and ".join(dict.fromkeys(each.table for each in columns))
        notes.append(f"{tables} share {kept.shared:,} of {kept.distinct:,} {what}")
    if mends:
        how = ", ".join(MENDS[each][1] for each in mends)
        if len(columns) > 1:
            told = (
                f"as they are written, {found.shared:,} {what} are in both; {how}, "
                f"{kept.shared:,} are"
            )
        else:
            told = (
                f"as they are written, there are {found.distinct:,} {what}; {how}, "
                f"{kept.distinct:,}"
            )
        notes.append(told)
        remark = remark or f"{UNSURE}: {told}; taken so"
    elif len(columns) > 1 and not kept.shared:
        remark = remark or f"{UNSURE}: {notes[-1]}; are these ids of the same {what}?"
    return Joined(tuple(mends), tuple(notes), remark)


@dataclass(frozen=True)
class _Counts:
    """How many ids there are, how many stand in several tables, and in how many further ones."""

    distinct: int
    shared: int
    links: int


def _ids(column: IdColumn, mends: Sequence[str]) -> str:
    sql = Joined(tuple(mends)).applied(column.sql)
    return (
        f"SELECT DISTINCT {sql} AS id, {quoted(column.table)} AS t FROM "
        f"{column.rows} WHERE {sql} IS NOT NULL"
    )


def _counts(base, columns: Sequence[IdColumn], mends: Sequence[str]) -> _Counts:
    every = " UNION ".join(_ids(each, mends) for each in columns)
    found = base.execute(
        f"SELECT count(*), coalesce(sum(CASE WHEN n > 1 THEN 1 ELSE 0 END), 0), sum(n - 1) FROM "
        f"(SELECT id, count(*) AS n FROM ({every}) GROUP BY id)"
    ).fetchall()[0]
    return _Counts(int(found[0]), int(found[1]), int(found[2] or 0))


def _all(base, columns: Sequence[IdColumn], mends: Sequence[str], name: str) -> bool:
    """Whether a mend changes every id of a column: then it is how the column is written."""
    for each in columns:
        sql = Joined(tuple(mends)).applied(each.sql)
        mended = MENDS[name][0].replace(COLUMN, sql)
        count, changed = base.execute(
            f"SELECT count({sql}), count(*) FILTER (WHERE {sql} <> {mended}) FROM {each.rows}"
        ).fetchall()[0]
        if count and changed == count:
            return True
    return False


def _of_two_lengths(base, columns: Sequence[IdColumn]) -> bool:
    """Whether ids of 15 and of 18 characters are there, and no others."""
    return _lengths(base, columns) == [15, 18]


def _coded(base, columns: Sequence[IdColumn]) -> bool:
    """Whether all ids have 15 or 18 characters: those of Salesforce differ by capitals alone."""
    return set(_lengths(base, columns)) <= {15, 18}


def _lengths(base, columns: Sequence[IdColumn]) -> list[int]:
    lengths = " UNION ".join(
        (f"SELECT DISTINCT length({each.sql}) AS n FROM {each.rows} WHERE {each.sql} IS NOT NULL")
        for each in columns
    )
    return base.execute(f"SELECT list(n ORDER BY n) FROM ({lengths})").fetchall()[0][0] or []


def _ruined(base, column: IdColumn) -> list[str]:
    found = base.execute(
        f"SELECT DISTINCT {column.sql} AS id FROM {column.rows} "
        f"WHERE regexp_matches(id, {quoted(RUINED)}) ORDER BY id"
    )
    return [word for (word,) in found.fetchall()]
