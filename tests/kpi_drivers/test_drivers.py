import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from cxlib.demo.truth import DRIVERS, NPS_PER_CSAT
from cxlib.kpi_drivers.drivers import RESAMPLES, find_drivers
from cxlib.kpi_drivers.outcomes import answers_with_contact
from cxlib.kpi_drivers.page import driver_frame
from cxlib.kpi_drivers.shapley import divide
from tests.conftest import draws

NAMES = {"resolved": "not resolved", "transfers": "transfers", "wait_seconds": "wait"}


@pytest.mark.parametrize("metric", ["csat", "nps"])
def test_the_planted_drivers_are_found_in_the_planted_order(data, metric):
    found = find_drivers(answers_with_contact(data, metric, data.start), metric)
    clear = [each for each in found.drivers if each.sign]
    assert [each.name for each in clear] == [NAMES[truth.name] for truth in DRIVERS]
    assert [each.name for each in found.drivers[:3]] == [each.name for each in clear]
    assert all(each.sign == -1 for each in clear)
    # Resampled customers nearly always put them in the planted order.
    assert all(each.rank_probability > 0.95 and not each.tied for each in clear)
    for each, truth in zip(clear, DRIVERS, strict=True):
        # Scores are cut off at the ends of the scale, which shrinks every effect somewhat.
        effect = truth.effect * (NPS_PER_CSAT if metric == "nps" else 1)
        assert 0.6 < each.per_step.value / effect < 1.15


def test_the_numbers_are_those_of_a_clustered_regression(data):
    answers = answers_with_contact(data, "csat", data.quarter.start).rename(
        columns={"not resolved": "unresolved"}
    )
    found = find_drivers(answers, "csat")
    formula = "score ~ unresolved + transfers + wait + handling + channel + reason + touchpoint"
    # Rare levels are pooled; here none of 2% or more is left out.
    known = answers.copy()
    for name in ("channel", "reason", "touchpoint"):
        share = known[name].map(known[name].value_counts(normalize=True))
        known[name] = known[name].where(share >= 0.02, "other values")
    fit = smf.ols(formula, known).fit(
        cov_type="cluster", cov_kwds={"groups": pd.factorize(answers.account_id)[0]}, use_t=True
    )
    for each in (each for each in found.drivers if each.per_step):
        assert each.per_step.value == pytest.approx(fit.params[each.name])
        # Leaving accounts out is a little more careful than the sandwich.
        width = each.per_step.high - each.per_step.low
        assert 0.98 < width / np.ptp(fit.conf_int().loc[each.name]) < 1.2
    assert found.explained == pytest.approx(fit.rsquared_adj)
    told = sum(each.share.value for each in found.drivers)
    assert told == pytest.approx(fit.rsquared_adj, abs=0.005)


def test_noise_drives_nothing_more_often_than_chance():
    called, runs = 0, 200
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        answers = pd.DataFrame(rng.normal(size=(150, 3)), columns=["score", "a", "b"])
        answers["customer_id"] = np.arange(150)
        found = find_drivers(answers, "csat", resamples=10)
        called += sum(each.sign != 0 for each in found.drivers)
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
    assert found.dropped == {"seconds": "a copy of minutes: it orders answers alike"}


def test_a_driver_that_several_others_add_up_to_is_left_out():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.gamma(2, 2, (200, 2)), columns=["talk", "hold"])
    table = table.assign(customer_id=range(200), score=rng.normal(size=200) - table.talk)
    found = find_drivers(table.assign(both=table.talk + table.hold), "csat")
    assert found.dropped == {"both": "told by the drivers before it"}


# Shares -------------------------------------------------------------------------------------------

POPULATION = np.array(
    [
        [1.0, 0.5, 0.2, 0.0],
        [0.5, 1.0, 0.0, 0.0],
        [0.2, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 1.0],
    ]
)
EFFECTS = np.array([0.6, 0.3, 0.2, 0.0])


