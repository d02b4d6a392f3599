"""How much of the revenue hangs on how few accounts: Lorenz curve, Gini, the largest tenth."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.measure import intervals
from cxlib.measure.estimate import Estimate

TOP = 0.1
# Of fewer accounts, a spread cannot be worked out.
FEWEST_ACCOUNTS = 10
POINTS = 200


@dataclass(frozen=True, eq=False)
class Concentration:
    """How unevenly revenue lies on accounts.

    Attributes:
        accounts: How many.
        gini: 0 if all bring the same, near 1 if one brings all.
        top_share: The share of the revenue that the largest tenth of accounts brings.
        largest: The share that the largest account brings; counted, so without an interval.
        largest_account: Its id; empty if there is no revenue.
        lorenz: The curve: `accounts` (share of them, smallest first) and `revenue` (their share).
        problem: Why nothing can be said; empty where something can.
    """

    accounts: int
    gini: Estimate | None
    top_share: Estimate | None
    largest: float
    largest_account: str
    lorenz: pd.DataFrame
    problem: str = ""


def revenue_concentration(revenue: pd.Series) -> Concentration:
    """How unevenly revenue lies on accounts, with intervals of another draw of such accounts.

    Intervals follow from each account's influence on the figure (linearisation; Langel and Tillé
    2013, *Journal of the Royal Statistical Society A* 176), with Student's t. An account whose
    refunds exceed its purchases counts as bringing nothing.

    Args:
        revenue: Of each account, by its id.
    """
    values = revenue.dropna().clip(lower=0.0).sort_values(kind="stable")
    curve = _lorenz(values.to_numpy(float))
    if not values.sum() > 0:
        problem = "no account has revenue"
        return Concentration(len(values), None, None, 0.0, "", curve, problem)
    largest, name = float(values.iloc[-1] / values.sum()), str(values.index[-1])
    if len(values) < FEWEST_ACCOUNTS:
        problem = f"at least {FEWEST_ACCOUNTS} accounts are needed; there are {len(values)}"
        return Concentration(len(values), None, None, largest, name, curve, problem)
    ordered = values.to_numpy(float)
    return Concentration(len(values), _gini(ordered), _top_share(ordered), largest, name, curve)


def _lorenz(ordered: np.ndarray) -> pd.DataFrame:
    """The curve at no more points than a figure can show."""
    total = ordered.sum()
    shares = np.concatenate([[0.0], ordered.cumsum() / total if total > 0 else 0 * ordered])
    at = np.unique(np.linspace(0, len(ordered), POINTS + 1).round().astype(int))
    return pd.DataFrame({"accounts": at / max(len(ordered), 1), "revenue": shares[at]})


def _gini(ordered: np.ndarray) -> Estimate:
    count, mean = len(ordered), ordered.mean()
    rank = (np.arange(count) + 0.5) / count
    weighed = (ordered * rank).mean()
    value = 2 * weighed / mean - 1
    # What lies above each account, and the account itself half.
    above = (ordered[::-1].cumsum()[::-1] - ordered / 2) / count
    influence = 2 / mean * (ordered * rank + above - 2 * weighed) - (value + 1) / mean * (
        ordered - mean
    )
    # The largest possible value falls short of 1 by one account (Deltas 2003).
    return _estimate(value * count / (count - 1), influence)


def _top_share(ordered: np.ndarray) -> Estimate:
    count, mean = len(ordered), ordered.mean()
    kept = max(round(count * TOP), 1)
    part, bar = kept / count, ordered[-kept]
    value = ordered[-kept:].sum() / ordered.sum()
    influence = (np.maximum(ordered - bar, 0) + part * bar - value * ordered) / mean
    return _estimate(value, influence)


def _estimate(value: float, influence: np.ndarray) -> Estimate:
    count = len(influence)
    variance = float((influence**2).sum()) / count / (count - 1)
    low, high = (
        float(each) for each in intervals.t_interval(value, intervals.Spread(variance, count - 1))
    )
    return Estimate(value, max(low, 0.0), min(high, 1.0), count, "share")
