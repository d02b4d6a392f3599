"""What to do about a fault, in SQL: said by `cx check` beside each of them."""

import re
from collections.abc import Sequence
from datetime import datetime

import pandas as pd

FORMATS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y%m%d", "%d/%m/%y",
           "%m/%d/%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y")  # fmt: skip
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p")


def remedy(column: str, rule: str, values: Sequence[str]) -> str:
    """How to put a fault right; empty where only its source can.

    Args:
        column: The contract's column.
        rule: The rule that is broken, in the contract's words.
        values: The values that break it.

    Examples:
        >>> remedy("started_at", "must be readable as date or time", ["31/12/2025"])
        "write strptime(…, '%d/%m/%Y')"
        >>> remedy("amount", "must be readable as number", ["1.234,50"])
        "write replace(replace(…, '.', ''), ',', '.')"
    """
    texts = [str(each).strip() for each in values if not pd.isna(each)]
    if "date or time" in rule:
        return _of_dates(texts)
    if "as number" in rule:
        return _of_numbers(texts)
    if "true or false" in rule:
        words = ", ".join(sorted(set(texts))[:4])
        return f"write CASE … WHEN 'a word for yes' THEN true … END; it holds {words}"
    if "must be unique" in rule:
        return "take one row for each id, or use an id that tells rows apart"
    if "among the rows used of" in rule:
        table = rule.rsplit(" ", 1)[-1]
        return f"add the missing rows to {table}, or put right what is wrong with them there"
    if "must be one of" in rule:
        return "write CASE … WHEN 'your word' THEN 'the word of the contract' … END"
    if "must not be empty" in rule:
        return f"fill {column}, or leave such rows out with WHERE and say so in a comment"
    if "must be at least 0" in rule:
        return "find out what the sign means; write greatest(…, 0) only if it is a known slip"
    return ""


def _of_dates(texts: Sequence[str]) -> str:
    fits = [
        day + time
        for day in FORMATS
        for time in TIMES
        if texts and all(_reads(text, day + time) for text in texts)
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
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None


def _of_numbers(texts: Sequence[str]) -> str:
    if texts and all(re.fullmatch(r"[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+", each) for each in texts):
        return "write replace(replace(…, '.', ''), ',', '.')"
    if texts and all(re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", each) for each in texts):
        return "write replace(…, ',', '')"
    if texts and all(re.search(r"\d", each) for each in texts):
        return "write regexp_extract(…, '[0-9.]+') if what stands beside the digits is a unit"
    words = ", ".join(repr(each) for each in sorted(set(texts))[:3])
    return f"write nullif(…, 'WORD') for words that mean no value; it holds {words}"
