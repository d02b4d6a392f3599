"""What care accounts get, tier by tier, and how hours would have to move to give what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.data.config import CareRules
from cxlib.data.declared import TIER_NAMES
from cxlib.measure import intervals
from cxlib.measure.contrast import (
    FALSE_DISCOVERIES,
    Judged,
    adjust,
    adjusted_probabilities,
    difference,
)
from cxlib.measure.estimate import Estimate
from cxlib.measure.panel import Panel, estimate_of

SECONDS_PER_HOUR = 3_600
# Of fewer contacts, an account's time cannot be distinguished from chance.
FEWEST_CONTACTS = 5
LEAST_VARIATION = 1e-6


@dataclass(frozen=True, eq=False)
class Care:
    """Hours of service by tier, as they were and as they are due.

    Attributes:
        tiers: Indexed by tier: `accounts`, `contacts`, `hours`, `baseline` (hours that such
            contacts take, whoever makes them), `due`, `gap` (due less hours), `error` (of the
            hours, with other contacts of such accounts), `revenue` and
            `cost` (of the window), `cost_share` (Estimate of cost over revenue, or None).
        accounts: Indexed by `account_id`, of those over- or under-served: `tier`, `contacts`,
            `hours`, `due`, `gap`, `q` (how likely so large a gap is by chance, adjusted for how
            many were looked at).
        looked_at: How many accounts had contacts enough to be looked at.
        capacity: Hours that can be given.
        set_by_hand: Whether the company has set the capacity; otherwise it is what was given.
        covers: Whether it covers the baseline.
        problem: Why nothing can be said; empty where something can.
    """

    tiers: pd.DataFrame
    accounts: pd.DataFrame
    looked_at: int
    capacity: float
    set_by_hand: bool
    covers: bool
    problem: str = ""


@dataclass(frozen=True)
class TierDifference(Judged):
    """How far two tiers lie apart in a KPI.

    Attributes:
        kpi: Which.
        one, other: The tiers.
        first, second: Their estimates.
        gap: first less second.
        q: Probability of so large a gap where there is none, adjusted for how many were looked at.
    """

    kpi: str
    one: str
    other: str
    first: Estimate
    second: Estimate
    gap: Estimate
    q: float


def weigh_care(
    service: pd.DataFrame, tiers: pd.Series, revenue: pd.Series, rules: CareRules
) -> Care:
    """Compare hours given with hours due.

    The baseline is that every contact, of whichever tier, gets the mean handling time of contacts
    of its channel and reason. What the capacity leaves beyond the baseline goes to Tier I and
    Tier II in the shares that `rules` name. If it does not cover the baseline, all tiers fall short
    of it alike. Within a tier, hours are due by contacts. An account is over- or under-served where
    its hours differ from what is due by more than handling times vary from contact to contact,
    given how many accounts were looked at (Benjamini and Hochberg 1995). Handling times are skewed,
    so their sums are taken to be lognormal on the upper side (Fenton 1960, *IRE Transactions on
    Communications Systems* 8) and gamma on the lower, whichever tail is the heavier.

    Args:
        service: As `account_service` gives it, of a quarter.
        tiers: The tier of each account.
        revenue: Of each account, over the same window.
        rules: Capacity, and how what is left of it is shared.
    """
    table = service.join(tiers.rename("tier"), how="inner")
    handled = table.handled.sum()
    if not handled > 0 or not table.seconds.sum() > 0:
        empty = pd.DataFrame()
        return Care(empty, empty, 0, np.nan, False, False, "no handling time is recorded")
    table = table.join(revenue.rename("revenue")).fillna({"revenue": 0.0})
    table["hours"] = table.seconds / SECONDS_PER_HOUR
    table["baseline"] = table.usual / SECONDS_PER_HOUR
    if rules.hours is None:
        # What accounts that have left took is in the usual times, but not in these hours.
        table["baseline"] *= table.hours.sum() / table.baseline.sum()
    sums = table.groupby("tier")[["contacts", "hours", "baseline", "revenue", "cost"]].sum()
    sums = sums.reindex(list(TIER_NAMES), fill_value=0.0)
    sums.insert(0, "accounts", table.groupby("tier").size().reindex(sums.index, fill_value=0))
    capacity = sums.hours.sum() if rules.hours is None else float(rules.hours)
    spare = capacity - sums.baseline.sum()
    covers = spare >= -1e-9 * capacity
    surplus = np.array([rules.surplus_1, rules.surplus_2, 1 - rules.surplus_1 - rules.surplus_2])
    # A tier without contacts can take no hours: its part goes to the others.
    surplus = surplus * (sums.baseline.to_numpy() > 0)
    surplus = surplus / surplus.sum() if surplus.sum() > 0 else surplus
    sums["due"] = (
        sums.baseline + max(spare, 0.0) * surplus
        if covers
        else sums.baseline * capacity / sums.baseline.sum()
    )
    sums["gap"] = sums.due - sums.hours
    off = (table.hours - table.baseline) ** 2
    sums["error"] = np.sqrt(off.groupby(table.tier).sum().reindex(sums.index, fill_value=0.0))
    known = table.cost.notna().all() and table.cost.sum() > 0
    sums["cost_share"] = [
        _share(table[table.tier == tier]) if known else None for tier in TIER_NAMES
    ]
    accounts, looked_at = _apart(table, sums)
    return Care(sums, accounts, looked_at, float(capacity), rules.hours is not None, bool(covers))


def differences_between(panel: Panel, kpis: Sequence[str]) -> tuple[TierDifference, ...]:
    """Every difference between two tiers in KPIs, adjusted for how many are looked at.

    Args:
        panel: KPIs of one period by tier.
        kpis: Which of them.
    """
    pairs = []
    for name in kpis:
        found = {each.tier: estimate_of(each) for _, each in panel.of(name).iterrows()}
        known = [tier for tier in TIER_NAMES if tier in found and found[tier].has_interval]
        pairs += [(name, one, two, found[one], found[two]) for one, two in combinations(known, 2)]
    gaps = [difference(first, second) for *_, first, second in pairs]
    q = adjusted_probabilities(gaps)
    return tuple(
        TierDifference(*each, gap, float(p)) for each, gap, p in zip(pairs, gaps, q, strict=True)
    )


def _share(table: pd.DataFrame) -> Estimate | None:
    """Cost over revenue of some accounts, with the interval of accounts like these."""
    if not table.revenue.sum() > 0:
        return None
    value, spread = intervals.ratio_of(table.cost, table.revenue)
    low, high = intervals.t_interval(value, spread)
    return Estimate(value, max(float(low), 0.0), float(high), len(table), "share")


def _apart(table: pd.DataFrame, sums: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The accounts whose hours differ from what is due beyond chance."""
    enough = table[table.handled >= FEWEST_CONTACTS].copy()
    columns = ["tier", "contacts", "hours", "due", "gap", "q"]
    if enough.empty:
        return pd.DataFrame(columns=columns), 0
    per_contact = (sums.due / sums.baseline.where(sums.baseline > 0)).reindex(enough.tier)
    enough["due"] = enough.baseline * per_contact.to_numpy()
    enough["gap"] = enough.due - enough.hours
    # The squared variation of a contact's time, and of the sum of an account's contacts.
    varies = table.squares.sum() / table.handled.sum() / enough.handled
    varies = varies.clip(lower=LEAST_VARIATION)
    ratio = (enough.hours / enough.due.where(enough.due > 0)).fillna(1.0)
    upper = np.log1p(varies)
    over = stats.norm.sf((np.log(ratio.clip(lower=1e-9)) + upper / 2) / np.sqrt(upper))
    under = stats.gamma.cdf(ratio, 1 / varies, scale=varies)
    p = np.minimum(1.0, 2 * np.where(ratio > 1, over, under))
    enough["q"] = adjust(p)
    apart = enough[enough.q < FALSE_DISCOVERIES][columns]
    order = apart.gap.abs().sort_values(ascending=False, kind="stable").index
    return apart.loc[order], len(enough)
