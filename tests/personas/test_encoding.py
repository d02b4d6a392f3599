import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cxlib.personas import encoding
from cxlib.personas.encoding import from_record, rv_coefficient, to_record, usable_features


def code(feature, table):
    """One feature's code."""
    return encoding.code((feature,), table)[0]


def mixed(count=400, seed=0):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet([1, 1, 1], count)
    return pd.DataFrame(
        {
            "channel: chat": shares[:, 0],
            "channel: phone": shares[:, 1],
            "channel: web": shares[:, 2],
            "age": rng.normal(40, 10, count),
            "spend": rng.lognormal(5, 1.5, count),
            "role": rng.choice(["a", "b", "c"], count, p=[0.6, 0.3, 0.1]),
            "late": rng.random(count) < 0.3,
        }
    )


def test_eigenvalues_are_sums_of_squared_correlations_and_correlation_ratios():
    """The property that defines factor analysis of mixed data (Pagès 2004)."""
    rng = np.random.default_rng(1)
    trait = rng.normal(size=500)
    table = pd.DataFrame(
        {
            "x": trait + rng.normal(size=500),
            "y": trait + rng.normal(size=500),
            "role": np.where(trait + rng.normal(size=500) > 0.5, "a", "b"),
            "kind": rng.choice(list("xyz"), 500),
        }
    )
    features, _ = usable_features(table)
    coded = np.hstack([code(each, table) for each in features])
    values, vectors = np.linalg.eigh(coded.T @ coded / len(table))
    for value, scores in zip(values[-2:], (coded @ vectors)[:, -2:].T, strict=True):
        total = sum(
            np.corrcoef(code(each, table)[:, 0], scores)[0, 1] ** 2 for each in features[:2]
        )
        for name in ("role", "kind"):
            groups = pd.Series(scores).groupby(table[name])
            between = (groups.size() * groups.mean() ** 2).sum()
            total += between / (scores**2).sum()
        assert value == pytest.approx(total, rel=5e-3)  # numbers are clipped at 3 deviations


def test_no_feature_weighs_more_than_another():
    table = mixed()
    for feature in usable_features(table)[0]:
        coded = code(feature, table)
        assert np.linalg.eigvalsh(coded.T @ coded / len(table))[-1] == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("column", "why"),
    [
        (pd.Series([None] * 300 + ["a", "b"] * 50), "empty for 75% of customers"),
        (pd.Series(["a"] * 400), "the same for every customer"),
        (pd.Series([0.0] * 395 + [1.0] * 5), "the same for nearly every customer"),
        (pd.Series([f"id{i}" for i in range(400)]), "different for most customers, as an id is"),
        (pd.Series(range(1000, 1400)), "a running number, as an id is"),
        (pd.Series(pd.date_range("2020-01-01", periods=400)), "a date; a number of days or years"),
        (pd.Series([str(i // 3) for i in range(400)]), "values that hardly anybody shares"),
    ],
    ids=["missing", "constant", "nearly constant", "id", "running number", "date", "many levels"],
)
def test_what_cannot_tell_customers_apart_is_left_out_with_the_reason(column, why):
    features, dropped = usable_features(mixed().assign(extra=column))
    assert why in dropped["extra"]
    assert [each.name for each in features] == ["channel", "age", "spend", "role", "late"]


def test_near_duplicates_are_left_out_whatever_their_kind():
    table = mixed()
    table["in days"] = table.age * 365 + 0.1
    table["job"] = table.role.map({"a": "x", "b": "y", "c": "z"})
    _, dropped = usable_features(table)
    assert dropped == {
        "in days": "tells nearly the same as age (RV coefficient 1.00)",
        "job": "tells nearly the same as role (RV coefficient 1.00)",
    }


def test_the_rv_coefficient_of_two_columns_is_their_squared_correlation():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 100, 1))
    assert rv_coefficient(x, x + y) == pytest.approx(np.corrcoef(x.T, (x + y).T)[0, 1] ** 2)


def test_what_is_not_known_pulls_nobody_anywhere():
    table = mixed()
    features, _ = usable_features(table)
    holes = table.astype({"late": "boolean"})
    holes.iloc[:5] = None
    for feature in features:
        assert (code(feature, holes)[:5] == 0).all()
        assert (code(feature, table)[5:] == code(feature, holes)[5:]).all()


def test_levels_and_features_that_were_not_there_are_unknown():
    table = mixed()
    features, _ = usable_features(table)
    role = next(each for each in features if each.name == "role")
    assert (code(role, pd.DataFrame({"role": ["new"]})) == 0).all()
    assert (code(role, pd.DataFrame({"other": [1]})) == 0).all()


def test_rare_levels_are_pooled_and_new_ones_join_them():
    table = mixed()
    table["town"] = np.where(np.arange(400) % 40 == 0, np.arange(400).astype(str), "Rome")
    table.loc[::2, "town"] = "Oslo"
    town = next(each for each in usable_features(table)[0] if each.name == "town")
    assert town.columns == ("Oslo", "Rome", "other") or "other" not in town.columns
    later = code(town, pd.DataFrame({"town": ["Lima", "Oslo"]}))
    assert (later[0] == 0).all() or later[0].argmax() == town.columns.index("other")


def test_a_share_of_one_thing_only_is_no_feature():
    table = mixed().drop(columns=["channel: phone", "channel: web"])
    table["channel: chat"] = 1.0
    assert usable_features(table)[1]["channel"] == "the same for every customer"


def test_infinite_numbers_and_texts_among_numbers_are_unknown():
    table = mixed()
    features, _ = usable_features(table)
    age = next(each for each in features if each.name == "age")
    odd = pd.DataFrame({"age": [np.inf, -np.inf, "n/a", "41", None]}, dtype="object")
    known = ~np.isnan(encoding.values_of(age, odd))[:, 0]
    assert list(known) == [False, False, False, True, False]
    infinite = table.assign(age=table.age.where(table.index > 3, np.inf))
    assert np.isfinite(code(usable_features(infinite)[0][1], infinite)).all()


def test_a_level_of_its_own_called_other_is_not_pooled_with_the_rare_ones():
    table = mixed()
    table["town"] = ["other"] * 200 + ["Rome"] * 195 + ["a", "b", "c", "d", "e"]
    town = next(each for each in usable_features(table)[0] if each.name == "town")
    assert town.columns == ("Rome", "other", "other values")


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(-1e6, 1e6)),
            st.one_of(st.none(), st.sampled_from("abc")),
            st.one_of(st.none(), st.booleans()),
        ),
        min_size=5,
        max_size=60,
    )
)
@example([(None, None, None)] * 2 + [(0.0, None, None)] * 2 + [(3.5e-265, None, None)])
@example([(1.0, "a", None)] * 3 + [(1.0 + 2e-16, "b", None)] * 3)
def test_every_table_can_be_coded_and_its_code_written_down(rows):
    table = pd.DataFrame(rows, columns=["number", "level", "flag"])
    features, dropped = usable_features(table)
    assert {each.name for each in features} | set(dropped) == set(table)
    for feature in features:
        again = from_record(json.loads(json.dumps(to_record(feature), allow_nan=False)))
        assert again == feature
        assert np.isfinite(code(again, table)).all()
