"""Beginning a dataset from raw files: looked at, stated, and mapped as far as they tell."""

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from cxlib.data.config import SCALES
from cxlib.data.engines.base import open_duckdb
from cxlib.data.files import RAW_SUFFIXES, same_names
from cxlib.data.formats import COMMA, DAY_FIRST, MONTH_FIRST, POINT, YEAR_FIRST
from cxlib.errors import ArgumentError, DataError
from cxlib.onboard.propose import propose
from cxlib.onboard.sniff import MARKED, RawFile, described, encoding_of, recoded, sniff

RAW = "raw"


def begin(
    folder: str | Path,
    files: Sequence[str | Path],
    encoding: str = "",
    dates: str = "",
    decimal: str = "",
) -> list[str]:
    """Write a dataset's folder from raw files; nothing is left behind if that fails.

    Args:
        folder: Where; it must not hold anything yet.
        files: The raw files.
        encoding: Of text files, where they do not tell it.
        dates: `day-first`, `month-first` or `year-first`, where a file does not tell.
        decimal: `comma` or `point`, where a file does not tell.

    Returns:
        What was found out, in lines.

    Raises:
        ArgumentError: A file is not there or is no raw file, the folder is not empty, or an option
            is none that is known.
        DataError: A file is no table, or can be read in two ways.
    """
    for name, value, known in (
        ("dates", dates, (DAY_FIRST, MONTH_FIRST, YEAR_FIRST)),
        ("decimal", decimal, (COMMA, POINT)),
    ):
        if value and value not in known:
            raise ArgumentError(f"--{name} {value}: must be {' or '.join(known)}")
    folder, files = Path(folder), [Path(each) for each in files]
    _refuse(folder, files)
    existed = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return _write(folder, [each.resolve() for each in files], encoding, dates, decimal)
    except BaseException:
        for each in folder.iterdir():
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        if not existed:
            folder.rmdir()
        raise


def _refuse(folder: Path, files: Sequence[Path]) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ArgumentError(f"{folder}: is not empty; name a new folder, or remove it first")
    for path in files:
        if not path.is_file():
            what = "is a folder; name the files in it" if path.is_dir() else "there is no such file"
            raise ArgumentError(f"{path}: {what}")
        if path.suffix.lower() not in RAW_SUFFIXES:
            raise ArgumentError(
                f"{path}: is no {', '.join(RAW_SUFFIXES)}; export it as CSV (a workbook: each "
                "sheet by itself)"
            )
    stems = [path.stem.casefold() for path in files]
    twice = [path.name for path in files if stems.count(path.stem.casefold()) > 1]
    if twice:
        raise ArgumentError(f"{twice[0]}: two files have this name; SQL could not tell them apart")


def _write(
    folder: Path, files: Sequence[Path], encoding: str, dates: str, decimal: str
) -> list[str]:
    encodings = {path: _encoding(path, encoding) for path in files}
    home = _home(folder, files, encodings)
    connection, sniffed, lines = open_duckdb(), [], []
    for path in files:
        name, guessed = encodings[path]
        place = path if home != folder / RAW else _placed(path, name, home)
        sniffed.append(sniff(connection, place, dates, decimal))
        lines += described(sniffed[-1])
        if name == "utf-8-sig":
            lines.append("  begins with a byte-order mark")
        elif name not in ("", "utf-8"):
            how = "not UTF-8, and read as" if guessed else "written in"
            lines.append(
                f"  {how} {name}; a copy in UTF-8 is in {place.relative_to(folder)}"
                + ("; if letters look wrong, name the encoding with --encoding" if guessed else "")
            )
    texts = propose(sniffed, SCALES)
    if not any(name in texts for name in ("interactions", "surveys", "revenue")):
        known = "; ".join(
            f"{each.path.name}: {', '.join(column.name for column in each.columns)}"
            for each in sniffed
        )
        raise DataError(
            f"{folder}: none of the files looks like contacts, survey answers or revenue with a "
            f"date ({known}); write the SQL by hand, as data/README.md describes"
        )
    lines += [line for each in sniffed if (line := _left_out(each, texts))]
    source = os.path.relpath(home, folder)
    (folder / "dataset.toml").write_text(
        f'name = {_quoted(folder.resolve().name)}\ncurrency = ""  # such as "EUR"\n\n'
        f"[source]\nfolder = {_quoted(Path(source).as_posix())}\n",
        encoding="utf-8",
    )
    for table, text in texts.items():
        (folder / f"{table}.sql").write_text(text, encoding="utf-8")
    return lines


def _quoted(text: str) -> str:
    """A text as TOML has it, which JSON writes in the same way."""
    return json.dumps(text, ensure_ascii=False)


def _left_out(file: RawFile, texts: Mapping[str, str]) -> str:
    """The columns of a file that no SQL reads, so that nobody thinks that they are there."""
    read = "\n".join(texts.values())
    unused = [
        each.name
        for each in file.columns
        if not re.search(rf"(?<!\w){re.escape(each.name)}(?!\w)", read)
    ]
    return f"{file.path.name}: not in the SQL: {', '.join(unused)}" if unused else ""


def _encoding(path: Path, given: str) -> tuple[str, bool]:
    if path.suffix.lower() == ".parquet":
        return "", False
    found, guessed = encoding_of(path)
    # A mark at its beginning tells; of all others somebody may know better.
    return (given, False) if given and found not in MARKED else (found, guessed)


def _home(folder: Path, files: Sequence[Path], encodings) -> Path:
    """The one folder of all raw files: theirs or, if they have several or need a copy, ours.

    Where another file of the same name lies beside one, SQL could not tell them apart.
    """
    parents = {path.parent for path in files}
    plain = all(name in ("", "utf-8", "utf-8-sig") for name, _ in encodings.values())
    alone = all(
        not same_names(path, (each for each in path.parent.iterdir() if each != path))
        for path in files
    )
    return parents.pop() if plain and alone and len(parents) == 1 else folder / RAW


def _placed(path: Path, encoding: str, home: Path) -> Path:
    home.mkdir(exist_ok=True)
    if encoding in ("", "utf-8", "utf-8-sig"):
        return Path(shutil.copy2(path, home / path.name))
    return recoded(path, encoding, home)
