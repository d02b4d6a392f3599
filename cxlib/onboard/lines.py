"""One column of a proposed SELECT: its SQL, and what a person has to look at."""

import re
from dataclasses import dataclass

from cxlib.data.config import SCALES
from cxlib.data.contract import FLAG, NUMBER, TEXT, TIME
from cxlib.data.engines.sql import quoted
from cxlib.data.marks import MISSING, UNSURE
from cxlib.onboard.asked import CLOCK, bare
from cxlib.onboard.asked import NUMBER as RAW_NUMBER
from cxlib.onboard.asked import TEXT as RAW_TEXT
from cxlib.onboard.days import asked_day, time_line
from cxlib.onboard.expressions import (
    as_flag,
    as_id,
    as_number,
    as_own,
    as_value,
    given,
    reckoned,
    unsaid,
)
from cxlib.onboard.guess import SURE, Guess, gave_up, pieces
from cxlib.onboard.ids import Joined
from cxlib.onboard.numbers import rates_of
from cxlib.onboard.questions import Interview, Question
from cxlib.onboard.select import Line
from cxlib.onboard.sniff import RawColumn, told_rows
from cxlib.onboard.synonyms import plain, seconds_in, without_unit

# A single value in so many rows, of more than a few, may stand for nobody; these words do.
STANDS_OUT, FEW = 0.2, 20
NOBODY = ("0", "-1", "", "none", "unknown", "anonymous", "guest", "n/a", "null", "not known")
UNKNOWN = "unknown"
# What a column is called that tells the currency of the amount beside it.
CURRENCY = re.compile("currency|wahrung|waehrung|devise|moneda|valuta|moeda|^ccy$")
# Words of an outcome that are no contact at all.
NO_CONTACT = re.compile(r"(?i)phantom|\btest\b|invalid|duplicate|wrong number|spam")
TYPES = {TEXT: "VARCHAR", TIME: "TIMESTAMP", NUMBER: "DOUBLE", FLAG: "BOOLEAN"}


