"""A KPI in two periods, and their difference: a change knows what both periods share.

The same accounts and customers are in both, and a week may be. So the variance of a difference is
that of what each of them adds to it, R₁ and R₀ being the values, X₁ and X₀ the denominators:

    e_c = (y₁ − R₁·x₁) / X₁ − (y₀ − R₀·x₀) / X₀

(linearised: Kish 1965, *Survey Sampling*, chapter 12). Who is there in one period alone counts with
that one. Of totals, such as revenue, e_c is what the account's amount changed by, new and lost
accounts included.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from cxlib.data import Dataset, Quarter
from cxlib.data.engines.base import ask
from cxlib.data.engines.sql import Dialect
from cxlib.measure.bookings import by_thirds
from cxlib.measure.clusters import counted_rows, people_behind
from cxlib.measure.contrast import Contrast
from cxlib.measure.estimate import CONFIDENCE, Estimate
from cxlib.measure.exposure import find_exposed
from cxlib.measure.intervals import SHARED, Spread, by_both, quantile
from cxlib.measure.kpis import COUNT, COUNTS, NPS, OPEN, PROPORTION, RATE, TOTAL, Kpi
from cxlib.measure.once import worked_out_once
from cxlib.measure.panel import (
    by_source,
    complete_periods,
    incomparable,
    kpis_of,
    lacking,
    settled_from,
)
from cxlib.measure.spreads import interval_of, moments_of, spreads_of
from cxlib.measure.sums import CELL, TIME, UNIT, added_up, narrow, sums_of

# What hangs on the days after is compared only over so many weeks: fewer do not tell how they vary.
FEWEST_WEEKS = 4


# What is summed over units, and over days or weeks.
PARTS = ("e", "ee", "both", "units")


@dataclass(frozen=True)
class Window:
    """A period of one's own choice: its first moment, and the first one after it."""

    start: datetime
    end: datetime


@worked_out_once
def contrasts(
    data: Dataset,
    now: Quarter | Window,
    before: Quarter | Window,
    kpis: Iterable[str] | None = None,
    confidence: float = CONFIDENCE,
) -> tuple[Contrast, ...]:
    """Each KPI in two periods that do not overlap, with its difference.

    Args:
        data: The dataset.
        now, before: The periods.
        kpis: Names of the catalogue; all that the dataset can feed, if None.
        confidence: Of the intervals.

    Returns:
        Of the KPIs that both periods have, with intervals, in the catalogue's order. A period that
        the data of a KPI do not span is compared with none.
    """
    known = kpis_of(data)
    names = list(known) if kpis is None else list(kpis)
    starts, ends = [now.start, before.start], [now.end, before.end]
    spans = pd.DataFrame({"period": starts, "start": starts, "end": ends})
    spans = spans.astype("datetime64[us]")
    whole = [known[name] for name in names if not lacking(data, known[name])]
    whole = [kpi for kpi in whole if kpi.at != OPEN]
    whole = [kpi for kpi in whole if complete_periods(data, kpi, spans).complete.all()]
    found = {}
    for kpis_together in by_source(whole):
        found |= _contrasts(data, spans, kpis_together, confidence)
    return tuple(found[name] for name in names if name in found)


def not_compared(data: Dataset, now: Quarter | Window, before: Quarter | Window) -> dict[str, str]:
    """Why KPIs that the dataset can feed are not compared between two periods, by their name."""
    found = {}
    for name, kpi in kpis_of(data).items():
        since = settled_from(data, kpi)
        whys = [incomparable(data, kpi, each.start, each.end, since) for each in (now, before)]
        if kpi.at == OPEN:
            # From one day to the next it moves as much as chance has it, which one count hides.
            whys = ["a state on one day, which does not show how it moves from day to day"]
        if any(whys) and not lacking(data, kpi):
            found[name] = next(filter(None, whys))
    return found


def same_step_before(
    data: Dataset, now: Quarter, kpis: Iterable[str], years: int = 3
) -> dict[str, list[Contrast]]:
    """The step into the same quarter in up to so many earlier years, of each KPI."""
    kpis = list(kpis)
    found = {name: [] for name in kpis}
    for year in range(1, years + 1 if kpis else 1):
        then = now.shift(-4 * year)
        for each in contrasts(data, then, then.previous, kpis):
            found[each.kpi.name].append(each)
    return found


