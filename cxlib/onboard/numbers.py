"""How a column writes numbers: money, shares, durations, scores with words."""

import re
from collections.abc import Sequence

from cxlib.data.casts import CLOCKED, SPELLED
from cxlib.data.engines.sql import quoted
from cxlib.data.formats import (
    COMMA,
    COMMAED,
    CURRENCIES,
    EITHER,
    MONEY,
    PLAIN,
    POINT,
    POINTED,
    UNITS,
)
from cxlib.onboard.asked import COLUMN, MOSTLY, NUMBER, Asked, Reading, matches
from cxlib.onboard.moments import SPANS
from cxlib.onboard.synonyms import plain

BLANKS = "[\\s'’\u00a0\u2009\u202f]"
# What can be read in one way only, and the contract does.
SIGNS = (("[−–]", "-"), (r"^[(](.*)[)]$", r"-\1"), (r"^([0-9.,]+)-$", r"-\1"))
# A score with words behind it: 10 - Extremely likely, 4 stars, 4/5.
LABELLED = (r"^(\d{1,3})\s*[-–—:=.]\s*[^\d\s].*$", r"^(\d{1,3}) ?(?:stars?|sterne?)$",
            r"^(\d{1,3}) ?/ ?(?:5|7|10|100)$")  # fmt: skip
FEW_LABELS = 25
MINUTES = r"\d{1,3}:[0-5]\d"
# Words for a score, from the worst to the best.
LIKERT = (
    "very dissatisfied|dissatisfied|neutral|satisfied|very satisfied",
    "very dissatisfied|dissatisfied|neither satisfied nor dissatisfied|satisfied|very satisfied",
    "very unsatisfied|unsatisfied|neutral|satisfied|very satisfied",
    ("very dissatisfied|somewhat dissatisfied|neither satisfied nor dissatisfied|somewhat "
"satisfied|very satisfied"),
    "strongly disagree|disagree|neutral|agree|strongly agree",
    "strongly disagree|disagree|neither agree nor disagree|agree|strongly agree",
    "very poor|poor|fair|good|excellent",
    "very bad|bad|okay|good|very good",
    "poor|fair|good|very good|excellent",
    "very difficult|difficult|neutral|easy|very easy",
    "very unlikely|unlikely|neutral|likely|very likely",
    "not at all likely|unlikely|neutral|likely|extremely likely",
    "sehr unzufrieden|unzufrieden|neutral|zufrieden|sehr zufrieden",
    "sehr unzufrieden|eher unzufrieden|teils teils|eher zufrieden|sehr zufrieden",
    "stimme gar nicht zu|stimme nicht zu|neutral|stimme zu|stimme voll zu",
    "sehr unzufrieden|unzufrieden|weder noch|zufrieden|sehr zufrieden",
    "sehr unzufrieden|unzufrieden|weder zufrieden noch unzufrieden|zufrieden|sehr zufrieden",
    "très insatisfait|insatisfait|neutre|satisfait|très satisfait",
    "très insatisfait|insatisfait|ni satisfait ni insatisfait|satisfait|très satisfait",
    ("pas du tout satisfait|plutôt pas satisfait|ni satisfait ni insatisfait|plutôt satisfait|"
"très satisfait"),
    "muy insatisfecho|insatisfecho|neutral|satisfecho|muy satisfecho",
    "muy insatisfecho|insatisfecho|ni satisfecho ni insatisfecho|satisfecho|muy satisfecho",
    "molto insoddisfatto|insoddisfatto|neutrale|soddisfatto|molto soddisfatto",
    ("molto insoddisfatto|insoddisfatto|né soddisfatto né insoddisfatto|soddisfatto|"
"molto soddisfatto"),
    "muito insatisfeito|insatisfeito|neutro|satisfeito|muito satisfeito",
    "muito insatisfeito|insatisfeito|nem satisfeito nem insatisfeito|satisfeito|muito satisfeito",
)  # fmt: skip
LIKERT_LEAST = 3  # of five words, so many must stand there


def numbers(asked: Asked) -> Reading | None:
    """The reading of a column of texts, if nearly all of them are numbers."""
    return _durations(asked) or _labelled(asked) or _words(asked) or _written(asked)


# Durations ------------------------------------------------------------------------------------


def _durations(asked: Asked) -> Reading | None:
    spanning = bool(SPANS.search(plain(asked.column)))
    clocked, spelled = matches(CLOCKED.strip("^$")), _spelled("v")
    long = asked.fits(f"{clocked} AND TRY_CAST(split_part(v, ':', 1) AS INTEGER) > 23")
    fit = asked.fits(clocked)
    if fit >= MOSTLY * asked.distinct and (spanning or long):
        note = f"durations such as {asked.some(1)[0]!r} become seconds"
        own = f"epoch(TRY_CAST({COLUMN} AS INTERVAL))"
        reading = Reading(
            NUMBER, own=own, seconds=True, notes=(note,), remark=f"UNSURE: {note}; is it so long?"
        )
        return asked.without(reading, clocked)
    if asked.fits(spelled) >= MOSTLY * asked.distinct:
        note = f"durations such as {asked.some(1)[0]!r} become seconds"
        own = _spelled_seconds()
        reading = Reading(NUMBER, own=own, seconds=True, notes=(note,), remark=f"UNSURE: {note}")
        return asked.without(reading, spelled)
    if spanning and asked.fits(matches(MINUTES)) >= MOSTLY * asked.distinct:
        return _minutes(asked)
    return None


