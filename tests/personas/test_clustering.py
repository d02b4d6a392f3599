import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from cxlib.personas.clustering import find_personas
from cxlib.personas.features import customer_features
from tests.conftest import LONG


@pytest.fixture(scope="module")
def features(data):
    return customer_features(data, data.quarter.shift(-3).start, data.quarter.end)


@pytest.fixture(scope="module")
def personas(features):
    return find_personas(features)


def planted(count=1_500, groups=3, apart=4.5, seed=0):
    """Groups that differ in six numbers and two categories."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(groups, count)
    centres = apart / np.sqrt(2) * np.eye(6)[:groups]
    table = pd.DataFrame(centres[truth] + rng.normal(size=(count, 6)), columns=list("uvwxyz"))
    table["role"] = np.array(["cook", "driver", "clerk", "guard"])[
        np.where(rng.random(count) < 0.85, truth, rng.integers(0, 4, count))
    ]
    table["town"] = rng.choice(["Oslo", "Rome", "Lima"], count)
    table.index = pd.Index([f"C{i:05d}" for i in range(count)], name="customer_id")
    return table, truth


# The truth is found ------------------------------------------------------------------------------


def test_the_planted_personas_are_found_from_the_data_alone(personas, demo):
    assert len(personas.stability) == 4
    assert (personas.stability.verdict == "stable").all()
    truth = demo.personas.loc[personas.labels.index]
    assert adjusted_rand_score(truth, personas.labels) >= 0.9


@pytest.mark.parametrize("groups", [2, 3, 4])
def test_as_many_groups_are_found_as_were_planted(groups):
    table, truth = planted(groups=groups)
    found = find_personas(table)
    assert len(found.stability) == groups
    assert adjusted_rand_score(truth, found.labels) >= 0.85


def test_personas_are_named_by_size(personas):
    assert list(personas.stability.persona) == list("ABCD")
    assert personas.stability.customers.is_monotonic_decreasing
    assert personas.stability.share.sum() == pytest.approx(1)


def test_the_order_of_the_rows_makes_no_difference(features, personas):
    again = find_personas(features.sample(frac=1, random_state=1))
    pd.testing.assert_series_equal(again.labels, personas.labels)
    pd.testing.assert_series_equal(again.confidence, personas.confidence)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_another_seed_gives_the_same_personas(features, personas, seed):
    again = find_personas(features, seed=seed)
    assert (again.labels == personas.labels).mean() > 0.999


def test_values_missing_at_random_do_not_hide_the_groups():
    table, truth = planted()
    rng = np.random.default_rng(1)
    holes = table.where(rng.random(table.shape) > 0.2)
    found = find_personas(holes)
    assert len(found.stability) == 3
    known = found.labels.notna()
    assert adjusted_rand_score(truth[known], found.labels[known]) > 0.7
    assert {each.name: round(each.missing, 1) for each in found.features}["role"] == 0.2


def test_of_whom_little_is_known_belongs_to_no_persona():
    table, _ = planted()
    table.iloc[:7, :6] = np.nan
    found = find_personas(table)
    assert found.labels.iloc[:7].isna().all()
    assert found.confidence.iloc[:7].isna().all()
    assert found.labels.iloc[7:].notna().all()


def test_a_confidence_of_80_percent_is_right_four_times_in_five():
    """On groups as the model assumes them, the mean confidence is the share that is right."""
    table, truth = planted(count=10_000, apart=4.2)
    found = find_personas(table[["u", "v", "w"]])
    largest = pd.crosstab(found.labels, truth).idxmax(axis=1)
    right = found.labels.map(largest).to_numpy() == truth
    for low, high in ((0.5, 0.8), (0.8, 0.95), (0.95, 1.01)):
        part = found.confidence.between(low, high, inclusive="left").to_numpy()
        said = found.confidence[part].mean()
        error = np.sqrt(said * (1 - said) / part.sum())
        assert right[part].mean() == pytest.approx(said, abs=0.02 + 3 * error)


# Nothing is found where nothing is ---------------------------------------------------------------


def noise(kind, seed, count=400, width=6):
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=(count, 1))
    drawn = rng.normal(size=(count, width))
    values = {
        "uniforms": lambda: rng.uniform(size=(count, width)),
        "one Gaussian": lambda: drawn,
        "correlated Gaussians": lambda: drawn @ rng.normal(size=(width, width)),
        "categories": lambda: rng.choice(list("abcd"), (count, width)),
        "skewed": lambda: np.exp(0.6 * drawn @ rng.normal(size=(width, width))),
        "heavy tails": lambda: drawn / np.sqrt(rng.chisquare(3, (count, 1)) / 3) + trait,
        "answers of 1 to 5": lambda: np.clip(np.round(3 + 0.9 * (drawn + trait)), 1, 5),
        "yes and no": lambda: np.where(drawn + trait > rng.normal(0, 0.5, width), "yes", "no"),
        "counts": lambda: rng.poisson(3 * rng.gamma(1, 1, (count, 1)) * rng.uniform(0.3, 2, width)),
    }[kind]()
    return pd.DataFrame(values, columns=[f"f{i}" for i in range(width)])


KINDS = ("uniforms", "one Gaussian", "correlated Gaussians", "categories")


def test_in_95_percent_of_datasets_without_structure_there_are_no_personas():
    """200 where there is time, of which 10 are 5%; of 60, a rate of 5% gives more than 7 in 1%."""
    seeds, most = (50, 10) if LONG else (15, 7)
    named = [
        (kind, seed)
        for kind in KINDS
        for seed in range(seeds)
        if find_personas(noise(kind, seed), seed=seed).found
    ]
    assert len(named) <= most, named


@pytest.mark.parametrize(
    "kind", ["skewed", "heavy tails", "answers of 1 to 5", "yes and no", "counts"]
)
def test_a_scale_from_low_to_high_is_no_persona(kind):
    assert sum(find_personas(noise(kind, seed), seed=seed).found for seed in range(6)) == 0


def test_shares_of_few_contacts_make_no_personas():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        contacts = 1 + rng.poisson(2, 800)
        table = pd.DataFrame({"contacts": contacts, "age": rng.normal(40, 10, 800)})
        for name, count in (("channel", 4), ("reason", 5), ("touchpoint", 4)):
            usual = rng.dirichlet(np.full(count, 3))
            shares = np.array([rng.multinomial(each, usual) for each in contacts])
            for i in range(count):
                table[f"{name}: {i}"] = shares[:, i] / contacts
        assert not find_personas(table, seed=seed).found


@pytest.mark.parametrize("usual", [0.3, 0.5, 1.0])
def test_few_contacts_of_customers_alike_make_no_personas(usual):
    """Who makes contact once has shares of nothing but 0 and 1, and a low rate."""
    for seed in range(6):
        rng = np.random.default_rng(seed)
        contacts = 1 + rng.poisson(usual, 1_000)
        table = pd.DataFrame({"contact_rate": contacts / 12})
        for name, count in (("channel", 4), ("reason", 5)):
            chance = rng.dirichlet(np.full(count, 3))
            shares = np.array([rng.multinomial(each, chance) for each in contacts])
            for i in range(count):
                table[f"{name}: {i}"] = shares[:, i] / contacts
        table["age"] = rng.normal(40, 10, 1_000)
        table["wait"] = rng.lognormal(0, 0.5, 1_000)
        assert not find_personas(table, seed=seed).found


@pytest.mark.parametrize("seed", range(4))
def test_those_of_whom_the_same_is_missing_are_no_persona(seed):
    """Two of three features that tell the groups are missing for three in ten, by chance."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, 1_200)
    table = pd.DataFrame({"age": rng.normal(30 + 15 * truth, 3)})
    for name in ("role", "region"):
        level = np.where(rng.random(1_200) < 0.95, truth, rng.integers(0, 3, 1_200))
        level = np.array(["a", "b", "c"])[level]
        table[name] = pd.Series(level).where(rng.random(1_200) > 0.3)
    table["rate"] = np.exp(rng.normal(truth, 0.3))
    found = find_personas(table, seed=seed)
    assert len(found.stability) == 3
    known = found.labels.notna()
    assert adjusted_rand_score(truth[known], found.labels[known]) > 0.9


