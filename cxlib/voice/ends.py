"""Which scores are low, and which high."""

import numpy as np
import pandas as pd

from cxlib.data.config import Config
from cxlib.score_worth.groups import bands_of


def ends_of(config: Config, metric: pd.Series, score: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Which scores are low, and which high: detractors and promoters, bottom and top boxes."""
    bounds = {name: bands_of(config, name)[0] for name in config.scales}
    low, high = (metric.map({name: ends[place] for name, ends in bounds.items()}).astype(float)
                 for place in (0, -1))  # fmt: skip
    return (score < low).to_numpy(bool), (score >= high).to_numpy(bool)
