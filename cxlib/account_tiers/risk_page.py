"""What the account-tiers page shows of revenue at risk."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxlib.account_tiers.risk import (
    DECLINE,
    FEWEST_ANSWERS,
    LEAST_FALL,
    RUSH,
    SCORE,
    SIGNALS,
    SILENCE,
    Foretold,
    Risk,
)
from cxlib.data import Quarter
from cxlib.page.finding import Finding
from cxlib.page.screen import Amount
from cxlib.page.table import Table, make_table
from cxlib.page.wording import Written, estimate, listed, number, rounded_money, rows

NAMES = {
    SCORE: "low scores", SILENCE: "gone silent", RUSH: "many more contacts",
    DECLINE: "falling revenue", "any": "any of these signs",
}  # fmt: skip
MEANINGS = {
    SCORE: f"{FEWEST_ANSWERS} answers or more in half a year, their mean in the lowest band",
    SILENCE: "no contact, or no answer, any more, though it used to",
    RUSH: "many more contacts than it used to make",
    DECLINE: f"revenue {LEAST_FALL:.0%} or more below its usual quarter, and beyond what it varies",
}
MOST_ROWS = 12


def risk_finding(risk: Risk, currency: str = "") -> Finding:
    """How much revenue has warning signs, and how much is silent."""
    total = float(risk.tiers.revenue.sum())
    if not total > 0:
        return Finding("No account has revenue that could be at risk.", news=False)
    low, high = (float(risk.tiers[name].sum(skipna=False)) for name in ("low", "high"))
    accounts = int(risk.tiers.at_risk.sum())
    share = number(low / total, "share")
    verb = "gives" if accounts == 1 else "give"
    could = [NAMES[each] for each in SIGNALS if risk.told[each]]
    if not could:
        return Finding("These data show no warning signs: none can be looked for.", news=False)
    hidden = ""
    if high > low:
        hidden = f" Silent for a year: {'another ' if low > 0 else ''}"
        hidden += f"{rounded_money(high - low, currency)}."
    if np.isnan(high):
        hidden = " Silence cannot be seen: there are neither contacts nor answers."
    if not accounts:
        return Finding(
            f"No account gives a warning sign.{hidden}",
            evidence=f"Looked for: {listed(could)}{_untold(risk)}.",
            news=False,
        )
    worth = f"{rounded_money(low, currency)} a year" if low > 0 else "no revenue"
    silent = f"; with the silent ones, at most {number(high, 'money', currency)}"
    return Finding(
        f"{rows(accounts, 'account')} with {worth} {verb} warning signs.{hidden}",
        evidence=f"{number(low, 'money', currency)}, {share} of revenue"
        f"{silent if high > low else ''}. Looked for: {listed(could)}{_untold(risk)}. Low scores "
        "are what customers said; silence, contacts and revenue count where they go beyond "
        "chance, given how many accounts were looked at. Many leave without any sign.",
        news=low > 0,
        screen=_exposed(accounts, low, high, currency),
    )


def _exposed(accounts: int, low: float, high: float, currency: str) -> tuple[Amount, ...]:
    """What the first screen says of revenue at risk."""
    label = f"a year with warning signs ({rows(accounts, 'account')})"
    signs = Amount(rounded_money(low, currency), label, urgency=1)
    if not high > low or not low > 0:
        return (signs,) if low > 0 else ()
    return signs, Amount(rounded_money(high - low, currency), "silent for a year", urgency=1)


def risk_table(risk: Risk, currency: str = "") -> Table:
    """Revenue at risk by tier."""
    return make_table(
        [
            {
                "Tier": tier,
                "Accounts with a sign": Written(
                    f"{row.at_risk:,.0f} of {row.accounts:,.0f}", row.at_risk
                ),
                "Revenue at risk": number(row.low, "money", currency),
                "Of its revenue": number(row.low / row.revenue if row.revenue else np.nan, "share"),
                "At most, with the silent": _most(row.high, currency),
            }
            for tier, row in risk.tiers.iterrows()
        ],
        "Yearly revenue of accounts with warning signs",
    )


def signal_table(risk: Risk, known: Sequence[Foretold], since: Quarter) -> Table:
    """Each sign: what it is, how many give it, and what it has foretold.

    Args:
        risk: Revenue at risk.
        known: What signs of an earlier quarter have foretold.
        since: That quarter.
    """
    past = {each.signal: each for each in known}
    given = {name: int(risk.accounts[name].sum()) for name in SIGNALS}
    records = [
        {
            "Sign": NAMES[name],
            "What it is": MEANINGS[name],
            "Accounts": Written(f"{given[name]:,} of {risk.told[name]:,}", given[name]),
            f"Left since {since}": (
                f"{estimate(past[name].with_it)} with it, {estimate(past[name].without)} without "
                "any"
                if name in past
                else "too few gave it"
            ),
        }
        for name in SIGNALS
    ]
    return make_table(records, "Warning signs", folded=True)


def foretold_finding(known: Sequence[Foretold], since: Quarter) -> Finding:
    """Whether signs have foretold who left."""
    if not known:
        return Finding(
            "Whether warning signs precede churn is not known: too few accounts gave them two "
            "quarters ago, or churn dates are not known.",
            news=False,
        )
    shown = [each for each in known if each.detected]
    if not shown:
        return Finding(
            f"Warning signs of {since} were not shown to precede churn: treat them as a reason to "
            "call, not as a forecast.",
            evidence=_odds(known[-1]),
            news=False,
        )
    words = listed(NAMES[each.signal] for each in shown)
    return Finding(
        f"Accounts with {words} in {since} churned more often.",
        estimate=shown[-1].difference,
        evidence=_odds(shown[-1]),
    )


def risk_account_table(risk: Risk, names: pd.Series, currency: str = "") -> Table | None:
    """The accounts with signs, those with most revenue first; None without any."""
    given = risk.accounts[risk.accounts.signals > 0]
    shown = given.sort_values("revenue", ascending=False, kind="stable").head(MOST_ROWS)
    return make_table(
        [
            {
                "Account": names.get(account, account),
                "Tier": row.tier,
                "Signs": listed(NAMES[each] for each in SIGNALS if row[each]),
                "Revenue, 12 months": number(row.revenue, "money", currency),
            }
            for account, row in shown.iterrows()
        ],
        f"Accounts with warning signs: {len(shown):,} of {len(given):,}",
    )


def _untold(risk: Risk) -> str:
    rest = [NAMES[each] for each in SIGNALS if not risk.told[each]]
    return f"; not: {listed(rest)}" if rest else ""


def _most(value: float, currency: str) -> Written:
    return Written("not known", value) if np.isnan(value) else number(value, "money", currency)


def _odds(each: Foretold) -> str:
    return (
        f"With {NAMES[each.signal]}, {estimate(each.with_it)} left; without any sign, "
        f"{estimate(each.without)}."
    )
