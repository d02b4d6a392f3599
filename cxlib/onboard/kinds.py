"""What a column holds: numbers, moments, flags, or texts.

Every value is looked at, none is guessed from a sample. A column is of the kind that nearly all of
its values fit; the others stay as they are, and the contract names them.
"""

from cxlib.data.engines.sql import quoted
from cxlib.data.formats import CLOCKS, PLAIN
from cxlib.onboard.asked import (
    CLOCK,
    FLAG,
    MOSTLY,
    NUMBER,
    TEXT,
    TIME,
    Asked,
    Reading,
    matches,
)
from cxlib.onboard.moments import SPANS, counted, moments
from cxlib.onboard.numbers import is_either, numbers, the_decimal
from cxlib.onboard.periods import periods
from cxlib.onboard.synonyms import plain

FLAGS = ("true", "false", "t", "f", "yes", "no", "y", "n")
ZERO_FIRST = r"[+-]?0\d+"  # a code such as 007 is no number


def kind_of_type(asked: Asked, stored: str) -> Reading:
    """What a column is that has a type of its own."""
    if stored == "BOOLEAN":
        return Reading(FLAG)
    if stored.startswith(("TIMESTAMP", "DATE")):
        return Reading(TIME, day_only=stored == "DATE")
    if stored in ("DOUBLE", "FLOAT"):
        asked.base.execute("DELETE FROM _cx_v WHERE isnan(v)")
        whole = asked.fits("v <> floor(v)") == 0
        notes = ("whole numbers stored as fractions",) if whole else ()
        return counted(asked) or Reading(NUMBER, whole=whole, notes=notes)
    if stored.endswith("INT") or stored.startswith(("INTEGER", "UINTEGER", "DECIMAL")):
        return counted(asked) or periods(asked) or Reading(NUMBER)
    return Reading(TEXT)


def kind_of_texts(asked: Asked) -> Reading:
    """What a column of texts is."""
    if found := counted(asked) or periods(asked):
        return found
    if asked.all_fit(matches(PLAIN)):
        if is_either(asked):
            comma, remark = the_decimal(asked, asked.distinct, asked.distinct)
            sql = "replace(replace(§, '.', ''), ',', '.')" if comma else "§"
            notes = ("decimal comma",) if comma else ()
            return Reading(NUMBER, sql, notes=notes, remark=remark)
        return Reading(TEXT if asked.fits(matches(ZERO_FIRST)) else NUMBER)
    if asked.all_fit(f"lower(v) IN ({', '.join(map(quoted, FLAGS))})"):
        return Reading(FLAG)
    if not SPANS.search(plain(asked.column)):
        for form, pattern in CLOCKS.items():
            if asked.all_fit(
                f"{matches(pattern)} AND TRY_CAST(split_part(v, ':', 1) AS INTEGER) < 24"
            ):
                return Reading(CLOCK, form=form, notes=(f"times of day as {form}",))
    plainly = asked.fits(f"{matches(PLAIN)} AND NOT {matches(ZERO_FIRST)}")
    if MOSTLY * asked.distinct <= plainly < asked.distinct and not asked.fits(matches(ZERO_FIRST)):
        return numbers(asked) or asked.without(Reading(NUMBER), matches(PLAIN))
    return moments(asked) or numbers(asked) or Reading(TEXT)
