import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.api import OLS, add_constant

from cxlib.kpi_drivers.regression import hidden_cause, regress
from cxlib.measure.hidden_causes import robustness


def drawn(seed, count=120, width=3):
    rng = np.random.default_rng(seed)
    clusters = rng.integers(0, 30, count)
    design = pd.DataFrame(rng.normal(size=(count, width)), columns=list("abc")[:width])
    score = pd.Series(rng.normal(size=30)[clusters] + 0.5 * design.a + rng.normal(size=count))
    return design, score, clusters


def test_errors_are_those_of_leaving_out_one_cluster_after_the_other():
    design, score, clusters = drawn(0)
    found = regress(design, score, clusters)
    whole = OLS(score, add_constant(design)).fit()
    moved = np.array([
        (whole.params - OLS(score[clusters != each], add_constant(design)[clusters != each]).fit().params)[1:]
        for each in np.unique(clusters)
    ])  # fmt: skip
    count = len(moved)
    assert found.values.to_numpy() == pytest.approx(whole.params.to_numpy()[1:])
    assert found.covariance.to_numpy() == pytest.approx((count - 1) / count * moved.T @ moved)
    assert found.explained == pytest.approx(whole.rsquared)
    assert found.freedom == count - 1


def test_with_each_row_alone_the_errors_are_hc3():
    design, score, _ = drawn(1)
    found = regress(design, score, np.arange(len(score)))
    other = OLS(score, add_constant(design)).fit(cov_type="HC3").cov_params().to_numpy()[1:, 1:]
    assert found.covariance.to_numpy() == pytest.approx(other * (len(score) - 1) / len(score))


def test_one_coefficient_is_judged_by_its_own_error():
    design, score, clusters = drawn(2)
    found = regress(design, score, clusters)
    value, low, high = found.interval("a")
    error = np.sqrt(found.covariance.loc["a", "a"])
    assert found.chance(["a"]) == pytest.approx(2 * stats.t.sf(abs(value) / error, found.freedom))
    assert high - low == pytest.approx(2 * error * stats.t.ppf(0.975, found.freedom))


def test_a_level_of_one_cluster_alone_breaks_nothing():
    design, score, clusters = drawn(3)
    design["only"] = (clusters == clusters[0]) * 1.0
    found = regress(design, score, clusters)
    assert np.isfinite(found.covariance.to_numpy()).all()
    assert 0 < found.chance(["a", "only"]) <= 1


def test_how_strong_a_hidden_cause_must_be_is_told_as_published():
    """By the t of ordinary least squares (Cinelli and Hazlett 2020)."""
    rng = np.random.default_rng(5)
    design = pd.DataFrame(rng.normal(size=(400, 2)), columns=["wait", "other"])
    score = 0.4 * design.wait + 0.3 * design.other + rng.normal(size=400)
    t = OLS(score, add_constant(design)).fit().tvalues["wait"]
    assert hidden_cause(design, ["wait"], score) == pytest.approx(robustness(t, 397))


def test_a_category_is_as_hidden_as_its_columns_together():
    rng = np.random.default_rng(6)
    kinds = pd.get_dummies(pd.Series(rng.choice(list("abc"), 900)), drop_first=True, dtype=float)
    score = 0.8 * kinds.b + rng.normal(size=900)
    assert hidden_cause(kinds, ["b", "c"], score) > hidden_cause(kinds, ["c"], score) >= 0
