"""What those who do not answer could do to a score, and which accounts have gone silent."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.stats.multitest import multipletests
from statsmodels.tools import add_constant

from cxlib.analysis.change import FALSE_DISCOVERIES, adjusted_probabilities, difference
from cxlib.measure import intervals
from cxlib.measure.estimate import Estimate
from cxlib.measure.invitations import COUNTS, OTHERS

FEWEST_CUSTOMERS = 10
# A level of an attribute with fewer answers, or fewer unanswered invitations, tells no rate.
FEWEST_OF_EACH = 10
# No answer stands for more than so many times the invitations that a usual one stands for.
LARGEST_WEIGHT = 5.0


@dataclass(frozen=True)
class ResponseRate:
    """How often a group answers, against everyone else.

    Attributes:
        by, group: The column and its value.
        rate: Share of the group's invitations that were answered.
        gap: The rate less that of all others.
        q: Probability of so large a gap where there is none, adjusted for the number of groups.
    """

    by: str
    group: str
    rate: Estimate
    gap: Estimate
    q: float

    @property
    def detected(self) -> bool:
        """Whether the group answers more or less often than others beyond chance."""
        return self.q < FALSE_DISCOVERIES


@dataclass(frozen=True)
class Weighed:
    """A score as it stands, and as it might stand had everybody answered.

    Attributes:
        invited, answered: Invitations, and answers to them.
        score: The mean of the answers.
        weighed: The same with each answer standing for those like it who did not answer; None
            where nothing is known of them.
        moved: weighed less score; None likewise.
        by: The attributes by which invitations were called alike.
        worst, best: The score if all who did not answer had given the worst, or the best, answer.
        problem: Why nothing can be said; empty where something can.
    """

    invited: int
    answered: int
    score: Estimate | None
    weighed: Estimate | None
    moved: Estimate | None
    by: tuple[str, ...]
    worst: float
    best: float
    problem: str = ""


def response_rates(counts: pd.DataFrame) -> tuple[ResponseRate, ...]:
    """How often each group answers, by every attribute; those that stand out first.

    Args:
        counts: customer_id, a column per attribute, invited, answered; as `invitations.invited`
            gives them. Groups of few customers are left out.
    """
    found = []
    for by in _attributes(counts):
        for group in sorted(counts[by].unique()):
            sides = [counts[counts[by] == group], counts[counts[by] != group]]
            if min(side.customer_id.nunique() for side in sides) < FEWEST_CUSTOMERS:
                continue
            rate, others = (_rate(side) for side in sides)
            found.append((by, group, rate, difference(rate, others)))
    q = adjusted_probabilities([gap for *_, gap in found])
    rates = [ResponseRate(*each, float(p)) for each, p in zip(found, q, strict=True)]
    return tuple(sorted(rates, key=lambda each: (each.q, each.by, each.group)))


def weigh(counts: pd.DataFrame, worst: float, best: float, unit: str = "points") -> Weighed:
    """What a score would be had everybody answered as those like them did, and its bounds.

    How likely an invitation is to be answered is told from the attributes by a logistic
    regression; each answer counts with one over that probability (response propensity weights;
    Little 1986, *International Statistical Review* 54). The bounds assume nothing (Manski 1989,
    *Journal of Human Resources* 24). Intervals allow for customers who answered several times.

    Args:
        counts: As for `response_rates`, with points (the sum of the answers').
        worst, best: What the worst and the best answer is worth.
        unit: Of the score.
    """
    invited, answered = int(counts.invited.sum()), int(counts.answered.sum())
    customers = counts[counts.answered > 0].customer_id.nunique()
    if customers < FEWEST_CUSTOMERS:
        problem = (
            f"answers of at least {FEWEST_CUSTOMERS} customers are needed; there are {customers}"
        )
        return Weighed(invited, answered, None, None, None, (), np.nan, np.nan, problem)
    silent = invited - answered
    bounds = [float(counts.points.sum() + silent * each) / invited for each in (worst, best)]
    even = np.ones(len(counts))
    score = _mean(counts, even, unit)
    used = {name: _pooled(counts, name) for name in _attributes(counts)}
    used = {name: levels for name, levels in used.items() if levels.nunique() > 1}
    if not used or not silent:
        return Weighed(invited, answered, score, None, None, (), *bounds)
    weights = _weights(counts, pd.DataFrame(used))
    return Weighed(
        invited,
        answered,
        score,
        _mean(counts, weights, unit),
        _moved(counts, weights, unit),
        tuple(used),
        *bounds,
    )


def gone_silent(activity: pd.DataFrame) -> pd.DataFrame:
    """Accounts that made contact, or answered, in the year before, and now no longer do.

    How likely it is that an account happens to make no contact in a quarter follows from its
    contacts of the year before and from how accounts differ (a gamma-Poisson model); that it
    answers none of its invitations, from its answers of the year before (a beta-binomial model).
    Accounts are called silent where that is unlikely, given how many accounts were looked at
    (Benjamini and Hochberg 1995).

    Args:
        activity: As `invitations.account_activity` gives it.

    Returns:
        Indexed by `account_id`, the least likely first: `silence` (contact or answer), `p`, `q`.
    """
    found = []
    for silence, p in (("contact", _no_contact(activity)), ("answer", _no_answer(activity))):
        if len(p):
            q = pd.Series(multipletests(p, method="fdr_bh")[1], p.index)
            found.append(pd.DataFrame({"silence": silence, "p": p, "q": q})[q < FALSE_DISCOVERIES])
    columns = ["silence", "p", "q"]
    if not found:
        return pd.DataFrame(columns=columns, index=activity.index[:0])
    return pd.concat(found).rename_axis("account_id").sort_values(["q", "p"], kind="stable")


def _attributes(counts: pd.DataFrame) -> list[str]:
    return [name for name in counts if name not in ("customer_id", *COUNTS)]


def _rate(counts: pd.DataFrame) -> Estimate:
    by_customer = counts.groupby("customer_id")[["answered", "invited"]].sum()
    value, low, high = intervals.share_of(by_customer.answered, by_customer.invited)
    return Estimate(value, low, high, by_customer.invited.sum(), "share")


def _pooled(counts: pd.DataFrame, name: str) -> pd.Series:
    """An attribute's levels; those that tell no rate of their own together are one.

    If they tell none even together, they go with the most frequent level.
    """
    sums = counts.groupby(name)[["invited", "answered"]].sum()
    rare = sums[_tells_no_rate(sums)]
    home = OTHERS
    if len(rare) < len(sums) and _tells_no_rate(rare.sum().to_frame().T).any():
        home = sums.drop(rare.index).invited.idxmax()
    return counts[name].where(~counts[name].isin(rare.index), home)


def _tells_no_rate(sums: pd.DataFrame) -> pd.Series:
    silent = sums.invited - sums.answered
    return sums.answered.lt(FEWEST_OF_EACH) | silent.lt(FEWEST_OF_EACH)


def _weights(counts: pd.DataFrame, levels: pd.DataFrame) -> np.ndarray:
    """One over the probability of an answer, relative to the mean over the answers."""
    dummies = pd.get_dummies(levels, drop_first=True, dtype=float)
    outcomes = np.column_stack([counts.answered, counts.invited - counts.answered])
    fit = GLM(outcomes, add_constant(dummies), family=Binomial()).fit()
    weights = 1 / np.asarray(fit.fittedvalues)
    weights *= counts.answered.sum() / (weights * counts.answered).sum()
    return weights.clip(max=LARGEST_WEIGHT)


def _mean(counts: pd.DataFrame, weights: np.ndarray, unit: str) -> Estimate:
    sums = _by_customer(counts, weights)
    value, variance = intervals.ratio_of(sums.points, sums.answered)
    low, high = intervals.t_interval(value, variance, (sums.answered > 0).sum())
    return Estimate(value, float(low), float(high), counts.answered.sum(), unit)


def _moved(counts: pd.DataFrame, weights: np.ndarray, unit: str) -> Estimate:
    """What the weights do to a mean; each customer's influence on both means is taken together."""
    total, influence = 0.0, 0.0
    for sign, each in ((1, weights), (-1, np.ones(len(counts)))):
        sums = _by_customer(counts, each)
        mean = sums.points.sum() / sums.answered.sum()
        total = total + sign * mean
        influence = influence + sign * (sums.points - mean * sums.answered) / sums.answered.sum()
    size = int((sums.answered > 0).sum())
    variance = float(size / (size - 1) * (influence**2).sum())
    low, high = intervals.t_interval(total, variance, size)
    return Estimate(total, float(low), float(high), counts.answered.sum(), unit)


def _by_customer(counts: pd.DataFrame, weights: np.ndarray) -> pd.DataFrame:
    weighed = counts[["answered", "points"]].mul(weights, axis=0)
    return weighed.groupby(counts.customer_id.to_numpy()).sum()


def _no_contact(activity: pd.DataFrame) -> pd.Series:
    """How likely each account without contact now is to have none; not told of those with some."""
    known = activity[(activity.months_before > 0)]
    if known.empty or not known.contacts_before.sum() or not known.contacts_now.sum():
        return pd.Series(dtype=float)
    mean = known.contacts_before.sum() / known.months_before.sum()
    # So many months of the year before are worth as many contacts as this quarter is.
    now = known.contacts_now.sum() / len(known) / mean
    expected = mean * known.months_before
    extra = ((known.contacts_before - expected) ** 2 - expected).sum() / (expected**2).sum()
    shape = 1 / max(extra, 1e-3)
    shapes, rates = shape + known.contacts_before, shape / mean + known.months_before
    chance = (rates / (rates + now)) ** shapes
    # An account with contacts is as little silent as can be; it counts among those looked at.
    return chance.where(known.contacts_now == 0, 1.0)


def _no_answer(activity: pd.DataFrame) -> pd.Series:
    """How likely each account that answers no invitation now is to answer none."""
    known = activity[(activity.invited_now > 0) & (activity.invited_before > 0)]
    if known.empty or not known.answered_before.sum():
        return pd.Series(dtype=float)
    rate = known.answered_before.sum() / known.invited_before.sum()
    expected = known.invited_before * rate
    noise = expected * (1 - rate)
    extra = ((known.answered_before - expected) ** 2 - noise).sum()
    pairs = (known.invited_before * (known.invited_before - 1)).sum() * rate * (1 - rate)
    # The correlation of answers within accounts, by moments; none is as good as a tiny one.
    alike = np.clip(extra / pairs if pairs else 0.0, 1e-3, 0.99)
    strength = 1 / alike - 1
    yes = strength * rate + known.answered_before
    no = strength * (1 - rate) + known.invited_before - known.answered_before
    chance = stats.betabinom.pmf(0, known.invited_now.astype(int), yes, no)
    return pd.Series(np.where(known.answered_now == 0, chance, 1.0), known.index)
