import numpy as np
import pytest
from statsmodels.api import OLS, add_constant

from cxlib.measure.hidden_causes import robustness


def test_the_published_values_of_darfur():
    """Cinelli and Hazlett 2020, Table 1: t = 4.18 with 783 degrees of freedom."""
    assert robustness(4.184, 783) == pytest.approx(0.139, abs=0.0005)
    assert robustness(4.184, 783, beyond_chance=True) == pytest.approx(0.076, abs=0.0005)


@pytest.mark.parametrize("seed", range(3))
def test_a_cause_of_that_strength_accounts_for_the_whole_link(seed):
    """A third variable that explains just so much of both leaves a slope of nothing."""
    rng = np.random.default_rng(seed)
    driver = rng.normal(size=400)
    outcome = 0.3 * driver + rng.normal(size=400)
    fit = OLS(outcome, add_constant(driver)).fit()
    strong = robustness(fit.tvalues[1], fit.df_resid)
    # Parts of the cause: along the driver, along what it leaves of the outcome, and neither.
    one = (driver - driver.mean()) / driver.std()
    two = fit.resid / fit.resid.std()
    free = OLS(rng.normal(size=400), np.column_stack([np.ones(400), one, two])).fit().resid
    third = free / free.std()
    # Beside the driver, a share `strong` of what is left of the outcome lies along the cause.
    left = np.sqrt(strong * (1 - strong))
    cause = np.sqrt(strong) * one + left * two + np.sqrt(1 - strong - left**2) * third
    both = OLS(outcome, add_constant(np.column_stack([driver, cause]))).fit()
    assert both.params[1] == pytest.approx(0, abs=1e-6)
    assert 1 - both.ssr / fit.ssr == pytest.approx(strong, abs=1e-6)


def test_what_does_not_stand_out_is_accounted_for_by_anything():
    assert robustness(1.0, 100, beyond_chance=True) == 0.0
    assert robustness(0.0, 100) == 0.0
    assert robustness(2.0, 1) == 0.0
    assert robustness(-4.184, 783) == robustness(4.184, 783)
