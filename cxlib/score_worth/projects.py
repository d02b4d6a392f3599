"""What a project may return, given what it changes and what a point of the KPI is worth."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from cxlib.errors import ArgumentError
from cxlib.measure.estimate import CONFIDENCE, Estimate

DRAWS = 200_000


@dataclass(frozen=True)
class Return:
    """What a project may bring over a time.

    Attributes:
        cost: What it costs, once.
        quarters: For how many quarters its effect is counted.
        per_quarter: What it brings in each.
        net: What it brings in all of them, less the cost.
        pays: The probability that this is more than nothing.
        payback: After how many quarters the cost is back; infinite if never.
        soonest, latest: The interval of the payback; `latest` is infinite where it may never come.
        break_even: What a unit of the KPI must be worth, per account and quarter, for the cost to
            be back in time; infinite if no worth would do.
    """

    cost: float
    quarters: float
    per_quarter: Estimate
    net: Estimate
    pays: float
    payback: float
    soonest: float
    latest: float
    break_even: float


def project_return(
    cost: float, change: Estimate, worth: Estimate, accounts: float, quarters: float, seed: int = 0
) -> Return:
    """What a project returns that changes a KPI, given what a point of the KPI is worth.

    Change and worth are taken to be independent and normal, with the spread that their intervals
    imply; the return is the distribution of their product.

    Args:
        cost: What the project costs, once.
        change: Of the KPI, in its unit.
        worth: Money per account and quarter for one unit of the KPI.
        accounts: How many accounts the change reaches.
        quarters: For how many quarters it is counted.
        seed: Of the draws.

    Raises:
        ArgumentError: The cost is below zero, there is nobody whom it reaches or no quarter in
            which it counts, or an estimate has no interval.
    """
    if not cost >= 0:
        raise ArgumentError(f"cost == {cost}, must be at least 0")
    for name, value in (("accounts", accounts), ("quarters", quarters)):
        if not value > 0:
            raise ArgumentError(f"{name} == {value}, must be more than 0")
    for name, each in (("change", change), ("worth", worth)):
        if not each.has_interval:
            raise ArgumentError(f"{name}: its interval must be known, to tell that of the return")
    rng = np.random.default_rng(seed)
    per_quarter = accounts * _drawn(rng, change) * _drawn(rng, worth)
    value = accounts * change.value * worth.value
    net = quarters * value - cost
    tail = (1 - CONFIDENCE) / 2
    ends = np.quantile(per_quarter, [tail, 1 - tail])
    low, high = min(ends[0], value), max(ends[1], value)
    each = Estimate(value, low, high, worth.n, "money")
    changed = quarters * accounts * change.value
    return Return(
        cost=float(cost),
        quarters=float(quarters),
        per_quarter=each,
        net=Estimate(net, quarters * low - cost, quarters * high - cost, worth.n, "money"),
        pays=float((quarters * per_quarter > cost).mean()),
        payback=_quarters_until(cost, value),
        soonest=_quarters_until(cost, high),
        latest=_quarters_until(cost, low),
        break_even=float(cost / changed) if changed else float("inf"),
    )


def _drawn(rng: np.random.Generator, each: Estimate) -> np.ndarray:
    reach = 2 * stats.norm.ppf(0.5 + each.confidence / 2)
    return rng.normal(each.value, (each.high - each.low) / reach, DRAWS)


def _quarters_until(cost: float, per_quarter: float) -> float:
    if cost == 0:
        return 0.0
    return float(cost / per_quarter) if per_quarter > 0 else float("inf")
