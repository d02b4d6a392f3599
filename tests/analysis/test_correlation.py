import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.signal import lfilter

from cxlib.analysis.correlation import correlate, surprises

PAIRS = 500
MONTHS = 36


def series(kind: str, rng) -> np.ndarray:
    shocks = rng.normal(size=(MONTHS + 50, 2))
    if kind == "random walks":
        return shocks.cumsum(axis=0)[-MONTHS:]
    if kind == "trends":
        return shocks[-MONTHS:] + np.arange(MONTHS)[:, None] * rng.normal(0, 0.3, 2)
    phi = 0.7 if kind == "AR(1)" else 0.0
    return lfilter([1], [1, -phi], shocks, axis=0)[-MONTHS:]


@pytest.mark.parametrize("kind", ["random walks", "AR(1)", "trends", "white noise"])
def test_series_that_have_nothing_to_do_with_one_another_are_seldom_called_related(kind):
    """A nominal 5%; at most 7% of 500 pairs, which is two standard errors above."""
    rng = np.random.default_rng(5)
    called = [
        correlate(pd.DataFrame(series(kind, rng), columns=["a", "b"]))[0].p < 0.05
        for _ in range(PAIRS)
    ]
    assert np.mean(called) <= 0.07


def test_series_that_share_their_shocks_are_found():
    rng = np.random.default_rng(6)
    common = rng.normal(size=MONTHS)
    walk = common.cumsum()
    other = 0.8 * walk + rng.normal(0, 0.4, MONTHS).cumsum() + np.arange(MONTHS)
    (pair,) = correlate(pd.DataFrame({"a": walk, "b": other}))
    assert pair.detected
    assert pair.r.value > 0.7


def test_surprises_are_the_residuals_of_the_stated_regression():
    values = np.random.default_rng(7).normal(size=30).cumsum()
    time = np.arange(1, 30)
    design = np.column_stack([np.ones(29), time, values[:-1]])
    fitted = design @ np.linalg.lstsq(design, values[1:], rcond=None)[0]
    assert surprises(pd.Series(values))[1:] == pytest.approx(values[1:] - fitted)


def test_r_is_pearsons():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(rng.normal(size=(40, 2)), columns=["a", "b"])
    (pair,) = correlate(frame)
    a, b = (surprises(frame[name])[1:] for name in "ab")
    assert pair.r.value == pytest.approx(stats.pearsonr(a, b).statistic)


def test_pairs_that_restate_one_another_are_left_out():
    frame = pd.DataFrame(np.random.default_rng(9).normal(size=(30, 3)), columns=["a", "b", "c"])
    found = {(each.x, each.y) for each in correlate(frame, [frozenset("ab")])}
    assert found == {("a", "c"), ("b", "c")}


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [], "b": []}),
        pd.DataFrame({"a": range(8), "b": range(8)}),
        pd.DataFrame({"a": [1.0] * 30, "b": [2.0] * 30}),
        pd.DataFrame({"a": [np.nan] * 30, "b": np.arange(30.0)}),
    ],
    ids=["empty", "too short", "constant", "all missing"],
)
def test_where_nothing_can_be_told_nothing_is(frame):
    assert correlate(frame) == ()
