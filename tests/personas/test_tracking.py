import json
from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.errors import DataError
from cxlib.personas.clustering import assign, find_personas
from cxlib.personas.features import customer_features
from cxlib.personas.migration import moves
from cxlib.personas.profiles import differences, find_rule, typical_profiles
from cxlib.personas.tracking import (
    DISSOLVES,
    HOLDS,
    MERGES,
    NOBODY,
    SPLITS,
    from_json,
    identify,
    issue,
    match_groups,
    to_json,
)
from tests.personas.test_clustering import noise, planted


@pytest.fixture(scope="module")
def quarters(data):
    """The customers of 2026Q2 and of 2026Q3."""
    return [
        customer_features(data, each.shift(-3).start, each.end)
        for each in (data.quarter.previous, data.quarter)
    ]


@pytest.fixture(scope="module")
def earlier(quarters):
    return issue(find_personas(quarters[0]), "Demonstration", "2026Q2")


def letters(text):
    """Customers' groups, a letter each; a dot for none."""
    found = pd.Series(list(text), [f"C{i}" for i in range(len(text))], dtype="object")
    return found.where(found != ".")


# The demonstration data --------------------------------------------------------------------------


@pytest.mark.parametrize("renew", [False, True])
def test_nearly_all_customers_keep_their_persona_from_quarter_to_quarter(
    quarters, earlier, renew, demo
):
    own = find_personas(quarters[1], seed=5)
    personas, match = identify(own, quarters[1], earlier, renew=renew)
    moved = moves(personas, quarters[0])
    assert moved.kept.low >= 0.95
    assert list(match.fate.fate) == [HOLDS] * 4
    assert match.new == ()
    # The same letter is the same planted persona in both quarters.
    planted_as = [
        labels.groupby(demo.personas.reindex(labels.index)).agg(lambda each: each.mode()[0])
        for labels in (assign(earlier.model, quarters[0])[0], personas.labels)
    ]
    assert planted_as[0].to_dict() == planted_as[1].to_dict()


def test_letters_follow_the_persona_and_not_its_size(quarters, earlier):
    """Next quarter, most customers of the two largest personas are gone."""
    fewer = quarters[1].copy()
    was = assign(earlier.model, fewer)[0]
    gone = was.isin(["A", "B"]) & (np.arange(len(was)) % 4 > 0)
    fewer = fewer[~gone.to_numpy()]
    own = find_personas(fewer)
    for renew in (False, True):
        personas, _ = identify(own, fewer, earlier, renew=renew)
        both = personas.labels.notna()
        assert (personas.labels[both] == was[personas.labels.index][both]).mean() > 0.99
        sizes = personas.stability.set_index("persona").customers
        assert sizes["A"] < sizes["C"]


# Matching ----------------------------------------------------------------------------------------


@given(st.integers(0, 10_000))
def test_the_match_is_the_best_of_all_assignments(seed):
    rng = np.random.default_rng(seed)
    before = pd.Series(rng.choice(list("ABCD"), 60), dtype="object")
    now = before.where(rng.random(60) < 0.5, rng.choice(list("WXYZ"), 60)).map(
        lambda each: {"A": "W", "B": "X", "C": "Y", "D": "Z"}.get(each, each)
    )
    personas, groups = sorted(before.unique()), sorted(now.unique())

    def jaccard(persona, group):
        one, other = set(before.index[before == persona]), set(now.index[now == group])
        return len(one & other) / len(one | other)

    match = match_groups(before, now)
    best = max(
        sum(jaccard(p, g) for p, g in zip(personas, order, strict=False))
        for order in permutations(groups, min(len(personas), len(groups)))
    )
    assert match.fate.jaccard.sum() == pytest.approx(best)


