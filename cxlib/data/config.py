"""`dataset.toml`: what a dataset is called, where its source lies, and its thresholds."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from cxlib.data.declared import (
    Override,
    OwnKpi,
    own_kpis,
    read_inventory,
    read_names,
    read_overrides,
)
from cxlib.data.settings import (
    columns,
    fill,
    number,
    numbers,
    one_of,
    setting,
    share,
    such,
    texts,
    whole,
)
from cxlib.errors import DataError

SCALES = MappingProxyType({"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)})
EMPTY: Mapping = MappingProxyType({})
ENGINES = ("duckdb", "postgres", "spark")
MOST_TILES, MOST_QUOTED = 6, 6
# Channels on which nobody waits on the line, as they are mostly called.
ASYNCHRONOUS = (
    "e-mail", "email", "mail", "letter", "post", "fax", "form", "web form", "webform", "web",
    "contact form", "portal", "ticket", "self service", "sms", "text", "message", "messages",
    "messaging", "social", "social media", "facebook", "twitter", "x", "instagram", "whatsapp",
    "help desk", "helpdesk",
)  # fmt: skip


def _scales(value: object, at: str) -> Mapping[str, tuple[float, float]]:
    scales = dict(SCALES)
    for metric, ends in value.items() if isinstance(value, dict) else [("", value)]:
        pair = isinstance(ends, list) and [type(end) in (int, float) for end in ends]
        if pair != [True, True] or ends[0] >= ends[1]:
            raise DataError(f"{at}.{metric} == {ends!r}, must be [lowest, highest], such as [1, 5]")
        if metric in SCALES and tuple(ends) != SCALES[metric]:
            raise DataError(
                f"{at}.{metric} == {ends}, must be {list(SCALES[metric])}; give another "
                "scale a name of its own"
            )
        scales[metric] = tuple(ends)
    return MappingProxyType(scales)


@dataclass(frozen=True)
class Source:
    """Where the raw tables lie.

    In each text, `${NAME}` and `${NAME:-default}` stand for environment variables. A password has
    no place here: it stays in the environment.
    """

    engine: str = setting(
        "What holds the raw tables and runs the SQL: `duckdb`, `postgres` or `spark`",
        "duckdb",
        one_of(ENGINES),
    )
    folder: str = setting(
        "Folder of the raw files that SQL mappings name, relative to this one (DuckDB and "
        "Spark); here and below, `${NAME:-default}` stands for an environment variable",
        ".",
    )
    encoding: str = setting(
        "Encoding of raw text that is not UTF-8, such as `cp1250`; `cp1252` if not given", ""
    )
    host: str = setting(
        "The PostgreSQL server; what is left out here comes from PGHOST, PGPORT, …", ""
    )
    port: str = setting("Its port", "")
    database: str = setting("Its database", "")
    schema: str = setting("Where the raw tables are, in PostgreSQL or Spark", "")
    user: str = setting(
        "Who asks; the password comes from PGPASSWORD or `~/.pgpass`, never from here", ""
    )
    master: str = setting("The Spark cluster", "local[*]")
    timeout_seconds: float = setting(
        "A PostgreSQL server that has not answered by then is given up", 1_800
    )


@dataclass(frozen=True)
class Thresholds:
    """Numbers that a KPI's definition needs.

    A channel without a standard of its own is held to `service_level_seconds` where the customer
    waits on the line, and to `response_seconds` elsewhere.
    """

    service_level_seconds: float = setting(
        "A contact is answered in time within so many seconds, where the customer waits on "
        "the line",
        20,
    )
    response_seconds: float = setting("The same where nobody does, such as by e-mail", 86_400)
    service_level_by_channel: Mapping[str, float] = setting(
        "The same for single channels, such as `email = 3600`", EMPTY, numbers
    )
    repeat_days: float = setting("A contact for the same reason within so many days is a repeat", 7)
    response_days: float = setting(
        "A survey answer counts for the response rate within so many days", 14
    )


@dataclass(frozen=True)
class Channels:
    """On which channels the customer waits on the line, beside those known by their names."""

    synchronous: tuple[str, ...] = setting(
        "Channels on which the customer waits on the line; all do but those known to be "
        "written (e-mail, web, letter, message, social, portal, …)",
        (),
        texts('["video"]'),
    )
    asynchronous: tuple[str, ...] = setting(
        "Further channels on which nobody waits on the line", (), texts('["portal"]')
    )

    @property
    def unattended(self) -> tuple[str, ...]:
        """The channels on which nobody waits, in lower case; on all others the customer does."""
        waits, nobody = ({each.lower() for each in own}
                         for own in (self.synchronous, self.asynchronous))  # fmt: skip
        return tuple(sorted({*ASYNCHRONOUS, *nobody} - waits))


@dataclass(frozen=True)
class TierRules:
    """What makes an account Tier I or Tier II.

    A threshold is an amount (`revenue`) or, where none is given, that of a top share (0.1 means
    "the top tenth"). A capacity sets the threshold so that the tier is full; beside an amount, the
    stricter of the two holds.
    """

    revenue_top_share: float = setting(
        "Tier I: the accounts with the highest revenue, as a share of all", 0.10, share
    )
    revenue: float | None = setting("Tier I: revenue of twelve months, instead of the share", None)
    strategic_value: float = setting("Tier I: strategic value of at least this", 5)
    growth_top_share: float = setting(
        "Tier II: the highest growth potential, as a share of all", 0.20, share
    )
    growth: float | None = setting("Tier II: growth potential per year, instead of the share", None)
    lifetime_value_top_share: float = setting(
        "Tier II: the highest lifetime value, as a share of all", 0.10, share
    )
    lifetime_value: float | None = setting("Tier II: lifetime value, instead of the share", None)
    capacity_1: int | None = setting(
        "Tier I: accounts that can be served; beside an amount, the stricter holds", None
    )
    capacity_2: int | None = setting("Tier II: accounts that can be served", None)
    buffer: float = setting(
        "An account stays in its tier until it falls short by more than this share",
        0.10,
        such(share, lambda value: value < 1, "below 1"),
    )
    margin: float = setting(
        "What is left of revenue, as a share; lifetime value counts that", 1.0, share
    )
    horizon_years: float = setting(
        "Lifetime value looks so many years ahead",
        5.0,
        such(number, lambda years: 1 <= years <= 50, "from 1 to 50"),
    )
    discount_rate: float = setting(
        "What a year's wait takes off the worth of money, as a share", 0.10
    )
    overrides: tuple[Override, ...] = setting(
        "Tiers set by hand: sections `[[tiers.overrides]]`, each with `account`, `tier`, "
        "`reason`, `until`, its last day (a date without quotes), and maybe `since`",
        (),
        read_overrides,
    )


@dataclass(frozen=True)
class CareRules:
    """How hours of service are to be shared out."""

    hours: float | None = setting(
        "Hours of service that can be given in a quarter; as many as were, if not set", None
    )
    surplus_1: float = setting(
        "The share of hours beyond the baseline that goes to Tier I", 0.6, share
    )
    surplus_2: float = setting("Likewise to Tier II; the rest goes to Tier III", 0.4, share)


@dataclass(frozen=True)
class PersonaRules:
    """What personas are made of, and what they are called."""

    features: tuple[str, ...] = setting(
        'What personas are made of, such as `["channel", "role"]`; all that is known of '
        "customers, unless told",
        (),
        texts('["channel", "role"]'),
    )
    names: Mapping[str, str] = setting(
        "Your own names for personas, by letter: in `[personas.names]`, a line such as `A = "
        '"Fridah"`',
        EMPTY,
        read_names,
    )


@dataclass(frozen=True)
class Assumptions:
    """Rules of thumb, which pages use only where they say so."""

    source: str = setting(
        "Where these come from, as pages say it", "rules of thumb of the field, not your data"
    )
    silent_for_one: float = setting("Customers who suffer in silence for one who complains", 100)
    outside_cost: float = setting(
        "What a complaint to an outside body costs, as a multiple of a contact", 16
    )
    outside_time: float = setting("The same in time", 6)
    claim_cost: float = setting("What a small claim costs, as a multiple of a contact", 27)
    claim_time: float = setting("The same in time", 12)


@dataclass(frozen=True)
class Leadership:
    """What stands on the quarter's first screen."""

    tiles: tuple[str, ...] = setting(
        "KPIs shown as tiles, in this order, six at most; those with targets, and then the usual "
        "ones, unless given",
        (),
        such(texts('["nps", "retention_rate"]'), lambda names: len(names) <= MOST_TILES,
             f"{MOST_TILES} KPIs at most"),
    )  # fmt: skip
    by: str = setting("Column by which KPIs are laid out as a grid, such as `region`", "")
    grid: tuple[str, ...] = setting(
        "KPIs of that grid, six at most; those of the tiles, unless given",
        (),
        such(texts('["nps", "transfer_rate"]'), lambda names: len(names) <= MOST_TILES,
             f"{MOST_TILES} KPIs at most"),
    )  # fmt: skip
    verbatims: int = setting(
        "How many customers are quoted, drawn by lot; only where `privacy.public` names "
        "`surveys.verbatim`",
        3,
        such(whole, lambda count: 0 <= count <= MOST_QUOTED, f"from 0 to {MOST_QUOTED}"),
    )