@dataclass(frozen=True)
class Writer:
    """What the lines of a mapping are written with.

    Attributes:
        joined: How ids become the same, by the column of the contract.
        interview: Who answers what files do not tell.
    """

    joined: dict[str, Joined]
    interview: Interview

    def id_of(self, raw: RawColumn, name: str) -> str:
        """An id, as it joins with those of other files."""
        return self.joined.get(name, Joined()).applied(as_id(raw))

    def line(self, guess: Guess, name: str, column) -> Line:
        """The line for a column of the contract."""
        raw, kind = guess.columns.get(name), column.dtype.type
        if (
            name == "amount"
            and guess.senses.get(name, SURE + 1) > SURE
            and (both := pieces(guess.file))
        ):
            one, each = (as_number(piece) for piece in both)
            said = (
                f"{UNSURE}: pieces times price; is tax in it? Lines of one order may "
                "have to be summed"
            )
            line = Line(reckoned(f"{one} * {each}", *both), name, (said,))
            return self._in_one_currency(guess, line)
        if raw is None:
            return self._absent(guess, name, column)
        remarks = _remarks(guess, raw, name, column)
        if column.unique and not raw.unique:
            if not raw.single:
                return _key(guess, raw, name)
            none = told_rows(round((1 - raw.filled) * guess.file.rows))
            remarks.append(f"{UNSURE}: {none} without an id will be set apart")
        if column.metadata["unit"] == "id":
            return self._link(guess, raw, name, remarks)
        if kind == TIME and raw.kind == CLOCK:
            said = asked_day(guess.file, self.interview)
            return Line(
                f"{quoted(said.value)} || ' ' || {given(raw)}", name, (*remarks, said.remark)
            )
        if kind == TIME:
            return time_line(guess, raw, name, remarks)
        if kind == NUMBER:
            line = _number(raw, name, column, remarks)
            if name == "amount":
                return self._in_one_currency(guess, line)
            return self._unhandled(guess, raw, line) if name == "handle_seconds" else line
        if kind == FLAG:
            return _flag(guess, raw, name, remarks)
        if name == "agent_id" and raw.share > STANDS_OUT and raw.distinct > FEW:
            remarks.append(
                f"{UNSURE}: {raw.commonest!r} stands in {raw.share:.0%} of the rows; if it means "
                f"nobody, write nullif({bare(raw.name)}, {quoted(raw.commonest)})"
            )
        return Line(given(raw), name, tuple(remarks))

    def _in_one_currency(self, guess: Guess, line: Line) -> Line:
        """Amounts whose currency stands in a column beside them: one counts, or rates are given."""
        told = [each for each in guess.file.columns if CURRENCY.search(plain(each.name))]
        if not told or told[0].distinct < 2:
            return line
        # Of very many, the commonest is offered first; any other can be named.
        raw, names = told[0], list(told[0].words) or [told[0].commonest]
        said = self.interview.put(Question(
            f"{guess.file.table}.{raw.name}.currency",
            f"Amounts are in {', '.join(names)}; which count? Those in others are set apart.",
            {}, names[0],
        ))  # fmt: skip
        cases = []
        for code, rate in rates_of(said.value, names).items():
            amount = (
                line.expression
                if rate == 1
                else f"TRY_CAST({line.expression} AS DOUBLE) * {rate:g}"
            )
            value = f"coalesce(CAST({amount} AS VARCHAR), {line.expression})"
            cases.append(f"WHEN {quoted(code)} THEN {value if rate != 1 else amount}")
        other = f"{line.expression} || ' ' || coalesce({given(raw)}, '?')"
        text = f"CASE {given(raw)} {' '.join(cases)} ELSE {other} END"
        return Line(text, line.name, (*line.remarks, said.remark))

    def _unhandled(self, guess: Guess, raw: RawColumn, line: Line) -> Line:
        """A handle time, without those of nothing if they mean that nobody handled it."""
        if raw.low != 0 or raw.kind != RAW_NUMBER:
            return line
        said = self.interview.put(Question(
            f"{guess.file.table}.{raw.name}.zero",
            f"{raw.name} is 0 in some rows: does that mean that nobody handled the contact?",
            {"yes": "such a row has no time of handling", "no": "it was handled in no time"},
            "yes",
        ))  # fmt: skip
        if said.value == "no":
            return Line(line.expression, line.name, (*line.remarks, said.remark))
        text = (
            f"CASE WHEN TRY_CAST({given(raw)} AS DOUBLE) = 0 THEN NULL ELSE {line.expression} END"
        )
        text = f"nullif({given(raw)}, '0')" if line.expression == bare(raw.name) else text
        return Line(text, line.name, (*line.remarks, said.remark))

    def no_contact(self, guess: Guess) -> tuple[str, str]:
        """The condition that leaves out rows which are no contacts, and what is to be looked at.

        Both are empty if all are contacts.
        """
        raw = guess.columns.get("abandoned")
        words = [word for word in raw.words if NO_CONTACT.search(word)] if raw else []
        if raw is None or not words or not gave_up("abandoned", raw):
            return "", ""
        said = self.interview.put(Question(
            f"{guess.file.table}.{raw.name}.no_contact",
            f"{raw.name} is {' or '.join(words)} in some rows: are these no contacts?",
            {"yes": "they are left out", "no": "they are contacts like others"},
            "yes",
        ))  # fmt: skip
        left_out = ", ".join(map(quoted, words))
        condition = f"coalesce({given(raw)}, '') NOT IN ({left_out})" if said.value == "yes" else ""
        return condition, said.remark

    def _link(self, guess: Guess, raw: RawColumn, name: str, remarks: list[str]) -> Line:
        if remark := self.joined.get(name, Joined()).remark:
            remarks.append(remark)
        if name == "customer_id" and guess.table in ("interactions", "surveys"):
            if self.nobody(guess, raw):
                remarks.append(self._asked_nobody(guess, raw).remark)
            elif raw.filled < 1:
                share = told_rows(round((1 - raw.filled) * guess.file.rows))
                remarks.append(f"{UNSURE}: {share} name no customer, and get a stand-in each")
            return Line(self.customer(guess)[0], name, tuple(remarks))
        if raw.filled < 1 and guess.table == "revenue":
            remarks.append(
                f"{UNSURE}: {1 - raw.filled:.1%} of rows have none, and will be set apart"
            )
        return Line(self.id_of(raw, name), name, tuple(remarks))

    def customer(self, guess: Guess) -> tuple[str, str]:
        """Who a contact or an answer is of, and whether that is known, in SQL.

        Whoever is not known gets a stand-in for each row.
        """
        raw, stranger = guess.columns.get("customer_id"), stranger_of(guess)
        if raw is None:
            return stranger, "false"
        own = self.id_of(raw, "customer_id")
        if nobody := self.nobody(guess, raw):
            empty = f"coalesce({own}, {quoted(nobody)})" if raw.filled < 1 else own
            return (
                f"CASE {empty} WHEN {quoted(nobody)} THEN {stranger} ELSE {own} END",
                f"{empty} <> {quoted(nobody)}",
            )
        return (
            (f"coalesce({own}, {stranger})", f"{own} IS NOT NULL")
            if raw.filled < 1
            else (own, "true")
        )

    def nobody(self, guess: Guess, raw: RawColumn) -> str:
        """The id that means nobody known; empty if there is none."""
        if raw.share <= STANDS_OUT or raw.distinct <= FEW:
            return ""
        said = self._asked_nobody(guess, raw)
        return raw.commonest if said.value == "yes" else ""

    def _asked_nobody(self, guess: Guess, raw: RawColumn):
        return self.interview.put(Question(
            f"{guess.file.table}.{raw.name}.nobody",
            f"{raw.commonest!r} stands in {raw.share:.0%} of the rows: does it mean that "
"nobody knows "
            "who it was?",
            {"yes": "each such row gets a stand-in, who is no customer",
             "no": "it is a customer like others"},
            "yes" if raw.commonest.strip().casefold() in NOBODY else "no",
        ))  # fmt: skip

    def _absent(self, guess: Guess, name: str, column) -> Line:
        """A column that no raw column looks like."""
        if name in ("interaction_id", "response_id"):
            said = f"{UNSURE}: no column has an id for each row, so rows are numbered"
            return Line(row_number(guess), name, (said,))
        if name == "customer_id" and guess.table in ("interactions", "surveys"):
            said = (
                f"{UNSURE}: no column tells who it was; each row gets a stand-in, who is "
                "no customer"
            )
            return Line(stranger_of(guess), name, (said,))
        if name == "account_id" and "customer_id" in guess.columns:
            own = self.id_of(guess.columns["customer_id"], "customer_id")
            return Line(own, name, (f"{UNSURE}: is each customer an account of their own?",))
        if name == "channel":
            return self._channel(guess)
        if name == "metric":
            known = [plain(raw.name) for raw in guess.columns.values()]
            known = [each for each in known if each in SCALES]
            said = f"{UNSURE}: is the score csat (1 to 5), nps (0 to 10) or ces?"
            return Line(quoted(known[0] if known else "csat"), name, () if known else (said,))
        if name == "sent_at" and "responded_at" in guess.columns:
            line = time_line(guess, guess.columns["responded_at"], name, [])
            return Line(
                line.expression, name, (f"{UNSURE}: when asked is not known; when answered is",)
            )
        said = (f"{MISSING}: no column looks like it; fill it in",) if column.required else ()
        return Line(f"CAST(NULL AS {TYPES[column.dtype.type]})", name, said)

    def _channel(self, guess: Guess) -> Line:
        spoken = {"wait_seconds", "abandoned"} & set(guess.columns)
        said = self.interview.put(Question(
            f"{guess.file.table}.channel",
            f"By which channel did the contacts of {guess.file.told} come? No column tells.",
            {}, "phone" if spoken else UNKNOWN,
        ))  # fmt: skip
        return Line(quoted(said.value), "channel", (said.remark,))


