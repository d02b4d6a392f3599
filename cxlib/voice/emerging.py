"""Which themes are spoken of more than in the months before, beyond chance."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from cxlib.measure.contrast import Judged, adjust

FEWEST_MONTHS = 6
ALARM = 0.05
# What a theme could have grown to, unseen, is said for this chance of seeing it.
POWER = 0.80
MOST_SPREAD = 1e6


@dataclass(frozen=True)
class Emerging(Judged):
    """A theme in the latest month against those before.

    Attributes:
        theme: Which.
        now, usual: The share of texts in the latest month, and in those before.
        texts: How many of the latest month speak of it.
        q: The probability of so many where nothing has changed, for how many were looked at.
        visible: How many times the usual share would have been seen with 80% power.
    """

    level = ALARM
    theme: str
    now: float
    usual: float
    texts: int
    q: float
    visible: float


def find_emerging(months: pd.DataFrame, texts: pd.Series) -> tuple[Emerging, ...]:
    """Themes that are more frequent than before, the clearest first.

    The latest month's count is held against what the months before foretell: a beta-binomial, whose
    one dispersion is that of all themes together, since each has too few months for its own. A
    theme's own share is uncertain as well, which the beta's counts add (Skellam 1948, *JRSS B* 10).

    Args:
        months: A column per theme: how many texts speak of it, by month; the latest last.
        texts: How many texts there are, by month.
    """
    before, n = months.iloc[:-1], texts.iloc[:-1].to_numpy(float)
    if len(before) < FEWEST_MONTHS or not len(months.columns) or not texts.iloc[-1]:
        return ()
    strength = _strength(before.to_numpy(float), n)
    now, total = months.iloc[-1].to_numpy(float), float(texts.iloc[-1])
    share = (before.sum().to_numpy(float) + 0.5) / (n.sum() + 1)
    # Months are worth fewer texts than they have, where they differ by more than chance.
    worth = (n * (1 + strength) / (n + strength)).sum()
    known = 1 / (1 / strength + 1 / worth)
    a, b = share * known, (1 - share) * known
    p = stats.betabinom.sf(now - 1, total, a, b)
    q = adjust(p)
    limit = stats.betabinom.isf(ALARM / len(share), total, a, b) + 1
    found = [
        Emerging(str(name), now[k] / total, float(share[k]), int(now[k]), float(q[k]),
                 _visible(limit[k], total, share[k], strength))
        for k, name in enumerate(months.columns)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda each: each.q))


def _strength(counts: np.ndarray, n: np.ndarray) -> float:
    """The common dispersion: how many texts a theme's share is worth (the larger, the steadier)."""
    share = (counts.sum(axis=0) + 0.5) / (n.sum() + 1)

    def surprise(log: float) -> float:
        strength = np.exp(log)
        a, b = share * strength, (1 - share) * strength
        return -stats.betabinom.logpmf(counts, n[:, None], a, b).sum()

    best = optimize.minimize_scalar(surprise, bounds=(0, np.log(MOST_SPREAD)), method="bounded")
    # The shares are fitted to the same months, which leaves them steadier than they are.
    return float(np.exp(best.x)) * (len(n) - 1) / len(n)


def _visible(limit: float, total: float, share: float, strength: float) -> float:
    """How many times the usual share would have passed the limit with 80% power."""
    for times in np.arange(1.1, 10.01, 0.1):
        raised = min(share * times, 0.99)
        chance = stats.betabinom.sf(limit - 1, total, raised * strength, (1 - raised) * strength)
        if chance >= POWER:
            return float(times)
    return float("inf")
