"""What else may look like the effect of a change: what came before its date."""

from dataclasses import dataclass

import numpy as np

from cxlib.pdca_cycles.interrupted import BEND, SLOPE, STEP, design_of, fit_steps

# So many months before its date a change may have begun, or a trend may have bent.
EARLIEST, BENDS = 6, range(4, 13)
# A step or bend at an earlier date is taken for the true one if it is so many times as likely.
TIMES_AS_LIKELY = 2.0
# Of as many places as are looked at, one bends or steps by chance less often than this.
SURE, BENT = 0.01, 0.2
# A bend at the date itself rules out an earlier one where it is so many times as likely.
LATER = 1.5
# A month that lies so many standard deviations off is left out; of a baseline, two at most.
ODD, MOST_ODD = 4.5, 2


@dataclass(frozen=True, eq=False)
class Bend:
    """A trend that bent before a change.

    Attributes:
        column: What it adds to the regression.
        sure: Whether it is beyond chance; one that is not may still be what looks like an effect.
    """

    column: np.ndarray
    sure: bool


def odd_months(
    values: np.ndarray, time: np.ndarray, after: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """Single months of the baseline that lie far off, a column each, so that they count no more.

    One such month would widen all that is told of chance, and hide a true effect.

    Args:
        values, time, after: As for `fit_steps`, of one series.
        known: Further columns of the regression.
    """
    found = np.empty((len(values), 0))
    while found.shape[1] < MOST_ODD:
        design = np.column_stack([design_of(time, after, STEP, np.hstack([known, found]))])
        left = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
        # The median is not moved by what it is to find.
        spread = 1.4826 * np.median(np.abs(left - np.median(left)))
        far = np.where(after, 0.0, np.abs(left))
        at = int(far.argmax())
        if (
            not spread > 0
            or far[at] < ODD * spread
            or len(values) - design.shape[1] < len(values) / 2
        ):
            break
        found = np.column_stack([found, np.arange(len(values)) == at])
    return found


def earlier_bend(
    values: np.ndarray, time: np.ndarray, after: np.ndarray, known: np.ndarray
) -> Bend | None:
    """A trend that bent before the change; None where it did not.

    A straight line through it would leave a step at the change over.
    """
    first = time[after].min()
    beside = np.column_stack([known, after.astype(float)])
    late = fit_steps(values, time, after, SLOPE, known)
    here = float(late.likely[0]) if late is not None else -np.inf
    likeliest, bend = here - np.log(LATER), None
    for months in BENDS:
        since = time >= first - months
        if (time < first - months).sum() < EARLIEST:
            continue
        found = fit_steps(values, time, since, BEND, beside)
        if found is not None and found.p[0] < BENT and found.likely[0] > likeliest:
            likeliest = float(found.likely[0])
            column = np.maximum(time - (first - months), 0.0)
            sure = found.p[0] < SURE and likeliest > here + np.log(TIMES_AS_LIKELY)
            bend = Bend(column[:, None], bool(sure))
    return bend


def began_early(values: np.ndarray, time: np.ndarray, after: np.ndarray, known: np.ndarray) -> int:
    """How many months before the date of a change its step really is; 0 if it is not earlier."""
    here = fit_steps(values, time, after, STEP, known)
    first = time[after].min()
    likely = {}
    for months in range(2, EARLIEST + 1):
        found = fit_steps(values, time, time >= first - months, STEP, known)
        if found is not None and found.p[0] < SURE:
            likely[months] = float(found.likely[0])
    if here is None or not likely:
        return 0
    best = max(likely, key=likely.get)
    return best if likely[best] - float(here.likely[0]) > np.log(TIMES_AS_LIKELY) else 0