def _remarks(guess: Guess, raw: RawColumn, name: str, column) -> list[str]:
    remarks = []
    if guess.senses[name] > SURE:
        remarks.append(f"{UNSURE}: is {raw.name} the {name} ({column.description.casefold()})?")
    if raw.reading.remark and column.metadata["unit"] != "id":
        remarks.append(raw.reading.remark)
    if raw.reading.strays and column.metadata["unit"] != "id":
        remarks.append(
            f"{UNSURE}: in {told_rows(raw.reading.strays)} it is no {raw.kind}, such as "
            f"{raw.reading.odd!r}; these rows will be set apart"
        )
    return remarks


def row_number(guess: Guess) -> str:
    """An id for each row, where none has one."""
    return f"'{guess.file.table}-' || row_number() OVER ()"


def stranger_of(guess: Guess) -> str:
    """A stand-in for whoever a row does not name: one for each row."""
    key = f"{'interaction' if guess.table == 'interactions' else 'response'}_id"
    raw = guess.columns.get(key)
    if raw is not None and (raw.unique or raw.single):
        own = as_id(raw)
    elif guess.file.key:
        own = " || '-' || ".join(map(bare, guess.file.key))
    else:
        own = row_number(guess)
    return f"'{UNKNOWN} ' || {own}"


