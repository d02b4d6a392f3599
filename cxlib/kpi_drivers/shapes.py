"""Drivers that work otherwise than by more and less: in the middle, or only together."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.measure.contrast import adjust

# A turn or a pair makes a driver harder to read, and so has to be surer than a driver itself.
SURE = 0.01
# A number of fewer values has no middle.
FEWEST_VALUES = 5
# A turn counts where it lies among most answers; further out, more is more and less is less.
TURNS_WITHIN = (0.1, 0.9)
# So much of what is left of the score must go with two drivers together, for it to be worth a word.
WORTH_A_WORD = 0.005


@dataclass(frozen=True)
class Shapes:
    """What drivers do besides more and less.

    Attributes:
        turned: Those whose direction changes among the answers, as where both too little and too
            much is bad.
        together: Pairs of which one matters more where there is more of the other.
    """

    turned: tuple[str, ...]
    together: tuple[tuple[str, str], ...]


def find_shapes(
    designs: Mapping[str, pd.DataFrame], score: pd.Series, clusters: np.ndarray
) -> Shapes:
    """Which drivers turn, and which work together, beyond chance.

    The square of each number and the product of each two are asked whether they go with what all
    drivers leave of the score (a score test by clusters), allowing for how many were looked at
    (Benjamini and Hochberg 1995).

    Args:
        designs: The columns of each driver; only those of a single column are looked at.
        score: The outcome.
        clusters: Whose each answer is, by number.
    """
    single = {name: each[name] for name, each in designs.items() if list(each) == [name]}
    single = {name: (each - each.mean()) / each.std() for name, each in single.items()}
    numbers = [name for name, each in single.items() if each.nunique() >= FEWEST_VALUES]
    pairs = list(combinations(single, 2))
    terms = [single[name] ** 2 for name in numbers]
    terms += [single[one] * single[other] for one, other in pairs]
    if not terms:
        return Shapes((), ())
    design = np.column_stack([np.ones(len(score)), *(each for each in designs.values())])
    basis = np.linalg.qr(design)[0]
    left = score.to_numpy(float) - basis @ (basis.T @ score.to_numpy(float))
    added = np.column_stack(terms)
    added = added - basis @ (basis.T @ added)
    found = adjust(_chances(added * left[:, None], clusters)) < SURE
    sizes = (added**2).sum(axis=0)
    slopes = (added * left[:, None]).sum(axis=0) / np.maximum(sizes, 1e-12)
    told = slopes**2 * sizes / max(left @ left, 1e-12)
    turned = [
        name
        for place, name in enumerate(numbers)
        if found[place] and _turns(name, single[name], designs, score)
    ]
    together = [
        pair
        for place, pair in enumerate(pairs, len(numbers))
        if found[place] and told[place] > WORTH_A_WORD and not set(pair) & set(turned)
    ]
    return Shapes(tuple(turned), tuple(together))


def _chances(products: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """The probability of sums so far from zero, where rows of a cluster may be alike."""
    sums = pd.DataFrame(products).groupby(clusters).sum().to_numpy()
    spread = np.sqrt((sums**2).sum(axis=0))
    away = np.abs(sums.sum(axis=0)) / np.where(spread > 0, spread, np.inf)
    return 2 * stats.t.sf(away, max(len(sums) - 1, 1))


def _turns(name: str, values: pd.Series, designs: Mapping, score: pd.Series) -> bool:
    """Whether the score rises on one side of a value in the middle, and falls on the other."""
    others = [each for other, each in designs.items() if other != name]
    table = np.column_stack([np.ones(len(score)), values, values**2, *others])
    slope, bend = np.linalg.lstsq(table, score.to_numpy(float), rcond=None)[0][1:3]
    low, high = values.quantile(list(TURNS_WITHIN))
    return bool(bend and low < -slope / (2 * bend) < high)
