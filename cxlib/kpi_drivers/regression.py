"""Regression whose errors allow for rows of one customer, or one account, being alike."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.measure.estimate import CONFIDENCE
from cxlib.measure.hidden_causes import robustness

# So often the signs of clusters are turned.
TURNS = 1_999
# So many clusters are worked on at once.
CHUNK = 2_000
# What keeps a system solvable where a level is known of one cluster alone.
RIDGE = 1e-10


@dataclass(frozen=True, eq=False)
class Fit:
    """A regression.

    Attributes:
        values: The coefficient of each column, without the constant.
        covariance: Of these.
        explained: R².
        freedom: The degrees of freedom: one less than there are clusters.
        table, score, clusters: The rows, with a constant first, the outcome, and whose each row is.
    """

    values: pd.Series
    covariance: pd.DataFrame
    explained: float
    freedom: int
    table: np.ndarray
    score: np.ndarray
    clusters: np.ndarray

    def interval(self, name: str) -> tuple[float, float, float]:
        """A coefficient with its interval."""
        value = float(self.values[name])
        reach = self._error(name) * stats.t.ppf(0.5 + CONFIDENCE / 2, self.freedom)
        return value, value - reach, value + reach

    def chance(self, names: list[str]) -> float:
        """The probability of coefficients so far from zero together, where all of them are zero.

        Of one, by Student's t. Of several, by turning the sign of what is left of whole clusters,
        once all else is known, by lot (wild cluster bootstrap; Cameron, Gelbach and Miller 2008,
        *Review of Economics and Statistics* 90): with many rare levels, any formula is too sure.
        """
        if len(names) == 1:
            away = abs(float(self.values[names[0]])) / max(self._error(names[0]), 1e-300)
            return float(2 * stats.t.sf(away, self.freedom))
        return self._turned(names)

    def _turned(self, names: list[str]) -> float:
        of_these = np.isin(["", *self.values.index], names)
        known = np.linalg.qr(self.table[:, ~of_these])[0]
        added = self.table[:, of_these]
        added = np.linalg.qr(added - known @ (known.T @ added))[0]
        left = self.score - known @ (known.T @ self.score)
        sums = pd.DataFrame(np.column_stack([known, added]) * left[:, None])
        sums = sums.groupby(self.clusters).sum().to_numpy()
        signs = np.random.default_rng(0).choice([-1.0, 1.0], (TURNS, len(sums)))
        moved = np.vstack([np.ones(len(sums)), signs]) @ sums
        told = (moved[:, known.shape[1] :] ** 2).sum(axis=1)
        rest = left @ left - (moved**2).sum(axis=1)
        strength = told / np.maximum(rest, 1e-12 * (left @ left))
        return float((1 + (strength[1:] >= strength[0] * (1 - 1e-9)).sum()) / (1 + TURNS))

    def _error(self, name: str) -> float:
        return float(np.sqrt(self.covariance.loc[name, name]))


def regress(design: pd.DataFrame, score: pd.Series, clusters: np.ndarray) -> Fit:
    """Least squares with errors by leaving out one cluster after the other.

    The jackknife over clusters (CR3; Bell and McCaffrey 2002, *Survey Methodology* 28) is a little
    too wide with few clusters or rare levels, where the usual sandwich is far too narrow.

    Args:
        design: A column per regressor; a constant is added.
        score: The outcome.
        clusters: Of each row, by number.
    """
    table = np.column_stack([np.ones(len(design)), design])
    products = table.T @ table
    values = np.linalg.lstsq(table, score.to_numpy(float), rcond=None)[0]
    residual = score.to_numpy(float) - table @ values
    moved = _moved(table, residual, clusters, products)
    count = len(moved)
    covariance = (count - 1) / count * moved.T @ moved
    spread = float(((score - score.mean()) ** 2).sum())
    names = list(design)
    return Fit(
        values=pd.Series(values[1:], names),
        covariance=pd.DataFrame(covariance[1:, 1:], names, names),
        explained=1 - float(residual @ residual) / spread,
        freedom=count - 1,
        table=table,
        score=score.to_numpy(float),
        clusters=clusters,
    )


def _moved(table, residual, clusters, products) -> np.ndarray:
    """By how much the coefficients move when a cluster is left out: a row for each."""
    order = np.argsort(clusters, kind="stable")
    rows, left = table[order], residual[order]
    starts = np.flatnonzero(np.diff(clusters[order], prepend=clusters[order][0] - 1))
    sums = np.add.reduceat(rows * left[:, None], starts)
    width = table.shape[1]
    ridge = RIDGE * np.diag(products).max() * np.eye(width)
    ends, moved = [*starts[1:], len(rows)], []
    for first in range(0, len(starts), CHUNK):
        places = range(first, min(first + CHUNK, len(starts)))
        own = np.array([rows[starts[n] : ends[n]].T @ rows[starts[n] : ends[n]] for n in places])
        some = sums[first : first + CHUNK]
        moved.append(np.linalg.solve(products - own + ridge, some[:, :, None])[:, :, 0])
    return np.concatenate(moved)


def hidden_cause(design: pd.DataFrame, names: list[str], score: pd.Series) -> float:
    """How strong a hidden cause would have to be to account for a driver (`hidden_causes.py`).

    Args:
        design: The columns of all drivers.
        names: Those of the driver.
        score: The outcome.

    Returns:
        The share that it would have to explain of what is left of both, from 0 to 1.
    """
    freedom = len(score) - design.shape[1] - 1
    with_it, without = (_left(each, score) for each in (design, design.drop(columns=names)))
    if freedom <= 1 or not with_it > 0:
        return 1.0
    return robustness(np.sqrt(max(without - with_it, 0.0) / (with_it / freedom)), freedom)


def _left(design: pd.DataFrame, score: pd.Series) -> float:
    """The sum of squares that a regression leaves."""
    columns = np.column_stack([np.ones(len(design)), design.to_numpy(float)])
    fitted = columns @ np.linalg.lstsq(columns, score.to_numpy(float), rcond=None)[0]
    return float(((score.to_numpy(float) - fitted) ** 2).sum())
