"""Account tiers: I by revenue or strategic value, II by growth or lifetime value, III the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from cxlib.account_tiers.accounts import AccountBook
from cxlib.account_tiers.inputs import Inputs, inputs_of
from cxlib.account_tiers.spread import chance_of
from cxlib.account_tiers.thresholds import LIFTS, RULE_OF, Resolved, Thresholds, resolve
from cxlib.data.config import TierRules
from cxlib.data.declared import TIER_NAMES, Override
from cxlib.errors import MissingData

BEST_SCORE = 5
# The reason of a tier that people have set.
BY_HAND = "override"
NO_SPREAD: Mapping[str, pd.DataFrame] = {}


@dataclass(frozen=True, eq=False)
class Tiers:
    """Every account's tier.

    Attributes:
        accounts: Indexed by account_id: name, tier, reason (the input that decided, `override`, or
            ""), nearest (without a reason, the input that comes nearest to its threshold; else
            ""), threshold (of that input), margin (the input over its threshold, less 1), held
            (the tier is that of the quarter before, and the input falls short of its threshold by
            no more than the buffer), chance (how likely the account is in this tier, given how
            uncertain its inputs are; NaN of one set by hand), before (its tier a quarter before;
            "" if it had none), the inputs, growth_source, and unknown (how many inputs are not
            known that are of other accounts).
        thresholds: The threshold of each input.
        full: Accounts that Tier I and Tier II hold beyond their capacity, by tier; people have
            given them so high a strategic value, or set them by hand.
        summary: A row per tier: tier, accounts, revenue, revenue_share, unknown (accounts that
            might stand higher, were all their inputs known).
        overrides: Those in force; `expired` and `strays` (no such account) are not.
        expired, strays: See `overrides`.
    """

    accounts: pd.DataFrame
    thresholds: Thresholds
    full: Mapping[str, int]
    summary: pd.DataFrame
    overrides: tuple[Override, ...] = ()
    expired: tuple[Override, ...] = ()
    strays: tuple[Override, ...] = ()


def assign_tiers(
    accounts: pd.DataFrame,
    rules: TierRules,
    before: pd.Series | None = None,
    on: date | None = None,
    spread: Mapping[str, pd.DataFrame] = NO_SPREAD,
) -> Tiers:
    """Put every account into a tier, with the reason.

    An unknown input lifts no account; accounts with unknown inputs are counted. An account stays in
    its tier of the quarter before until no input reaches its threshold less the buffer.

    Args:
        accounts: Indexed by account_id: name, revenue_12m, growth_potential, strategic_value,
            lifetime_value, and growth_source if known; as `Inputs` has them.
        rules: Thresholds, buffer and overrides.
        before: Each account's tier a quarter before; None if there was none.
        on: The day on which overrides must hold; all hold if None.
        spread: How uncertain inputs are, as `Inputs` has it.

    Raises:
        MissingData: There is no account.
    """
    if accounts.empty:
        raise MissingData("there is no account left to put into a tier")
    accounts = accounts.copy()
    if "growth_source" not in accounts:
        accounts["growth_source"] = ""
    was = pd.Series("", accounts.index) if before is None else before.reindex(accounts.index)
    accounts["before"] = was.fillna("").astype("str")
    current, expired, strays = _sorted(rules.overrides, accounts.index, on)
    fixed = pd.Series({each.account: each.tier for each in current}, dtype="str")
    fixed = fixed.reindex(accounts.index)
    found = resolve(accounts, fixed, rules)
    _lift(accounts, found, fixed)
    by_hand = fixed.notna()
    inputs = [name for name, _ in LIFTS]
    # An input that is known of nobody decides nothing.
    used = [name for name in inputs if accounts[name].notna().any()]
    accounts["unknown"] = accounts[used].isna().sum(axis=1)
    accounts["chance"] = _chances(accounts, found, spread).where(~by_hand)
    columns = [
        "name", "tier", "reason", "nearest", "threshold", "margin", "held", "chance", "before",
        *inputs, "growth_source", "unknown",
    ]  # fmt: skip
    return Tiers(
        accounts[columns],
        found.thresholds,
        found.full,
        _summary(accounts),
        current,
        expired,
        strays,
    )


def _lift(accounts: pd.DataFrame, found: Resolved, fixed: pd.Series) -> None:
    """Add each account's tier, with its reason, threshold and margin; `fixed` ones are by hand."""
    accounts["tier"], accounts["reason"], accounts["held"] = "III", "", False
    accounts["threshold"], accounts["margin"] = np.nan, np.nan
    for name, tier in reversed(LIFTS):
        lifted = found.lifts[name]
        limit = found.thresholds[name]
        accounts.loc[lifted, ["tier", "reason"]] = tier, name
        accounts.loc[lifted, "threshold"] = limit
        accounts.loc[lifted, "margin"] = accounts[name] / max(limit, 1e-9) - 1
        accounts.loc[lifted, "held"] = accounts[name] < limit
    _tell_nearest(accounts, found.thresholds)
    by_hand = fixed.notna()
    accounts.loc[by_hand, "tier"] = fixed[by_hand]
    accounts.loc[by_hand, "reason"] = BY_HAND
    accounts.loc[by_hand, ["threshold", "margin"]] = np.nan
    accounts.loc[by_hand, ["held", "nearest"]] = False, ""


