"""How strong a cause that nobody has measured would have to be to make a link out of nothing."""

import numpy as np
from scipy import stats

from cxlib.measure.estimate import CONFIDENCE


def robustness(t: float, freedom: float, beyond_chance: bool = False) -> float:
    """The robustness value of a link in a regression.

    A hidden cause that explains this share of what is left of both the driver and the outcome,
    once all else is known, would account for the whole link; or, `beyond_chance`, for so much that
    the rest no longer stands out (Cinelli and Hazlett 2020, *Journal of the Royal Statistical
    Society B* 82, eq. 18 and 20).

    Args:
        t: The link's coefficient over its standard error, of ordinary least squares.
        freedom: The degrees of freedom that are left.
        beyond_chance: Ask for the weaker cause.

    Returns:
        From 0 to 1; 0 where the link does not stand out in the first place.

    Examples:
        The link between violence and attitudes in Darfur of their Table 1:

        >>> round(robustness(4.184, 783), 3), round(robustness(4.184, 783, True), 3)
        (0.139, 0.076)
    """
    if freedom <= 1:
        return 0.0
    strength = abs(t) / np.sqrt(freedom)
    if beyond_chance:
        strength -= stats.t.ppf(0.5 + CONFIDENCE / 2, freedom - 1) / np.sqrt(freedom - 1)
    if not strength > 0:
        return 0.0
    return float((np.sqrt(strength**4 + 4 * strength**2) - strength**2) / 2)
