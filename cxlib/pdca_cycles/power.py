"""How large a change must be, and how long one must wait, for it to be seen."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from cxlib.measure import spc
from cxlib.measure.contrast import POWER
from cxlib.pdca_cycles.interrupted import CORRELATIONS, design_of, fit_steps, whitening

WEEKS_PER_MONTH = 365.25 / 12 / 7
LONGEST_MONTHS = 24
SIMULATIONS = 400
# Steps of the search for the smallest effect; each halves what is left.
HALVINGS = 12
SIGNIFICANT = 0.05
# By how much less likely a correlation is before anything is seen: (1 − it) to this power.
PATIENCE = 2.0


@dataclass(frozen=True, eq=False)
class Noise:
    """How a series varied before a change.

    Attributes:
        time: The months of the baseline.
        chart: How many of the last months of the baseline give the chart its limits.
        usual: What trend and season let expect, in the months of the baseline and in those to come;
            it moves the points of the chart, and nothing else.
        correlation, spread: Draws of how months hang together, and the standard deviation of each.
        draws: Standard normal numbers for each month of the baseline and of those to come.
    """

    time: np.ndarray
    chart: int
    usual: np.ndarray
    correlation: np.ndarray
    spread: np.ndarray
    draws: np.ndarray


def noise_of(values: np.ndarray, time: np.ndarray, chart: int, seed: int = 0) -> Noise | None:
    """What a baseline tells of chance: how months hang together, and by how much they vary.

    How months hang together is drawn from what the baseline leaves open (its restricted
    likelihood); the variance is the one estimated with each.

    Args:
        values: The KPI by month, before the change.
        time: The number of each month.
        chart: How many of the last months the chart's limits come from.
        seed: Of the draws.

    Returns:
        None where the baseline is too short.
    """
    nothing = np.zeros(len(time), dtype=bool)
    design = design_of(time, nothing)[:, :-1]
    free = len(time) - design.shape[1]
    if free < 2 or chart < spc.FEWEST_BASELINE:
        return None
    left, likely = [], []
    for correlation in CORRELATIONS:
        white, scale = whitening(time, correlation)
        x, y = white @ design, white @ np.asarray(values, dtype=float)
        q, r = np.linalg.qr(x)
        squares = max(float((y**2).sum() - ((q.T @ y) ** 2).sum()), 1e-300)
        left.append(squares)
        likely.append(scale - np.log(np.abs(np.diag(r))).sum() - free / 2 * np.log(squares))
    # A process that hangs together less is the likelier, before anything is seen.
    weight = np.exp(np.array(likely) - max(likely)) * (1 - CORRELATIONS) ** PATIENCE
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(CORRELATIONS), SIMULATIONS, p=weight / weight.sum())
    spread = np.sqrt(np.array(left)[chosen] / free)
    draws = rng.standard_normal((SIMULATIONS, len(time) + LONGEST_MONTHS))
    usual = _continued(np.asarray(values, dtype=float), design, np.asarray(time, dtype=float))
    return Noise(np.asarray(time), chart, usual, CORRELATIONS[chosen], spread, draws)


def power(noise: Noise, effect: float, months: int) -> float:
    """How likely a step is to be detected so many months after the change.

    The share of simulated series with such chance and such a step in which the verdict's own rule
    finds it: the interval of the step leaves out zero, and the chart shows it.

    Args:
        noise: Of the baseline.
        effect: The step; its sign does not matter.
        months: After the change.
    """
    judged = _Judged.of(noise, months)
    return float(judged.finds(abs(effect)).mean()) if judged else float("nan")


def smallest_effect(noise: Noise, months: int, wanted: float = POWER) -> float:
    """The smallest step that is detected with a probability; infinite if none is.

    Args:
        noise: Of the baseline.
        months: After the change.
        wanted: The probability.
    """
    judged = _Judged.of(noise, months)
    if judged is None:
        return float("inf")
    low, high = 0.0, 20 * float(np.median(noise.spread))
    if judged.finds(high).mean() < wanted:
        return float("inf")
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if judged.finds(middle).mean() >= wanted else (middle, high)
    return high


def months_needed(noise: Noise, effect: float, wanted: float = POWER) -> int | None:
    """After how many months a step is detected with a probability; None if not in two years."""
    if not effect or not np.isfinite(effect):
        return None
    low, high = 0, LONGEST_MONTHS
    if not power(noise, effect, high) >= wanted:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(noise, effect, middle) >= wanted else (middle, high)
    return high


@dataclass(frozen=True, eq=False)
class _Judged:
    """Simulated series without a step, and what a step would make of each.

    A step moves its own estimate and the points after it, and nothing else: so one regression
    serves for all sizes.
    """

    centre: np.ndarray
    error: np.ndarray
    weight: np.ndarray
    free: int
    later: np.ndarray
    earlier: np.ndarray

    @classmethod
    def of(cls, noise: Noise, months: int) -> "_Judged | None":
        """Judge the series at so many months after the change; None if it cannot be done."""
        if months < 1:
            return None
        time = np.append(noise.time, noise.time[-1] + 1 + np.arange(months))
        after = np.arange(len(time)) >= len(noise.time)
        series = _simulated(noise, time)
        steps = fit_steps(series, time, after)
        if steps is None:
            return None
        chart = (series + noise.usual[: len(time)])[:, len(noise.time) - noise.chart :]
        return cls(
            steps.centre, steps.error, steps.weight, steps.free, chart[:, noise.chart :],
            chart[:, : noise.chart],
        )  # fmt: skip

    def finds(self, effect: float) -> np.ndarray:
        """In which series a step upwards is detected."""
        t = (self.centre + effect) / self.error
        not_above = (self.weight * stats.t.sf(t, self.free)).sum(axis=0)
        return (not_above < SIGNIFICANT / 2) & shows(self.earlier, self.later + effect)[:, 0]


def shows(earlier: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Whether charts show a special cause after the change: above the centre, and below, by column.

    Args:
        earlier: Baselines, a series by row; they give the limits.
        later: What came after.
    """
    centre, reach = (each[:, None] for each in spc.limits_of(earlier))
    series = np.concatenate([earlier, later], axis=1)
    shown = np.zeros(series.shape, dtype=bool)
    for _, points in spc.special_causes(series, centre, centre - reach, centre + reach):
        shown |= points
    shown, above = shown[:, earlier.shape[1] :], later > centre
    return np.column_stack([(shown & above).any(axis=1), (shown & (later < centre)).any(axis=1)])


def _continued(values: np.ndarray, design: np.ndarray, time: np.ndarray) -> np.ndarray:
    """The trend and the season of a baseline, continued."""
    coefficients = np.linalg.lstsq(design, values, rcond=None)[0]
    longer = np.append(time, time[-1] + 1 + np.arange(LONGEST_MONTHS))
    columns = design_of(longer, np.zeros(len(longer), dtype=bool))[:, : design.shape[1]]
    # Time is counted from the middle of the baseline, as it was when the trend was fitted.
    columns[:, 1] = (longer - time.mean()) / 12
    return columns @ coefficients


def _simulated(noise: Noise, time: np.ndarray) -> np.ndarray:
    """Series of chance alone, as the baseline has it."""
    link = noise.correlation[:, None] ** np.diff(time)
    series = np.empty((len(noise.spread), len(time)))
    series[:, 0] = noise.draws[:, 0]
    for at in range(1, len(time)):
        tie = link[:, at - 1]
        series[:, at] = tie * series[:, at - 1] + np.sqrt(1 - tie**2) * noise.draws[:, at]
    return series * noise.spread[:, None]
