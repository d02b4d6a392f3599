"""Moments whose day, or whose time of day, stands elsewhere: in a second column, or nowhere."""

import re
from datetime import date

from cxlib.data.engines.sql import quoted
from cxlib.data.marks import UNSURE
from cxlib.onboard.asked import CLOCK
from cxlib.onboard.asked import TIME as RAW_TIME
from cxlib.onboard.expressions import as_value, given
from cxlib.onboard.guess import Guess
from cxlib.onboard.moments import SPANS
from cxlib.onboard.questions import Answer, Interview, Question
from cxlib.onboard.select import Line
from cxlib.onboard.sniff import RawColumn, RawFile
from cxlib.onboard.synonyms import plain


def time_line(guess: Guess, raw: RawColumn, name: str, remarks: list[str]) -> Line:
    """A moment, joined of its day and its time of day where these stand in two columns."""
    if raw.kind != RAW_TIME:
        said = f"{UNSURE}: it holds such as {raw.commonest!r}, which is read as no time"
        return Line(given(raw), name, (said,))
    clock = _clock_of(guess, raw)
    if not (clock and raw.reading.day_only):
        return Line(as_value(raw), name, tuple(remarks))
    remarks.append(f"{UNSURE}: the day is {raw.name}, the time {clock.name}")
    both = f"{given(raw)} || ' ' || {given(clock)}"
    form = raw.reading.form or "%Y-%m-%d"
    if raw.reading.form or "%I" in clock.reading.form:
        both = (
            f"coalesce(CAST(try_strptime({both}, "
            f"{quoted(f'{form} {clock.reading.form}')}) AS VARCHAR), {both})"
        )
    return Line(both, name, tuple(remarks))


def asked_day(file: RawFile, interview: Interview) -> Answer:
    """The day of a file that has no dates; unless somebody says, that of its last change."""
    written = date.fromtimestamp(file.brought.part.file.stat().st_mtime)
    return interview.put(Question(
        f"{file.table}.as_of", f"{file.told} has no dates. Of which day is it?",
        {}, written.isoformat(), is_day,
    ))  # fmt: skip


def is_day(text: str) -> str:
    """What is wrong with a text as a day; empty if nothing is.

    Examples:
        >>> is_day("2026-09-30"), is_day("30.9.2026")
        ('', 'must be a day such as 2026-09-30')
    """
    try:
        date.fromisoformat(text)
    except ValueError:
        return "must be a day such as 2026-09-30"
    return ""


def clocks_of(guess: Guess) -> set[str]:
    """The columns with a time of day that belongs to a column of days."""
    days = [raw for raw in guess.columns.values() if raw.kind == RAW_TIME and raw.reading.day_only]
    return {clock.name for day in days if (clock := _clock_of(guess, day))}


def _clock_of(guess: Guess, day: RawColumn) -> RawColumn | None:
    """The column with the time of day that belongs to a column of days."""
    clocks = [
        each
        for each in guess.file.columns
        if each.kind == CLOCK and not SPANS.search(plain(each.name))
    ]
    own = re.sub("date|day", "", plain(day.name))
    alike = [each for each in clocks if plain(each.name).replace("time", "") == own]
    return next(iter(alike or clocks), None)