@dataclass(frozen=True)
class Privacy:
    """What of persons may be published."""

    personal: tuple[str, ...] = setting(
        "Columns that name persons, beside those marked above, such as "
        '`["interactions.caller"]`; pages show pseudonyms for them',
        (),
        columns,
    )
    public: tuple[str, ...] = setting(
        "Columns marked as personal that pages may show all the same, such as "
        '`["accounts.name"]` where accounts are companies',
        (),
        columns,
    )
    smallest_group: int = setting(
        "KPIs by group or within a filter leave out groups of fewer customers, and what would "
        "give them away; a report with a filter that leaves fewer is refused",
        5,
    )


@dataclass(frozen=True)
class Config:
    """The settings of a dataset; only `name` is required."""

    name: str = setting("Name of the dataset, as on the pages (required)")
    description: str = setting("One line on what it is", "")
    currency: str = setting("Written after amounts of money", "")
    fiscal_year_start: int = setting(
        "Month in which the fiscal year starts, 1 to 12; a fiscal year is named for the "
        "calendar year in which it ends",
        1,
        such(whole, range(1, 13).__contains__, "the number of a month, 1 to 12"),
    )
    scales: Mapping[str, tuple[float, float]] = setting(
        "Lowest and highest score of each survey metric; name further metrics here", SCALES, _scales
    )
    kpis: Mapping[str, OwnKpi] = setting(
        "KPIs of your own, as below: sections such as `[kpis.escalated]`", EMPTY, own_kpis
    )
    source: Source = Source()
    thresholds: Thresholds = Thresholds()
    channels: Channels = Channels()
    tiers: TierRules = TierRules()
    care: CareRules = CareRules()
    personas: PersonaRules = PersonaRules()
    leadership: Leadership = Leadership()
    assumptions: Assumptions = Assumptions()
    privacy: Privacy = Privacy()
    inventory: tuple[Mapping[str, str], ...] = setting(
        "The information behind the reports, for the page on data readiness: sections "
        "`[[inventory]]`, each with `what` and, as far as known, `form`, `source`, "
        "`producer`, `needed` (when), `delivery` (pushed or pulled) and `report`",
        (),
        read_inventory,
    )


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
    config = fill(Config, given, path)
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
