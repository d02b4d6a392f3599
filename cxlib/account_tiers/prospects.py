"""Shiny prospects, who stand high by a promise alone, and quiet partners, who are easily missed."""

import numpy as np
import pandas as pd

from cxlib.account_tiers.accounts import DAYS_PER_YEAR
from cxlib.account_tiers.assignment import BY_HAND, Standing
from cxlib.account_tiers.growth import growth_potential
from cxlib.account_tiers.inputs import leaving_of
from cxlib.account_tiers.spread import chance_of


def shiny_prospects(standing: Standing) -> pd.DataFrame:
    """Accounts that nothing lifts but the growth foretold for them, the weakest evidence first.

    The evidence is how likely the threshold is to be reached by what peers' growth, and the
    account's own past as far as growth has lasted, let expect; whoever entered the promise.

    Args:
        standing: How accounts stand.

    Returns:
        Indexed by `account_id`: `name`, `revenue_12m`, `growth_potential`, `growth_source`,
        `times` (the promise over today's revenue; NaN without any), `years` (of purchases), and
        `evidence` (0 to 1; NaN where growth cannot be worked out).
    """
    accounts, thresholds = standing.tiers.accounts, standing.tiers.thresholds
    alone = (accounts.reason == "growth_potential") & ~(
        accounts.lifetime_value >= thresholds["lifetime_value"]
    )
    chosen = accounts[alone]
    seen = standing.book.accounts.loc[chosen.index]
    leaving = leaving_of(standing.inputs.lifetime)
    expected = growth_potential(standing.inputs.growth, seen, leaving)
    chance = chance_of(expected, thresholds["growth_potential"])
    revenue = chosen.revenue_12m.where(chosen.revenue_12m > 0)
    table = chosen[["name", "revenue_12m", "growth_potential", "growth_source"]].assign(
        times=chosen.growth_potential / revenue, years=seen["T"] / DAYS_PER_YEAR, evidence=chance
    )
    weakest = table.evidence.fillna(-1.0)
    order = np.lexsort([-table.times.fillna(np.inf), weakest])
    return table.iloc[order]


def quiet_partners(standing: Standing) -> pd.DataFrame:
    """Accounts of strategic value whose revenue alone would be overlooked, the oldest first.

    Args:
        standing: How accounts stand.

    Returns:
        Indexed by `account_id`: `name`, `tier`, `revenue_12m`, `strategic_value`, `tenure` (years).
    """
    accounts, thresholds = standing.tiers.accounts, standing.tiers.thresholds
    strategic = accounts.strategic_value >= thresholds["strategic_value"]
    modest = ~(accounts.revenue_12m >= thresholds["revenue_12m"])
    chosen = accounts[strategic & modest & (accounts.reason != BY_HAND)]
    table = chosen[["name", "tier", "revenue_12m", "strategic_value"]]
    table = table.assign(tenure=standing.book.accounts.tenure.loc[chosen.index])
    return table.sort_values("tenure", ascending=False, kind="stable")
