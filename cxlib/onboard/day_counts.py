"""Counts of contacts by day or month: offered, answered, abandoned, and how long it took.

They stay counts: a row of thousands of contacts never becomes thousands of rows.
"""

import re
from dataclasses import dataclass

import duckdb

from cxlib.data.contract import PARTS_OF_OFFERED
from cxlib.data.engines.sql import identifier, quoted
from cxlib.data.marks import UNSURE
from cxlib.onboard.asked import CLOCK, EMPTY, NUMBER, TEXT, TIME, bare
from cxlib.onboard.days import asked_day
from cxlib.onboard.expressions import as_number, as_own, as_value, given, reckoned
from cxlib.onboard.guess import channels_in
from cxlib.onboard.questions import Interview, Question
from cxlib.onboard.select import Line, select
from cxlib.onboard.sniff import RawColumn, RawFile
from cxlib.onboard.synonyms import Names, plain, seconds_in

OFFERED = re.compile(
    r"offered|incoming|inbound|received|presented|entered|^(total_)?(calls|contacts|chats|emails|"
    r"tickets|volume|attendances|anrufe|llamadas|appels)$|contact_volume|call_volume"
)
PARTS = {
    "answered": re.compile(r"answered|handled|angenommen|atendidas"),
    "abandoned": re.compile(r"abandon|lost|aufgelegt"),
    "in_time": re.compile(r"service_level|within|in_time|in_sla|on_time|sla_met"),
    "resolved": re.compile(r"resolved|fcr|solved"),
    "transferred": re.compile(r"transfer"),
}  # fmt: skip
STANDARD = re.compile(r"^(sla?|gos|tsf)(_|$)")
LATE = re.compile(r"breach|late|out_of_sla|missed|over_\d")
TIMES = {
    "wait_seconds": re.compile(r"speed|wait|asa|queue_time|answer_time"),
    "handle_seconds": re.compile(r"handl|aht|talk"),
}
SHARE = re.compile(r"rate|percent|pct|share|level|%")
INTERVAL = re.compile(r"interval|half_?hour|^hour|hour$|time_?slot|^slot")
GROUPS = ("channel", "reason", "team", "agent_id")
# A row of these is one person or contact, and no count of them.
SINGLE = ("interaction_id", "customer_id")


@dataclass(frozen=True)
class DayCounts:
    """A table of counts.

    Attributes:
        day: Of which day, or of which month from its first on; None where rows are only numbered.
        offered: How many came in.
        parts: What is a part of them, by the contract's name.
        late: How many were not answered in time, where those that were are not counted.
        times: Mean times, by the contract's name.
    """

    file: RawFile
    day: RawColumn | None
    offered: RawColumn | None
    parts: dict[str, RawColumn]
    late: RawColumn | None
    times: dict[str, RawColumn]


def day_counts_of(base: duckdb.DuckDBPyConnection, file: RawFile, names: Names) -> DayCounts | None:
    """Counts by day, if a raw table holds such: numbers of contacts, and no contact or customer."""
    numbers = [each for each in file.columns if each.kind == NUMBER and not _of_a_day(each)]
    for each in file.columns:
        if any(0 < names.sense("interactions", name, each.name) <= 2 for name in SINGLE):
            return None
    counts = [each for each in numbers if _counts(each)]
    offered = next((each for each in counts if OFFERED.search(plain(each.name))), None)
    left = [each for each in numbers if each is not offered]
    times = {name: found for name, pattern in TIMES.items() if (found := _first(left, pattern))}
    left = [each for each in left if each not in times.values()]
    parts = {name: found for name, pattern in PARTS.items() if (found := _first(left, pattern))}
    if "in_time" not in parts and (met := [each for each in left if _is_met(each)]):
        parts["in_time"] = met[0]
    late = None if "in_time" in parts else _first([each for each in left if _counts(each)], LATE)
    if not offered and not {"answered", "abandoned"} <= parts.keys():
        return None
    days = [each for each in file.columns if each.kind == TIME and each.filled == 1]
    if not days and not (parts and _numbered(file)):
        return None
    others = [each for each in file.columns if each.kind == TEXT or _of_a_day(each)]
    day = days[0] if days else None
    if not parts and not late and len(numbers) > 3:
        return None
    return (
        DayCounts(file, day, offered, parts, late, times)
        if _once(base, file, day, others)
        else None
    )


def _of_a_day(raw: RawColumn) -> bool:
    """Whether a column says which part of a day a row counts."""
    return raw.kind == CLOCK or bool(INTERVAL.search(plain(raw.name)))


def _counts(raw: RawColumn) -> bool:
    """Whether a column counts: whole numbers from zero on, and not each number once."""
    return raw.low is not None and raw.low >= 0 and not raw.reading.seconds and not _is_share(raw)


def _is_share(raw: RawColumn) -> bool:
    return (
        "%" in raw.name
        or "%" in " ".join(raw.reading.notes)
        or bool(SHARE.search(plain(raw.name)) and raw.high <= 100)
    )


def _is_met(raw: RawColumn) -> bool:
    """Whether a column is the share that met a standard; in seconds, it would be the standard."""
    return bool(STANDARD.search(plain(raw.name))) and _is_share(raw)