def _contrasts(
    data: Dataset, spans: pd.DataFrame, kpis: list[Kpi], confidence: float
) -> dict[str, Contrast]:
    rows, when = counted_rows(data, spans, kpis, ())
    sums = sums_of(rows, kpis, data.config, ["_period"], when).rename(columns={"_period": "period"})
    sides = {kpi.name: _sides(sums, kpi, spans, when, confidence) for kpi in kpis}
    few = _too_few(data, spans, rows, kpis)
    kpis = [kpi for kpi in kpis if sides[kpi.name] is not None and kpi.name not in few]
    if not kpis:
        return {}
    parts = _residuals(rows, kpis, data.config, sides, spans, when is not None)
    thirds = _by_thirds(data, spans, kpis, sides) if kpis[0].table == "accounts" else {}
    return {
        kpi.name: each
        for kpi in kpis
        if (
            each := _contrast(
                kpi, sides[kpi.name], parts, when, spans, confidence, thirds.get(kpi.name)
            )
        )
    }


def _by_thirds(data: Dataset, spans: pd.DataFrame, kpis: list[Kpi], sides) -> dict:
    if not data.has("revenue", "amount"):
        return {}
    sizes, rates = {}, {}
    for kpi in kpis:
        sums = [side.sums for side in sides[kpi.name]]
        sizes[kpi.name] = tuple(1.0 if kpi.kind == TOTAL else float(each.x) for each in sums)
        rates[kpi.name] = tuple(
            float(each.y) / size for each, size in zip(sums, sizes[kpi.name], strict=True)
        )
    return by_thirds(data, spans, sizes, rates)


def _too_few(data: Dataset, spans: pd.DataFrame, rows: ir.Table, kpis: list[Kpi]) -> set[str]:
    """KPIs of so few people, within a filter or left over of it, that they would tell of them."""
    if not (data.pseudonyms and data.where) or kpis[0].table == COUNTS:
        return set()
    people = people_behind(rows, kpis, data.config, ["_period"]).drop(columns="_period").min()
    small = people[people < data.config.privacy.smallest_group].index
    few = set(small.str.removesuffix(".people"))
    return few.union(*(each.kpi for each in find_exposed(data, spans, kpis, ())))


@dataclass(frozen=True, eq=False)
class _Side:
    """A KPI in one period: its estimate, its sums, and its variances, the last by both."""

    estimate: Estimate
    sums: pd.Series
    unit: Spread
    time: Spread | None
    variance: float


def _sides(
    sums: pd.DataFrame, kpi: Kpi, spans: pd.DataFrame, when, confidence: float
) -> tuple[_Side, _Side] | None:
    each = moments_of(sums, kpi, (), when).set_index("period").reindex(spans.period)
    if each.rows.isna().any():
        return None
    value, low, high = interval_of(kpi.kind, each, confidence)
    if not np.isfinite([*low, *high]).all():
        return None
    unit, time, both = spreads_of(kpi.kind, each)
    together = by_both(unit, time, both)
    if kpi.followed and (each.time_clusters < FEWEST_WEEKS).any():
        return None
    n = each.x if kpi.kind == RATE else each.rows
    return tuple(
        _Side(
            Estimate(value[i], low[i], high[i], n.iloc[i], kpi.unit, confidence),
            each.iloc[i],
            Spread(unit.variance[i], unit.freedom[i]),
            None if time is None else Spread(time.variance[i], time.freedom[i]),
            float(together.variance[i]),
        )
        for i in (0, 1)
    )


def _residuals(
    rows: ir.Table, kpis: list[Kpi], config, sides, spans: pd.DataFrame, timed: bool
) -> pd.DataFrame:
    """What units, and each day or week, add to the difference of each KPI.

    Returns:
        A row for all units (`_which` is `UNIT`), one per day or week (`_time`), and one for units
        by time. Columns per KPI: `.e`, the sum; `.ee`, the sum of squares; `.units`, how many;
        `.both`, the share of the rows whose unit is in both periods.
    """
    rows = narrow(rows, kpis, config, ["_period"], timed)
    now = spans.period.iloc[0]
    wanted = {UNIT: ["_unit"]}
    if timed:
        # Period by period: people have no time of their own, and would cancel out.
        wanted |= {TIME: ["_time"], CELL: ["_period", "_unit", "_time"]}
    columns = {f"{kpi.name}.{part}": "float64" for kpi in kpis for part in PARTS}
    found = ask(
        {"_rows": rows},
        lambda sql: "\nUNION ALL\n".join(
            _over(kpis, sides, now, which, by, sql) for which, by in wanted.items()
        ),
        {"_time": "timestamp(6)"} | columns | {"_which": "int8"},
    )
    return found.sort_values(["_which", "_time"], ignore_index=True)


