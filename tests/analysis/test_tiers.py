import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.analysis.tiers import assign_tiers, sensitivity
from cxlib.data.config import TierRules
from cxlib.errors import MissingData
from cxlib.measure.features import account_facts
from cxlib.present import tiers as show

ABSOLUTE = TierRules(revenue=100, strategic_value=5, growth=50, lifetime_value=1_000)


def facts(**columns):
    count = len(next(iter(columns.values())))
    base = {
        "revenue_12m": [0.0] * count,
        "growth_potential": [np.nan] * count,
        "strategic_value": [np.nan] * count,
    }
    frame = pd.DataFrame(base | columns, index=[f"A{i}" for i in range(count)]).rename_axis(
        "account_id"
    )
    return frame.assign(name=frame.index)


def test_the_planted_tiers_are_recovered(data, demo):
    tiers = assign_tiers(account_facts(data, data.quarter.end), data.config.tiers, 0.1)
    truth = demo.tiers.set_index("account_id")
    truth = truth[truth.certain]
    found = tiers.accounts.tier.reindex(truth.index)
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


def test_lifetime_value_needs_a_known_churn():
    known = assign_tiers(
        facts(revenue_12m=[99.9] * 2), TierRules(lifetime_value=900, revenue=1e9), 0.1
    )
    assert set(known.accounts.tier) == {"II"}
    unknown = assign_tiers(
        facts(revenue_12m=[99.9] * 2), TierRules(lifetime_value=900, revenue=1e9)
    )
    assert set(unknown.accounts.tier) == {"III"}
    assert list(unknown.summary.unknown) == [0, 0, 2]


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
    one, two = (assign_tiers(each, TierRules(), 0.2).accounts.tier for each in (small, large))
    assert list(one) == list(two)


@given(amounts, st.integers(0, 4), st.integers(1, 5_000))
def test_more_revenue_never_lowers_a_tier(values, index, more):
    before = facts(revenue_12m=[float(v) for v in values])
    after = before.copy()
    after.iloc[index, 0] += more
    rank = {"I": 0, "II": 1, "III": 2}
    one, two = (
        assign_tiers(each, ABSOLUTE, 0.2).accounts.tier.iloc[index] for each in (before, after)
    )
    assert rank[two] <= rank[one]


@given(amounts)
def test_tiers_add_up(values):
    tiers = assign_tiers(facts(revenue_12m=[float(v) for v in values]), TierRules(), 0.2)
    assert tiers.summary.accounts.sum() == len(values)
    assert tiers.summary.revenue.sum() == pytest.approx(sum(values))


# How firm the tiers are ---------------------------------------------------------------------------


def test_accounts_near_a_threshold_change_tier_with_it():
    table = facts(revenue_12m=[50, 91, 95, 99, 101, 105, 150])
    moved = sensitivity(table, TierRules(revenue=100, growth=1e9)).set_index("input")
    revenue = moved.loc["revenue_12m"]
    assert revenue.threshold.tolist() == pytest.approx([90, 110])
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
    alone = assign_tiers(facts(revenue_12m=revenue), rules, 0.1).accounts.tier
    joined = assign_tiers(facts(revenue_12m=[*revenue, 1.0]), rules, 0.1).accounts.tier
    assert joined.iloc[-1] == "III"
    assert joined.iloc[:-1].tolist() == alone.tolist()


def test_the_page_says_which_threshold_decides_most():
    table = facts(revenue_12m=[50, 91, 95, 99, 101, 105, 150])
    moved = sensitivity(table, TierRules(revenue=100, growth=1e9))
    told = show.sensitivity_finding(moved, len(table))
    assert told.sentence.startswith("At most 3 accounts (42.9%) would change tier")
    assert show.sensitivity_table(moved).frame["Accounts up"].tolist()[0] == "3"
    assert show.sensitivity_finding(moved[:0], 7) is show.sensitivity_table(moved[:0]) is None
