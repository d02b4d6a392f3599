"""Pseudonyms: keyed, so that they stay the same and nobody can find a person by trying out ids."""

import hashlib
import os
import re
import secrets
from collections.abc import Container
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from cxlib.data.config import Config
from cxlib.errors import ArgumentError, DataError

VARIABLE = "CX_PSEUDONYM_KEY"
LEAST_KEY = 16  # characters
# Pseudonyms of accounts and customers are read by people; those of rows need only be told apart.
PREFIXES = MappingProxyType(
    {"account_id": "A-", "customer_id": "C-", "interaction_id": "I-", "response_id": "R-"}
)
LENGTHS = MappingProxyType({"interaction_id": 16, "response_id": 16})
LENGTH, PREFIX = 12, "P-"
LOOKS = re.compile("[ACIRP]-[0-9a-f]{12,16}")


def pseudonym(kind: str, value: str, key: str) -> str:
    """A value's pseudonym: the same for the same key, and without the key not to be turned back.

    Args:
        kind: The column that the value belongs to, such as `account_id`.
        value: The value.
        key: The secret.

    Examples:
        >>> pseudonym("account_id", "007", "a key of our own")
        'A-9eba1e12c662'
    """
    digest = hashlib.sha256(f"{key}:{kind}:{value}".encode()).hexdigest()
    return PREFIXES.get(kind, PREFIX) + digest[: LENGTHS.get(kind, LENGTH)]


def pseudonym_key() -> str:
    """The secret: from CX_PSEUDONYM_KEY, or a file of this user's, made when first needed.

    Raises:
        DataError: The key is too short to keep a secret, or the file cannot be written.
    """
    if given := os.environ.get(VARIABLE):
        if len(given) < LEAST_KEY:
            raise DataError(f"{VARIABLE}: must have at least {LEAST_KEY} characters")
        return given
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    path = home / "cx" / "pseudonym.key"
    if path.is_file():
        return path.read_text().strip()
    own = path.with_name(f"{path.name}-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(own, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.token_hex(32))
        # Of two runs that begin at once, one gives the key and the other takes it, whole.
        with suppress(FileExistsError):
            os.link(own, path)
        own.unlink()
    except OSError as error:
        raise DataError(
            f"{path}: {error.strerror}; pseudonyms need a key: set {VARIABLE} in the environment"
        ) from None
    return path.read_text().strip()


def hidden_config(config: Config, key: str) -> Config:
    """The settings with pseudonyms for the accounts that they name."""
    overrides = tuple(
        replace(each, account=pseudonym("account_id", each.account, key))
        for each in config.tiers.overrides
    )
    return replace(config, tiers=replace(config.tiers, overrides=overrides))


def rewrite(condition, hidden: Container[str], key: str):
    """A filter's condition on real ids as one on their pseudonyms.

    Args:
        condition: As `filters.parse_filter` gives it.
        hidden: The columns that hold pseudonyms.
        key: The secret.

    Raises:
        ArgumentError: It compares a pseudonym otherwise than with =, <> or IN.
    """
    from sqlglot import exp

    condition = condition.copy()
    for column in condition.find_all(exp.Column):
        if column.name not in hidden or isinstance(column.parent, exp.Is):
            continue
        if not isinstance(column.parent, (exp.EQ, exp.NEQ, exp.In)):
            raise ArgumentError(
                f"filter {condition.sql()!r}: of {column.name} only pseudonyms are known here; "
                "compare it with =, <> or IN, or open the dataset with raw_ids=True"
            )
        for literal in list(column.parent.find_all(exp.Literal)):
            if not LOOKS.fullmatch(literal.name):
                literal.set("this", pseudonym(column.name, literal.name, key))
                literal.set("is_string", True)
    return condition


def without_ids(where: str) -> str:
    """A filter's text with pseudonyms for the ids in it, since pages show it.

    Examples:
        >>> without_ids("region = 'EMEA'")
        "region = 'EMEA'"
    """
    if not any(name in where for name in PREFIXES):
        return where
    from cxlib.data.filters import columns_of, parse_filter

    conditions = parse_filter(where)
    if not any(columns_of(each) & PREFIXES.keys() for each in conditions):
        return where
    key = pseudonym_key()
    return " AND ".join(f"({rewrite(each, PREFIXES, key).sql()})" for each in conditions)


def shape_of(text: str) -> str:
    """What a text looks like, without what it says: letters as x, digits as 9.

    Examples:
        >>> shape_of("Ann, 31/02/2026")
        'xxx, 99/99/9999'
    """
    return re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "x", text))
