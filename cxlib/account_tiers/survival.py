"""How long accounts under contract stay: a risk of leaving for each year of the relationship.

Within a span of tenure the risk is constant; how large it is, and how it differs with the account's
size, follows from who left and who might have (the piecewise exponential model; Holford 1980,
*Biometrics* 36; Laird and Olivier 1981, *Journal of the American Statistical Association* 76).
Accounts that were there before the data began come into sight late, and count from then on.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm

from cxlib.errors import MissingData

# Spans of tenure begin at these years; neighbours are joined until each has seen so many leave.
SPANS = (0.0, 1.0, 2.0, 3.0, 5.0)
FEWEST_CHURNS = 10
# From so many on, the size of the account counts as well.
CHURNS_FOR_SIZE = 30


@dataclass(frozen=True, eq=False)
class LifeModel:
    """How likely accounts are to leave.

    Attributes:
        spans: A row per span of tenure: `start` (years), `risk` (of leaving, per year, of an
            account of the usual size), `low` and `high` (95%), `years` (seen) and `churns`.
        size_effect: By how much the logarithm of the risk moves per unit of the logarithm of the
            account's size; 0 where that cannot be worked out.
        usual: The logarithm of the usual size; `least` is the smallest that counts.
        least: See `usual`.
        churns: How many left.
        log_likelihood: Of the Poisson model of the same data.
    """

    spans: pd.DataFrame
    size_effect: float
    usual: float
    least: float
    churns: int
    log_likelihood: float


def fit_lives(lives: pd.DataFrame) -> LifeModel:
    """Fit the model.

    Args:
        lives: A row per account: `entered` and `left` (tenure in years at which it came into sight
            and left it), `churned` (1 if it left for good), `size` (any unit).

    Raises:
        MissingData: Too few accounts have left.
    """
    churns = int(lives.churned.sum())
    if churns < FEWEST_CHURNS:
        raise MissingData(
            f"at least {FEWEST_CHURNS} accounts must have left to tell how long they stay; "
            f"{churns} have"
        )
    starts = _starts(lives)
    years, left = exposure(lives, starts)
    positive = lives["size"][lives["size"] > 0]
    least = float(positive.min()) if len(positive) else 1.0
    logs = np.log(lives["size"].clip(lower=least).fillna(least).to_numpy(float))
    usual = float(logs.mean())
    account, span = np.nonzero(years > 0)
    design = np.eye(len(starts))[span]
    # Sizes that are all alike tell nothing, nor do few churns.
    if churns >= CHURNS_FOR_SIZE and logs.std() > 1e-9:
        design = np.column_stack([design, logs[account] - usual])
    found = sm.GLM(
        left[account, span], design, family=sm.families.Poisson(),
        offset=np.log(years[account, span]),
    ).fit()  # fmt: skip
    low, high = found.conf_int().T
    risks = [np.exp(each[: len(starts)]) for each in (found.params, low, high)]
    table = pd.DataFrame(
        {"start": starts, "risk": risks[0], "low": risks[1], "high": risks[2],
         "years": years.sum(axis=0), "churns": left.sum(axis=0)}
    )  # fmt: skip
    effect = float(found.params[len(starts)]) if design.shape[1] > len(starts) else 0.0
    return LifeModel(table, effect, usual, least, churns, float(found.llf))


def exposure(lives: pd.DataFrame, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Years that each account was seen in each span of tenure, and whether it left in it."""
    entered, left = (lives[name].to_numpy(float)[:, None] for name in ("entered", "left"))
    ends = np.append(starts[1:], np.inf)
    years = np.clip(np.minimum(left, ends) - np.maximum(entered, starts), 0, None)
    gone = (left > starts) & (left <= ends) & (lives.churned.to_numpy(float)[:, None] > 0)
    return years, gone.astype(float)


def cumulative_risk(
    model: LifeModel, tenure: np.ndarray, size: np.ndarray, ahead: np.ndarray
) -> np.ndarray:
    """Each account's risk of leaving, added up from now on; exp(−it) is the chance of staying.

    Args:
        model: The model.
        tenure, size: Of each account, as in `fit_lives`.
        ahead: Times ahead, in years.

    Returns:
        Accounts by row, times by column.
    """
    starts, risk = (model.spans[name].to_numpy() for name in ("start", "risk"))
    knots = np.concatenate([[0.0], np.cumsum(np.diff(starts) * risk[:-1])])

    def up_to(age: np.ndarray) -> np.ndarray:
        span = np.searchsorted(starts, age, side="right") - 1
        return knots[span] + (age - starts[span]) * risk[span]

    begun = np.clip(np.nan_to_num(np.asarray(tenure, dtype=float)), 0, None)[:, None]
    known = np.where(np.asarray(size, dtype=float) > model.least, size, model.least)
    factor = np.exp(model.size_effect * (np.log(known) - model.usual))
    return (up_to(begun + np.asarray(ahead)) - up_to(begun)) * factor[:, None]


def _starts(lives: pd.DataFrame) -> np.ndarray:
    """Spans of tenure in each of which enough accounts have left; the first begins at 0."""
    starts = list(SPANS)
    while len(starts) > 1:
        churns = exposure(lives, np.array(starts))[1].sum(axis=0)
        few = np.flatnonzero(churns < FEWEST_CHURNS)
        if not len(few):
            break
        # A span joins the one before it; the first, the one after it.
        starts.pop(max(int(few[0]), 1))
    return np.array(starts)
