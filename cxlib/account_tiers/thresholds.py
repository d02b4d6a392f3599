"""Where the thresholds of tiers lie, and which inputs reach them.

`whatif.js` on the published page works out the same; a test compares the two account by account.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.data.config import TierRules

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
# From which tiers of the quarter before an account may be held by the buffer.
HOLDS: Mapping[str, tuple[str, ...]] = {"I": ("I",), "II": ("I", "II")}
# An account with nothing is not at the top, however few have more.
LEAST = 1e-9
# If so many times the top share have as much as its last account, the top begins above them.
TIES = 2.0
# Those who share the largest amount, as by a price list, are the top unless they are most accounts.
HALF = 0.5
# Growth of less than this share of the revenue of Tier I is none, unless an amount is set for it.
LEAST_GROWTH = 0.01
Thresholds = Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Resolved:
    """Where thresholds lie.

    Attributes:
        thresholds: Of each input; infinite if no account has it, or most have the same.
        lifts: Which accounts each input lifts, whatever was set by hand.
        limits: What each account's input must reach: the threshold, less the buffer where the
            account stood as high a quarter before.
        full: Accounts beyond the capacity of each tier.
    """

    thresholds: Thresholds
    lifts: Mapping[str, pd.Series]
    limits: Mapping[str, pd.Series]
    full: Mapping[str, int]


def resolve(accounts: pd.DataFrame, fixed: pd.Series, rules: TierRules) -> Resolved:
    """Find the thresholds.

    Args:
        accounts: The inputs, and `before`, each account's tier a quarter before.
        fixed: The tier of accounts that people have set; NaN of the others.
        rules: Amounts, capacities, shares and the buffer.
    """
    revenue = _base(accounts.revenue_12m, rules.revenue, rules.revenue_top_share)
    if rules.growth is None:
        high = revenue if np.isfinite(revenue) else accounts.revenue_12m.max()
        growth = accounts.growth_potential
        small = growth < LEAST_GROWTH * high
        accounts = accounts.assign(growth_potential=growth.mask(small, 0.0))
    values = {name: _buffered(accounts, name, tier, rules.buffer) for name, tier in LIFTS}
    base = {
        "revenue_12m": revenue,
        "strategic_value": float(rules.strategic_value),
        "growth_potential": _base(
            accounts.growth_potential, rules.growth, rules.growth_top_share
        ),
        "lifetime_value": _base(
            accounts.lifetime_value, rules.lifetime_value, rules.lifetime_value_top_share
        ),
    }  # fmt: skip
    free = fixed.isna().to_numpy()
    thresholds, full = dict(base), {}
    strategic = free & (values["strategic_value"] >= base["strategic_value"])
    if rules.capacity_1 is not None:
        # Strategic accounts, and those set by hand, take their places first.
        places = rules.capacity_1 - int((fixed == "I").sum()) - int(strategic.sum())
        full["I"] = max(-places, 0)
        floor = LEAST if rules.revenue is None else max(base["revenue_12m"], LEAST)
        revenue = values["revenue_12m"][free & ~strategic]
        thresholds["revenue_12m"] = _seen(_for_places(revenue, max(places, 0), floor), revenue)
    first = strategic | (values["revenue_12m"] >= thresholds["revenue_12m"])
    if rules.capacity_2 is not None:
        places = rules.capacity_2 - int((fixed == "II").sum())
        full["II"] = max(-places, 0)
        names = ["growth_potential", "lifetime_value"]
        claims = {name: values[name][free & ~first] / max(base[name], LEAST) for name in names}
        amounts = rules.growth is not None or rules.lifetime_value is not None
        claim = np.fmax(*claims.values())
        floor = 1.0 if amounts else LEAST
        bar = _for_places(claim, max(places, 0), floor)
        for name in names:
            # The smallest amount that is let in, or just above all: nothing is lost to rounding.
            rest = values[name][free & ~first]
            let_in, known = rest[claims[name] >= bar], rest[~np.isnan(rest)]
            if len(let_in):
                thresholds[name] = float(let_in.min())
            elif bar > floor and len(known):
                thresholds[name] = float(np.nextafter(known.max(), np.inf))
            else:
                thresholds[name] = max(base[name], LEAST) * bar
    lifts = {
        name: pd.Series(values[name] >= thresholds[name], accounts.index) for name, _ in LIFTS
    }  # fmt: skip
    limits = {
        name: thresholds[name] * _hold(accounts, tier, rules.buffer) for name, tier in LIFTS
    }  # fmt: skip
    return Resolved(thresholds, lifts, limits, full)


def _hold(accounts: pd.DataFrame, tier: str, buffer: float) -> pd.Series:
    """What share of the threshold each account must reach."""
    return 1 - buffer * accounts.before.isin(HOLDS[tier])


def _buffered(accounts: pd.DataFrame, name: str, tier: str, buffer: float) -> np.ndarray:
    """An input as it is compared with its threshold: that of who stood as high weighs more."""
    values = accounts[name].to_numpy(float)
    # A debt is not made larger.
    return np.where(values > 0, values / _hold(accounts, tier, buffer).to_numpy(), values)


def _base(values: pd.Series, amount: float | None, top_share: float) -> float:
    if amount is not None:
        return float(amount)
    known = values.dropna().to_numpy(float)
    if not len(known):
        return np.inf
    bar = float(np.quantile(known, 1 - top_share))
    if bar < LEAST:
        return _seen(LEAST, known)
    share = (known >= bar).mean()
    if share > TIES * top_share:
        # So many have just as much that they are no top: those above them are.
        above = known[known > bar]
        if len(above):
            return float(above.min())
        return bar if share <= HALF else np.inf
    return bar


def _seen(threshold: float, values: np.ndarray) -> float:
    """A threshold that stands for "anything above nothing", as the smallest amount that is."""
    if threshold > LEAST:
        return threshold
    some = values[values >= LEAST]
    return float(some.min()) if len(some) else np.inf


def _for_places(values: np.ndarray, places: int, floor: float) -> float:
    """The lowest threshold, from a floor on, that no more values reach than there are places.

    Values that are equal are all let in, or none is.
    """
    able = np.sort(values[values >= floor])[::-1]
    if len(able) <= places:
        return floor
    above = able[able > able[places]]
    return float(above.min()) if len(above) else float(np.nextafter(able[places], np.inf))
