"""What to do about a fault, in SQL: said by `cx check` beside each of them."""

import re
from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType

import pandas as pd

from cxlib.data import rules
from cxlib.data.formats import COMMAED, PLAIN, POINTED, TIMES, UNITS

FORMATS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d", "%d/%m/%y",
           "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%y-%m-%d", "%y%m%d", "%d %b %Y", "%d-%b-%y",
           "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%Y%m%d%H%M%S", "%Y%m%d%H%M")  # fmt: skip
# What to do about rows of nobody known.
STAND_INS = (
    "write coalesce(…, 'unknown ' || interaction_id) AS customer_id, give customers.sql the "
    "same ids "
    "with 'unknown' AS account_id and false AS known, and accounts.sql the account 'unknown'"
)
# Moments as a count, by the number of digits.
COUNTS = MappingProxyType(
    {
        10: "to_timestamp(CAST(… AS BIGINT))",
        13: "epoch_ms(CAST(… AS BIGINT))",
        5: "DATE '1899-12-30' + CAST(… AS INTEGER)",
    }
)


def remedy(column: str, kind: str, values: Sequence[str]) -> str:
    """How to put a fault right; empty where only its source can.

    Args:
        column: The contract's column.
        kind: The kind of rule that is broken, one of those of `rules.py`.
        values: The values that break it.

    Examples:
        >>> remedy("started_at", rules.UNREADABLE_TIME, ["31/12/2025"])
        "write strptime(…, '%d/%m/%Y')"
        >>> remedy("amount", rules.UNREADABLE_NUMBER, ["1.234,50"])
        "write replace(replace(…, '.', ''), ',', '.')"
    """
    texts = [str(each).strip() for each in values if not pd.isna(each)]
    match kind:
        case rules.UNREADABLE_TIME:
            return _of_dates(texts)
        case rules.UNREADABLE_NUMBER:
            return _of_numbers(texts)
        case rules.UNREADABLE_FLAG:
            words = ", ".join(sorted(set(texts))[:4])
            return f"write CASE … WHEN 'a word for yes' THEN true … END; it holds {words}"
        case rules.DUPLICATE:
            return "take one row for each id, or use an id that tells rows apart"
        case rules.ORPHAN:
            table = {"response_id": "surveys"}.get(column, f"{column.removesuffix('_id')}s")
            return f"add the missing rows to {table}, or put right what is wrong with them there"
        case rules.WORD:
            return "write CASE … WHEN 'your word' THEN 'the word of the contract' … END"
        case rules.EMPTY if column == "customer_id":
            return STAND_INS
        case rules.EMPTY:
            return f"fill {column} where it is known; the others stay set apart, and pages say so"
        case rules.SIGN:
            return "find out what the sign means; write greatest(…, 0) only if it is a known slip"
    return ""


def _of_dates(texts: Sequence[str]) -> str:
    lengths = {len(text) for text in texts if text.isdigit()}
    counts = texts and all(text.isdigit() for text in texts) and len(lengths) == 1
    if counts and (count := COUNTS.get(lengths.pop())):
        return f"write {count} if it is a count of time"
    fits = [
        day + time
        for day in FORMATS
        for time in TIMES
        if not (time and "%H" in day) and texts and all(_reads(text, day + time) for text in texts)
    ]
    if len(fits) > 1:
        readings = " or ".join(
            f"{_reads(texts[0], form):%-d %B %Y} (strptime(…, '{form}'))" for form in fits[:2]
        )
        return f"{texts[0]!r} may be {readings}; write the one that is right"
    if fits:
        return f"write strptime(…, '{fits[0]}')"
    return "write strptime(…, 'FORMAT') with the format of the file; try_strptime drops the others"


def _reads(text: str, form: str) -> datetime | None:
    # Python takes 260131 for a year of four digits, and single digits.
    if form.startswith("%Y%m%d") and not re.match(r"\d{8}", text):
        return None
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None


def _of_numbers(texts: Sequence[str]) -> str:
    if texts and all(re.fullmatch(r"\d{1,2}:\d{2}:\d{2}", each) for each in texts):
        return "write epoch(CAST(… AS INTERVAL)) for seconds"
    if texts and all(re.fullmatch(r"\d{1,3}:\d{2}", each) for each in texts):
        return "write '00:' || … for minutes and seconds, or … || ':00' for hours and minutes"
    bare = [re.sub(UNITS, "", each) for each in texts]
    given = "…" if bare == texts else f"regexp_replace(…, '{UNITS}', '', 'g')"
    comma, point = f"replace(replace({given}, '.', ''), ',', '.')", f"replace({given}, ',', '')"
    with_comma = all(re.fullmatch(COMMAED, each) for each in bare)
    with_point = all(re.fullmatch(f"{PLAIN}|{POINTED}", each) for each in bare)
    if texts and with_comma and with_point:
        if marked := [each for each in bare if re.search("[.,]", each)]:
            one = marked[0].replace(".", "").replace(",", ".")
            other = marked[0].replace(",", "")
            return f"{marked[0]!r} may be {one} (write {comma}) or {other} (write {point})"
        return f"write {given}"
    if texts and with_comma:
        return f"write {comma}"
    if texts and with_point:
        return f"write {point}"
    words = ", ".join(repr(each) for each in sorted(set(texts))[:3])
    return f"write nullif(…, 'WORD') for words that mean no value; it holds {words}"
