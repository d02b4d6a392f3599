"""What tiers rest on: revenue, strategic value, growth potential and lifetime value of accounts."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.account_tiers.accounts import AccountBook
from cxlib.account_tiers.growth import GrowthModel, fit_growth, growth_potential
from cxlib.account_tiers.holdout import Holdout
from cxlib.account_tiers.lifetime import LifetimeValues, value_accounts
from cxlib.data.config import TierRules

# Where an account's growth potential comes from.
ENTERED, ESTIMATED, NOT_KNOWN = "entered", "estimated", "not known"


@dataclass(frozen=True, eq=False)
class Inputs:
    """The inputs of tiers, and how uncertain they are.

    Attributes:
        accounts: Indexed by `account_id`: `name`, `revenue_12m`, `growth_potential`,
            `strategic_value`, `lifetime_value` (NaN where not known), and `growth_source`
            (entered by the company, estimated, or not known).
        spread: The quantiles of what is uncertain, by input and account; accounts whose input is a
            fact have no row.
        lifetime: How lifetime value was found.
        growth: What growth was expected.
    """

    accounts: pd.DataFrame
    spread: Mapping[str, pd.DataFrame]
    lifetime: LifetimeValues
    growth: GrowthModel


def leaving_of(lifetime: LifetimeValues) -> float:
    """The share of accounts that leave in a year, where churn dates tell; 0 where not."""
    if lifetime.lives is None:
        return 0.0
    spans = lifetime.lives.spans
    return float(-np.expm1(-spans.churns.sum() / spans.years.sum()))


def inputs_of(
    book: AccountBook, rules: TierRules, spread: bool = True, tested: Holdout | None = None
) -> Inputs:
    """The inputs of tiers, from what is known of accounts.

    Growth potential is the one that the company has entered; where it has not, what the account's
    peers and its own past let expect. Strategic value is a judgement: without one it is not known.

    Args:
        book: What is known of accounts.
        rules: How far ahead lifetime value looks.
        spread: Whether to tell how uncertain inputs are, which takes longer.
        tested: How well purchases were foretold, if that is known already.
    """
    accounts = book.accounts
    lifetime = value_accounts(book, rules, spread, tested)
    growth = fit_growth(accounts)
    entered = accounts.growth_potential.notna()
    estimated = growth_potential(growth, accounts, leaving_of(lifetime))
    known = entered | estimated[0.5].notna()
    table = pd.DataFrame(
        {
            "name": accounts.name,
            "revenue_12m": accounts.revenue_12m,
            "growth_potential": accounts.growth_potential.fillna(estimated[0.5]),
            "growth_source": np.select([entered, known], [ENTERED, ESTIMATED], NOT_KNOWN),
            "strategic_value": accounts.strategic_value,
            "lifetime_value": lifetime.value,
        }
    )
    uncertain = {}
    if spread:
        uncertain["growth_potential"] = estimated[~entered & known]
        if lifetime.quantiles is not None:
            uncertain["lifetime_value"] = lifetime.quantiles
    return Inputs(table, uncertain, lifetime, growth)
