import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from cxlib.analysis.personas import cluster_jaccard, find_personas
from cxlib.errors import MissingData
from cxlib.measure.features import customer_features


@pytest.fixture(scope="module")
def features(data):
    return customer_features(data, data.quarter.shift(-3).start)


@pytest.fixture(scope="module")
def personas(features):
    return find_personas(features)


def test_the_planted_personas_are_found(personas, demo):
    assert len(personas.stability) == 4
    truth = demo.personas.loc[personas.labels.index]
    assert adjusted_rand_score(truth, personas.labels) >= 0.9


def test_personas_are_named_by_size(personas):
    assert list(personas.stability.persona) == list("ABCD")
    assert personas.stability.customers.is_monotonic_decreasing
    assert personas.stability.share.sum() == pytest.approx(1)


@pytest.mark.parametrize("kind", ["uniform", "one Gaussian", "correlated Gaussians", "categories"])
def test_noise_has_no_personas(kind):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        if kind == "uniform":
            table = pd.DataFrame(rng.uniform(size=(600, 6)))
        elif kind == "one Gaussian":
            table = pd.DataFrame(rng.normal(size=(600, 6)))
        elif kind == "correlated Gaussians":
            table = pd.DataFrame(rng.normal(size=(600, 6)) @ rng.normal(size=(6, 6)))
        else:
            table = pd.DataFrame(rng.choice(list("abcd"), (600, 6)))
        assert not find_personas(table.rename(columns=str), seed=seed).found


def test_cluster_jaccard_by_an_independent_calculation():
    """Two far-apart groups are always found again; a group split at random is not."""
    rng = np.random.default_rng(0)
    apart = np.r_[rng.normal(0, 1, (100, 2)), rng.normal(20, 1, (100, 2))]
    assert cluster_jaccard(apart, np.repeat([0, 1], 100), rng) == pytest.approx([1, 1])
    random = rng.integers(0, 2, 200)
    assert cluster_jaccard(apart, random, rng).max() < 0.6


def test_three_customers_are_too_few():
    with pytest.raises(MissingData, match="there are 3"):
        find_personas(pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 3]}))


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"a": [1.0] * 200, "b": ["x"] * 200}),
        pd.DataFrame({"a": [np.nan] * 200, "b": [None] * 200}),
        pd.DataFrame({"a": [f"id{i}" for i in range(200)], "b": range(200)}),
    ],
    ids=["all alike", "all missing", "an id and one feature"],
)
def test_features_that_do_not_differ_are_dropped_with_the_reason(table):
    with pytest.raises(MissingData, match="at least 2 features that differ"):
        find_personas(table)


def test_identical_rows_but_a_few_have_no_personas():
    table = pd.DataFrame({"a": [0.0] * 998 + [1, 2], "b": ["x"] * 998 + ["y", "z"]})
    assert not find_personas(table).found
