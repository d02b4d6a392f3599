import numpy as np
import pandas as pd
import pytest
from scipy.cluster.vq import kmeans2
from sklearn.cluster import KMeans

from cxlib.personas.cluster_validity import (
    RESAMPLES,
    bridged,
    cluster_jaccard,
    components,
    group,
    grouped,
    told_apart,
    valleys,
)


def groups_apart(distance, sizes=(200, 150, 100), seed=0):
    """Spherical groups at the corners of a triangle."""
    rng = np.random.default_rng(seed)
    corners = distance * np.array([[0, 0], [1, 0], [0.5, np.sqrt(0.75)]])
    truth = np.repeat([0, 1, 2], sizes)
    return corners[truth] + rng.normal(size=(len(truth), 2)), truth


def jaccard_by_sets(scores, groups, cluster, draws):
    """Hennig's procedure, written with sets."""
    members = [set(np.flatnonzero(groups == g)) for g in range(groups.max() + 1)]
    found = []
    for turn, drawn in enumerate(draws):
        again = cluster(scores[drawn], turn)
        there = set(drawn)
        new = [{drawn[i] for i in np.flatnonzero(again == g)} for g in set(again)]
        found.append([max(len(m & there & n) / len((m & there) | n) for n in new) for m in members])
    return np.array(found)


@pytest.mark.parametrize("distance", [2.0, 3.0, 6.0])
def test_cluster_jaccard_equals_an_independent_calculation(distance):
    scores, _ = groups_apart(distance)
    groups = group(scores, 3, 0).labels_
    ours = cluster_jaccard(scores, groups, np.random.default_rng(5))
    rng = np.random.default_rng(5)
    draws = [rng.integers(0, len(scores), len(scores)) for _ in range(RESAMPLES)]
    theirs = jaccard_by_sets(
        scores, groups, lambda rows, n: KMeans(3, n_init=1, random_state=n).fit_predict(rows), draws
    )
    assert ours == pytest.approx(theirs.mean(axis=0), abs=1e-12)


@pytest.mark.parametrize("distance", [3.0, 6.0])
def test_cluster_jaccard_agrees_with_another_program_and_other_resamples(distance):
    scores, _ = groups_apart(distance)
    groups = group(scores, 3, 0).labels_
    ours = cluster_jaccard(scores, groups, np.random.default_rng(1))
    rng = np.random.default_rng(2)
    draws = [rng.integers(0, len(scores), len(scores)) for _ in range(100)]
    theirs = jaccard_by_sets(
        scores, groups, lambda rows, n: kmeans2(rows, 3, minit="++", rng=n)[1], draws
    )
    error = theirs.std(axis=0) * np.sqrt(1 / RESAMPLES + 1 / len(draws))
    assert (np.abs(ours - theirs.mean(axis=0)) < 4 * error + 0.005).all()


def test_groups_far_apart_are_always_found_again_and_random_ones_are_not():
    scores, truth = groups_apart(20)
    rng = np.random.default_rng(0)
    assert cluster_jaccard(scores, truth, rng) == pytest.approx([1, 1, 1])
    assert cluster_jaccard(scores, rng.integers(0, 3, len(scores)), rng).max() < 0.6


def test_components_of_independent_features_are_chance():
    """With 20 draws, the first component surpasses them all in 1 of 21 tables."""
    found = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        features = [rng.normal(size=(300, 1)) for _ in range(6)]
        found += components([each - each.mean() for each in features], rng)[0].shape[1] > 0
    # 200 tables at 1/21, and four standard errors.
    assert found <= 200 / 21 + 4 * np.sqrt(200 / 21 * 20 / 21)


def test_as_many_components_are_found_as_were_planted():
    counts = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        traits = rng.normal(size=(500, 2))
        features = [traits[:, [i % 2]] + 0.7 * rng.normal(size=(500, 1)) for i in range(8)]
        coded = [(each - each.mean()) / each.std() for each in features]
        counts.append(components(coded, rng)[0].shape[1])
    assert counts == [2] * 20


def test_a_cloud_cut_in_two_has_no_valley_and_groups_apart_have_one():
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(5_000, 2)) * [2, 1]
    cut = group(cloud, 2, 0)
    assert valleys(cloud, cut.labels_, cut.cluster_centers_).max() > 1.2
    even = rng.uniform(size=(5_000, 1))
    halves = group(even, 2, 0)
    assert valleys(even, halves.labels_, halves.cluster_centers_).max() > 0.95
    apart, _ = groups_apart(5)
    found = group(apart, 3, 0)
    assert valleys(apart, found.labels_, found.cluster_centers_).max() < 0.75


def test_valleys_by_the_density_of_normal_groups():
    """Two unit normals 6 apart, of which one is small, through a kernel of 0.35: known densities."""
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.normal(-3, 1, 90_000), rng.normal(3, 1, 10_000)])[:, None]
    labels = np.repeat([0, 1], [90_000, 10_000])
    wide = np.sqrt(1 + 0.35**2)

    def density(x):
        return 0.9 * np.exp(-(((x + 3) / wide) ** 2) / 2) + 0.1 * np.exp(
            -(((x - 3) / wide) ** 2) / 2
        )

    found = valleys(scores, labels, np.array([[-3.0], [3.0]]))
    fewest = min(density(-3 + 6 * place) for place in (0.3, 0.4, 0.5, 0.6, 0.7))
    assert found[0, 1] == pytest.approx(fewest / density(3), rel=0.05)


def test_groups_of_one_shape_are_found_however_few_or_long():
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], [950, 50])
    scores = rng.normal(size=(1_000, 2)) * [5, 1] + np.outer(truth, [0, 6])
    found = grouped(scores, 2, 0)
    assert pd.crosstab(truth, found.labels).max(axis=1).sum() >= 995
    placed = scores @ found.metric
    within = np.cov((placed - found.centres[found.labels]).T)
    assert within == pytest.approx(np.eye(2), abs=0.1)


def test_the_halves_of_a_ring_hang_together_and_groups_do_not():
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 1_000)
    ring = 4 * np.column_stack([np.cos(angle), np.sin(angle)]) + 0.5 * rng.normal(size=(1_000, 2))
    halves = grouped(ring, 2, 0)
    assert bridged(ring @ halves.metric, halves.labels, 0).any()
    apart, _ = groups_apart(5)
    three = grouped(apart, 3, 0)
    assert not bridged(apart @ three.metric, three.labels, 0).any()


def test_features_tell_groups_apart_by_themselves_or_together():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 1_000)
    long = rng.normal(size=1_000) * 5
    across = rng.normal(size=1_000) + 5 * truth
    table = np.column_stack([long + across, long - across, rng.normal(size=1_000)])
    table -= table.mean(axis=0)
    metric = grouped(table[:, :2], 2, 0).metric
    axes = np.vstack([metric, np.zeros(2)])
    told = told_apart(np.split(table, 3, axis=1), truth, axes)
    # By itself, neither of the first two tells much; their difference does.
    assert told[0, 1].tolist() == [True, True, False]
    assert not told[0, 0].any()
