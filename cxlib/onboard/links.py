"""Raw tables that lack whose or when, and another that tells it by an id that both have.

Shops and ticket systems part what belongs together: a review names its order, and only the order
names the customer.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

import duckdb

from cxlib.data.engines.sql import identifier
from cxlib.onboard.asked import TIME, bare
from cxlib.onboard.expressions import as_id
from cxlib.onboard.ids import Joined
from cxlib.onboard.sniff import RawColumn, RawFile
from cxlib.onboard.synonyms import Names, plain

# What a table may get from another: of which table of the contract, which column.
WANTED = (("surveys", "customer_id"), ("interactions", "customer_id"), ("revenue", "account_id"),
          ("revenue", "booked_at"))  # fmt: skip
# What a table must have itself, for it to be worth asking.
TELLING = {"surveys": "score", "interactions": "started_at", "revenue": "amount"}
ORDER = re.compile(r"(^|_)(order|invoice|booking|transaction|receipt)(_?(id|no|number|nr))?$")
ENOUGH = 0.5  # of the ids must be in the other table


def linked(
    base: duckdb.DuckDBPyConnection, files: Sequence[RawFile], names: Names
) -> tuple[list[RawFile], list[str]]:
    """Raw tables with the columns that others tell of them, and what was joined, for a person."""
    found, notes = [], []
    for file in files:
        tellers: dict[tuple[str, str], tuple[RawFile, RawColumn, list[RawColumn]]] = {}
        for table, column in WANTED:
            own = [_called(file, table, each, names) for each in (TELLING[table], column)]
            teller = (
                _teller(base, file, files, table, column, names) if own[0] and not own[1] else None
            )
            if teller:
                other, key, told = teller
                known = tellers.setdefault((other.table, key.name), (other, key, []))[2]
                known += [] if told in known else [told]
        for other, key, told in tellers.values():
            file = _joined(file, other, key, told)
            what = " and ".join(each.name for each in told)
            notes.append(f"{file.told}: {what} from {other.told}, by {key.name}")
        found.append(file)
    return found, notes


def _called(file: RawFile, table: str, column: str, names: Names) -> RawColumn | None:
    timed = column in ("booked_at", "started_at")
    senses = {
        sense: each
        for each in reversed(file.columns)
        if (sense := names.sense(table, column, each.name)) and (each.kind == TIME or not timed)
    }
    return senses[min(senses)] if senses else None


def _teller(
    base, file: RawFile, files: Sequence[RawFile], table: str, column: str, names: Names
) -> tuple[RawFile, RawColumn, RawColumn] | None:
    """The other table, the id by which it tells, and the column that it tells."""
    for other in files:
        told = _called(other, table, column, names) if other is not file else None
        keys = {plain(each.name): each for each in other.columns if each.unique}
        for own in file.columns:
            key = keys.get(plain(own.name))
            if told and key and key is not told and _share(base, file, own, other, key) >= ENOUGH:
                return other, key, told
    return None


def _share(base, file: RawFile, own: RawColumn, other: RawFile, key: RawColumn) -> float:
    one, same = (_bare(each) for each in (own, key))
    found = base.execute(
        f"SELECT avg(CASE WHEN {one} IN (SELECT {same} FROM {identifier(other.table)}) "
        f"THEN 1.0 ELSE 0 END) FROM {identifier(file.table)}"
    ).fetchall()[0][0]
    return found or 0.0


def _bare(raw: RawColumn, of: str = "") -> str:
    """An id without what spreadsheets put around numbers, or behind them: 1000 for 1000.0."""
    plainly = not any(raw.commonest.endswith(each) for each in (".0", '"'))
    return as_id(raw, of) if plainly else Joined(("wrapped", "decimals")).applied(as_id(raw, of))


def _joined(file: RawFile, other: RawFile, key: RawColumn, told: Sequence[RawColumn]) -> RawFile:
    own = next(each for each in file.columns if plain(each.name) == plain(key.name))
    columns = ", ".join(f"other.{bare(each.name)}" for each in told)
    rows = (
        f"(\n    SELECT own.*, {columns}\n    FROM {file.rows_sql} AS own\n"
        f"    LEFT JOIN {bare(other.table)} AS other "
        f"ON {_bare(own, 'own.')} = {_bare(key, 'other.')}\n)"
    )
    more = (replace(each, unique=False) for each in told)
    return replace(file, columns=(*file.columns, *more), joined=rows)


def share_orders(base: duckdb.DuckDBPyConnection, one: RawFile, other: RawFile) -> bool:
    """Whether two raw tables are of the same orders, as lines and payments are."""
    for own in one.columns:
        same = [each for each in other.columns if plain(each.name) == plain(own.name)]
        if same and ORDER.search(plain(own.name)):
            return _share(base, one, own, other, same[0]) >= ENOUGH
    return False