def _over(
    kpis: list[Kpi], sides, now: pd.Timestamp, which: int, by: list[str], sql: Dialect
) -> str:
    name = sql.name
    sums = []
    for kpi in kpis:
        e, one, other = (name(f"{kpi.name}.{part}") for part in ("e", "now", "before"))
        each = {
            "e": e, "ee": f"{e} * {e}", "both": f"least({one}, {other})",
            "units": f"CASE WHEN {one} > 0 OR {other} > 0 THEN 1 ELSE 0 END",
        }  # fmt: skip
        sums += [f"{sql.number(f'sum({each[part]})')} AS {name(f'{kpi.name}.{part}')}"
                 for part in PARTS]  # fmt: skip
    time = name("_time") if which == TIME else "NULL"
    groups = f" GROUP BY {name('_time')}" if which == TIME else ""
    return (
        f"SELECT CAST({time} AS TIMESTAMP) AS {name('_time')}, {', '.join(sums)}, {which} AS "
        f"{name('_which')} FROM ({_departures(kpis, sides, now, by, sql)}) AS departures{groups}"
    )


def _departures(kpis: list[Kpi], sides, now: pd.Timestamp, by: list[str], sql: Dialect) -> str:
    """What each unit, time or both add to the difference, over both periods."""
    name, columns = sql.name, []
    is_now = f"{name('_period')} = TIMESTAMP '{now:%Y-%m-%d %H:%M:%S.%f}'"
    for kpi in kpis:
        y, x = (name(f"{kpi.name}.{part}") for part in ("y", "x"))
        one, other = (_added(kpi, side, y, x, sql) for side in sides[kpi.name])
        weights = [f"{x} / {sql.number(repr(float(side.sums.x)))}" for side in sides[kpi.name]]
        columns += [
            f"sum(CASE WHEN {is_now} THEN {one} ELSE -({other}) END) AS {name(f'{kpi.name}.e')}",
            f"sum(CASE WHEN {is_now} THEN {weights[0]} ELSE 0 END) AS {name(f'{kpi.name}.now')}",
            f"sum(CASE WHEN {is_now} THEN 0 ELSE {weights[1]} END) AS {name(f'{kpi.name}.before')}",
        ]
    groups = ", ".join(map(name, by))
    added = added_up(kpis, ["_period", *by], sql)
    return f"SELECT {groups}, {', '.join(columns)} FROM ({added}) AS added GROUP BY {groups}"


def _added(kpi: Kpi, side: _Side, y: str, x: str, sql: Dialect) -> str:
    """What a cell adds to a KPI's value: of a total all of it, of a ratio what departs from it."""
    total_y, total_x = float(side.sums.y), float(side.sums.x)
    if kpi.kind in (TOTAL, COUNT):
        return y
    ratio, total = (sql.number(repr(each)) for each in (total_y / total_x, total_x))
    return f"({y} - {ratio} * {x}) / {total}"


def _contrast(
    kpi: Kpi, sides: tuple[_Side, _Side], parts: pd.DataFrame, when, spans, confidence: float,
    thirds: tuple[Spread, float] | None,
) -> Contrast | None:  # fmt: skip
    one, other = sides
    if kpi.kind != COUNT and min(float(side.sums.clusters) for side in sides) < 2:
        # A single account or customer does not show how much others differ.
        return None
    own = parts[[f"{kpi.name}.{part}" for part in PARTS]].set_axis(list(PARTS), axis=1)
    units = own[parts._which == UNIT].iloc[0]
    raw = units.ee - (units.e**2 / units.units if kpi.kind == TOTAL else 0.0)
    unit = Spread(raw * _factor(kpi, sides), _freedom(one.unit, other.unit, units.both))
    time, both = thirds or (None, 0.0)
    if one.time is not None:
        time = _over_time(kpi, sides, own[parts._which == TIME], parts, when, spans)
        both = own[parts._which == CELL].iloc[0].ee
        if kpi.kind == RATE:
            # What was to be expected in each cell, and the people, who have no time.
            both -= sum(
                float(side.sums.y**2 / side.sums.x**4 * side.sums.xx * (1 + side.sums.time_xx))
                for side in sides
            )
    if kpi.table == COUNTS and kpi.kind == COUNT:
        # But for their day, contacts come independently: each is a unit of its own.
        both = float(one.sums.y + other.sums.y)
        unit = Spread(both, np.inf)
    spread = by_both(unit, time, max(both, 0.0))
    if not float(spread.variance) > 0 and kpi.kind not in (PROPORTION, NPS):
        return None
    difference = _difference(kpi, sides, spread, confidence)
    half = _half_towards_zero(difference)
    reach = float(quantile(spread.freedom, confidence))
    if not half > 0:
        return None
    error = half / reach
    chance = Spread(error**2, spread.freedom).chance(difference.value)
    if not np.isfinite(chance):
        return None
    return Contrast(kpi, one.estimate, other.estimate, difference, float(chance), error, reach)


