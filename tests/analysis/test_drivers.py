import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from cxlib.analysis.drivers import compare_groups, find_drivers
from cxlib.data.demo_truth import DRIVERS, NPS_PER_CSAT
from cxlib.measure.features import answers_with_contact, later_business

NAMES = {"resolved": "not resolved", "transfers": "transfers", "wait_seconds": "wait"}


@pytest.mark.parametrize("metric", ["csat", "nps"])
def test_the_planted_drivers_are_found_in_the_planted_order(data, metric):
    found = find_drivers(answers_with_contact(data, metric, data.start), metric)
    clear = [each for each in found.drivers if each.per_step.excludes(0)]
    assert [each.name for each in clear] == [NAMES[truth.name] for truth in DRIVERS]
    assert all(each.per_step.value < 0 for each in clear)
    for each, truth in zip(clear, DRIVERS, strict=True):
        # Scores are cut off at the ends of the scale, which shrinks every effect somewhat.
        effect = truth.effect * (NPS_PER_CSAT if metric == "nps" else 1)
        assert 0.6 < each.per_step.value / effect < 1.15


def test_the_numbers_are_those_of_a_clustered_regression(data):
    answers = answers_with_contact(data, "csat", data.quarter.start).rename(
        columns={"not resolved": "unresolved"}
    )
    found = find_drivers(answers, "csat")
    fit = smf.ols("score ~ unresolved + transfers + wait + handling", answers).fit(
        cov_type="cluster", cov_kwds={"groups": pd.factorize(answers.customer_id)[0]}, use_t=True
    )
    for each in found.drivers:
        assert each.per_step.value == pytest.approx(fit.params[each.name])
        assert (each.per_step.low, each.per_step.high) == pytest.approx(
            tuple(fit.conf_int().loc[each.name])
        )
    assert found.explained == pytest.approx(fit.rsquared)


def test_noise_drives_nothing_more_often_than_chance():
    called, runs = 0, 200
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        answers = pd.DataFrame(rng.normal(size=(150, 3)), columns=["score", "a", "b"])
        answers["customer_id"] = np.arange(150)
        called += sum(each.per_step.excludes(0) for each in find_drivers(answers, "csat").drivers)
    rate = called / (2 * runs)
    assert rate <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / (2 * runs))


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (pd.DataFrame({"customer_id": [], "score": []}), "there are 0"),
        (pd.DataFrame({"customer_id": range(80), "score": 5.0, "a": np.arange(80.0)}), "every answer is the same"),
        (pd.DataFrame({"customer_id": range(80), "score": np.arange(80.0), "a": 1.0}), "none differs"),
        (pd.DataFrame({"customer_id": range(80), "score": np.arange(80.0), "a": np.nan}), "no fact of the contacts"),
    ],
    ids=["empty", "one score", "constant driver", "unknown driver"],
)  # fmt: skip
def test_what_cannot_be_told_is_said(answers, words):
    assert words in find_drivers(answers, "csat").problem


def test_groups_are_cut_at_the_usual_scores():
    later = pd.DataFrame(
        {"score": [6.9, 7, 8.9, 9, 10], "retained": [0, 1, 1, 1, 1], "revenue": [1.0, 2, 3, 4, 5]}
    )
    groups = compare_groups(later, (7, 9), ("detractors", "passives", "promoters"))
    assert [(each.name, each.accounts) for each in groups] == [
        ("detractors", 1),
        ("passives", 2),
        ("promoters", 2),
    ]
    assert groups[2].revenue.value == 4.5
    assert not groups[0].revenue.has_interval


def test_bond_shows_in_later_retention(data):
    """Accounts that stand well churn less and answer better, by construction."""
    later = later_business(data, "nps", data.quarter.shift(-3).start, data.quarter.end)
    low, high = later[later.score < 7], later[later.score >= 9]
    assert low.retained.mean() < high.retained.mean()


def test_a_driver_told_by_another_is_left_out_and_named():
    rng = np.random.default_rng(1)
    minutes = rng.gamma(2, 2, 200)
    answers = pd.DataFrame(
        {
            "customer_id": range(200),
            "score": rng.normal(size=200) - minutes,
            "minutes": minutes,
            "seconds": 60 * minutes,
        }
    )
    found = find_drivers(answers, "csat")
    assert [each.name for each in found.drivers] == ["minutes"]
    assert found.dropped == {"seconds": "told by the drivers before it"}