def _spelled(value: str) -> str:
    pattern = quoted(SPELLED)
    return (
        f"(regexp_matches(lower({value}), {pattern}) AND regexp_matches({value}, '\\d ?[A-Za-z]'))"
    )


def _spelled_seconds() -> str:
    pattern = quoted(SPELLED)
    parts = (
        (
            f"{times} * coalesce(TRY_CAST(nullif(regexp_extract(lower({COLUMN}), {pattern}, "
            f"{group}), '') AS DOUBLE), 0)"
        )
        for group, times in ((1, 3600), (2, 60), (3, 1))
    )
    return " + ".join(parts)


def _minutes(asked: Asked) -> Reading:
    """Durations such as 05:10, which may be of minutes or of hours."""
    example = asked.some(1)[0]
    first, second = (int(part) for part in example.split(":"))
    said = asked.put(
        "duration",
        f"{example!r} may be {first} min {second} s or {first} h {second} min.",
        {"minutes": "minutes and seconds", "hours": "hours and minutes"},
        "minutes",
    )
    larger, smaller = (3600, 60) if said.value == "hours" else (60, 1)
    parts = [f"CAST(split_part({COLUMN}, ':', {part}) AS INTEGER)" for part in (1, 2)]
    seconds = f"{larger} * {parts[0]} + {'' if smaller == 1 else f'{smaller} * '}{parts[1]}"
    text = (
        f"CASE WHEN regexp_full_match({COLUMN}, {quoted(MINUTES)}) THEN CAST({seconds} "
        f"AS VARCHAR) ELSE {COLUMN} END"
    )
    note = f"durations such as {example!r} become seconds"
    reading = Reading(NUMBER, text, seconds=True, notes=(note,), remark=said.remark)
    return asked.without(reading, matches(MINUTES))


# Scores ---------------------------------------------------------------------------------------


def _labelled(asked: Asked) -> Reading | None:
    """Scores of which some have words beside them: 10 - Extremely likely."""
    if asked.distinct > FEW_LABELS:
        return None
    for pattern in LABELLED:
        labelled = f"regexp_matches(v, {quoted(pattern)})"
        example = asked.one(f"SELECT v FROM _cx_v WHERE {labelled} ORDER BY v DESC LIMIT 1")
        good = f"({labelled} OR {matches('[0-9]{1,3}')})"
        if example and asked.fits(good) >= MOSTLY * asked.distinct:
            sql = f"regexp_replace({COLUMN}, {quoted(pattern)}, '\\1')"
            note = f"numbers with words, such as {example[0]!r}"
            return asked.without(Reading(NUMBER, sql, notes=(note,)), good)
    return None


def _words(asked: Asked) -> Reading | None:
    """Scores in words alone: Very satisfied."""
    if asked.distinct > FEW_LABELS:
        return None
    values = {value.strip().casefold(): value for value in asked.some(FEW_LABELS)}
    for scale in LIKERT:
        words = scale.split("|")
        known = [word for word in words if word in values]
        if len(known) >= LIKERT_LEAST and len(known) >= MOSTLY * len(values):
            cases = " ".join(
                f"WHEN {quoted(word)} THEN '{words.index(word) + 1}'" for word in known
            )
            told = ", ".join(f"{word} = {words.index(word) + 1}" for word in known)
            sql = f"CASE lower(trim({COLUMN})) {cases} ELSE {COLUMN} END"
            reading = Reading(NUMBER, sql, notes=(f"words are scores: {told}",),
                              remark=f"UNSURE: words are read as scores: {told}")  # fmt: skip
            listed = ", ".join(map(quoted, known))
            return asked.without(reading, f"lower(trim(v)) IN ({listed})")
    return None


# Money and other numbers ----------------------------------------------------------------------