def _factor(kpi: Kpi, sides: tuple[_Side, _Side]) -> float:
    """How much too small the squares are, since residuals are taken from the same values."""
    if kpi.kind == COUNT:
        return 1.0
    clusters = [float(side.sums.clusters) for side in sides]
    return float(np.mean([each / (each - 1) for each in clusters]))


def _freedom(one: Spread, other: Spread, shared: float) -> float:
    """The degrees of freedom of a difference.

    Of independent periods, those of a sum of variances (Satterthwaite 1946); where both have the
    same units, these tell half as much.
    """
    parts = [float(each.variance) for each in (one, other)]
    weights = [
        part**2 / float(each.freedom) for part, each in zip(parts, (one, other), strict=True)
    ]
    if not sum(weights) > 0:
        return float(min(one.freedom, other.freedom))
    return sum(parts) ** 2 / sum(weights) * (1 - min(shared, 1.0) / 2)


def _over_time(kpi: Kpi, sides, days: pd.DataFrame, parts: pd.DataFrame, when, spans) -> Spread:
    """The variance of a difference by day or week; NaN where these hold too few rows to tell."""
    one, other = sides
    added = pd.Series(days.e.to_numpy(), index=parts._time[days.index])
    added = added[added.index.notna()].groupby(level=0).sum()
    if kpi.kind in (COUNT, RATE):
        expected = []
        for side, sign, period in zip(sides, (1, -1), spans.period, strict=True):
            share = when[when.period == period].set_index("time").share
            per = float(side.sums.x) if kpi.kind == RATE else 1.0
            expected.append(sign * float(side.sums.y) / per * share)
        added = added.sub(pd.concat(expected).groupby(level=0).sum(), fill_value=0.0)
        freedom = sum(float(side.time.freedom) for side in sides)
        few = False
    else:
        freedom = _freedom(one.time, other.time, 0.0)
        # A single wave of answers does not show how one wave differs from another.
        few = any(
            side.sums.rows < SHARED * side.sums.time_clusters or side.sums.time_clusters < 2
            for side in sides
        )
    count = len(added) / 2
    variance = float((added**2).sum()) * count / max(count - 1, 1)
    return Spread(np.nan if few or count < 2 else variance, freedom)


def _difference(kpi: Kpi, sides, spread: Spread, confidence: float) -> Estimate:
    """The difference with its interval: Student's, or for shares and NPS from their own intervals.

    Square-and-add with what the two share (Zou and Donner 2008, *Statistics in Medicine* 27): the
    score intervals keep the ends within the scale, and stand where no answer differs.
    """
    one, other = (side.estimate for side in sides)
    value = one.value - other.value
    n = min(one.n, other.n)
    if kpi.kind not in (PROPORTION, NPS):
        reach = float(spread.reach(confidence))
        return Estimate(value, value - reach, value + reach, n, kpi.unit, confidence)
    low = _squared(one.value - one.low, other.high - other.value, sides, spread)
    high = _squared(one.high - one.value, other.value - other.low, sides, spread)
    return Estimate(value, value - low, value + high, n, kpi.unit, confidence)


def _squared(first: float, second: float, sides, spread: Spread) -> float:
    shared = _shared(sides, spread)
    return float(np.sqrt(max(first**2 + second**2 - 2 * shared * first * second, 0.0)))


def _shared(sides, spread: Spread) -> float:
    """The correlation of two estimates, from the variance of their difference."""
    one, other = (side.variance for side in sides)
    if not one * other > 0:
        return 0.0
    shared = (one + other - float(spread.variance)) / (2 * np.sqrt(one * other))
    return float(np.clip(shared, -1.0, 0.99))


def _half_towards_zero(estimate: Estimate) -> float:
    """The half of an interval that zero would have to be in."""
    return estimate.value - estimate.low if estimate.value > 0 else estimate.high - estimate.value
