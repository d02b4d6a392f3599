"""What an account is still worth: survival where it is under contract, purchases where not."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib.account_tiers import bgnbd, gamma_gamma, survival
from cxlib.account_tiers.accounts import DAYS_PER_YEAR, AccountBook
from cxlib.account_tiers.holdout import Holdout, hold_out
from cxlib.account_tiers.spread import PROBABILITIES, quantiles_of
from cxlib.data.config import TierRules
from cxlib.errors import MissingData

SURVIVAL, PURCHASES, UNKNOWN = "survival", "purchases", "unknown"
# From this share of recurring bookings on, accounts are under contract.
MOSTLY_RECURRING = 0.5
STEPS_PER_YEAR = 12
DRAWS, CHUNK = 400, 2_000
NEXT_YEAR_CONFIDENCE = 0.80


@dataclass(frozen=True, eq=False)
class LifetimeValues:
    """What accounts are still worth, and how that was found.

    Attributes:
        method: survival, purchases or unknown.
        why: Why it was this one, in words.
        value: The expected value of each account, by id; NaN where unknown.
        quantiles: What it may turn out to be; None if not asked for, or unknown.
        next_year: Of each account, likewise: the chance that it stays (`stays_12m`), or the
            purchases to be expected of it (`purchases_12m`, with `purchases_12m_low` and
            `purchases_12m_high`, 80%).
        lives, buying, spending: The models behind it, where there are.
        tested: How well the models of purchases would have foretold the last year; None where too
            little was known then, or lifetime value does not rest on purchases.
    """

    method: str
    why: str
    value: pd.Series
    quantiles: pd.DataFrame | None = None
    next_year: pd.DataFrame | None = None
    lives: survival.LifeModel | None = None
    buying: bgnbd.PurchaseModel | None = None
    spending: gamma_gamma.SpendModel | None = None
    tested: Holdout | None = None


def value_accounts(
    book: AccountBook, rules: TierRules, spread: bool = True, tested: Holdout | None = None
) -> LifetimeValues:
    """Each account's lifetime value: its margin over the years ahead, discounted.

    Args:
        book: What is known of accounts.
        rules: Margin, years ahead and discount rate.
        spread: Whether to tell the quantiles as well, which takes longer.
        tested: How well the models of purchases did; worked out where it is not given.

    Returns:
        Where churn dates are known, yearly revenue for as long as accounts of its tenure and size
        stay (`survival`); where bookings are purchases under no contract, purchases to come times
        their amount (BG/NBD and Gamma-Gamma); otherwise unknown, with the reason.
    """
    unknown = pd.Series(np.nan, index=book.accounts.index)
    try:
        if book.snapshot:
            why = "all accounts that have left did so on one day: how long they stay is not known"
            return LifetimeValues(UNKNOWN, why, unknown)
        if book.dated and (book.lives.churned.sum() >= survival.FEWEST_CHURNS or _contract(book)):
            return _by_survival(book, rules, spread)
        if _contract(book):
            why = "bookings recur under contract, but no account has a churn date"
            return LifetimeValues(UNKNOWN, why, unknown)
        tested = tested or hold_out(book)
        if tested and not tested.holds:
            return LifetimeValues(UNKNOWN, _missed(tested), unknown, tested=tested)
        return replace(_by_purchases(book, rules, spread), tested=tested)
    except MissingData as error:
        return LifetimeValues(UNKNOWN, str(error), unknown)


def _missed(tested: Holdout) -> str:
    """By how much the models missed the last year, in words."""
    what, over = max(
        (("purchases", tested.purchases), ("revenue", tested.money)),
        key=lambda each: abs(math.log(each[1])),
    )
    if math.isinf(over):
        return "customers of a year ago bought nothing since, which the model had not foretold"
    return (
        f"a year ago, the model would have foretold {over:.0%} of the {what} that came since, "
        "which is too far off"
    )


def _contract(book: AccountBook) -> bool:
    """Whether accounts are known to be under contract."""
    return book.recurring >= MOSTLY_RECURRING


def _by_survival(book: AccountBook, rules: TierRules, spread: bool) -> LifetimeValues:
    model = survival.fit_lives(book.lives)
    accounts = book.accounts
    ahead = np.linspace(0, rules.horizon_years, round(rules.horizon_years * STEPS_PER_YEAR) + 1)
    risk = survival.cumulative_risk(
        model, accounts.tenure.to_numpy(), accounts["size"].to_numpy(), ahead
    )
    yearly = accounts.yearly.clip(lower=0).to_numpy(float) * rules.margin
    worth = (1 + rules.discount_rate) ** -ahead
    value = yearly * np.trapezoid(np.exp(-risk) * worth, ahead, axis=1)
    quantiles = next_year = None
    if spread:
        stays = np.exp(-risk[:, min(STEPS_PER_YEAR, risk.shape[1] - 1)])
        next_year = pd.DataFrame({"stays_12m": stays}, accounts.index)
        # Money until the moment at which so many have left.
        until = np.concatenate([[0.0], np.cumsum((worth[1:] + worth[:-1]) / 2 * np.diff(ahead))])
        gone = -np.log1p(-np.array(PROBABILITIES))
        found = [yearly * _until(risk, each, until) for each in gone]
        quantiles = pd.DataFrame(np.column_stack(found), accounts.index, list(PROBABILITIES))
    why = f"churn dates are known: {model.churns:,} accounts have left"
    return LifetimeValues(
        SURVIVAL, why, pd.Series(value, accounts.index), quantiles, next_year, lives=model
    )


def _until(risk: np.ndarray, gone: float, money: np.ndarray) -> np.ndarray:
    """The money that comes until each row's risk reaches a level, or to the end."""
    step = np.clip((risk < gone).sum(axis=1), 1, risk.shape[1] - 1)
    row = np.arange(len(risk))
    low, high = risk[row, step - 1], risk[row, step]
    part = np.clip((gone - low) / np.maximum(high - low, 1e-12), 0, 1)
    return money[step - 1] + part * (money[step] - money[step - 1])


