"""Journeys as a chain of steps: what each step is worth, and what a path costs until it ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

START, REACHED, LOST = "(start)", "(reached)", "(lost)"


@dataclass(frozen=True)
class Removal:
    """What is lost without a step.

    Attributes:
        reached: The share of paths that reach their end.
        effects: By step, the share of these that would not, if whoever comes to it were lost.
    """

    reached: float
    effects: Mapping[str, float]


def removal_effects(paths: Sequence[tuple[Sequence[str], bool, float]]) -> Removal:
    """The removal effect of each step in an absorbing chain.

    Steps follow one another as often as they are seen to (a chain of the first order); without a
    step, all who came to it are lost (Anderl, Becker, von Wangenheim and Schumann 2016,
    *International Journal of Research in Marketing* 33).

    Args:
        paths: The steps of a path, whether it reached its end, and how many such paths there are.

    Examples:
        >>> found = removal_effects([("G", True, 2), ("M", True, 1), ("GM", True, 1),
        ...                          ("G", False, 1)])
        >>> round(found.reached, 6), {name: round(each, 6) for name, each in found.effects.items()}
        (0.8, {'G': 0.75, 'M': 0.5})
    """
    steps = list(dict.fromkeys(step for path, *_ in paths for step in path))
    names = [START, *steps, REACHED, LOST]
    place = {name: number for number, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)))
    for path, reached, count in paths:
        walk = [START, *path, REACHED if reached else LOST]
        for one, other in pairwise(walk):
            counts[place[one], place[other]] += count
    whole = _share_reached(counts, ())
    effects = {
        step: 1 - _share_reached(counts, (place[step],)) / whole if whole else 0.0 for step in steps
    }
    return Removal(whole, effects)


def _share_reached(counts: np.ndarray, lost: Sequence[int]) -> float:
    """The share of paths that reach the last but one state, with some states lost."""
    moves = counts[:-2].copy()
    moves[:, -1] += moves[:, list(lost)].sum(axis=1)
    moves[:, list(lost)] = 0
    moves[list(lost)] = 0
    moves /= np.maximum(moves.sum(axis=1, keepdims=True), 1e-300)
    inner = np.eye(len(moves)) - moves[:, :-2]
    return float(np.linalg.solve(inner, moves[:, -2])[0])


def expected_cost(moves: np.ndarray, costs: Sequence[float]) -> np.ndarray:
    """What a path costs on the whole, by the step in which it begins.

    The fundamental matrix of an absorbing chain says how often each step is met (Kemeny and Snell
    1960, *Finite Markov Chains*, ch. 3).

    Args:
        moves: The probability of each step (column) after each (row); what is left of 1, it ends.
        costs: Of each step.

    Examples:
        One contact in ten becomes a complaint, of these one in twenty goes to an outside body, and
        of these one in five becomes a small claim:

        >>> ladder = np.diag([0.10, 0.05, 0.20], 1)
        >>> round(float(expected_cost(ladder, [1, 1, 16, 27])[0]), 4)
        1.207
        >>> round(float(expected_cost(ladder, [1, 1, 6, 12])[0]), 4)
        1.142
    """
    return np.linalg.solve(np.eye(len(moves)) - moves, np.asarray(costs, dtype=float))
