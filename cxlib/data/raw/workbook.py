"""Workbooks as tables of text, a sheet each."""

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from xml.etree import ElementTree

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetVisibleEnum,
    load_workbook,
)

from cxlib.data.raw.parts import Part
from cxlib.errors import DataError

# Spreadsheets keep so many digits of a number; what an id had beyond them is lost.
DIGITS = 10**15
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
HIDDEN_ROW = re.compile(rb'<row\b[^>]*\bhidden="(?:1|true)"')


def sheets(file: Path) -> list[str]:
    """The names of a workbook's sheets that have cells."""
    book = _opened(file)
    return [name for name in book.sheet_names if _has_cells(book, name)]


def _has_cells(book: CalamineWorkbook, name: str) -> bool:
    try:
        return book.get_sheet_by_name(name).height > 0
    except CalamineError:
        # A sheet that is a chart alone.
        return False


def _opened(file: Path) -> CalamineWorkbook:
    try:
        return load_workbook(file)
    except PasswordError:
        raise DataError(f"{file}: is protected by a password; save a copy without one") from None
    except (CalamineError, OSError) as error:
        raise DataError(f"{file}: cannot be opened as a workbook: {error}") from None


def cells_of(part: Part) -> Iterator[list[str]]:
    """A sheet's rows as texts; empty cells are empty texts.

    Numbers come as a spreadsheet shows them, whole ones without a fraction; moments as 2026-01-31
    09:00:00, durations as 26:10:03.
    """
    for row in _opened(part.file).get_sheet_by_name(part.inner).to_python(skip_empty_area=False):
        yield [_text(cell) for cell in row]


def _text(cell: object) -> str:
    match cell:
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < DIGITS else repr(cell)
        case datetime():
            return cell.isoformat(" ").removesuffix(" 00:00:00")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            seconds = cell.total_seconds()
            whole, sign = round(abs(seconds)), "-" if seconds < 0 else ""
            return f"{sign}{whole // 3600}:{whole % 3600 // 60:02}:{whole % 60:02}"
    return str(cell)


def remarks(part: Part) -> tuple[str, ...]:
    """What a person may not see in a sheet: that it is hidden, or that rows are."""
    book, notes = _opened(part.file), []
    about = {each.name: each for each in book.sheets_metadata}
    if about[part.inner].visible != SheetVisibleEnum.Visible:
        notes.append("the sheet is hidden, and read as the others are")
    if hidden := _hidden_rows(part):
        rows = f"{hidden} hidden row{'' if hidden == 1 else 's'}"
        notes.append(
            f"{rows}, as filters leave them, {'is' if hidden == 1 else 'are'} read as well"
        )
    return tuple(notes)


def _hidden_rows(part: Part) -> int:
    """How many rows a sheet hides, where its format tells."""
    if not zipfile.is_zipfile(part.file):
        return 0
    with zipfile.ZipFile(part.file) as archive:
        place = _sheet_file(archive, part.inner)
        if not place:
            return 0
        count, rest = 0, b""
        with archive.open(place) as file:
            while chunk := file.read(1 << 20):
                text = rest + chunk
                # A mark that begins in one chunk and ends in the next is counted with that.
                cut = max(text.rfind(b"<"), 0)
                count += len(HIDDEN_ROW.findall(text[:cut]))
                rest = text[cut:]
        return count + len(HIDDEN_ROW.findall(rest))


def _sheet_file(archive: zipfile.ZipFile, sheet: str) -> str:
    """Where in an .xlsx file a sheet lies; empty if it is no such file."""
    names = set(archive.namelist())
    links = "xl/_rels/workbook.xml.rels"
    if not {"xl/workbook.xml", links} <= names:
        return ""
    listed = ElementTree.fromstring(archive.read("xl/workbook.xml")).iter(f"{MAIN}sheet")
    number = next((each.get(RELATION) for each in listed if each.get("name") == sheet), None)
    targets = {
        each.get("Id"): each.get("Target") for each in ElementTree.fromstring(archive.read(links))
    }
    place = (targets.get(number) or "").lstrip("/")
    place = place if place.startswith("xl/") else f"xl/{place}"
    return place if place in names else ""
