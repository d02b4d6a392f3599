"""Which drivers to work on: how much each matters, against how well it goes already."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from cxlib.kpi_drivers.drivers import Driver, Drivers
from cxlib.measure import intervals
from cxlib.measure.estimate import Estimate

FIX_FIRST, KEEP_UP, WATCH, OVER_SERVED = "fix first", "keep up", "watch", "over-served"
# The worst and the best twentieth mark the ends of how a contact may go; single odd ones do not.
TAIL = 0.05
FEWEST_DRIVERS = 2


@dataclass(frozen=True)
class Placement:
    """Where a driver stands on the map.

    Attributes:
        driver: The driver.
        performance: How far contacts come, on average, from the worst twentieth (0) to the best
            twentieth (1) of what has been seen of the driver.
        quadrant: fix first (matters, goes badly), keep up (matters, goes well), watch (matters
            little, goes badly) or over-served (matters little, goes well).
        certain: Whether both intervals lie on one side of the lines that part the quadrants.
    """

    driver: Driver
    performance: Estimate
    quadrant: str
    certain: bool


@dataclass(frozen=True)
class PriorityMap:
    """Drivers by importance and performance (Martilla and James 1977, *Journal of Marketing* 41).

    Attributes:
        outcome: The score.
        placements: The drivers, most important first.
        importance, performance: The lines that part the quadrants: the drivers' means.
        left_out: Why a driver is not on the map, by its name.
    """

    outcome: str
    placements: tuple[Placement, ...]
    importance: float
    performance: float
    left_out: Mapping[str, str]


def make_map(
    drivers: Drivers, answers: pd.DataFrame, seen: pd.DataFrame | None = None
) -> PriorityMap:
    """Place drivers by how much they matter and how well they go.

    Importance is a driver's share of the score's variance. Performance is the mean of where
    contacts lie between the worst and the best twentieth, as the importance–performance maps of
    structural models have it (Ringle and Sarstedt 2016, *Industrial Management and Data Systems*
    116).

    Args:
        drivers: As `drivers.find_drivers` gives them.
        answers: From which they were found.
        seen: Answers over a longer time, whose worst and best twentieth mark the ends, so that what
            has become better shows; those from which the drivers were found, if None.
    """
    # Where a 0 says nothing, it is no performance either.
    answers, seen = (
        each.assign(**{name: each[name].where(each[name] != 0) for name in drivers.zeros})
        for each in (answers, answers if seen is None else seen)
    )
    left_out, placed = {}, []
    for driver in drivers.drivers:
        if driver.name not in answers:
            left_out[driver.name] = "two facts that matter together"
        elif driver.name in drivers.turned:
            left_out[driver.name] = "neither more nor less of it is better"
        elif driver.per_step is None:
            left_out[driver.name] = "a category goes neither well nor badly"
        elif driver.sign == 0:
            left_out[driver.name] = "it is not known whether more of it is better"
        else:
            placed.append((driver, _performance(answers, seen, driver)))
    if len(placed) < FEWEST_DRIVERS:
        return PriorityMap(drivers.outcome, (), np.nan, np.nan, MappingProxyType(left_out))
    importance = float(np.mean([driver.share.value for driver, _ in placed]))
    performance = float(np.mean([each.value for _, each in placed]))
    placements = []
    for driver, each in placed:
        matters, well = driver.share.value >= importance, each.value >= performance
        names = {(True, False): FIX_FIRST, (True, True): KEEP_UP, (False, False): WATCH}
        quadrant = names.get((matters, well), OVER_SERVED)
        certain = driver.share.excludes(importance) and each.excludes(performance)
        placements.append(Placement(driver, each, quadrant, certain))
    return PriorityMap(
        drivers.outcome, tuple(placements), importance, performance, MappingProxyType(left_out)
    )


def _performance(answers: pd.DataFrame, seen: pd.DataFrame, driver: Driver) -> Estimate:
    known = answers[[driver.name, "customer_id"]].dropna()
    values = driver.sign * known[driver.name].astype(float)
    ever = driver.sign * seen[driver.name].dropna().astype(float)
    worst, best = ever.quantile([TAIL, 1 - TAIL])
    if worst == best:
        worst, best = ever.min(), ever.max()
    position = ((values - worst) / (best - worst)).clip(0, 1)
    customers = position.groupby(known.customer_id)
    value, spread = intervals.ratio_of(customers.sum(), customers.size())
    low, high = intervals.t_interval(value, spread)
    return Estimate(value, max(float(low), 0.0), min(float(high), 1.0), len(known), "share")
