"""What the page on the change of a score shows of accounts that have gone silent."""

import pandas as pd

from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import Written, listed, looked_at, number, rows
from cxlib.score_changes.activity import PAST
from cxlib.score_changes.silence import Silence

MOST_ACCOUNTS = 15


def silent_finding(silence: Silence) -> Finding:
    """How many accounts have gone silent."""
    if not silence.looked_at:
        return Finding(
            "Silent accounts could not be looked for: none has a year before to compare with, or "
            "nobody made contact.",
            news=False,
        )
    accounts = silence.accounts.index.nunique()
    if not accounts:
        return Finding(
            "No account has clearly gone silent.",
            evidence=f"{looked_at(silence.looked_at, 'account')}. Most have so few contacts and "
            "answers that a quarter without any means nothing.",
            news=False,
        )
    counts = silence.accounts.silence.value_counts()
    words = [
        f"{counts[kind]:,} {text}"
        for kind, text in (("contact", "make no contact"), ("answer", "answer no invitation"))
        if kind in counts
    ]
    verb = "has" if accounts == 1 else "have"
    return Finding(
        f"{rows(accounts, 'account')} {verb} gone silent: {listed(words)} any more.",
        evidence=f"Such silence is unlikely by chance, given that "
        f"{looked_at(silence.looked_at, 'account')}, and "
        "that contacts come in bursts.",
    )


def silent_table(
    silence: Silence, activity: pd.DataFrame, facts: pd.DataFrame, currency: str = ""
) -> Table | None:
    """The accounts that have gone silent, those with most revenue first; None if none has.

    Args:
        silence: The accounts.
        activity: What was looked at, as `account_activity` gives it.
        facts: As `account_facts` gives them; an account that is not in it is named by its id.
        currency: Of the revenue.
    """
    if silence.accounts.empty:
        # Of a dataset without bookings there are no facts to join.
        return None
    table = silence.accounts.join(facts[["name", "revenue_12m"]])
    table = table.sort_values("revenue_12m", ascending=False, kind="stable")
    kinds = {"contact": "contacts", "answer": "answered"}
    records = []
    for account, row in zip(table.index, table.itertuples(index=False), strict=True):
        past = [f"{kinds[row.silence]}_{each}" for each in PAST]
        records.append(
            {
                "Account": row.name if isinstance(row.name, str) else account,
                "Revenue, 12 months": number(row.revenue_12m, "money", currency),
                "Silence": f"no {row.silence}",
                "In the year before": number(activity.loc[account, past].sum(), "count"),
                "By chance": _chance(row.p),
            }
        )
    records = records[:MOST_ACCOUNTS]
    return make_table(records, f"{rows(len(records), 'account')} gone silent, of {len(table):,}")


def _chance(p: float) -> Written:
    return Written("under 0.1%", p) if p < 0.001 else number(p, "share")
