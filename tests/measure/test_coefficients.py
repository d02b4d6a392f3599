import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from cxlib.measure.coefficients import beside, of_ranks, partial, probability, with_interval


def table(rng, rows=80) -> pd.DataFrame:
    """x and y have nothing to do with one another but z, which moves both."""
    z = rng.normal(size=rows)
    return pd.DataFrame(
        {"x": z + rng.normal(size=rows), "y": z + rng.normal(size=rows), "z": z,
         "w": rng.normal(size=rows)}
    )  # fmt: skip


def test_the_interval_is_fishers():
    """As scipy gives it."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 50))
    expected = stats.pearsonr(x, y)
    found = with_interval(expected.statistic, 50)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval()))
    assert probability(expected.statistic, 48) == pytest.approx(expected.pvalue)


def test_a_partial_correlation_is_that_of_what_the_others_leave_over():
    values = table(np.random.default_rng(2))
    found = partial(values, "x", "y", ["z", "w"])
    given = add_constant(values[["z", "w"]])
    left = [OLS(values[name], given).fit().resid for name in "xy"]
    assert found.value == pytest.approx(np.corrcoef(*left)[0, 1])
    reach = stats.norm.ppf(0.975) / np.sqrt(80 - 3 - 2)
    assert np.arctanh(found.high) - np.arctanh(found.value) == pytest.approx(reach)


def test_what_a_third_thing_explains_is_seldom_left_over():
    """5% nominal; at most 7.5% of 400, which is 2.3 standard errors above."""
    called = plain = 0
    for seed in range(400):
        values = table(np.random.default_rng(seed), rows=36)
        called += partial(values, "x", "y", ["z", "w"]).excludes(0)
        plain += with_interval(values.corr().loc["x", "y"], 36).excludes(0)
    assert called / 400 <= 0.075
    assert plain / 400 > 0.7


@pytest.mark.parametrize(
    "values",
    [
        table(np.random.default_rng(1), rows=10),
        table(np.random.default_rng(1)).assign(z=1.0),
        table(np.random.default_rng(1)).assign(z=lambda each: each.x),
        table(np.random.default_rng(1)).assign(z=np.nan),
    ],
    ids=["too few rows", "constant", "one restates another", "never known"],
)
def test_where_nothing_is_left_to_tell_there_is_no_partial_correlation(values):
    assert partial(values, "x", "y", ["z", "w"]) is None


def test_what_restates_the_pair_or_another_is_not_held_equal():
    families = [frozenset({"x", "x2"}), frozenset({"a", "b"})]
    assert beside(["x", "x2", "y", "a", "b", "c"], "x", "y", families) == ("a", "c")


def test_ranks_spread_wider():
    assert of_ranks(0.0) == 1.0
    assert of_ranks(0.8) == pytest.approx(1.32)
