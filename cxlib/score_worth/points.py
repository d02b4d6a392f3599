"""What a point of a KPI goes with in later revenue, and what it saves in cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS

from cxlib.measure import intervals
from cxlib.measure.contrast import FALSE_LINKS, Judged, adjusted_probabilities
from cxlib.measure.estimate import Estimate
from cxlib.measure.hidden_causes import robustness
from cxlib.score_worth.groups import contrast_of, with_controls
from cxlib.score_worth.results import POINTS_OF

FEWEST_ACCOUNTS = 50
# A bend is told from so many accounts on either side of it.
FEWEST_ON_A_SIDE = 30
# The middle of the scales of accounts' KPIs, where a slope may bend.
MIDDLES: Mapping[str, float] = {"nps": 0.0, "csat": 3.0, "ces": 4.0}


@dataclass(frozen=True)
class Worth(Judged):
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
        hidden: How strong a hidden cause would have to be to account for the whole link, and for
            so much that the rest no longer stands out (`hidden_causes.robustness`).
        spread: How far apart the quartiles of the accounts' KPI lie, in its unit.
        accounts: How many it rests on.
    """

    level: ClassVar[float] = FALSE_LINKS
    kpi: str
    per_point: Estimate
    q: float
    knot: float
    below: Estimate | None
    above: Estimate | None
    bend: Estimate | None
    bend_q: float
    hidden: tuple[float, float]
    spread: float
    accounts: int

    @property
    def bends(self) -> bool:
        """Whether the bend stands out from chance."""
        return self.bend_q < FALSE_LINKS


def worth_of_points(
    later: pd.DataFrame, kpis: Sequence[str] = POINTS_OF, knots: Mapping[str, float] = MIDDLES
) -> tuple[Worth, ...]:
    """How later revenue per account and quarter goes with each KPI of the year before.

    A regression on the KPI and what else tells accounts apart (`groups.controls`), with HC3
    errors; and another whose slope may bend at the knot (a linear spline).

    Args:
        later: As `results.later_business` gives it, and `tier`, if known.
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
            hidden=_hidden(known, kpi),
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
        later: As `results.later_business` gives it.

    Returns:
        By KPI, money per account and quarter; without the KPIs for which that is not known.
    """
    contacts = later.contacts.dropna() if "contacts" in later else pd.Series(dtype=float)
    if len(contacts) < FEWEST_ACCOUNTS or "cost_per_contact" not in later:
        return {}
    mean, spread = intervals.ratio_of(contacts, np.ones(len(contacts)))
    low, high = (float(each) for each in intervals.t_interval(mean, spread))
    found = {"cost_per_contact": Estimate(-mean, -high, -low, len(contacts), "money")}
    if "average_handle_time" not in later:
        return found
    known = later[["average_handle_time", "cost_per_contact"]].dropna()
    if len(known) >= FEWEST_ACCOUNTS and known.average_handle_time.nunique() > 1:
        design = np.column_stack([np.ones(len(known)), known.average_handle_time])
        fit = OLS(known.cost_per_contact.to_numpy(), design).fit(cov_type="HC3", use_t=True)
        slope = contrast_of(fit, np.array([0.0, 1.0]), "money")
        value = -slope.value * mean
        reach = np.hypot((slope.high - slope.value) * mean, slope.value * (high - mean))
        found["average_handle_time"] = Estimate(
            value, value - reach, value + reach, len(known), "money"
        )
    return found


def _slope(known: pd.DataFrame, kpi: str) -> Estimate:
    fit = _fit(known, [known[kpi]])
    return contrast_of(fit, np.eye(len(fit.params))[1], "money")


def _hidden(known: pd.DataFrame, kpi: str) -> tuple[float, float]:
    # The measure is of explained shares, and so of plain least squares.
    fit = _fit(known, [known[kpi]], "nonrobust")
    t, freedom = float(fit.tvalues[1]), float(fit.df_resid)
    return robustness(t, freedom), robustness(t, freedom, beyond_chance=True)


def _bent(
    known: pd.DataFrame, kpi: str, knot: float | None
) -> tuple[Estimate, Estimate, Estimate] | None:
    """The slopes below and above a knot, and their difference; None where it is not known."""
    values = known[kpi]
    if knot is None or min((values < knot).sum(), (values > knot).sum()) < FEWEST_ON_A_SIDE:
        return None
    fit = _fit(known, [values.clip(upper=knot), (values - knot).clip(lower=0)])
    below, above = np.eye(len(fit.params))[1:3]
    return tuple(contrast_of(fit, each, "money") for each in (below, above, above - below))


def _fit(known: pd.DataFrame, columns: list[pd.Series], errors: str = "HC3"):
    _, used, design = with_controls(known, np.column_stack([np.ones(len(known)), *columns]))
    return OLS(known.revenue.to_numpy()[used], design).fit(cov_type=errors, use_t=True)
