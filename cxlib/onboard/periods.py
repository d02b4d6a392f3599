"""Months and weeks, as reports of counts write them: 2026-01, Jan-26, 2026-W03.

Each is read as its first day.
"""

import re

from cxlib.data.engines.sql import quoted
from cxlib.data.formats import MONTH_NAMES
from cxlib.onboard.asked import COLUMN, MOSTLY, TIME, Asked, Reading, given_as
from cxlib.onboard.synonyms import plain

PERIODIC = re.compile(
    "month|week|period|date|day|time|monat|woche|datum|mois|semaine|mes$|semana|fecha|mese|data"
)
CENTURY = "(?:19|20)"
# How months of numbers, months in words and weeks are written, and what is made of their parts.
MONTHS = {
    rf"^({CENTURY}\d\d)[-/. ]?M?(0?[1-9]|1[0-2])$": r"\1-\2-01",
    rf"^(0?[1-9]|1[0-2])[-/. ]({CENTURY}\d\d)$": r"\2-\1-01",
}
WORDED = {
    rf"^(\d\d)[-/. '’]*({CENTURY}\d\d)$": r"\2-\1-01",
    rf"^({CENTURY}\d\d)[-/. ]*(\d\d)$": r"\1-\2-01",
    r"^(\d\d)[-/. '’]*(\d\d)$": r"20\2-\1-01",
}
WEEKS = {
    rf"^({CENTURY}\d\d)[-/. ]*(?:W|KW|CW|S|WK|WEEK) ?(\d\d?)$": r"\1 \2",
    rf"^(?:W|KW|CW|S|WK|WEEK) ?(\d\d?)[-/., ]+({CENTURY}\d\d)$": r"\2 \1",
}
WORD = re.compile(r"[^\W\d_]{3,}")


def periods(asked: Asked) -> Reading | None:
    """The reading of a column of months or weeks, if nearly all of its values are such."""
    # Elsewhere, 202601 is a number and "set 10" no month.
    if not PERIODIC.search(plain(asked.column)):
        return None
    return _months(asked) or _worded(asked) or _weeks(asked)


def _months(asked: Asked) -> Reading | None:
    for pattern, day in MONTHS.items():
        # Lengths differ only without a mark between: 20261 is no month.
        good = (f"regexp_matches(CAST(v AS VARCHAR), {quoted(pattern)}) "
                "AND length(CAST(v AS VARCHAR)) > 5")  # fmt: skip
        if asked.fits(good) >= MOSTLY * asked.distinct:
            sql = f"regexp_replace(CAST({COLUMN} AS VARCHAR), {quoted(pattern)}, {quoted(day)})"
            return asked.without(_first_day("month", asked, sql), good)
    return None


def _worded(asked: Asked) -> Reading | None:
    """Months in words, which become numbers: Jan-26, März 2026."""
    every = asked.base.execute("SELECT lower(CAST(v AS VARCHAR)) FROM _cx_v").fetchall()
    found = {word for (value,) in every for word in WORD.findall(value) if word in MONTH_NAMES}
    if not found:
        return None
    text = f"replace(lower(trim({COLUMN})), '.', '')"
    for word in sorted(found, key=lambda each: (-len(each), each)):
        text = f"replace({text}, {quoted(word)}, '{MONTH_NAMES[word]:02}')"
    for pattern, day in WORDED.items():
        # A number before a word is a day: 26 Jan.
        good = (f"regexp_matches(v, '[^0-9]{{3}}') AND NOT regexp_matches(v, '^[0-9]{{1,2}}[^0-9]')"
                f" AND regexp_matches({given_as(text)}, {quoted(pattern)})")  # fmt: skip
        if asked.fits(good) >= MOSTLY * asked.distinct:
            first = f"regexp_replace({text}, {quoted(pattern)}, {quoted(day)})"
            sql = f"coalesce(CAST(try_strptime({first}, '%Y-%m-%d') AS VARCHAR), {COLUMN})"
            return asked.without(_first_day("month", asked, sql), good)
    return None


def _weeks(asked: Asked) -> Reading | None:
    for pattern, parts in WEEKS.items():
        good = f"regexp_matches(upper(CAST(v AS VARCHAR)), {quoted(pattern)})"
        if asked.fits(good) >= MOSTLY * asked.distinct:
            text = f"regexp_replace(upper(trim({COLUMN})), {quoted(pattern)}, {quoted(parts)})"
            monday = f"try_strptime({text} || ' 1', '%G %V %u')"
            sql = f"coalesce(CAST({monday} AS VARCHAR), {COLUMN})"
            return asked.without(_first_day("week", asked, sql), good)
    return None


def _first_day(what: str, asked: Asked, sql: str) -> Reading:
    note = f"{what}s such as {asked.some(1)[0]!r}"
    said = f"UNSURE: a {what} is taken as its first day"
    return Reading(TIME, sql, day_only=True, notes=(note,), remark=said)
