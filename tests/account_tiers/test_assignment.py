from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cxlib.account_tiers import page as show
from cxlib.account_tiers import rules_page as rules_shown
from cxlib.account_tiers.accounts import quarter_books
from cxlib.account_tiers.assignment import TIER_NAMES, assign_tiers, sensitivity, standings, tier_of
from cxlib.account_tiers.spread import PROBABILITIES
from cxlib.data.config import TierRules
from cxlib.data.declared import Override
from cxlib.errors import MissingData

ABSOLUTE = TierRules(revenue=100, strategic_value=5, growth=50, lifetime_value=1_000)


def facts(**columns):
    count = len(next(iter(columns.values())))
    base = {
        "revenue_12m": [0.0] * count,
        "growth_potential": [np.nan] * count,
        "strategic_value": [np.nan] * count,
        "lifetime_value": [np.nan] * count,
    }
    frame = pd.DataFrame(base | columns, index=[f"A{i}" for i in range(count)]).rename_axis(
        "account_id"
    )
    return frame.assign(name=frame.index)


@pytest.fixture(scope="module")
def stood(data):
    return standings(quarter_books(data, data.quarter), data.config.tiers)


def test_the_planted_tiers_are_recovered(stood, demo):
    truth = demo.tiers.set_index("account_id")
    truth = truth[truth.certain]
    found = stood[-1].tiers.accounts.tier.reindex(truth.index)
    assert found.notna().all()
    assert (found == truth.tier).mean() >= 0.97


@pytest.mark.parametrize(
    ("columns", "tier", "reason"),
    [
        ({"revenue_12m": [100.0]}, "I", "revenue_12m"),
        ({"revenue_12m": [99.0], "strategic_value": [5.0]}, "I", "strategic_value"),
        ({"growth_potential": [50.0]}, "II", "growth_potential"),
        ({"revenue_12m": [200.0], "growth_potential": [500.0]}, "I", "revenue_12m"),
        ({"revenue_12m": [99.0]}, "III", ""),
        ({"revenue_12m": [-50.0]}, "III", ""),
    ],
)
def test_the_first_input_that_reaches_its_threshold_decides(columns, tier, reason):
    row = assign_tiers(facts(**columns), ABSOLUTE).accounts.iloc[0]
    assert (row.tier, row.reason) == (tier, reason)


def test_lifetime_value_lifts_into_tier_ii_and_unknown_inputs_are_counted():
    rules = TierRules(lifetime_value=900, revenue=1e9)
    known = assign_tiers(facts(revenue_12m=[99.9] * 2, lifetime_value=[999, np.nan]), rules)
    assert list(known.accounts.tier) == ["II", "III"]
    assert list(known.summary.unknown) == [0, 0, 1]
    nobody = assign_tiers(facts(revenue_12m=[99.9] * 2), rules)
    # What is known of nobody could lift nobody.
    assert list(nobody.summary.unknown) == [0, 0, 0]


def test_no_account_at_all():
    with pytest.raises(MissingData, match="no account left"):
        assign_tiers(facts(revenue_12m=[]), ABSOLUTE)


def test_nobody_is_at_the_top_of_nothing():
    tiers = assign_tiers(facts(revenue_12m=[0.0] * 20), TierRules())
    assert set(tiers.accounts.tier) == {"III"}


amounts = st.lists(st.integers(-100, 10_000), min_size=5, max_size=40)


@given(amounts)
def test_scaling_every_amount_changes_no_tier_under_shares(values):
    small = facts(revenue_12m=[float(v) for v in values])
    large = small.assign(revenue_12m=small.revenue_12m * 1_000)
    one, two = (assign_tiers(each, TierRules()).accounts.tier for each in (small, large))
    assert list(one) == list(two)


