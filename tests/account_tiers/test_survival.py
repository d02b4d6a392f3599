import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight

from cxlib.account_tiers.survival import FEWEST_CHURNS, SPANS, cumulative_risk, exposure, fit_lives
from cxlib.errors import MissingData


def simulated(rng, count=3_000, risks=(0.3, 0.2, 0.1, 0.1, 0.05), size_effect=0.0, seen=3.0):
    """Lives with a risk per span of tenure; accounts come into sight when the data begin."""
    size = rng.lognormal(0, 1, count)
    factor = np.exp(size_effect * np.log(size))
    age_at_end = rng.uniform(0, 9, count)
    # The cumulative risk at which each account leaves, turned into a tenure.
    target = rng.exponential(1, count) / factor
    starts = np.array(SPANS)
    knots = np.concatenate([[0], np.cumsum(np.diff(starts) * np.array(risks[:-1]))])
    span = np.searchsorted(knots, target, side="right") - 1
    leaves = starts[span] + (target - knots[span]) / np.array(risks)[span]
    entered = np.clip(age_at_end - seen, 0, None)
    table = pd.DataFrame(
        {
            "entered": entered,
            "left": np.minimum(leaves, age_at_end),
            "churned": (leaves < age_at_end).astype(float),
            "size": size,
        }
    )
    return table[table["left"] > table.entered].reset_index(drop=True)


def test_a_risk_is_churns_per_year_seen():
    """The maximum-likelihood estimate of a constant risk (Holford 1980), where sizes are alike."""
    lives = simulated(np.random.default_rng(1)).assign(size=1.0)
    found = fit_lives(lives)
    spans = found.spans
    assert spans.risk.tolist() == pytest.approx((spans.churns / spans.years).tolist())
    years, left = exposure(lives, np.array(SPANS))
    assert years.sum() == pytest.approx((lives["left"] - lives.entered).sum())
    assert left.sum() == lives.churned.sum()


def test_planted_risks_are_recovered():
    risks = (0.3, 0.2, 0.1, 0.1, 0.05)
    found = fit_lives(simulated(np.random.default_rng(2), 8_000, risks, size_effect=-0.4))
    assert found.size_effect == pytest.approx(-0.4, abs=0.08)
    # The usual size has a logarithm near 0, at which the risks are the planted ones.
    errors = np.log(found.spans.high / found.spans.risk) / 1.96
    assert (np.abs(np.log(found.spans.risk / np.array(risks))) < 4 * errors).all()


def test_staying_agrees_with_kaplan_and_meier_where_accounts_come_into_sight_late():
    """statsmodels' survival function, with the same delayed entries."""
    lives = simulated(np.random.default_rng(3), 6_000).assign(size=1.0)
    other = SurvfuncRight(lives["left"], lives.churned, entry=lives.entered)
    found = fit_lives(lives)
    at = np.array([1.0, 2.0, 3.0, 5.0, 7.0])
    ours = np.exp(-cumulative_risk(found, np.zeros(1), np.ones(1), at))[0]
    step = np.searchsorted(other.surv_times, at, side="right") - 1
    assert ours == pytest.approx(other.surv_prob[step], abs=0.02)


def test_the_effect_of_size_agrees_with_coxs():
    """statsmodels' proportional hazards regression."""
    lives = simulated(np.random.default_rng(4), 5_000, size_effect=0.5)
    logs = np.log(lives["size"].to_numpy())[:, None]
    cox = PHReg(lives["left"], logs, status=lives.churned, entry=lives.entered).fit()
    assert fit_lives(lives).size_effect == pytest.approx(cox.params[0], abs=0.03)


def test_risk_adds_up_from_any_tenure_and_never_falls():
    found = fit_lives(simulated(np.random.default_rng(5)))
    ahead = np.linspace(0, 9, 50)
    risk = cumulative_risk(found, np.array([0.0, 0.5, 4.0]), np.array([1.0, 2.0, 0.5]), ahead)
    assert (np.diff(risk, axis=1) >= 0).all()
    assert (risk[:, 0] == 0).all()
    whole, first, rest = (
        cumulative_risk(found, np.array([tenure]), np.ones(1), np.array([time]))[0, 0]
        for tenure, time in ((1.0, 4.0), (1.0, 1.5), (2.5, 2.5))
    )
    assert whole == pytest.approx(first + rest)


def test_spans_in_which_few_have_left_are_joined():
    lives = simulated(np.random.default_rng(6), 150)
    found = fit_lives(lives)
    assert (found.spans.churns >= FEWEST_CHURNS).all() or len(found.spans) == 1
    assert found.spans.start.iloc[0] == 0


def test_the_unit_of_size_does_not_matter():
    lives = simulated(np.random.default_rng(7), size_effect=0.3)
    one, other = fit_lives(lives), fit_lives(lives.assign(size=1_000 * lives["size"]))
    tenure, size = np.array([2.0]), np.array([3.0])
    assert cumulative_risk(other, tenure, 1_000 * size, np.array([4.0])) == pytest.approx(
        cumulative_risk(one, tenure, size, np.array([4.0]))
    )


@pytest.mark.parametrize("count", [0, 1, FEWEST_CHURNS - 1])
def test_too_few_that_have_left_are_refused(count):
    lives = pd.DataFrame(
        {"entered": 0.0, "left": 1.0, "churned": [1.0] * count + [0.0] * 20, "size": 1.0}
    )
    with pytest.raises(MissingData, match=f"at least {FEWEST_CHURNS} accounts must have left"):
        fit_lives(lives)


def test_all_gone_and_sizes_of_nothing_are_no_stumble():
    lives = pd.DataFrame({"entered": 0.0, "left": np.linspace(0.1, 4, 40), "churned": 1.0,
                          "size": -1.0})  # fmt: skip
    found = fit_lives(lives)
    assert np.isfinite(cumulative_risk(found, np.array([np.nan]), np.array([np.nan]), [1.0])).all()
