import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from cxlib.account_tiers import bgnbd
from cxlib.account_tiers.bgnbd import (
    PurchaseModel,
    alive,
    draw_purchases,
    expected_purchases,
    fit_purchases,
    likely_range,
)
from cxlib.errors import MissingData
from tests.conftest import SHARED

CDNOW = SHARED / "data" / "cdnow" / "customers_summary.csv"


def simulated(rng, model: PurchaseModel, until: np.ndarray, horizon: float = 0.0) -> pd.DataFrame:
    """Histories drawn as the model has it, purchase by purchase, and what came after (`later`)."""
    count = len(until)
    rate, leaves = rng.gamma(model.r, 1 / model.alpha, count), rng.beta(model.a, model.b, count)
    x, last, later, now = (np.zeros(count) for _ in range(4))
    there = np.ones(count, dtype=bool)
    while there.any():
        now += rng.exponential(1 / rate)
        seen, after = there & (now <= until), there & (now > until) & (now <= until + horizon)
        x[seen] += 1
        last[seen] = now[seen]
        later[after] += 1
        there = (seen | after) & (rng.random(count) > leaves)
    return pd.DataFrame({"x": x, "t_x": last, "T": until, "later": later})


def a_model(r=0.8, alpha=6.0, a=0.9, b=3.0) -> PurchaseModel:
    return PurchaseModel(r, alpha, a, b, (np.nan,) * 4, np.nan, 0)


# Published values ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cdnow():
    return pd.read_csv(CDNOW)


@pytest.mark.shared
def test_cdnow_is_fitted_as_published(cdnow):
    """Fader, Hardie and Lee 2005, within 0.5%."""
    found = fit_purchases(cdnow)
    published = (0.2426, 4.4136, 0.7929, 2.4259)
    assert (found.r, found.alpha, found.a, found.b) == pytest.approx(published, rel=0.005)
    assert found.log_likelihood == pytest.approx(-9582.4, abs=0.1)
    one = pd.DataFrame({"x": [2], "t_x": [30.43], "T": [38.86]})
    assert expected_purchases(found, one, 39)[0] == pytest.approx(1.226, rel=0.005)
    assert alive(found, one)[0] == pytest.approx(0.7266, rel=0.005)


@pytest.mark.shared
def test_errors_from_the_hessian_agree_with_a_bootstrap(cdnow):
    """Of the logarithms, within 20%; 150 draws tell a spread to 6%."""
    found = fit_purchases(cdnow)
    rng, until = np.random.default_rng(1), cdnow["T"].to_numpy(float)
    again = [fit_purchases(simulated(rng, found, until)) for _ in range(150)]
    logs = np.log([(each.r, each.alpha, each.a, each.b) for each in again])
    assert found.errors == pytest.approx(logs.std(axis=0, ddof=1), rel=0.2)


# Against the likelihood written out ---------------------------------------------------------------


def test_the_gradient_is_that_of_the_likelihood():
    rng = np.random.default_rng(2)
    table = simulated(rng, a_model(), rng.uniform(5, 40, 200))
    told = bgnbd._tell(*(table[name].to_numpy() for name in ("x", "t_x", "T")))
    logs = np.log([0.5, 3.0, 1.2, 2.0])
    numeric = optimize.approx_fprime(logs, lambda each: bgnbd._loss(each, told)[0], 1e-7)
    assert bgnbd._loss(logs, told)[1] == pytest.approx(numeric, rel=1e-4)


def test_the_likelihood_is_the_published_one():
    """Equation 6 of the paper, customer by customer, with plain numbers."""
    from math import gamma, log

    r, alpha, a, b = 0.5, 3.0, 1.2, 2.0
    table = pd.DataFrame({"x": [0, 1, 3], "t_x": [0.0, 4.0, 9.0], "T": [10.0, 12.0, 11.0]})

    def beta(one, other):
        return gamma(one) * gamma(other) / gamma(one + other)

    total = 0.0
    for x, t_x, until in table.itertuples(index=False):
        here = beta(a, b + x) / beta(a, b) * gamma(r + x) * alpha**r
        here /= gamma(r) * (alpha + until) ** (r + x)
        gone = 0.0
        if x:
            gone = beta(a + 1, b + x - 1) / beta(a, b) * gamma(r + x) * alpha**r
            gone /= gamma(r) * (alpha + t_x) ** (r + x)
        total += log(here + gone)
    told = bgnbd._tell(*(table[name].to_numpy(float) for name in table))
    assert -bgnbd._loss(np.log([r, alpha, a, b]), told)[0] == pytest.approx(total)


# What was planted is found ------------------------------------------------------------------------