@given(amounts, st.integers(0, 4), st.integers(1, 5_000))
def test_more_revenue_never_lowers_a_tier(values, index, more):
    before = facts(revenue_12m=[float(v) for v in values])
    after = before.copy()
    after.iloc[index, 0] += more
    rank = {"I": 0, "II": 1, "III": 2}
    one, two = (assign_tiers(each, ABSOLUTE).accounts.tier.iloc[index] for each in (before, after))
    assert rank[two] <= rank[one]


@given(amounts)
def test_tiers_add_up(values):
    tiers = assign_tiers(facts(revenue_12m=[float(v) for v in values]), TierRules())
    assert tiers.summary.accounts.sum() == len(values)
    assert tiers.summary.revenue.sum() == pytest.approx(sum(values))


# How firm the tiers are ---------------------------------------------------------------------------


def test_accounts_near_a_threshold_change_tier_with_it():
    table = facts(revenue_12m=[50, 91, 95, 99, 101, 105, 150])
    moved = sensitivity(table, TierRules(revenue=100, growth=1e9)).set_index("input")
    revenue = moved.loc["revenue_12m"]
    assert revenue.threshold.tolist() == pytest.approx([90, 110])
    # A score moves by a point, and not beyond its scale.
    assert moved.loc[["strategic_value"]].threshold.tolist() == [4]
    assert revenue.up.tolist() == [3, 0]
    assert revenue.down.tolist() == [0, 2]


def test_moving_one_threshold_leaves_those_by_share_where_they_are():
    rng = np.random.default_rng(1)
    revenue, growth_potential = rng.lognormal(8, 1, 300), rng.lognormal(5, 1, 300)
    table = facts(revenue_12m=revenue, growth_potential=growth_potential)
    moved = sensitivity(table, TierRules())
    growth = moved[moved.input == "growth_potential"]
    # Only accounts of Tier II and III can be touched by the threshold of growth.
    start = assign_tiers(table, TierRules())
    near = table.growth_potential.between(
        0.9 * start.thresholds["growth_potential"], start.thresholds["growth_potential"],
        inclusive="left",
    )  # fmt: skip
    assert growth.up.iloc[0] == (near & (start.accounts.tier == "III")).sum()
    assert (growth.down.iloc[0], growth.up.iloc[1]) == (0, 0)


def test_inputs_that_nobody_knows_are_left_out_and_nobody_is_refused():
    moved = sensitivity(facts(revenue_12m=[1, 2, 3]), TierRules(revenue=2))
    assert set(moved.input) == {"revenue_12m", "strategic_value"}
    with pytest.raises(MissingData):
        sensitivity(facts(revenue_12m=[]), TierRules())


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
def test_one_more_account_in_tier_iii_moves_nobody_under_absolute_thresholds(revenue):
    rules = TierRules(revenue=5e5, growth=1e9, lifetime_value=1e12)
    alone = assign_tiers(facts(revenue_12m=revenue), rules).accounts.tier
    joined = assign_tiers(facts(revenue_12m=[*revenue, 1.0]), rules).accounts.tier
    assert joined.iloc[-1] == "III"
    assert joined.iloc[:-1].tolist() == alone.tolist()


def test_the_page_says_which_threshold_decides_most():
    table = facts(revenue_12m=[50, 91, 95, 99, 101, 105, 150])
    moved = sensitivity(table, TierRules(revenue=100, growth=1e9))
    told = rules_shown.sensitivity_finding(moved, len(table))
    assert told.sentence.startswith(
        "At most 3 accounts (42.9%) would change tier if a threshold, that for"
    )
    assert rules_shown.sensitivity_table(moved).frame["Accounts up"].tolist()[0] == "3"
    assert (
        rules_shown.sensitivity_finding(moved[:0], 7)
        is rules_shown.sensitivity_table(moved[:0])
        is None
    )


# Capacity -----------------------------------------------------------------------------------------


def test_a_capacity_is_filled_by_revenue_after_strategic_value():
    table = facts(revenue_12m=[9, 8, 7, 6, 5, 4], strategic_value=[1, 1, 1, 1, 1, 5])
    found = assign_tiers(table, TierRules(capacity_1=3))
    assert list(found.accounts.tier == "I") == [True, True, False, False, False, True]
    assert found.thresholds["revenue_12m"] == 8
    assert found.full == {"I": 0}


