"""Tiers under other thresholds: sliders on the published page, and the same in Python.

`whatif.js` works out in the browser what `tiers_under` does here; a test compares the two, account
by account.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from cxlib.account_tiers.assignment import BY_HAND, Tiers, assign_tiers
from cxlib.account_tiers.page import INPUTS
from cxlib.account_tiers.thresholds import LIFTS, RULE_OF, Thresholds
from cxlib.data.config import TierRules
from cxlib.data.declared import TIER_NAMES
from cxlib.page.finding import Finding
from cxlib.page.wording import number

# Beyond so many accounts, the page would become too heavy to open on a phone.
MOST_ACCOUNTS = 20_000
SLIDER_STEPS = 1_000


def rules_at(
    rules: TierRules, thresholds: Thresholds, capacity_1: int | None, capacity_2: int | None
) -> TierRules:
    """Rules with thresholds as amounts, and with other capacities."""
    amounts = {RULE_OF[name]: value for name, value in thresholds.items() if math.isfinite(value)}
    return replace(rules, **amounts, capacity_1=capacity_1, capacity_2=capacity_2)


def tiers_under(
    tiers: Tiers, rules: TierRules, thresholds: Mapping[str, float],
    capacity_1: int | None = None, capacity_2: int | None = None,
) -> Tiers:  # fmt: skip
    """The same accounts under other thresholds and capacities.

    Args:
        tiers: As they are; their overrides stay.
        rules: The rules in force.
        thresholds: Amounts by input.
        capacity_1, capacity_2: Of Tier I and Tier II; without limit, if None.
    """
    changed = replace(
        rules_at(rules, thresholds, capacity_1, capacity_2), overrides=tiers.overrides
    )
    return assign_tiers(tiers.accounts.drop(columns="tier"), changed, tiers.accounts.before)


@dataclass(frozen=True, eq=False)
class WhatIf:
    """Sliders for thresholds and capacities; on a published page they work without a kernel.

    Attributes:
        tiers: The tiers in force.
        rules: The rules in force.
        currency: Of amounts.
    """

    tiers: Tiers
    rules: TierRules
    currency: str = ""

    def _repr_html_(self) -> str:
        if len(self.tiers.accounts) > MOST_ACCOUNTS:
            return (
                f"<p>The sliders are left out: they are made for up to {MOST_ACCOUNTS:,} accounts. "
                "JupyterLab has them.</p>"
            )
        # No text of the data can end the script element that holds it.
        told = json.dumps(payload(self), allow_nan=False, separators=(",", ":"))
        told = told.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        return (
            '<div class="whatif"><p class="quiet">Sliders for thresholds and capacity stand here '
            "on the published page; in JupyterLab, under Explore.</p>"
            f'<script type="application/json">{told}</script></div>'
        )


def payload(what: WhatIf) -> dict:
    """What the page's script works with: inputs by account, rules, and how tiers stand."""
    accounts, rules = what.tiers.accounts, what.rules
    fixed = accounts.tier.where(accounts.reason == BY_HAND, "")
    inputs = [
        {
            "name": name,
            "label": INPUTS[name][0],
            "money": INPUTS[name][1] == "money",
            "tier": TIER_NAMES.index(tier) + 1,
            "threshold": threshold if math.isfinite(threshold) else None,
            "values": [None if pd.isna(each) else each + 0.0 for each in accounts[name].tolist()],
        }
        for name, tier in LIFTS
        for threshold in [what.tiers.thresholds[name]]
        if math.isfinite(threshold) or (accounts[name] > 0).any()
    ]
    return {
        "currency": what.currency,
        "buffer": rules.buffer,
        "names": accounts.name.tolist(),
        "revenue": accounts.revenue_12m.tolist(),
        "inputs": inputs,
        "before": _numbers(accounts.before),
        "fixed": _numbers(fixed),
        "tiers": _numbers(accounts.tier),
    }


def _numbers(tiers: pd.Series) -> list[int]:
    """Tiers as 1, 2 and 3; 0 for none."""
    return [TIER_NAMES.index(each) + 1 if each in TIER_NAMES else 0 for each in tiers]


def outcome(tiers: Tiers, under: Tiers, currency: str = "") -> Finding:
    """What other thresholds would do."""
    rank = {name: at for at, name in enumerate(TIER_NAMES)}
    change = under.accounts.tier.map(rank) - tiers.accounts.tier.map(rank)
    money = float(under.accounts.revenue_12m[change != 0].sum())
    counts = " · ".join(
        f"Tier {each.tier}: {each.accounts:,}" for each in under.summary.itertuples()
    )
    return Finding(
        f"{counts}. {int((change < 0).sum()):,} accounts move up, {int((change > 0).sum()):,} "
        f"down, and {number(money, 'money', currency)} of revenue with them."
    )
