"""Is there anything to find? What tells groups of customers from a cloud without groups."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import norm, rankdata
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

# So many draws without structure: what surpasses them all has a probability of under 5%.
DRAWS = 20
RESAMPLES = 50
FEW = 5
# How far around a point customers count as near it, in standard deviations within a group.
NEAR = 0.35
# Where on the way between two centres customers are looked for; the fewest are nearer to the
# smaller group.
BETWEEN = (0.3, 0.4, 0.5, 0.6, 0.7)
# So much of a feature's variance lies between two groups that it tells them apart, or so much of
# what is between them lies in it.
DIFFERENT, A_PART = 0.2, 0.15
# Into so many pieces two groups are cut. A piece counts if it is not much smaller than others; so
# much of it may lie in the other group; and of pieces of both, there are fewer customers between
# than so many for each one at their centres.
PIECES, FULL, ASTRAY, HOLLOW = (4, 6, 8), 0.4, 0.2, 0.6
# Features part two groups where so often a customer of one lies beyond one of the other; a single
# feature may do it nearly.
PARTED, NEARLY = 0.95, 0.9


def components(coded: list[np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The directions in which features go together more than chance lets them.

    Horn's parallel analysis (Horn 1965, *Psychometrika* 30): a principal component counts as long
    as its variance is larger than in each of `DRAWS` tables in which every feature has been
    shuffled by itself, so that it keeps its own shape and goes together with no other. Where it is
    few numbers that go together, all their directions count: groups may lie side by side in one
    that varies little.

    Args:
        coded: The code of each feature, a row per customer, with means of 0.
        rng: For the shuffling.

    Returns:
        Loadings, a column per component, and the variances of the components.
    """
    table = np.hstack(coded)
    values, vectors = np.linalg.eigh(table.T @ table / len(table))
    values, vectors = values[::-1], vectors[:, ::-1]
    chance = np.array(
        [
            np.linalg.eigvalsh(shuffled.T @ shuffled / len(table))[::-1]
            for shuffled in (
                np.hstack([part[rng.permutation(len(part))] for part in coded])
                for _ in range(DRAWS)
            )
        ]
    )
    more = (values > chance.max(axis=0) + 1e-9) & (values > 1e-9)
    count = int(more.argmin()) if not more.all() else len(more)
    loadings, values = vectors[:, :count], values[:count]
    together = _together(coded, rng) if count else []
    width = sum(coded[place].shape[1] for place in together)
    if count < width == len(together) <= FEW:
        ends = np.cumsum([0, *(part.shape[1] for part in coded)])
        columns = ends[together]
        values, vectors = np.linalg.eigh(np.cov(table[:, columns].T, bias=True))
        loadings = np.zeros((table.shape[1], width))
        loadings[columns] = vectors[:, ::-1]
        values = values[::-1]
    # The sign of a component means nothing; the same data must give the same one everywhere.
    signs = np.sign(loadings[np.abs(loadings).argmax(axis=0), np.arange(loadings.shape[1])])
    return loadings * signs, values


def _together(coded: list[np.ndarray], rng: np.random.Generator) -> list[int]:
    """The features that go together with some other, more than any two do by chance."""
    table = np.hstack([part / np.sqrt(max((part**2).sum(), 1e-12)) for part in coded])
    ends = np.cumsum([0, *(part.shape[1] for part in coded)])[:-1]

    def alike(table: np.ndarray) -> np.ndarray:
        squares = (table.T @ table) ** 2
        found = np.add.reduceat(np.add.reduceat(squares, ends, axis=0), ends, axis=1)
        np.fill_diagonal(found, 0.0)
        return found

    parts = np.split(table, ends[1:], axis=1)
    chance = max(
        alike(np.hstack([part[rng.permutation(len(part))] for part in parts])).max()
        for _ in range(DRAWS)
    )
    return list(np.flatnonzero(alike(table).max(axis=0) > chance))


@dataclass(frozen=True, eq=False)
class Grouping:
    """Customers in groups of one shape.

    Attributes:
        metric: From components to coordinates in which each group has a variance of 1 everywhere.
        centres: The centre of each group in those coordinates, a row per group.
        labels: The group whose centre is nearest to each customer: 0, 1, ….
    """

    metric: np.ndarray
    centres: np.ndarray
    labels: np.ndarray