def test_beside_an_amount_the_stricter_holds():
    table = facts(revenue_12m=[9, 8, 7, 6])
    wide = assign_tiers(table, TierRules(revenue=8, capacity_1=4))
    assert list(wide.accounts.tier == "I") == [True, True, False, False]
    narrow = assign_tiers(table, TierRules(revenue=6, capacity_1=1))
    assert list(narrow.accounts.tier == "I") == [True, False, False, False]


def test_accounts_with_equal_revenue_are_all_let_in_or_none_is():
    found = assign_tiers(facts(revenue_12m=[5.0] * 10), TierRules(capacity_1=4))
    assert set(found.accounts.tier) == {"III"}
    found = assign_tiers(facts(revenue_12m=[9.0, *[5.0] * 10]), TierRules(capacity_1=4))
    assert list(found.accounts.tier).count("I") == 1


def test_more_strategic_accounts_than_places_are_said_to_be_too_many():
    table = facts(revenue_12m=[1, 2, 3], strategic_value=[5, 5, 5])
    found = assign_tiers(table, TierRules(capacity_1=1))
    assert list(found.accounts.tier) == ["I"] * 3
    assert found.full == {"I": 2}
    told = rules_shown.capacity_finding(found, TierRules(capacity_1=1))
    assert "Tier I holds 3 of the 1 account that can be served, 2 too many" in told.sentence


def test_the_second_tiers_places_go_to_growth_and_lifetime_value_alike():
    table = facts(
        revenue_12m=[0.0] * 6,
        growth_potential=[60, 10, 0, 0, np.nan, 5],
        lifetime_value=[0, 0, 900, 100, 800, np.nan],
    )
    rules = TierRules(revenue=1e9, growth=10, lifetime_value=100, capacity_2=3)
    found = assign_tiers(table, rules)
    assert list(found.accounts.tier) == ["II", "III", "II", "III", "II", "III"]
    assert (found.thresholds["growth_potential"], found.thresholds["lifetime_value"]) == (60, 800)


@given(
    st.lists(st.integers(-50, 40), min_size=1, max_size=40),
    st.integers(0, 12), st.integers(0, 12), st.randoms(use_true_random=False),
)  # fmt: skip
def test_a_tier_never_holds_more_than_its_capacity(values, first, second, random):
    growth = [random.choice([np.nan, 0.0, 3.0, 7.0, 19.5]) for _ in values]
    table = facts(revenue_12m=[float(v) for v in values], growth_potential=growth)
    before = pd.Series([random.choice(["", *TIER_NAMES]) for _ in values], table.index)
    rules = TierRules(capacity_1=first, capacity_2=second)
    found = assign_tiers(table, rules, before).summary.accounts
    assert found[0] <= first
    assert found[1] <= second


@given(st.lists(st.integers(-50, 4_000), min_size=2, max_size=40), st.integers(0, 12),
       st.integers(0, 1), st.integers(1, 900))  # fmt: skip
def test_more_revenue_never_lowers_a_tier_under_a_capacity(values, places, index, more):
    before = facts(revenue_12m=[float(v) for v in values])
    after = before.copy()
    after.iloc[index, 0] += more
    was, stands = (
        assign_tiers(each, TierRules(capacity_1=places)).accounts.tier.iloc[index]
        for each in (before, after)
    )
    assert TIER_NAMES.index(stands) <= TIER_NAMES.index(was)


# Buffer, overrides --------------------------------------------------------------------------------


def test_an_account_stays_until_it_falls_short_by_more_than_the_buffer():
    table = facts(revenue_12m=[91, 91, 89, 150])
    before = pd.Series(["I", "III", "I", ""], table.index)
    found = assign_tiers(table, ABSOLUTE, before).accounts
    assert list(found.tier) == ["I", "III", "III", "I"]
    assert list(found.held) == [True, False, False, False]
    assert "within the buffer" in show.reason(found.iloc[0])
    assert found.margin.iloc[0] == pytest.approx(-0.09)