def drawn(rng, count=250):
    """Answers of customers who answer once or twice, alike each time, under known effects."""
    drivers = rng.multivariate_normal(np.zeros(4), POPULATION, count)
    score = drivers @ EFFECTS + rng.normal(size=count)
    table = pd.DataFrame(drivers, columns=list("abcd")).assign(score=score)
    return table.assign(customer_id=rng.permutation(count) // 2)


def test_the_interval_of_the_largest_share_holds_the_truth_as_often_as_it_says():
    """300 draws; between 90% and 98% for a nominal 95%."""
    whole = np.zeros((5, 5))
    whole[:4, :4] = POPULATION
    whole[:4, 4] = whole[4, :4] = POPULATION @ EFFECTS
    whole[4, 4] = EFFECTS @ POPULATION @ EFFECTS + 1
    truth = divide(whole, [[0], [1], [2], [3]]).shares[0]
    held = 0
    for seed in range(300):
        found = find_drivers(drawn(np.random.default_rng(seed)), "csat", resamples=300, seed=seed)
        share = next(each.share for each in found.drivers if each.name == "a")
        held += share.low <= truth <= share.high
    assert 0.90 <= held / 300 <= 0.98


def test_drivers_of_the_same_strength_are_called_tied():
    rng = np.random.default_rng(3)
    table = pd.DataFrame(rng.normal(size=(400, 3)), columns=list("abc"))
    table["score"] = table.a + table.b + 3 * table.c + rng.normal(size=400)
    found = find_drivers(table.assign(customer_id=range(400)), "csat")
    assert found.drivers[0].name == "c"
    assert [each.tied for each in found.drivers] == [False, True, False]
    assert found.drivers[0].rank_probability == 1


def test_a_category_is_one_driver_with_the_share_of_all_its_levels():
    rng = np.random.default_rng(4)
    level = rng.choice(["x", "y", "z"], 600)
    table = pd.DataFrame({"kind": level, "a": rng.normal(size=600)})
    table["score"] = pd.Series(level).map({"x": 0, "y": 1, "z": 3}) + table.a + rng.normal(size=600)
    found = find_drivers(table.assign(customer_id=range(600)), "csat")
    kind = found.drivers[0]
    assert (kind.name, kind.per_step, kind.sign) == ("kind", None, 0)
    # No turn of signs does as well: the least that so many turns can tell.
    assert kind.p == 1 / 2_000
    dummies = pd.get_dummies(table.kind, drop_first=True, dtype=float)
    covariance = np.cov(np.column_stack([dummies, table.a, table.score]).T)
    shares = divide(covariance, [[0, 1], [2]])
    by_chance = 2 * (1 - shares.explained) / (600 - 1 - 3)
    assert kind.share.value == pytest.approx(shares.shares[0] - by_chance)


def test_what_all_but_determines_the_score_is_kept_out_and_named():
    rng = np.random.default_rng(5)
    table = drawn(rng)
    table["complaint closed"] = table.score + 0.1 * rng.normal(size=len(table))
    found = find_drivers(table, "csat")
    assert "all but determines the score" in found.dropped["complaint closed"]
    assert found.drivers[0].name == "a"


def test_inflation_is_that_of_statsmodels():
    from statsmodels.stats.outliers_influence import variance_inflation_factor

    table = drawn(np.random.default_rng(6))
    found = find_drivers(table, "csat", resamples=10)
    design = np.column_stack([np.ones(len(table)), table[list("abcd")]])
    for each in found.drivers:
        theirs = variance_inflation_factor(design, "abcd".index(each.name) + 1)
        assert each.inflation == pytest.approx(theirs)


def test_the_file_has_every_driver_with_its_place(data):
    found = find_drivers(answers_with_contact(data, "csat", data.start), "csat", resamples=50)
    frame = driver_frame(found)
    assert list(frame) == [
        "outcome", "driver", "share", "low", "high", "sign", "rank", "rank_probability",
    ]  # fmt: skip
    assert list(frame["rank"]) == list(range(1, len(frame) + 1))
    assert ((frame.low <= frame.share) & (frame.share <= frame.high)).all()


def test_among_many_candidates_none_stands_out_by_chance():
    """Of 300 facts that have nothing to do with a score, a report claims one in at most 5% of runs.

    Of 40 runs, up to 5 pass: a rate of 5% gives more in fewer than 2 of 100 samples.
    """
    called, runs = 0, draws(40, 20)
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        answers = pd.DataFrame(rng.normal(size=(600, 300))).add_prefix("fact ")
        answers = answers.assign(customer_id=np.arange(600) // 2, score=rng.normal(size=600))
        found = find_drivers(answers, "csat", resamples=1)
        assert len(found.drivers) == 30
        called += any(each.sign for each in found.drivers)
    assert called <= stats.binom.ppf(0.98, runs, 0.05)


def test_among_many_candidates_those_that_matter_are_kept():
    rng = np.random.default_rng(1)
    answers = pd.DataFrame(rng.normal(size=(2_000, 200))).add_prefix("fact ")
    score = answers["fact 150"] - 0.5 * answers["fact 7"] + rng.normal(size=2_000)
    answers = answers.assign(customer_id=range(2_000), score=score)
    found = find_drivers(answers, "csat", resamples=draws(RESAMPLES, 50))
    assert [(each.name, each.sign) for each in found.drivers[:2]] == [
        ("fact 150", 1),
        ("fact 7", -1),
    ]
    assert sum("alone explains less" in why for why in found.dropped.values()) == 170


def test_a_level_that_a_resample_lacks_breaks_nothing():
    rng = np.random.default_rng(2)
    answers = pd.DataFrame(rng.normal(size=(500, 24))).add_prefix("fact ")
    # Of a rare fact, one customer has all: a third of the resamples are without.
    answers["rare"] = (np.arange(500) < 2).astype(float)
    answers = answers.assign(customer_id=np.arange(500) // 2, score=rng.normal(size=500))
    assert not find_drivers(answers, "csat").problem
