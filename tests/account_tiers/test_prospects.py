import numpy as np
import pytest

from cxlib.account_tiers import prospects_page as show
from cxlib.account_tiers.accounts import quarter_books
from cxlib.account_tiers.assignment import standings
from cxlib.account_tiers.prospects import quiet_partners, shiny_prospects
from cxlib.data.config import TierRules
from tests.account_tiers.test_growth import simulated
from tests.account_tiers.test_lifetime import a_book

RULES = TierRules(revenue=1e9, growth=5_000, lifetime_value=1e12)


@pytest.fixture(scope="module")
def stood():
    """Accounts that grow by 5% a year, some of which promise much."""
    table = simulated(np.random.default_rng(1), 300, noise=0.05)
    table["revenue_12m"] = table["revenue_prior"] * 1.05
    table["growth_potential"] = 0.0
    table.loc["A0", ["revenue_12m", "revenue_prior", "growth_potential"]] = [1_000, 950, 90_000]
    table.loc["A1", ["revenue_12m", "revenue_prior", "growth_potential"]] = [900_000, 860_000, 9e4]
    table["T"], table["yearly"] = 800.0, table["revenue_12m"]
    return standings([a_book(table)], RULES)


def test_the_promise_with_the_weakest_evidence_comes_first(stood):
    found = shiny_prospects(stood[-1])
    assert list(found.index) == ["A0", "A1"]
    assert found.evidence["A0"] < 0.02 < 0.98 < found.evidence["A1"]
    assert found.times["A0"] == 90
    told = show.shiny_finding(found, stood[-1].tiers.accounts, "EUR").sentence
    assert told.startswith("2 accounts rest on forecast growth alone (180,000 EUR a year)")
    assert "1 is unlikely to achieve it" in told
    assert show.shiny_table(found).frame.Account.tolist() == ["A0", "A1"]


def test_without_promises_there_is_nothing_shiny():
    table = simulated(np.random.default_rng(2), 60).assign(growth_potential=0.0)
    standing = standings([a_book(table)], RULES)[-1]
    found = shiny_prospects(standing)
    assert found.empty
    assert show.shiny_table(found) is None
    assert show.shiny_finding(found, standing.tiers.accounts).sentence.startswith(
        "No account rests"
    )


def test_quiet_partners_are_the_strategic_ones_with_little_revenue(data):
    standing = standings(quarter_books(data, data.quarter), data.config.tiers)[-1]
    found = quiet_partners(standing)
    accounts = standing.tiers.accounts
    expected = accounts[(accounts.strategic_value == 5) & (accounts.revenue_12m < 65_000)]
    assert sorted(found.index) == sorted(expected.index)
    assert found.tenure.is_monotonic_decreasing
    assert "small strategic accounts" in show.quiet_finding(found, accounts, "EUR").sentence


def test_where_nothing_is_strategic_nobody_is_quiet():
    table = simulated(np.random.default_rng(3), 40)
    found = quiet_partners(standings([a_book(table)], RULES)[-1])
    assert found.empty
    assert show.quiet_table(found) is None
