"""`dataset.toml`: what a dataset is called, where its source lies, and its thresholds."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from cxlib.errors import DataError

SCALES = MappingProxyType({"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)})
EMPTY: Mapping = MappingProxyType({})
TIER_NAMES = ("I", "II", "III")
ENGINES = ("duckdb", "postgres", "spark")
PLACE = r"(accounts|customers|interactions|surveys|revenue|cycles|targets)[.]\w+"
# Settings that are shares, beside those whose names end so.
SHARES = ("buffer", "margin", "surplus_1", "surplus_2")


@dataclass(frozen=True)
class Source:
    """Where the raw tables lie.

    In each text, `${NAME}` and `${NAME:-default}` stand for environment variables. A password has
    no place here: it stays in the environment.

    Attributes:
        engine: `duckdb`, `postgres` or `spark`.
        folder: The raw files (DuckDB, Spark), relative to the dataset's folder.
        host, port, database, user: The server (PostgreSQL); what is left out comes from the
            environment, as with PostgreSQL's own programs (PGHOST, PGUSER, …).
        schema: Where the raw tables are (PostgreSQL, Spark).
        master: The cluster (Spark).
        timeout_seconds: A server that has not answered a question by then is given up
            (PostgreSQL).
    """

    engine: str = "duckdb"
    folder: str = "."
    host: str = ""
    port: str = ""
    database: str = ""
    schema: str = ""
    user: str = ""
    master: str = "local[*]"
    timeout_seconds: float = 1_800


@dataclass(frozen=True)
class Thresholds:
    """Numbers that a KPI's definition needs.

    A channel without a standard of its own is held to `service_level_seconds` where the customer
    waits on the line, and to `response_seconds` elsewhere.
    """

    service_level_seconds: float = 20
    response_seconds: float = 86_400
    service_level_by_channel: Mapping[str, float] = field(default_factory=lambda: EMPTY)
    repeat_days: float = 7
    response_days: float = 14


# Channels on which nobody waits on the line, as they are mostly called.
ASYNCHRONOUS = (
    "e-mail", "email", "mail", "letter", "post", "fax", "form", "web form", "webform", "web",
    "contact form", "portal", "ticket", "self service", "sms", "text", "message", "messages",
    "messaging", "social", "social media", "facebook", "twitter", "x", "instagram", "whatsapp",
    "help desk", "helpdesk",
)  # fmt: skip


@dataclass(frozen=True)
class Channels:
    """On which channels the customer waits on the line, beside those known by their names.

    Attributes:
        synchronous: Further channels on which the customer waits.
        asynchronous: Further channels on which nobody does.
    """

    synchronous: tuple[str, ...] = ()
    asynchronous: tuple[str, ...] = ()

    @property
    def unattended(self) -> tuple[str, ...]:
        """The channels on which nobody waits, in lower case; on all others the customer does."""
        waits, nobody = ({each.lower() for each in own}
                         for own in (self.synchronous, self.asynchronous))  # fmt: skip
        return tuple(sorted({*ASYNCHRONOUS, *nobody} - waits))


@dataclass(frozen=True)
class Override:
    """A tier that people have set by hand.

    Attributes:
        account: The account_id.
        tier: I, II or III.
        reason: Why, in words.
        until: The last day on which it holds.
        since: The first one; if None, it holds in the quarter reported, and nothing is known of
            earlier ones.
    """

    account: str
    tier: str
    reason: str
    until: date
    since: date | None = None


@dataclass(frozen=True)
class TierRules:
    """What makes an account Tier I or Tier II.

    A threshold is an amount (`revenue`) or, where none is given, that of a top share (0.1 means
    "the top tenth"). A capacity sets the threshold so that the tier is full; beside an amount, the
    stricter of the two holds.

    Attributes:
        revenue, revenue_top_share, strategic_value: What lifts an account into Tier I.
        growth, growth_top_share, lifetime_value, lifetime_value_top_share: Into Tier II.
        capacity_1, capacity_2: So many accounts can be served in Tier I, and in Tier II.
        buffer: An account stays where it was until an input falls short of its threshold by more
            than this share.
        margin: What is left of revenue; lifetime value is that.
        horizon_years: Lifetime value looks so far ahead.
        discount_rate: What a year's wait takes off the worth of money.
        overrides: Tiers that people have set by hand.
    """

    revenue_top_share: float = 0.10
    revenue: float | None = None
    strategic_value: float = 5
    growth_top_share: float = 0.20
    growth: float | None = None
    lifetime_value_top_share: float = 0.10
    lifetime_value: float | None = None
    capacity_1: int | None = None
    capacity_2: int | None = None
    buffer: float = 0.10
    margin: float = 1.0
    horizon_years: float = 5.0
    discount_rate: float = 0.10
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True)
class CareRules:
    """How hours of service are to be shared out.

    Attributes:
        hours: Hours of service that can be given in a quarter; as many as were, if None.
        surplus_1, surplus_2: The shares of what lies beyond the baseline that go to Tier I and
            Tier II; the rest goes to Tier III.
    """

    hours: float | None = None
    surplus_1: float = 0.6
    surplus_2: float = 0.4


@dataclass(frozen=True)
class PersonaRules:
    """What personas are made of, and what they are called.

    Attributes:
        features: The features to use; all that the dataset has, if empty.
        names: An analyst's own names, by the persona's letter.
    """

    features: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True)
class Privacy:
    """What of persons may be published.

    Attributes:
        personal: Columns that name persons, beside those of the contract, as `table.column`.
        public: Columns of the contract that name persons and may be published all the same.
        smallest_group: Of fewer customers, nothing is published.
    """

    personal: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    smallest_group: int = 5


# Settings that are lists of texts.
EXAMPLES = MappingProxyType(
    {
        "features": '["channel", "role"]',
        "synchronous": '["video"]',
        "asynchronous": '["portal"]',
    }
)
INVENTORY = ("what", "form", "source", "producer", "needed", "delivery", "report")


@dataclass(frozen=True)
class Config:
    """The settings of a dataset; only `name` is required."""

    name: str
    description: str = ""
    currency: str = ""
    fiscal_year_start: int = 1
    scales: Mapping[str, tuple[float, float]] = field(default_factory=lambda: SCALES)
    source: Source = Source()
    thresholds: Thresholds = Thresholds()
    channels: Channels = Channels()
    tiers: TierRules = TierRules()
    care: CareRules = CareRules()
    personas: PersonaRules = PersonaRules()
    privacy: Privacy = Privacy()
    inventory: tuple[Mapping[str, str], ...] = ()


def read_config(folder: Path) -> Config:
    """Read `dataset.toml` in a dataset's folder.

    Raises:
        DataError: The file is absent, is not TOML, or has a setting that is unknown or of the
            wrong type.
    """
    path = folder / "dataset.toml"
    if not path.is_file():
        raise DataError(f'{path}: not found; a dataset needs this file, with at least: name = "…"')
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not readable as TOML: {error}") from None
    if not isinstance(given.get("name"), str):
        raise DataError(f'{path}: name is missing; add a line such as: name = "Our company"')
    config = _fill(Config, given, path, "")
    if not 1 <= config.fiscal_year_start <= 12:
        raise DataError(
            f"{path}: fiscal_year_start == {config.fiscal_year_start}, "
            "must be the number of a month, 1 to 12"
        )
    if config.source.engine not in ENGINES:
        raise DataError(
            f"{path}: source.engine == {config.source.engine!r}, must be one of "
            f"{', '.join(ENGINES)}"
        )
    if config.tiers.buffer >= 1:
        raise DataError(f"{path}: tiers.buffer == {config.tiers.buffer}, must be below 1")
    if not 1 <= config.tiers.horizon_years <= 50:
        raise DataError(
            f"{path}: tiers.horizon_years == {config.tiers.horizon_years}, must be from 1 to 50"
        )
    if (total := config.care.surplus_1 + config.care.surplus_2) > 1:
        raise DataError(
            f"{path}: care.surplus_1 and care.surplus_2 add up to {total:g}, must be at most 1"
        )
    return config


def expand(text: str, path: Path) -> str:
    """Put environment variables into a setting.

    Examples:
        >>> expand("${NO_SUCH_NAME:-raw}/files", Path("dataset.toml"))
        'raw/files'

    Raises:
        DataError: A variable has neither a value nor a default.
    """

    def value(match: re.Match) -> str:
        found = os.environ.get(match["name"]) or match["default"]
        if found is None:
            raise DataError(f"{path}: the environment variable {match['name']} is not set")
        return found

    return re.sub(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*))?\}", value, text)


def _fill(kind: type, given: dict, path: Path, prefix: str):
    known = {each.name: each for each in fields(kind)}
    values = {}
    for name, value in given.items():
        where = f"{prefix}{name}"
        if name == "password":
            raise DataError(
                f"{path}: {where}: a password must not stand in a file; set PGPASSWORD in the "
                "environment, or use ~/.pgpass"
            )
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(known)}"
            raise DataError(f"{path}: unknown setting {where}; {hint}")
        values[name] = _value(known[name], value, path, where)
    return kind(**values)


def _value(known, value, path: Path, where: str):
    if known.name == "scales":
        return _scales(value, path)
    if known.name == "service_level_by_channel":
        if not isinstance(value, dict):
            raise DataError(f"{path}: {where} must be a section of channels and seconds")
        return MappingProxyType(
            {name: _number(each, path, f"{where}.{name}") for name, each in value.items()}
        )
    if known.name in EXAMPLES:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise DataError(
                f"{path}: {where} must be a list of texts, such as {EXAMPLES[known.name]}"
            )
        return tuple(value)
    if known.name in ("personal", "public"):
        if not isinstance(value, list) or not all(re.fullmatch(PLACE, str(each)) for each in value):
            raise DataError(
                f'{path}: {where} must be a list of columns, such as ["interactions.caller"]'
            )
        return tuple(value)
    if known.name == "inventory":
        return _inventory(value, path)
    if known.name == "names":
        return _names(value, path, where)
    if known.name == "overrides":
        return _overrides(value, path, where)
    if is_dataclass(known.type):
        if not isinstance(value, dict):
            raise DataError(f"{path}: {where} must be a section, written [{where}]")
        return _fill(known.type, value, path, f"{where}.")
    if known.type is str and not isinstance(value, str):
        raise DataError(f"{path}: {where} == {value!r}, must be text in quotes")
    if known.type in (int, int | None) and type(value) is not int:
        raise DataError(f"{path}: {where} == {value!r}, must be a whole number")
    if known.type is not str:
        _number(value, path, where)
        if (known.name.endswith("_share") or known.name in SHARES) and value > 1:
            raise DataError(f"{path}: {where} == {value!r}, must be a share from 0 to 1")
    return value


def _inventory(value, path: Path) -> tuple[Mapping[str, str], ...]:
    """The information behind the reports, a section for each."""
    listed = isinstance(value, list) and all(isinstance(each, dict) for each in value)
    if not listed:
        raise DataError(f"{path}: inventory must be sections, each written [[inventory]]")
    for number, each in enumerate(value, start=1):
        stray = [name for name in each if name not in INVENTORY]
        if stray or not isinstance(each.get("what"), str):
            raise DataError(
                f"{path}: inventory[{number}] must have what, and of {', '.join(INVENTORY[1:])} "
                f"those that are known; {stray[0] if stray else 'what'} is "
                f"{'unknown' if stray else 'missing'}"
            )
        wrong = [name for name, text in each.items() if not isinstance(text, str)]
        if wrong:
            raise DataError(f"{path}: inventory[{number}].{wrong[0]} must be text in quotes")
    return tuple(MappingProxyType(each) for each in value)


def _overrides(value, path: Path, where: str) -> tuple[Override, ...]:
    """Tiers set by hand, each with its reason and its last day."""
    listed = isinstance(value, list) and all(isinstance(each, dict) for each in value)
    if not listed:
        raise DataError(f"{path}: {where} must be sections, each written [[{where}]]")
    kept = [_override(each, path, f"{where}[{n}]") for n, each in enumerate(value, start=1)]
    ids = [each.account for each in kept]
    twice = [each for each in ids if ids.count(each) > 1]
    if twice:
        raise DataError(f"{path}: {where}: account {twice[0]!r} stands there twice")
    return tuple(kept)


def _override(given: dict, path: Path, where: str) -> Override:
    names = ["account", "tier", "reason", "until"]
    stray = sorted(set(given) - {"since"} ^ set(names))
    if stray:
        state = "unknown" if stray[0] in given else "missing"
        raise DataError(
            f"{path}: {where} must have {', '.join(names)} and at most since; {stray[0]} is {state}"
        )
    for name in ("account", "reason"):
        if not isinstance(given[name], str) or not given[name].strip():
            raise DataError(f"{path}: {where}.{name} == {given[name]!r}, must be text in quotes")
    if given["tier"] not in TIER_NAMES:
        raise DataError(f"{path}: {where}.tier == {given['tier']!r}, must be one of "
                        f"{', '.join(TIER_NAMES)}")  # fmt: skip
    for name in ("until", "since"):
        if name in given and type(given[name]) is not date:
            raise DataError(f"{path}: {where}.{name} == {given[name]!r}, must be a date without "
                            "quotes, such as 2026-12-31")  # fmt: skip
    return Override(**given)


def _names(value, path: Path, where: str) -> Mapping[str, str]:
    named = isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    if not named or not all(each.strip() for each in value.values()):
        raise DataError(
            f'{path}: {where} must be a section of letters and names, such as A = "Ann"'
        )
    names = {letter: name.strip() for letter, name in value.items()}
    twice = [name for name in names.values() if list(names.values()).count(name) > 1]
    if twice:
        raise DataError(f"{path}: {where}: {twice[0]!r} is the name of two personas")
    letters = [name for name in names.values() if re.fullmatch("[A-Z]{1,2}", name)]
    if letters:
        raise DataError(
            f"{path}: {where}: {letters[0]!r} must not be a letter, by which personas are known"
        )
    return MappingProxyType(names)


def _number(value, path: Path, where: str) -> float:
    if type(value) not in (int, float) or value < 0:
        raise DataError(f"{path}: {where} == {value!r}, must be a number of at least 0")
    return value


def _scales(value, path: Path) -> Mapping[str, tuple[float, float]]:
    scales = dict(SCALES)
    for metric, ends in value.items() if isinstance(value, dict) else [("", value)]:
        pair = isinstance(ends, list) and [type(end) in (int, float) for end in ends]
        if pair != [True, True] or ends[0] >= ends[1]:
            raise DataError(
                f"{path}: scales.{metric} == {ends!r}, must be [lowest, highest], such as [1, 5]"
            )
        if metric in SCALES and tuple(ends) != SCALES[metric]:
            raise DataError(
                f"{path}: scales.{metric} == {ends}, must be {list(SCALES[metric])}; give another "
                "scale a name of its own"
            )
        scales[metric] = tuple(ends)
    return MappingProxyType(scales)
