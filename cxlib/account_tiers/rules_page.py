"""What the account-tiers page shows of rules and inputs, and of how firm tiers are."""

from datetime import timedelta

import numpy as np
import pandas as pd

from cxlib.account_tiers.assignment import Tiers
from cxlib.account_tiers.holdout import Holdout
from cxlib.account_tiers.inputs import ENTERED, ESTIMATED, NOT_KNOWN, Inputs
from cxlib.account_tiers.lifetime import PURCHASES, SURVIVAL
from cxlib.account_tiers.page import INPUTS, amount
from cxlib.account_tiers.thresholds import LIFTS, RULE_OF
from cxlib.data import Dataset
from cxlib.data.config import TierRules
from cxlib.data.dataset import day
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import capital, listed, number, rows

# From this probability on, an account is taken to be rightly where it is.
SURE = 0.8


def window_finding(data: Dataset) -> Finding | None:
    """Whether twelve months of revenue are there; None if they are."""
    start, end = data.quarter.shift(-3).start, data.quarter.end
    if not data.missing_of(start, end, "revenue"):
        return None
    return Finding(
        f"Revenue is not known for all twelve months, {day(start)} to "
        f"{day(end - timedelta(days=1))}: accounts may stand too low."
    )


def unknown_finding(tiers: Tiers) -> Finding:
    """Accounts that may stand too low for want of data."""
    counts = {each.tier: each.unknown for each in tiers.summary.itertuples() if each.unknown}
    none = [label for name, (label, _) in INPUTS.items() if tiers.accounts[name].isna().all()]
    evidence = "An unknown input lifts no account."
    if none:
        evidence += f" Not known for any account: {listed(none)}."
    if not counts:
        known = "other input" if none else "input"
        return Finding(f"Every {known} of every account is known.", evidence=evidence, news=False)
    words = listed(f"{rows(count, 'account')} in Tier {tier}" for tier, count in counts.items())
    return Finding(
        f"{words} might belong in a higher tier: some inputs are missing.",
        evidence=evidence,
        news=False,
    )


def threshold_table(tiers: Tiers, rules: TierRules, currency: str = "") -> Table:
    """The thresholds in force, and where each comes from."""
    lifts = dict(LIFTS)
    return make_table(
        [
            {
                "Input": INPUTS[name][0].capitalize(),
                "At least": amount(value, INPUTS[name][1], currency)
                if np.isfinite(value)
                else _why_none(tiers.accounts[name]),
                "Lifts into": f"Tier {lifts[name]}",
                "Set by": _set_by(name, rules),
            }
            for name, value in tiers.thresholds.items()
        ],
        "Thresholds; an account that stood as high a quarter ago stays until it falls short by "
        f"more than {number(rules.buffer, 'share')}",
        folded=True,
    )


def _why_none(values: pd.Series) -> str:
    """Why an input lifts no account, in words."""
    if values.isna().all():
        return "not known for any account"
    if not (values > 0).any():
        return "no account has any"
    return "no account: most have the same, too little, or are set by hand"


def _set_by(name: str, rules: TierRules) -> str:
    """Where a threshold comes from, in words."""
    setting = RULE_OF[name]
    capacity = {"I": rules.capacity_1, "II": rules.capacity_2}[dict(LIFTS)[name]]
    amount = getattr(rules, setting)
    words = []
    if amount is not None:
        words.append("amount in dataset.toml" if setting != "strategic_value" else "score")
    if capacity is not None and setting != "strategic_value":
        words.append(f"capacity of {rows(capacity, 'account')}")
    if not words:
        words.append(f"the top {number(getattr(rules, f'{setting}_top_share'), 'share')}")
    return " and ".join(words)


def capacity_finding(tiers: Tiers, rules: TierRules) -> Finding | None:
    """Whether the tiers keep to their capacity; None if none is set."""
    words = []
    for tier, capacity in (("I", rules.capacity_1), ("II", rules.capacity_2)):
        if capacity is None:
            continue
        held = int(tiers.summary.set_index("tier").accounts[tier])
        over = tiers.full.get(tier, 0)
        words.append(
            f"Tier {tier} holds {held:,} of the {rows(capacity, 'account')} that can be served"
            + (f", {over:,} too many: people have put them there" if over else "")
        )
    if not words:
        return None
    return Finding(f"{'; '.join(words)}.", news=any(tiers.full.values()))


def override_finding(tiers: Tiers) -> Finding | None:
    """Tiers set by hand; None where dataset.toml has none."""
    every = len(tiers.overrides) + len(tiers.expired) + len(tiers.strays)
    if not every:
        return None
    words = [f"{rows(len(tiers.overrides), 'tier')} set by hand"]
    if tiers.expired:
        words.append(f"{rows(len(tiers.expired), 'override')} expired and not followed")
    if tiers.strays:
        names = listed(repr(each.account) for each in tiers.strays[:3])
        words.append(f"{rows(len(tiers.strays), 'override')} of accounts not there ({names})")
    return Finding(f"{'; '.join(words)}.", news=bool(tiers.expired or tiers.strays))


def override_table(tiers: Tiers) -> Table | None:
    """Tiers set by hand, and for how long; None without any."""
    kinds = (("in force", tiers.overrides), ("expired", tiers.expired),
             ("no such account", tiers.strays))  # fmt: skip
    records = [
        {
            "Account": tiers.accounts.name.get(each.account, each.account),
            "Tier": each.tier,
            "Reason": each.reason,
            "Until": f"{each.until:%d %b %Y}",
            "State": kind,
        }
        for kind, group in kinds
        for each in group
    ]
    return make_table(records, "Tiers set by hand")


