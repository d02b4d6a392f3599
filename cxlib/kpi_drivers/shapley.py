"""How much of an outcome each driver explains: exact Shapley shares of R², from covariances.

The share of a driver is what it adds to R², averaged over every order in which the drivers could
have been entered (LMG: Lindeman, Merenda and Gold 1980; Grömping 2006, *Journal of Statistical
Software* 17). It is the Shapley value of the game whose worth is R², and the shares add up to R².
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

# The subsets of so many groups of drivers are all looked at; beyond, shares are approximated.
MOST_EXACT = 20
# What is left of a driver's variance once others are known is rounding below this share of it.
ROUNDING = 1e-10
# So many numbers are worked on at once when there are many covariances.
AT_ONCE = 4_000_000


@dataclass(frozen=True, eq=False)
class Shares:
    """How an outcome's explained variance is divided among its drivers.

    Attributes:
        explained: R² with all drivers.
        shares: The Shapley share of each group of drivers; they add up to `explained`.
        first: R² of each group alone.
        last: What each group adds to all the others.
        exact: Whether the shares are exact, or Johnson's relative weights.
    """

    explained: float
    shares: np.ndarray
    first: np.ndarray
    last: np.ndarray
    exact: bool


def divide(covariance: np.ndarray, groups: Sequence[Sequence[int]]) -> Shares:
    """Divide R² among groups of drivers.

    Args:
        covariance: Of the drivers and the outcome, which comes last.
        groups: The columns of each driver: one for a number, several for a category.
    """
    exact = len(groups) <= MOST_EXACT
    worth = explained_by_subsets(covariance[None], groups)[0] if exact else None
    if not exact:
        return _relative_weights(covariance, groups)
    everything = len(worth) - 1
    bits = 1 << np.arange(len(groups))
    return Shares(
        explained=float(worth[-1]),
        shares=shapley(worth[None])[0],
        first=worth[bits],
        last=worth[-1] - worth[everything - bits],
        exact=True,
    )


def shares_of_many(covariances: np.ndarray, groups: Sequence[Sequence[int]]) -> np.ndarray:
    """The exact shares under many covariances, such as those of resamples: a row for each."""
    size = max(AT_ONCE >> len(groups), 1)
    parts = [
        shapley(explained_by_subsets(covariances[start : start + size], groups))
        for start in range(0, len(covariances), size)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, len(groups)))


def explained_by_subsets(covariances: np.ndarray, groups: Sequence[Sequence[int]]) -> np.ndarray:
    """R² of every subset of drivers, under each of many covariances.

    Drivers are swept in one after another: whatever is left of the covariance of the others is
    halved into what it is without the driver and with it. So each subset costs a few numbers,
    instead of a regression.

    Args:
        covariances: Covariance by row and column; the outcome comes last.
        groups: The columns of each driver.

    Returns:
        A row for each covariance; in it, the R² of subset `s` at place `s`, where bit `g` of `s`
        says whether group `g` is in it.
    """
    order = [column for group in groups for column in group]
    order.append(covariances.shape[-1] - 1)
    left = covariances[:, order][:, :, order].astype(float)[:, None]
    total = left[..., -1, -1].copy()
    size = np.einsum("...ii->...i", covariances)[:, order].copy()
    for group in groups:
        width = len(group)
        known, rest = left[..., :width, :width], left[..., width:, width:]
        cross = left[..., :width, width:]
        taken = rest - _told(known, cross, size[:, :width])
        left = np.concatenate([rest, taken], axis=1)
        size = size[:, width:]
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1 - left[..., 0, 0] / total


def shapley(worth: np.ndarray) -> np.ndarray:
    """Shapley values of games, from the worth of every coalition.

    Args:
        worth: A row per game; the worth of coalition `s` at place `s`, as in
            `explained_by_subsets`.

    Examples:
        >>> shapley(np.array([[0.0, 0.3, 0.5, 0.6]]))
        array([[0.2, 0.4]])
    """
    games, coalitions = worth.shape
    players = coalitions.bit_length() - 1
    others = np.array([bin(each).count("1") for each in range(coalitions // 2)])
    weight = np.array([1 / (players * comb(players - 1, size)) for size in range(players)])[others]
    values = []
    for player in range(players):
        pairs = worth.reshape(games, coalitions >> (player + 1), 2, 1 << player)
        added = (pairs[:, :, 1] - pairs[:, :, 0]).reshape(games, -1)
        values.append(added @ weight)
    return np.stack(values, axis=1)


def _told(known: np.ndarray, cross: np.ndarray, size: np.ndarray) -> np.ndarray:
    """What drivers tell of the others' covariance; nothing, where nothing of them is left."""
    if known.shape[-1] == 1:
        own = known[..., 0, 0]
        some = own > ROUNDING * size[:, None, 0]
        scaled = np.where(some, 1 / np.where(some, own, 1), 0)
        return cross.swapaxes(-1, -2) * scaled[..., None, None] @ cross
    values, vectors = np.linalg.eigh(known)
    some = values > ROUNDING * size.max(axis=-1)[:, None, None]
    scaled = np.where(some, 1 / np.where(some, values, 1), 0)
    turned = vectors.swapaxes(-1, -2) @ cross
    return turned.swapaxes(-1, -2) @ (scaled[..., None] * turned)


def _relative_weights(covariance: np.ndarray, groups: Sequence[Sequence[int]]) -> Shares:
    """Johnson's relative weights, which come close to the shares at any number of drivers.

    Johnson 2000, *Multivariate Behavioral Research* 35: the outcome is regressed on the
    orthogonal variables nearest to the drivers, and what these explain is handed back.
    """
    scale = np.sqrt(np.diag(covariance))
    # A rare level may be in none of the rows of a resample.
    inverse = np.where(scale > 0, 1 / np.where(scale > 0, scale, 1), 0)
    correlation = covariance * np.outer(inverse, inverse)
    values, vectors = np.linalg.eigh(correlation[:-1, :-1])
    some = values > ROUNDING
    root = vectors * np.sqrt(np.where(some, values, 0)) @ vectors.T
    inverse = vectors * np.where(some, 1 / np.sqrt(np.where(some, values, 1)), 0) @ vectors.T
    path = inverse @ correlation[:-1, -1]
    weights = root**2 @ path**2
    pick = [np.array(list(group)) for group in groups]
    explained = float(weights.sum())
    own = np.array([_r_squared(correlation, each) for each in pick])
    every = np.concatenate(pick)
    without = np.array([_r_squared(correlation, np.setdiff1d(every, each)) for each in pick])
    shares = np.array([weights[each].sum() for each in pick])
    return Shares(explained, shares, own, explained - without, exact=False)


def _r_squared(correlation: np.ndarray, columns: np.ndarray) -> float:
    within = correlation[np.ix_(columns, columns)]
    cross = correlation[columns, -1]
    return float(cross @ np.linalg.pinv(within, rcond=ROUNDING, hermitian=True) @ cross)
