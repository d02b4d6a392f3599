"""A 0 beside a scale that begins with 1: rather "not applicable" than the worst of all."""

from collections.abc import Collection

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

# Where scales end; how often their top is chosen at least, unlike the largest of counts; and how
# many say "not applicable" at most.
TOPS, TOP_CHOSEN, MOST = (5, 7, 10), 0.05, 0.25


def without_zeros(
    table: pd.DataFrame, keep: Collection[str] = ()
) -> tuple[pd.DataFrame, dict[str, float]]:
    """A table in which such a 0 is not known, and how many there were of it.

    Args:
        table: Columns of any kind.
        keep: Columns whose 0 is one of the scale.

    Returns:
        The table, and the share of zeros by column.

    Examples:
        >>> ease = pd.DataFrame({"ease": [0] + [1, 2, 3, 4, 5] * 4, "transfers": [0, 1, 2] * 7})
        >>> table, zeros = without_zeros(ease)
        >>> int(table.ease.isna().sum()), list(zeros)
        (1, ['ease'])
    """
    zeros = {
        name: float((table[name] == 0).mean())
        for name in table
        if name not in keep and _beside_a_scale(table[name])
    }
    return table.assign(**{name: table[name].where(table[name] != 0) for name in zeros}), zeros


def _beside_a_scale(values: pd.Series) -> bool:
    """Whether values are 1 to 5, 7 or 10, each of them, and now and then 0."""
    if is_bool_dtype(values) or not is_numeric_dtype(values):
        return False
    known = values.dropna().to_numpy(float)
    if not len(known) or known.min() != 0 or known.max() not in TOPS:
        return False
    top = int(known.max())
    if set(np.unique(known)) != set(range(top + 1)):
        return False
    zeros, chosen = (known == 0).mean(), (known == top).mean()
    return bool(zeros <= MOST and chosen >= TOP_CHOSEN)