def test_revenue_that_wavers_around_a_threshold_does_not_flip_a_tier():
    """Revenue of 100 give or take 4% around a threshold of 100, over 40 quarters."""
    rng, before, flips = np.random.default_rng(8), None, {0.0: 0, 0.1: 0}
    revenue = 100 * (1 + 0.04 * rng.standard_normal((40, 50)))
    for buffer in flips:
        before = None
        for quarter in revenue:
            table = facts(revenue_12m=quarter)
            tiers = assign_tiers(table, replace(ABSOLUTE, buffer=buffer), before).accounts.tier
            flips[buffer] += 0 if before is None else int((tiers != before).sum())
            before = tiers
    # Without a buffer every other quarter; with one, once into the tier, and hardly ever out.
    assert flips[0.0] > 900
    assert flips[0.1] < 90


def test_an_override_holds_until_its_last_day_and_says_why():
    rules = replace(
        ABSOLUTE,
        overrides=(
            Override("A0", "I", "launch partner", date(2026, 9, 30)),
            Override("A1", "III", "in dispute", date(2026, 9, 29)),
            Override("A9", "I", "no such account", date(2030, 1, 1)),
        ),
    )
    found = assign_tiers(facts(revenue_12m=[1, 500]), rules, on=date(2026, 9, 30))
    assert list(found.accounts.tier) == ["I", "I"]
    assert list(found.accounts.reason) == ["override", "revenue_12m"]
    assert np.isnan(found.accounts.chance.iloc[0])
    assert show.reasons(found)["A0"] == "set by hand: launch partner (until 30 Sep 2026)"
    told = rules_shown.override_finding(found).sentence
    assert told == (
        "1 tier set by hand; 1 override expired and not followed; "
        "1 override of accounts not there ('A9')."
    )
    assert len(rules_shown.override_table(found).frame) == 3


# How likely a tier is -----------------------------------------------------------------------------


def test_known_inputs_make_a_tier_certain():
    found = assign_tiers(facts(revenue_12m=[500, 1], growth_potential=[0, 99]), ABSOLUTE).accounts
    assert list(found.chance) == [1.0, 1.0]


def test_an_unknown_input_reaches_its_threshold_as_often_as_that_of_others():
    table = facts(revenue_12m=[1.0] * 5, strategic_value=[5, 1, 1, 1, np.nan])
    found = assign_tiers(table, ABSOLUTE).accounts
    assert found.tier.iloc[4] == "III"
    # One of five is known to reach it: what is not entered is hardly likelier.
    assert found.chance.iloc[4] == pytest.approx(0.8)


def test_uncertain_inputs_give_the_probability_of_the_tier():
    """Growth that is uniform from 0 to 100 reaches 50 every other time, and 20 four times in five."""
    table = facts(revenue_12m=[1.0] * 2, growth_potential=[50.0, 50.0])
    uniform = pd.DataFrame([np.array(PROBABILITIES) * 100] * 2, table.index, PROBABILITIES)
    spread = {"growth_potential": uniform}
    half = assign_tiers(table, ABSOLUTE, spread=spread).accounts
    assert half.chance.tolist() == pytest.approx([0.5, 0.5])
    low = assign_tiers(table, replace(ABSOLUTE, growth=20), spread=spread).accounts
    assert low.chance.tolist() == pytest.approx([0.8, 0.8])


