"""Personas: groups of customers who are alike, named only where they are really there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from types import MappingProxyType

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from cxlib.personas.cluster_validity import (
    RESAMPLES,
    bridged,
    cluster_jaccard,
    components,
    grouped,
    one_fact,
    told_apart,
    valleys,
)
from cxlib.personas.encoding import (
    CATEGORY,
    Feature,
    code,
    known_share,
    tell_the_same,
    usable_features,
)

# Of a group's members this share must come together again for it to be named, and to be called
# stable instead of tentative (Hennig 2007, Computational Statistics & Data Analysis 52).
TENTATIVE, STABLE = 0.6, 0.75
ONLY_ASKED_FOR = "as many as were asked for; by the tests, they are not there"
STABLE_WORD, TENTATIVE_WORD, UNSTABLE_WORD = "stable", "tentative", "not found again"
MOST_PERSONAS = 8
FEWEST_CUSTOMERS = 100
# A group smaller than this is an oddity, not a persona to design a service for.
SMALLEST_SHARE = 0.03
SMALL = 0.1
# Two features of which one tells so much of the other's variance may be one fact told twice.
ALIKE = 0.6
ROUGHLY = 10
# Fewer than so many customers half-way between two personas, for each one at their centres.
CLEAR = 0.7
# Of whom less than this share of the features is known belongs to no persona.
LEAST_KNOWN = 0.5
# Whether there is anything is judged on so many customers, and where its centres lie is learnt
# from so many: it needs no more, and stays quick.
JUDGED, LEARNT = 2_000, 50_000
CHUNK = 100_000
# How often what is not known is filled in anew; it hardly changes any more by then.
FILLINGS = 30
EMPTY: Mapping = MappingProxyType({})
TRIED = ["personas", "jaccard", "bridged", "valley", "smallest"]


@dataclass(frozen=True, eq=False)
class Model:
    """What a persona is, in numbers: enough to tell any customer's.

    Attributes:
        features: How each feature is coded.
        loadings: From the codes to the components: a row per column of code.
        metric: From the components to coordinates in which groups are as wide as they are long.
        centres: The centre of each group in those coordinates, a row per group.
        spread: The variance of a group around its centre, in each of them.
        personas: The persona that each group is; empty for a group that is none.
    """

    features: tuple[Feature, ...]
    loadings: np.ndarray
    metric: np.ndarray
    centres: np.ndarray
    spread: float
    personas: tuple[str, ...]

    def scores(self, table: pd.DataFrame) -> np.ndarray:
        """Where customers are: a row per row of `table`; NaN where too little is known."""
        coded, known = code(self.features, table)
        enough = known_share(self.features, known) >= LEAST_KNOWN
        placed = project(coded, known, self.loadings) @ self.metric
        return np.where(enough[:, None], placed, np.nan)


@dataclass(frozen=True, eq=False)
class Personas:
    """The personas found, or none.

    Attributes:
        labels: The persona of each customer (when first named, `A` is the largest); missing for
            those who belong to none.
        confidence: The probability of that persona, given the model; NaN where there is none.
        stability: A row per persona: persona, customers, share, jaccard, verdict (stable,
            tentative, or what has become of it since an earlier quarter).
        tried: A row per number of groups tried: personas; jaccard, of the least stable group;
            gap and beyond_chance, as `tighter_than_chance` gives them (missing, where nothing
            else speaks for two groups); valley, the largest of `valleys`; smallest, as a share of
            customers.
        model: What the personas are; None where there are none.
        features: The features used.
        dropped: Why a feature was not used, by its name.
        why: Why there are no personas, or none but those that were asked for; or empty.
        names: An analyst's names for them, by letter.
        before: What the same personas were in an earlier quarter, if they have moved since.
    """

    labels: pd.Series
    confidence: pd.Series
    stability: pd.DataFrame
    tried: pd.DataFrame
    model: Model | None
    features: tuple[Feature, ...]
    dropped: dict[str, str]
    why: str = ""
    names: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    before: Model | None = None

    def name(self, persona: str) -> str:
        """What a persona is called: an analyst's own name, or else its letter."""
        return self.names.get(persona, persona)

    @property
    def found(self) -> bool:
        """Whether there are personas at all."""
        return self.model is not None


