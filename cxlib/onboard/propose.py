"""A first mapping from raw files to the contract: one SQL file per table, guesses marked.

Nothing is hidden in a guess: what is not certain stands in the SQL as a comment that begins with
UNSURE or MISSING, and `cx check` lists those that are left.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cxlib.data.config import SCALES
from cxlib.data.contract import FLAG, NUMBER, TEXT, TIME, schemas
from cxlib.data.dataset import EVENT
from cxlib.data.engines.sql import quoted
from cxlib.data.formats import COUNTED
from cxlib.data.marks import MISSING, UNSURE
from cxlib.onboard.expressions import as_flag, as_id, as_moment, as_number, bare, given
from cxlib.onboard.kinds import CLOCK, EMPTY, SPANS
from cxlib.onboard.kinds import FLAG as RAW_FLAG
from cxlib.onboard.kinds import NUMBER as RAW_NUMBER
from cxlib.onboard.kinds import TEXT as RAW_TEXT
from cxlib.onboard.kinds import TIME as RAW_TIME
from cxlib.onboard.sniff import RawColumn, RawFile, told_rows
from cxlib.onboard.synonyms import PRICE, QUANTITY, SYNONYMS, TELLING, plain, sense_of

FITTING = {
    TIME: (RAW_TIME,),
    NUMBER: (RAW_NUMBER,),
    FLAG: (RAW_FLAG, RAW_NUMBER),
}
ONE_BOOKING = "a row is one booking: lines of one order may have to be summed"
GAVE_UP = re.compile("hang|hung|aband|lost|drop|gave up|given up", re.IGNORECASE)
# A single value in so many rows, of more than a few, may stand for nobody.
STANDS_OUT, FEW = 0.2, 20


@dataclass(frozen=True)
class Line:
    """One column of a proposed SELECT: the expression, the contract's name, a remark."""

    expression: str
    name: str
    remark: str = ""


@dataclass(frozen=True)
class Guess:
    """The columns of one raw file that feed one table.

    Attributes:
        columns: The raw column for each of the contract's.
        senses: How well its name fits, as `sense_of` tells.
    """

    file: RawFile
    table: str
    columns: Mapping[str, RawColumn]
    senses: Mapping[str, int]


def propose(files: Sequence[RawFile], scales: Mapping) -> dict[str, str]:
    """SQL for each table that the files can feed, by the table's name.

    Args:
        files: The raw files, as sniffed.
        scales: The survey metrics and their scales.
    """
    contract = schemas(scales)
    guesses = {table: _guesses(files, table, contract) for table in SYNONYMS}
    texts = {table: _select(found, contract[table]) for table, found in guesses.items() if found}
    people = [each for table in ("interactions", "surveys") for each in guesses[table]
              if "customer_id" in each.columns]  # fmt: skip
    payers = [each for each in guesses["revenue"] if "account_id" in each.columns]
    if "customers" not in texts and (people or payers):
        texts["customers"] = _derived_customers(people, payers)
    if "accounts" not in texts and (payers or "customers" in texts):
        texts["accounts"] = _derived_accounts(payers, people, guesses["customers"])
    return {table: texts[table] for table in SYNONYMS if table in texts}


def _guesses(files: Sequence[RawFile], table: str, contract: Mapping) -> list[Guess]:
    found = []
    for file in files:
        guess = _guess(file, table, contract[table])
        known = set(guess.columns) | ({"amount"} if _pieces(file) else set())
        if any(set(each) <= known for each in TELLING[table]) and not _is_other(guess, contract):
            found.append(guess)
    return found


def _is_other(guess: Guess, contract: Mapping) -> bool:
    """A table of who there is has each of them once; a log of events is no such table."""
    key = f"{guess.table.removesuffix('s')}_id"
    return guess.table in ("accounts", "customers") and not guess.columns[key].unique


def _guess(file: RawFile, table: str, schema) -> Guess:
    columns, senses = {}, {}
    for name, column in schema.columns.items():
        if name not in SYNONYMS[table]:
            continue
        kinds = FITTING.get(column.dtype.type)
        options = [
            (sense, place, each)
            for place, each in enumerate(file.columns)
            if (sense := sense_of(table, name, each.name))
            and each.kind != EMPTY
            # A sure name counts even where the values are written in another way.
            and (kinds is None or each.kind in kinds or sense < 3 or _given_up(name, each))
            and each not in columns.values()
        ]
        if options:
            senses[name], _, columns[name] = min(options, key=lambda each: each[:2])
    return Guess(file, table, columns, senses)


