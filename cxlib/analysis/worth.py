"""What a point of a KPI goes with in later revenue, and what a project may return."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.regression.linear_model import OLS

from cxlib.analysis.business import contrast_of, controls
from cxlib.analysis.change import FALSE_DISCOVERIES, adjusted_probabilities
from cxlib.errors import ArgumentError
from cxlib.measure import intervals
from cxlib.measure.business import POINTS_OF
from cxlib.measure.estimate import CONFIDENCE, Estimate

FEWEST_ACCOUNTS = 50
# A bend is told from so many accounts on either side of it.
FEWEST_ON_A_SIDE = 30
DRAWS = 200_000
# The middle of the scales of accounts' KPIs, where a slope may bend.
MIDDLES: Mapping[str, float] = {"nps": 0.0, "csat": 3.0, "ces": 4.0}


@dataclass(frozen=True)
class Worth:
    """How later revenue goes with a KPI.

    Attributes:
        kpi: Which.
        per_point: Money per account and quarter that goes with one more of the KPI's unit (a share
            of one, so a hundred percentage points), like for like.
        q: Probability of so steep a slope where there is none, adjusted for the number of KPIs.
        knot: Where the slope may bend; NaN if it was not looked at.
        below, above: The slope below and above it; None if too few accounts lie on one side.
        bend: above less below; None likewise.
        bend_q: As q, for the bend; NaN if it was not looked at.
        spread: How far apart the quartiles of the accounts' KPI lie, in its unit.
        accounts: How many it rests on.
    """

    kpi: str
    per_point: Estimate
    q: float
    knot: float
    below: Estimate | None
    above: Estimate | None
    bend: Estimate | None
    bend_q: float
    spread: float
    accounts: int

    @property
    def detected(self) -> bool:
        """Whether the slope stands out from chance."""
        return self.q < FALSE_DISCOVERIES

    @property
    def bends(self) -> bool:
        """Whether the bend stands out from chance."""
        return self.bend_q < FALSE_DISCOVERIES


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


def worth_of_points(
    later: pd.DataFrame, kpis: Sequence[str] = POINTS_OF, knots: Mapping[str, float] = MIDDLES
) -> tuple[Worth, ...]:
    """How later revenue per account and quarter goes with each KPI of the year before.

    A regression on the KPI and what else tells accounts apart (`business.controls`), with HC3
    errors; and another whose slope may bend at the knot (a linear spline).

    Args:
        later: As `business.later_business` gives it, and `tier`, if known.
        kpis: Columns of it.
        knots: Where the slope of a KPI may bend; of the others, no bend is looked for.
    """
    if "revenue" not in later or later.revenue.isna().all():
        return ()
    found = []
    for kpi in kpis:
        known = later[later[kpi].notna()] if kpi in later else later[:0]
        if len(known) >= FEWEST_ACCOUNTS and known[kpi].nunique() > 1:
            found.append((kpi, known, _slope(known, kpi), _bent(known, kpi, knots.get(kpi))))
    q = adjusted_probabilities([slope for *_, slope, _ in found])
    bent = [bends for *_, bends in found if bends]
    bend_q = iter(adjusted_probabilities([each[-1] for each in bent]))
    return tuple(
        Worth(
            kpi=kpi,
            per_point=slope,
            q=float(p),
            knot=knots.get(kpi, np.nan),
            **dict(zip(("below", "above", "bend"), bends or (None, None, None), strict=True)),
            bend_q=float(next(bend_q)) if bends else np.nan,
            spread=float(np.diff(known[kpi].quantile([0.25, 0.75]))[0]),
            accounts=len(known),
        )
        for (kpi, known, slope, bends), p in zip(found, q, strict=True)
    )


def savings_of_points(later: pd.DataFrame) -> Mapping[str, Estimate]:
    """What one unit more of a KPI of cost adds to the results: less than nothing.

    One more unit of cost per contact costs as much as there are contacts; one more second of
    handling costs what contacts of accounts with longer handling cost more (a regression with HC3
    errors), for as many contacts.

    Args:
        later: As `business.later_business` gives it.

    Returns:
        By KPI, money per account and quarter; without the KPIs for which that is not known.
    """
    contacts = later.contacts.dropna() if "contacts" in later else pd.Series(dtype=float)
    if len(contacts) < FEWEST_ACCOUNTS or "cost_per_contact" not in later:
        return {}
    mean, variance = intervals.ratio_of(contacts, np.ones(len(contacts)))
    low, high = (float(each) for each in intervals.t_interval(mean, variance, len(contacts)))
    found = {"cost_per_contact": Estimate(-mean, -high, -low, len(contacts), "money")}
    if "average_handle_time" not in later:
        return found
    known = later[["average_handle_time", "cost_per_contact"]].dropna()
    if len(known) >= FEWEST_ACCOUNTS and known.average_handle_time.nunique() > 1:
        design = np.column_stack([np.ones(len(known)), known.average_handle_time])
        fit = OLS(known.cost_per_contact.to_numpy(), design).fit(cov_type="HC3")
        slope = contrast_of(fit, np.array([0.0, 1.0]), "money")
        ends = (-slope.value * mean, -slope.high * mean, -slope.low * mean)
        found["average_handle_time"] = Estimate(*ends, len(known), "money")
    return found


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


def _slope(known: pd.DataFrame, kpi: str) -> Estimate:
    fit = _fit(known, [known[kpi]])
    return contrast_of(fit, np.eye(len(fit.params))[1], "money")


def _bent(
    known: pd.DataFrame, kpi: str, knot: float | None
) -> tuple[Estimate, Estimate, Estimate] | None:
    """The slopes below and above a knot, and their difference; None where it cannot be told."""
    values = known[kpi]
    if knot is None or min((values < knot).sum(), (values > knot).sum()) < FEWEST_ON_A_SIDE:
        return None
    fit = _fit(known, [values.clip(upper=knot), (values - knot).clip(lower=0)])
    below, above = np.eye(len(fit.params))[1:3]
    return tuple(contrast_of(fit, each, "money") for each in (below, above, above - below))


def _fit(known: pd.DataFrame, columns: list[pd.Series]):
    design = np.column_stack([np.ones(len(known)), *columns, controls(known)[1]])
    return OLS(known.revenue.to_numpy(), design).fit(cov_type="HC3")


def _drawn(rng: np.random.Generator, each: Estimate) -> np.ndarray:
    reach = 2 * stats.norm.ppf(0.5 + each.confidence / 2)
    return rng.normal(each.value, (each.high - each.low) / reach, DRAWS)


def _quarters_until(cost: float, per_quarter: float) -> float:
    if cost == 0:
        return 0.0
    return float(cost / per_quarter) if per_quarter > 0 else float("inf")
