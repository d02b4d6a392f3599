"""Beginning a dataset from raw files: looked at, stated, and mapped as far as they tell."""

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from cxlib.data.engines.base import gist, open_duckdb
from cxlib.data.raw.contents import parts_of
from cxlib.data.raw.parts import KINDS, holders, kind_of, stem_of
from cxlib.data.raw.tables import bring_part
from cxlib.errors import ArgumentError, DataError
from cxlib.onboard.propose import Proposal, propose
from cxlib.onboard.questions import Interview, Question, written_down
from cxlib.onboard.sniff import RawFile, described, sniff
from cxlib.onboard.synonyms import read_names

RAW = "raw"
ANSWERS = "answers.toml"
FOUND = "found.txt"
NOTHING_FOUND = """\
-- MISSING: no file could be read as a table; see found.txt. A mapping names its columns so:
SELECT
    CAST(NULL AS VARCHAR) AS interaction_id,
    CAST(NULL AS VARCHAR) AS customer_id,
    CAST(NULL AS TIMESTAMP) AS started_at,
    CAST(NULL AS VARCHAR) AS channel
"""


def begin(
    folder: str | Path,
    files: Sequence[str | Path],
    answers: Mapping[str, str] | None = None,
    encoding: str = "",
    names: Path | None = None,
    ask: Callable[[Question], str] | None = None,
) -> list[str]:
    """Write a dataset's folder from raw files; nothing is left behind if that fails.

    Args:
        folder: Where; it must not hold anything yet.
        files: The raw files.
        answers: What files do not tell, by the keys of questions: `dates`, `tickets.channel`, ….
        encoding: Of text that is not UTF-8; cp1252 if empty.
        names: A file of names by which exports call columns, beside those that are known.
        ask: Asks a person; what nobody answers is guessed, and marked.

    Returns:
        What was found out, in lines.

    Raises:
        ArgumentError: A file is not there or is no raw file, the folder is not empty, or an answer
            is none that is known.
    """
    folder, files = Path(folder), [Path(each) for each in files]
    _refuse(folder, files)
    interview = Interview(answers or {}, ask)
    known = read_names(names)
    existed = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        home = _home(folder, [each.resolve() for each in files])
        sniffed, lines, base = _looked_at(home, files, encoding, interview)
        proposal = (
            propose(base, sniffed, known, interview)
            if sniffed
            else Proposal({"interactions": NOTHING_FOUND})
        )
        lines += proposal.notes
        lines += [line for each in sniffed if (line := _left_out(each, proposal.texts))]
        _write(folder, home, encoding, proposal, interview, lines)
        return lines
    except BaseException:
        for each in folder.iterdir():
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        if not existed:
            folder.rmdir()
        raise


def questions_of(files: Sequence[str | Path], encoding: str = "") -> list[Question]:
    """What files do not tell, so that somebody may answer it beforehand; nothing is written.

    Args:
        files: The raw files.
        encoding: Of text that is not UTF-8; cp1252 if empty.
    """
    interview = Interview()
    paths = [Path(each).resolve() for each in files]
    with TemporaryDirectory() as place:
        _refuse(Path(place), paths)
        home = _home(Path(place), paths)
        sniffed, _, base = _looked_at(home, paths, encoding, interview)
        if sniffed:
            propose(base, sniffed, read_names(), interview)
    return [each.question for each in interview.answers]


def _refuse(folder: Path, files: Sequence[Path]) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ArgumentError(f"{folder}: is not empty; name a new folder, or remove it first")
    for path in files:
        if not path.is_file():
            what = "is a folder; name the files in it" if path.is_dir() else "there is no such file"
            raise ArgumentError(f"{path}: {what}")
        if not kind_of(path):
            raise ArgumentError(
                f"{path}: is no raw file; those are {', '.join(KINDS)}, and text in .gz"
            )
    stems = [stem_of(path).casefold() for path in files]
    twice = [path.name for path in files if stems.count(stem_of(path).casefold()) > 1]
    if twice:
        raise ArgumentError(f"{twice[0]}: two files have this name; SQL could not tell them apart")


def _home(folder: Path, files: Sequence[Path]) -> Path:
    """The one folder of all raw files: theirs or, if they have several, ours with copies.

    Where another file of the same name lies beside one, SQL could not tell them apart.
    """
    parents = {path.parent for path in files}
    if len(parents) == 1:
        home = parents.pop()
        if all(len(holders(stem_of(path), home.iterdir())) == 1 for path in files):
            return home
    home = folder / RAW
    home.mkdir()
    for path in files:
        shutil.copy2(path, home / path.name)
    return home


def _looked_at(
    home: Path, files: Sequence[Path], encoding: str, interview: Interview
) -> tuple[list[RawFile], list[str], duckdb.DuckDBPyConnection]:
    """Every table of the files, in DuckDB and as it is; and what was found out, in lines."""
    connection, sniffed, lines = open_duckdb(), [], []
    for path in files:
        try:
            parts = parts_of(home / path.name)
        except DataError as error:
            lines.append(str(error))
            continue
        if not parts:
            lines.append(f"{path.name}: holds no table")
        for part in parts:
            try:
                found = sniff(connection, bring_part(connection, part, encoding), interview)
            except (DataError, duckdb.Error) as error:
                said = gist(error) if isinstance(error, duckdb.Error) else str(error)
                lines.append(f"{part.told}: cannot be read as a table: {said}")
                continue
            sniffed.append(found)
            lines += described(found)
    return sniffed, lines, connection.con


def _write(
    folder: Path,
    home: Path,
    encoding: str,
    proposal: Proposal,
    interview: Interview,
    lines: Sequence[str],
) -> None:
    source = Path(os.path.relpath(home, folder)).as_posix()
    settings = [
        f"name = {_quoted(folder.resolve().name)}",
        'currency = ""  # such as "EUR"',
        "",
        "[source]",
        f"folder = {_quoted(source)}",
    ]
    if encoding:
        settings.append(f"encoding = {_quoted(encoding)}")
    if proposal.scales:
        settings += ["", "[scales]"]
        settings += [
            f"{name} = [{low:g}, {high:g}]" for name, (low, high) in proposal.scales.items()
        ]
    texts = {
        "dataset.toml": "\n".join(settings) + "\n" + proposal.settings,
        FOUND: "\n".join(lines) + "\n",
    }
    texts |= {f"{table}.sql": text for table, text in proposal.texts.items()}
    if interview.answers:
        texts[ANSWERS] = written_down(interview.answers)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


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
    return f"{file.told}: not in the SQL: {', '.join(unused)}" if unused else ""
