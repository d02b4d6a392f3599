"""Which words tell one kind of texts from another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.measure.contrast import FALSE_LINKS, Judged, adjust
from cxlib.voice.texts import words_in


@dataclass(frozen=True)
class Telling(Judged):
    """A word that one kind of customers uses more than another.

    Attributes:
        word: Which.
        one, other: Customers of either kind who use it.
        z: How far the log odds lie apart, in standard errors; above 0, `one` uses it more.
        q: The probability of so much where there is nothing, for how many were looked at.
    """

    level = FALSE_LINKS
    word: str
    one: int
    other: int
    z: float
    q: float


def log_odds(one: np.ndarray, other: np.ndarray, prior: float) -> np.ndarray:
    """How much more often one side uses each word, in standard errors.

    Log odds with an informative Dirichlet prior, which holds rare words back (Monroe, Colaresi and
    Quinn 2008, *Political Analysis* 16, equations 15, 16, 20 and 22).

    Args:
        one, other: How often either side uses each word.
        prior: How many words the prior is worth; they are spread as both sides use them.

    Examples:
        A prior of 10 adds 4 and 6, so that the first word has log(14/11) − log(6/19) = 1.3939, with
        the variance 1/14 + 1/6:

        >>> log_odds(np.array([10, 5]), np.array([2, 13]), 10.0).round(4).tolist()
        [2.8565, -3.679]
    """
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    alpha = prior * (one + other) / (one + other).sum()
    apart = np.zeros_like(one)
    for sign, counts in ((1, one), (-1, other)):
        mine = counts + alpha
        apart += sign * (np.log(mine) - np.log(counts.sum() + prior - mine))
    return apart / np.sqrt(1 / (one + alpha) + 1 / (other + alpha))


def telling_words(
    texts: Sequence[str], kind: Sequence[bool], customers: Sequence[str]
) -> tuple[Telling, ...]:
    """The words that tell one kind of texts from the other, the clearest first.

    Each customer counts once a word and kind.

    Args:
        texts: The texts.
        kind: Of each, whether it is of the first kind.
        customers: Who wrote each.
    """
    found, names = words_in(texts)
    kind, who = np.asarray(kind, dtype=bool), pd.factorize(pd.Series(customers))[0]
    if not len(names) or kind.all() or not kind.any():
        return ()
    sides = [_users(found[side], who[side]) for side in (kind, ~kind)]
    # As many words as both sides have is a prior that a shuffled side does not beat.
    z = log_odds(*sides, prior=float(len(names)))
    q = adjust(2 * stats.norm.sf(np.abs(z)))
    order = np.argsort(q, kind="stable")
    return tuple(
        Telling(str(names[k]), int(sides[0][k]), int(sides[1][k]), float(z[k]), float(q[k]))
        for k in order
    )


def _users(found, who: np.ndarray) -> np.ndarray:
    """How many customers use each word."""
    found = found.tocoo()
    pairs = np.unique(np.stack([who[found.row], found.col]), axis=1)
    return np.bincount(pairs[1], minlength=found.shape[1]).astype(float)