def _key(guess: Guess, raw: RawColumn, name: str) -> Line:
    """An id that does not tell rows apart."""
    if guess.file.key:
        parts = " || '-' || ".join(map(bare, guess.file.key))
        return Line(
            parts, name, (f"{UNSURE}: only both together tell rows apart; are they the id?",)
        )
    said = (
        f"{UNSURE}: {raw.name} stands in several rows, and each row is taken as one; if "
        "rows are steps of "
        "one, put them together"
    )
    return Line(row_number(guess), name, (said,))


def _number(raw: RawColumn, name: str, column, remarks: list[str]) -> Line:
    if raw.kind != RAW_NUMBER:
        remarks.append(
            f"{UNSURE}: it holds such as {raw.commonest!r}; write how that is to be read"
        )
        return Line(given(raw), name, tuple(remarks))
    factor = (
        seconds_in(raw.name)
        if column.metadata["unit"] == "seconds" and not raw.reading.seconds
        else 1.0
    )
    if factor == 1.0:
        counts = column.metadata["unit"] == "seconds" and not raw.reading.seconds
        if counts and raw.name != name and without_unit(plain(raw.name)) == plain(raw.name):
            remarks.append(f"{UNSURE}: is {raw.name} in seconds?")
        return Line(as_value(raw), name, tuple(remarks))
    unit = {60.0: "minutes", 3600.0: "hours", 0.001: "milliseconds"}[factor]
    remarks.append(f"{UNSURE}: by its name it counts {unit}, and becomes seconds")
    return Line(reckoned(f"{as_number(raw)} * {factor:g}", raw), name, tuple(remarks))


def _flag(guess: Guess, raw: RawColumn, name: str, remarks: list[str]) -> Line:
    if gone := gave_up(name, raw):
        words = ", ".join(raw.words)
        said = f"{UNSURE}: it holds {words}; which are given up?"
        return Line(f"{given(raw)} IN ({', '.join(map(quoted, gone))})", name, (said,))
    if name == "abandoned" and guess.opposite:
        said = f"{UNSURE}: whoever was not answered is taken to have given up"
        return Line(as_flag(raw, opposite=True), name, (said,))
    if raw.kind == RAW_TEXT:
        others = unsaid(raw)
        told = ", ".join(map(repr, others))
        remarks.append(
            f"{UNSURE}: {told} {'is' if len(others) == 1 else 'are'} neither yes nor no, and taken "
            "as not known" if others else
            f"{UNSURE}: it holds words such as {raw.commonest!r}; are these all?"
        )  # fmt: skip
        return Line(as_flag(raw), name, tuple(remarks))
    return Line(given(raw), name, tuple(remarks))


def attributes(guess: Guess, taken: set[str]) -> list[Line]:
    """The raw columns that the contract does not know: kept, since reports can be split by them."""
    found = []
    for each in guess.file.columns:
        name = plain(each.name)
        if each.name in taken or not name or name in {line.name for line in found}:
            continue
        found.append(Line(as_own(each), bare(name)))
    return found
