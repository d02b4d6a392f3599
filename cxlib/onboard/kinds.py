"""What a column of texts holds: numbers, times, flags, or texts.

Every value is looked at, none is guessed from a sample. Where values can be read in two ways, that
is an error which shows both, until somebody says which is right.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cxlib.data.engines.sql import quoted
from cxlib.data.formats import (
    CLOCKS,
    COMMA,
    COMMAED,
    COMPACT,
    COUNTED,
    DAY_FIRST,
    EITHER,
    ISO,
    MONTH_FIRST,
    ORDERS,
    PLAIN,
    POINT,
    POINTED,
    UNITS,
)
from cxlib.errors import DataError
from cxlib.onboard.synonyms import plain

TEXT, NUMBER, TIME, CLOCK, FLAG, EMPTY = "text", "number", "time", "clock", "flag", "empty"
_FLAGS = ("true", "false", "t", "f", "yes", "no", "y", "n")
DATED = re.compile("date|day|time|datum|created|opened|closed|_at$")
SPANS = re.compile("wait|talk|handle|duration|length|service|hold|queue|elapsed|dauer")
MOSTLY = 0.9  # of different values; the others are told


@dataclass(frozen=True)
class Asked:
    """What is asked of a file's columns, one at a time: its values, each once, are in `_cx_v`.

    `_cx_v` has the value (`v`) and how many rows have it (`n`).
    """

    base: duckdb.DuckDBPyConnection
    path: Path
    dates: str
    decimal: str

    def one(self, query: str):
        """The first row of an answer."""
        return self.base.execute(query).fetchone()

    def fits(self, test: str) -> int:
        """How many different values pass a test."""
        return self.one(f"SELECT count(*) FROM _cx_v WHERE {test}")[0]


def kind_of_type(asked: Asked, name: str, stored: str) -> dict:
    """What a column is that has a type of its own."""
    if stored == "BOOLEAN":
        return {"kind": FLAG}
    if stored.startswith(("TIMESTAMP", "DATE")):
        return {"kind": TIME}
    if stored in ("DOUBLE", "FLOAT"):
        asked.base.execute("DELETE FROM _cx_v WHERE isnan(v)")
        whole = asked.fits("v <> floor(v)") == 0
        return _counted(asked, name) or {"kind": NUMBER, "fraction": whole}
    if stored.endswith("INT") or stored.startswith(("INTEGER", "UINTEGER", "DECIMAL")):
        return _counted(asked, name) or {"kind": NUMBER}
    return {"kind": TEXT}


def kind_of_texts(asked: Asked, name: str, distinct: int) -> dict:
    """What a column of texts is: the kind that all values fit, or nearly all.

    Raises:
        DataError: Its dates or numbers can be read in two ways.
    """

    def all_fit(test: str) -> bool:
        return asked.fits(test) == distinct

    # A code such as 007 is no number.
    codes = asked.fits(_matches(r"[+-]?0\d+"))
    compact = [
        form
        for form, length in COMPACT.items()
        if _is_dated(name) and all_fit(f"length(v) = {length} AND {_reads(form)}")
    ]
    if compact:
        return {"kind": TIME, "format": compact[0]}
    if all_fit(_matches(PLAIN)):
        pointed = asked.fits("contains(v, '.')")
        if pointed and pointed == asked.fits(_matches(EITHER)):
            return {"kind": NUMBER, "comma": _the_decimal(asked, name, distinct, distinct)}
        return {"kind": TEXT} if codes else _counted(asked, name) or {"kind": NUMBER}
    if all_fit(f"lower(v) IN ({', '.join(map(quoted, _FLAGS))})"):
        return {"kind": FLAG}
    for form, pattern in CLOCKS.items():
        if all_fit(_matches(pattern)):
            return {"kind": CLOCK, "format": form}
    return _of_times(asked, name, distinct) or _of_numbers(asked, name, distinct) or {"kind": TEXT}


def _counted(asked: Asked, name: str) -> dict | None:
    """Moments that are written as a count of seconds or days."""
    if not _is_dated(name):
        return None
    low, high = asked.one(
        "SELECT min(TRY_CAST(v AS DOUBLE)), max(TRY_CAST(v AS DOUBLE)) FROM _cx_v"
    )
    for form, (least, most) in COUNTED.items():
        if low is not None and least <= low and high <= most:
            return {"kind": TIME, "format": form}
    return None


def _of_times(asked: Asked, name: str, distinct: int) -> dict | None:
    options = {"": asked.fits(_matches(ISO))}
    if asked.fits(r"regexp_matches(v, '^\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}')"):
        options |= {form: asked.fits(_reads(form)) for form in ORDERS}
    if len(options) > 1:
        _refuse_two_orders(asked, name, distinct)
    best = max(options.values())
    if best < MOSTLY * distinct:
        return None
    form = _the_order(asked, name, [each for each, count in options.items() if count == best])
    return {"kind": TIME, "format": form} | _odd(asked, _reads(form) if form else _matches(ISO))


def _refuse_two_orders(asked: Asked, name: str, distinct: int) -> None:
    """Dates of which some can only be day first, and others only month first."""
    reads = {
        order: "(" + " OR ".join(_reads(form) for form in ORDERS if ORDERS[form] == order) + ")"
        for order in (DAY_FIRST, MONTH_FIRST)
    }
    if asked.fits(" OR ".join(reads.values())) < MOSTLY * distinct:
        return
    only = {
        order: asked.one(f"SELECT min(v) FROM _cx_v WHERE {test} AND NOT {reads[other]}")[0]
        for (order, test), other in zip(reads.items(), reversed(reads), strict=True)
    }
    if all(only.values()):
        raise DataError(
            f"{asked.path}: column {name!r}: {only[DAY_FIRST]!r} can only be day first, and "
            f"{only[MONTH_FIRST]!r} only month first; its dates are of two kinds, which have to be "
            "told apart first"
        )


def _of_numbers(asked: Asked, name: str, distinct: int) -> dict | None:
    unit = ""
    if asked.fits(f"regexp_matches(v, {quoted(UNITS)})"):
        unit = asked.one(
            f"SELECT regexp_extract(v, {quoted(UNITS)}) AS u, sum(n) FROM _cx_v "
            f"WHERE u <> '' GROUP BY u ORDER BY 2 DESC, 1 LIMIT 1"
        )[0]
    bare = f"regexp_replace(v, {quoted(UNITS)}, '', 'g')"
    with_point = f"({_matches(POINTED, bare)} OR {_matches(PLAIN, bare)})"
    with_comma = _matches(COMMAED, bare)
    pointed, commaed = asked.fits(with_point), asked.fits(with_comma)
    if max(pointed, commaed) < MOSTLY * distinct:
        return None
    comma = _the_decimal(asked, name, pointed, commaed, bare)
    good = with_comma if comma else with_point
    thousands = not comma and asked.fits(f"contains(v, ',') AND {good}") > 0
    return {"kind": NUMBER, "comma": comma, "thousands": thousands, "unit": unit} | _odd(
        asked, good
    )


def _matches(pattern: str, value: str = "v") -> str:
    return f"regexp_full_match({value}, {quoted(pattern)})"


def _is_dated(name: str) -> bool:
    return bool(DATED.search(plain(name))) and not SPANS.search(plain(name))


def _reads(form: str) -> str:
    """Whether a value is written so; a year of four digits is none of two."""
    if form in COMPACT:
        return f"try_strptime(v, {quoted(form)}) IS NOT NULL"
    four = r"regexp_matches(v, '\d{4}')"
    year = four if "%Y" in form else f"NOT {four}"
    return f"({year} AND try_strptime(v, {quoted(form)}) IS NOT NULL)"


def _odd(asked: Asked, good: str) -> dict:
    odd, strays = asked.one(f"SELECT min(v), sum(n) FROM _cx_v WHERE NOT ({good})")
    return {"odd": odd or "", "strays": int(strays or 0)}


def _the_order(asked: Asked, name: str, equal: list[str]) -> str:
    """The format of dates among those that fit best; an error if day and month could be either."""
    if "" in equal:
        return ""
    orders = {}
    for form in equal:
        orders.setdefault(ORDERS[form], form)
    if len(orders) == 1:
        return equal[0]
    if asked.dates in orders:
        return orders[asked.dates]
    shown = {
        order: f"strftime(strptime(v, {quoted(form)}), '%-d %B %Y')"
        for order, form in orders.items()
    }
    read = " AND ".join(_reads(form) for form in orders.values())
    value, *readings = asked.one(
        f"SELECT v, {', '.join(shown.values())} FROM _cx_v WHERE {read} "
        f"ORDER BY {' = '.join(list(shown.values())[:2])}, v LIMIT 1"
    )
    told = " or ".join(
        f"{reading} ({order.replace('-', ' ')})"
        for reading, order in zip(readings, orders, strict=True)
    )
    options = " or ".join(f"--dates {order}" for order in orders)
    raise DataError(
        f"{asked.path}: column {name!r}: {value!r} may be {told}, and no value of the column tells "
        f"which; say it with {options}"
    )


def _the_decimal(asked: Asked, name: str, pointed: int, commaed: int, bare: str = "v") -> bool:
    """Whether a comma is the decimal mark; an error if it could as well part the thousands."""
    if pointed != commaed:
        return commaed > pointed
    if asked.decimal:
        return asked.decimal == COMMA
    both = [f"({_matches(POINTED, bare)} OR {_matches(PLAIN, bare)})", _matches(COMMAED, bare)]
    found = asked.one(
        f"SELECT {bare} FROM _cx_v WHERE regexp_matches(v, '[.,]') AND {' AND '.join(both)} "
        "ORDER BY v LIMIT 1"
    )
    if not found:
        return False
    text = found[0]
    other = text.replace(",", ".") if "," in text else text.replace(".", "")
    readings = (other, text.replace(",", ""))
    raise DataError(
        f"{asked.path}: column {name!r}: {text!r} may be {readings[0]} (decimal comma) or "
        f"{readings[1]} (decimal point), and no value of the column tells which; say it with "
        f"--decimal {COMMA} or --decimal {POINT}"
    )