# The matrices are small: threads that share them wait for one another, on a busy machine for long.
@threadpool_limits.wrap(limits=1)
def find_personas(
    features: pd.DataFrame, most: int = MOST_PERSONAS, count: int | None = None, seed: int = 0
) -> Personas:
    """Group customers by mixed features, and name only groups that are really there.

    Features are coded so that each weighs alike (`encoding.py`), reduced to the components in which
    they go together more than chance lets them, and grouped by k-means. A group is a persona if
    resamples find it again, it is large enough, it stands apart from every other group, and the
    groups are tighter than any cut from a cloud without groups. The largest number of groups is
    taken of which all are stable; failing that, of which all are at least tentative; failing
    that, the one in which most customers are in groups that hold, if they are most customers.

    Args:
        features: A row per customer, of numbers, texts and shares (`encoding.usable_features`).
        most: The largest number of personas to try.
        count: Take this number of groups, whether they hold or not; for exploring.
        seed: For the resamples and the clouds.
    """
    table = features.sort_index()  # so that the order of the rows does not matter
    usable, dropped = usable_features(table)
    if len(table) < FEWEST_CUSTOMERS:
        why = f"{len(table)} customers are too few to tell personas; it takes {FEWEST_CUSTOMERS}"
        return _none(table, usable, dropped, why)
    if len(usable) < 2:
        named = usable[0].name if usable else "nothing"
        why = f"it takes at least two features that differ between customers; here it is {named}"
        return _none(table, usable, dropped, why)
    rng = np.random.default_rng(seed)
    learnt = table.iloc[np.sort(rng.permutation(len(table))[:LEARNT])]
    coded, known = code(usable, learnt)
    enough = known_share(usable, known) >= LEAST_KNOWN
    if enough.sum() < FEWEST_CUSTOMERS:
        why = "too little is known of most customers"
        return _none(table, usable, dropped, why)
    coded, known = coded[enough], known[enough]
    ends = np.cumsum([len(each.columns) for each in usable])[:-1]
    loadings, _ = components(np.split(coded, ends, axis=1), rng)
    if not loadings.shape[1]:
        why = "what is known of customers goes together no more than chance would have it"
        return _none(table, usable, dropped, why)
    scores = project(coded, known, loadings)
    drawn = np.sort(rng.permutation(len(scores))[:JUDGED])
    parts = np.split(coded[drawn], ends, axis=1)
    told = tell_the_same(usable, learnt[enough].iloc[drawn])
    cloud = _Cloud(scores[drawn], loadings, usable, parts, np.maximum(told, told.T) > ALIKE)
    attempts = _try_all(cloud, most, count, seed, rng)
    tried = pd.DataFrame([each.record for each in attempts], columns=TRIED)
    best = _best(attempts) if count is None else next(iter(attempts), None)
    if best is None:
        why = "customers do not fall into groups that hold"
        return replace(_none(table, usable, dropped, why), tried=tried)
    holds = best.holds if count is None else np.ones(len(best.jaccard), dtype=bool)
    found = _named(table, usable, dropped, tried, scores, loadings, best, holds)
    return found if best.holds.all() or count is None else replace(found, why=ONLY_ASKED_FOR)


def project(coded: np.ndarray, known: np.ndarray, loadings: np.ndarray) -> np.ndarray:
    """Customers on components, by what is known of them alone.

    What is not known is filled in from the components that what is known leads to, again and again,
    as factor analysis of mixed data does with missing values (Audigier, Husson and Josse 2016,
    *Advances in Data Analysis and Classification* 10). Filled in with the mean instead, those of
    whom the same is missing would look like a group of their own.

    Args:
        coded: A row per customer; 0 where unknown.
        known: Which of it is known.
        loadings: From the codes to the components.
    """
    scores = coded @ loadings
    gaps = ~known.all(axis=1)
    if gaps.any():
        rows, holes, filled = coded[gaps], ~known[gaps], scores[gaps]
        for _ in range(FILLINGS):
            filled = np.where(holes, filled @ loadings.T, rows) @ loadings
        scores[gaps] = filled
    return scores


