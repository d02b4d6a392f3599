import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from cxlib.account_tiers import gamma_gamma
from cxlib.account_tiers.gamma_gamma import SpendModel, draw_amounts, expected_amount, fit_spend
from cxlib.errors import MissingData
from tests.conftest import SHARED

CDNOW = SHARED / "data" / "cdnow" / "customers_summary.csv"


def simulated(rng, count=3_000, p=6.25, q=3.74, v=15.4) -> pd.DataFrame:
    """Mean amounts of customers as the model has them, and the mean of each (`truth`)."""
    x = rng.geometric(0.3, count).astype(float)
    rate = rng.gamma(q, 1 / v, count)
    return pd.DataFrame({"x": x, "amount": rng.gamma(p * x) / rate / x, "truth": p / rate})


@pytest.mark.shared
def test_cdnow_is_fitted_as_published():
    """Fader and Hardie 2013, within 0.5%."""
    table = pd.read_csv(CDNOW).rename(columns={"zbar": "amount"})
    found = fit_spend(table)
    assert (found.p, found.q, found.v) == pytest.approx((6.25, 3.74, 15.45), rel=0.005)
    assert found.customers == 946


def test_the_gradient_is_that_of_the_likelihood():
    table = simulated(np.random.default_rng(1), 100)
    told = table.x.to_numpy(), table.amount.to_numpy()
    logs = np.log([2.0, 3.0, 9.0])
    numeric = optimize.approx_fprime(logs, lambda each: gamma_gamma._loss(each, *told)[0], 1e-7)
    assert gamma_gamma._loss(logs, *told)[1] == pytest.approx(numeric, rel=1e-4)


def test_planted_means_are_recovered_and_drawn_towards_the_others():
    table = simulated(np.random.default_rng(2))
    found = fit_spend(table)
    expected = expected_amount(found, table)
    # Nearer to the truth than the customers' own means are.
    assert ((expected - table.truth) ** 2).mean() < ((table.amount - table.truth) ** 2).mean()
    assert expected.mean() == pytest.approx(table.truth.mean(), rel=0.05)
    few, middle = table.x == 1, found.mean
    shrunk = np.abs(expected - middle) <= np.abs(table.amount - middle) + 1e-9
    assert shrunk[few].all()


def test_a_customer_of_whom_nothing_is_known_is_like_all_others():
    found = fit_spend(simulated(np.random.default_rng(3)))
    nobody = pd.DataFrame({"x": [0.0], "amount": [np.nan]})
    assert expected_amount(found, nobody)[0] == pytest.approx(found.mean)


def test_draws_have_the_expected_mean_and_are_nothing_without_a_purchase():
    model = SpendModel(6.25, 3.74, 15.45, np.nan, 0)
    histories = pd.DataFrame({"x": [2.0, 5.0], "amount": [22.35, 60.0]})
    drawn = draw_amounts(model, histories, np.full((200_000, 2), 3))
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    expected = 3 * expected_amount(model, histories)
    assert (np.abs(drawn.mean(axis=0) - expected) < 4 * error).all()
    assert (draw_amounts(model, histories, np.zeros((5, 2))) == 0).all()


def test_the_currency_does_not_matter():
    table = simulated(np.random.default_rng(4))
    one, other = fit_spend(table), fit_spend(table.assign(amount=1_000 * table.amount))
    assert other.p == pytest.approx(one.p, rel=1e-3)
    assert other.mean == pytest.approx(1_000 * one.mean, rel=1e-3)


@pytest.mark.parametrize(
    "histories",
    [
        pd.DataFrame({"x": [], "amount": []}),
        pd.DataFrame({"x": [0.0] * 50, "amount": [np.nan] * 50}),
        pd.DataFrame({"x": [1.0] * 50, "amount": [-5.0] * 50}),
    ],
    ids=["nobody", "nobody bought", "all refunds"],
)
def test_what_cannot_be_fitted_is_refused(histories):
    with pytest.raises(MissingData, match="at least 20 customers with purchases"):
        fit_spend(histories)
