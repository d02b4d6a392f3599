"""Purchases are foretold only where the year that came would have been: worlds unlike the model."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cxlib.account_tiers.accounts import DAYS_PER_YEAR
from cxlib.account_tiers.holdout import LEAST, MOST, hold_out
from cxlib.account_tiers.lifetime import PURCHASES, UNKNOWN, value_accounts
from cxlib.account_tiers.rules_page import lifetime_finding
from cxlib.data.config import TierRules
from tests.account_tiers.test_lifetime import a_book

CUSTOMERS, YEARS = 800, 3


def as_the_model_says(rng, start, rate):
    days = np.append(start, np.sort(rng.uniform(start, END, rng.poisson(rate * (END - start)))))
    stays = np.append(True, rng.random(len(days) - 1) > rng.beta(0.8, 10))
    return days[np.cumprod(stays).astype(bool)]


def every_december(rng, start, rate):
    days = np.arange(YEARS + 1) * DAYS_PER_YEAR + 335 + rng.integers(0, 31, YEARS + 1)
    return days[rng.random(YEARS + 1) < 0.7]


def fading(rng, start, rate):
    days = np.sort(rng.uniform(start, END, rng.poisson(3 * rate * (END - start))))
    kept = rng.random(len(days)) < np.exp(-(days - start) / DAYS_PER_YEAR * 1.2)
    return np.append(start, days[kept])


def yearly_renewals(rng, start, rate):
    days = np.cumsum(np.append(start, rng.normal(DAYS_PER_YEAR, 10, YEARS + 1)))
    return days[: rng.geometric(0.15) + 1]


def monthly_bills(rng, start, rate):
    days = start + np.arange(0, END, 30.4)
    return days[days < start + rng.exponential(5 * DAYS_PER_YEAR)]


END = (YEARS + 1) * DAYS_PER_YEAR
WORLDS = (as_the_model_says, every_december, fading, yearly_renewals, monthly_bills)


def history(bought, moment):
    """What was known of customers at a moment, and what they bought in the year after."""
    rows = []
    for days, amounts in bought:
        known = days < moment
        later = (days >= moment) & (days < moment + DAYS_PER_YEAR)
        if known.any():
            first, last = days[known].min(), days[known].max()
            rows.append(
                (known.sum() - 1, last - first, moment - first, amounts[known].mean(),
                 later.sum(), amounts[later].sum())
            )  # fmt: skip
    columns = ["x", "t_x", "T", "amount", "purchases_since", "spent_since"]
    return pd.DataFrame(rows, columns=columns, dtype=float)


def world(kind, seed=1):
    """Histories a year before now, and now."""
    rng, bought = np.random.default_rng(seed), []
    for _ in range(CUSTOMERS):
        days = kind(rng, rng.uniform(0, 300), rng.gamma(2, 1 / 100))
        bought.append((days, rng.lognormal(4, 0.4) * rng.lognormal(0, 0.3, len(days))))
    return history(bought, END - 2 * DAYS_PER_YEAR), history(bought, END - DAYS_PER_YEAR)


@pytest.mark.parametrize("kind", WORLDS, ids=lambda each: each.__name__)
def test_what_is_foretold_comes_or_nothing_is(kind):
    """Foretold over came lies within .8 and 1.25, or the page says why nothing is foretold."""
    then, now = world(kind)
    book = a_book(now.assign(revenue_12m=0.0).rename(index=str))
    book = type(book)(**(vars(book) | {"year_ago": then}))
    found = value_accounts(book, TierRules(), spread=False)
    assert found.tested == hold_out(book)
    came = hold_out(SimpleNamespace(year_ago=now))
    if found.method == PURCHASES:
        assert all(LEAST <= each <= MOST for each in (came.purchases, came.money))
    else:
        assert found.method == UNKNOWN
        assert "which is too far off" in found.why
        assert found.value.isna().all()
    assert (found.method == PURCHASES) >= (kind in (as_the_model_says, monthly_bills))


def test_what_the_year_said_of_the_model_stands_on_the_page():
    then, now = world(as_the_model_says)
    book = a_book(now.assign(revenue_12m=0.0).rename(index=str))
    for year_ago, words in ((then, "of the revenue that came had been foretold"),
                            (None, "Too little was known a year ago")):  # fmt: skip
        tested = type(book)(**(vars(book) | {"year_ago": year_ago}))
        inputs = SimpleNamespace(lifetime=value_accounts(tested, TierRules(), spread=False))
        assert words in lifetime_finding(inputs, TierRules()).evidence


def test_customers_who_bought_nothing_since_are_an_error_without_end():
    then, _ = world(as_the_model_says)
    then = then.assign(purchases_since=0.0, spent_since=0.0)
    book = a_book(then.rename(index=str))
    found = value_accounts(type(book)(**(vars(book) | {"year_ago": then})), TierRules())
    assert "bought nothing since" in found.why


def test_too_short_a_past_tells_nothing():
    then, _ = world(as_the_model_says)
    assert hold_out(SimpleNamespace(year_ago=then[then["T"] < 300])) is None
    assert hold_out(SimpleNamespace(year_ago=then.head(3))) is None
