"""What an uncertain amount may be: its quantiles, and how likely it is to reach a threshold."""

import numpy as np
import pandas as pd

# The ends of a 95% and an 80% interval are among them.
PROBABILITIES = (0.01, 0.025, *np.linspace(0.05, 0.95, 19).round(2).tolist(), 0.975, 0.99)


def chance_of(quantiles: pd.DataFrame, threshold: pd.Series | float) -> pd.Series:
    """How likely each amount is to be at least its threshold.

    Args:
        quantiles: A row per amount, a column per probability of `PROBABILITIES`, rising.
        threshold: One for all, or one for each row.

    Returns:
        Between 0 and 1; half-way to certainty beyond the outermost quantiles, certain where the
        amounts cannot lie beyond them.

    Examples:
        >>> rising = pd.DataFrame([PROBABILITIES], columns=PROBABILITIES)
        >>> chance_of(rising, 0.9).round(3).tolist()
        [0.1]
    """
    values = quantiles.to_numpy(float)
    wanted = np.broadcast_to(np.asarray(threshold, dtype=float), len(values))[:, None]
    below = (values < wanted).sum(axis=1)
    ends = np.array([0.0, *PROBABILITIES, 1.0])
    at = np.clip(below, 1, len(PROBABILITIES) - 1)
    row = np.arange(len(values))
    low, high = values[row, at - 1], values[row, at]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.clip((wanted[:, 0] - low) / (high - low), 0, 1)
    inside = ends[at] + np.nan_to_num(part, nan=1.0) * (ends[at + 1] - ends[at])
    # Where several quantiles are the same at an end, no amount lies beyond it.
    lowest, highest = values[:, 0] == values[:, 1], values[:, -1] == values[:, -2]
    beyond = ends[1] / 2
    outside = np.where(
        below == 0, np.where(lowest, 0.0, beyond), np.where(highest, 1.0, 1 - beyond)
    )
    reached = (below > 0) & (below < len(PROBABILITIES))
    chance = 1 - np.where(reached, inside, outside)
    return pd.Series(np.where(np.isnan(values).any(axis=1), np.nan, chance), quantiles.index)


def quantiles_of(draws: np.ndarray, index: pd.Index) -> pd.DataFrame:
    """The quantiles of drawn amounts: draws by row, amounts by column."""
    found = np.quantile(draws, PROBABILITIES, axis=0).T
    return pd.DataFrame(found, index=index, columns=PROBABILITIES)