@dataclass(frozen=True, eq=False)
class Standing:
    """How accounts stand at a moment.

    Attributes:
        book: What was known of them.
        inputs: What their tiers rest on.
        tiers: Their tiers.
    """

    book: AccountBook
    inputs: Inputs
    tiers: Tiers

    @property
    def last_day(self) -> date:
        """The last day before the moment, on which overrides must still hold."""
        return _last_day(self.book)


def standings(books: Sequence[AccountBook], rules: TierRules) -> tuple[Standing, ...]:
    """How accounts stand at one moment after another, each of which knows the one before.

    Args:
        books: What is known of accounts at the end of each quarter, the earliest first; the first
            only serves to begin with.
        rules: Thresholds, buffer and overrides.

    Returns:
        One for each book; how uncertain inputs are is given of the last one alone. Books without
        accounts are left out.

    Raises:
        MissingData: There is no account in the last book.
    """
    found, before = [], None
    final = inputs_of(books[-1], rules)
    for book in books:
        last = book is books[-1]
        if book.accounts.empty and not last:
            continue
        # One judgement of the models for all quarters: no account must move because it changed.
        inputs = final if last else inputs_of(book, rules, False, final.lifetime.tested)
        # Of an override without a beginning it is only known that it holds now.
        kept = tuple(each for each in rules.overrides if last or each.since is not None)
        then = replace(rules, overrides=kept)
        tiers = assign_tiers(inputs.accounts, then, before, _last_day(book), inputs.spread)
        found.append(Standing(book, inputs, tiers))
        before = tiers.accounts.tier
    return tuple(found)


def tier_of(books: Sequence[AccountBook], rules: TierRules) -> pd.Series:
    """Each account's tier at the end of the last book, by `account_id`; empty without accounts."""
    if books[-1].accounts.empty:
        return pd.Series(dtype="str", name="tier", index=books[-1].accounts.index)
    return standings(books, rules)[-1].tiers.accounts.tier


def sensitivity(
    inputs: pd.DataFrame, rules: TierRules, on: date | None = None, by: float = 0.1
) -> pd.DataFrame:
    """How many accounts change tier if a threshold lies a little lower, or higher.

    A score moves by one point instead. The buffer, which holds accounts where they stood, is left
    out: it would hide what a threshold decides.

    Args:
        inputs, rules, on: As for `assign_tiers`.
        by: By how much, as a share of the threshold.

    Returns:
        A row per input and side: input, threshold (moved), up, down (accounts that change into a
        higher, or a lower, tier). Inputs that are not known for any account are left out.

    Raises:
        MissingData: There is no account.
    """
    start = assign_tiers(inputs, rules, on=on)
    # All thresholds stay where they are but one: shares and capacities are turned into the amounts
    # that they mean.
    fixed = {RULE_OF[name]: value for name, value in start.thresholds.items()}
    fixed = {name: value for name, value in fixed.items() if np.isfinite(value)}
    loose = replace(rules, capacity_1=None, capacity_2=None)
    before = start.accounts.tier.map(TIER_NAMES.index)
    rows = []
    for name, _ in LIFTS:
        for moved in _moved(name, start.thresholds[name], by) if RULE_OF[name] in fixed else ():
            other = assign_tiers(inputs, replace(loose, **(fixed | {RULE_OF[name]: moved})), on=on)
            change = other.accounts.tier.map(TIER_NAMES.index) - before
            rows.append((name, moved, int((change < 0).sum()), int((change > 0).sum())))
    return pd.DataFrame(rows, columns=["input", "threshold", "up", "down"])


