"""Rows added up by unit and by time: the sums that values and intervals follow from.

The engine adds rows up by (group, unit, time), and these cells by unit and by time; only their
squares and products leave it.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir
import pandas as pd

from cxlib.data.config import Config
from cxlib.data.engines.base import ask
from cxlib.data.engines.sql import Dialect
from cxlib.measure.kpis import COUNT, COUNTS, MEAN, NPS, RATE, Kpi

UNIT, TIME, CELL = 0, 1, 2
# Of a KPI, what is added up over units or times, from their sums y, x, rows and squares.
ADDED = {
    "y": "{y}", "x": "{x}", "rows": "{rows}", "squares": "{squares}",
    "yy": "{y} * {y}", "xy": "{cross} * {y}", "xx": "{x} * {x}",
    "x3": "{x} * {x} * {x}", "x4": "{x} * {x} * {x} * {x}", "x5": "{x} * {x} * {x} * {x} * {x}",
    "clusters": "CASE WHEN {rows} > 0 THEN 1 ELSE 0 END",
}  # fmt: skip
PRODUCTS = ("yy", "xy", "xx")
SUMS = (*ADDED, *(f"cell_{name}" for name in PRODUCTS))


def narrow(
    rows: ir.Table, kpis: Sequence[Kpi], config: Config, keys: Sequence[str], timed: bool
) -> ir.Table:
    """Rows with the keys, their `_unit` and `_time`, and what of each KPI is added up.

    That is `.y`, its value, and `.x` where it has a denominator of its own. Each query names what
    it needs: unused columns cost time, and so do rows of which no KPI has a value.
    """
    columns = {}
    for kpi in kpis:
        columns[f"{kpi.name}.y"] = kpi.value(rows, config).cast("float64")
        if kpi.per:
            columns[f"{kpi.name}.x"] = kpi.per(rows, config).cast("float64")
    known = reduce(or_, (value.notnull() for value in columns.values()))
    finest = dict.fromkeys([*keys, "_unit", *(["_time"] if timed else [])])
    return rows.filter(known).select(*finest, **columns)


def sums_of(
    rows: ir.Table,
    kpis: Sequence[Kpi],
    config: Config,
    keys: Sequence[str],
    when: pd.DataFrame | None,
) -> pd.DataFrame:
    """The sums that values and intervals follow from.

    Args:
        rows: With `_period`, `_unit` and, if `when` is given, `_time`.
        kpis: What is measured of them.
        config: The dataset's settings.
        keys: `_period` and the group columns.
        when: The calendar of the periods; None where rows have no time of their own.

    Returns:
        A row per group: the keys, and for each KPI and name of `SUMS` a column `nps.y` over units
        and `nps.time.y` over days or weeks. `squares` are of the rows, `cell_…` of units by time.
        Of a KPI that counts over time, a day's `x` is its share of the period's days.
    """
    timed, keys = when is not None, list(dict.fromkeys(keys))
    rows = narrow(rows, kpis, config, keys, timed)
    given = {"_rows": rows}
    if timed and _counts(kpis):
        given["_when"] = ibis.memtable(when)
    schema = {key: rows.schema()[key] for key in keys}
    schema |= {f"{kpi.name}.{part}": "float64" for kpi in kpis for part in ADDED}
    # One question, so that the rows are made once. Ibis would take longer to write it than the
    # engine to answer: it asks for thousands of sums.
    frame = ask(given, lambda sql: _question(kpis, keys, timed, sql), schema | {"_which": "int8"})
    found = _of(frame, kpis, UNIT, "")
    for which, prefix in ((TIME, "time."), (CELL, "cell_")) if timed else ():
        found = found.merge(_of(frame, kpis, which, prefix), on=keys, how="left")
    return found.reset_index(drop=True)


def added_up(kpis: Sequence[Kpi], by: Sequence[str], sql: Dialect) -> str:
    """Narrow rows, as `_rows`, added up: the question in SQL.

    Of each KPI it has `.y`, `.x`, its denominator or number, `.rows`, and, of those whose rows have
    values of their own, `.squares`.
    """
    sums, name = [], sql.name
    for kpi in kpis:
        y, x, rows, squares = (name(f"{kpi.name}.{each}") for each in ("y", "x", "rows", "squares"))
        # A row of counts stands for as many contacts as it counts.
        whole = x if kpi.per else y
        number = f"coalesce(sum({whole}), 0)" if kpi.table == COUNTS else f"count({y})"
        sums += [f"coalesce(sum({y}), 0) AS {y}", f"{number} AS {rows}"]
        sums.append(
            f"coalesce(sum({x}), 0) AS {x}" if kpi.per else f"{sql.number(f'count({y})')} AS {x}"
        )
        if kpi.kind in (NPS, MEAN):
            sums.append(f"coalesce(sum({y} * {y}), 0) AS {squares}")
    groups = ", ".join(map(name, dict.fromkeys(by)))
    return f"SELECT {groups}, {', '.join(sums)} FROM _rows GROUP BY {groups}"


def _question(kpis: Sequence[Kpi], keys: Sequence[str], timed: bool, sql: Dialect) -> str:
    """The sums in SQL, over `_rows` and `_when`."""
    parts = [_powers(kpis, keys, UNIT, sql)]
    if timed:
        parts += [_powers(kpis, keys, TIME, sql), _products(kpis, keys, sql)]
    return "\nUNION ALL\n".join(parts)


def _powers(kpis: Sequence[Kpi], keys: Sequence[str], which: int, sql: Dialect) -> str:
    name = sql.name
    added = f"({added_up(kpis, [*keys, '_time' if which == TIME else '_unit'], sql)}) AS added"
    groups = [f"added.{name(key)}" for key in keys]
    share = None
    if which == TIME and _counts(kpis):
        period, time, share = (f"shares.{name(each)}" for each in ("period", "time", "share"))
        added += (
            f" LEFT JOIN _when AS shares ON added.{name('_period')} = {period} "
            f"AND added.{name('_time')} = {time}"
        )
    sums = []
    for kpi in kpis:
        each = {part: f"added.{name(f'{kpi.name}.{part}')}" for part in ("y", "x", "rows")}
        counted = share and kpi.kind in (COUNT, RATE)
        each["cross"] = f"coalesce({share}, 0)" if counted else each["x"]
        own = kpi.kind in (NPS, MEAN)
        each["squares"] = f"added.{name(f'{kpi.name}.squares')}" if own else each["y"]
        sums += [
            f"{sql.number(f'sum({text.format(**each)})')} AS {name(f'{kpi.name}.{part}')}"
            for part, text in ADDED.items()
        ]
    return _select(groups, sums, which, added, sql)


def _products(kpis: Sequence[Kpi], keys: Sequence[str], sql: Dialect) -> str:
    """The products of units by time, in columns of the same names; the others are empty."""
    sums, name = [], sql.name
    for kpi in kpis:
        y, x = (name(f"{kpi.name}.{part}") for part in ("y", "x"))
        for part, text in ADDED.items():
            product = f"sum({text.format(y=y, x=x, cross=x)})" if part in PRODUCTS else "NULL"
            sums.append(f"{sql.number(product)} AS {name(f'{kpi.name}.{part}')}")
    added = f"({added_up(kpis, [*keys, '_unit', '_time'], sql)}) AS cells"
    return _select([name(key) for key in keys], sums, CELL, added, sql)


def _counts(kpis: Sequence[Kpi]) -> bool:
    """Whether any is counted over time, so that it matters how long its days or weeks are."""
    return any(kpi.kind in (COUNT, RATE) for kpi in kpis)


def _select(groups: Sequence[str], sums: Sequence[str], which: int, rows: str, sql: Dialect) -> str:
    keys, sums = ", ".join(groups), ", ".join(sums)
    return f"SELECT {keys}, {sums}, {which} AS {sql.name('_which')} FROM {rows} GROUP BY {keys}"


def _of(frame: pd.DataFrame, kpis: Sequence[Kpi], which: int, prefix: str) -> pd.DataFrame:
    """The sums of units, of days or weeks, or of cells, with names of their own."""
    parts = PRODUCTS if which == CELL else ADDED
    names = {f"{kpi.name}.{part}": f"{kpi.name}.{prefix}{part}" for kpi in kpis for part in parts}
    others = [f"{kpi.name}.{part}" for kpi in kpis for part in ADDED]
    found = frame[frame._which == which].drop(columns="_which")
    return found.drop(columns=[name for name in others if name not in names]).rename(columns=names)