def _given_up(name: str, raw: RawColumn) -> list[str]:
    """The words of a call's outcome that tell of customers who gave up."""
    return [each for each in raw.words if name == "abandoned" and GAVE_UP.match(each)]


def _pieces(file: RawFile) -> tuple[RawColumn, RawColumn] | None:
    """The columns of pieces and of the price of one."""
    names = {plain(each.name): each for each in file.columns if each.kind == RAW_NUMBER}
    pieces = [names[each] for each in QUANTITY if each in names]
    price = [names[each] for each in PRICE if each in names]
    return (pieces[0], price[0]) if pieces and price else None


def _select(found: Sequence[Guess], schema) -> str:
    """One SELECT for all files that feed a table, the same columns from each."""
    wanted = [
        name
        for name, column in schema.columns.items()
        if column.required
        or any(name in each.columns for each in found)
        or (name == "amount" and any(_pieces(each.file) for each in found))
    ]
    parts = []
    for guess in found:
        lines = [_line(guess, name, schema.columns[name]) for name in wanted]
        lines += _attributes(guess) if len(found) == 1 else []
        parts.append(_written(lines, guess.file.table))
    text = "\nUNION ALL\n".join(parts)
    for guess in found:
        if guess.file.totals:
            text = (
                f"-- {UNSURE}: {told_rows(guess.file.totals)} of {guess.file.path.name} "
                f"with a word such as Total in front; leave them out with WHERE.\n{text}"
            )
    if len(found) > 1:
        names = " and ".join(each.file.path.name for each in found)
        text = f"-- {UNSURE}: {names} are put together; {_overlap(found)}.\n{text}"
    return text + "\n"


def _overlap(found: Sequence[Guess]) -> str:
    """Whether the days of several files overlap, as far as they tell."""
    once = "if rows stand in several of them, each must be taken once"
    at = EVENT.get(found[0].table, "")
    times = [each.columns[at] for each in found if at in each.columns]
    if len(times) < len(found) or not all(each.first for each in times):
        return once
    spans = sorted((each.first, each.last) for each in times)
    both = [(start, min(before[1], end)) for before, (start, end) in pairwise(spans)
            if start <= before[1]]  # fmt: skip
    if not both:
        return "their days do not overlap"
    told = " and ".join(f"{start} to {end}" for start, end in both)
    return f"their days overlap, {told}; {once}, such as with WHERE on {at}"


