from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from cxlib.account_tiers.accounts import DAYS_PER_YEAR, AccountBook
from cxlib.account_tiers.assignment import standings
from cxlib.account_tiers.bgnbd import draw_purchases, likely_range
from cxlib.account_tiers.lifetime import PURCHASES, SURVIVAL, UNKNOWN, value_accounts
from cxlib.data.config import TierRules
from tests.account_tiers.test_bgnbd import a_model, simulated
from tests.account_tiers.test_survival import simulated as lives_of


def a_book(accounts: pd.DataFrame, lives=None, dated=False, recurring=float("nan")) -> AccountBook:
    blank = {"name": accounts.index, "peers": "all", "growth_potential": np.nan,
             "strategic_value": np.nan, "tenure": 1.0, "size": 1.0, "revenue_12m": 0.0,
             "revenue_prior": np.nan, "revenue_before": np.nan, "x": 0.0, "t_x": 0.0, "T": np.nan,
             "amount": np.nan}  # fmt: skip
    whole = accounts.assign(**{n: v for n, v in blank.items() if n not in accounts})
    whole["yearly"] = whole.revenue_12m
    nobody = pd.DataFrame(columns=["entered", "left", "churned", "size"], dtype=float)
    return AccountBook(
        datetime(2026, 10, 1), whole, nobody if lives is None else lives, dated, recurring, 1.0
    )


@pytest.fixture(scope="module")
def buyers():
    """Customers under no contract, with what they bought in the year after (`later`)."""
    rng, count = np.random.default_rng(1), 6_000
    model = a_model(r=2.0, alpha=60.0, a=0.6, b=12.0)  # a purchase a month, about
    table = simulated(rng, model, rng.uniform(300, 900, count), horizon=DAYS_PER_YEAR)
    rate = rng.gamma(4.0, 1 / 150.0, count)
    table["amount"] = rng.gamma(6.0 * (table.x + 1)) / rate / (table.x + 1)
    table["spent_later"] = rng.gamma(np.maximum(6.0 * table.later, 1e-12)) / rate
    table["revenue_12m"] = table.amount * (table.x + 1) * np.minimum(
        DAYS_PER_YEAR / table["T"], 1
    )  # fmt: skip
    table.index = [f"A{n:05d}" for n in range(count)]
    return table.rename_axis("account_id")


def test_purchases_of_the_next_year_add_up_by_tier(buyers):
    """Within 5% of what came, in each tier, though those at the top got there partly by luck."""
    rules = TierRules(capacity_1=600, capacity_2=1_200)
    standing = standings([a_book(buyers)], rules)[-1]
    assert standing.inputs.lifetime.method == PURCHASES
    expected = standing.inputs.lifetime.next_year.purchases_12m
    tier = standing.tiers.accounts.tier
    assert list(tier.value_counts().reindex(["I", "II"])) == [600, 1_200]
    told, came = expected.groupby(tier).sum(), buyers.later.groupby(tier).sum()
    assert (told / came).tolist() == pytest.approx([1.0] * 3, abs=0.05)


def test_intervals_of_single_accounts_hold_four_in_five(buyers):
    """80% ranges of the next year's purchases: 75 to 85%, of accounts that are likely to buy.

    Of one that has all but gone, any range that holds its 0 holds nearly everything.
    """
    found = value_accounts(a_book(buyers), TierRules()).next_year
    held = (buyers.later >= found.purchases_12m_low) & (buyers.later <= found.purchases_12m_high)
    some = found.purchases_12m > 1
    assert some.sum() > 2_000
    assert 0.75 <= held[some].mean() <= 0.85


def test_the_range_of_whole_counts_comes_nearest_to_what_it_says():
    """With 60% zeros and 20% ones, the range for 80% is 0 to 1; quantiles alone reach to 2."""
    counts = np.repeat([0, 1, 2], [600, 200, 200])[:, None]
    low, high = likely_range(counts, 0.8)
    assert (low[0], high[0]) == (0, 1)
    model = a_model(r=2.0, alpha=60.0, a=0.6, b=12.0)
    histories = pd.DataFrame({"x": [6.0], "t_x": [350.0], "T": [365.0]})
    drawn = draw_purchases(model, histories, 365, 20_000)
    low, high = likely_range(drawn, 0.8)
    assert ((drawn >= low) & (drawn <= high)).mean() == pytest.approx(0.8, abs=0.05)


def test_a_few_churn_dates_do_not_hide_what_is_bought(buyers):
    """Three customers of a shop have closed their accounts: purchases still tell of the others."""
    lives = pd.DataFrame({"entered": 0.0, "left": 1.0, "churned": [1.0] * 3, "size": 1.0})
    book = a_book(buyers, lives, dated=True)
    found = value_accounts(book, TierRules(), spread=False)
    assert found.method == PURCHASES
    assert "3 churn dates are known" in found.why
    assert "do not tell whether bookings recur" in found.why
    assert value_accounts(replace(book, recurring=0.1), TierRules(), spread=False).why.endswith(
        "bookings do not recur"
    )


