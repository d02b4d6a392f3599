"""Is there anything to find? What tells groups of customers from a cloud without groups."""

import numpy as np
from scipy.stats import norm
from sklearn.cluster import KMeans

# So many draws without structure: what surpasses them all has a probability of under 5%.
DRAWS = 20
RESAMPLES = 50
# How far around a point customers count as near it, in shares of the way between two centres.
NEAR = 0.2


def components(coded: list[np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The directions in which features go together more than chance lets them.

    Horn's parallel analysis (Horn 1965, *Psychometrika* 30): a principal component counts as long
    as its variance is larger than in each of `DRAWS` tables in which every feature has been
    shuffled by itself, so that it keeps its own shape and goes together with no other.

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
    ).max(axis=0)
    more = (values > chance + 1e-9) & (values > 1e-9)
    count = int(more.argmin()) if not more.all() else len(more)
    loadings = vectors[:, :count]
    # The sign of a component means nothing; the same data must give the same one everywhere.
    signs = np.sign(loadings[np.abs(loadings).argmax(axis=0), np.arange(count)])
    return loadings * signs, values[:count]


def group(scores: np.ndarray, count: int, seed: int, starts: int = 3) -> KMeans:
    """Customers in so many groups, by k-means."""
    return KMeans(count, n_init=starts, random_state=seed).fit(scores)


def tighter_than_chance(
    scores: np.ndarray, within: float, count: int, rng: np.random.Generator
) -> tuple[float, bool]:
    """How much tighter groups are than those cut from one cloud without groups.

    The clouds are Gaussian, with the variances of the components: the null of SigClust (Liu,
    Hayes, Nobel and Marron 2008, *Journal of the American Statistical Association* 103). The
    measure is the gap statistic (Tibshirani, Walther and Hastie 2001, *Journal of the Royal
    Statistical Society B* 63).

    Args:
        scores: Customers on components.
        within: The sum of squares within the groups.
        count: The number of groups.
        rng: For the clouds.

    Returns:
        The logarithm of the mean sum of squares within groups of the clouds, less that of
        `within`; and whether it is smaller than in every cloud.
    """
    spread = scores.std(axis=0)
    clouds = [
        group(rng.normal(size=scores.shape) * spread, count, draw).inertia_ for draw in range(DRAWS)
    ]
    return float(np.log(np.mean(clouds)) - np.log(within)), bool(within < min(clouds))


def valleys(scores: np.ndarray, groups: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """How many customers there are half-way between two groups, for each one at their centres.

    On the line through two centres, the density of the two groups' customers half-way is divided
    by that at the centre where it is lower. A cloud that has been cut in two is densest at the
    cut (1.2 or more); between groups that stand apart there are fewer customers.

    Returns:
        A square of group by group; 0 on its diagonal.
    """
    count = len(centres)
    between = np.zeros((count, count))
    for one in range(count):
        for other in range(one):
            way = centres[other] - centres[one]
            both = scores[(groups == one) | (groups == other)]
            at = (both - centres[one]) @ way / (way @ way)
            here, half, there = (norm.pdf(at, place, NEAR).sum() for place in (0, 0.5, 1))
            between[one, other] = between[other, one] = half / max(min(here, there), 1e-9)
    return between


def cluster_jaccard(
    scores: np.ndarray, groups: np.ndarray, rng: np.random.Generator, resamples: int = RESAMPLES
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

    Returns:
        The mean similarity over resamples, per group.
    """
    count = int(groups.max()) + 1
    found = np.zeros((resamples, count))
    for turn in range(resamples):
        drawn = rng.integers(0, len(scores), len(scores))
        again = group(scores[drawn], count, turn, starts=1).labels_
        # A customer who was drawn twice is one customer.
        _, once = np.unique(drawn, return_index=True)
        both = np.zeros((count, count))
        np.add.at(both, (groups[drawn[once]], again[once]), 1)
        union = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
        # A group that no drawn customer belongs to is not found again.
        found[turn] = (both / np.maximum(union, 1)).max(axis=1)
    return found.mean(axis=0)
