"""The files that a dataset consists of, and the fingerprint that changes when one of them does.

Kept free of the engine, so that a run which finds nothing changed need not load it.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from cxlib.data.config import Config, expand, read_config
from cxlib.data.privacy.masks import shape_of
from cxlib.data.raw.parts import Wanted, holders
from cxlib.errors import ArgumentError, DataError

# In the order in which they refer to one another; `contract.py` says what each holds.
TABLES = (
    "accounts", "customers", "interactions", "counts", "surveys", "revenue", "cycles", "targets",
    "events", "complaints", "experience_map", "followups",
)  # fmt: skip
# The passport of personas that somebody keeps with the dataset, so that they stay the same.
PERSONAS = "personas.json"
# The themes of what customers write, as the company names them.
THEMES = "themes.toml"
SUFFIXES = (".sql", ".parquet", ".csv")


# What to do where a mapping reads a file by its path.
NAME_FILES = (
    "name the raw files by their names alone, and their folder as source.folder in dataset.toml"
)
# Functions of a server that read its files, call its programs or ask another server; DuckDB's own
# are locked.
AWAY = re.compile(r"(?i)(try_)?reflect|java_method|pg_read_.*|pg_ls_.*|pg_stat_file|lo_.*|dblink.*")
# Functions that say in an error what a row holds, and logs with it.
TELLING = re.compile(r"(?i)error|raise_error|assert_true")
# Where the notebooks and the demonstration lie, whatever the working folder is.
PROJECT = Path(__file__).parents[2]


def find_folder(folder: Path) -> Path:
    """A dataset's folder, as `nearest` finds it.

    Raises:
        ArgumentError: There is none.
    """
    if found := nearest(folder):
        return found
    raise ArgumentError(f"dataset {str(folder)!r}: there is no such folder")


def nearest(folder: Path) -> Path | None:
    """A folder; a relative one in the working folder, in one above it, or in the project's."""
    places = [Path.cwd(), *Path.cwd().parents, PROJECT]
    return next((found for each in places if (found := (each / folder).resolve()).is_dir()), None)


def reads_files(folder: Path) -> bool:
    """Whether a dataset's rows are in files, and not in a server of their own."""
    return read_config(find_folder(folder)).source.engine == "duckdb"


def find_table(folder: Path, table: str) -> Path | None:
    """The file that holds a table: the first found of `.sql`, `.parquet` and `.csv`."""
    candidates = (folder / f"{table}{suffix}" for suffix in SUFFIXES)
    return next((path for path in candidates if is_file(path)), None)


def is_file(path: Path) -> bool:
    """Whether a file is there.

    Raises:
        DataError: Something else is in its place, which would pass for nothing, or wait for ever.
    """
    if path.is_file():
        return True
    if path.is_symlink() and not path.exists():
        raise DataError(f"{path}: is a link to {os.readlink(path)}, which is not there")
    if path.exists():
        what = "a folder" if path.is_dir() else "a pipe or a device"
        raise DataError(f"{path}: must be a file, and is {what}")
    return False


def find_files(folder: Path) -> set[Path]:
    """Every file that a report on a dataset reads: its settings, its tables, and their raw files.

    Raises:
        DataError: The settings or a mapping cannot be read.
    """
    config = read_config(folder)
    files = {folder / "dataset.toml"}
    files |= {folder / name for name in (PERSONAS, THEMES) if (folder / name).is_file()}
    for table in TABLES:
        if path := find_table(folder, table):
            raw = read_mapping(path, config)[1] if path.suffix == ".sql" else ()
            files.update((path, *(each.file for each in raw)))
    return files


def fingerprint(files: Iterable[Path]) -> str:
    """A short text that changes whenever the name or the content of a file does."""
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda each: (each.name, each)):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def read_mapping(path: Path, config: Config) -> tuple[str, list[Wanted]]:
    """A mapping's SELECT, and the raw tables that it reads.

    Raises:
        DataError: It is not one SELECT in UTF-8, or the folder of raw files is not there.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(not_utf8(path)) from None
    return read_select(text, str(path), path.parent, config)


def read_select(text: str, place: str, folder: Path, config: Config) -> tuple[str, list[Wanted]]:
    """The same of a SELECT that somebody has typed.

    Args:
        text: The SELECT.
        place: Where it stands, with which errors begin.
        folder: The dataset's folder.
        config: The dataset's settings.
    """
    from sqlglot import exp

    statement = _statement(text, place, config)
    if config.source.engine == "postgres":
        return text.strip().rstrip(";"), []
    toml = folder / "dataset.toml"
    source = (folder / expand(config.source.folder, toml)).resolve()
    if not source.is_dir():
        raise DataError(
            f"{toml}: source.folder == {config.source.folder!r}: there is no folder {source}; "
            "set it to the folder that holds the raw files"
        )
    every, wanted = sorted(source.iterdir()), {}
    for table in statement.find_all(exp.Table):
        found = [each for each in holders(table.name, every) if is_file(each)] if table.name else []
        if len(found) > 1:
            raise DataError(
                f"{place}: {table.name} may be {found[0].name} or {found[1].name}; give one of the "
                "files another name"
            )
        if found:
            # DuckDB takes names as they come, in small or capital letters.
            wanted[table.name.casefold()] = Wanted(found[0], table.name)
            continue
        # What reads a file by its path would go unnoticed when that file changes.
        function = table.this.sql_name() if isinstance(table.this, exp.Func) else ""
        if isinstance(table.this, exp.Anonymous):
            function = table.this.name
        by_path = re.search(r"[/\\*]|\.[A-Za-z]\w*$", table.name)
        if by_path or re.match(r"(?i)read_|.*scan|glob", function):
            raise DataError(f"{place}: reads {function or table.name!r} by itself; {NAME_FILES}")
    return text.strip().rstrip(";"), list(wanted.values())


def _statement(text: str, place: str, config: Config):
    """The SELECT that a text is, parsed; it must be one, and reach no further than its tables."""
    # Most datasets that nobody has touched need no parser.
    import sqlglot
    from sqlglot import exp

    try:
        statements = [
            each for each in sqlglot.parse(text, read=config.source.engine) if each is not None
        ]
    except sqlglot.errors.ParseError as error:
        at = error.errors[0]
        raise DataError(
            f"{place}, line {at['line']}: not readable as SQL: {at['description']}"
        ) from None
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        why = "too deeply nested" if isinstance(error, RecursionError) else "is a quote left open?"
        raise DataError(f"{place}: not readable as SQL: {why}") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise DataError(f"{place}: must be one SELECT statement")
    called = [each.name for each in statements[0].find_all(exp.Anonymous)]
    if telling := next((name for name in called if TELLING.fullmatch(name)), ""):
        raise DataError(f"{place}: {telling} would write rows into logs; leave them out by WHERE")
    if away := next((name for name in called if AWAY.fullmatch(name)), ""):
        raise DataError(f"{place}: {away} reaches beyond the tables; leave it out")
    return statements[0]


def not_utf8(path: Path) -> str:
    """Where a file is not UTF-8, and what to do."""
    bad = list(undecodable(path))
    line, value = bad[0]
    return (
        f"{path}, line {line}: {shape_of(value)!r} is not UTF-8 ({len(bad)} such lines); "
        "save the file as UTF-8 (in a spreadsheet: “CSV UTF-8”)"
    )


def undecodable(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file that are not UTF-8: number, and the letters around the fault."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                around = line[max(error.start - 20, 0) : error.end + 10].strip()
                yield number, around.decode("latin-1")
