"""Personas: groups of customers who are alike, named only where they are really there."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from cxlib.errors import MissingData

# A cluster whose members stay together in at least this share of resamples may be named
# (Hennig 2007, Computational Statistics & Data Analysis 52).
STABLE = 0.75
MOST_PERSONAS = 8
RESAMPLES = 20
FEWEST_CUSTOMERS = 100
# A group smaller than this is an oddity, not a persona to design a service for.
SMALLEST_SHARE = 0.05
MOSTLY_MISSING = 0.5
# By so much must groups explain more variance than those cut from data without groups.
CLEARLY_MORE = 0.05
COMPONENTS = 10
# Stability is judged on at most so many customers: it needs no more, and stays quick.
SAMPLE = 2_000


@dataclass(frozen=True)
class Personas:
    """The personas found, or none.

    Attributes:
        labels: The persona of each customer, `A` being the largest; empty where there is none.
        stability: A row per persona: persona, customers, share, jaccard.
        tried: A row per number of personas tried: personas, jaccard (of the least stable one),
            explained (share of variance between groups), by_chance (the same for data of like
            shape without groups), smallest (share of customers).
        profile: Mean of each feature per persona, in standard deviations from the overall mean.
        typical: The most typical value of each trait per persona.
        dropped: Why a feature was not used, by its name.
    """

    labels: pd.Series
    stability: pd.DataFrame
    tried: pd.DataFrame
    profile: pd.DataFrame
    typical: pd.DataFrame
    dropped: dict[str, str]

    @property
    def found(self) -> bool:
        """Whether there are personas at all."""
        return len(self.labels) > 0


def find_personas(features: pd.DataFrame, most: int = MOST_PERSONAS, seed: int = 0) -> Personas:
    """Group customers by mixed features, and keep only groups that resampling finds again.

    Numbers are standardised and categories coded so that each feature has the same weight
    (factor analysis of mixed data, Pagès 2004); the leading components are grouped by k-means.
    The largest number of groups is taken at which every group is stable and holds at least
    `SMALLEST_SHARE` of the customers, and the groups explain clearly more than groups cut from
    data of like shape without any.

    Args:
        features: A row per customer, of numbers and texts.
        most: The largest number of personas to try.
        seed: For the resamples.

    Raises:
        MissingData: There are too few customers or features to group.
    """
    if len(features) < FEWEST_CUSTOMERS:
        raise MissingData(
            f"personas need at least {FEWEST_CUSTOMERS} customers with contacts in the window; "
            f"there are {len(features)}"
        )
    usable, dropped = _usable(features)
    if usable.shape[1] < 2:
        raise MissingData(f"personas need at least 2 features that differ; left are {list(usable)}")
    rng = np.random.default_rng(seed)
    scores = _components(usable)
    sample = rng.permutation(len(scores))[:SAMPLE]
    nulls = _without_groups(usable, scores[sample], rng)
    tried = []
    distinct = len(np.unique(scores[sample].round(9), axis=0))
    for count in range(2, min(most, len(scores) // 20, distinct - 1) + 1):
        groups = _group(scores[sample], count, seed)
        jaccard = cluster_jaccard(scores[sample], groups, rng)
        chance = max(_explained(null, _group(null, count, seed)) for null in nulls)
        smallest = np.bincount(groups).min() / len(groups)
        tried.append((count, jaccard, _explained(scores[sample], groups), chance, smallest))
    holds = [each for each in tried if _holds(*each)]
    table = pd.DataFrame(
        [(count, jaccard.min(), *rest) for count, jaccard, *rest in tried],
        columns=["personas", "jaccard", "explained", "by_chance", "smallest"],
    )
    if not holds:
        none = pd.DataFrame(columns=["persona", "customers", "share", "jaccard"])
        return Personas(
            pd.Series(dtype="str"), none, table, pd.DataFrame(), pd.DataFrame(), dropped
        )
    count, jaccard, *_ = holds[-1]
    centres = np.array(
        [
            scores[sample][_group(scores[sample], count, seed) == i].mean(axis=0)
            for i in range(count)
        ]
    )
    nearest = ((scores[:, None, :] - centres) ** 2).sum(axis=2).argmin(axis=1)
    order = np.argsort(-np.bincount(nearest, minlength=count), kind="stable")
    names = np.array([chr(ord("A") + i) for i in range(count)], dtype=object)
    persona = names[np.argsort(order)][nearest]
    labels = pd.Series(persona, usable.index, name="persona")
    sizes = labels.value_counts().reindex(names)
    stability = pd.DataFrame(
        {
            "persona": names,
            "customers": sizes.to_numpy(),
            "share": sizes.to_numpy() / len(labels),
            "jaccard": jaccard[order],
        }
    )
    return Personas(labels, stability, table, *_profiles(usable, labels), dropped)


def cluster_jaccard(
    scores: np.ndarray, groups: np.ndarray, rng: np.random.Generator, resamples: int = RESAMPLES
) -> np.ndarray:
    """Cluster-wise Jaccard stability (Hennig 2007): how well each group is found again.

    Each bootstrap resample is grouped anew; a group's similarity is its best Jaccard match among
    the new groups, over the customers drawn. The mean over resamples is returned, per group.
    """
    count = groups.max() + 1
    found = np.zeros((resamples, count))
    for turn in range(resamples):
        drawn = np.unique(rng.integers(0, len(scores), len(scores)))
        again = _group(scores[drawn], count, turn)
        both = np.zeros((count, count))
        np.add.at(both, (groups[drawn], again), 1)
        union = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
        # A group that no drawn customer belongs to is not found again.
        found[turn] = (both / np.maximum(union, 1)).max(axis=1)
    return found.mean(axis=0)


def _without_groups(features: pd.DataFrame, scores: np.ndarray, rng) -> list[np.ndarray]:
    """What the customers might look like if there were no groups, in two ways.

    Each column shuffled by itself keeps every column's shape; a single Gaussian cloud keeps how
    the columns go together, which by itself already lets groups be cut from it.
    """
    shuffled = features.apply(lambda column: rng.permutation(column.to_numpy()))
    cloud = rng.multivariate_normal(np.zeros(scores.shape[1]), np.cov(scores.T), len(scores))
    return [_components(shuffled)[: len(scores)], cloud]


def _holds(count, jaccard, explained, chance, smallest) -> bool:
    """Whether so many groups are all stable, more than chance makes, and large enough."""
    more_than_chance = explained > chance + CLEARLY_MORE
    return jaccard.min() >= STABLE and more_than_chance and smallest >= SMALLEST_SHARE


def _usable(features: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    dropped = {}
    for name, column in features.items():
        values = column.dropna()
        if column.isna().mean() > MOSTLY_MISSING:
            dropped[name] = f"empty for {column.isna().mean():.0%} of customers"
        elif values.nunique() < 2:
            dropped[name] = "the same for every customer"
        elif not pd.api.types.is_numeric_dtype(column) and values.nunique() > 0.5 * len(values):
            dropped[name] = "different for most customers, as an id is"
    return features.drop(columns=list(dropped)), dropped


def _components(features: pd.DataFrame) -> np.ndarray:
    """Scores of customers on the leading components of mixed data; each feature weighs alike."""
    parts = []
    for _, column in features.items():
        if pd.api.types.is_numeric_dtype(column):
            values = column.astype(float).fillna(column.astype(float).median()).to_numpy()
            parts.append(((values - values.mean()) / values.std())[:, None])
        else:
            codes = pd.get_dummies(column.fillna("unknown")).to_numpy(dtype=float)
            share = codes.mean(axis=0)
            # Divided by √share, the codes of a feature have as much inertia as it has
            # categories less one; the further division gives every feature the weight of one.
            codes = (codes - share) / np.sqrt(share) / np.sqrt(max(len(share) - 1, 1))
            parts.append(codes)
    table = np.hstack(parts)
    keep = min(COMPONENTS, *table.shape)
    return PCA(keep, svd_solver="full").fit_transform(table)


def _group(scores: np.ndarray, count: int, seed: int) -> np.ndarray:
    return KMeans(count, n_init=4, random_state=seed).fit_predict(scores)


def _explained(scores: np.ndarray, groups: np.ndarray) -> float:
    total = ((scores - scores.mean(axis=0)) ** 2).sum()
    within = sum(
        ((scores[groups == i] - scores[groups == i].mean(axis=0)) ** 2).sum()
        for i in np.unique(groups)
    )
    return float(1 - within / total)


def _profiles(features: pd.DataFrame, labels: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    numbers = features.select_dtypes("number").astype(float)
    standard = (numbers - numbers.mean()) / numbers.std(ddof=0)
    profile = standard.groupby(labels).mean().T.rename_axis("feature")
    texts = features.drop(columns=numbers.columns)
    typical = {
        name: texts[name]
        .groupby(labels)
        .agg(lambda v: v.mode().iloc[0] if v.notna().any() else None)
        for name in texts
    }
    medians = numbers.groupby(labels).median()
    return profile, pd.DataFrame(typical, index=medians.index).join(medians)
