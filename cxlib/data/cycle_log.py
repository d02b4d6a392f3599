"""The log of improvement cycles, a file of the dataset that people edit: no edit is lost.

An edit changes fields of one cycle. It is made under a lock, on the file as it then stands, and
refused if somebody has changed the same field since it was looked at. The file is replaced at once,
so that whoever reads it sees it whole; each edit is kept in a history beside it.
"""

import csv
import io
import json
import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd
from filelock import FileLock

from cxlib.data.config import read_config
from cxlib.data.contract import NUMBER, TIME, schemas
from cxlib.data.files import find_table
from cxlib.data.filters import parse_filter
from cxlib.data.quarantine import sift
from cxlib.data.source import open_engine, read_table
from cxlib.errors import ArgumentError, DataError

TABLE, KEY = "cycles", "cycle_id"
LOCK, HISTORY = ".cycles.lock", "cycles.history.jsonl"
SCOPES = ("scope", "control_scope")


def read_log(folder: Path) -> pd.DataFrame:
    """The cycles as their file has them, all as text; an empty field is "".

    Args:
        folder: The dataset's folder.

    Raises:
        DataError: The log is a query, or cannot be read.
    """
    path = log_file(folder)
    if not path.is_file():
        return pd.DataFrame(columns=list(_columns(folder)), dtype="str")
    if path.suffix == ".parquet":
        return pd.read_parquet(path).map(as_text)
    try:
        return pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not readable: {str(error).splitlines()[0]}") from None


def log_file(folder: Path) -> Path:
    """The file of the log; `cycles.csv` if there is none yet.

    Raises:
        DataError: The log is a query over other files, which must be changed where they are kept.
    """
    path = find_table(folder, TABLE) or folder / f"{TABLE}.csv"
    if path.suffix == ".sql":
        raise DataError(
            f"{path}: the cycles come from a query; change them in the files that it reads, or "
            f"keep them in {TABLE}.csv instead"
        )
    return path


def save_cycle(
    folder: Path,
    cycle_id: str,
    changes: Mapping[str, str],
    seen: Mapping[str, str] | None = None,
    by: str = "",
) -> None:
    """Change fields of a cycle, or add a cycle.

    Args:
        folder: The dataset's folder.
        cycle_id: The cycle.
        changes: New values by field, as text (dates as 2026-07-01); "" empties a field.
        seen: The fields as they were when looked at; None to add a new cycle.
        by: Who makes the change, for the history.

    Raises:
        ArgumentError: There is no such cycle (or there is one already), or somebody has changed a
            field in the meantime.
        DataError: A value breaks the contract; nothing is written then.
    """
    folder = Path(folder)
    changes = {name: str(value).strip() for name, value in changes.items()}
    cycle_id = cycle_id.strip()
    if not cycle_id:
        raise ArgumentError("cycle_id is empty; give the cycle an id, such as P09")
    with FileLock(folder / LOCK):
        path, log = log_file(folder), read_log(folder)
        place = log.index[log[KEY] == cycle_id] if KEY in log else log.index[:0]
        before = {} if seen is None else _found(log, place, cycle_id)
        if seen is None and len(place):
            raise ArgumentError(f"{cycle_id}: is there already; choose it to change it")
        _refuse_conflicts(folder, cycle_id, before, changes, seen)
        row = before | changes | {KEY: cycle_id}
        check_cycle(folder, row)
        for name in (each for each in row if each not in log):
            log[name] = ""
        at = place[0] if len(place) else len(log)
        log.loc[at, list(row)] = list(row.values())
        _replace(path, log.fillna(""), folder)
        edit = {name: [before.get(name, ""), value] for name, value in changes.items()
                if value != before.get(name, "")}  # fmt: skip
        _remember(folder, cycle_id, edit, by)


