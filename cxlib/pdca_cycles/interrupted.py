"""What a change did to a series: the step at its date that trend, season and chance leave over."""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.optimize import brentq

from cxlib.measure.estimate import CONFIDENCE, Estimate

# A yearly pattern can be distinguished from a change only where two years are seen.
SEASON_MONTHS = 24
# Degrees of freedom without which nothing is told.
FEWEST_FREE = 4
# Equally likely correlations of one month with the next; a process that does not hang together at
# all is the first.
CORRELATIONS = np.linspace(0.0, 0.9, 19)
STEP, SLOPE, AVERAGE, BEND = "step", "slope", "average", "bend"


@dataclass(frozen=True, eq=False)
class Steps:
    """What was found of one coefficient in several series.

    Attributes:
        value: Its estimate in each series.
        p: The probability of so large a one where there is none.
        centre, error, weight: Of each correlation (by row) and series: the estimate, its standard
            error, and how likely the correlation is.
        free: Degrees of freedom.
        likely: The logarithm of how likely each series is, whatever the correlation.
    """

    value: np.ndarray
    p: np.ndarray
    centre: np.ndarray
    error: np.ndarray
    weight: np.ndarray
    free: int
    likely: np.ndarray

    def below(self, bound: float, series: int = 0) -> float:
        """The probability that one series' coefficient lies below a bound."""
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (bound - self.centre[:, series]) / self.error[:, series]
        return float((self.weight[:, series] * stats.t.cdf(np.nan_to_num(t), self.free)).sum())

    def _off(self, bound: float, tail: float) -> float:
        return self.below(bound) - tail

    def estimate(self, unit: str, n: int, confidence: float = CONFIDENCE) -> Estimate:
        """One series' coefficient with its interval."""
        value = float(self.value[0])
        reach = float(self.error.max() * stats.t.ppf(0.5 + confidence / 2, self.free))
        if not reach > 1e-12 * max(abs(value), 1.0):
            return Estimate(value, value, value, n, unit, confidence)
        low, high = (float(each(self.centre)) for each in (np.min, np.max))
        ends = []
        for tail in ((1 - confidence) / 2, (1 + confidence) / 2):
            ends.append(
                brentq(
                    lambda at, tail=tail: self.below(at) - tail, low - 4 * reach, high + 4 * reach
                )
            )
        return Estimate(value, min(ends[0], value), max(ends[1], value), n, unit, confidence)


def fit_steps(
    series: np.ndarray, time: np.ndarray, after: np.ndarray, what: str = STEP,
    known: np.ndarray | None = None,
) -> Steps | None:  # fmt: skip
    """The step (or the change of slope) of monthly series at a date: interrupted time series.

    A regression on a constant, time, the step and, where two years are seen, a yearly wave of two
    harmonics. Months hang together: their errors follow an AR(1) process whose correlation is not
    known. For each possible correlation the regression is generalised least squares; the
    correlations are weighed by their restricted likelihood, and the coefficient follows the mixture
    of Student's t distributions that results (Zellner and Tiao 1964, *Journal of the American
    Statistical Association* 59). Plain robust errors are too small in series as short as these.

    Args:
        series: Values, a series by row; all of the same months.
        time: The number of each month, rising; months may be missing.
        after: Which months lie after the change.
        what: `step`; `slope`: the change of the slope, beside the step; `bend`: the same without
            any step; or `average`: the mean effect over the months after, where the slope changed
            as well.
        known: Further columns of the regression, such as the steps of other changes; none, if None.

    Returns:
        None where there are too few months to tell.
    """
    design = design_of(time, after, what, known)
    free = len(time) - design.shape[1]
    if free < FEWEST_FREE or after.all() or not after.any():
        return None
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    return fit_last(series, time, design)


def fit_last(series: np.ndarray, time: np.ndarray, design: np.ndarray) -> Steps:
    """The last coefficient of a regression of monthly series whose errors are tied (`fit_steps`).

    Args:
        series: Values, a series by row; all of the same months.
        time: The number of each month, rising.
        design: The regression's columns, of full rank.
    """
    free = len(time) - design.shape[1]
    series = np.atleast_2d(series)
    centre, error, likely = (np.empty((len(CORRELATIONS), len(series))) for _ in range(3))
    for row, correlation in enumerate(CORRELATIONS):
        white, scale = whitening(time, correlation)
        x, y = white @ design, white @ series.T
        q, r = np.linalg.qr(x)
        inverse = np.linalg.inv(r)
        coefficients = inverse @ (q.T @ y)
        left = np.maximum(((y - x @ coefficients) ** 2).sum(axis=0), 1e-300)
        centre[row] = coefficients[-1]
        error[row] = np.sqrt(left / free * (inverse[-1] ** 2).sum())
        # The restricted likelihood, the variance integrated out.
        likely[row] = scale - np.log(np.abs(np.diag(r))).sum() - free / 2 * np.log(left)
    # Of a series that never moves, rounding must not make a step.
    flat = np.ptp(series, axis=1) <= 1e-12 * np.abs(series).max(axis=1)
    centre[:, flat] = 0.0
    weight = np.exp(likely - likely.max(axis=0))
    total = likely.max(axis=0) + np.log(weight.sum(axis=0))
    weight /= weight.sum(axis=0)
    value = (weight * centre).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        below = (weight * stats.t.cdf(np.nan_to_num(-centre / error), free)).sum(axis=0)
    p = np.where(flat, 1.0, 2 * np.minimum(below, 1 - below))
    return Steps(value, p, centre, error, weight, free, total)


def design_of(
    time: np.ndarray, after: np.ndarray, what: str = STEP, known: np.ndarray | None = None
) -> np.ndarray:
    """The regression's columns; the last one is the coefficient that is asked for."""
    time = np.asarray(time, dtype=float)
    columns = [np.ones(len(time)), (time - time.mean()) / 12]
    if len(time) >= SEASON_MONTHS:
        columns += list(_waves(time).T)
    if known is not None and known.shape[1]:
        columns += list(known.T)
    step = after.astype(float)
    since = step * (time - time[after].min()) if after.any() else step
    if what == SLOPE:
        columns += [step, since]
    elif what == BEND:
        columns.append(since)
    elif what == AVERAGE:
        columns += [since - step * since[after].mean(), step]
    else:
        columns.append(step)
    return np.column_stack(columns)


def season_of(
    values: np.ndarray, time: np.ndarray, after: np.ndarray, at: np.ndarray
) -> np.ndarray:
    """The yearly wave of a series, at any months; nothing where two years are not seen.

    Args:
        values, time, after: As for `fit_steps`, of one series.
        at: The numbers of the months that are asked for.
    """
    if len(time) < SEASON_MONTHS:
        return np.zeros(len(at))
    design = design_of(time, after)
    coefficients = np.linalg.lstsq(design, np.asarray(values, dtype=float), rcond=None)[0]
    return _waves(np.asarray(at, dtype=float)) @ coefficients[2:6]


def _waves(time: np.ndarray) -> np.ndarray:
    """A wave of a year and one of half a year."""
    angle = 2 * np.pi * time / 12
    return np.column_stack([np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)])


def whitening(time: np.ndarray, correlation: float) -> tuple[np.ndarray, float]:
    """What makes AR(1) errors independent and alike, and the logarithm of its determinant."""
    count = len(time)
    white = np.eye(count)
    link = correlation ** np.diff(np.asarray(time, dtype=float))
    spread = np.sqrt(1 - link**2)
    rows = np.arange(1, count)
    white[rows, rows] = 1 / spread
    white[rows, rows - 1] = -link / spread
    return white, float(-np.log(spread).sum())