def lifetime_finding(inputs: Inputs, rules: TierRules) -> Finding:
    """How lifetime value was found."""
    found = inputs.lifetime
    ahead = f"the next {rules.horizon_years:g} years, discounted at "
    ahead += f"{number(rules.discount_rate, 'share')} a year"
    if found.method == SURVIVAL:
        return Finding(
            f"Lifetime value is what an account brings while it stays, over {ahead}.",
            evidence=f"{capital(found.why)}. How long accounts of its tenure and size stay is "
            "estimated from all accounts.",
            news=False,
        )
    if found.method == PURCHASES:
        return Finding(
            f"Lifetime value is what an account is expected to buy over {ahead}.",
            evidence=f"{capital(found.why)}. Purchases by the BG/NBD model, amounts by the "
            "Gamma-Gamma model, fitted to "
            f"{rows(found.buying.customers, 'account')}. {_tested(found.tested)}",
            news=False,
        )
    return Finding(f"Lifetime value is not known: {found.why}.", news=False)


def _tested(tested: Holdout | None) -> str:
    """How well the models did, in a sentence."""
    if tested is None:
        return "Too little was known a year ago to test this against the year that came"
    return (
        f"Tested on the last year: {number(tested.purchases, 'share')} of the purchases and "
        f"{number(tested.money, 'share')} of the revenue that came had been foretold"
    )


def growth_finding(inputs: Inputs) -> Finding:
    """Where growth potentials come from."""
    counts = inputs.accounts.growth_source.value_counts()
    words = [
        f"{rows(counts[kind], 'account')} {text}"
        for kind, text in (
            (ENTERED, "as the company has entered it"),
            (ESTIMATED, "estimated from its past and its peers"),
            (NOT_KNOWN, "not known"),
        )
        if counts.get(kind)
    ]
    model = inputs.growth
    if model.problem:
        evidence = f"Nothing can be estimated: {model.problem}."
    elif model.alike:
        evidence = "All accounts with three years of revenue have grown as their peers did."
    elif model.persistence is None:
        evidence = (
            "Too few accounts have three years of revenue to tell whether growth lasts: estimates "
            "are the growth of peers."
        )
    else:
        lasts = model.persistence
        shares = (
            f"{number(lasts.value, 'share')} ({number(lasts.low, 'share')} to "
            f"{number(lasts.high, 'share')})"
        )
        evidence = (
            f"Above-peer growth did not last, so we do not project it: {shares} came again a year "
            "later."
            if lasts.value <= 0
            else f"Of above-peer growth, {shares} came again a year later."
        )
    return Finding(f"Growth potential: {'; '.join(words)}.", evidence=evidence, news=False)


def likely_finding(tiers: Tiers) -> Finding:
    """How many accounts may well belong elsewhere, given how uncertain inputs are."""
    known = tiers.accounts.chance.dropna()
    doubtful = int((known < SURE).sum())
    wrong = float((1 - known).sum())
    if not doubtful:
        return Finding(
            f"No borderline accounts: each is at least {SURE:.0%} likely to be in the right tier.",
            news=False,
        )
    return Finding(
        f"{rows(doubtful, 'borderline account')}: less than {SURE:.0%} likely to be in the right "
        "tier.",
        evidence=f"{number(doubtful / len(known), 'share')} of accounts. Over all accounts, "
        f"{number(wrong, 'points')} are to be expected in another tier."
        " Revenue and what the company has entered are taken as they are; what is estimated, or "
        "not known, is not.",
    )


def sensitivity_finding(moved: pd.DataFrame, accounts: int) -> Finding | None:
    """Which threshold decides most; None where no input is known.

    Args:
        moved: As `tiers.sensitivity` gives it.
        accounts: How many accounts there are.
    """
    if moved.empty:
        return None
    # Whether a score should count from 4 or from 5 is another question than a tenth of an amount.
    amounts = moved[moved.input != "strategic_value"]
    total = (amounts.up + amounts.down).to_numpy()
    if not len(total) or not total.max():
        return Finding(
            "No account would change tier if a threshold in money were 10% off.", news=False
        )
    most = amounts.iloc[int(total.argmax())]
    share = number(total.max() / accounts, "share")
    return Finding(
        f"At most {rows(total.max(), 'account')} ({share}) would change tier if a threshold, that "
        f"for {INPUTS[most.input][0]}, were 10% off.",
        evidence="The table gives every threshold (a score moves by one point); the others stay "
        "where they are, and the buffer, which would hide what a threshold decides, is left out.",
    )


def sensitivity_table(moved: pd.DataFrame, currency: str = "") -> Table | None:
    """What each threshold decides; None where no input is known."""
    return make_table(
        [
            {
                "Input": INPUTS[each.input][0].capitalize(),
                "If it took": amount(each.threshold, INPUTS[each.input][1], currency),
                "Accounts up": number(each.up, "count"),
                "Accounts down": number(each.down, "count"),
            }
            for each in moved.itertuples()
        ],
        "Accounts that change tier if one threshold lies 10% (a score: one point) lower, or higher",
        folded=True,
    )
