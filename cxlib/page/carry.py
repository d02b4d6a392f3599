"""What a page hands on to its next quarter's: files `tables/*_passport.json`, which a run finds."""

import os
from pathlib import Path

from cxlib.errors import ArgumentError, DataError

# A batch run says through this variable where a notebook's files go; in JupyterLab they go
# beside the notebook.
OUTPUT_VARIABLE = "CX_OUTPUT"


def in_report() -> bool:
    """Whether a report is being made, whose pages have a look of their own."""
    return OUTPUT_VARIABLE in os.environ


def tables_folder() -> Path:
    """The folder for a notebook's files; it is made."""
    folder = Path(os.environ.get(OUTPUT_VARIABLE, ".")) / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def leave(name: str, text: str) -> Path:
    """Leave a file for the next quarter."""
    path = tables_folder() / name
    path.write_text(text, encoding="utf-8")
    return path


def find(before: str, name: str, what: str) -> tuple[Path, str] | None:
    """A file that an earlier report has left, and its text; None if there is none.

    Args:
        before: The folder of that report; empty if there is none.
        name: Of the file.
        what: What it holds, in words.

    Raises:
        ArgumentError: There is no such folder.
        DataError: The file is no text.
    """
    if not before:
        return None
    if not Path(before).is_dir():
        raise ArgumentError(f"before == {before!r}: there is no such folder")
    path = Path(before) / "tables" / name
    if not path.is_file():
        return None
    try:
        return path, path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise DataError(f"{path}: no {what}: it is not UTF-8") from None
