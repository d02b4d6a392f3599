import numpy as np
import pandas as pd
import pytest

from cxlib.personas.clustering import find_personas
from cxlib.personas.groups import shares_by
from cxlib.personas.profiles import (
    SHARED_BY,
    against_elsewhere,
    differences,
    find_rule,
    typical_profiles,
)
from tests.personas.test_clustering import noise, planted


@pytest.fixture(scope="module")
def example():
    table, truth = planted(apart=6)
    table["age"] = np.random.default_rng(0).normal(40, 10, len(table))
    return table, truth, find_personas(table)


def _exactly(mean, deviation, count):
    """Numbers with just this mean and standard deviation."""
    values = np.random.default_rng(0).normal(size=count)
    return mean + deviation * (values - values.mean()) / values.std(ddof=1)


def _two(table, inside):
    """A table and personas A and B, made by hand from any other personas."""
    from dataclasses import replace

    from cxlib.personas.encoding import usable_features

    found = find_personas(planted()[0])
    labels = pd.Series(np.where(np.arange(len(table)) < inside, "A", "B"), table.index)
    stability = pd.DataFrame({"persona": ["A", "B"]})
    features = usable_features(table)[0]
    return replace(found, labels=labels.astype("str"), stability=stability, features=features)


def test_a_difference_in_a_number_is_hedges_g():
    """Borenstein et al. 2009, *Introduction to Meta-Analysis*, ch. 4: g = 0.5924."""
    table = pd.DataFrame({"score": np.r_[_exactly(103, 5.5, 50), _exactly(100, 4.5, 50)]})
    table["other"] = np.sin(np.arange(100))
    found = differences(table, _two(table, 50))
    row = found[(found.persona == "A") & (found.feature == "score")].iloc[0]
    assert row.effect == pytest.approx(0.5924, abs=5e-4)
    assert (row.high - row.low) / (2 * 1.96) == pytest.approx(np.sqrt(0.0411), abs=0.003)


def test_a_level_of_a_few_customers_is_told_of_no_persona():
    roles = ["a"] * 100 + ["b"] * (99 - SHARED_BY) + ["c"] * SHARED_BY + ["only me"]
    table = pd.DataFrame({"role": roles, "other": np.sin(np.arange(len(roles)))})
    assert set(differences(table, _two(table, 100)).level) == {"", "a", "b", "c"}


def test_a_difference_in_a_level_is_cohens_h():
    """Cohen 1988, ch. 6.2: h = φ(.65) − φ(.45) = 1.875 − 1.471 = 0.404."""
    table = pd.DataFrame({"role": ["a"] * 65 + ["b"] * 35 + ["a"] * 45 + ["b"] * 55})
    table["other"] = np.sin(np.arange(200))
    found = differences(table, _two(table, 100))
    row = found[(found.persona == "A") & (found.level == "a")].iloc[0]
    assert row.effect == pytest.approx(1.875 - 1.471, abs=2e-3)
    assert (row.inside, row.rest) == pytest.approx((0.65, 0.45))


def test_what_sets_planted_personas_apart_is_found(example):
    table, _, personas = example
    found = differences(table, personas)
    strong = found[found.effect.abs() > 0.8].feature.unique()
    assert {"u", "v", "w", "role"} == set(strong)
    noise_rows = found[found.feature.isin(["x", "y", "z", "town", "age"])]
    # At 5%, 3 personas and 8 features that tell nothing: none or one.
    assert (noise_rows.q < 0.05).sum() <= 1


def test_a_typical_profile_fits_at_least_ten_customers(example):
    table, _, personas = example
    profiles = typical_profiles(table, personas, differences(table, personas))
    assert (profiles.fitting >= SHARED_BY).all()
    for persona, rows in profiles.groupby("persona"):
        fits = (personas.labels == persona).to_numpy()
        for each in rows.itertuples():
            column = table[each.feature]
            inside = column == each.level if each.level else column.between(each.low, each.high)
            fits = fits & inside.to_numpy()
            assert fits.sum() == each.fitting


def test_of_whom_a_feature_is_not_known_does_not_fit_a_profile():
    table, truth = planted(count=600, apart=6)
    rng = np.random.default_rng(0)
    first = np.where(truth == 0, 1.0, 0.0)
    unknown = rng.random(600) < 0.4
    table["reason: billing"] = np.where(unknown, np.nan, first)
    table["reason: access"] = np.where(unknown, np.nan, 1 - first)
    personas = find_personas(table)
    profiles = typical_profiles(table, personas, differences(table, personas))
    for persona, rows in profiles.groupby("persona"):
        fits = (personas.labels == persona).to_numpy()
        for each in rows.itertuples():
            if each.kind == "shares":
                inside = table[f"reason: {each.level}"] > 0.5
            elif each.level:
                inside = table[each.feature] == each.level
            else:
                inside = table[each.feature].between(each.low, each.high)
            fits = fits & inside.to_numpy()
            assert fits.sum() == each.fitting


