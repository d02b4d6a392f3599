"""How much a purchase of each customer is worth: the Gamma-Gamma model.

The amounts of one customer vary around a mean of their own as a gamma does, and that mean differs
between customers as an inverse gamma does (Fader and Hardie 2013, "The Gamma-Gamma model of
monetary value"). A customer with few purchases is taken to be more like the others than their own
mean says.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from cxlib.errors import MissingData

FEWEST_CUSTOMERS = 20
# With q at 1 or below, the mean of the amounts to come is infinite.
BOUNDS = [(-10.0, 10.0), (0.05, 10.0), (-10.0, 10.0)]


@dataclass(frozen=True, eq=False)
class SpendModel:
    """The parameters of the customers' amounts.

    Attributes:
        p: Shape of the amounts of one customer; their rate differs between customers.
        q, v: Shape and rate of the gamma by which it does.
        log_likelihood: At these parameters.
        customers: How many it was fitted to.
    """

    p: float
    q: float
    v: float
    log_likelihood: float
    customers: int

    @property
    def mean(self) -> float:
        """The mean amount of a customer of whom nothing is known; infinite if q is at most 1."""
        return self.v * self.p / (self.q - 1) if self.q > 1 else float("inf")


def fit_spend(histories: pd.DataFrame) -> SpendModel:
    """Fit the model by maximum likelihood, with the analytic gradient.

    Args:
        histories: A row per customer: `x` (how many purchases the mean is of) and `amount` (their
            mean). Customers without a purchase, or whose mean is not above zero, do not count.

    Raises:
        MissingData: There are too few customers to tell anything.
    """
    known = histories[(histories.x > 0) & (histories.amount > 0)]
    if len(known) < FEWEST_CUSTOMERS:
        raise MissingData(
            f"at least {FEWEST_CUSTOMERS} customers with purchases are needed to foretell amounts; "
            f"there are {len(known)}"
        )
    x, amount = known.x.to_numpy(float), known.amount.to_numpy(float)
    # In units of the mean amount all parameters are of the order of one.
    unit = float(amount.mean())
    best = minimize(
        _loss, np.zeros(3), args=(x, amount / unit), jac=True, method="L-BFGS-B", bounds=BOUNDS,
        options={"maxiter": 1_000, "ftol": 1e-13, "gtol": 1e-8},
    )  # fmt: skip
    p, q, v = (float(each) for each in np.exp(best.x))
    likelihood = float(-best.fun - len(known) * np.log(unit))
    return SpendModel(p, q, v * unit, likelihood, len(known))


def expected_amount(model: SpendModel, histories: pd.DataFrame) -> np.ndarray:
    """The mean amount of each customer's purchases to come.

    Args:
        model: The model.
        histories: As for `fit_spend`; a customer without a purchase is like all others.
    """
    x = histories.x.to_numpy(float)
    amount = np.where(x > 0, histories.amount.fillna(0.0).to_numpy(float), 0.0)
    return model.p * (model.v + x * amount) / (model.p * x + model.q - 1)


def draw_amounts(
    model: SpendModel, histories: pd.DataFrame, purchases: np.ndarray, seed: int = 0
) -> np.ndarray:
    """What each customer may spend on so many purchases.

    Args:
        model: The model.
        histories: As for `fit_spend`.
        purchases: How many: draws by row, customers by column.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    x = histories.x.to_numpy(float)
    amount = np.where(x > 0, histories.amount.fillna(0.0).to_numpy(float), 0.0)
    rate = rng.gamma(model.q + model.p * x, 1 / (model.v + x * amount), purchases.shape)
    return rng.gamma(np.maximum(model.p * purchases, 1e-300)) / rate * (purchases > 0)


def _loss(logs: np.ndarray, x: np.ndarray, amount: np.ndarray) -> tuple[float, np.ndarray]:
    """Minus the log-likelihood, and its gradient, in the logarithms of the parameters."""
    p, q, v = np.exp(logs)
    shape, spent = p * x, x * amount
    value = (
        gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(v)
        + (shape - 1) * np.log(amount) + shape * np.log(x) - (shape + q) * np.log(v + spent)
    )  # fmt: skip
    of_p = x * (digamma(shape + q) - digamma(shape) + np.log(spent) - np.log(v + spent))
    of_q = digamma(shape + q) - digamma(q) + np.log(v) - np.log(v + spent)
    of_v = q / v - (shape + q) / (v + spent)
    gradient = np.array([each.sum() for each in (of_p, of_q, of_v)]) * np.exp(logs)
    return -float(value.sum()), -gradient
