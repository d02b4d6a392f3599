"""How often customers who are under no contract will buy again: the BG/NBD model.

A customer buys at a rate of their own, which differs between customers as a gamma does; after any
purchase they may be gone for good, with a probability of their own, which differs as a beta does
(Fader, Hardie and Lee 2005, *Marketing Science* 24). Nobody says when they leave: the longer the
silence after many purchases, the likelier it is that they have.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import betaincinv, betaln, digamma, expit, gammaln, hyp2f1

from cxlib.errors import MissingData

FEWEST_CUSTOMERS, FEWEST_REPEATERS = 50, 20
# Beyond these, a parameter says only that customers do not differ.
BOUNDS = [(-9.0, 9.0)] * 4
STEP = 1e-4
LARGE = 50.0
# Equally likely values of what differs between customers.
LIKELY = (np.arange(400) + 0.5) / 400


@dataclass(frozen=True, eq=False)
class PurchaseModel:
    """The parameters of the customers' purchase rates and of their leaving.

    Attributes:
        r, alpha: Shape and rate of the gamma: a rate of r / alpha per unit of time on average.
        a, b: Of the beta: a share a / (a + b) of customers leaves after a purchase, on average.
        errors: The standard errors of the logarithms of the four, from the Hessian; NaN where it is
            not definite.
        log_likelihood: At these parameters.
        customers: How many it was fitted to.
    """

    r: float
    alpha: float
    a: float
    b: float
    errors: tuple[float, float, float, float]
    log_likelihood: float
    customers: int


def fit_purchases(histories: pd.DataFrame) -> PurchaseModel:
    """Fit the model by maximum likelihood, with the analytic gradient.

    Args:
        histories: A row per customer: `x` (purchases after the first), `t_x` (from the first
            purchase to the last) and `T` (from the first purchase to the end of what is seen), in
            one unit of time.

    Raises:
        MissingData: There are too few customers, or too few who bought again, to tell anything.
    """
    repeaters = int((histories.x > 0).sum())
    if len(histories) < FEWEST_CUSTOMERS or repeaters < FEWEST_REPEATERS:
        raise MissingData(
            f"at least {FEWEST_CUSTOMERS} customers, {FEWEST_REPEATERS} of whom bought again, are "
            f"needed to foretell purchases; there are {len(histories)} and {repeaters}"
        )
    x, t_x, until = (histories[name].to_numpy(float) for name in ("x", "t_x", "T"))
    # In units of a mean history all parameters are of the order of one.
    unit = float(until.mean())
    told = _tell(x, t_x / unit, until / unit)
    best = minimize(
        _loss, np.zeros(4), args=(told,), jac=True, method="L-BFGS-B", bounds=BOUNDS,
        options={"maxiter": 1_000, "ftol": 1e-13, "gtol": 1e-7},
    )  # fmt: skip
    r, alpha, a, b = (float(each) for each in np.exp(best.x))
    # Time in another unit moves the density of each purchase.
    likelihood = float(-best.fun - x.sum() * np.log(unit))
    errors = tuple(_errors(best.x, told).tolist())
    return PurchaseModel(r, alpha * unit, a, b, errors, likelihood, len(histories))


def alive(model: PurchaseModel, histories: pd.DataFrame) -> np.ndarray:
    """The probability that each customer has not left.

    Args:
        model: The model.
        histories: As for `fit_purchases`.
    """
    x, t_x, until = (histories[name].to_numpy(float) for name in ("x", "t_x", "T"))
    later = (model.r + x) * np.log((model.alpha + until) / (model.alpha + t_x))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        odds = np.exp(np.log(model.a) - np.log(model.b + x - 1) + later)
    return np.where(x > 0, 1 / (1 + odds), 1.0)


def expected_purchases(model: PurchaseModel, histories: pd.DataFrame, horizon: float) -> np.ndarray:
    """How many purchases each customer will make, on average, over a time to come.

    Args:
        model: The model.
        histories: As for `fit_purchases`.
        horizon: How long, in the same unit.
    """
    x, until = (histories[name].to_numpy(float) for name in ("x", "T"))
    with np.errstate(all="ignore"):
        told = _by_series(model, x, until, horizon)
    # Where customers hardly differ, the series leaves the range of double precision.
    lost = ~(np.isfinite(told) & (told >= 0) & (told <= (model.r + x) * horizon))
    if model.a > LARGE or model.b > LARGE:
        lost = np.ones(len(x), dtype=bool)
    if lost.any():
        told[lost] = _by_sum(model, x[lost], until[lost], horizon)
    return told * alive(model, histories)


def _by_sum(model: PurchaseModel, x: np.ndarray, until: np.ndarray, horizon: float) -> np.ndarray:
    """Expected purchases of customers who have not left, summed over equally likely ways to leave.

    One who leaves with probability p after a purchase makes (1 − exp(−λpt)) / p of them; the rate λ
    is integrated out.
    """
    found = np.empty(len(x))
    for count in np.unique(x):
        mine = x == count
        leaves = np.maximum(betaincinv(model.a, model.b + count, LIKELY), 1e-12)
        share = leaves * horizon / (model.alpha + until[mine])[:, None]
        found[mine] = (-np.expm1(-(model.r + count) * np.log1p(share)) / leaves).mean(axis=1)
    return found


def _by_series(
    model: PurchaseModel, x: np.ndarray, until: np.ndarray, horizon: float
) -> np.ndarray:
    """Expected purchases of customers who have not left, by the paper's series."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    if abs(a - 1) < 1e-6:
        a += 1e-5  # the formula divides by a − 1; its limit is there
    # The paper's hypergeometric series after Euler's transformation, which holds for any number of
    # purchases; and after Pfaff's, which holds where customers hardly differ, and r is large.
    share = horizon / (alpha + until + horizon)
    if r < LARGE:
        stays = (1 - share) ** (a - 1) * hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, share)
    else:
        stays = hyp2f1(r + x, a - 1, a + b + x - 1, -horizon / (alpha + until))
    return (a + b + x - 1) / (a - 1) * (1 - stays)


