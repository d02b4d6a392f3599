"""What a dataset declares in sections of `dataset.toml`: tiers by hand, names, KPIs of its own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

from cxlib.data.settings import fill, one_of, sections, setting, such, text
from cxlib.errors import DataError

TIER_NAMES = ("I", "II", "III")
OWN_KINDS = ("proportion", "mean", "ratio")
INVENTORY = ("what", "form", "source", "producer", "needed", "delivery", "report")


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


def read_inventory(value: object, at: str) -> tuple[Mapping[str, str], ...]:
    """The information behind the reports, a section for each."""
    for count, each in enumerate(sections(value, at), start=1):
        stray = [name for name in each if name not in INVENTORY]
        if stray or not isinstance(each.get("what"), str):
            raise DataError(
                f"{at}[{count}] must have what, and of {', '.join(INVENTORY[1:])} "
                f"those that are known; {stray[0] if stray else 'what'} is "
                f"{'unknown' if stray else 'missing'}"
            )
        wrong = [name for name, said in each.items() if not isinstance(said, str)]
        if wrong:
            raise DataError(f"{at}[{count}].{wrong[0]} must be text in quotes")
    return tuple(MappingProxyType(each) for each in value)


def read_overrides(value: object, at: str) -> tuple[Override, ...]:
    """Tiers set by hand, each with its reason and its last day."""
    kept = [_override(each, f"{at}[{n}]") for n, each in enumerate(sections(value, at), start=1)]
    ids = [each.account for each in kept]
    twice = [each for each in ids if ids.count(each) > 1]
    if twice:
        raise DataError(f"{at}: account {twice[0]!r} stands there twice")
    return tuple(kept)


def _override(given: dict, at: str) -> Override:
    names = ["account", "tier", "reason", "until"]
    stray = sorted(set(given) - {"since"} ^ set(names))
    if stray:
        state = "unknown" if stray[0] in given else "missing"
        raise DataError(
            f"{at} must have {', '.join(names)} and at most since; {stray[0]} is {state}"
        )
    for name in ("account", "reason"):
        such(text, str.strip, "text in quotes")(given[name], f"{at}.{name}")
    one_of(TIER_NAMES)(given["tier"], f"{at}.tier")
    for name in ("until", "since"):
        if name in given and type(given[name]) is not date:
            raise DataError(
                f"{at}.{name} == {given[name]!r}, must be a date without quotes, such as 2026-12-31"
            )
    return Override(**given)


def read_names(value: object, at: str) -> Mapping[str, str]:
    """Names of personas by their letters."""
    named = isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    if not named or not all(each.strip() for each in value.values()):
        raise DataError(f'{at} must be a section of letters and names, such as A = "Ann"')
    names = {letter: name.strip() for letter, name in value.items()}
    twice = [name for name in names.values() if list(names.values()).count(name) > 1]
    if twice:
        raise DataError(f"{at}: {twice[0]!r} is the name of two personas")
    letters = [name for name in names.values() if re.fullmatch("[A-Z]{1,2}", name)]
    if letters:
        raise DataError(f"{at}: {letters[0]!r} must not be a letter, by which personas are known")
    return MappingProxyType(names)


@dataclass(frozen=True)
class OwnKpi:
    """A KPI that a company defines itself."""

    label: str = setting("Its name, as on pages (required)")
    value: str = setting(
        "What a row's value is, in SQL, such as `reason = 'complaint'`; of a ratio what stands "
        "above the line; rows where it is null do not count (required)"
    )
    table: str = setting(
        "Whose rows are counted: `interactions`, `surveys` (those that were answered) or "
        "`accounts` (those there in the period)",
        "interactions",
        one_of(("interactions", "surveys", "accounts")),
    )
    kind: str = setting(
        "`proportion` of rows of which `value` is true, `mean` of `value`, or `ratio` of two sums",
        "proportion",
        one_of(OWN_KINDS),
    )
    per: str = setting("Of a ratio: what stands below the line, in SQL", "")
    unit: str = setting(
        "`share` (0 to 1), `points`, `score`, `seconds`, `money` or a name of your own, such as "
        "`per order`; a share, unless it is a mean",
        "",
    )
    better: str = setting(
        "`higher`, `lower` or `neither`", "neither", one_of(("higher", "lower", "neither"))
    )
    meaning: str = setting("Its definition, for readers", "")


def own_kpis(value: object, at: str) -> Mapping[str, OwnKpi]:
    """The KPIs that a company defines itself, by name."""
    path, _, section = at.rpartition(": ")
    kpis = {}
    for name, given in value.items() if isinstance(value, dict) else [("", value)]:
        where = f"{at}.{name}"
        if not isinstance(given, dict):
            raise DataError(f"{at} must be sections, such as [{section}.escalated]")
        if not re.fullmatch("[a-z][a-z0-9_]*", name):
            raise DataError(f"{where}: a KPI's name is of small letters, digits and _")
        own = fill(OwnKpi, {"label": "", "value": ""} | given, Path(path), f"{section}.{name}.")
        for needed in ("label", "value", *(["per"] if own.kind == "ratio" else [])):
            if not getattr(own, needed).strip():
                raise DataError(f"{where}.{needed} is missing; {name} needs it")
        if own.per and own.kind != "ratio":
            raise DataError(f'{where}.per: only a ratio has it; say kind = "ratio"')
        kpis[name] = own
    return MappingProxyType(kpis)