def test_what_is_missing_makes_no_persona():
    """For half of the customers, three of the features are never known."""
    for seed in range(10):
        table = noise("one Gaussian", seed)
        table.iloc[:200, :3] = np.nan
        assert not find_personas(table, seed=seed).found


# Degenerate inputs -------------------------------------------------------------------------------

ROWS = 10_000


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (pd.DataFrame({"a": [1, 2, 3], "b": [3, 1, 2]}), "3 customers are too few"),
        (pd.DataFrame(), "0 customers are too few"),
        (pd.DataFrame({"a": np.sin(range(200))}), "at least two features that differ between"),
        (pd.DataFrame({"a": [np.nan] * 200, "b": [None] * 200}), "here it is nothing"),
        (pd.DataFrame({"a": ["x"] * 200, "b": np.sin(range(200))}), "here it is b"),
        (pd.DataFrame({"a": [1.0] * ROWS, "b": ["x"] * ROWS}), "here it is nothing"),
        (
            pd.DataFrame({"a": [f"l{i % 5_000}" for i in range(ROWS)], "b": np.sin(range(ROWS))}),
            "here it is b",
        ),
        (
            pd.DataFrame({"a": [0.0] * 998 + [1, 2], "b": ["x"] * 998 + ["y", "z"]}),
            "here it is nothing",
        ),
    ],
    ids=[
        "3 customers", "nobody", "one feature", "all missing", "one category",
        "10,000 identical rows", "a category of 5,000 levels", "identical rows but two",
    ],
)  # fmt: skip
def test_degenerate_input_gives_a_clear_statement(table, why):
    found = find_personas(table)
    assert not found.found
    assert why in found.why
    assert found.labels.isna().all()
    assert len(found.labels) == len(table)


def test_of_5000_levels_the_reason_is_told():
    table = pd.DataFrame({"a": [f"l{i % 5_000}" for i in range(ROWS)], "b": np.sin(range(ROWS))})
    assert "values that hardly anybody shares" in find_personas(table).dropped["a"]


def test_two_kinds_of_identical_rows_are_two_personas_at_most():
    table = pd.DataFrame({"a": [0.0, 1.0] * 300, "b": ["x", "y"] * 300, "c": list("pq") * 300})
    found = find_personas(table)
    assert not found.found
    assert "tells nearly the same" in found.dropped["b"]


def test_a_number_of_groups_can_be_asked_for_though_nothing_is_there():
    found = find_personas(noise("correlated Gaussians", 0), count=3)
    assert list(found.stability.persona) == ["A", "B", "C"]
    assert found.why == "as many as were asked for; by the tests, they are not there"
