"""What the account-tiers page shows of accounts that moved from tier to tier."""

import pandas as pd

from cxlib.account_tiers.migration import (
    ARRIVAL,
    DEPARTURE,
    KNOWN,
    LEFT,
    NEW,
    OVERRIDE,
    VALUE,
    Migration,
)
from cxlib.account_tiers.page import INPUTS, amount
from cxlib.data.declared import TIER_NAMES
from cxlib.data.quarter import Quarter
from cxlib.findings import CHANGE
from cxlib.page.figure import BLUE, FAINT, GREEN, RED, Figure, canvas, conclude, styled
from cxlib.page.finding import Finding
from cxlib.page.screen import Action, Amount, Cause, Part
from cxlib.page.table import Table, make_table
from cxlib.page.wording import Written, capital, number, rounded_money, rows

MOST_ROWS = 15


def moved_finding(
    moved: Migration | None,
    quarter: Quarter,
    currency: str = "",
    dated: bool = True,
    news: bool = True,
    why: str = "",
) -> Finding:
    """How many accounts moved, and the revenue that moved with them.

    Args:
        moved: How accounts moved.
        quarter: Since when.
        currency: Of amounts.
        dated: Whether it is known when accounts leave.
        news: Whether a move is to be told in the summary.
        why: Why it is not known how accounts stood then.
    """
    if moved is None:
        return Finding(
            f"The tiers of {quarter} are not known.",
            evidence=f"{capital(why or 'no account was there')}.",
            news=False,
        )
    up, down = moved.went(upwards=True), moved.went(upwards=False)
    left = moved.moved[moved.moved.now == LEFT]
    arrived = moved.moved[moved.moved.before == NEW]
    gone = f"{rows(len(left), 'account')} churned ({_money(left, currency)} a year)"
    if not dated:
        gone = "churn dates are not known"
    shifts = "no account changed tier"
    if len(up) + len(down):
        shifts = f"{len(up):,} moved up and {len(down):,} down"
    return Finding(
        f"Since {quarter}, {gone}; {len(arrived):,} joined; {shifts}.",
        evidence=f"Revenue of those that moved up: {_money(up, currency)}; down: "
        f"{_money(down, currency)}. Accounts and bookings are counted, so there is no sampling "
        "error; what the company has entered of an account is taken as it stands today.",
        kind=CHANGE,
        news=news and bool(len(up) + len(down)),
        screen=_churned(left, currency) if news and dated else (),
    )


def _churned(left: pd.DataFrame, currency: str) -> tuple[Part, ...]:
    """What the first screen says of accounts that churned."""
    if left.empty:
        return (Amount(number(0.0, "money", currency), "churned: no account left", urgency=2),)
    lost = float(left.revenue.sum())
    accounts, worth = rows(len(left), "account"), rounded_money(lost, currency)
    top = left[left.before == TIER_NAMES[0]]
    also = f", {len(top)} of them Tier {TIER_NAMES[0]}" if len(top) else ""
    why = f"{accounts} worth {worth} a year churned{also}"
    parts: list[Part] = [
        Amount(rounded_money(-lost, currency), f"a year churned ({accounts})", urgency=2),
        *(Cause(kpi, why) for kpi in ("retention_rate", "churn_rate")),
    ]
    if len(top):
        parts.append(
            Action(
                f"Find out why {rows(len(top), f'Tier {TIER_NAMES[0]} account')} churned",
                f"{'They' if len(top) > 1 else 'It'} brought "
                f"{rounded_money(float(top.revenue.sum()), currency)} a year.",
                owner="",
                urgency=30,
            )
        )
    return tuple(parts)


