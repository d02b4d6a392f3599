"""What the rows of each quarter look like: the material in which drift is looked for."""

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxlib.data import Dataset
from cxlib.data.dataset import EVENT
from cxlib.measure.panel import spans_of
from cxlib.measure.rows import in_spans

# A column with more values than these is a text, and no set of categories.
MOST_LEVELS = 30
SMALLEST_SD = 1e-6
VOLUME, FILLED, NEW_LEVELS, MIDDLE, SPREAD = "volume", "filled", "new levels", "middle", "spread"
LEVEL = "level "  # begins the name of a measure that is the share of one of a column's values
# Ids and free text say nothing by their shares.
IDS = ("account_id", "customer_id", "interaction_id", "response_id", "agent_id", "verbatim")
COLUMNS = ["table", "column", "what", "quarter", "value", "error"]


def quarterly_measures(data: Dataset) -> pd.DataFrame:
    """Volumes, filling, categories and distributions of each table with dates, by quarter.

    Only quarters that the data span. The scales are chosen so that the size of a step does not
    depend on the level: logarithms of volumes, arcsines of root shares, inverse hyperbolic sines
    of amounts.

    Returns:
        `table`, `column` (empty for the volume), `what` (volume, filled, level, new levels, middle
        or spread; a level with its name), `quarter` (its first moment), `value`, and `error`: the
        standard error that as many independent rows would leave.
    """
    spans = spans_of(data, "quarter")
    spans = spans[spans.complete].reset_index(drop=True)
    parts = []
    for table, at in EVENT.items():
        if table not in data.tables:
            continue
        own = spans[[data.begun(start, table) for start in spans.start]]
        if len(own):
            rows = in_spans(data.known_tables[table], at, own)
            parts += _of_table(rows, table, at)
    return pd.concat(parts, ignore_index=True)[COLUMNS] if parts else pd.DataFrame(columns=COLUMNS)


def _of_table(rows: ir.Table, table: str, at: str) -> list[pd.DataFrame]:
    texts = [
        name
        for name in rows.columns
        if rows[name].type().is_string() and name not in IDS and not name.startswith("_")
    ]
    numbers = [name for name in rows.columns if rows[name].type().is_numeric()]
    flags = [name for name in rows.columns if rows[name].type().is_boolean()]
    asked = {"n": rows.count()}
    for name in [*texts, *numbers, *flags]:
        asked[f"{name}|n"] = rows[name].count()
    for name in numbers:
        bent = _bent(rows[name])
        asked |= {f"{name}|mean": bent.mean(), f"{name}|sd": bent.std(how="sample")}
    for name in flags:
        asked[f"{name}|yes"] = rows[name].ifelse(1, 0).sum()
    for name in texts:
        asked[f"{name}|levels"] = rows[name].nunique()
    sums = rows.group_by("_period").agg(**asked).execute().sort_values("_period")
    n = sums.n.astype(float)
    parts = [_part(sums, table, "", VOLUME, np.log(n), 1 / np.sqrt(n))]
    for name in [*texts, *numbers, *flags]:
        parts.append(_share(sums, table, name, FILLED, sums[f"{name}|n"].astype(float), n))
    for name in flags:
        known = sums[f"{name}|n"].astype(float)
        parts.append(
            _share(sums, table, name, f"{LEVEL}true", sums[f"{name}|yes"].astype(float), known)
        )
    for name in numbers:
        known = sums[f"{name}|n"].astype(float).clip(lower=1)
        sd = sums[f"{name}|sd"].astype(float).clip(lower=0)
        mean = sums[f"{name}|mean"].astype(float)
        parts.append(_part(sums, table, name, MIDDLE, mean, sd / np.sqrt(known)))
        # A column that has one value only varies next to nothing, which is a step to be seen.
        spread = np.log(sd.clip(lower=SMALLEST_SD).where(known > 1))
        parts.append(_part(sums, table, name, SPREAD, spread, 1 / np.sqrt(2 * known)))
    for name in texts:
        # Told from the quarters before: one in which words run wild is the one to be seen.
        if sums[f"{name}|levels"].iloc[:-1].max() <= MOST_LEVELS:
            parts += _levels(rows, sums, table, name)
    return parts


def _bent(column: ir.NumericValue) -> ir.FloatingValue:
    """The inverse hyperbolic sine: as the logarithm for large values, and fit for negative ones."""
    size = column.abs()
    bent = (size + (size * size + 1).sqrt()).ln()
    return (column < 0).ifelse(-bent, bent)


def _levels(rows: ir.Table, sums: pd.DataFrame, table: str, name: str) -> list[pd.DataFrame]:
    counts = rows.filter(rows[name].notnull()).group_by("_period", level=rows[name])
    counts = counts.agg(rows=ibis._.count()).execute()
    wide = counts.pivot_table(index="_period", columns="level", values="rows", fill_value=0)
    wide = wide.reindex(sums["_period"], fill_value=0).astype(float)
    total = wide.sum(axis=1)
    # New is what no quarter before had.
    seen = wide.cumsum().shift(fill_value=0) > 0
    new = wide.where(~seen, 0.0).sum(axis=1)
    before = wide.iloc[:-1].sum()
    parts = [
        _share(sums, table, name, f"{LEVEL}{level}", wide[level].to_numpy(), total.to_numpy())
        for level in wide.columns
        if before[level] > 0
    ]
    fresh = _share(sums, table, name, NEW_LEVELS, new.to_numpy(), total.to_numpy())
    # In the first quarter everything is new.
    return [*parts, fresh.iloc[1:]]


def _share(sums, table: str, name: str, what: str, some, of) -> pd.DataFrame:
    of = np.maximum(np.asarray(of, dtype=float), 1)
    # On this scale the error of a share depends on the number of rows alone, even at none or all.
    return _part(
        sums, table, name, what, np.arcsin(np.sqrt(np.asarray(some) / of)), 0.5 / np.sqrt(of)
    )


def _part(sums, table: str, column: str, what: str, value, error) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "table": table,
            "column": column,
            "what": what,
            "quarter": sums["_period"].to_numpy(),
            "value": np.asarray(value, dtype=float),
            "error": np.asarray(error, dtype=float),
        }
    )