def _line(guess: Guess, name: str, column) -> Line:
    raw, kind = guess.columns.get(name), column.dtype.type
    surely = name in guess.senses and guess.senses[name] < 3
    if name == "amount" and not surely and (pieces := _pieces(guess.file)):
        one, each = (as_number(piece) for piece in pieces)
        return Line(
            f"{one} * {each}", name, f"{UNSURE}: pieces times price; is tax in it? {ONE_BOOKING}"
        )
    if raw is None:
        return _absent(guess, name, kind)
    remark = ""
    if guess.senses[name] > 2:
        remark = f"{UNSURE}: is {raw.name} the {name} ({column.description.casefold()})?"
    if raw.strays:
        fate = "these rows will be set apart" if column.required else "they will be empty"
        remark = (
            f"{UNSURE}: in {told_rows(raw.strays)} it is no {raw.kind}, such as {raw.odd!r}; {fate}"
        )
    if name == "score" and (others := _other_scores(guess)):
        remark = (
            f"{UNSURE}: {others} holds scores as well; add them with UNION ALL and their metric"
        )
    if column.unique and not raw.unique and guess.file.key:
        parts = " || '-' || ".join(map(bare, guess.file.key))
        return Line(parts, name, f"{UNSURE}: only both together tell rows apart; are they the id?")
    if column.unique and not raw.unique:
        return _row_numbers(
            guess,
            name,
            f"{raw.name} stands in several rows, and each row is taken as one; if rows are steps "
            "of one, put them together",
        )
    if "references" in column.metadata and raw.share > STANDS_OUT and raw.distinct > FEW:
        remark = f"{UNSURE}: {_nobody(raw)}"
    if name == "agent_id" and raw.share > STANDS_OUT and raw.distinct > FEW:
        remark = (
            f"{UNSURE}: {raw.commonest!r} stands in {raw.share:.0%} of the rows; if it means "
            f"nobody, write nullif({bare(raw.name)}, {quoted(raw.commonest)})"
        )
    if kind == TIME:
        return _time(guess, raw, name, remark)
    if kind == NUMBER and raw.kind == RAW_NUMBER:
        percent = f"{UNSURE}: it is written with %; is 80% to be 80 or 0.8?"
        return Line(as_number(raw), name, percent if raw.unit == "%" else remark)
    if kind == FLAG and (gave_up := _given_up(name, raw)):
        said = (
            f"{UNSURE}: it holds {', '.join(raw.words)}; which are given up, and which no contact?"
        )
        return Line(f"{given(raw)} IN ({', '.join(map(quoted, gave_up))})", name, said)
    if kind == FLAG and raw.kind == RAW_TEXT:
        return _flag(raw, name)
    if kind in FITTING and raw.kind not in FITTING[kind]:
        typed = {NUMBER: "DOUBLE", FLAG: "BOOLEAN"}[kind]
        said = f"{UNSURE}: it holds such as {raw.commonest!r}; write how that is to be read"
        return Line(f"TRY_CAST({given(raw)} AS {typed})", name, said)
    if column.required and column.metadata["unit"] != "id":
        return Line(bare(raw.name), name, remark)
    if name == "account_id" and guess.table == "revenue" and raw.filled < 1:
        remark = f"{UNSURE}: {1 - raw.filled:.1%} of rows have none, and will be set apart"
    return Line(as_id(raw) if column.metadata["unit"] == "id" else given(raw), name, remark)


def _absent(guess: Guess, name: str, kind) -> Line:
    """A required column that no raw column looks like."""
    if name in ("interaction_id", "response_id"):
        return _row_numbers(guess, name, "no column has an id for each row, so rows are numbered")
    if name == "metric":
        known = [plain(raw.name) for raw in guess.columns.values()]
        known = [each for each in known if each in SCALES]
        if known:
            return Line(quoted(known[0]), name)
        return Line("'csat'", name, f"{UNSURE}: is the score csat (1 to 5), nps (0 to 10) or ces?")
    if name == "channel":
        return Line("'phone'", name, f"{MISSING}: no column looks like it; name the channel")
    if name == "sent_at" and "responded_at" in guess.columns:
        line = _time(guess, guess.columns["responded_at"], name, "")
        return Line(line.expression, name, f"{UNSURE}: when asked is not known; when answered is")
    typed = {TEXT: "VARCHAR", TIME: "TIMESTAMP", NUMBER: "DOUBLE", FLAG: "BOOLEAN"}[kind]
    return Line(f"CAST(NULL AS {typed})", name, f"{MISSING}: no column looks like it; fill it in")


def _nobody(raw: RawColumn) -> str:
    return (
        f"{raw.commonest!r} stands in {raw.share:.0%} of the rows; if it means nobody known, give "
        "each such row a customer of its own, all of one account 'unknown', and let customers.sql "
        "say that known is false"
    )


def _row_numbers(guess: Guess, name: str, why: str) -> Line:
    number = f"'{guess.file.table}-' || row_number() OVER ()"
    return Line(number, name, f"{UNSURE}: {why}")


def _other_scores(guess: Guess) -> str:
    """Further columns of a file that are called as survey questions are."""
    used = guess.columns["score"].name
    return " and ".join(
        each.name
        for each in guess.file.columns
        if each.name != used and plain(each.name) in SCALES and each.kind == RAW_NUMBER
    )


def _flag(raw: RawColumn, name: str) -> Line:
    """Yes or no in other words; where these are not known, somebody has to say them."""
    return Line(
        as_flag(raw), name, f"{UNSURE}: it holds words such as {raw.commonest!r}; are these all?"
    )


