"""A raw column as SQL: as an id, a value or a flag, and null for words of nothing."""

from cxlib.data.engines.sql import quoted
from cxlib.onboard.asked import COLUMN, NUMBER, bare
from cxlib.onboard.sniff import RawColumn

# Yes and no in several languages, and as crosses in a list.
YES = ("yes", "y", "true", "t", "1", "ja", "j", "oui", "o", "si", "sí", "s", "sim", "x")
NO = ("no", "n", "false", "f", "0", "nein", "non", "não", "")


def given(raw: RawColumn, of: str = "") -> str:
    """The column (of one of joined tables), null where its file writes a word for nothing."""
    text = f"{of}{bare(raw.name)}"
    if raw.padded:
        text = f"nullif(trim({text}), '')"
    for word in raw.nothing:
        text = f"nullif({text}, {quoted(word)})"
    return text


def as_id(raw: RawColumn, of: str = "") -> str:
    """The column (of one of joined tables) as text."""
    if raw.reading.whole:
        return f"CAST(TRY_CAST({of}{bare(raw.name)} AS BIGINT) AS VARCHAR)"
    # Of a number that text holds, the cast changes nothing.
    return f"CAST({given(raw, of)} AS VARCHAR)" if raw.kind == NUMBER else given(raw, of)


def as_value(raw: RawColumn) -> str:
    """The column as the contract reads it, which names what it cannot read."""
    return raw.reading.sql.replace(COLUMN, given(raw))


def as_own(raw: RawColumn) -> str:
    """The column as one that the contract does not know."""
    return (raw.reading.own or raw.reading.sql).replace(COLUMN, given(raw))


def as_number(raw: RawColumn) -> str:
    """The column as a number to reckon with; nothing where it is none."""
    return f"TRY_CAST({as_value(raw)} AS DOUBLE)"


def reckoned(sql: str, *raws: RawColumn) -> str:
    """What is reckoned from columns; where one is no number, what stands there, to be named."""
    written = " || ' with ' || ".join(given(raw) for raw in raws)
    return f"coalesce(CAST({sql} AS VARCHAR), {written})"


def as_flag(raw: RawColumn, opposite: bool = False) -> str:
    """The column as true or false, from words for yes and no; nothing for few other words."""
    told = {word.strip().casefold() for word in raw.words}
    yes, no = ([word for word in words if not told or word in told] for words in (YES, NO))
    if opposite:
        yes, no = no, yes
    column, name = f"lower(trim({bare(raw.name)}))", bare(raw.name)
    cases = [
        f"WHEN {column} IN ({', '.join(map(quoted, words))}) THEN {value}"
        for words, value in ((yes, "'true'"), (no, "'false'"))
        if words
    ]
    if others := unsaid(raw):
        listed = ", ".join(quoted(each.strip().casefold()) for each in others)
        cases.append(f"WHEN {column} IN ({listed}) THEN NULL")
    return f"CASE {' '.join(cases)} ELSE {name} END" if cases else name


def unsaid(raw: RawColumn) -> list[str]:
    """The words of a flag, such as Pending, that are neither yes nor no, where others are."""
    others = [word for word in raw.words if word.strip().casefold() not in (*YES, *NO)]
    return others if len(others) < len(raw.words) else []