@styled
def bridge_figure(
    moved: Migration | None, quarter: Quarter, currency: str = "", dated: bool = True
) -> Figure | None:
    """How revenue came from then to now, step by step; None if not known.

    Args:
        moved: How accounts moved.
        quarter: Since when.
        currency: Of amounts.
        dated: Whether it is known when accounts leave.
    """
    if moved is None or not dated or not moved.bridge.started > 0:
        return None
    steps = moved.bridge
    figure, axis = canvas(2.9)
    level = 0.0
    for place, (name, step) in enumerate(steps.items()):
        total = name in ("started", "ended")
        base, top = (0.0, step) if total else (level, level + step)
        colour = BLUE if total else GREEN if step >= 0 else RED
        axis.bar(place, top - base, bottom=base, color=colour, width=0.62)
        axis.annotate(_in_short(step, total), (place, max(base, top)), (0, 3), ha="center",
                      textcoords="offset points", fontsize=9)  # fmt: skip
        level = top
    ends = steps.started, steps.ended, steps.started + steps.joined + steps.grew
    # The totals are tall and the steps small: the axis begins below the lowest level.
    lowest = min(steps.started, steps.ended)
    reach = max(max(ends) - lowest, 0.02 * lowest)
    axis.set_ylim(max(lowest - 1.2 * reach, 0.0), max(ends) + 0.25 * reach)
    names = [f"In {quarter}", "Joined", "Grew", "Shrank", "Churned", "Now"]
    axis.set_xticks(range(len(names)), names)
    axis.tick_params(axis="x", length=0)
    axis.set_ylabel(f"Twelve-month revenue{f' ({currency})' if currency else ''}, axis cut")
    axis.yaxis.set_major_formatter(lambda value, _: _in_short(value, True))
    axis.grid(axis="y", color=FAINT, lw=0.6)
    axis.set_axisbelow(True)
    brought = rounded_money(steps.joined + steps.grew)
    conclude(
        axis,
        f"Churn took {rounded_money(-steps.churned, currency)} a year; new and growing accounts "
        f"brought {brought}",
    )
    words = [f"{name} {number(step, 'money', currency)}" for name, step in steps.items()]
    return Figure(figure, f"Waterfall of twelve-month revenue since {quarter}: {'; '.join(words)}.")


def _in_short(step: float, total: bool) -> str:
    """An amount on a figure; a step has its sign."""
    return f"{'' if total or step < 0 else '+'}{rounded_money(step)}"


def flow_table(
    moved: Migration | None, quarter: Quarter, currency: str = "", dated: bool = True
) -> Table | None:
    """Accounts by where they stood and stand; None if not known.

    Args:
        moved: How accounts moved.
        quarter: Since when.
        currency: Of amounts.
        dated: Whether it is known when accounts leave.
    """
    if moved is None:
        return None
    ways = list(moved.accounts) if dated else [name for name in moved.accounts if name != LEFT]
    labels = {name: f"Tier {name}" for name in TIER_NAMES} | {NEW: "not there", LEFT: "left"}
    records = [
        {f"In {quarter}": labels[before]}
        | {
            labels[now]: _with_revenue(count, moved.revenue.loc[before, now], currency)
            for now, count in row.items()
        }
        for before, row in moved.accounts[ways].iterrows()
    ]
    return make_table(records, f"Accounts (and their revenue) by tier in {quarter}, and now")


def _with_revenue(count: int, revenue: float, currency: str) -> Written:
    text = f"{count:,} ({number(revenue, 'money', currency)})" if count else "–"
    return Written(text, count)


def moved_table(moved: Migration | None, quarter: Quarter, currency: str = "") -> Table | None:
    """Who moved and why, those with most revenue first; None if nobody did."""
    if moved is None:
        return None
    between = pd.concat([moved.went(True), moved.went(False)])
    between = between.sort_values("revenue", ascending=False, kind="stable")
    shown = between.head(MOST_ROWS)
    return make_table(
        [
            {
                "Account": row["name"],
                "From": f"Tier {row.before}",
                "To": f"Tier {row.now}",
                "Why": why(row, currency),
                "Revenue, 12 months": number(row.revenue, "money", currency),
            }
            for _, row in shown.iterrows()
        ],
        f"Accounts that changed tier since {quarter}: {len(shown):,} of {len(between):,}",
    )


def why(row: pd.Series, currency: str = "") -> str:
    """Why an account moved, in words.

    Args:
        row: Of `Migration.moved`.
        currency: Of amounts.
    """
    if row.cause == OVERRIDE:
        return "set by hand, or no longer so"
    if row.cause in (ARRIVAL, DEPARTURE):
        return "came" if row.cause == ARRIVAL else "left"
    label, unit = INPUTS[row.input]
    was, stands = amount(row.value_before, unit, currency), amount(row.value_now, unit, currency)
    limits = [amount(each, unit, currency) for each in (row.threshold_before, row.threshold_now)]
    if row.cause == KNOWN:
        state = "is no longer known" if pd.isna(row.value_now) else f"is now known: {stands}"
        return f"{label} {state}"
    if row.cause == VALUE:
        return f"{label} went from {was} to {stands}, threshold {limits[1]}"
    return (
        f"the threshold of {label} went from {limits[0]} to {limits[1]}; the account has {stands}"
    )


def _money(accounts: pd.DataFrame, currency: str) -> str:
    return number(float(accounts.revenue.sum()), "money", currency)