def test_planted_parameters_and_later_purchases_are_recovered():
    truth, rng = a_model(), np.random.default_rng(3)
    table = simulated(rng, truth, rng.uniform(20, 60, 6_000), horizon=30)
    found = fit_purchases(table)
    for name, error in zip(("r", "alpha", "a", "b"), found.errors, strict=True):
        off = np.log(getattr(found, name) / getattr(truth, name))
        assert abs(off) < 3 * error
    expected = expected_purchases(found, table, 30)
    assert expected.sum() == pytest.approx(table.later.sum(), rel=0.05)
    # Also of those who bought most, who are no like sample.
    many = table.x >= table.x.quantile(0.9)
    assert expected[many].sum() == pytest.approx(table.later[many].sum(), rel=0.05)


def test_intervals_of_single_customers_hold_what_came_of_them():
    """80% of customers who buy often enough for an interval to have ends; 75 to 85% is asked for."""
    truth, rng = a_model(r=3.0, alpha=2.0, a=0.6, b=12.0), np.random.default_rng(4)
    table = simulated(rng, truth, rng.uniform(20, 40, 3_000), horizon=12)
    found = fit_purchases(table)
    drawn = draw_purchases(found, table, 12, 1_000)
    low, high = likely_range(drawn, 0.8)
    often = expected_purchases(found, table, 12) > 8
    held = ((table.later >= low) & (table.later <= high))[often]
    assert often.sum() > 800
    assert 0.75 <= held.mean() <= 0.85


def test_draws_have_the_mean_that_the_formula_gives():
    histories = pd.DataFrame(
        {"x": [0, 1, 2, 12], "t_x": [0.0, 5.0, 30.43, 30.0], "T": [38.86, 38.86, 38.86, 31.0]}
    )
    model = a_model(0.2426, 4.4136, 0.7929, 2.4259)
    drawn = draw_purchases(model, histories, 39, 200_000)
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    expected = expected_purchases(model, histories, 39)
    assert (np.abs(drawn.mean(axis=0) - expected) < 4 * error).all()


def test_customers_with_many_purchases_are_foretold_too():
    """Where the published series, or Pfaff's form of it, overflows in double precision."""
    histories = pd.DataFrame({"x": [125, 900], "t_x": [791.7, 790.0], "T": [800.0, 800.0]})
    model = a_model(1.99, 60.2, 0.593, 12.1)
    drawn = draw_purchases(model, histories, 1_826, 200_000)
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    expected = expected_purchases(model, histories, 1_826)
    assert (np.abs(drawn.mean(axis=0) - expected) < 4 * error).all()


@pytest.mark.parametrize("leaves", [(3_120.0, 8_100.0), (30.0, 570.0), (0.6, 9_000.0)])
def test_customers_who_leave_alike_are_foretold_too(leaves):
    """Where the fit says that customers hardly differ, the series is not to be had."""
    histories = pd.DataFrame({"x": [0.0, 3, 40], "t_x": [0.0, 200, 390], "T": [400.0] * 3})
    model = a_model(2.0, 60.0, *leaves)
    drawn = draw_purchases(model, histories, 365, 100_000)
    expected = expected_purchases(model, histories, 365)
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    assert (np.abs(drawn.mean(axis=0) - expected) < 4 * error + 1e-3 * expected).all()


# Degenerate inputs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "histories",
    [
        pd.DataFrame({"x": [], "t_x": [], "T": []}),
        pd.DataFrame({"x": [3.0], "t_x": [2.0], "T": [9.0]}),
        pd.DataFrame({"x": [0.0] * 80, "t_x": [0.0] * 80, "T": [9.0] * 80}),
    ],
    ids=["nobody", "one customer", "nobody came back"],
)
def test_what_cannot_be_fitted_is_refused(histories):
    with pytest.raises(MissingData, match="at least 50 customers, 20 of whom bought again"):
        fit_purchases(histories)


def test_customers_who_are_all_alike_are_fitted_without_a_stumble():
    table = pd.DataFrame({"x": [4.0] * 100, "t_x": [8.0] * 100, "T": [10.0] * 100})
    found = fit_purchases(table)
    assert np.isfinite(found.log_likelihood)
    assert expected_purchases(found, table, 10) == pytest.approx(4, rel=0.2)


def test_the_unit_of_time_does_not_matter():
    rng = np.random.default_rng(5)
    weeks = simulated(rng, a_model(), rng.uniform(20, 60, 800))
    days = weeks.assign(t_x=7 * weeks.t_x, T=7 * weeks["T"])
    one, other = fit_purchases(weeks), fit_purchases(days)
    assert other.alpha == pytest.approx(7 * one.alpha, rel=1e-3)
    assert expected_purchases(other, days, 70) == pytest.approx(
        expected_purchases(one, weeks, 10), rel=1e-3
    )
