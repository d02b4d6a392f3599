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
    SCORE: "low scores", SILENCE: "gone silent", RUSH: "a rush of contacts",
    DECLINE: "falling revenue", "any": "any of these",
}  # fmt: skip
MEANINGS = {
    SCORE: f"{FEWEST_ANSWERS} answers or more in half a year, their mean in the lowest band",
    SILENCE: "no contact, or no answer, any more, though it used to",
    RUSH: "many more contacts than it used to make",
    DECLINE: f"revenue {LEAST_FALL:.0%} or more below its usual quarter, and beyond what it varies",
}
MOST_ROWS = 12


def risk_finding(risk: Risk, currency: str = "") -> Finding:
    """How much revenue gives signs of leaving, and what may hide."""
    total = float(risk.tiers.revenue.sum())
    if not total > 0:
        return Finding("No account has revenue that could be at risk.", news=False)
    low, high = (float(risk.tiers[name].sum(skipna=False)) for name in ("low", "high"))
    accounts = int(risk.tiers.at_risk.sum())
    share = number(low / total, "share")
    verb = "gives" if accounts == 1 else "give"
    could = [NAMES[each] for each in SIGNALS if risk.told[each]]
    if not could:
        return Finding("No sign of leaving can be told from these data.", news=False)
    hidden = (
        f" Accounts with another {number(high - low, 'money', currency)} have neither answered nor "
        f"made contact in a year, so as much as {number(high, 'money', currency)} may be at risk "
        "unseen."
        if high > low
        else ""
    )
    if np.isnan(high):
        hidden = " There are neither contacts nor answers, so who has fallen silent is not known."
    if not accounts:
        return Finding(
            f"No account gives a sign of leaving, as far as can be told ({listed(could)}).{hidden}",
            news=False,
        )
    worth = f"with {number(low, 'money', currency)} of yearly revenue ({share})"
    if not low > 0:
        worth = "without any revenue of the last twelve months"
    return Finding(
        f"{rows(accounts, 'account')} {worth} {verb} signs of leaving.{hidden}",
        evidence=f"Told of these data: {listed(could)}{_untold(risk)}. Low scores are what "
        "customers have said; silence, contacts and revenue are signs where they go beyond chance, "
        "given how many accounts were looked at: many leave without any.",
        news=low > 0,
        screen=_exposed(accounts, low, high, currency),
    )


def _exposed(accounts: int, low: float, high: float, currency: str) -> tuple[Amount, ...]:
    """What the first screen says of revenue at risk."""
    signs = Amount(rounded_money(low, currency), f"warning signs ({rows(accounts, 'account')})")
    if not high > low:
        return (signs,)
    return signs, Amount(rounded_money(high - low, currency), "silent for a year")


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
                "At most, with the unheard": _most(row.high, currency),
            }
            for tier, row in risk.tiers.iterrows()
        ],
        "Yearly revenue of accounts that give signs of leaving",
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
                else "too few gave it to tell"
            ),
        }
        for name in SIGNALS
    ]
    return make_table(records, "Signs of leaving")


def foretold_finding(known: Sequence[Foretold], since: Quarter) -> Finding:
    """Whether signs have foretold who left."""
    if not known:
        return Finding(
            "Whether these signs foretell leaving cannot be told: too few accounts gave them two "
            "quarters ago, or nobody knows when accounts leave.",
            news=False,
        )
    shown = [each for each in known if each.detected]
    if not shown:
        return Finding(
            f"These signs have not detectably foretold who has left since {since}: treat them as a "
            "reason to call, not as a forecast.",
            evidence=_odds(known[-1]),
            news=False,
        )
    words = listed(NAMES[each.signal] for each in shown)
    return Finding(
        f"Of the signs given in {since}, {words} foretold leaving.",
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
        f"Accounts that give signs of leaving: {len(shown):,} of {len(given):,}",
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
