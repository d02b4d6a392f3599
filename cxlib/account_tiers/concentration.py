"""How much of the revenue hangs on how few accounts: Lorenz curve, Gini, the largest tenth."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.measure.estimate import CONFIDENCE, Estimate

TOP = 0.1
# Of fewer accounts, nothing is said; and of fewer than so many more, no interval would hold what
# it promises, since a few large accounts that happen to be there or not decide. Where revenue is
# uneven (this standard deviation of its logarithms), that takes more accounts still.
FEWEST_ACCOUNTS, FEWEST_FOR_INTERVAL = 10, 100
UNEVEN, FEWEST_IF_UNEVEN = 1.1, 400
POINTS = 200
# Of more accounts, influences alone tell the spread well.
RESAMPLED, RESAMPLES, CHUNK = 5_000, 600, 100
_ENDS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)


@dataclass(frozen=True, eq=False)
class Concentration:
    """How unevenly revenue lies on accounts.

    Attributes:
        accounts: How many.
        gini: 0 if all bring the same, near 1 if one brings all; without an interval where there
            are fewer than `needed` accounts.
        top_share: The share of the revenue that the largest tenth of accounts brings; likewise.
        largest: The share that the largest account brings; counted, so without an interval.
        largest_account: Its id; empty if there is no revenue.
        needed: How many accounts it takes for an interval.
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
    needed: int = FEWEST_FOR_INTERVAL


def revenue_concentration(revenue: pd.Series, seed: int = 0) -> Concentration:
    """How unevenly revenue lies on accounts, with intervals of another draw of such accounts.

    The spread follows from each account's influence on the figure (linearisation; Langel and Tillé
    2013, *Journal of the Royal Statistical Society A* 176). How far the interval reaches is told by
    resamples, each measured by its own spread (bootstrap-t; Efron and Tibshirani 1993, *An
    Introduction to the Bootstrap*, ch. 12.5), and it is never narrower than with Student's t. An
    account whose refunds exceed its purchases counts as bringing nothing.

    Args:
        revenue: Of each account, by its id.
        seed: For the resamples.
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
    needed = _needed(ordered)
    gini, top_share = (_estimate(figure, ordered, needed, seed) for figure in (_gini, _top_share))
    return Concentration(len(values), gini, top_share, largest, name, curve, needed=needed)


def _needed(ordered: np.ndarray) -> int:
    """How many accounts it takes for an interval that holds what it promises."""
    paying = ordered[ordered > 0]
    uneven = len(paying) > 1 and np.log(paying).std(ddof=1) > UNEVEN
    return FEWEST_IF_UNEVEN if uneven else FEWEST_FOR_INTERVAL


def _lorenz(ordered: np.ndarray) -> pd.DataFrame:
    """The curve at no more points than a figure can show."""
    total = ordered.sum()
    shares = np.concatenate([[0.0], ordered.cumsum() / total if total > 0 else 0 * ordered])
    at = np.unique(np.linspace(0, len(ordered), POINTS + 1).round().astype(int))
    return pd.DataFrame({"accounts": at / max(len(ordered), 1), "revenue": shares[at]})


def _gini(ordered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The Gini of each row of accounts, the smallest first, and its standard error."""
    count, mean = ordered.shape[1], ordered.mean(axis=1, keepdims=True)
    rank = (np.arange(count) + 0.5) / count
    weighed = (ordered * rank).mean(axis=1, keepdims=True)
    value = 2 * weighed / mean - 1
    # What lies above each account, and the account itself half.
    above = (ordered[:, ::-1].cumsum(axis=1)[:, ::-1] - ordered / 2) / count
    influence = 2 / mean * (ordered * rank + above - 2 * weighed) - (value + 1) / mean * (
        ordered - mean
    )
    # The largest possible value falls short of 1 by one account (Deltas 2003).
    return value[:, 0] * count / (count - 1), _error(influence)


def _top_share(ordered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The share of the largest tenth in each row, likewise."""
    count, mean = ordered.shape[1], ordered.mean(axis=1, keepdims=True)
    kept = max(round(count * TOP), 1)
    part, bar = kept / count, ordered[:, [-kept]]
    value = ordered[:, -kept:].sum(axis=1, keepdims=True) / ordered.sum(axis=1, keepdims=True)
    influence = (np.maximum(ordered - bar, 0) + part * bar - value * ordered) / mean
    return value[:, 0], _error(influence)


def _error(influence: np.ndarray) -> np.ndarray:
    count = influence.shape[1]
    return np.sqrt((influence**2).sum(axis=1) / count / (count - 1))


def _estimate(figure, ordered: np.ndarray, needed: int, seed: int) -> Estimate:
    count = len(ordered)
    (value,), (error,) = figure(ordered[None])
    value = min(float(value), 1.0)  # but for rounding
    if count < needed:
        return Estimate(value, np.nan, np.nan, count, "share")
    reach = stats.t.ppf(0.5 + CONFIDENCE / 2, count - 1)
    above, below = reach, reach
    if count <= RESAMPLED and error > 0:
        least, most = np.quantile(_away(figure, ordered, value, seed), _ENDS)
        above, below = max(reach, -least), max(reach, most)
    low, high = value - below * error, value + above * error
    return Estimate(value, max(low, 0.0), min(high, 1.0), count, "share")


def _away(figure, ordered: np.ndarray, value: float, seed: int) -> np.ndarray:
    """How far resamples are from the figure, each by its own standard error."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(RESAMPLES // CHUNK):
        drawn = np.sort(ordered[rng.integers(0, len(ordered), (CHUNK, len(ordered)))], axis=1)
        # Of a resample in which nobody brings anything, nothing can be told.
        again, error = figure(drawn[drawn.sum(axis=1) > 0])
        found.append((again[error > 0] - value) / error[error > 0])
    return np.concatenate(found)
