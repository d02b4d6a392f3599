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
from pandas.api.types import is_datetime64_any_dtype

from cxlib.data.config import read_config
from cxlib.data.contract import NUMBER, TIME, schemas
from cxlib.data.engines.base import open_duckdb
from cxlib.data.files import find_table
from cxlib.data.filters import parse_filter
from cxlib.data.quarantine import sift
from cxlib.data.source import read_table
from cxlib.errors import ArgumentError, DataError

TABLE, KEY = "cycles", "cycle_id"
LOCK, HISTORY = ".cycles.lock", "cycles.history.jsonl"
SCOPES = ("scope", "control_scope")


def read_log(folder: Path) -> pd.DataFrame:
    """The cycles as their file has them, all as text; an empty field is "".

    Args:
        folder: The dataset's folder.

    Raises:
        DataError: The log is a query, or is not laid out as a log must be to be changed here.
    """
    path = log_file(folder)
    if not path.is_file():
        return pd.DataFrame(columns=list(_columns(folder)), dtype="str")
    parquet = path.suffix == ".parquet"
    log = pd.read_parquet(path).map(as_text) if parquet else _read_csv(path)
    if KEY not in log:
        raise DataError(f"{path}: has no column {KEY}; name it so, in this spelling")
    return log.assign(**{KEY: log[KEY].str.strip()})


def _read_csv(path: Path) -> pd.DataFrame:
    """A CSV file in which every row has as many values as the first line has names.

    What is laid out otherwise could be read, but not written again as it was.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line in csv.reader(file) if line]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not readable: {error}") from None
    if not lines:
        raise DataError(f"{path}: is empty; its first line must hold the names of the columns")
    names = [name.strip() for name in lines[0]]
    if len(set(names)) < len(names) or "" in names:
        raise DataError(f"{path}: the first line has a name twice, or an empty one")
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(names):
            raise DataError(
                f"{path}: row {number - 1} has {len(line)} values, and the first line "
                f"{len(names)} names; put that right first"
            )
    return pd.DataFrame(lines[1:], columns=names, dtype="str")


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
    # What is given is judged before others are made to wait.
    check_cycle(folder, _to_judge(folder, cycle_id, changes, seen))
    with FileLock(folder / LOCK):
        path, log = log_file(folder), read_log(folder)
        place = log.index[log[KEY] == cycle_id]
        before = {} if seen is None else _found(log, place, cycle_id)
        if seen is None and len(place):
            raise ArgumentError(f"{cycle_id}: is there already; choose it to change it")
        _refuse_conflicts(folder, cycle_id, before, changes, seen)
        at = place[0] if len(place) else len(log)
        if path.suffix == ".parquet":
            table = _changed_parquet(path, at, changes | {KEY: cycle_id}, folder)
        else:
            for name in (each for each in (KEY, *changes) if each not in log):
                log[name] = ""
            log.loc[at, [KEY, *changes]] = [cycle_id, *changes.values()]
            table = _as_csv([list(log), *log.fillna("").to_numpy().tolist()])
        _replace(path, table)
        edit = {name: [before.get(name, ""), value] for name, value in changes.items()
                if value != before.get(name, "")}  # fmt: skip
        _remember(folder, cycle_id, edit, by)


def _to_judge(
    folder: Path, cycle_id: str, changes: Mapping[str, str], seen: Mapping[str, str] | None
) -> dict[str, str]:
    """What must keep the contract: what is changed, and the fields that every cycle must have."""
    must = [name for name, column in _columns(folder).items() if column.required]
    stands = {name: (seen or {}).get(name, "") for name in must}
    return stands | changes | {KEY: cycle_id}


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
        connection = open_duckdb()
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


def _replace(path: Path, table: str | pd.DataFrame) -> None:
    """Put a new file in the place of the old one, at once."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".cycles-", suffix=path.suffix)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            if isinstance(table, str):
                file.write(table.encode())
            else:
                table.to_parquet(file, index=False)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            fresh.chmod(path.stat().st_mode & 0o777)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _changed_parquet(path: Path, at: int, row: Mapping[str, str], folder: Path) -> pd.DataFrame:
    """A Parquet log with one row changed, or added; other columns and rows keep their types."""
    log, kinds = pd.read_parquet(path), _columns(folder)
    if at == len(log):
        log = pd.concat([log, pd.DataFrame([{}], index=[at])])
    for name, text in row.items():
        kind = kinds[name].dtype.type if name in kinds else None
        value = _typed(text, kind)
        if name not in log:
            log[name] = None
        if kind is None or not (kind in (TIME, NUMBER) or log[name].dtype == object):
            log[name] = log[name].astype(object)
        elif kind == TIME and not is_datetime64_any_dtype(log[name]):
            log[name] = pd.to_datetime(log[name], format="ISO8601")
        log.loc[at, name] = value
    return log


def _typed(text: str, kind):
    """A value as a Parquet file holds it."""
    if text == "":
        return pd.NaT if kind == TIME else None
    if kind == TIME:
        return pd.Timestamp(text)
    return float(text) if kind == NUMBER else text


def _as_csv(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _remember(folder: Path, cycle_id: str, changes: Mapping, by: str) -> None:
    edit = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "by": by, "cycle_id": cycle_id,
            "changes": changes}  # fmt: skip
    with (folder / HISTORY).open("a", encoding="utf-8") as file:
        file.write(json.dumps(edit, ensure_ascii=False) + "\n")
