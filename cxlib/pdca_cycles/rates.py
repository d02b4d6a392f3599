"""By what factor a rate changed at a date: interrupted time series of counts."""

import warnings
from dataclasses import dataclass

import numpy as np
import statsmodels.api as sm

from cxlib.errors import MissingData
from cxlib.measure.estimate import CONFIDENCE, Estimate

FEWEST_MONTHS = 8
MONTHS_PER_YEAR = 12
LEAST_DISPERSION = 1e-9


@dataclass(frozen=True)
class RateStep:
    """A rate after a change over what it would have been.

    Attributes:
        ratio: The factor, as if counts varied no more than Poisson's; 1 is no change.
        quasi: The same, with the interval widened (or not) for how much they vary.
        dispersion: How many times more.
        months: How many months it rests on.
    """

    ratio: Estimate
    quasi: Estimate
    dispersion: float
    months: int


def rate_step(
    events: np.ndarray, exposure: np.ndarray, time: np.ndarray, after: np.ndarray,
    harmonics: int = 0,
) -> RateStep:  # fmt: skip
    """The step of a rate at a date.

    A Poisson regression of counts with the logarithm of what they could come from as offset, on
    time, the step and, if asked for, waves of a year (Lopez Bernal, Cummins and Gasparrini 2017,
    *International Journal of Epidemiology* 46). The quasi-Poisson interval uses Pearson's
    dispersion.

    Args:
        events: Counts by month.
        exposure: What they could come from (people, contacts).
        time: The number of each month.
        after: Which months lie after the change.
        harmonics: How many waves, a year and its fractions; 0 for none.

    Raises:
        MissingData: There are too few months or events.
    """
    events, exposure = np.asarray(events, dtype=float), np.asarray(exposure, dtype=float)
    after = np.asarray(after, dtype=bool)
    if len(events) < FEWEST_MONTHS + 2 * harmonics or not events.sum() or after.all():
        raise MissingData(f"at least {FEWEST_MONTHS} months with events are needed to tell a rate")
    if not after.any() or not events[after].sum() or not events[~after].sum():
        raise MissingData("events are needed before and after the change to tell a rate")
    time = np.asarray(time, dtype=float)
    angle = 2 * np.pi * time / MONTHS_PER_YEAR
    waves = [wave(n * angle) for n in range(1, harmonics + 1) for wave in (np.sin, np.cos)]
    design = np.column_stack([np.ones(len(time)), after, time - time.mean(), *waves])
    model = sm.GLM(events, design, family=sm.families.Poisson(), offset=np.log(exposure))
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            plain, wide = model.fit(), model.fit(scale="X2")
    except ValueError:
        raise MissingData("a rate that never varies has no model") from None
    if not wide.scale > LEAST_DISPERSION:
        raise MissingData("a rate that never varies has no model")
    return RateStep(_ratio(plain), _ratio(wide), float(wide.scale), len(events))


def _ratio(fit) -> Estimate:
    low, high = np.exp(fit.conf_int(alpha=1 - CONFIDENCE)[1])
    return Estimate(float(np.exp(fit.params[1])), float(low), float(high), fit.nobs, "ratio")
