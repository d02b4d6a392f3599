import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.analysis.tiers import assign_tiers
from cxlib.data.config import TierRules
from cxlib.errors import MissingData
from cxlib.measure.features import account_facts

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
