"""What each theme goes with: points of the score, in one model for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.measure import intervals
from cxlib.measure.contrast import FALSE_LINKS, Judged, adjusted_probabilities
from cxlib.measure.estimate import Estimate

# Of a theme in fewer texts of either side, nothing is said.
FEWEST = 20


@dataclass(frozen=True)
class Effect(Judged):
    """A theme's share of texts, and the points that go with it.

    Attributes:
        theme: What it is called.
        share: Of texts.
        effect: The score of texts with it less that of texts alike in all other themes; None where
            too few speak of it.
        points: What the mean score would be higher, were its texts like the others: effect × share.
        q: The probability of such an effect where there is none, for how many were looked at.
    """

    level = FALSE_LINKS
    theme: str
    share: Estimate
    effect: Estimate | None
    points: float
    q: float


@dataclass(frozen=True)
class Joint:
    """All themes in one model.

    Attributes:
        effects: The themes, the one that costs most points first.
        mean, rest: The mean score, and that of texts that speak of none.
        uncovered: The share of texts that speak of none.
    """

    effects: tuple[Effect, ...]
    mean: float
    rest: float
    uncovered: Estimate


def joint_effects(
    names: Sequence[str], found: np.ndarray, score: Sequence[float], unit: Sequence[str]
) -> Joint:
    """Points of the score that go with each theme, the others held equal.

    One linear model, since a text may speak of several themes: each theme's mean less that of all
    others counts shared points twice. Errors are clustered by account or customer.

    Args:
        names: The themes.
        found: Which text (row) speaks of which theme (column).
        score: Of each text.
        unit: The account or customer of each.
    """
    y, unit = np.asarray(score, dtype=float), pd.factorize(pd.Series(unit))[0]
    shares = [_share(found[:, k], unit) for k in range(found.shape[1])]
    often = found.sum(axis=0)
    used = [k for k in range(len(names)) if FEWEST <= often[k] <= len(y) - FEWEST]
    design = np.column_stack([np.ones(len(y)), *(found[:, k].astype(float) for k in used)])
    used = [k for k, place in zip(used, range(1, design.shape[1]), strict=True)
            if np.linalg.matrix_rank(design[:, : place + 1]) == place + 1]  # fmt: skip
    design = np.column_stack([np.ones(len(y)), *(found[:, k].astype(float) for k in used)])
    inverse = np.linalg.pinv(design.T @ design)
    beta = inverse @ design.T @ y
    pulls = (design * (y - design @ beta)[:, None]) @ inverse
    sums = np.zeros((unit.max() + 1, design.shape[1]))
    np.add.at(sums, unit, pulls)
    groups = len(sums)
    error = np.sqrt(np.diag(sums.T @ sums) * groups / max(groups - 1, 1))
    reach = intervals.quantile(max(groups - design.shape[1], 1)) * error
    # Of too few accounts or customers, no error can be told.
    if groups <= 2 * design.shape[1]:
        used = []
    known = {
        k: Estimate(beta[n], beta[n] - reach[n], beta[n] + reach[n], int(often[k]), "score")
        for n, k in enumerate(used, 1)
    }
    q = dict(zip(used, adjusted_probabilities(list(known.values())), strict=True))
    effects = [
        Effect(name, shares[k], known.get(k), known[k].value * found[:, k].mean() if k in known
               else 0.0, float(q.get(k, 1.0)))
        for k, name in enumerate(names)
    ]  # fmt: skip
    none = _share(~found.any(axis=1) if len(names) else np.ones(len(y), bool), unit)
    return Joint(tuple(sorted(effects, key=lambda each: each.points)), float(y.mean()),
                 float(beta[0]), none)  # fmt: skip


def _share(has: np.ndarray, unit: np.ndarray) -> Estimate:
    y, n = np.bincount(unit, has), np.bincount(unit)
    return Estimate(*intervals.share_of(y, n), int(n.sum()), "share")
