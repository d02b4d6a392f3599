"""The loop back to customers with low scores: is it closed, how fast, and did it help?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from cxlib.measure.contrast import FALSE_LINKS, Judged
from cxlib.measure.estimate import CONFIDENCE, Estimate
from cxlib.measure.intervals import wilson_interval

HOURS = (1, 24, 48)
# Who was called back within so many hours is held against who was not; scores count after that.
LANDMARK = 48
FEWEST, RARE = 30, 10


@dataclass(frozen=True)
class Loop:
    """How fast low scores are followed up.

    Attributes:
        curve: The share called back (`share`, `low`, `high`) by hours; open ones are censored.
        within: The same after 1, 24 and 48 hours.
        answers, still_open: How many low answers, and how many are not followed up yet.
        median: Hours until half are; NaN where they are not.
    """

    curve: pd.DataFrame
    within: tuple[Estimate, ...]
    answers: int
    still_open: int
    median: float


def time_to_contact(hours: pd.Series, contacted: pd.Series) -> Loop | None:
    """How fast low scores are followed up, by Kaplan and Meier's estimator; None without any.

    Args:
        hours: Until the customer was contacted, or else until now.
        contacted: Whether they were.
    """
    if hours.empty:
        return None
    left = sm.SurvfuncRight(hours.to_numpy(float), contacted.to_numpy(int))
    reach = stats.norm.ppf(0.5 + CONFIDENCE / 2) * left.surv_prob_se
    share = 1 - left.surv_prob
    curve = pd.DataFrame({"share": share, "low": np.clip(share - reach, 0, 1),
                          "high": np.clip(share + reach, 0, 1)}, left.surv_times)  # fmt: skip
    steps = [curve[curve.index <= each].tail(1) for each in HOURS]
    last = hours.max()
    within = tuple(
        _after(step.iloc[0] if len(step) else pd.Series(0.0, curve.columns), len(hours))
        if each <= last or contacted.all()
        else Estimate(np.nan, np.nan, np.nan, len(hours), "share")
        for each, step in zip(HOURS, steps, strict=True)
    )
    half = curve.index[curve.share >= 0.5]
    return Loop(curve, within, len(hours), int((~contacted.astype(bool)).sum()),
                float(half[0]) if len(half) else np.nan)  # fmt: skip


def _after(step: pd.Series, answers: int) -> Estimate:
    """The share at a moment; where all or none are called back, with Wilson's interval."""
    low, high = step.low, step.high
    if not low < high:
        low, high = (float(each) for each in wilson_interval(step.share, answers))
    return Estimate(float(step.share), float(low), float(high), answers, "share")


@dataclass(frozen=True)
class Recovery(Judged):
    """Whether calling back helped.

    Attributes:
        naive: How much the customers called back rose from their low score to their next one, which
            is mostly what low scores do by themselves.
        gain: Their next score less that of comparable customers not called back.
        called, others: How many of either have a next score.
        q: The probability of such a gain where there is none.
    """

    level = FALSE_LINKS
    naive: float
    gain: Estimate
    called: int
    others: int
    q: float


def recovery(cases: pd.DataFrame) -> Recovery | None:
    """Whether the next score of customers called back in time is better than that of others alike.

    Both sides are weighed to be alike in what is known before (overlap weights: Li, Morgan and
    Zaslavsky 2018, *JASA* 113); only next scores after the landmark count, for both. Before and
    after would show what low scores do by themselves: they rise.

    Args:
        cases: A row per customer with a low score and a next one: `called` (within `LANDMARK`),
            `first`, `next`, and further columns in which they must be alike.

    Returns:
        None where fewer than 30 are on either side.
    """
    called = cases.called.to_numpy(bool)
    if min(called.sum(), (~called).sum()) < FEWEST:
        return None
    cases = cases.copy()
    for name in cases.columns.difference(["called", "first", "next"]):
        rare = cases[name].map(cases[name].value_counts()) < RARE
        cases[name] = cases[name].where(~rare, "(rare)")
    alike = pd.get_dummies(cases.drop(columns=["called", "next"]).astype({"first": "float"}),
                           dtype=float, drop_first=True)  # fmt: skip
    alike = alike.loc[:, alike.std() > 0]
    design = sm.add_constant(alike.to_numpy(float), has_constant="add")
    fit = sm.GLM(called.astype(float), design, family=sm.families.Binomial())
    # A little is held back, so that a column that tells all does not run away.
    odds = fit.fit_regularized(alpha=1e-4, L1_wt=0.0).params
    chance = np.clip(1 / (1 + np.exp(-design @ odds)), 0.01, 0.99)
    weight = np.where(called, 1 - chance, chance)
    # In the weighed sample a regression takes out what chance has left unlike.
    x = np.column_stack([design, called.astype(float)])
    found = sm.WLS(cases.next.to_numpy(float), x, weights=weight).fit(cov_type="HC3")
    gain, error = found.params[-1], found.bse[-1]
    half = stats.norm.ppf(0.5 + CONFIDENCE / 2) * error
    rise = float((cases.next - cases["first"])[called].mean())
    return Recovery(
        rise, Estimate(float(gain), float(gain - half), float(gain + half), len(cases), "score"),
        int(called.sum()), int((~called).sum()), float(2 * stats.norm.sf(abs(gain) / error)),
    )  # fmt: skip