def test_an_unknown_category_is_no_question_of_shares():
    table, _ = planted(apart=6)
    table = table[["role", "u", "v", "w"]]
    table["role"] = table.role.where(np.random.default_rng(0).random(len(table)) > 0.3)
    rule = find_rule(table, find_personas(table))
    kinds = {q.feature: (q.kind, q.limit) for way in rule.paths.questions for q in way}
    assert all(limit == 0.5 for kind, limit in kinds.values() if kind == "category")
    assert (rule.paths.customers >= SHARED_BY).all()
    assert ((rule.paths.low <= rule.paths.right) & (rule.paths.right <= rule.paths.high)).all()


def test_three_questions_recognise_planted_personas_and_say_how_well(example):
    table, truth, personas = example
    rule = find_rule(table, personas)
    assert rule.accuracy.value > 0.9
    assert rule.by_guess == pytest.approx(
        pd.Series(truth).value_counts(normalize=True).max(), abs=0.02
    )
    assert rule.paths.questions.map(len).max() <= 3
    assert rule.paths.customers.sum() == len(table)
    # On customers that the rule has not seen, it is as right as it says.
    fresh, _ = planted(count=3_000, apart=6, seed=9)
    fresh["age"] = 40.0
    from cxlib.personas.clustering import assign

    told = assign(personas.model, fresh)[0]
    guessed = pd.Series("", fresh.index)
    for way in rule.paths.itertuples():
        fits = np.ones(len(fresh), dtype=bool)
        for question in way.questions:
            column = fresh[question.feature]
            value = (column == question.level) if question.level else column
            fits &= ((value > question.limit) == question.yes).to_numpy()
        guessed[fits] = way.persona
    error = np.sqrt(0.1 / len(fresh))
    assert (guessed == told).mean() == pytest.approx(rule.accuracy.value, abs=0.02 + 3 * error)


def test_on_labels_drawn_by_lot_the_rule_is_no_better_than_a_guess():
    table = noise("one Gaussian", 0, count=2_000)
    personas = _two(table, 1_000)
    lot = np.random.default_rng(1).permutation(personas.labels)
    from dataclasses import replace

    personas = replace(personas, labels=pd.Series(lot, table.index, dtype="str"))
    rule = find_rule(table, personas)
    assert rule.accuracy.low < 0.5 < rule.accuracy.high + 0.02


def test_without_personas_there_is_nothing_to_say():
    table = noise("uniforms", 0)
    nobody = find_personas(table)
    assert differences(table, nobody).empty
    assert typical_profiles(table, nobody, differences(table, nobody)).empty
    assert find_rule(table, nobody) is None


def accounts_drawn(rng, count=300, shift=0.0):
    kinds = pd.Series(rng.choice(["I", "II", "III"], count), [f"A{i}" for i in range(count)])
    size = 1 + rng.poisson(2, count)
    # Customers of one account are alike: their chance is drawn per account.
    chance = rng.beta(2, 2, count) * 0.8 + shift * (kinds == "I").to_numpy()
    mine = rng.binomial(size, np.clip(chance, 0, 1))
    return pd.DataFrame({"A": mine, "B": size - mine, "customers": size}, kinds.index), kinds


def test_tiers_alike_are_seldom_called_different_although_accounts_are():
    """300 draws, at 5%; a test that took customers for independent would find twice as many."""
    rng = np.random.default_rng(0)
    alarms = sum(
        (against_elsewhere(shares_by(*_order(accounts_drawn(rng)))).q < 0.05).any()
        for _ in range(300)
    )
    assert alarms / 300 < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 300)


def test_a_tier_with_more_of_a_persona_is_called_so():
    found = against_elsewhere(
        shares_by(*_order(accounts_drawn(np.random.default_rng(1), 600, shift=0.25)))
    )
    first = found[(found.kind == "I") & (found.group == "A")].iloc[0]
    assert first.q < 0.05
    assert first.share > first.elsewhere


def _order(drawn):
    accounts, kinds = drawn
    return accounts, ["A", "B"], kinds
