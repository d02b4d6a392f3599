"""Control charts: is a point news, or is it the process as it always was?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

# The mean moving range of two is so many standard deviations (Wheeler and Chambers 1992).
RANGE_PER_SIGMA = 1.128
SIGMAS = 3
# Their factor, rounded as they and others publish it: 3 / 1.128.
LIMIT_FACTOR = 2.66
# A run of so many points on one side of the centre, or in one direction, is a special cause.
RUN = 7
# Limits from fewer points than this are trial limits.
FIRM_BASELINE = 12
FEWEST_BASELINE = 4

XMR, P_PRIME, U_PRIME = "XmR", "p′", "u′"
BEYOND, SHIFT, TREND, TWO_OF_THREE = (
    "beyond the limits",
    "shift",
    "trend",
    "two of three near a limit",
)
# What the latest point says of the process (variation), and the limits of a target (assurance).
COMMON, IMPROVING, CONCERNING, NEITHER = (
    "common cause", "improving", "concerning", "special cause",
)  # fmt: skip
PASSES, FAILS, HIT_OR_MISS, NO_TARGET = "passes", "fails", "hit or miss", "no target"


@dataclass(frozen=True)
class Chart:
    """A control chart with its limits frozen from a baseline.

    Attributes:
        kind: XmR, p′ or u′.
        values: The points, in order of time.
        baseline: How many of the first points the limits come from.
        centre: Of the baseline.
        lower, upper: The process limits; of p′ and u′, one for each point.
        signals: For each point, the special cause that it shows, or "".
        sides: For each point, 1 above the centre, −1 below, 0 on it.
    """

    kind: str
    values: np.ndarray
    baseline: int
    centre: float
    lower: float | np.ndarray
    upper: float | np.ndarray
    signals: tuple[str, ...]
    sides: np.ndarray

    @property
    def trial(self) -> bool:
        """Whether the limits rest on too few points to be firm."""
        return self.baseline < FIRM_BASELINE


def xmr(values, baseline: int | None = None) -> Chart:
    """An individuals chart with process limits from the mean moving range.

    Args:
        values: The points, in order of time.
        baseline: How many of the first points give the limits; all, if None.

    Raises:
        ValueError: There are fewer than `FEWEST_BASELINE` points of baseline.

    Examples:
        >>> chart = xmr([10, 12, 11, 13, 12, 30])
        >>> round(chart.centre, 2), chart.signals[-1]
        (14.67, 'beyond the limits')
    """
    values = np.asarray(values, dtype=float)
    baseline = _enough(len(values) if baseline is None else baseline)
    centre, reach = limits_of(values[:baseline])
    return _chart(
        XMR, values, baseline, float(centre), float(centre - reach), float(centre + reach)
    )


def limits_of(baseline: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centre of a baseline, and how far the process limits reach; several series by row."""
    reach = LIMIT_FACTOR * np.abs(np.diff(baseline, axis=-1)).mean(axis=-1)
    return baseline.mean(axis=-1), reach


def p_prime(events, opportunities, baseline: int | None = None) -> Chart:
    """A chart of proportions whose limits allow for more variation than the binomial has.

    Laney 2002, *Quality Engineering* 14: the points' z scores get the limits of an individuals
    chart, p̄ ± 3 σp,i σz, with σz from the mean moving range of z over the baseline.

    Args:
        events: How often it happened at each point.
        opportunities: Of how many.
        baseline: As for `xmr`.

    Raises:
        ValueError: There are fewer than `FEWEST_BASELINE` points of baseline.
    """
    events, size = np.asarray(events, dtype=float), np.asarray(opportunities, dtype=float)
    baseline = _enough(len(size) if baseline is None else baseline)
    centre = float(events[:baseline].sum() / size[:baseline].sum())
    error = np.sqrt(centre * (1 - centre) / size)
    lower, upper = _laney(events / size, centre, error, baseline)
    return _chart(
        P_PRIME, events / size, baseline, centre, np.maximum(lower, 0), np.minimum(upper, 1)
    )


def u_prime(events, exposure, baseline: int | None = None) -> Chart:
    """A chart of rates whose limits allow for more variation than the Poisson has (Laney 2002).

    Args:
        events: How often it happened at each point.
        exposure: To how much it could happen.
        baseline: As for `xmr`.

    Raises:
        ValueError: There are fewer than `FEWEST_BASELINE` points of baseline.
    """
    events, size = np.asarray(events, dtype=float), np.asarray(exposure, dtype=float)
    baseline = _enough(len(size) if baseline is None else baseline)
    centre = float(events[:baseline].sum() / size[:baseline].sum())
    lower, upper = _laney(events / size, centre, np.sqrt(centre / size), baseline)
    return _chart(U_PRIME, events / size, baseline, centre, np.maximum(lower, 0), upper)


