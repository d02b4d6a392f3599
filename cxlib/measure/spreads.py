"""From the sums over what rows share to values, their variances and their intervals."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxlib.measure.intervals import (
    POWERS,
    SHARED,
    Spread,
    by_both,
    clustered,
    effective_size,
    nps_interval,
    squares_left,
    t_interval,
    wilson_interval,
)
from cxlib.measure.kpis import COUNT, COUNTS, MEAN, NPS, PROPORTION, RATE, RATIO, TOTAL, Kpi
from cxlib.measure.sums import SUMS

# The sums of the sizes of clusters to the powers one to five.
POWER_SUMS = ("x", "xx", "x3", "x4", "x5")
MOMENTS = (*SUMS, *(f"time_{name}" for name in SUMS))


def moments_of(
    sums: pd.DataFrame, kpi: Kpi, by: Sequence[str], when: pd.DataFrame | None
) -> pd.DataFrame:
    """A KPI's sums by period and group, of those that have any.

    Columns: the keys, `SUMS` over units, and the same over days or weeks with `time_` before.
    """
    each = sums[list(dict.fromkeys(("period", *by)))].copy()
    for part in SUMS:
        for prefix, name in (("", f"{kpi.name}.{part}"), ("time_", f"{kpi.name}.time.{part}")):
            if name in sums:
                each[f"{prefix}{part}"] = sums[name].astype(float)
    if when is not None and kpi.kind in (COUNT, RATE):
        # Of what is counted over time, each day or week weighs its share of the period.
        powers = {
            f"time_{name}": when.share.pow(k).groupby(when.period).sum()
            for k, name in zip(POWERS, POWER_SUMS, strict=True)
        }
        each = each.drop(columns=list(powers)).merge(
            pd.DataFrame(powers).rename_axis("period").reset_index(), on="period"
        )
    if kpi.table == COUNTS and kpi.kind == COUNT:
        # But for their day, contacts come independently: each is a unit of its own.
        each["yy"] = each["cell_yy"] = each["xx"] = each.y
        each["x4"] = 1.0
    return each[(each.rows > 0) & (each.x > 0)]


def spreads_of(kind: str, sums: pd.DataFrame) -> tuple[Spread, Spread | None, np.ndarray]:
    """The variance of a KPI's value by unit, by time (if it has any), and by both.

    Args:
        kind: The KPI's kind.
        sums: As `moments_of` gives them.
    """
    at = {name: sums[name].to_numpy(dtype=float) for name in MOMENTS if name in sums}
    y, x, n = at["y"], at["x"], at["rows"]
    unit_powers = [at[name] for name in POWER_SUMS]
    timed = "time_xx" in at
    time_powers = [at[f"time_{name}"] for name in POWER_SUMS] if timed else None
    if kind in (COUNT, RATE):
        # A rate is per customer; a number is compared with what another period would bring.
        per = x if kind == RATE else np.ones_like(x)
        ratio = y / x
        if kind == RATE:
            unit = clustered(ratio, at["yy"], at["xy"], at["xx"], unit_powers)
        else:
            unit = Spread(at["yy"], at["xx"] ** 2 / at["x4"])
        if not timed:
            return unit, None, np.zeros_like(y)
        time = clustered(y, at["time_yy"], at["time_xy"], at["time_xx"], time_powers)
        expected = ratio**2 * at["xx"] * at["time_xx"] if kind == RATE else 0.0
        both = np.maximum(at["cell_yy"] - expected, 0.0) / per**2
        return unit, Spread(time.variance / per**2, time.freedom), both
    ratio, simple = y / x, None
    if kind in (MEAN, PROPORTION, NPS):
        simple = np.maximum(at["squares"] / n - ratio**2, 0.0) / np.maximum(n - 1, 1)
    unit = clustered(ratio, at["yy"], at["xy"], at["xx"], unit_powers, simple, n)
    if kind == PROPORTION:
        # The variance of independent answers yes or no follows from their share.
        unit = Spread(unit.variance, np.where(at["clusters"] == n, np.inf, unit.freedom))
    if not timed:
        return unit, None, np.zeros_like(y)
    time = clustered(ratio, at["time_yy"], at["time_xy"], at["time_xx"], time_powers, simple, n)
    few = n < SHARED * at["time_clusters"]
    time = Spread(np.where(few, np.nan, time.variance), time.freedom)
    both = squares_left(ratio, at["cell_yy"], at["cell_xy"], at["cell_xx"]) / x**2
    return unit, time, both


def interval_of(kind: str, sums: pd.DataFrame, confidence: float) -> tuple[np.ndarray, ...]:
    """The values of a KPI and the ends of their intervals, from its sums."""
    if not len(sums):
        return (np.array([]),) * 3
    unit, time, both = spreads_of(kind, sums)
    spread = by_both(unit, time, both)
    y, x, n = (sums[name].to_numpy(dtype=float) for name in ("y", "x", "rows"))
    value = y if kind in (TOTAL, COUNT) else y / x
    if kind in (MEAN, RATIO, TOTAL, RATE):
        # Where all clusters are alike, nothing shows how much they might differ.
        spread = Spread(np.where(spread.variance > 0, spread.variance, np.nan), spread.freedom)
    if kind == TOTAL:
        spread = Spread(spread.variance * x**2, spread.freedom)
    if kind == RATIO:
        # A share of money, such as what is refunded, may be more than all, but not less than none.
        low, high = t_interval(value, spread, confidence)
        return value, np.where(value >= 0, np.maximum(low, 0.0), low), high
    if kind in (MEAN, TOTAL):
        return value, *t_interval(value, spread, confidence)
    if kind in (COUNT, RATE):
        low, high = t_interval(value, spread, confidence)
        return value, np.maximum(low, 0.0), high
    simple = np.maximum(sums.squares.to_numpy() / n - value**2, 0.0) / np.maximum(n - 1, 1)
    size = effective_size(n, spread, simple, sums.clusters.to_numpy(), confidence)
    if kind == PROPORTION:
        return value, *wilson_interval(value, size, confidence)
    opinionated = sums.squares.to_numpy() / n / 100**2
    return value, *nps_interval(value, opinionated, size, confidence)
