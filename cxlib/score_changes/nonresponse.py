"""Who answers less often than others, and what those who do not answer could do to a score."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.linear_model import LogisticRegression

from cxlib.measure import intervals
from cxlib.measure.contrast import Judged, adjusted_probabilities, difference
from cxlib.measure.estimate import Estimate
from cxlib.score_changes.invitations import COUNTS, NOT_KNOWN, OTHERS, WHOSE

FEWEST_CUSTOMERS = 10
# Fewer accounts do not show how much others differ.
FEWEST_CLUSTERS = 6
# A level of an attribute with fewer answers, or fewer unanswered invitations, tells no rate.
FEWEST_OF_EACH = 10
# An attribute with more levels divides customers too finely; its rarer ones are pooled.
MOST_LEVELS = 20
# No answer stands for more than so many times the invitations that a usual one stands for.
LARGEST_WEIGHT = 5.0
# Two attributes matter together where chance would make it look so less often than this.
BEYOND_CHANCE = 0.05
# What is left of a column once those before it are known is rounding below this share.
COLLINEAR = 1e-8


@dataclass(frozen=True)
class ResponseRate(Judged):
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
    def named(self) -> bool:
        """Whether it is a group of its own, not those of whom nothing is known, or the rest."""
        return self.group not in (NOT_KNOWN, OTHERS)


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
        pairs: Those of them that matter together, beyond what each does alone.
        capped: Answers that stand for no more than so many times what a usual one does, though
            those like them answered more seldom still.
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
    pairs: tuple[tuple[str, str], ...] = ()
    capped: int = 0


def response_rates(counts: pd.DataFrame) -> tuple[ResponseRate, ...]:
    """How often each group answers, by every attribute; those that stand out first.

    Args:
        counts: customer_id, cluster, a column per attribute, invited, answered; as
            `invitations.invited` gives them. Groups of few customers are left out.
    """
    found = []
    for by in _attributes(counts):
        levels = counts[by].value_counts().index[:MOST_LEVELS]
        for group in sorted(levels):
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
    regression, from two of them together where that tells more than each alone; each answer counts
    with one over that probability (response propensity weights; Little 1986, *International
    Statistical Review* 54). The bounds assume nothing (Manski 1989, *Journal of Human Resources*
    24). Intervals allow for accounts and customers who answered several times, and for
    probabilities that were themselves estimated (a sandwich over both steps; Newey and McFadden
    1994, *Handbook of Econometrics* 4, section 6).

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
            if invited
            else "no invitation is known that might not have been answered, or too few customers "
            "are outside the filter"
        )
        return Weighed(invited, answered, None, None, None, (), np.nan, np.nan, problem)
    clusters = counts[counts.answered > 0].cluster.nunique()
    if clusters < FEWEST_CLUSTERS:
        problem = f"answers of at least {FEWEST_CLUSTERS} accounts are needed; there are {clusters}"
        return Weighed(invited, answered, None, None, None, (), np.nan, np.nan, problem)
    silent = invited - answered
    bounds = [float(counts.points.sum() + silent * each) / invited for each in (worst, best)]
    plain = counts.assign(weight=1.0)
    score, influence = _mean(plain), _influence(plain)
    as_it_stands = _estimate(score, influence, answered, unit)
    used = {name: _pooled(counts, name) for name in _attributes(counts)}
    used = {name: levels for name, levels in used.items() if levels.nunique() > 1}
    if not used or not silent:
        return Weighed(invited, answered, as_it_stands, None, None, (), *bounds)
    levels = pd.DataFrame(used)
    pairs = _matter_together(counts, levels)
    design = _design(levels, pairs, counts)
    chance = _chance(counts, design)
    most = LARGEST_WEIGHT / chance.mean()
    heavy = counts.assign(weight=np.minimum(1 / chance, most))
    weighed, swayed = _mean(heavy), _influence(heavy, design.to_numpy(), chance)
    return Weighed(
        invited,
        answered,
        as_it_stands,
        _estimate(weighed, swayed, answered, unit),
        _estimate(weighed - score, swayed - influence, answered, unit),
        tuple(used),
        *bounds,
        pairs=pairs,
        capped=int(counts.answered[1 / chance > most].sum()),
    )


def _matter_together(counts: pd.DataFrame, levels: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Pairs of attributes whose levels together tell who answers, beyond each alone.

    By the likelihood ratio, over what answers of one customer vary beyond chance, allowing for the
    number of pairs.
    """
    alone = _design(levels, (), counts)
    before, kept = _surprise(counts, alone), []
    pairs = list(combinations(levels, 2))
    for pair in pairs:
        both = _design(levels, (pair,), counts)
        more = both.shape[1] - alone.shape[1]
        if more:
            gain = (before - _surprise(counts, both)) / _dispersion(counts, both)
            kept += [pair] if stats.chi2.sf(gain, more) < BEYOND_CHANCE / len(pairs) else []
    return tuple(kept)


