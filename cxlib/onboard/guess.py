"""Which columns of raw tables feed which table of the contract."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from cxlib.data.contract import FLAG, NUMBER, TIME
from cxlib.onboard.asked import CLOCK, EMPTY
from cxlib.onboard.asked import FLAG as RAW_FLAG
from cxlib.onboard.asked import NUMBER as RAW_NUMBER
from cxlib.onboard.asked import TIME as RAW_TIME
from cxlib.onboard.sniff import RawColumn, RawFile
from cxlib.onboard.synonyms import (
    OPPOSITE,
    PRICE,
    QUANTITY,
    Names,
    are_channels,
    plain,
    without_unit,
)

TABLES = ("accounts", "customers", "interactions", "surveys", "revenue")
# A table is proposed from a file that has all of one of these.
TELLING: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "accounts": (("account_id", "name"), ("account_id", "industry"), ("account_id", "region"),
                     ("account_id", "signup_date"), ("account_id", "employees")),
        "customers": (("customer_id", "role"), ("customer_id", "location"),
                      ("customer_id", "birth_year"), ("customer_id", "preferred_channel")),
        "interactions": (("started_at", "channel"), ("started_at", "wait_seconds"),
                         ("started_at", "handle_seconds"), ("started_at", "agent_id"),
                         ("started_at", "interaction_id", "customer_id"), ("started_at", "team"),
                         ("started_at", "interaction_id", "reason"), ("started_at", "abandoned"),
                         ("started_at", "interaction_id", "resolved")),
        "surveys": (("score",),),
        "revenue": (("booked_at", "amount"),),
    }
)  # fmt: skip
FITTING = {TIME: (RAW_TIME,), NUMBER: (RAW_NUMBER,), FLAG: (RAW_FLAG, RAW_NUMBER)}
GAVE_UP = re.compile("hang|hung|aband|lost|drop|gave up|given up|missed", re.IGNORECASE)
# The moment that a table cannot be without.
MOMENTS = MappingProxyType(
    {"interactions": "started_at", "surveys": "sent_at", "revenue": "booked_at"}
)
SURE = 2  # the senses up to this are no guess
BY_VALUES = SURE + 0.5  # the sense of a column whose values tell more than its name


@dataclass(frozen=True)
class Guess:
    """The columns of one raw table that feed one table of the contract.

    Attributes:
        columns: The raw column for each of the contract's.
        senses: How well its name fits, as `Names.sense` tells.
        told: What the export is known as; empty if it is none of those.
    """

    file: RawFile
    table: str
    columns: Mapping[str, RawColumn]
    senses: Mapping[str, float]
    told: str = ""

    @property
    def weight(self) -> int:
        """How much of the file it explains."""
        return sum(2 if sense <= SURE else 1 for sense in self.senses.values())

    @property
    def opposite(self) -> bool:
        """Whether what stands for `abandoned` tells who was answered."""
        raw = self.columns.get("abandoned")
        return raw is not None and plain(raw.name) in OPPOSITE["abandoned"]


def guesses(file: RawFile, names: Names, contract: Mapping) -> list[Guess]:
    """What a raw table can feed, by its columns; empty if it tells nothing."""
    vendor = names.vendor(each.name for each in file.columns)
    if vendor:
        each = [dated(guess(file, table, names, contract[table])) for table in vendor.columns]
        return _of_the_same(each)
    found = []
    for table in TABLES:
        each = guess(file, table, names, contract[table])
        # What is called otherwise does not tell what a table is.
        known = {name for name, sense in each.senses.items() if sense != BY_VALUES}
        known |= {"amount"} if pieces(file) else set()
        if any(set(telling) <= known for telling in TELLING[table]) and not _is_other(each):
            found.append(dated(each))
    return _of_the_same(found)


def _of_the_same(found: list[Guess]) -> list[Guess]:
    """Contacts and surveys of one file are of the same customers."""
    both = [each for each in found if each.table in ("interactions", "surveys")]
    told = next((each for each in both if "customer_id" in each.columns), None)
    if not told:
        return found
    raw, sense = told.columns["customer_id"], told.senses["customer_id"]
    return [
        replace(
            each,
            columns={**each.columns, "customer_id": raw},
            senses={**each.senses, "customer_id": sense},
        )
        if each in both and "customer_id" not in each.columns and raw not in each.columns.values()
        else each
        for each in found
    ]


def nearest(file: RawFile, names: Names, contract: Mapping) -> Guess:
    """The table of the contract that explains most of a raw table which tells nothing."""
    every = [
        guess(file, table, names, contract[table])
        for table in ("interactions", "surveys", "revenue")
    ]
    return dated(max(every, key=lambda each: each.weight))


def dated(found: Guess) -> Guess:
    """A guess with some moment, where it has none and its file has one."""
    at = {"interactions": "started_at", "surveys": "sent_at", "revenue": "booked_at"}.get(
        found.table
    )
    used = found.columns.values()
    times = [each for each in found.file.columns if each.kind == RAW_TIME and each not in used]
    if at is None or at in found.columns or "responded_at" in found.columns or not times:
        return found
    columns, senses = {**found.columns, at: times[0]}, {**found.senses, at: SURE + 1}
    return replace(found, columns=columns, senses=senses)


def _is_other(found: Guess) -> bool:
    """A table of who there is has each of them once; a log of events is no such table."""
    key = f"{found.table.removesuffix('s')}_id"
    return found.table in ("accounts", "customers") and not found.columns[key].unique


def guess(file: RawFile, table: str, names: Names, schema) -> Guess:
    """The columns of a raw table that fit those of one table."""
    vendor = names.vendor(each.name for each in file.columns)
    known = vendor.columns.get(table, {}) if vendor else {}
    columns, senses = {}, {}
    # Without any day, times of day have to do.
    times = (
        (RAW_TIME,) if any(each.kind == RAW_TIME for each in file.columns) else (RAW_TIME, CLOCK)
    )
    for name, column in schema.columns.items():
        kinds = times if column.dtype.type == TIME else FITTING.get(column.dtype.type)
        options = []
        for place, each in enumerate(file.columns):
            sense = _sense(names, known, table, name, each.name)
            if name == "channel" and (not sense or sense > SURE) and channels_in(each):
                sense = BY_VALUES
            fits = kinds is None or each.kind in kinds or sense <= SURE or gave_up(name, each)
            if sense and each.kind != EMPTY and fits and each not in columns.values():
                options.append((sense, place, each))
        if options:
            senses[name], _, columns[name] = min(options, key=lambda option: option[:2])
    return Guess(file, table, columns, senses, vendor.title if vendor and known else "")


def _sense(names: Names, known: Mapping, table: str, column: str, name: str) -> float:
    """How well a name fits: that of a known export, the first of several best, then any other."""
    forms = [plain(name).replace("_", ""), without_unit(plain(name)).replace("_", "")]
    told = known.get(column, ())
    if fits := [told.index(form) for form in forms if form in told]:
        return 1 + min(fits) / 100
    if plain(name) in OPPOSITE.get(column, ()):
        return SURE
    return names.sense(table, column, name)


def channels_in(raw: RawColumn) -> bool:
    """Whether a column's values are channels, and not those that somebody would like best."""
    return "prefer" not in plain(raw.name) and are_channels(raw.words)


def gave_up(name: str, raw: RawColumn) -> list[str]:
    """The words of a call's outcome that tell of customers who gave up."""
    return [each for each in raw.words if name == "abandoned" and GAVE_UP.match(each)]


def pieces(file: RawFile) -> tuple[RawColumn, RawColumn] | None:
    """The columns of pieces and of the price of one."""
    names = {plain(each.name): each for each in file.columns if each.kind == RAW_NUMBER}
    count = [names[each] for each in QUANTITY if each in names]
    price = [names[each] for each in PRICE if each in names]
    return (count[0], price[0]) if count and price else None
