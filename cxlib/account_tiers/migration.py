"""Which accounts moved from tier to tier between two quarters, and why."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cxlib.account_tiers.assignment import BY_HAND, Standing, Tiers
from cxlib.data.declared import TIER_NAMES
from cxlib.data.quarter import Quarter

# Where an account comes from that was not there, and goes that is not there any more.
NEW, LEFT = "new", "left"
# Why an account moved.
VALUE, THRESHOLD, KNOWN, OVERRIDE, ARRIVAL, DEPARTURE = (
    "value", "threshold", "known", "override", "arrival", "departure",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Migration:
    """How accounts moved from tier to tier.

    Attributes:
        moved: A row per account that stands elsewhere, those with most revenue first, by
            `account_id`: `name`, `before` and `now` (a tier, new or left), `cause` (value: the
            deciding input moved; threshold: its threshold did; known: it has become known, or is
            no longer; override: set by hand, or no longer; arrival; departure), `input` (the
            deciding one), `value_before`, `value_now`, `threshold_before`, `threshold_now`, and
            `revenue` (of twelve months; of one that left, what it last was).
        accounts, revenue: Accounts and revenue by where they stood (rows) and stand (columns).
        bridge: How revenue of twelve months came from then to now: `started`, `joined`, `grew`,
            `shrank`, `churned` (these two below zero) and `ended`.
    """

    moved: pd.DataFrame
    accounts: pd.DataFrame
    revenue: pd.DataFrame
    bridge: pd.Series

    def went(self, upwards: bool) -> pd.DataFrame:
        """The accounts that moved into a higher tier, or into a lower one."""
        known = self.moved.before.isin(TIER_NAMES) & self.moved.now.isin(TIER_NAMES)
        rank = {name: number for number, name in enumerate(TIER_NAMES)}
        moved = self.moved[known]
        higher = moved.now.map(rank) < moved.before.map(rank)
        return moved[higher == upwards]


def migrate(before: Tiers, now: Tiers) -> Migration:
    """Compare the tiers of two quarters.

    Args:
        before, now: The tiers of the earlier and of the later quarter.
    """
    was, stands = before.accounts, now.accounts
    both = pd.DataFrame({"before": was.tier, "now": stands.tier})
    both["before"], both["now"] = both.before.fillna(NEW), both.now.fillna(LEFT)
    revenue = stands.revenue_12m.combine_first(was.revenue_12m)
    flows = both.assign(revenue=revenue).groupby(["before", "now"]).revenue
    rows, columns = [*TIER_NAMES, NEW], [*TIER_NAMES, LEFT]
    counts, sums = (
        each.unstack(fill_value=0).reindex(index=rows, columns=columns, fill_value=0)
        for each in (flows.size(), flows.sum())
    )
    changed = both[both.before != both.now]
    moved = pd.DataFrame(
        [_why(account, each.before, each.now, before, now) for account, each in changed.iterrows()],
        columns=["cause", "input", "value_before", "value_now", "threshold_before",
                 "threshold_now"], index=changed.index,
    )  # fmt: skip
    names = stands.name.combine_first(was.name)
    moved = changed.assign(name=names, revenue=revenue).join(moved)
    moved = moved.rename_axis("account_id").sort_values("revenue", ascending=False, kind="stable")
    return Migration(moved, counts, sums, _bridge(was.revenue_12m, stands.revenue_12m))


def _bridge(was: pd.Series, stands: pd.Series) -> pd.Series:
    """Revenue then and now, and what lies between: by accounts that came, stayed or went."""
    change = (stands - was).dropna()
    return pd.Series(
        {
            "started": was.sum(),
            "joined": stands[stands.index.difference(was.index)].sum(),
            "grew": change.clip(lower=0).sum(),
            "shrank": change.clip(upper=0).sum(),
            "churned": -was[was.index.difference(stands.index)].sum(),
            "ended": stands.sum(),
        },
        dtype=float,
    )


def moved_since(stood: Sequence[Standing], quarter: Quarter) -> Migration | None:
    """How accounts moved since the end of an earlier quarter; None if it is not known.

    Args:
        stood: How accounts stood at the end of each quarter, the last one at the end.
        quarter: The earlier quarter.
    """
    then = next((each for each in stood[:-1] if each.book.moment == quarter.end), None)
    return migrate(then.tiers, stood[-1].tiers) if then else None


def _why(account: str, tier_before: str, tier_now: str, before: Tiers, now: Tiers) -> tuple:
    none = (float("nan"),) * 4
    if tier_before == NEW:
        return ARRIVAL, now.accounts.reason[account], *none
    if tier_now == LEFT:
        return DEPARTURE, before.accounts.reason[account], *none
    was, stands = before.accounts.loc[account], now.accounts.loc[account]
    if BY_HAND in (was.reason, stands.reason):
        return OVERRIDE, "", *none
    higher = TIER_NAMES.index(tier_now) < TIER_NAMES.index(tier_before)
    # Who rises does so by the input that now lifts; who falls, for want of the one that did.
    name = stands.reason if higher else was.reason
    limits = before.thresholds[name], now.thresholds[name]
    found = (name, was[name], stands[name], *limits)
    if pd.isna(was[name]) or pd.isna(stands[name]):
        return KNOWN, *found
    moved = stands[name] > was[name] if higher else stands[name] < was[name]
    return VALUE if moved else THRESHOLD, *found