def _first(columns: list[RawColumn], pattern: re.Pattern) -> RawColumn | None:
    """The column of a name: one that counts, rather than a share."""
    found = [each for each in columns if pattern.search(plain(each.name))]
    return min(found, key=_is_share, default=None)


def _numbered(file: RawFile) -> RawColumn | None:
    """A column that numbers the rows from one on."""
    unique = [each for each in file.columns if each.kind == NUMBER and each.unique]
    whole = [each for each in unique if each.high - each.low == file.rows - 1]
    return next((each for each in whole if each.low in (0, 1)), None)


def _once(base, file: RawFile, day: RawColumn | None, others: list[RawColumn]) -> bool:
    """Whether each day stands once in each group."""
    if day is None:
        return True
    names = ", ".join(identifier(each.name) for each in (day, *others))
    count = base.execute(
        f"SELECT count(DISTINCT ({names})) FROM {identifier(file.table)}"
    ).fetchall()[0][0]
    return count >= 0.99 * file.rows


def day_counts_text(found: DayCounts, names: Names, interview: Interview) -> str:
    """The SQL of the table of counts."""
    file = found.file
    lines = [Line(*_day(found, interview))]
    groups = _groups(found, names)
    if "channel" not in groups:
        said = interview.put(Question(
            f"{file.table}.channel", (f"Of which channel are the counts of {file.told}? No "
"column tells."),
            {}, "phone",
        ))  # fmt: skip
        lines.append(Line(quoted(said.value), "channel", (said.remark,)))
    lines += [Line(given(raw), name) for name, raw in groups.items()]
    lines.append(_offered(found))
    lines += [_part(found, name, raw) for name, raw in found.parts.items()]
    if found.late:
        said = f"{UNSURE}: those that are not {found.late.name} are taken to have been in time"
        text = f"{_total(found)} - {as_number(found.late)}"
        lines.append(Line(reckoned(text, found.late), "in_time", (said,)))
    lines += [_time(raw, name) for name, raw in found.times.items()]
    used = {raw.name for raw in (found.day, found.offered, *groups.values(), *found.parts.values(),
                                 *found.times.values()) if raw}  # fmt: skip
    taken = {line.name for line in lines}
    lines += [
        Line(as_own(each), bare(plain(each.name)))
        for each in file.columns
        if each.name not in used and each.kind != EMPTY and plain(each.name)
        and plain(each.name) not in taken
    ]  # fmt: skip
    return f"{file.head}{select(lines)}\nFROM {file.rows_sql}\n"


def _day(found: DayCounts, interview: Interview) -> tuple[str, str, tuple[str, ...]]:
    if found.day:
        remark = found.day.reading.remark
        return as_value(found.day), "day", (remark,) if remark else ()
    number = _numbered(found.file)
    said = asked_day(found.file, interview)
    first = f"{as_number(number)} - {number.low:g}" if number else "row_number() OVER () - 1"
    told = f"{UNSURE}: rows are numbered, not dated; the first is taken as that day, and so on"
    return f"DATE {quoted(said.value)} + CAST({first} AS INTEGER)", "day", (said.remark, told)


def _groups(found: DayCounts, names: Names) -> dict[str, RawColumn]:
    left = [each for each in found.file.columns if each.kind == TEXT]
    groups = {}
    for name in GROUPS:
        if name == "channel" and (told := [each for each in left if channels_in(each)]):
            groups[name] = told[0]
            left.remove(told[0])
            continue
        senses = {
            sense: each
            for each in reversed(left)
            if (sense := names.sense("interactions", name, each.name))
        }
        if senses:
            groups[name] = senses[min(senses)]
            left.remove(groups[name])
    return groups


def _total(found: DayCounts) -> str:
    if found.offered:
        return as_number(found.offered)
    return f"({as_number(found.parts['answered'])} + {as_number(found.parts['abandoned'])})"


def _offered(found: DayCounts) -> Line:
    if found.offered:
        return Line(as_value(found.offered), "offered")
    return Line(_total(found), "offered", (f"{UNSURE}: answered and abandoned together",))


def _part(found: DayCounts, name: str, raw: RawColumn) -> Line:
    if not _is_share(raw):
        return Line(as_value(raw), name)
    # 94.01% of 217 offered are 204 answered.
    whole = 100 if raw.high > 1 else 1
    base = _total(found) if name in ("answered", "abandoned", "in_time") else (
        as_number(found.parts["answered"]) if "answered" in found.parts else _total(found)
    )  # fmt: skip
    text = f"{as_number(raw)} / {whole} * {base}" if whole > 1 else f"{as_number(raw)} * {base}"
    if name in PARTS_OF_OFFERED[:2]:
        text = f"round({text})"
    of = "those answered" if "answered" in base else "those offered"
    return Line(reckoned(text, raw), name, (f"{UNSURE}: {raw.name} is taken as the share of {of}",))


def _time(raw: RawColumn, name: str) -> Line:
    remark = raw.reading.remark or f"{UNSURE}: is {raw.name} the mean time in seconds?"
    factor = 1.0 if raw.reading.seconds else seconds_in(raw.name)
    return Line(
        as_value(raw) if factor == 1.0 else reckoned(f"{as_number(raw)} * {factor:g}", raw),
        name,
        (remark,),
    )
