"""A first mapping from raw tables to the contract: one SQL file per table, guesses marked.

Nothing is hidden in a guess: what is not certain stands in the SQL as a comment that begins with
UNSURE or MISSING, and `cx check` lists those that are left.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import duckdb

from cxlib.data.config import SCALES
from cxlib.data.contract import schemas
from cxlib.data.dataset import EVENT
from cxlib.data.engines.sql import quoted
from cxlib.data.marks import MISSING, UNSURE
from cxlib.onboard.asked import EMPTY
from cxlib.onboard.days import clocks_of
from cxlib.onboard.expressions import as_id, given
from cxlib.onboard.guess import TABLES, Guess, guesses, nearest, pieces
from cxlib.onboard.ids import IdColumn, Joined, join_ids
from cxlib.onboard.lines import UNKNOWN, Writer, attributes
from cxlib.onboard.links import linked, share_orders
from cxlib.onboard.people import derived_accounts, derived_customers, stand_ins
from cxlib.onboard.questions import Interview
from cxlib.onboard.ratings import Rating, ratings, scales_of
from cxlib.onboard.select import Line, select
from cxlib.onboard.shapes import shaped
from cxlib.onboard.sniff import RawFile
from cxlib.onboard.synonyms import Names, plain

# Whose ids are compared, and what they are called.
IDS = {"customer_id": "customers", "account_id": "accounts", "interaction_id": "contacts"}


@dataclass(frozen=True)
class Proposal:
    """A first mapping.

    Attributes:
        texts: The SQL of each table, by its name.
        scales: The scales of metrics that the contract does not know.
        settings: Further sections of `dataset.toml`.
        notes: What a person should know, file by file.
    """

    texts: Mapping[str, str]
    scales: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    settings: str = ""
    notes: tuple[str, ...] = ()


def propose(
    base: duckdb.DuckDBPyConnection, files: Sequence[RawFile], names: Names, interview: Interview
) -> Proposal:
    """SQL for each table that raw tables can feed.

    Args:
        base: DuckDB, with the raw tables.
        files: The raw tables, as sniffed.
        names: How exports call columns.
        interview: Who answers what files do not tell.
    """
    contract = schemas(SCALES)
    # An export that is known as such is what its makers say.
    known = [each for each in files if names.vendor(raw.name for raw in each.columns)]
    shapes = {
        each.table: shape
        for each in files
        if each not in known and (shape := shaped(base, each, names, interview))
    }
    notes = [f"{each.told}: {shapes[each.table].note}" for each in files if each.table in shapes]
    others = [each for each in files if each.table not in shapes]
    others, links = linked(base, others, names)
    found, more = _guessed(others, names, contract, bool(shapes))
    notes += links
    notes += more
    joined, told = _joined(base, found, names)
    writer = Writer(joined, interview)
    rated = {
        each.file.table: ratings(each.file, _used(each, found), names, interview)
        for each in found
        if each.table in ("surveys", "interactions")
    }
    texts = {}
    for table in TABLES:
        of_table = [each for each in found if each.table == table]
        if table == "surveys":
            parts = _surveys(of_table, found, rated, writer, contract)
            if parts:
                texts[table] = "\nUNION ALL\n".join(parts) + "\n"
        elif of_table:
            first, doubles = _parted(base, of_table)
            texts[table] = _select(first, contract[table], writer)
            for each in doubles:
                texts[table] = _beside(texts[table], _select([each], contract[table], writer),
                                       "has the same orders, and is left out")  # fmt: skip
    strangers = stand_ins(found, writer)
    if "customers" in texts and strangers:
        texts["customers"] += (
            f"-- {UNSURE}: rows that name nobody get a stand-in, who is no customer.\n"
        )
        texts["customers"] += strangers
    elif text := derived_customers(found, writer):
        texts["customers"] = texts.get("customers", text)
    if "accounts" in texts and strangers:
        texts["accounts"] += f"UNION ALL BY NAME\nSELECT '{UNKNOWN}' AS account_id\n"
    elif text := derived_accounts(found, writer):
        unknown = f"UNION\nSELECT '{UNKNOWN}' AS account_id\n" if strangers else ""
        texts["accounts"] = texts.get("accounts", text + unknown)
    scales = dict(scales_of([each for columns in rated.values() for each in columns]))
    for shape in shapes.values():
        scales |= shape.scales
        for table, text in shape.texts.items():
            texts[table] = _beside(texts[table], text) if table in texts else text
    ordered = {table: texts[table] for table in (*TABLES, "counts") if table in texts}
    settings = "".join(shape.settings for shape in shapes.values())
    return Proposal(ordered, scales, settings, (*notes, *told))


def _parted(base, found: list[Guess]) -> tuple[list[Guess], list[Guess]]:
    """Raw tables to put together, and those that have the same orders as another."""
    first: list[Guess] = []
    for each in found:
        if each.table != "revenue" or not any(
            share_orders(base, each.file, one.file) for one in first
        ):
            first.append(each)
    return first, [each for each in found if each not in first]


def _beside(
    text: str, other: str, why: str = "feeds this table as well; add it by UNION ALL"
) -> str:
    """The SQL of a table, with that of another file as a comment, ready to use."""
    lines = "\n".join(f"-- {line}".rstrip() for line in other.splitlines() if line.strip())
    lines = lines.replace(UNSURE, "unsure").replace(MISSING, "missing")
    return f"{text}\n-- {UNSURE}: another file {why}:\n{lines}\n"


def _guessed(
    files: Sequence[RawFile], names: Names, contract: Mapping, shaped: bool
) -> tuple[list[Guess], list[str]]:
    """What each raw table feeds; the nearest where it tells nothing, if no other file does."""
    found, notes, dark = [], [], []
    for file in files:
        of_file = _without_doubles(guesses(file, names, contract))
        found += of_file
        if not of_file:
            dark.append(file)
        known = [each.told for each in of_file if each.told]
        if known:
            notes.append(f"{file.told}: known as an export of {known[0]}")
    if not shaped and not any(each.table in EVENT for each in found) and dark:
        best = max((nearest(file, names, contract) for file in dark), key=lambda each: each.weight)
        found.append(best)
        notes.append(
            f"{best.file.told}: nothing tells surely what it is; {best.table} come nearest, "
            "with what is "
            "missing marked"
        )
        dark = [file for file in dark if file is not best.file]
    notes += [f"{file.told}: nothing tells what it is; it is read by no SQL yet" for file in dark]
    return found, notes


def _without_doubles(found: list[Guess]) -> list[Guess]:
    """Answers in a file of contacts are read beside these, unless they have an id or moment."""
    if "interactions" not in {each.table for each in found}:
        return found
    own = {"response_id", "responded_at"}
    return [each for each in found if each.table != "surveys" or own & set(each.columns)]


def _used(guess: Guess, found: Sequence[Guess]) -> list:
    return [
        raw
        for each in found
        if each.file is guess.file
        for name, raw in each.columns.items()
        if name not in ("score", "metric")
    ]


def _joined(base, found: Sequence[Guess], names: Names) -> tuple[dict[str, Joined], list[str]]:
    joined, notes = {}, []
    for name, what in IDS.items():
        columns = {}
        for guess in found:
            # Whoever buys may be called a customer, and is an account in the contract.
            raw = guess.columns.get(name)
            payer = guess.columns.get("account_id") if guess.table == "revenue" else None
            if raw is None and name == "customer_id" and payer is not None:
                raw = payer if names.sense("customers", name, payer.name) else None
            if raw is not None:
                columns[guess.file.table, raw.name] = IdColumn(
                    guess.file.table, raw.name, as_id(raw), guess.file.rows_sql
                )
        joined[name] = join_ids(base, what, list(columns.values()))
        notes += joined[name].notes
    if any(payer for payer in _customers_who_pay(found, names)):
        # One id for both: whoever buys and whoever asks.
        joined["account_id"] = joined["customer_id"]
    return joined, notes


def _customers_who_pay(found: Sequence[Guess], names: Names) -> list[bool]:
    payers = [each.columns["account_id"] for each in found
              if each.table == "revenue" and "account_id" in each.columns]  # fmt: skip
    return [bool(names.sense("customers", "customer_id", raw.name)) for raw in payers]


# One SELECT for each table -------------------------------------------------------------------


def _select(found: Sequence[Guess], schema, writer: Writer) -> str:
    """One SELECT for all raw tables that feed a table, the same columns from each."""
    wanted = [
        name
        for name, column in schema.columns.items()
        if column.required
        or any(name in each.columns for each in found)
        or (name == "amount" and any(pieces(each.file) for each in found))
    ]
    parts = []
    for guess in found:
        lines = [writer.line(guess, name, schema.columns[name]) for name in wanted]
        if len(found) == 1:
            lines += attributes(guess, _taken(guess, wanted))
        where, remark = writer.no_contact(guess) if guess.table == "interactions" else ("", "")
        head = f"-- {remark}\n" if remark else ""
        parts.append(head + written(lines, guess.file, where))
    text = "\nUNION ALL\n".join(parts)
    if len(found) > 1:
        names = " and ".join(each.file.told for each in found)
        text = f"-- {UNSURE}: {names} are put together; {_overlap(found)}.\n{text}"
    return text + "\n"


def _taken(guess: Guess, wanted: Collection[str]) -> set[str]:
    """The raw columns that are no attributes: they feed a column, or are empty."""
    used = {raw.name for raw in guess.columns.values()} | clocks_of(guess)
    own = {
        each.name for each in guess.file.columns if each.kind == EMPTY or plain(each.name) in wanted
    }
    return used | own


def written(lines: Sequence[Line], file: RawFile, where: str = "") -> str:
    """A SELECT; sums among its rows are left out."""
    tail = f"\nWHERE {where}" if where else ""
    return f"{file.head}{select(lines)}\nFROM {file.rows_sql}{tail}"


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


# Surveys -------------------------------------------------------------------------------------


def _surveys(
    found: Sequence[Guess],
    every: Sequence[Guess],
    rated: Mapping,
    writer: Writer,
    contract: Mapping,
) -> list[str]:
    """A SELECT for each rating of each file; ratings beside contacts are answers as well."""
    schema, parts = contract["surveys"], []
    files = {each.file.table for each in found}
    for guess in found:
        columns = rated[guess.file.table]
        if not columns or "metric" in guess.columns:
            parts.append(_select([guess], schema, writer).rstrip("\n"))
            continue
        parts += [_of_rating(guess, each, len(columns) > 1, schema, writer) for each in columns]
    for guess in every:
        if guess.table == "interactions" and guess.file.table not in files:
            parts += [
                _beside_contact(guess, each, writer, contract) for each in rated[guess.file.table]
            ]
    return parts


def _of_rating(guess: Guess, rating: Rating, several: bool, schema, writer: Writer) -> str:
    lines = []
    for name, column in schema.columns.items():
        if name == "metric":
            lines.append(Line(quoted(rating.metric), name))
        elif name == "score":
            lines.append(Line(rating.sql, name, rating.remarks))
        elif column.required or name in guess.columns or column.unique:
            line = writer.line(guess, name, column)
            if name == "response_id" and several:
                line = Line(
                    f"{line.expression} || {quoted('-' + rating.metric)}", name, line.remarks
                )
            lines.append(line)
    if not several:
        lines += attributes(guess, _taken(guess, schema.columns) | {rating.raw.name})
    return written(lines, guess.file)


def _beside_contact(guess: Guess, rating: Rating, writer: Writer, contract: Mapping) -> str:
    """Answers that stand in the row of their contact."""
    schema = contract["interactions"].columns
    contact, customer, at = (
        writer.line(guess, name, schema[name]).expression
        for name in ("interaction_id", "customer_id", "started_at")
    )
    said = f"{UNSURE}: who was asked and did not answer is not known; only answers are taken"
    lines = [
        Line(f"{contact} || {quoted('-' + rating.metric)}", "response_id"),
        Line(customer, "customer_id"),
        Line(contact, "interaction_id"),
        Line(at, "sent_at", (f"{UNSURE}: when asked is not known; when the contact began is",)),
        Line(quoted(rating.metric), "metric"),
        Line(rating.sql, "score", (*rating.remarks, said)),
    ]
    return written(lines, guess.file, f"{given(rating.raw)} IS NOT NULL")