def _moved(name: str, threshold: float, by: float) -> tuple[float, ...]:
    """A threshold a little lower, and higher; a score moves by one, and not beyond its scale."""
    if name == "strategic_value":
        return tuple(each for each in (threshold - 1, threshold + 1) if 1 <= each <= BEST_SCORE)
    return threshold * (1 - by), threshold * (1 + by)


def _last_day(book: AccountBook) -> date:
    return (book.moment - timedelta(days=1)).date()


def _sorted(overrides: Sequence[Override], there: pd.Index, on: date | None):
    """The overrides in force, those that have expired, and those of accounts that are not there."""
    strays = tuple(each for each in overrides if each.account not in there)
    known = [each for each in overrides if each.account in there]
    current = tuple(
        each
        for each in known
        if on is None or (each.until >= on and (each.since is None or each.since <= on))
    )
    expired = tuple(each for each in known if on is not None and each.until < on)
    return current, expired, strays


def _tell_nearest(accounts: pd.DataFrame, thresholds: Thresholds) -> None:
    """Tell of accounts that no input lifts which one comes nearest, and how far it falls short."""
    lacking = accounts.reason == ""
    near = pd.DataFrame(
        {name: accounts.loc[lacking, name] / max(limit, 1e-9) for name, limit in thresholds.items()}
    ).fillna(-np.inf)
    accounts["nearest"] = ""
    if near.empty:
        return
    best = near.max(axis=1)
    known = best > 0
    names = near.idxmax(axis=1)[known]
    accounts.loc[names.index, "nearest"] = names
    accounts.loc[names.index, "threshold"] = names.map(dict(thresholds))
    accounts.loc[names.index, "margin"] = best[known] - 1


def _chances(
    accounts: pd.DataFrame, found: Resolved, spread: Mapping[str, pd.DataFrame]
) -> pd.Series:
    """How likely each account is in its tier, its inputs being independent of one another.

    An input that is not known reaches its threshold as often as it is known to, among all accounts.
    """
    missed = {tier: pd.Series(1.0, accounts.index) for tier in TIER_NAMES[:2]}
    for name, tier in LIFTS:
        known = accounts[name].notna()
        reached = found.lifts[name].astype(float)
        # Companies enter a judgement for accounts that matter: the others are hardly like them.
        usual = float(reached[known].sum() / len(accounts))
        chance = reached.where(known, usual)
        if name in spread:
            uncertain = spread[name].dropna()
            chance.loc[uncertain.index] = chance_of(uncertain, found.limits[name][uncertain.index])
        missed[tier] *= 1 - chance
    first = 1 - missed["I"]
    second = 1 - missed["I"] * missed["II"]
    chances = np.select(
        [accounts.tier == "I", accounts.tier == "II"], [first, second - first], 1 - second
    )
    return pd.Series(chances, accounts.index)


def _summary(accounts: pd.DataFrame) -> pd.DataFrame:
    groups = accounts.groupby("tier")
    revenue = groups.revenue_12m.sum().reindex(TIER_NAMES, fill_value=0.0)
    # What is unknown matters only if it could lift the account: into II from III, or into I.
    first = [name for name, tier in LIFTS if tier == "I" and accounts[name].notna().any()]
    unknown = accounts[first].isna().any(axis=1)
    unknown |= (accounts.tier == "III") & (accounts.unknown > 0)
    unknown &= accounts.reason != BY_HAND
    higher = accounts[(accounts.tier != "I") & unknown]
    total = revenue.sum()
    return pd.DataFrame(
        {
            "tier": TIER_NAMES,
            "accounts": groups.size().reindex(TIER_NAMES, fill_value=0).to_numpy(),
            "revenue": revenue.to_numpy(),
            "revenue_share": (revenue / total if total > 0 else revenue * np.nan).to_numpy(),
            "unknown": higher.groupby("tier").size().reindex(TIER_NAMES, fill_value=0).to_numpy(),
        }
    )
