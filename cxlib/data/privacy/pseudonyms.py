"""Pseudonyms: keyed, so that they stay the same and nobody can find a person by trying out ids."""

import hashlib
import os
import re
import secrets
import sys
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from cxlib.data.config import Config
from cxlib.data.privacy.masks import masked_text
from cxlib.errors import DataError

VARIABLE = "CX_PSEUDONYM_KEY"
LEAST_KEY = 16  # characters
LEAST_DIFFERENT = 8  # of them
# Pseudonyms of accounts and customers are read by people; those of rows need only be distinguished.
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
        'A-d1c265a757e5'
    """
    digest = hashlib.sha256((salt(kind, key) + value).encode()).hexdigest()
    return PREFIXES.get(kind, PREFIX) + digest[: LENGTHS.get(kind, LENGTH)]


def salt(kind: str, key: str) -> str:
    """What of the secret a column's pseudonyms are made with: it tells nothing of other columns."""
    return hashlib.sha256(f"{key}:{kind}".encode()).hexdigest() + ":"


def pseudonym_key() -> str:
    """The secret: from CX_PSEUDONYM_KEY, or a file of this user's, made when first needed.

    Raises:
        DataError: The key is too short to keep a secret, or the file cannot be read or written.
    """
    if given := os.environ.get(VARIABLE):
        return _long_enough(given, VARIABLE)
    remedy = f"pseudonyms need a key: set {VARIABLE} in the environment"
    try:
        home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    except RuntimeError:
        raise DataError(f"this user has no home folder; {remedy}") from None
    path = home / "cx" / "pseudonym.key"
    try:
        if not path.is_file():
            _make_key(path)
        if os.name == "posix" and path.stat().st_mode & 0o077:
            _warn(f"{path}: others can read the key for pseudonyms; run: chmod 600 {path}")
        return _long_enough(path.read_text(), str(path))
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "is no text"
        raise DataError(f"{path}: {why}; {remedy}") from None


def _long_enough(given: str, where: str) -> str:
    if len(given.strip()) < LEAST_KEY:
        raise DataError(f"{where}: must have at least {LEAST_KEY} characters")
    if len(set(given.strip())) < LEAST_DIFFERENT:
        _warn(f"{where}: is easily guessed, and with it who is behind a pseudonym; take one by lot")
    return given.strip()


@lru_cache
def _warn(text: str) -> None:
    """Say so once, however often the key is asked for."""
    print(f"cx: {text}", file=sys.stderr)


def _make_key(path: Path) -> None:
    own = path.with_name(f"{path.name}-{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(own, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(secrets.token_hex(32))
    # Of two runs that begin at once, one gives the key and the other takes it, whole.
    with suppress(FileExistsError):
        os.link(own, path)
    own.unlink()
    print(
        f"cx: a new key for pseudonyms is in {path}; with another, every pseudonym is another",
        file=sys.stderr,
    )


def hidden_config(config: Config, key: str) -> Config:
    """The settings with pseudonyms for the accounts that they name, and texts without finds."""
    overrides = tuple(
        replace(
            each,
            account=pseudonym("account_id", each.account, key),
            reason=masked_text(each.reason),
        )
        for each in config.tiers.overrides
    )
    inventory = tuple(
        {name: masked_text(text) for name, text in each.items()} for each in config.inventory
    )
    return replace(
        config,
        description=masked_text(config.description),
        tiers=replace(config.tiers, overrides=overrides),
        inventory=inventory,
    )