def _by_purchases(book: AccountBook, rules: TierRules, spread: bool) -> LifetimeValues:
    accounts = book.accounts
    bought = accounts[accounts.amount.notna()]
    buying = bgnbd.fit_purchases(bought)
    # All purchases tell of the amount, the first as well.
    spent = bought.assign(x=bought.x + 1)
    spending = gamma_gamma.fit_spend(spent)
    amount = gamma_gamma.expected_amount(spending, spent) * rules.margin * book.kept
    years = np.arange(0, rules.horizon_years, 1.0)
    ends = np.minimum(years + 1, rules.horizon_years)
    counts = np.column_stack(
        [bgnbd.expected_purchases(buying, bought, each * DAYS_PER_YEAR) for each in ends]
    )
    worth = (1 + rules.discount_rate) ** -((years + ends) / 2)
    discounted = np.diff(counts, axis=1, prepend=0.0) @ worth
    # Who has never bought has nothing to be told from, and brings nothing.
    value = pd.Series(discounted * amount, bought.index).reindex(accounts.index, fill_value=0.0)
    quantiles = next_year = None
    if spread:
        later = np.divide(discounted, counts[:, -1], where=counts[:, -1] > 0,
                          out=np.ones(len(bought)))  # fmt: skip
        scale = later * rules.margin * book.kept
        chunks = [slice(at, at + CHUNK) for at in range(0, len(bought), CHUNK)]
        quantiles = pd.concat(
            [_drawn(buying, spending, bought.iloc[each], rules, scale[each]) for each in chunks]
        ).reindex(accounts.index, fill_value=0.0)
        next_year = pd.concat([_next_year(buying, bought.iloc[each]) for each in chunks])
        next_year = next_year.reindex(accounts.index, fill_value=0.0)
    told = (
        "bookings do not recur"
        if book.recurring < MOSTLY_RECURRING
        else ("the data do not tell whether bookings recur; they are taken as purchases")
    )
    few = f"{int(book.lives.churned.sum())} churn dates are" if book.dated else "no churn date is"
    why = f"{few} known, and {told}"
    return LifetimeValues(
        PURCHASES, why, value, quantiles, next_year, buying=buying, spending=spending
    )


def _drawn(buying, spending, bought: pd.DataFrame, rules: TierRules, scale: np.ndarray):
    """What accounts may spend over the years ahead: its quantiles."""
    days = rules.horizon_years * DAYS_PER_YEAR
    counts = bgnbd.draw_purchases(buying, bought, days, DRAWS)
    spent = gamma_gamma.draw_amounts(spending, bought.assign(x=bought.x + 1), counts, seed=1)
    return quantiles_of(spent * scale, bought.index)


def _next_year(buying: bgnbd.PurchaseModel, bought: pd.DataFrame) -> pd.DataFrame:
    """The purchases to be expected of accounts within twelve months."""
    counts = bgnbd.draw_purchases(buying, bought, DAYS_PER_YEAR, DRAWS, seed=2)
    low, high = bgnbd.likely_range(counts, NEXT_YEAR_CONFIDENCE)
    return pd.DataFrame(
        {
            "purchases_12m": bgnbd.expected_purchases(buying, bought, DAYS_PER_YEAR),
            "purchases_12m_low": low,
            "purchases_12m_high": high,
        },
        bought.index,
    )
