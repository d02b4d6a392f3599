"""The tables that a raw file holds, found by looking into it."""

import zipfile
from dataclasses import replace
from pathlib import Path

from cxlib.data.raw.parts import (
    ARCHIVE,
    BOOKS,
    HIDDEN,
    PACKABLE,
    Part,
    Wanted,
    holds_several,
    kind_of,
    plain_name,
    stem_of,
)
from cxlib.data.raw.workbook import sheets
from cxlib.errors import DataError


def parts_of(file: Path) -> tuple[Part, ...]:
    """The tables that a raw file holds, those of empty sheets as well.

    Raises:
        DataError: It cannot be opened.
    """
    if not holds_several(file):
        return (Part(file, stem_of(file)),)
    inner = _members(file) if kind_of(file) == ARCHIVE else sheets(file)
    if len(inner) == 1:
        return (Part(file, stem_of(file), inner[0]),)
    names: dict[str, str] = {}
    for each in inner:
        plain = each if kind_of(file) in BOOKS else stem_of(each)
        name = first = f"{stem_of(file)}_{plain_name(plain)}"
        number = 2
        while name in names:
            name, number = f"{first}_{number}", number + 1
        names[name] = each
    return tuple(Part(file, name, each) for name, each in names.items())


def find_part(wanted: Wanted) -> Part:
    """The table of a raw file that SQL names, under the name that it has there.

    Raises:
        DataError: The file has none of this name.
    """
    parts = parts_of(wanted.file)
    for each in parts:
        if each.name.casefold() == wanted.name.casefold():
            return replace(each, name=wanted.name)
    known = ", ".join(each.name for each in parts)
    raise DataError(f"{wanted.file}: has no table {wanted.name!r}; it has: {known or 'none'}")


def _members(file: Path) -> list[str]:
    try:
        with zipfile.ZipFile(file) as archive:
            return [
                each.filename
                for each in archive.infolist()
                if not each.is_dir()
                and kind_of(each.filename) in PACKABLE
                and not any(
                    part.startswith(HIDDEN) for part in (each.filename, *each.filename.split("/"))
                )
            ]
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f"{file}: cannot be opened as an archive: {error}") from None