def _written(asked: Asked) -> Reading | None:
    bare = f"regexp_replace(v, {quoted(UNITS)}, '', 'g')"
    for pattern, new in SIGNS:
        bare = f"regexp_replace({bare}, {quoted(pattern)}, {quoted(new)}, 'g')"
    with_point = f"({matches(POINTED, bare)} OR {matches(PLAIN, bare)})"
    with_comma = matches(COMMAED, bare)
    pointed, commaed = asked.fits(with_point), asked.fits(with_comma)
    if max(pointed, commaed) < MOSTLY * asked.distinct:
        return None
    comma, remark = the_decimal(asked, pointed, commaed, bare)
    good = with_comma if comma else with_point
    units = [unit for unit in _units(asked) if unit.strip()]
    sql, notes = COLUMN, []
    if units or asked.fits(f"regexp_matches(v, {quoted(BLANKS)}) AND {good}"):
        # Another sign that may come one day is not taken off unseen.
        signs = "|".join([*map(re.escape, units), BLANKS])
        sql = f"regexp_replace({sql}, {quoted(signs)}, '', 'g')"
    if units:
        notes.append(
            f"{', '.join(map(repr, units))} beside numbers "
            f"{'is' if len(units) == 1 else 'are'} taken off"
        )
    if comma:
        sql = f"replace(replace({sql}, '.', ''), ',', '.')"
        notes.append("decimal comma")
    elif asked.fits(f"contains(v, ',') AND {good}"):
        sql = f"replace({sql}, ',', '')"
        notes.append("commas part the thousands")
    if asked.fits(r"regexp_matches(v, '^\(.*\)$|[0-9]-$|^[−–]')"):
        notes.append("brackets and minus signs mean less than nothing")
    money = {CURRENCIES.get(unit, unit) for unit in units if unit != "%"}
    reading = Reading(NUMBER, sql, notes=tuple(notes), remark=remark)
    if len(money) > 1:
        reading = _currencies(asked, sql, units, tuple(notes))
    elif "%" in units:
        reading = Reading(NUMBER, sql, notes=tuple(notes), remark=remark or _percent(asked))
    return asked.without(reading, good)


def _percent(asked: Asked) -> str:
    return f"UNSURE: {asked.some(1)[0]!r} is read without its %; divide by 100 if a share is wanted"


def _units(asked: Asked) -> list[str]:
    found = asked.base.execute(
        f"SELECT regexp_extract(v, {quoted(MONEY + '|%')}) AS u, sum(n) FROM _cx_v WHERE u <> '' "
        "GROUP BY u ORDER BY 2 DESC, 1"
    )
    return [unit for unit, _ in found.fetchall()]


def _currencies(asked: Asked, sql: str, units: Sequence[str], notes: tuple[str, ...]) -> Reading:
    """Amounts in several currencies, which are never added: one counts, unless rates are given."""
    codes = {unit: CURRENCIES.get(unit, unit) for unit in units if unit != "%"}
    names = list(dict.fromkeys(codes.values()))
    said = asked.put(
        "currency",
        f"Amounts are in {', '.join(names)}; which count? Those in others are set apart.",
        {}, names[0],
    )  # fmt: skip
    rates = rates_of(said.value, names)
    cases = []
    for code, rate in rates.items():
        signs = "|".join(re.escape(unit) for unit in codes if codes[unit] == code)
        value = (
            sql
            if rate == 1
            else (f"coalesce(CAST(TRY_CAST({sql} AS DOUBLE) * {rate:g} AS VARCHAR), {COLUMN})")
        )
        cases.append(f"WHEN regexp_matches({COLUMN}, {quoted(signs)}) THEN {value}")
    text = f"CASE {' '.join(cases)} ELSE {COLUMN} END"
    told = f"amounts in several currencies: {', '.join(names)}"
    return Reading(NUMBER, text, notes=(*notes, told), remark=said.remark)


def rates_of(answer: str, names: Sequence[str]) -> dict[str, float]:
    """What an amount in each currency is worth, from an answer such as `EUR, USD 0.92`.

    Examples:
        >>> rates_of("EUR, USD 0.92", ["EUR", "USD", "JPY"])
        {'EUR': 1.0, 'USD': 0.92}
        >>> rates_of("pounds", ["GBP"])
        {'GBP': 1.0}
    """
    found = {}
    for name in names:
        if given := re.search(rf"(?i)\b{re.escape(name)}\b\s*[=:]?\s*(\d+(?:\.\d+)?)?", answer):
            found[name] = float(given[1] or 1)
    return found or {names[0]: 1.0}


def the_decimal(asked: Asked, pointed: int, commaed: int, bare: str = "v") -> tuple[bool, str]:
    """Whether a comma is the decimal mark; asked, if it could as well part the thousands."""
    if pointed != commaed:
        return commaed > pointed, ""
    both = [f"({matches(POINTED, bare)} OR {matches(PLAIN, bare)})", matches(COMMAED, bare)]
    found = asked.one(
        f"SELECT {bare} FROM _cx_v WHERE regexp_matches(v, '[.,]') AND {' AND '.join(both)} "
        "ORDER BY v LIMIT 1"
    )
    if not found:
        return False, ""
    text = found[0]
    with_comma = text.replace(",", ".") if "," in text else text.replace(".", "")
    with_point = text.replace(",", "")
    said = asked.put(
        "decimal",
        f"{text!r} may be {with_comma} (decimal comma) or {with_point} (decimal point), and "
        "no value "
        "tells which.",
        {COMMA: "decimal comma", POINT: "decimal point"},
        COMMA if asked.continental else POINT,
    )
    return said.value == COMMA, said.remark


def is_either(asked: Asked) -> bool:
    """Whether all numbers that have a point could as well have it between thousands."""
    pointed = asked.fits("contains(v, '.')")
    return bool(pointed) and pointed == asked.fits(matches(EITHER))
