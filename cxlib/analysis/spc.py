"""Control charts: is a point news, or is it the process as it always was?"""

from dataclasses import dataclass

import numpy as np

# Wheeler and Chambers 1992: three sigma from the mean moving range of two (3 / 1.128).
LIMIT_FACTOR = 2.66
# A run of so many points on one side of the centre, or in one direction, is a special cause.
RUN = 7
# Limits from fewer points than this are trial limits.
FIRM_BASELINE = 12
FEWEST_BASELINE = 4

BEYOND, SHIFT, TREND, TWO_OF_THREE = (
    "beyond the limits",
    "shift",
    "trend",
    "two of three near a limit",
)


@dataclass(frozen=True)
class Chart:
    """An XmR chart with its limits frozen from a baseline.

    Attributes:
        values: The points, in order of time.
        baseline: How many of the first points the limits come from.
        centre, lower, upper: Mean and process limits.
        signals: For each point, the special cause that it shows, or "".
        sides: For each point, 1 above the centre, −1 below, 0 on it.
    """

    values: np.ndarray
    baseline: int
    centre: float
    lower: float
    upper: float
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
    baseline = len(values) if baseline is None else baseline
    if baseline < FEWEST_BASELINE:
        raise ValueError(f"baseline == {baseline}, must be at least {FEWEST_BASELINE} points")
    first = values[:baseline]
    centre, reach = float(first.mean()), float(LIMIT_FACTOR * np.abs(np.diff(first)).mean())
    lower, upper = centre - reach, centre + reach
    sides = np.sign(values - centre).astype(int)
    signals = np.full(len(values), "", dtype=object)
    # The rule that names the point, when several do, is the last one applied.
    for name, shown in (
        (TREND, in_trend(values)),
        (SHIFT, in_shift(sides)),
        (TWO_OF_THREE, two_of_three(near_limit(values, centre, lower, upper))),
        (BEYOND, beyond_limits(values, lower, upper)),
    ):
        signals[shown] = name
    return Chart(values, baseline, centre, lower, upper, tuple(signals), sides)


def beyond_limits(values: np.ndarray, lower: float, upper: float) -> np.ndarray:
    """Points outside the process limits."""
    return (values < lower) | (values > upper)


def in_shift(sides: np.ndarray, run: int = RUN) -> np.ndarray:
    """Points in a run on one side of the centre; a point on the centre ends a run."""
    return _runs(sides, run)


def in_trend(values: np.ndarray, run: int = RUN) -> np.ndarray:
    """Points in a run that only rises, or only falls."""
    steps = np.sign(np.diff(values))
    member = np.zeros(len(values), dtype=bool)
    inside = _runs(steps, run - 1)
    member[1:] |= inside
    member[:-1] |= inside
    return member


def near_limit(values: np.ndarray, centre: float, lower: float, upper: float) -> np.ndarray:
    """1 for points in the outer third below the upper limit, −1 above the lower, otherwise 0."""
    high = (values > centre + (upper - centre) * 2 / 3) & (values <= upper)
    low = (values < centre - (centre - lower) * 2 / 3) & (values >= lower)
    return high.astype(int) - low.astype(int)


def two_of_three(near: np.ndarray) -> np.ndarray:
    """Points near a limit that have another near the same limit within three in a row."""
    member = np.zeros(len(near), dtype=bool)
    for start in range(max(len(near) - 2, 0)):
        window = near[start : start + 3]
        for side in (1, -1):
            if (window == side).sum() >= 2:
                member[start : start + 3] |= window == side
    return member


def _runs(signs: np.ndarray, run: int) -> np.ndarray:
    """Members of unbroken runs of one non-zero sign that are at least so long."""
    member = np.zeros(len(signs), dtype=bool)
    start = 0
    for index in range(1, len(signs) + 1):
        if index == len(signs) or signs[index] != signs[start]:
            if signs[start] != 0 and index - start >= run:
                member[start:index] = True
            start = index
    return member