def _design(
    levels: pd.DataFrame, pairs: Sequence[tuple[str, str]], counts: pd.DataFrame
) -> pd.DataFrame:
    """A column for each level of the attributes, and of the pairs that matter together."""
    together = {}
    for one, other in pairs:
        name = f"{one} and {other}"
        joint = levels[one] + " · " + levels[other]
        together[name] = _pooled(counts.assign(**{name: joint}), name)
    shown = levels.assign(**together)
    return _independent(pd.get_dummies(shown, drop_first=True, dtype=float))


def _surprise(counts: pd.DataFrame, design: pd.DataFrame) -> float:
    """The deviance of answers from how likely they were."""
    chance = _chance(counts, design).clip(1e-9, 1 - 1e-9)
    silent = counts.invited - counts.answered
    return -2 * float((counts.answered * np.log(chance) + silent * np.log1p(-chance)).sum())


def _dispersion(counts: pd.DataFrame, design: pd.DataFrame) -> float:
    """By how much answers of one cluster vary together beyond chance; at least 1."""
    chance = _chance(counts, design).clip(1e-9, 1 - 1e-9)
    off = (counts.answered - counts.invited * chance).groupby(counts.cluster).sum()
    usual = (counts.invited * chance * (1 - chance)).groupby(counts.cluster).sum()
    return max(float((off**2).sum() / usual.sum()), 1.0)


def _attributes(counts: pd.DataFrame) -> list[str]:
    return [name for name in counts if name not in (*WHOSE, *COUNTS)]


def _rate(counts: pd.DataFrame) -> Estimate:
    sums = counts.groupby("cluster")[["answered", "invited"]].sum()
    value, low, high = intervals.share_of(sums.answered, sums.invited)
    return Estimate(value, low, high, sums.invited.sum(), "share")


def _pooled(counts: pd.DataFrame, name: str) -> pd.Series:
    """An attribute's levels; those that tell no rate of their own together are one.

    If they tell none even together, they go with the most frequent level.
    """
    sums = counts.groupby(name)[["invited", "answered"]].sum()
    rare = sums[_tells_no_rate(sums) | (sums.invited.rank(ascending=False) > MOST_LEVELS)]
    home = OTHERS
    if len(rare) < len(sums) and _tells_no_rate(rare.sum().to_frame().T).any():
        home = sums.drop(rare.index).invited.idxmax()
    return counts[name].where(~counts[name].isin(rare.index), home)


def _tells_no_rate(sums: pd.DataFrame) -> pd.Series:
    silent = sums.invited - sums.answered
    return sums.answered.lt(FEWEST_OF_EACH) | silent.lt(FEWEST_OF_EACH)


def _independent(design: pd.DataFrame) -> pd.DataFrame:
    """The columns that do not follow from those before them, such as a team from its channel."""
    cells = design.drop_duplicates()
    left = np.abs(np.diag(np.linalg.qr(np.column_stack([np.ones(len(cells)), cells]), mode="r")))
    # Of fewer cells than columns, the last columns follow from the first.
    kept = np.pad(left[1:], (0, max(design.shape[1] - len(left) + 1, 0))) > COLLINEAR * left[0]
    return design.loc[:, kept[: design.shape[1]]]


def _chance(counts: pd.DataFrame, design: pd.DataFrame) -> np.ndarray:
    """How likely each row's invitations are to be answered."""
    cells = counts.groupby([design[name] for name in design])[["invited", "answered"]].sum()
    attributes = cells.index.to_frame().to_numpy()
    twice = np.vstack([attributes, attributes])
    outcomes = np.repeat([1, 0], len(cells))
    times = np.concatenate([cells.answered, cells.invited - cells.answered])
    fit = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    fit.fit(twice, outcomes, sample_weight=times)
    return fit.predict_proba(design.to_numpy())[:, 1]


def _mean(counts: pd.DataFrame) -> float:
    return float((counts.weight * counts.points).sum() / (counts.weight * counts.answered).sum())


def _influence(
    counts: pd.DataFrame, design: np.ndarray | None = None, chance: np.ndarray | None = None
) -> pd.Series:
    """What each cluster does to a weighted mean, also through the probabilities of answers."""
    left = counts.weight * (counts.points - _mean(counts) * counts.answered)
    effect = left.to_numpy()
    if design is not None:
        design = np.column_stack([np.ones(len(design)), design])
        spread = (counts.invited.to_numpy() * chance * (1 - chance))[:, None]
        told = np.linalg.pinv(design.T @ (spread * design))
        # A weight that is capped does not move with its probability.
        free = counts.weight.to_numpy() * chance > 1 - 1e-9
        pull = -(design * ((1 - chance) * effect * free)[:, None]).sum(axis=0)
        surprise = (counts.answered - counts.invited * chance).to_numpy()
        effect = effect + surprise * (design @ told @ pull)
    by_cluster = pd.Series(effect).groupby(counts.cluster.to_numpy()).sum()
    return by_cluster / (counts.weight * counts.answered).sum()


def _estimate(value: float, influence: pd.Series, count: float, unit: str) -> Estimate:
    size = len(influence)
    variance = size / (size - 1) * float((influence**2).sum())
    low, high = intervals.t_interval(value, intervals.Spread(variance, size - 1))
    return Estimate(value, float(low), float(high), count, unit)
