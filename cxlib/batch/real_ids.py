"""Tables for other programs, such as a CRM: real ids in place of pseudonyms, in a folder apart.

It lies beside the published folder and not in it, since whoever serves that would serve it; and its
owner alone may look into it.
"""

import json
import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from cxlib.batch.ownership import KEEPERS, OURS
from cxlib.data.formulas import harmless
from cxlib.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

    from cxlib.data import Dataset

IDS = ("account_id", "customer_id")
APART, NOTICE = "crm", "NOTICE.txt"
# In our own folder: what was written, by quarter; and for which reports.
WRITTEN, REPORTS = "tables.json", "reports.txt"
WARNING = """The files in this folder name accounts and customers by their real ids, for a CRM.
They are personal data: do not publish them or send them on with the report's pages, which hold
pseudonyms only. Remove this folder where it is not needed.
"""
# In the place where they were before.
MOVED = """The tables with real ids, for a CRM, are not in here any more: whoever could read the
pages could read them. They are in a folder of their own; cx report says where, and --crm names it.
"""


class RealIds:
    """The ids behind the pseudonyms of a run, read when a table first needs them."""

    def __init__(self, data: "Dataset"):
        self.data = data

    @cached_property
    def by_column(self) -> "Mapping[str, pd.Series]":
        """The real ids by their pseudonyms, for each column that may hold one."""
        from cxlib.data.privacy.hide import real_ids

        return {name: real_ids(self.data, name) for name in IDS}

    def restored(self, path: Path) -> "pd.DataFrame | None":
        """A table with real ids; None if it has no ids."""
        table = _read(path)
        columns = [name for name in IDS if name in table.columns]
        for name in columns:
            known = self.by_column[name]
            table[name] = table[name].map(known).fillna(table[name])
            if path.suffix == ".csv":
                table[name] = table[name].map(harmless)
        return table if columns else None


def refuse_foreign_crm(crm: Path, out: Path, published: str) -> None:
    """See to it that tables with real ids go neither among the pages nor among foreign files.

    Args:
        crm: The folder for them.
        out: The folder in which the pages are made.
        published: Where they are published: other reports have other tables.

    Raises:
        ArgumentError: They would.
    """
    places = (out, Path(published.removeprefix("file://")))
    if any(crm.resolve().is_relative_to(each.resolve()) for each in places):
        raise ArgumentError(
            f"--crm {crm}: is within --out; whoever reads the pages would read the real ids in it"
        )
    if crm.exists() and not crm.is_dir():
        raise ArgumentError(f"--crm {crm}: is a file; name a folder")
    names = sorted(each.name for each in crm.iterdir()) if crm.exists() else []
    if set(names) - set(KEEPERS) and not (crm / OURS / WRITTEN).is_file():
        raise ArgumentError(
            f"--crm {crm}: {names[0]} in it was written by no report; name a new folder"
        )
    others = _text_of(crm / OURS / REPORTS) or published
    if others != published:
        raise ArgumentError(
            f"--crm {crm}: holds the tables of the reports in {others}; name another folder, or "
            "remove this one if there are no such reports any more"
        )


def write_tables(
    crm: Path,
    out: Path,
    published: str,
    quarter: str,
    places: Iterable[Path],
    real_ids: RealIds,
) -> tuple[list[str], list[str]]:
    """Write a quarter's tables with real ids, and remove those of it that are no more.

    Args:
        crm: The folder for them.
        out: The folder in which the pages are made.
        published: Where they are published.
        quarter: The quarter.
        places: Its editions' folders, relative to `out`.
        real_ids: The ids behind the pseudonyms.

    Returns:
        The files written, relative to `crm`; and those that could not be, since others than a
        report had written them.
    """
    before = _written(crm)
    mine, refused = set(before.get(quarter, ())), []
    written = []
    for place in places:
        tables = out / place / "tables"
        for path in sorted([*tables.glob("*.csv"), *tables.glob("*.parquet")]):
            if (table := real_ids.restored(path)) is None:
                continue
            name = (place / path.name).as_posix()
            if (crm / name).exists() and name not in mine:
                refused.append(name)
                continue
            # Noted first, so that what is broken off is known to be ours.
            _note(crm, published, before | {quarter: sorted({*mine, *written, name})})
            _write(table, crm, name)
            written.append(name)
    for name in mine - set(written):
        (crm / name).unlink(missing_ok=True)
    if written or quarter in before:
        _note(crm, published, before | {quarter: written})
        _put(crm / NOTICE, WARNING)
    return written, refused


def say_where_they_went(published: Path, new: Path) -> None:
    """Tell the readers of the old place that its tables have moved, where there was one."""
    if (published / "tables" / APART).is_dir():
        place = new / "tables" / APART
        place.mkdir(parents=True, exist_ok=True)
        (place / NOTICE).write_text(MOVED, encoding="utf-8")


def _write(table: "pd.DataFrame", crm: Path, name: str) -> None:
    path = crm / name
    for folder in (crm, *reversed([crm / each for each in Path(name).parents])):
        _private(folder)
    beside = path.with_name(f".{path.name}-{os.getpid()}")
    os.close(os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    try:
        if path.suffix == ".csv":
            table.to_csv(beside, index=False, lineterminator="\n")
        else:
            table.to_parquet(beside, index=False)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _private(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def _note(crm: Path, published: str, written: Mapping[str, list[str]]) -> None:
    _private(crm / OURS)
    _put(crm / OURS / REPORTS, published)
    _put(crm / OURS / WRITTEN, json.dumps(written, indent=2))


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _written(crm: Path) -> dict[str, list[str]]:
    from cxlib.batch.records import fits, is_inside

    try:
        found = json.loads(_text_of(crm / OURS / WRITTEN))
    except ValueError:
        return {}
    sound = fits(found, {"": [str]})
    return found if sound and all(map(is_inside, chain(*found.values()))) else {}


def _put(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


def _read(path: Path) -> "pd.DataFrame":
    import pandas as pd

    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    try:
        # As text: numbers are to be written back as they are.
        return pd.read_csv(path, dtype="str", keep_default_na=False)
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError):
        return pd.DataFrame()
