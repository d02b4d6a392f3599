"""How long until a matter ends, and how often customers come: with those still open or followed."""

import numpy as np
import pandas as pd

CENSORED = 0


def cumulative_incidence(
    time: pd.Series, end: pd.Series, count: pd.Series | None = None
) -> pd.DataFrame:
    """The share that has ended in each way by each moment, where some have not ended yet.

    The estimator of Aalen and Johansen (1978, *Scandinavian Journal of Statistics* 5): one less
    Kaplan and Meier's curve would count those who ended otherwise as if they might still end.

    Args:
        time: How long each was followed.
        end: How it ended, by number; 0 for not yet.
        count: How many there are of each; one, if None.

    Returns:
        A column per way of ending, by time.

    Examples:
        >>> found = cumulative_incidence(pd.Series([1, 2, 3, 4]), pd.Series([1, 2, 0, 1]))
        >>> found.loc[4].tolist()
        [0.75, 0.25]
    """
    kinds = sorted(set(end) - {CENSORED})
    ones = pd.Series(1, time.index) if count is None else count
    counts = ones.groupby([time, end]).sum().unstack(fill_value=0).sort_index()
    at_risk = ones.sum() - counts.sum(axis=1).cumsum().shift(fill_value=0)
    ended = counts.reindex(columns=kinds, fill_value=0)
    left = (1 - ended.sum(axis=1) / at_risk).cumprod().shift(fill_value=1.0)
    return (ended.mul(left / at_risk, axis=0)).cumsum()


def mean_cumulative(events: pd.DataFrame, until: pd.Series) -> pd.Series:
    """How many events a member has had on average by each age.

    The mean cumulative function (Nelson 1988, *Journal of Quality Technology* 20): at each age,
    only members who are followed that long count.

    Args:
        events: `member` and `age` of each event.
        until: To which age each member is followed, by member.
    """
    ages, counts = np.unique(events.age.to_numpy(float), return_counts=True)
    followed = np.sort(until.to_numpy(float))
    at_risk = len(followed) - np.searchsorted(followed, ages, side="left")
    return pd.Series((counts / at_risk).cumsum(), ages)
