"""How a column writes moments: in which order, with which words, by which clock."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cxlib.data.engines.sql import quoted
from cxlib.data.formats import (
    COMPACT,
    COUNTED,
    DAY_FIRST,
    ISO,
    MOMENTS,
    MONTH_FIRST,
    MONTH_NAMES,
    ORDERS,
    YEAR_FIRST,
)
from cxlib.onboard.asked import COLUMN, MOSTLY, TIME, Asked, Reading, given_as, matches
from cxlib.onboard.synonyms import plain

DATED = re.compile("date|day|time|datum|fecha|created|opened|closed|_at$|_on$")
SPANS = re.compile(
    "wait|talk|handl|duration|length|service|hold|queue|elapsed|dauer|speed|aht|acw|wrap|ring"
)
OFFSET = r"(Z|UTC|GMT|[+-]\d{2}:?(\d{2})?)$"
WORDS_ALIKE = 5  # values that formats are looked for with
LOOKED_AT = 200
LOCAL, UTC = "local", "utc"
WORD = re.compile(r"[^\W\d_]{3,}")
# How a moment is written whose month was a word: day first, and month first.
TIMES_OF_DAY = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
NOON = r"([ap])\.? ?m\.?"


def is_dated(name: str) -> bool:
    """Whether a column is called as moments are, and not as durations are."""
    return bool(DATED.search(plain(name))) and not SPANS.search(plain(name))


def counted(asked: Asked) -> Reading | None:
    """Moments that are written as a count of seconds or days, or in digits alone."""
    if not is_dated(asked.column):
        return None
    for form, length in COMPACT.items():
        if asked.all_fit(
            f"length(CAST(v AS VARCHAR)) = {length} AND {_parses(form, 'CAST(v AS VARCHAR)')}"
        ):
            return _formatted(form, form in ("%Y%m%d", "%y%m%d"), f"CAST({COLUMN} AS VARCHAR)")
    low, high = asked.one(
        "SELECT min(TRY_CAST(v AS DOUBLE)), max(TRY_CAST(v AS DOUBLE)) FROM _cx_v"
    )
    for form, (least, most) in COUNTED.items():
        if low is not None and least <= low and high <= most:
            sql = MOMENTS[form].replace("{}", COLUMN)
            return Reading(TIME, sql, form=form, notes=(f"dates as {form}",),
                           remark=f"UNSURE: read as {form}")  # fmt: skip
    return None


def moments(asked: Asked) -> Reading | None:
    """The reading of a column of texts, if nearly all of them are moments."""
    values = asked.some(LOOKED_AT)
    iso = asked.fits(matches(ISO))
    if iso >= MOSTLY * asked.distinct:
        return _iso(asked)
    forms = {form: asked.fits(_reads(form)) for form in _candidates(values)}
    best = max(forms.values(), default=0)
    if best < MOSTLY * asked.distinct:
        # Neither order fits; both together may.
        first = max(forms, key=forms.get, default="")
        if not best or not _turned(first):
            return _worded(asked) if _name_months(values) else None
        if asked.fits(f"{_reads(first)} OR {_reads(_turned(first))}") < MOSTLY * asked.distinct:
            return None
    equal = [form for form, count in forms.items() if count == best]
    form, remark = _the_order(asked, equal)
    day_only = not re.search("%[HI]", form)
    reading = _formatted(form, day_only, COLUMN)
    two = _two_orders(asked, form)
    return asked.without(_marked(reading, two or remark), _reads(form))


def _iso(asked: Asked) -> Reading:
    """Moments as 2026-01-31 09:00; of which some may say by which clock, and others not."""
    with_offset = asked.fits(
        f"regexp_matches(v, {quoted(OFFSET)}) AND {matches(ISO)} AND length(v) > 10"
    )
    day_only = asked.fits("length(v) > 10") == 0
    reading = Reading(TIME, day_only=day_only)
    if not 0 < with_offset < asked.fits(f"{matches(ISO)} AND length(v) > 10"):
        return asked.without(reading, matches(ISO))
    offsets = asked.base.execute(
        f"SELECT DISTINCT regexp_extract(v, {quoted(OFFSET)}) AS o FROM _cx_v WHERE o <> '' "
        "ORDER BY o"
    ).fetchall()
    rows = asked.one(f"SELECT sum(n) FROM _cx_v WHERE regexp_matches(v, {quoted(OFFSET)})")[0]
    told = ", ".join(each for (each,) in offsets[:3])
    said = asked.put(
        "offset",
        f"{int(rows):,} rows say by which clock ({told}), the others do not.",
        {LOCAL: "all are by one clock, and what says so is taken off",
         UTC: "those that do not say it are by UTC"},
        LOCAL if len(offsets) == 1 else UTC,
    )  # fmt: skip
    if said.value == LOCAL:
        reading = Reading(
            TIME, f"regexp_replace({COLUMN}, {quoted(' ?' + OFFSET)}, '')", day_only=day_only
        )
    note = f"{int(rows):,} rows with an offset ({told}), the others without"
    return asked.without(_marked(reading, said.remark, note), matches(ISO))


def _formatted(form: str, day_only: bool, column: str) -> Reading:
    sql = f"coalesce(CAST(try_strptime({column}, {quoted(form)}) AS VARCHAR), {column})"
    return Reading(TIME, sql, form=form, day_only=day_only, notes=(f"dates as {form}",))


def _marked(reading: Reading, remark: str, *notes: str) -> Reading:
    return replace(reading, remark=remark, notes=(*reading.notes, *notes))


def _candidates(values: Sequence[str]) -> list[str]:
    """The formats that fit any of a few values."""
    found = []
    for value in values[:WORDS_ALIKE]:
        if re.search(r"\d.*\d.*\d", value):
            found += [form for form in ORDERS if form not in found and _fits(value, form)]
    return found


def _fits(value: str, form: str) -> bool:
    if "%Y" in form and not re.search(r"\d{4}", value):
        return False
    try:
        datetime.strptime(value, form)
    except ValueError:
        return False
    return True


def _parses(form: str, value: str = "v") -> str:
    return f"try_strptime({value}, {quoted(form)}) IS NOT NULL"


def _reads(form: str, value: str = "v") -> str:
    """Whether a value is written so; a year of four digits is none of two."""
    four = f"regexp_matches({value}, '\\d{{4}}')"
    return f"({four if '%Y' in form else f'NOT {four}'} AND {_parses(form, value)})"


def _name_months(values: Sequence[str]) -> bool:
    """Whether nearly all values name a month, in whichever language."""
    named = [
        any(word in MONTH_NAMES for word in WORD.findall(value.casefold()))
        and bool(re.search(r"\d", value))
        for value in values
    ]
    return sum(named) >= MOSTLY * len(values)


def _worded(asked: Asked) -> Reading | None:
    """Moments with months in words, which become numbers."""
    every = asked.base.execute("SELECT lower(CAST(v AS VARCHAR)) FROM _cx_v").fetchall()
    found = {word for (value,) in every for word in WORD.findall(value) if word in MONTH_NAMES}
    first = [value for (value,) in every if re.match(r"[^\d]*[^\W\d_]{3,}\.? \d", value)]
    month_first = sum(any(word in MONTH_NAMES for word in WORD.findall(re.split(r"\d", value)[0]))
                      for value in first) > len(every) / 2  # fmt: skip
    sql = f"regexp_replace(lower({COLUMN}), {quoted(NOON + '$')}, ' \\1M')"
    sql = f"replace(replace({sql}, ' aM', ' AM'), ' pM', ' PM')"
    for word in sorted(found, key=lambda each: (-len(each), each)):
        sql = f"replace({sql}, {quoted(word)}, ' {MONTH_NAMES[word]:02} ')"
    sql = f"trim(regexp_replace({sql}, '[^0-9:APM]+', ' ', 'g'))"
    days = "%m %d %Y" if month_first else "%d %m %Y"
    forms = [day + time for day in (days, days.replace("%Y", "%y")) for time in TIMES_OF_DAY]
    counts = {form: asked.fits(_reads(form, given_as(sql))) for form in forms}
    form = max(counts, key=counts.get)
    if counts[form] < MOSTLY * asked.distinct:
        return None
    moment = f"coalesce(CAST(try_strptime({sql}, {quoted(form)}) AS VARCHAR), {COLUMN})"
    note = f"months in words, such as {asked.some(1)[0]!r}"
    reading = Reading(TIME, moment, form=form, day_only=not re.search("%[HI]", form), notes=(note,))
    return asked.without(reading, _reads(form, given_as(sql)))


def _the_order(asked: Asked, equal: list[str]) -> tuple[str, str]:
    """The format of dates among those that fit best; asked, if day and month could be either."""
    orders: dict[str, str] = {}
    for form in equal:
        orders.setdefault(ORDERS[form], form)
    if len(orders) == 1:
        return equal[0], ""
    shown = [f"strftime(strptime(v, {quoted(form)}), '%-d %B %Y')" for form in orders.values()]
    fits = " AND ".join(_reads(form) for form in orders.values())
    value, *readings = asked.one(
        f"SELECT v, {', '.join(shown)} FROM _cx_v WHERE {fits} ORDER BY "
        f"{' = '.join(shown[:2])}, v LIMIT 1"
    )
    told = " or ".join(
        f"{reading} ({order.replace('-', ' ')})"
        for reading, order in zip(readings, orders, strict=True)
    )
    guess = MONTH_FIRST if "%p" in equal[0] and MONTH_FIRST in orders else DAY_FIRST
    guess = YEAR_FIRST if YEAR_FIRST in orders else guess if guess in orders else next(iter(orders))
    options = {
        order: f"{order.replace('-', ' ')}: {reading}"
        for order, reading in zip(orders, readings, strict=True)
    }
    said = asked.put("dates", f"{value!r} may be {told}, and no value tells which.", options, guess)
    return orders[said.value], said.remark


def _turned(form: str) -> str:
    """The same format with day and month the other way round; empty if it has none."""
    if ORDERS[form] not in (DAY_FIRST, MONTH_FIRST):
        return ""
    return form.replace("%d", "%x").replace("%m", "%d").replace("%x", "%m")


def _two_orders(asked: Asked, form: str) -> str:
    """A mark where some dates can only be day first, and others only month first."""
    if ORDERS[form] not in (DAY_FIRST, MONTH_FIRST):
        return ""
    other = MONTH_FIRST if ORDERS[form] == DAY_FIRST else DAY_FIRST
    odd, rows = asked.one(
        f"SELECT min(v), sum(n) FROM _cx_v WHERE NOT {_reads(form)} AND {_reads(_turned(form))}"
    )
    if not odd:
        return ""
    return (
        f"UNSURE: its dates are of two kinds: {odd!r} can only be "
        f"{other.replace('-', ' ')}, and most "
        f"only {ORDERS[form].replace('-', ' ')}; {int(rows):,} rows are set apart, and "
        "others may be "
        "read wrongly"
    )