def _laney(values: np.ndarray, centre: float, error: np.ndarray, baseline: int):
    """Limits by point: the error of a point, times how much more the points vary than it says."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.nan_to_num((values - centre) / error)
    spread = np.abs(np.diff(z[:baseline])).mean() / RANGE_PER_SIGMA
    reach = SIGMAS * error * spread
    return centre - reach, centre + reach


def _enough(baseline: int) -> int:
    if baseline < FEWEST_BASELINE:
        raise ValueError(f"baseline == {baseline}, must be at least {FEWEST_BASELINE} points")
    return baseline


def _chart(kind: str, values: np.ndarray, baseline: int, centre: float, lower, upper) -> Chart:
    signals = np.full(len(values), "", dtype=object)
    for name, shown in special_causes(values, centre, lower, upper):
        signals[shown] = name
    sides = np.sign(values - centre).astype(int)
    return Chart(kind, values, baseline, centre, lower, upper, tuple(signals), sides)


def special_causes(values: np.ndarray, centre, lower, upper) -> Iterator[tuple[str, np.ndarray]]:
    """Each special cause, and the points that show it; several series by row.

    The rule that names a point, when several do, is the last one.
    """
    yield TREND, in_trend(values)
    yield SHIFT, in_shift(np.sign(values - centre))
    yield TWO_OF_THREE, two_of_three(near_limit(values, centre, lower, upper))
    yield BEYOND, beyond_limits(values, lower, upper)


def variation(chart: Chart, better: str) -> str:
    """What the latest point says of the process.

    The variation icon of NHS England's "Making Data Count": common cause, or a special cause that
    is improving or concerning; where neither direction is better, a special cause.

    Args:
        chart: The chart.
        better: higher, lower or neither.
    """
    if not len(chart.values) or not chart.signals[-1]:
        return COMMON
    if better not in ("higher", "lower"):
        return NEITHER
    return IMPROVING if (chart.sides[-1] > 0) == (better == "higher") else CONCERNING


def assurance(chart: Chart, target: float, better: str) -> str:
    """Whether the process, as it is, meets a target.

    The assurance icon of "Making Data Count": it passes (the target lies outside the limits, on the
    worse side), fails (on the better side), or hits or misses by chance (between them).

    Args:
        chart: The chart; its latest limits count.
        target: To be reached; NaN if there is none.
        better: higher, lower or neither.
    """
    if not np.isfinite(target) or better not in ("higher", "lower"):
        return NO_TARGET
    lower, upper = (float(np.atleast_1d(each)[-1]) for each in (chart.lower, chart.upper))
    if lower <= target <= upper:
        return HIT_OR_MISS
    return PASSES if (target < lower) == (better == "higher") else FAILS


# The rules; each takes series by row, or a single one ------------------------------------------


def beyond_limits(values: np.ndarray, lower, upper) -> np.ndarray:
    """Points outside the process limits."""
    return (values < lower) | (values > upper)


def in_shift(sides: np.ndarray, run: int = RUN) -> np.ndarray:
    """Points in a run on one side of the centre; a point on the centre ends a run."""
    return _in_runs(sides, run)


def in_trend(values: np.ndarray, run: int = RUN) -> np.ndarray:
    """Points in a run that only rises, or only falls."""
    inside = _in_runs(np.sign(np.diff(values, axis=-1)), run - 1)
    member = np.zeros(values.shape, dtype=bool)
    member[..., 1:] |= inside
    member[..., :-1] |= inside
    return member


def near_limit(values: np.ndarray, centre, lower, upper) -> np.ndarray:
    """1 for points in the outer third below the upper limit, −1 above the lower, otherwise 0."""
    high = (values > centre + (upper - centre) * 2 / 3) & (values <= upper)
    low = (values < centre - (centre - lower) * 2 / 3) & (values >= lower)
    return high.astype(int) - low.astype(int)


def two_of_three(near: np.ndarray) -> np.ndarray:
    """Points near a limit that have another near the same limit within three in a row."""
    member = np.zeros(near.shape, dtype=bool)
    if near.shape[-1] < 3:
        return member
    for side in (1, -1):
        mine = near == side
        found = sliding_window_view(mine, 3, axis=-1).sum(axis=-1) >= 2
        member |= _spread(found, 3) & mine
    return member


def _in_runs(signs: np.ndarray, run: int) -> np.ndarray:
    """Members of unbroken runs of one non-zero sign that are at least so long."""
    if signs.shape[-1] < run:
        return np.zeros(signs.shape, dtype=bool)
    windows = sliding_window_view(signs, run, axis=-1)
    return _spread((windows == 1).all(axis=-1) | (windows == -1).all(axis=-1), run)


def _spread(found: np.ndarray, length: int) -> np.ndarray:
    """All points of the windows that were found."""
    member = np.zeros((*found.shape[:-1], found.shape[-1] + length - 1), dtype=bool)
    for offset in range(length):
        member[..., offset : offset + found.shape[-1]] |= found
    return member