def test_probabilities_are_as_often_right_as_they_say():
    """Of accounts whose growth is drawn from what is told of it, as many belong where they stand."""
    rng = np.random.default_rng(9)
    centre = rng.uniform(20, 80, 4_000)
    quantiles = centre[:, None] + 15 * stats.norm.ppf(PROBABILITIES)
    table = facts(revenue_12m=[1.0] * 4_000, growth_potential=centre)
    spread = {"growth_potential": pd.DataFrame(quantiles, table.index, PROBABILITIES)}
    found = assign_tiers(table, ABSOLUTE, spread=spread).accounts
    truly = np.where(rng.normal(centre, 15) >= 50, "II", "III")
    right = found.tier == truly
    for low, high in ((0.5, 0.7), (0.7, 0.9), (0.9, 1.0)):
        some = found.chance.between(low, high, inclusive="left")
        error = np.sqrt(0.25 / some.sum())
        assert right[some].mean() == pytest.approx(found.chance[some].mean(), abs=4 * error)


def test_the_nearest_input_of_an_account_without_a_reason_is_told():
    row = assign_tiers(facts(revenue_12m=[60.0], growth_potential=[45.0]), ABSOLUTE).accounts.iloc[
        0
    ]
    assert (row.nearest, row.margin) == ("growth_potential", pytest.approx(-0.1))
    assert show.reason(row, "EUR") == (
        "no input reaches a threshold; nearest: growth potential per year 45.00 EUR of 50.00 EUR"
    )


# Degenerate inputs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "revenue",
    [[100.0], [5.0] * 30, [-5.0] * 30, [0.0] * 30, [-100.0, *[50.0] * 29]],
    ids=["one account", "all equal", "all refunds", "no history", "negative revenue"],
)
@pytest.mark.parametrize(
    "rules",
    [TierRules(), ABSOLUTE, TierRules(capacity_1=2, capacity_2=3)],
    ids=["shares", "amounts", "capacity"],
)
def test_odd_accounts_get_a_tier_and_a_sentence(revenue, rules):
    found = assign_tiers(facts(revenue_12m=revenue), rules)
    assert set(found.accounts.tier) <= set(TIER_NAMES)
    assert show.tier_finding(found).sentence.startswith("Tier I: ")
    assert show.tier_figure(found).alt
    assert len(show.reasons(found)) == len(revenue)
    assert (found.accounts.tier[found.accounts.revenue_12m < 0] == "III").all()


def test_all_churned_is_refused_with_a_sentence(data):
    book = replace(quarter_books(data, data.quarter)[-1])
    empty = replace(book, accounts=book.accounts[:0])
    with pytest.raises(MissingData, match="no account left"):
        standings([empty], data.config.tiers)
    assert tier_of([empty], data.config.tiers).empty


def test_a_quarter_knows_the_one_before(stood):
    now, before = stood[-1].tiers.accounts, stood[-2].tiers.accounts.tier
    both = now.index.intersection(before.index)
    assert (now.before[both] == before[both]).all()
    assert (now.before[now.index.difference(before.index)] == "").all()


def test_the_file_for_the_crm_has_its_columns(stood, data):
    frame = show.tier_frame(stood[-1].tiers, data.quarter.end, "EUR")
    assert list(frame) == [
        "account_id", "tier", "previous_tier", "reason", "valid_from", "revenue_12m",
        "growth_potential", "lifetime_value", "strategic_value",
    ]  # fmt: skip
    assert set(frame.tier) == {"I", "II", "III"}
    assert set(frame.valid_from) == {"2026-10-01"}
    assert frame.account_id.is_unique
    assert frame.reason.str.len().min() > 10


@pytest.mark.parametrize("fee", [None, 1_200.0], ids=["fees that differ", "one fee"])
def test_growth_of_next_to_nothing_lifts_nobody(fee):
    """A few euros more a year, beside fees of thousands; entered as an amount, they count."""
    rng = np.random.default_rng(2)
    fees = rng.lognormal(7, 0.5, 300) if fee is None else np.full(300, fee)
    accounts = facts(revenue_12m=fees, growth_potential=rng.uniform(0, 8, 300))
    assert "growth_potential" not in set(assign_tiers(accounts, TierRules()).accounts.reason)
    assert "growth_potential" in set(assign_tiers(accounts, TierRules(growth=5)).accounts.reason)
