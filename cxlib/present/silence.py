"""What the page on the change of a score shows of those who do not answer."""

import pandas as pd

from cxlib.analysis.silence import ResponseRate, Silence, Weighed
from cxlib.measure import KPIS
from cxlib.measure.invitations import NOT_KNOWN, OTHERS, PAST
from cxlib.present.figure import BLUE, GREY, Figure, canvas, styled, whiskers
from cxlib.present.findings import Finding
from cxlib.present.numbers import estimate, listed, number, rows
from cxlib.present.tables import Table, make_table

MOST_GROUPS = 3
MOST_ACCOUNTS = 15


def rate_finding(rates: tuple[ResponseRate, ...]) -> Finding:
    """Who answers less often than others."""
    if not rates:
        return Finding(
            "Who answers and who does not cannot be told: the data hold no invitations that were "
            "not answered, or nothing to divide customers by.",
            news=False,
        )
    less = [each for each in rates if each.detected and each.gap.value < 0]
    less = [each for each in less if each.group not in (NOT_KNOWN, OTHERS)]
    if not less:
        return Finding(
            f"Of {rows(len(rates), 'group')}, none answers detectably less often than the others.",
            news=False,
        )
    words = [f"{_name(each)}, {estimate(each.rate)}" for each in less[:MOST_GROUPS]]
    more = f" and {rows(len(less) - MOST_GROUPS, 'other group')}" if len(less) > MOST_GROUPS else ""
    return Finding(
        f"Answering less often than others: {'; '.join(words)}{more}.",
        estimate=less[0].gap,
        evidence=f"{rows(len(rates), 'group')} were looked at, and allowance is made for that. "
        "Their experience counts for less in every score than their share of the customers.",
    )


def _name(rate: ResponseRate) -> str:
    return f"{rate.by.replace('_', ' ')} {rate.group}"


@styled
def rate_figure(rates: tuple[ResponseRate, ...]) -> Figure | None:
    """Response rates by group; None where there are none."""
    if not rates:
        return None
    shown = sorted(rates, key=lambda each: (each.by, each.rate.value))
    figure, axis = canvas(0.8 + 0.2 * len(shown))
    colours = [BLUE if each.detected else GREY for each in shown]
    whiskers(axis, [each.rate for each in shown], [_name(each) for each in shown], colours, 100)
    axis.set_xlabel("Share of invitations answered in time (%; grey: may be as the others)")
    stand = [each for each in rates if each.detected]
    words = [f"{_name(each)} {number(each.rate.value, 'share')}" for each in stand]
    return Figure(
        figure,
        f"Dot chart of response rates by group with 95% intervals. Unlike the others: "
        f"{listed(words) or 'none'}.",
    )


def weighed_finding(weighed: Weighed, kpi: str = "nps") -> Finding:
    """What a score might be had everybody answered."""
    name, unit = KPIS[kpi].label, KPIS[kpi].unit
    if weighed.problem:
        return Finding(f"What silence does to {name}: not told; {weighed.problem}.", news=False)
    silent = weighed.invited - weighed.answered
    if not silent:
        return Finding(
            f"Whether silence sways {name} cannot be told: the data hold no invitation that "
            "was not answered.",
            news=False,
        )
    bounds = (
        f"Whatever the {silent:,} of {rows(weighed.invited, 'invitation')} without an answer would "
        f"have said, the score of all those asked lies between {number(weighed.worst, unit)} and "
        f"{number(weighed.best, unit)}."
    )
    if weighed.weighed is None:
        return Finding(
            f"Those who answered give a score of {estimate(weighed.score)}; nothing is known by "
            "which to weigh them.",
            evidence=bounds,
            news=False,
        )
    if weighed.moved.excludes(0):
        words = f"by {number(weighed.moved.value, unit, sign=True)}"
        words += f" ({estimate(weighed.moved, sign=True).partition(' (')[2]}"
    else:
        words = f"by no detectable amount: {estimate(weighed.moved, sign=True)}"
    by = listed(each.replace("_", " ") for each in weighed.by)
    return Finding(
        f"Weighing the answers for those who kept silent moves {name} {words}, to "
        f"{estimate(weighed.weighed)}.",
        estimate=weighed.moved,
        evidence=f"Weighed by {by}. Those who answer may differ in other ways too. {bounds}",
        news=weighed.moved.excludes(0),
    )


def silent_finding(silence: Silence) -> Finding:
    """How many accounts have gone silent."""
    if not silence.looked_at:
        return Finding(
            "Which accounts have gone silent cannot be told: none has a year before to compare "
            "with, or nobody made contact.",
            news=False,
        )
    looked = rows(silence.looked_at, "account")
    accounts = silence.accounts.index.nunique()
    if not accounts:
        return Finding(
            f"Of {looked}, none has gone silent beyond chance.",
            evidence="Most have so few contacts and answers that a quarter without any means "
            "nothing.",
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
        f"{rows(accounts, 'account')} {verb} gone silent: {listed(words)} any more, though they "
        "used to.",
        evidence=f"So much silence is unlikely by chance, given that {looked} were looked at, and "
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
                "By chance": "under 0.1%" if row.p < 0.001 else number(row.p, "share"),
            }
        )
    records = records[:MOST_ACCOUNTS]
    return make_table(
        records,
        f"{rows(len(records), 'account')} gone silent, of {len(table):,}",
        ("Revenue, 12 months", "In the year before", "By chance"),
    )
