"""A raw column as SQL: as an id, a number, a flag or a moment, and null for words of nothing."""

import re

from cxlib.data.engines.sql import identifier, quoted
from cxlib.data.formats import MOMENTS, UNITS
from cxlib.onboard.kinds import NUMBER
from cxlib.onboard.sniff import RawColumn

# The words that SQL keeps for itself and exports use as names.
RESERVED = frozenset((
    "all", "and", "any", "array", "as", "asc", "case", "cast", "check", "column",
    "constraint", "create", "default", "desc", "distinct", "do", "else", "end", "except",
    "false", "fetch", "for", "foreign", "from", "grant", "group", "having", "in", "into",
    "is", "join", "limit", "not", "null", "offset", "on", "only", "or", "order", "primary",
    "references", "select", "some", "table", "then", "to", "true", "union", "unique",
    "user", "using", "when", "where", "window", "with",
))  # fmt: skip
# Yes and no in several languages, and as crosses in a list.
YES = ("yes", "y", "true", "t", "1", "ja", "j", "oui", "o", "si", "sí", "s", "sim", "x")
NO = ("no", "n", "false", "f", "0", "nein", "non", "não", "")


def bare(name: str) -> str:
    """A name as SQL, in quotes only where it needs them.

    Examples:
        >>> bare("opened"), bare("Customer ID"), bare("order")
        ('opened', '"Customer ID"', '"order"')
    """
    plainly = re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name) and name.casefold() not in RESERVED
    return name if plainly else identifier(name)


def given(raw: RawColumn) -> str:
    """The column, null where its file writes a word for nothing."""
    text = bare(raw.name)
    if raw.padded:
        text = f"nullif(trim({text}), '')"
    for word in raw.nothing:
        text = f"nullif({text}, {quoted(word)})"
    return text


def as_id(raw: RawColumn) -> str:
    """The column as text."""
    if raw.fraction:
        return f"CAST(TRY_CAST({bare(raw.name)} AS BIGINT) AS VARCHAR)"
    return f"CAST({given(raw)} AS VARCHAR)" if raw.kind == NUMBER else given(raw)


def as_number(raw: RawColumn) -> str:
    """The column as a number, from the marks and signs that it is written with."""
    text = given(raw)
    if raw.unit:
        text = f"regexp_replace({text}, {quoted(UNITS)}, '', 'g')"
    if raw.comma:
        text = f"replace(replace({text}, '.', ''), ',', '.')"
    elif raw.thousands:
        text = f"replace({text}, ',', '')"
    return f"{'TRY_CAST' if raw.strays else 'CAST'}({text} AS DOUBLE)"


def as_flag(raw: RawColumn) -> str:
    """The column as true or false, from words for yes and no."""
    word = f"lower(trim({bare(raw.name)}))"
    yes, no = (", ".join(map(quoted, words)) for words in (YES, NO))
    return f"CASE WHEN {word} IN ({yes}) THEN true WHEN {word} IN ({no}) THEN false END"


def as_moment(raw: RawColumn) -> str:
    """The column as a moment: counted, or read by its format."""
    if raw.format in MOMENTS:
        return MOMENTS[raw.format].format(given(raw))
    if raw.format:
        read = "try_strptime" if raw.strays else "strptime"
        return f"{read}({given(raw)}, {quoted(raw.format)})"
    return given(raw)
