"""Account tiers: I by revenue or strategic value, II by growth or lifetime value, III the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib.data.config import TierRules
from cxlib.errors import MissingData

TIER_NAMES = ("I", "II", "III")
LONGEST_LIFE_YEARS = 10.0
# Which inputs lift an account into which tier; the first that does is the reason.
LIFTS = (
    ("revenue_12m", "I"),
    ("strategic_value", "I"),
    ("growth_potential", "II"),
    ("lifetime_value", "II"),
)
# The setting that holds the threshold of each input.
RULE_OF: Mapping[str, str] = {
    "revenue_12m": "revenue", "strategic_value": "strategic_value", "growth_potential": "growth",
    "lifetime_value": "lifetime_value",
}  # fmt: skip


@dataclass(frozen=True)
class Tiers:
    """Every account's tier.

    Attributes:
        accounts: Indexed by account_id: name, tier, reason (the input that decided, or ""),
            threshold (of that input), margin (the input over its threshold, less 1),
            revenue_12m, growth_potential, strategic_value, lifetime_value, unknown (inputs not
            known).
        thresholds: The threshold of each input.
        summary: A row per tier: tier, accounts, revenue, revenue_share, unknown (accounts that
            might stand higher, were all their inputs known).
    """

    accounts: pd.DataFrame
    thresholds: Mapping[str, float]
    summary: pd.DataFrame


def assign_tiers(facts: pd.DataFrame, rules: TierRules, yearly_churn: float | None = None) -> Tiers:
    """Put every account into a tier, with the reason.

    An unknown input lifts no account; accounts with unknown inputs are counted.

    Args:
        facts: Indexed by account_id: name, revenue_12m, growth_potential, strategic_value.
        rules: Thresholds, absolute or as a top share of the accounts.
        yearly_churn: Share of accounts lost per year; the lifetime value of an account is its
            yearly revenue times the mean lifetime that follows (1 / churn, at most
            `LONGEST_LIFE_YEARS`). None where churn is not known: lifetime value is then unknown.

    Raises:
        MissingData: There is no account.
    """
    if facts.empty:
        raise MissingData("there is no account left to put into a tier")
    accounts = facts.copy()
    life = np.nan if yearly_churn is None else min(1 / max(yearly_churn, 1e-9), LONGEST_LIFE_YEARS)
    accounts["lifetime_value"] = accounts.revenue_12m.clip(lower=0) * life
    thresholds = {
        "revenue_12m": _threshold(accounts.revenue_12m, rules.revenue, rules.revenue_top_share),
        "strategic_value": rules.strategic_value,
        "growth_potential": _threshold(
            accounts.growth_potential, rules.growth, rules.growth_top_share
        ),
        "lifetime_value": _threshold(
            accounts.lifetime_value, rules.lifetime_value, rules.lifetime_value_top_share
        ),
    }
    accounts["tier"], accounts["reason"] = "III", ""
    accounts["threshold"], accounts["margin"] = np.nan, np.nan
    for name, tier in reversed(LIFTS):
        lifted = accounts[name] >= thresholds[name]
        accounts.loc[lifted, ["tier", "reason"]] = tier, name
        accounts.loc[lifted, "threshold"] = thresholds[name]
        accounts.loc[lifted, "margin"] = accounts[name] / max(thresholds[name], 1e-9) - 1
    accounts["unknown"] = accounts[[name for name, _ in LIFTS]].isna().sum(axis=1)
    columns = [
        "name", "tier", "reason", "threshold", "margin", "revenue_12m", "growth_potential",
        "strategic_value", "lifetime_value", "unknown",
    ]  # fmt: skip
    return Tiers(accounts[columns], thresholds, _summary(accounts))


def sensitivity(
    facts: pd.DataFrame, rules: TierRules, yearly_churn: float | None = None, by: float = 0.1
) -> pd.DataFrame:
    """How many accounts change tier if a threshold lies a little lower, or higher.

    Args:
        facts, rules, yearly_churn: As for `assign_tiers`.
        by: By how much, as a share of the threshold.

    Returns:
        A row per input and side: input, threshold (moved), up, down (accounts that change into a
        higher, or a lower, tier). Inputs that are not known for any account are left out.

    Raises:
        MissingData: There is no account.
    """
    start = assign_tiers(facts, rules, yearly_churn)
    # All thresholds stay where they are but one: shares are turned into the amounts that they mean.
    fixed = {RULE_OF[name]: value for name, value in start.thresholds.items()}
    fixed = {name: value for name, value in fixed.items() if np.isfinite(value)}
    before = start.accounts.tier.map(TIER_NAMES.index)
    rows = []
    for name, _ in LIFTS:
        for factor in (1 - by, 1 + by) if RULE_OF[name] in fixed else ():
            moved = start.thresholds[name] * factor
            other = assign_tiers(
                facts, replace(rules, **(fixed | {RULE_OF[name]: moved})), yearly_churn
            )
            change = other.accounts.tier.map(TIER_NAMES.index) - before
            rows.append((name, moved, int((change < 0).sum()), int((change > 0).sum())))
    return pd.DataFrame(rows, columns=["input", "threshold", "up", "down"])


def tier_of(facts: pd.DataFrame, rules: TierRules, yearly_churn: float | None = None) -> pd.Series:
    """Each account's tier, by `account_id`, as `assign_tiers` gives it; empty without accounts."""
    if facts.empty:
        return pd.Series(dtype="str", name="tier")
    return assign_tiers(facts, rules, yearly_churn).accounts.tier


def _threshold(values: pd.Series, absolute: float | None, top_share: float) -> float:
    if absolute is not None:
        return float(absolute)
    known = values.dropna()
    # An account with nothing is not at the top, however few have more.
    return max(float(known.quantile(1 - top_share)), 1e-9) if len(known) else np.inf


def _summary(accounts: pd.DataFrame) -> pd.DataFrame:
    groups = accounts.groupby("tier")
    revenue = groups.revenue_12m.sum().reindex(TIER_NAMES, fill_value=0.0)
    # What is unknown matters only if it could lift the account: into II from III, or into I.
    first = [name for name, tier in LIFTS if tier == "I"]
    unknown = accounts[first].isna().any(axis=1)
    unknown |= (accounts.tier == "III") & (accounts.unknown > 0)
    higher = accounts[(accounts.tier != "I") & unknown]
    return pd.DataFrame(
        {
            "tier": TIER_NAMES,
            "accounts": groups.size().reindex(TIER_NAMES, fill_value=0).to_numpy(),
            "revenue": revenue.to_numpy(),
            "revenue_share": (
                revenue / revenue.sum() if revenue.sum() else revenue * np.nan
            ).to_numpy(),
            "unknown": higher.groupby("tier").size().reindex(TIER_NAMES, fill_value=0).to_numpy(),
        }
    )