@pytest.mark.parametrize(
    ("before", "now", "fates", "new"),
    [
        ("AAAABBBB", "XXXXYYYY", [HOLDS, HOLDS], ()),
        ("AAAABBBB", "XXYYZZZZ", [SPLITS, HOLDS], ()),
        ("AAAABBBB", "XXXXXXXX", [MERGES, MERGES], ()),
        ("AAAABBBBCCCC", "XXXXXXXXYYYY", [MERGES, MERGES, HOLDS], ()),
        ("AAAABBBB", "XYZW....", [SPLITS, DISSOLVES], ()),
        ("AAAABBBB", "XXXX....", [HOLDS, DISSOLVES], ()),
        ("AAAABBBB....", "XXXXYYYYZZZZ", [HOLDS, HOLDS], ("Z",)),
        ("AAAABBBB", "........", [DISSOLVES, DISSOLVES], ()),
        ("........", "XXXXYYYY", [], ("X", "Y")),
        ("AAAABBBBCCCCDDDD", "XXYYXXYYXXYYXXYY", [DISSOLVES] * 4, ("X", "Y")),
    ],
    ids=[
        "the same", "one splits", "two merge", "two of three merge", "one in pieces, one gone",
        "one gone", "one new", "all gone", "all new", "quite other groups",
    ],
)  # fmt: skip
def test_what_becomes_of_personas(before, now, fates, new):
    match = match_groups(letters(before), letters(now))
    assert list(match.fate.fate) == fates
    assert match.new == new


def test_a_persona_that_nobody_is_like_any_more_is_not_passed_over():
    match = match_groups(letters("AAAABBBB"), letters("XXXXYYYY"), ["A", "B", "C"])
    assert list(match.fate.fate) == [HOLDS, HOLDS, NOBODY]


def test_nobody_moves_when_the_model_alone_is_renewed():
    table, _ = planted(groups=3)
    other, _ = planted(groups=3, seed=7)
    earlier = issue(find_personas(other), "d", "2026Q1")
    personas, _ = identify(find_personas(table), table, earlier, renew=True)
    moved = moves(personas, table)
    assert (moved.shares.change == 0).all()
    assert moved.kept.value == 1


def test_a_persona_that_has_ended_has_not_shrunk():
    table, truth = planted(groups=3)
    earlier = issue(find_personas(table), "d", "2026Q1")
    rest = table[truth != 2]
    personas, _ = identify(find_personas(rest), rest, earlier)
    assert set(moves(personas, table).shares.persona) == set(personas.stability.persona)


def test_a_name_that_moves_to_another_persona_leaves_the_first():
    table, _ = planted(groups=3)
    first, _ = identify(find_personas(table), table, None, {"B": "Ann"})
    earlier = issue(first, "d", "2026Q1")
    later, _ = identify(find_personas(table), table, earlier, {"A": "Ann"})
    assert dict(later.names) == {"A": "Ann"}


@pytest.mark.parametrize("gone", ["u", "role"])
def test_the_page_goes_on_where_a_feature_is_gone(gone):
    table, _ = planted(groups=3)
    earlier = issue(find_personas(table), "d", "2026Q1")
    later = table.drop(columns=gone)
    personas, match = identify(find_personas(later), later, earlier)
    assert list(match.fate.fate) == [HOLDS] * 3
    apart = differences(later, personas)
    assert gone not in set(apart.feature)
    assert not typical_profiles(later, personas, apart).empty
    assert find_rule(later, personas).accuracy.value > 0.7


def test_a_new_group_gets_a_letter_that_nobody_has_had():
    table, truth = planted(count=2_000, groups=4)
    first = table[truth != 3]
    earlier = issue(find_personas(first), "d", "2026Q1")
    earlier = replace(earlier, given=("A", "B", "C", "D", "E"))
    own = find_personas(table)
    personas, match = identify(own, table, earlier, renew=True)
    assert match.new == (own.labels[truth == 3].mode()[0],)
    assert set(personas.stability.persona) == {"A", "B", "C", "F"}
    assert (personas.labels[truth == 3] == "F").mean() > 0.9
    assert issue(personas, "d", "2026Q2", earlier).given == tuple("ABCDEF")


def test_a_persona_that_has_dissolved_is_not_assigned_any_more():
    table, truth = planted(groups=3)
    earlier = issue(find_personas(table), "d", "2026Q1")
    rest = table[truth != 2]
    gone = assign(earlier.model, table)[0][truth == 2].mode()[0]
    personas, match = identify(find_personas(rest), rest, earlier)
    assert dict(zip(match.fate.persona, match.fate.fate, strict=True))[gone] == DISSOLVES
    assert gone not in set(personas.labels.dropna())
    assert gone not in set(personas.stability.persona)