def assign(model: Model, table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Tell customers' personas by a model, which stays as it is.

    A customer belongs to the group whose centre is nearest. The confidence is the probability of
    that group under equal spherical Gaussians around the centres, of which the nearest centre is
    the most probable.

    Returns:
        Persona and confidence, by the table's index; missing for customers of whom too little is
        known, and for those nearest to a group that is no persona.
    """
    names = np.array([*model.personas, ""], dtype=object)
    found, sure = [], []
    for start in range(0, len(table), CHUNK):
        rows = table.iloc[start : start + CHUNK]
        scores = model.scores(rows)
        known = ~np.isnan(scores).any(axis=1)
        away = ((np.nan_to_num(scores)[:, None, :] - model.centres) ** 2).sum(axis=2)
        nearest = away.argmin(axis=1)
        closeness = np.exp((away.min(axis=1, keepdims=True) - away) / (2 * model.spread))
        found.append(names[np.where(known, nearest, -1)])
        sure.append(1 / closeness.sum(axis=1))
    persona = pd.Series(np.concatenate([[], *found]), table.index, dtype="str", name="persona")
    persona = persona.where(persona != "")
    confidence = pd.Series(np.concatenate([[], *sure]), table.index, name="confidence")
    return persona, confidence.where(persona.notna())


@dataclass(frozen=True, eq=False)
class _Cloud:
    """The customers by whom it is judged whether there are groups.

    Attributes:
        scores: Where they are, on components.
        loadings: From codes to components.
        features, coded: What is known of them, and its codes.
        alike: Which feature tells much of which other.
    """

    scores: np.ndarray
    loadings: np.ndarray
    features: tuple[Feature, ...]
    coded: list[np.ndarray]
    alike: np.ndarray


@dataclass(frozen=True, eq=False)
class _Attempt:
    """Customers in a number of groups, and what speaks for them."""

    metric: np.ndarray
    centres: np.ndarray
    sizes: np.ndarray
    jaccard: np.ndarray
    valley: np.ndarray
    # Not asked, where nothing else speaks for the groups.
    bridge: np.ndarray | None = None

    @property
    def promising(self) -> np.ndarray:
        """Which of the groups stand apart, are large enough, and are found again."""
        apart = self.valley.max(axis=1) < CLEAR
        return (self.jaccard >= TENTATIVE) & apart & (self.sizes >= SMALLEST_SHARE)

    @property
    def holds(self) -> np.ndarray:
        """Which of the groups are there."""
        if self.bridge is None:
            return np.zeros(len(self.centres), dtype=bool)
        return self.promising & ~self.bridge.any(axis=1)

    @property
    def record(self) -> tuple:
        bridged = None if self.bridge is None else bool(self.bridge.any())
        return (len(self.centres), self.jaccard.min(), bridged, self.valley.max(), self.sizes.min())


def _try_all(cloud: _Cloud, most, count, seed, rng) -> list[_Attempt]:
    scores = cloud.scores
    different = len(np.unique(scores.round(9), axis=0))
    # In one dimension there are two ends; more groups along it would be steps of a scale.
    most = min(most, 2 ** scores.shape[1], different - 1, len(scores) // 20)
    counts = range(2, most + 1) if count is None else [min(count, different)]
    return [_try(cloud, number, seed, rng) for number in counts]


def _try(cloud: _Cloud, number: int, seed: int, rng) -> _Attempt:
    scores = cloud.scores
    found = grouped(scores, number, seed)
    placed = scores @ found.metric
    sizes = np.bincount(found.labels) / len(scores)
    valley = valleys(placed, found.labels, found.centres)
    # Groups that do not stand apart need no exact answer to how often they are found again.
    hopeless = (valley.max(axis=1) < CLEAR).sum() < 2
    # From a single start, a small group is easily overlooked.
    starts = 1 if hopeless or sizes.min() >= SMALL else 5
    resamples = ROUGHLY if hopeless else RESAMPLES
    attempt = _Attempt(
        metric=found.metric,
        centres=found.centres,
        sizes=sizes,
        jaccard=cluster_jaccard(placed, found.labels, rng, resamples, starts),
        valley=valley,
    )
    if attempt.promising.sum() < 2:
        return attempt
    told = told_apart(cloud.coded, found.labels, cloud.loadings @ found.metric)
    bridge = bridged(placed, found.labels, seed)
    single = one_fact(cloud.coded, found.labels)
    for one, other in combinations(range(len(sizes)), 2):
        several = _in_several_facts(np.flatnonzero(told[one, other]), cloud)
        if single[one, other] or not several:
            bridge[one, other] = bridge[other, one] = True
    return replace(attempt, bridge=bridge)


def _in_several_facts(told: np.ndarray, cloud: _Cloud) -> bool:
    """Whether groups that these features tell apart differ in more than one fact.

    Of two of which one tells much of the other, such as a country and its language, a category has
    levels that look like groups; two numbers go together no more than the groups have them to.
    """
    if len(told) != 2:
        return len(told) > 2
    numbers = all(cloud.features[each].kind != CATEGORY for each in told)
    return numbers or not cloud.alike[told[0], told[1]]


def _best(attempts: list[_Attempt]) -> _Attempt | None:
    whole = [each for each in attempts if each.holds.all()]
    stable = [each for each in whole if each.jaccard.min() >= STABLE]
    if stable or whole:
        return (stable or whole)[-1]
    # Some groups may be there, and the rest of the customers be no group.
    part = max(attempts, key=lambda each: each.sizes[each.holds].sum(), default=None)
    enough = part is not None and part.holds.sum() > 1 and part.sizes[part.holds].sum() > 0.5
    return part if enough else None


def _named(table, usable, dropped, tried, scores, loadings, best: _Attempt, holds) -> Personas:
    """Learn the groups' centres from all that is to be learnt from, and name the groups."""
    fitted = KMeans(len(best.centres), init=best.centres, n_init=1).fit(scores @ best.metric)
    sizes = np.bincount(fitted.labels_, minlength=len(best.centres))
    # The largest comes first; groups that are no persona come last, without a name.
    order = np.lexsort((-sizes, ~holds))
    names = tuple(chr(ord("A") + i) if holds[each] else "" for i, each in enumerate(order))
    spread = fitted.inertia_ / scores.size
    centres = fitted.cluster_centers_[order]
    model = Model(usable, loadings, best.metric, centres, max(spread, 1e-12), names)
    labels, confidence = assign(model, table)
    named = [name for name in names if name]
    customers = labels.value_counts().reindex(named, fill_value=0).to_numpy()
    jaccard = best.jaccard[order][: len(named)]
    stability = pd.DataFrame(
        {
            "persona": named,
            "customers": customers,
            "share": customers / len(labels),
            "jaccard": jaccard,
            "verdict": verdicts(jaccard),
        }
    )
    return Personas(labels, confidence, stability, tried, model, usable, dropped)


def verdicts(jaccard: np.ndarray) -> np.ndarray:
    """What is said of groups of such stability."""
    words = [STABLE_WORD, TENTATIVE_WORD]
    return np.select([jaccard >= STABLE, jaccard >= TENTATIVE], words, UNSTABLE_WORD)


def _none(table: pd.DataFrame, usable, dropped, why: str) -> Personas:
    nobody = pd.Series(index=table.index, dtype="str", name="persona")
    unsure = pd.Series(np.nan, index=table.index, name="confidence")
    stability = pd.DataFrame(columns=["persona", "customers", "share", "jaccard", "verdict"])
    tried = pd.DataFrame(columns=TRIED)
    return Personas(nobody, unsure, stability, tried, None, usable, dropped, why)