def draw_purchases(
    model: PurchaseModel, histories: pd.DataFrame, horizon: float, draws: int, seed: int = 0
) -> np.ndarray:
    """Purchases that each customer may make: draws by row, customers by column.

    Who has not left buys at a rate from a gamma(r + x, alpha + T), and leaves after each purchase
    with a probability from a beta(a, b + x); both follow from the likelihood.

    Args:
        model: The model.
        histories: As for `fit_purchases`.
        horizon: How long, in the same unit.
        draws: How many.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    x, until = (histories[name].to_numpy(float) for name in ("x", "T"))
    size = (draws, len(x))
    stays = rng.random(size) < alive(model, histories)
    rate = rng.gamma(model.r + x, 1 / (model.alpha + until), size)
    leaves = np.maximum(rng.beta(model.a, model.b + x, size), 1e-12)
    before_leaving = rng.geometric(leaves)
    return stays * np.minimum(rng.poisson(rate * horizon), before_leaving)


def likely_range(counts: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """The range of counts whose probability comes nearest to a confidence.

    Counts are few and whole, so that the usual quantiles hold more than they say; here either end
    gives up a count where that comes nearer. A customer who has all but gone buys nothing with a
    probability above any confidence.

    Args:
        counts: Draws by row, customers by column.
        confidence: Of the range.

    Returns:
        The lowest and the highest count of each customer.
    """
    tail = (1 - confidence) / 2
    low, high = np.quantile(counts, [tail, 1 - tail], axis=0, method="inverted_cdf")
    best = np.full(counts.shape[1], np.inf)
    lowest, highest = low, high
    for up, down in ((0, 0), (1, 0), (0, 1), (1, 1)):
        one, other = low + up, high - down
        held = ((counts >= one) & (counts <= other)).mean(axis=0)
        off = np.where(one <= other, np.abs(held - confidence), np.inf)
        better = off < best
        best = np.where(better, off, best)
        lowest, highest = np.where(better, one, lowest), np.where(better, other, highest)
    return lowest, highest


@dataclass(frozen=True, eq=False)
class _Told:
    """Histories as the likelihood needs them.

    Attributes:
        counts: The numbers of repeat purchases that occur, and `times`, how often each does.
        once: Until when those who never bought again were seen.
        x, t_x, until: Of those who did; `place` is where their x stands among the counts.
    """

    counts: np.ndarray
    times: np.ndarray
    once: np.ndarray
    x: np.ndarray
    t_x: np.ndarray
    until: np.ndarray
    place: np.ndarray


def _tell(x: np.ndarray, t_x: np.ndarray, until: np.ndarray) -> _Told:
    counts, place, times = np.unique(x, return_inverse=True, return_counts=True)
    again = x > 0
    return _Told(counts, times, until[~again], x[again], t_x[again], until[again], place[again])


def _loss(logs: np.ndarray, told: _Told) -> tuple[float, np.ndarray]:
    """Minus the log-likelihood, and its gradient, in the logarithms of the parameters.

    What depends on the number of purchases alone is worked out once for each number.
    """
    r, alpha, a, b = np.exp(logs)
    counts, times = told.counts, told.times
    value = (times * (gammaln(r + counts) - gammaln(r) + r * np.log(alpha)
                      + betaln(a, b + counts) - betaln(a, b))).sum()  # fmt: skip
    of_r = (times * (digamma(r + counts) - digamma(r) + np.log(alpha))).sum()
    of_alpha = times.sum() * r / alpha
    both = times * (digamma(a + b) - digamma(a + b + counts))
    of_a, of_b = both.sum(), (both + times * (digamma(b + counts) - digamma(b))).sum()
    # Those who never bought again are all still there, as far as the model knows.
    silent = np.log(alpha + told.once).sum()
    value, of_r = value - r * silent, of_r - silent
    of_alpha -= r * (1 / (alpha + told.once)).sum()
    last = (b + counts - 1)[told.place]
    rate, until, t_x = r + told.x, np.log(alpha + told.until), np.log(alpha + told.t_x)
    gone = np.log(a) - np.log(last) + rate * (until - t_x)
    value += (np.logaddexp(0.0, gone) - rate * until).sum()
    left = expit(gone)
    of_r -= (until - left * (until - t_x)).sum()
    of_alpha -= (rate * ((1 - left) / (alpha + told.until) + left / (alpha + told.t_x))).sum()
    of_a, of_b = of_a + left.sum() / a, of_b - (left / last).sum()
    return -float(value), -np.array([of_r, of_alpha, of_a, of_b]) * np.exp(logs)


def _errors(logs: np.ndarray, told: _Told) -> np.ndarray:
    """Standard errors of the logarithms, from differences of the gradient."""
    steps = STEP * np.eye(len(logs))
    rows = [(_loss(logs + step, told)[1] - _loss(logs - step, told)[1]) for step in steps]
    hessian = np.array(rows) / (2 * STEP)
    hessian = (hessian + hessian.T) / 2
    if (np.linalg.eigvalsh(hessian) <= 0).any():
        return np.full(len(logs), np.nan)
    return np.sqrt(np.diag(np.linalg.inv(hessian)))