def test_where_nothing_is_left_there_are_no_personas_but_the_passport_stays():
    table, _ = planted(groups=3)
    earlier = issue(find_personas(table), "d", "2026Q1")
    rng = np.random.default_rng(0)
    alike = pd.DataFrame(rng.normal(size=(600, 6)), columns=list("uvwxyz"))
    personas, match = identify(find_personas(alike), alike, earlier)
    assert set(match.fate.fate) == {DISSOLVES}
    assert not personas.found
    assert personas.why
    assert personas.labels.isna().all()
    assert issue(personas, "d", "2026Q2", earlier) is earlier


def test_without_personas_there_is_no_passport():
    assert issue(find_personas(noise("uniforms", 0)), "d", "2026Q1") is None


# The file ----------------------------------------------------------------------------------------


def test_a_passport_read_again_assigns_everybody_as_before(quarters, earlier):
    text = to_json(earlier)
    again = from_json(text, "x")
    for one, other in zip(
        assign(earlier.model, quarters[1]), assign(again.model, quarters[1]), strict=True
    ):
        pd.testing.assert_series_equal(one, other)
    assert to_json(again) == text


def test_a_passport_holds_no_customer(quarters, earlier):
    text = to_json(earlier)
    assert not any(customer in text for customer in quarters[0].index)


def test_names_win_and_stay(quarters, earlier):
    own = find_personas(quarters[1])
    named, _ = identify(own, quarters[1], earlier, {"A": "Fridah", "B": "James"})
    then = from_json(to_json(issue(named, "d", "2026Q3", earlier)), "x")
    later, _ = identify(own, quarters[1], then, {"B": "Jim"})
    assert [later.name(each) for each in "ABC"] == ["Fridah", "Jim", "C"]


def test_the_history_grows_by_a_quarter_and_is_not_doubled(quarters, earlier):
    own = find_personas(quarters[1])
    personas, _ = identify(own, quarters[1], earlier)
    once = issue(personas, "d", "2026Q3", earlier)
    twice = issue(personas, "d", "2026Q3", once)
    assert [each["quarter"] for each in once.history] == ["2026Q2", "2026Q3"]
    assert twice.history == once.history
    assert (once.fitted, once.quarter) == ("2026Q2", "2026Q3")


def _without(key):
    return lambda record: {name: value for name, value in record.items() if name != key}


def _spoilt(feature):
    return feature | {"columns": [each | {"scale": 0.0} for each in feature["columns"]]}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda record: "no JSON {",
        lambda record: [],
        lambda record: record | {"format": "another"},
        _without("groups"),
        lambda record: record | {"spread": 0},
        lambda record: record | {"components": record["components"][1:]},
        lambda record: record | {"groups": [{"persona": "A", "centre": "far"}]},
        lambda record: record | {"features": [{"name": "age"}]},
        lambda record: record | {"groups": []},
        lambda record: record | {"spread": float("nan")},
        lambda record: record | {"given": ["A"]},
        lambda record: record | {"quarter": "soon"},
        lambda record: record | {"names": {"A": "Ann", "B": "Ann"}},
        lambda record: record | {"groups": [each | {"persona": "A"} for each in record["groups"]]},
        lambda record: record | {"groups": [each | {"persona": ""} for each in record["groups"]]},
        lambda record: record | {"history": [{"quarter": "2026Q1", "customers": float("inf")}]},
        lambda record: record | {"features": [_spoilt(e) for e in record["features"]]},
        lambda record: record | {"features": [e | {"kind": "x"} for e in record["features"]]},
        lambda record: "[" * 100_000,
    ],
)
def test_what_is_no_passport_is_refused_in_one_line(earlier, spoil):
    spoilt = spoil(json.loads(to_json(earlier)))
    text = spoilt if isinstance(spoilt, str) else json.dumps(spoilt)
    with pytest.raises(DataError, match=r"personas\.json: no passport of personas") as error:
        from_json(text, "personas.json")
    assert "\n" not in str(error.value)
