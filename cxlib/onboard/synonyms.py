"""What other systems call the contract's columns: `names.toml`, and maybe a file of one's own."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from cxlib.data.config import ASYNCHRONOUS
from cxlib.errors import ArgumentError

NAMES = Path(__file__).with_name("names.toml")
VENDORS = "vendors"
# What a booking's amount is where no column has it: a number of pieces times the price of one.
QUANTITY = ("quantity", "qty", "pieces", "units")
PRICE = ("price", "unit_price", "unitprice", "item_price")
# What channels on which somebody waits are mostly called; of the others, the settings have a list.
SPOKEN = ("phone", "telephone", "telefon", "call", "calls", "voice", "inbound", "callback", "chat",
          "live chat", "chatbot", "video", "in person", "branch", "walk in", "kiosk")  # fmt: skip
# What says the opposite of a contract's column.
OPPOSITE = MappingProxyType(
    {"abandoned": ("answered", "answered_y_n", "is_answered", "call_answered")}
)
# How many seconds a unit has that stands behind a name.
UNITS = MappingProxyType(
    {
        r"(in_)?(seconds|second|secs|sec|s)": 1.0,
        r"(in_)?(minutes|minute|mins|min)": 60.0,
        r"(in_)?(hours|hour|hrs|hr|h)": 3600.0,
        r"(in_)?(milliseconds|millis|ms)": 0.001,
    }
)
AVERAGES = re.compile(r"^(avg|average|mean|total|durchschnittliche)_")
# So many of the columns that tell a vendor must be there.
KNOWN_BY = 0.6


@dataclass(frozen=True)
class Vendor:
    """An export that is known by its columns.

    Attributes:
        title: What it is, for a person.
        signs: The columns that tell it, as plain names.
        columns: By table and column of the contract, the plain names that it has there.
    """

    title: str
    signs: frozenset[str]
    columns: Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True)
class Names:
    """How exports call the contract's columns.

    Attributes:
        sure, perhaps: By table and column, plain names without separators.
        vendors: The exports that are known as such.
    """

    sure: Mapping[str, Mapping[str, tuple[str, ...]]]
    perhaps: Mapping[str, Mapping[str, tuple[str, ...]]]
    vendors: tuple[Vendor, ...]

    def sense(self, table: str, column: str, name: str) -> int:
        """How well a raw name fits a contract's column: 0 not at all; otherwise, less is better.

        1 is the contract's own name, 2 a name that means nothing else, and 3 and more one that may.
        """
        own = plain(name)
        if own == column:
            return 1
        forms = (
            {_flat(own), _flat(without_unit(own))} if column.endswith("_seconds") else {_flat(own)}
        )
        if forms & set(self.sure.get(table, {}).get(column, ())):
            return 2
        perhaps = self.perhaps.get(table, {}).get(column, ())
        return min((3 + perhaps.index(form) for form in forms if form in perhaps), default=0)

    def vendor(self, columns: Iterable[str]) -> Vendor | None:
        """The export that has these columns, if it is known as such."""
        have = {_flat(plain(name)) for name in columns}
        fits = [(len(each.signs & have) / len(each.signs), each) for each in self.vendors]
        best = max(fits, key=lambda pair: pair[0], default=(0.0, None))
        return best[1] if best[0] >= KNOWN_BY else None


def read_names(own: Path | None = None) -> Names:
    """The names that are known, and those of a file of one's own.

    Raises:
        ArgumentError: That file is not there, or is not like `names.toml`.
    """
    sure: dict[str, dict[str, tuple[str, ...]]] = {}
    perhaps: dict[str, dict[str, tuple[str, ...]]] = {}
    vendors = []
    for path in [own, NAMES] if own else [NAMES]:
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
            for table, columns in found.items():
                if table == VENDORS:
                    vendors += [_vendor(each) for each in columns.values()]
                    continue
                for column, words in columns.items():
                    for level, known in (("sure", sure), ("perhaps", perhaps)):
                        before = known.setdefault(table, {}).get(column, ())
                        known[table][column] = (*before, *_words(words.get(level, "")))
        except (
            OSError,
            UnicodeDecodeError,
            tomllib.TOMLDecodeError,
            AttributeError,
            KeyError,
        ) as error:
            raise ArgumentError(f"{path}: is not in the form of {NAMES.name}: {error}") from None
    return Names(MappingProxyType(sure), MappingProxyType(perhaps), tuple(vendors))


def _vendor(found: Mapping) -> Vendor:
    tables = {
        table: {column: _words(words) for column, words in columns.items()}
        for table, columns in found.items()
        if table not in ("title", "columns")
    }
    return Vendor(found["title"], frozenset(_words(found["columns"])), MappingProxyType(tables))


def _words(text: str) -> tuple[str, ...]:
    return tuple(_flat(plain(word)) for word in text.split())


def _flat(name: str) -> str:
    return name.replace("_", "")


def plain(name: str) -> str:
    """A column's name in small letters with underscores.

    Examples:
        >>> [plain(each) for each in ("Customer ID", "InvoiceDate", "case:concept:name", "Créé le")]
        ['customer_id', 'invoice_date', 'case_concept_name', 'cree_le']
    """
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    bare = unicodedata.normalize("NFKD", parted.casefold())
    letters = "".join(each for each in bare if not unicodedata.combining(each))
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")


def are_channels(words: Iterable[str]) -> bool:
    """Whether a column's words are channels by which customers make contact.

    Examples:
        >>> are_channels(["Phone", "E-Mail", "Live chat"]), are_channels(["north", "phone"])
        (True, False)
    """
    found = {plain(word) for word in words}
    return len(found) > 1 and found <= {plain(each) for each in (*SPOKEN, *ASYNCHRONOUS)}


def without_unit(name: str) -> str:
    """A plain name without the unit behind it, and without what it is the average of.

    Examples:
        >>> without_unit("avg_talk_duration"), without_unit("wait_time_min"), without_unit("status")
        ('talk_duration', 'wait_time', 'status')
    """
    bare = AVERAGES.sub("", name)
    for unit in UNITS:
        if re.search(f"._{unit}$", bare):
            return re.sub(f"_{unit}$", "", bare)
    return bare


def seconds_in(name: str) -> float:
    """How many seconds a column counts as one, by the unit behind its name.

    Examples:
        >>> seconds_in("First reply time in minutes"), seconds_in("wait"), seconds_in("Wait (h)")
        (60.0, 1.0, 3600.0)
    """
    own = plain(name)
    return next((factor for unit, factor in UNITS.items() if re.search(f"._{unit}$", own)), 1.0)