def test_what_is_spent_lies_where_lifetime_value_says(buyers):
    """One year ahead, undiscounted: sums within 5%, and 80% of amounts between the tenths."""
    rules = TierRules(horizon_years=1, discount_rate=0.0)
    found = value_accounts(a_book(buyers), rules)
    assert found.value.sum() == pytest.approx(buyers.spent_later.sum(), rel=0.05)
    some = found.next_year.purchases_12m > 3
    between = (buyers.spent_later >= found.quantiles[0.1]) & (
        buyers.spent_later <= found.quantiles[0.9]
    )
    assert 0.75 <= between[some].mean() <= 0.85


@pytest.fixture(scope="module")
def contracts():
    """Accounts under contract: who is there today, and who has left before."""
    rng = np.random.default_rng(2)
    lives = lives_of(rng, 6_000, risks=(0.25, 0.2, 0.15, 0.1, 0.1))
    lives.index = [f"A{n:05d}" for n in range(len(lives))]
    there = lives[lives.churned == 0]
    accounts = pd.DataFrame(
        {"tenure": there["left"], "size": there["size"], "revenue_12m": 1_000 * there["size"]}
    )
    return a_book(accounts, lives, dated=True)


def test_a_contract_is_worth_its_revenue_while_it_lasts(contracts):
    """Against the planted risk, of accounts past the fifth year: it is 0.1 and stays so."""
    rules = TierRules(horizon_years=4, discount_rate=0.0, margin=0.5)
    found = value_accounts(contracts, rules)
    assert found.method == SURVIVAL
    old = contracts.accounts.tenure > 5
    yearly = 0.5 * contracts.accounts.revenue_12m[old]
    truth = yearly * (1 - np.exp(-0.4)) / 0.1
    assert (found.value[old] / truth).mean() == pytest.approx(1.0, abs=0.05)
    assert (found.value <= 4 * 0.5 * contracts.accounts.revenue_12m + 1e-6).all()
    assert found.next_year.stays_12m[old].mean() == pytest.approx(np.exp(-0.1), abs=0.01)


def test_what_contracts_bring_lies_where_lifetime_value_says(contracts):
    rng = np.random.default_rng(3)
    found = value_accounts(contracts, TierRules(horizon_years=50, discount_rate=0.05))
    old = (contracts.accounts.tenure > 5).to_numpy()
    stays = np.minimum(rng.exponential(1 / 0.1, old.sum()), 50)
    brought = contracts.accounts.revenue_12m[old] * (1 - 1.05**-stays) / np.log(1.05)
    between = (brought >= found.quantiles[0.1][old]) & (brought <= found.quantiles[0.9][old])
    assert 0.75 <= between.mean() <= 0.85


def test_money_later_is_worth_less_and_a_longer_view_more(contracts):
    values = {
        (years, rate): value_accounts(
            contracts, TierRules(horizon_years=years, discount_rate=rate), spread=False
        ).value.sum()
        for years in (1, 5) for rate in (0.0, 0.1)
    }  # fmt: skip
    assert values[5, 0.1] < values[5, 0.0]
    assert values[1, 0.1] < values[5, 0.1]


def test_money_in_another_unit_changes_nothing_but_the_unit(contracts, buyers):
    for book, names in ((contracts, ["revenue_12m", "size"]), (a_book(buyers), ["amount"])):
        scaled = book.accounts.assign(**{name: 1_000 * book.accounts[name] for name in names})
        lives = book.lives.assign(size=1_000 * book.lives["size"])
        large = a_book(scaled, lives, book.dated)
        one, other = (value_accounts(each, TierRules(), spread=False) for each in (book, large))
        assert other.value.tolist() == pytest.approx((1_000 * one.value).tolist(), rel=1e-3)


@pytest.mark.parametrize(
    ("book", "why"),
    [
        (a_book(pd.DataFrame({"revenue_12m": [5.0]}, ["A"]), dated=True, recurring=0.9),
         "must have left"),
        (a_book(pd.DataFrame({"revenue_12m": [5.0]}, ["A"]), recurring=0.9), "recur under contract"),
        (a_book(pd.DataFrame({"revenue_12m": [5.0]}, ["A"])), "at least 50 customers"),
        (a_book(pd.DataFrame({"revenue_12m": [-5.0] * 90}, [str(n) for n in range(90)])),
         "at least 50 customers"),
    ],
    ids=["hardly any churn", "no churn date", "one account", "all refunds"],
)  # fmt: skip
def test_what_cannot_be_told_is_said_to_be_unknown(book, why):
    found = value_accounts(book, TierRules())
    assert found.method == UNKNOWN
    assert why in found.why
    assert found.value.isna().all()
    assert standings([book], TierRules())[-1].tiers.accounts.lifetime_value.isna().all()