def check_cycle(folder: Path, row: Mapping[str, str]) -> None:
    """Make sure that a cycle keeps the contract.

    Args:
        folder: The dataset's folder.
        row: The cycle's fields, as text.

    Raises:
        DataError: It does not; the message names field, value and rule.
    """
    for name in SCOPES:
        parse_filter(row.get(name, ""))
    config = read_config(folder)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / f"{TABLE}.csv"
        path.write_text(_as_csv([list(row), list(row.values())]), encoding="utf-8")
        connection = open_engine(config, folder)
        try:
            faults = sift(
                read_table(connection, path, TABLE, config), schemas(config.scales)[TABLE], {}
            ).faults
        except DataError as error:
            raise DataError(f"cycle {row[KEY]}: {str(error).split('fault: ')[-1]}") from None
        except duckdb.Error as error:
            raise DataError(f"cycle {row[KEY]}: {str(error).splitlines()[0]}") from None
    if len(faults):
        first = faults.iloc[0]
        raise DataError(f"cycle {row[KEY]}: {first.column} == {first.value!r}, {first.rule}")


def history(folder: Path) -> pd.DataFrame:
    """The edits of the log, in order: at, by, cycle_id, name, was, now; a row per field."""
    path = Path(folder) / HISTORY
    rows = []
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            edit = json.loads(line)
            rows += [
                (edit["at"], edit["by"], edit["cycle_id"], name, was, now)
                for name, (was, now) in edit["changes"].items()
            ]
    return pd.DataFrame(rows, columns=["at", "by", "cycle_id", "name", "was", "now"])


def as_text(value) -> str:
    """A value as the log writes it."""
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp | datetime):
        moment = pd.Timestamp(value)
        whole = moment == moment.normalize()
        return f"{moment:%Y-%m-%d}" if whole else f"{moment:%Y-%m-%d %H:%M:%S}"
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _columns(folder: Path):
    return schemas(read_config(folder).scales)[TABLE].columns


def _found(log: pd.DataFrame, place: pd.Index, cycle_id: str) -> dict[str, str]:
    if not len(place):
        raise ArgumentError(f"{cycle_id}: no such cycle is in the log any more; add it anew")
    return log.loc[place[0]].to_dict()


def _refuse_conflicts(
    folder: Path, cycle_id: str, before: Mapping, changes: Mapping, seen: Mapping | None
) -> None:
    if seen is None:
        return
    for name, value in changes.items():
        stands = before.get(name, "")
        if stands not in (seen.get(name, ""), value):
            edits = history(folder)
            last = edits[(edits.cycle_id == cycle_id) & (edits.name == name)].tail(1)
            who = f" by {last.by.iloc[0]}" if len(last) and last.by.iloc[0] else ""
            raise ArgumentError(
                f"{cycle_id}: {name} was changed to {stands!r}{who} since you looked at it; "
                "nothing is saved: look at it again"
            )


def _replace(path: Path, log: pd.DataFrame, folder: Path) -> None:
    """Put a new file in the place of the old one, at once."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".cycles-", suffix=path.suffix)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            if path.suffix == ".parquet":
                _typed(log, folder).to_parquet(file, index=False)
            else:
                file.write(_as_csv([list(log), *log.to_numpy().tolist()]).encode())
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            fresh.chmod(path.stat().st_mode & 0o777)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _typed(log: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """The log with the contract's types, as a Parquet file holds them."""
    typed = log.replace("", None)
    for name, column in _columns(folder).items():
        if name in typed and column.dtype.type == TIME:
            typed[name] = pd.to_datetime(typed[name])
        elif name in typed and column.dtype.type == NUMBER:
            typed[name] = typed[name].astype(float)
    return typed


def _as_csv(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _remember(folder: Path, cycle_id: str, changes: Mapping, by: str) -> None:
    edit = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "by": by, "cycle_id": cycle_id,
            "changes": changes}  # fmt: skip
    with (folder / HISTORY).open("a", encoding="utf-8") as file:
        file.write(json.dumps(edit, ensure_ascii=False) + "\n")