def grouped(scores: np.ndarray, count: int, seed: int) -> Grouping:
    """Customers in so many groups, however few one has and however long they are.

    A mixture of Gaussians of one covariance; k-means would cut long groups, and take part of a
    large group for a small one (Fraley and Raftery 2002, *Journal of the American Statistical
    Association* 97).

    Args:
        scores: Customers on components.
        count: The number of groups.
        seed: For the starts.
    """
    spread = np.atleast_2d(np.cov(scores.T)) + np.eye(scores.shape[1]) * 1e-9
    even = scores @ np.linalg.inv(np.linalg.cholesky(spread)).T
    # Long groups are found as such where the whole cloud is as wide as it is long.
    starts = [group(each, count, seed).labels_ for each in (scores, even)]
    starts += [_joined_pieces(even, count, seed)]
    mixture = max((_mixture(scores, each) for each in starts), key=lambda each: each.lower_bound_)
    metric = mixture.precisions_cholesky_
    centres = mixture.means_ @ metric
    # A centre that lies within the group of another has nobody.
    kept, labels = np.unique(nearest(scores @ metric, centres), return_inverse=True)
    return Grouping(metric, centres[kept], labels)


def _joined_pieces(scores: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Groups out of pieces, the nearest joined first: so that a few who are far away stay alone."""
    pieces = group(scores, min(3 * count, len(scores)), seed)
    joined = AgglomerativeClustering(count, linkage="average").fit_predict(pieces.cluster_centers_)
    return joined[pieces.labels_]


def _mixture(scores: np.ndarray, labels: np.ndarray) -> GaussianMixture:
    """The mixture that is reached from groups."""
    sizes = np.bincount(labels)
    means = np.array([scores[labels == each].mean(axis=0) for each in range(len(sizes))])
    inside = scores - means[labels]
    least = 1e-4 * float(scores.var(axis=0).mean())
    within = inside.T @ inside / len(scores) + least * np.eye(scores.shape[1])
    mixture = GaussianMixture(
        len(sizes), covariance_type="tied", reg_covar=least, tol=1e-4, max_iter=200,
        weights_init=sizes / len(scores), means_init=means,
        precisions_init=np.linalg.inv(within), random_state=0,
    )  # fmt: skip
    with warnings.catch_warnings():
        # What does not converge is no group that is found again.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return mixture.fit(scores)


def nearest(scores: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """The centre that is nearest to each customer."""
    return cdist(scores, centres, "sqeuclidean").argmin(axis=1)


def group(scores: np.ndarray, count: int, seed: int, starts: int = 3) -> KMeans:
    """Customers in so many groups, by k-means."""
    return KMeans(count, n_init=starts, random_state=seed).fit(scores)


def valleys(scores: np.ndarray, groups: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """How many customers there are between two groups, for each one at their centres.

    On the line through two centres, the density of the two groups' customers where it is lowest
    (`BETWEEN`) is divided by that at the centre where it is lower. The kernel is `NEAR` of the
    groups' own standard deviation, so that a small group is not drowned by the edge of a large one.
    A cloud that has been cut in two is densest at the cut (1 or more); between groups that stand
    apart there are fewer customers.

    Returns:
        A square of group by group; 0 on its diagonal.
    """
    count = len(centres)
    between = np.zeros((count, count))
    for one in range(count):
        for other in range(one):
            way = centres[other] - centres[one]
            length = max(np.linalg.norm(way), 1e-9)
            both = groups == one, groups == other
            here, there = (((scores[each] - centres[one]) @ way) / length for each in both)
            own = np.sqrt((here.var() + there.var()) / 2) if min(map(len, (here, there))) else 0.0
            at, near = np.concatenate([here, there]), max(NEAR * own, 1e-9)
            first, *way, last = (
                norm.pdf(at, place * length, near).sum() for place in (0, *BETWEEN, 1)
            )
            between[one, other] = between[other, one] = min(way) / max(min(first, last), 1e-9)
    return between


def bridged(scores: np.ndarray, groups: np.ndarray, seed: int) -> np.ndarray:
    """Which groups hang together piece by piece, as the halves of a ring do.

    Two groups are cut into several pieces. Between pieces of groups that are apart, there is a
    valley as between the groups themselves; the pieces of a ring, an arc or a spiral follow one
    another without any, or lie in both groups.

    Args:
        scores: Customers, in coordinates in which groups have a variance of 1 everywhere.
        groups: Their group, 0, 1, ….
        seed: For the pieces.

    Returns:
        A square of group by group: whether it is so with most numbers of pieces (`PIECES`).
    """
    count = int(groups.max()) + 1
    found = np.zeros((count, count), dtype=bool)
    # On a line there is no way around a valley.
    for one, other in combinations(range(count), 2) if scores.shape[1] > 1 else ():
        both = (groups == one) | (groups == other)
        votes = [_chained(scores[both], groups[both] == one, pieces, seed) for pieces in PIECES]
        found[one, other] = found[other, one] = sum(votes) > len(PIECES) / 2
    return found


def _chained(scores: np.ndarray, first: np.ndarray, count: int, seed: int) -> bool:
    pieces = group(scores, min(count, len(scores)), seed, starts=2)
    share = np.bincount(pieces.labels_, first) / np.bincount(pieces.labels_)
    sizes = np.bincount(pieces.labels_)
    # A small piece is made of the few who are between.
    large = sizes >= FULL * np.median(sizes)
    own, others = share > 1 - ASTRAY, share < ASTRAY
    between = valleys(scores, pieces.labels_, pieces.cluster_centers_)
    between = between[np.ix_(own & large, others & large)]
    return bool((~own & ~others & large).any() or (between > HOLLOW).any())


def told_apart(coded: Sequence[np.ndarray], groups: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """By which features groups differ, each by itself or together.

    Args:
        coded: The code of each feature, a row per customer.
        groups: Their group, 0, 1, ….
        axes: From the codes side by side to coordinates in which groups have a variance of 1
            everywhere: there, each feature has its part in how far two groups are apart.

    Returns:
        Group by group by feature.
    """
    count = int(groups.max()) + 1
    found = np.zeros((count, count, len(coded)), dtype=bool)
    every = np.hstack(coded)
    means = np.array([every[groups == each].mean(axis=0) for each in range(count)])
    steps = means[:, None] - means[None]
    parts = steps * (steps @ axes @ axes.T)
    total = np.maximum(parts.sum(axis=2), 1e-12)
    ends = np.cumsum([0, *(part.shape[1] for part in coded)])
    for place, part in enumerate(coded):
        centres = np.array([part[groups == each].mean(axis=0) for each in range(count)])
        within = np.array([part[groups == each].var(axis=0).sum() for each in range(count)])
        away = ((centres[:, None] - centres[None]) ** 2).sum(axis=2) / 4
        inside = (within[:, None] + within[None]) / 2
        own = parts[:, :, ends[place] : ends[place + 1]].sum(axis=2) / total
        found[:, :, place] = (away > DIFFERENT * (away + inside)) | (own > A_PART)
    return found


def one_fact(coded: Sequence[np.ndarray], groups: np.ndarray) -> np.ndarray:
    """Whether two groups are one feature alone, and the others do not part them.

    A group that is nothing but one fact, such as customers who never called twice, differs in what
    follows from it as well, yet not so clearly.

    Args:
        coded: The code of each feature, a row per customer.
        groups: Their group, 0, 1, ….

    Returns:
        Group by group.
    """
    count = int(groups.max()) + 1
    found = np.zeros((count, count), dtype=bool)
    for one, other in combinations(range(count), 2):
        inside = np.isin(groups, (one, other))
        second = groups[inside] == other
        parts = [part[inside] for part in coded]
        alone = [_parted(part, second) for part in parts]
        best = int(np.argmax(alone))
        rest = [part for place, part in enumerate(parts) if place != best]
        others = _parted(np.hstack(rest), second) if rest else 0.5
        found[one, other] = found[other, one] = alone[best] >= NEARLY and others < PARTED
    return found


def _parted(columns: np.ndarray, second: np.ndarray) -> float:
    """How often one group lies beyond the other, along the line that parts them best."""
    step = columns[second].mean(axis=0) - columns[~second].mean(axis=0)
    within = sum(np.atleast_2d(np.cov(columns[side].T)) for side in (second, ~second))
    line = columns @ np.linalg.pinv(within + 1e-9 * np.eye(len(step))) @ step
    place = rankdata(line)
    ones = int(second.sum())
    beyond = place[second].sum() - ones * (ones + 1) / 2
    return float(beyond / (ones * (len(second) - ones)))


def cluster_jaccard(
    scores: np.ndarray,
    groups: np.ndarray,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
    starts: int = 1,
) -> np.ndarray:
    """Cluster-wise Jaccard stability: how well each group is found again.

    Each bootstrap resample is grouped anew; a group's similarity is its best Jaccard match among
    the new groups, over the customers drawn (Hennig 2007, *Computational Statistics & Data
    Analysis* 52).

    Args:
        scores: Customers on components.
        groups: Their group, 0, 1, ….
        rng: For the resamples.
        resamples: How many.
        starts: How often each is grouped, of which the tightest counts.

    Returns:
        The mean similarity over resamples, per group.
    """
    count = int(groups.max()) + 1
    found = np.zeros((resamples, count))
    for turn in range(resamples):
        drawn = rng.integers(0, len(scores), len(scores))
        again = group(scores[drawn], count, turn, starts).labels_
        # A customer who was drawn twice is one customer.
        _, once = np.unique(drawn, return_index=True)
        both = np.zeros((count, count))
        np.add.at(both, (groups[drawn[once]], again[once]), 1)
        union = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
        # A group that no drawn customer belongs to is not found again.
        found[turn] = (both / np.maximum(union, 1)).max(axis=1)
    return found.mean(axis=0)
