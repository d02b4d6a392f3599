from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.kpi_drivers.shapley import divide, explained_by_subsets, shapley, shares_of_many
from tests.conftest import ROOT


def covariance(count, width, seed=0):
    rng = np.random.default_rng(seed)
    drivers = rng.normal(size=(count, width)) @ rng.normal(size=(width, width))
    outcome = drivers @ rng.normal(size=width) + 2 * rng.normal(size=count)
    return np.cov(np.column_stack([drivers, outcome]).T), drivers, outcome


def refitted(drivers, outcome, groups):
    """LMG the long way: every subset of drivers fitted anew."""

    def r_squared(chosen):
        columns = [column for each in chosen for column in groups[each]]
        design = np.column_stack([np.ones(len(outcome)), drivers[:, columns]])
        left = outcome - design @ np.linalg.lstsq(design, outcome, rcond=None)[0]
        return 1 - left.var() / outcome.var()

    shares = []
    for mine in range(len(groups)):
        others = [each for each in range(len(groups)) if each != mine]
        added = [
            (r_squared((*some, mine)) - r_squared(some)) / comb(len(others), size) / len(groups)
            for size in range(len(groups))
            for some in combinations(others, size)
        ]
        shares.append(sum(added))
    return np.array(shares)


def test_swiss_as_published():
    """Grömping 2006, *Journal of Statistical Software* 17(1): LMG, first and last."""
    table = pd.read_csv(ROOT / "tests" / "reference" / "swiss.csv")
    table = table[
        ["Agriculture", "Examination", "Education", "Catholic", "Infant.Mortality", "Fertility"]
    ]
    found = divide(np.cov(table.to_numpy().T), [[i] for i in range(5)])
    assert found.explained == pytest.approx(0.7067350, abs=5e-8)
    lmg = [0.057091, 0.171173, 0.260135, 0.105570, 0.112766]
    first = [0.1246649, 0.4171645, 0.4406157, 0.2150035, 0.1735189]
    last = [0.0428696, 0.0073874, 0.1619627, 0.0623726, 0.0569453]
    assert found.shares == pytest.approx(lmg, abs=5.1e-7)
    # The published table has one last digit rounded up, 0.4406157 for 0.44061565.
    assert found.first == pytest.approx(first, abs=1e-7)
    assert found.last == pytest.approx(last, abs=1e-7)


@pytest.mark.parametrize(
    "groups", [[[0], [1], [2], [3], [4]], [[0], [1, 2, 3], [4]], [[4, 0], [2], [3, 1]]]
)
def test_shares_equal_those_of_refitting_every_subset(groups):
    matrix, drivers, outcome = covariance(80, 5)
    assert divide(matrix, groups).shares == pytest.approx(
        refitted(drivers, outcome, groups), abs=1e-10
    )


@given(st.integers(0, 10_000), st.integers(1, 8))
def test_shares_add_up_and_none_is_negative(seed, width):
    matrix, *_ = covariance(40, width, seed)
    found = divide(matrix, [[i] for i in range(width)])
    assert found.shares.sum() == pytest.approx(found.explained, abs=1e-12)
    assert (found.shares >= -1e-12).all()


def test_a_driver_told_by_others_adds_nothing_to_them():
    _, drivers, outcome = covariance(60, 3)
    doubled = np.column_stack([drivers, drivers[:, 0] + drivers[:, 1], outcome])
    found = divide(np.cov(doubled.T), [[0], [1], [2], [3]])
    assert found.last[[0, 1, 3]] == pytest.approx([0, 0, 0], abs=1e-9)
    assert found.shares.sum() == pytest.approx(found.explained, abs=1e-12)
    plain = divide(np.cov(np.column_stack([drivers, outcome]).T), [[0], [1], [2]])
    assert found.explained == pytest.approx(plain.explained)


def test_many_covariances_at_once_are_the_same_as_one_by_one():
    many = np.array([covariance(50, 4, seed)[0] for seed in range(7)])
    groups = [[0], [1, 2], [3]]
    single = np.array([divide(each, groups).shares for each in many])
    assert shares_of_many(many, groups) == pytest.approx(single, abs=1e-12)


def test_twenty_drivers_are_exact_and_add_up():
    matrix, *_ = covariance(500, 20)
    found = divide(matrix, [[i] for i in range(20)])
    assert found.exact
    assert found.shares.sum() == pytest.approx(found.explained, abs=1e-12)


def test_beyond_twenty_drivers_shares_are_relative_weights_close_to_the_exact_ones():
    matrix, *_ = covariance(500, 21)
    found = divide(matrix, [[i] for i in range(21)])
    assert not found.exact
    assert found.shares.sum() == pytest.approx(found.explained, abs=1e-9)
    # Joined to twenty, two drivers keep the sum of their weights about.
    joined = divide(matrix, [[0, 1], *([i] for i in range(2, 21))])
    assert joined.exact
    assert found.explained == pytest.approx(joined.explained, abs=1e-9)
    assert np.corrcoef(found.shares[2:], joined.shares[1:])[0, 1] > 0.95


def test_drivers_that_do_not_hang_together_have_their_squared_correlations():
    matrix = np.eye(4)
    matrix[:3, 3] = matrix[3, :3] = [0.5, 0.3, 0.1]
    found = divide(matrix, [[0], [1], [2]])
    assert found.shares == pytest.approx([0.25, 0.09, 0.01])
    assert explained_by_subsets(matrix[None], [[0], [1], [2]])[0, 0b101] == pytest.approx(0.26)


def test_the_glove_game():
    """Shapley 1953: one left glove, two right ones; a pair is worth 1: shares 2/3, 1/6 and 1/6."""
    worth = [0, 0, 0, 1, 0, 1, 0, 1]
    assert shapley(np.array([worth], dtype=float))[0] == pytest.approx([2 / 3, 1 / 6, 1 / 6])
