"""Correlation coefficients with their intervals, plain or with other things held equal."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from scipy import special

from cxlib.measure.estimate import CONFIDENCE, Estimate

# Thousands of pairs are looked at; the plain functions of scipy.special answer much faster.
NORMAL = special.ndtri(0.5 + CONFIDENCE / 2)
# A partial correlation with fewer observations to spare says next to nothing.
FEWEST_TO_SPARE = 10
NEARLY_ONE = 1 - 1e-12

# By so much a leverage of 1 falls short of it by rounding.
LEVERAGE_SLACK = 1e-8


def with_interval(r: float, count: int, lost: int = 0, spread: float = 1.0) -> Estimate:
    """A correlation with Fisher's interval.

    Args:
        r: The correlation.
        count: How many observations it rests on.
        lost: How many of them other coefficients, fitted before or held equal, have used up.
        spread: The variance of Fisher's z, times n − 3; 1 for Pearson's. For Spearman's, see
            `of_ranks`.

    Examples:
        >>> each = with_interval(0.5, 103)
        >>> round(each.low, 3), round(each.high, 3)
        (0.339, 0.632)
    """
    bounded = np.clip(r, -NEARLY_ONE, NEARLY_ONE)
    reach = NORMAL * np.sqrt(spread / (count - 3 - lost))
    low, high = np.tanh(np.arctanh(bounded) + np.array([-reach, reach]))
    return Estimate(r, min(low, r), max(high, r), count, "correlation")


def of_ranks(rho: float) -> float:
    """The spread of Spearman's correlation (Bonett and Wright 2000, *Psychometrika* 65)."""
    return 1 + rho**2 / 2


def probability(r: float, freedom: int) -> float:
    """The probability of so strong a correlation where there is none."""
    bounded = np.clip(r, -NEARLY_ONE, NEARLY_ONE)
    t = abs(bounded) * np.sqrt(freedom / (1 - bounded**2))
    return 2 * float(special.stdtr(freedom, -t))


def partial(
    values: pd.DataFrame, x: str, y: str, given: Sequence[str], lost: int = 0
) -> Estimate | None:
    """The correlation of two columns with others held equal.

    From the inverse of the correlations (Whittaker 1990, *Graphical Models in Applied Multivariate
    Statistics*, ch. 5); its interval is Fisher's, less one observation for each column held equal.

    Args:
        values: A column each; rows with a value missing do not count.
        x, y: The two.
        given: Those held equal.
        lost: As for `with_interval`.

    Returns:
        The correlation; None where too few rows are left, or a column follows from the others.
    """
    known = values[[x, y, *given]].to_numpy(dtype=float)
    known = known[np.isfinite(known).all(axis=1)]
    if len(known) - 3 - lost - len(given) < FEWEST_TO_SPARE or (known.std(axis=0) == 0).any():
        return None
    correlations = np.corrcoef(known.T)
    if np.linalg.cond(correlations) > 1e10:
        return None
    inverse = np.linalg.inv(correlations)
    r = -inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1])
    return with_interval(float(r), len(known), lost + len(given))


def beside(
    names: Iterable[str], x: str, y: str, restated: Iterable[frozenset[str]]
) -> tuple[str, ...]:
    """What may be held equal beside a pair: no name that restates the pair, or one before it."""
    families, kept = tuple(restated), []
    for name in names:
        near = {x, y, *kept}
        if name not in near and not any(name in each and each & near for each in families):
            kept.append(name)
    return tuple(kept)


def decide_alone(design: np.ndarray) -> np.ndarray:
    """Which rows of a regression each decide a coefficient of their own (leverage 1).

    They are fitted exactly, tell nothing of the other rows, and errors of the kind HC3 are not
    defined with them (MacKinnon and White 1985, *Journal of Econometrics* 29).

    Examples:
        >>> decide_alone(np.array([[1, 0], [1, 0], [1, 1]])).tolist()
        [False, False, True]
    """
    leverage = np.einsum("ij,ji->i", design, np.linalg.pinv(design))
    return leverage > 1 - LEVERAGE_SLACK
