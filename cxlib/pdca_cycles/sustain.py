"""Control: is the gain of a change held, and is the harm of an abandoned one over?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.measure.spc import RANGE_PER_SIGMA, SIGMAS, Chart, xmr
from cxlib.pdca_cycles.interrupted import fit_last

# Limits are set anew from so many months after the change.
REBASE_MONTHS = 6
# So many months must have lost so much of the gain on average.
LATEST_MONTHS, LOST = 2, 1 / 3
# So seldom chance makes such a loss in any one month.
CHANCE = 0.01
# Months after the decision at which an adopted change is looked at again; then every year.
REVIEWS = (3, 6, 12)


@dataclass(frozen=True)
class Watch:
    """How a gain is held.

    Attributes:
        months: The months since the change.
        chart: The chart of the KPI as it is, with limits from the first of them.
        since: The month from which the limits are set anew.
        alarm: The first month in which the gain was seen to slip back; NaT if none.
        review: When to look again; the end of what is reported, if there is an alarm.
    """

    months: pd.DatetimeIndex
    chart: Chart
    since: pd.Timestamp
    alarm: pd.Timestamp
    review: pd.Timestamp

    @property
    def held(self) -> bool:
        """Whether the gain has not slipped back."""
        return pd.isna(self.alarm)


def watch(months: pd.DataFrame, effect: float, before: pd.Series, closed, now) -> Watch | None:
    """Watch over a gain: limits rebased at the change, and an alarm when it slips back.

    An alarm takes, over the two latest months, the loss of a third of the gain against the first
    months after the change, and by more than chance leaves to months that hang together
    (`interrupted.fit_steps`). It is raised as of the month in which that was first to be seen, and
    cleared once the two latest months show the gain again.

    Args:
        months: The KPI by month since the change: month, `value` without what season, or the
            control scope, did, and `own`, as it is.
        effect: What the change did.
        before: The KPI in the months before the change, likewise.
        closed: When the team decided; NaT if it has not.
        now: The end of what is reported.

    Returns:
        None while there are too few months to set limits from and one to watch.
    """
    if len(months) <= REBASE_MONTHS or not effect:
        return None
    values = months.value.to_numpy(dtype=float)
    chart = xmr(months.own.to_numpy(dtype=float), baseline=REBASE_MONTHS)
    centre = float(values[:REBASE_MONTHS].mean())
    gain = centre - float(before.mean())
    looks = range(REBASE_MONTHS + 1, len(values) + 1)
    lost = [(centre - values[at - LATEST_MONTHS : at].mean()) * np.sign(gain) for at in looks]
    alarm = pd.NaT
    # Once the gain is back, an earlier alarm is over.
    if lost[-1] > LOST * abs(gain):
        for at, loss in zip(looks, lost, strict=True):
            if loss > LOST * abs(gain) and _beyond_chance(before, values[:at], gain):
                alarm = months.month.iloc[at - 1]
                break
    when = pd.DatetimeIndex(months.month)
    review = pd.Timestamp(now) if pd.notna(alarm) else next_review(closed, now)
    return Watch(when, chart, when[0], alarm, review)


def _beyond_chance(before: pd.Series, since: np.ndarray, gain: float) -> bool:
    """Whether the latest months lie below the first ones by more than tied months do by chance."""
    first = np.arange(len(since)) < REBASE_MONTHS
    latest = np.arange(len(since)) >= len(since) - LATEST_MONTHS
    later = np.flatnonzero(first | latest)
    time = np.append(np.arange(-len(before), 0), later).astype(float)
    values = np.append(np.asarray(before, dtype=float), since[later])
    design = np.column_stack([np.ones(len(time)), time >= 0, time >= len(since) - LATEST_MONTHS])
    below = fit_last(values, time, design).below(0.0)
    return (below if gain < 0 else 1 - below) < CHANCE


def lingers(months: pd.Series, effect: float, before: pd.Series) -> bool | None:
    """Whether a KPI is still as a change left it that was abandoned.

    So it is where, since the decision, more than half of the change is there, by more than three
    standard errors of the months.

    Args:
        months: The KPI in the months since the decision, without what season, or the control
            scope, did.
        effect: What the change did.
        before: The KPI in the months before the change, likewise.

    Returns:
        None while there are fewer than two months since the decision.
    """
    if len(months) < LATEST_MONTHS or not effect:
        return None
    there = (months.mean() - before.mean()) * np.sign(effect)
    error = _spread(before, months) * np.sqrt(1 / len(months) + 1 / len(before))
    return bool(there > abs(effect) / 2 and there > SIGMAS * error)


def _spread(before: pd.Series, after: pd.Series | np.ndarray) -> float:
    """How much months vary, from both sides of the change."""
    ranges = [np.abs(np.diff(before)), np.abs(np.diff(after))]
    return float(np.concatenate(ranges).mean() / RANGE_PER_SIGMA)


def next_review(closed, now) -> pd.Timestamp:
    """When an adopted change is looked at next; NaT if nothing was decided.

    Examples:
        >>> next_review(pd.Timestamp("2026-01-19"), pd.Timestamp("2026-05-01"))
        Timestamp('2026-07-19 00:00:00')
    """
    if pd.isna(closed):
        return pd.NaT
    closed, now = pd.Timestamp(closed), pd.Timestamp(now)
    for months in REVIEWS:
        if closed + pd.DateOffset(months=months) >= now:
            return closed + pd.DateOffset(months=months)
    years = 2
    while closed + pd.DateOffset(years=years) < now:
        years += 1
    return closed + pd.DateOffset(years=years)