def _time(guess: Guess, raw: RawColumn, name: str, remark: str) -> Line:
    if raw.kind != RAW_TIME:
        said = f"{UNSURE}: it holds such as {raw.commonest!r}, which is read as no time"
        return Line(given(raw), name, said)
    if raw.format in COUNTED:
        return Line(as_moment(raw), name, remark or f"{UNSURE}: read as {raw.format}")
    clock = [
        each
        for each in guess.file.columns
        if each.kind == CLOCK and not SPANS.search(plain(each.name))
    ]
    date_only = raw.format in ("%Y%m%d", "%y%m%d") or (raw.format and "%H" not in raw.format
                                                       and "%I" not in raw.format)  # fmt: skip
    if clock and date_only:
        form = f"{raw.format} {clock[0].format}"
        return Line(
            f"strptime({given(raw)} || ' ' || {given(clock[0])}, {quoted(form)})",
            name,
            f"{UNSURE}: the day is {raw.name}, the time {clock[0].name}",
        )
    return Line(as_moment(raw), name, remark)


def _attributes(guess: Guess) -> list[Line]:
    """The raw columns that the contract does not know: kept, since reports can be split by them."""
    used = {each.name for each in guess.columns.values()}
    contract = SYNONYMS[guess.table]
    return [
        Line(given(each), bare(plain(each.name)))
        for each in guess.file.columns
        if each.name not in used
        and each.kind != EMPTY
        and plain(each.name) not in contract
        and not any(plain(each.name) in columns for columns in SYNONYMS.values())
        and plain(each.name)
    ]


def _written(lines: Sequence[Line], table: str) -> str:
    texts = []
    for place, line in enumerate(lines):
        name = line.expression if line.expression == line.name else (
            f"{line.expression} AS {line.name}"
        )  # fmt: skip
        comma = "," if place < len(lines) - 1 else ""
        # A name with a line break in it would end the remark.
        remark = f"  -- {' '.join(line.remark.split())}" if line.remark else ""
        texts.append(f"    {name}{comma}{remark}")
    return "SELECT\n" + "\n".join(texts) + f"\nFROM {bare(table)}"


def _derived_customers(people: Sequence[Guess], payers: Sequence[Guess]) -> str:
    """Customers where no file lists them: whoever made contact, answered or bought."""
    ids = [_ids(each, "customer_id", "customer_id") for each in people]
    # Without contacts, those who buy are the customers.
    ids = ids or [_ids(each, "account_id", "customer_id") for each in payers]
    found = "\n    UNION\n".join(ids)
    raws = [each.columns["customer_id"] for each in people]
    stands_out = [each for each in raws if each.share > STANDS_OUT and each.distinct > FEW]
    unknown = "".join(f"-- {UNSURE}: {_nobody(each)}.\n" for each in stands_out[:1])
    return (
        f"-- No file lists the customers: they are whoever the rows name.\n{unknown}"
        f"WITH people AS (\n{found}\n)\n\n"
        "SELECT\n    customer_id,\n"
        f"    customer_id AS account_id  -- {UNSURE}: is each customer an account of their own?\n"
        "FROM people\n"
    )


def _derived_accounts(
    payers: Sequence[Guess], people: Sequence[Guess], listed: Sequence[Guess]
) -> str:
    """Accounts where no file lists them: whoever pays or, in a consumer business, whoever asks."""
    ids = [_ids(each, "account_id", "account_id") for each in (*payers, *listed)
           if "account_id" in each.columns]  # fmt: skip
    if not any("account_id" in each.columns for each in listed):
        ids += [_ids(each, "customer_id", "account_id") for each in (*people, *listed)]
    found = "\n    UNION\n".join(ids)
    return (
        f"-- {UNSURE}: no file lists the accounts; they are whoever the rows name.\n"
        f"WITH payers AS (\n{found}\n)\n\nSELECT account_id\nFROM payers\n"
    )


def _ids(guess: Guess, column: str, name: str) -> str:
    raw = guess.columns[column]
    return (
        f"    SELECT DISTINCT {as_id(raw)} AS {name}\n    FROM {bare(guess.file.table)}\n"
        f"    WHERE {given(raw)} IS NOT NULL"
    )
