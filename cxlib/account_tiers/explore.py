"""Widgets for JupyterLab, each with a twin without widgets, which the widget calls."""

import ipywidgets as widgets
import numpy as np

from cxlib.account_tiers import whatif
from cxlib.account_tiers.assignment import Tiers
from cxlib.account_tiers.page import tier_figure
from cxlib.data.config import TierRules
from cxlib.page.chooser import chooser
from cxlib.page.figure import Figure
from cxlib.page.finding import Finding


def explore_tiers(tiers: Tiers, rules: TierRules, currency: str = "") -> widgets.Widget:
    """Move thresholds and capacities; see who would stand where."""
    amounts = {}
    for name, threshold in tiers.thresholds.items():
        top = float(tiers.accounts[name].max())
        if np.isfinite(threshold) and top > 0:
            most = 1.1 * max(top, threshold)
            amounts[name] = widgets.FloatSlider(
                threshold, min=0, max=most, readout_format=",.0f", continuous_update=False
            )
    count = len(tiers.accounts)
    capacities = {
        name: widgets.IntSlider(count, min=0, max=count, continuous_update=False)
        for name in ("capacity_1", "capacity_2")
    }
    return chooser(
        lambda **moved: tiers_at(tiers, rules, currency, **moved), **amounts, **capacities
    )


def tiers_at(
    tiers: Tiers, rules: TierRules, currency: str = "", capacity_1: int | None = None,
    capacity_2: int | None = None, **thresholds: float,
) -> tuple[Finding, Figure]:  # fmt: skip
    """What other thresholds and capacities would do: how many accounts move, and the shares.

    Args:
        tiers, rules: As they are.
        currency: Of amounts.
        capacity_1, capacity_2: How many accounts Tier I and Tier II can hold.
        thresholds: By input.
    """
    changed = whatif.tiers_under(
        tiers, rules, dict(tiers.thresholds) | thresholds, capacity_1, capacity_2
    )
    told = whatif.outcome(tiers, changed, currency)
    return told, tier_figure(changed, currency)
