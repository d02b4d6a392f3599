"""Settings: each says what it means and how it is read, and what is wrong with one is one line.

A reader takes a setting's value and its place, such as `dataset.toml: tiers.buffer`, and gives what
is kept of it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from cxlib.errors import DataError

Reader = Callable[[object, str], object]
PLACE = (
    r"(accounts|customers|interactions|counts|surveys|revenue|cycles|targets|events|complaints|"
    r"experience_map|followups)[.]\w+"
)


def setting(meaning: str, default: object = MISSING, reads: Reader | None = None):
    """A field of a section.

    Args:
        meaning: As the data dictionary has it.
        default: Without one, it must be given.
        reads: How it is read; by its type, if None.
    """
    metadata = {"meaning": meaning, "reads": reads}
    if isinstance(default, Mapping):
        return field(default_factory=lambda: default, metadata=metadata)
    return field(default=default, metadata=metadata)


def fill(kind: type, given: Mapping, path: Path, prefix: str = ""):
    """A section from what a file gives.

    Raises:
        DataError: A setting is unknown, or cannot be read.
    """
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
        of, at = known[name].type, f"{path}: {where}"
        if is_dataclass(of):
            if not isinstance(value, dict):
                raise DataError(f"{at} must be a section, written [{where}]")
            values[name] = fill(of, value, path, f"{where}.")
        else:
            values[name] = (known[name].metadata["reads"] or BY_TYPE[of])(value, at)
    return kind(**values)


def text(value: object, at: str) -> str:
    """A text."""
    if not isinstance(value, str):
        raise DataError(f"{at} == {value!r}, must be text in quotes")
    return value


def number(value: object, at: str) -> float:
    """A number that is not negative."""
    if type(value) not in (int, float) or value < 0:
        raise DataError(f"{at} == {value!r}, must be a number of at least 0")
    return value


def whole(value: object, at: str) -> int:
    """A whole number that is not negative."""
    if type(value) is not int:
        raise DataError(f"{at} == {value!r}, must be a whole number")
    return number(value, at)


def share(value: object, at: str) -> float:
    """A share."""
    if number(value, at) > 1:
        raise DataError(f"{at} == {value!r}, must be a share from 0 to 1")
    return value


BY_TYPE: Mapping[object, Reader] = MappingProxyType(
    {str: text, int: whole, int | None: whole, float: number, float | None: number}
)


def such(reads: Reader, holds: Callable[[object], bool], words: str) -> Reader:
    """What a reader gives, if something holds of it; else `words` say what it must be."""

    def read(value: object, at: str) -> object:
        if not holds(found := reads(value, at)):
            raise DataError(f"{at} == {value!r}, must be {words}")
        return found

    return read


def one_of(names: Sequence[str]) -> Reader:
    """One of several texts."""
    return such(text, names.__contains__, f"one of {', '.join(names)}")


def texts(example: str) -> Reader:
    """A list of texts."""

    def read(value: object, at: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise DataError(f"{at} must be a list of texts, such as {example}")
        return tuple(value)

    return read


def columns(value: object, at: str) -> tuple[str, ...]:
    """A list of columns, as `table.column`."""
    if not isinstance(value, list) or not all(re.fullmatch(PLACE, str(each)) for each in value):
        raise DataError(f'{at} must be a list of columns, such as ["interactions.caller"]')
    return tuple(value)


def numbers(value: object, at: str) -> Mapping[str, float]:
    """A section of channels and seconds."""
    if not isinstance(value, dict):
        raise DataError(f"{at} must be a section of channels and seconds")
    return MappingProxyType({name: number(each, f"{at}.{name}") for name, each in value.items()})


def sections(value: object, at: str) -> list[dict]:
    """Sections of the same name, one below the other."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise DataError(f"{at} must be sections, each written [[{at.rpartition(': ')[2]}]]")
    return value
