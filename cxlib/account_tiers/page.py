"""What the account-tiers page shows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pandas as pd

from cxlib.account_tiers.assignment import BY_HAND, Tiers
from cxlib.account_tiers.inputs import ESTIMATED, Inputs
from cxlib.data.declared import TIER_NAMES
from cxlib.page.figure import (
    BLUE,
    FAINT,
    GREY,
    INK,
    ORANGE,
    Figure,
    canvas,
    conclude,
    readable_on,
    styled,
)
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import Written, listed, number, rows

COLOURS = {"I": BLUE, "II": ORANGE, "III": GREY}
NOBODY: Mapping[str, str] = {}
CRM_COLUMNS = (
    "account_id", "tier", "previous_tier", "reason", "valid_from", "revenue_12m",
    "growth_potential", "lifetime_value", "strategic_value",
)  # fmt: skip
ACCOUNT_COLUMNS = ("Account", "Reason", "Margin", "Likely right", "Revenue, 12 months")
INPUTS = {
    "revenue_12m": ("revenue of the last twelve months", "money"),
    "strategic_value": ("strategic value", "count"),
    "growth_potential": ("growth potential per year", "money"),
    "lifetime_value": ("lifetime value", "money"),
}


def tier_finding(tiers: Tiers, dated: bool = True) -> Finding:
    """How many accounts stand in each tier, and what they bring.

    Args:
        tiers: The tiers.
        dated: Whether it is known when accounts leave.
    """
    words = [
        f"Tier {each.tier}: {rows(each.accounts, 'account')}, "
        f"{number(each.revenue_share, 'share')} of revenue"
        for each in tiers.summary.itertuples()
    ]
    counted = "still there" if dated else "ever there, as churn dates are not known,"
    return Finding(
        f"{'; '.join(words)}.",
        evidence=f"Every account {counted} is counted, so there is no sampling error; the "
        "thresholds decide.",
    )


def amount(value: float, unit: str, currency: str = "") -> Written:
    """An input, or its threshold, as people read it."""
    return Written(f"{value:g}", value) if unit == "count" else number(value, unit, currency)


def reason(row: pd.Series, currency: str = "", by_hand: Mapping[str, str] = NOBODY) -> str:
    """Why an account stands in its tier, in words and numbers.

    Args:
        row: Of `Tiers.accounts`.
        currency: Of amounts.
        by_hand: The reasons of tiers that people have set, by account.
    """
    if row.reason == BY_HAND:
        return f"set by hand: {by_hand.get(row.name, '')}".strip(": ")
    name = row.reason or row.nearest
    if not name:
        return "no input reaches a threshold" + (" (some inputs unknown)" if row.unknown else "")
    label, unit = INPUTS[name]
    guessed = name == "growth_potential" and row.growth_source == ESTIMATED
    value = amount(row[name], unit, currency) + (" (estimated)" if guessed else "")
    limit = amount(row.threshold, unit, currency)
    if not row.reason:
        missed = "some inputs unknown; " if row.unknown else ""
        return f"no input reaches a threshold; {missed}nearest: {label} {value} of {limit}"
    if row.held:
        return f"{label} {value}, below the threshold {limit}, but within the buffer"
    return f"{label} {value}, threshold {limit}"


def reasons(tiers: Tiers, currency: str = "") -> pd.Series:
    """The reason of each account's tier, in words."""
    by_hand = {
        each.account: f"{each.reason} (until {each.until:%d %b %Y})" for each in tiers.overrides
    }
    words = [reason(row, currency, by_hand) for _, row in tiers.accounts.iterrows()]
    return pd.Series(words, tiers.accounts.index, dtype="str")


def account_table(tiers: Tiers, tier: str, currency: str = "", most: int = 15) -> Table:
    """The accounts of a tier, those that are least surely in it first."""
    chosen = tiers.accounts[tiers.accounts.tier == tier]
    shown = chosen.sort_values(["chance", "margin", "revenue_12m"], kind="stable").head(most)
    words = reasons(replace(tiers, accounts=shown), currency)
    return make_table(
        [
            {
                "Account": row["name"],
                "Reason": words[account],
                "Margin": number(row.margin, "share"),
                "Likely right": _likely(row),
                "Revenue, 12 months": number(row.revenue_12m, "money", currency),
            }
            for account, row in shown.iterrows()
        ]
        or [dict.fromkeys(ACCOUNT_COLUMNS, "–")],
        f"Tier {tier}, borderline accounts first: {len(shown)} of {rows(len(chosen), 'account')}",
    )


def _likely(row: pd.Series) -> str:
    """How likely an account is to be in the right tier; what is taken as it is has no chance."""
    if row.chance != 1:
        return number(row.chance, "share")
    return "as counted" if row.reason == "revenue_12m" or not row.reason else "as entered"


@styled
def tier_figure(tiers: Tiers, currency: str = "") -> Figure:
    """Share of accounts and of revenue by tier."""
    figure, axis = canvas(1.7)
    summary = tiers.summary.set_index("tier")
    shares = {
        "Accounts": summary.accounts / summary.accounts.sum(),
        "Revenue": summary.revenue_share,
    }
    for line, values in enumerate(shares.values()):
        left = 0.0
        for tier, share in values.fillna(0).clip(lower=0).items():
            axis.barh(line, 100 * share, left=left, color=COLOURS[tier], height=0.62)
            if share > 0.04:
                ink = readable_on(COLOURS[tier])
                axis.text(
                    left + 50 * share,
                    line,
                    f"{tier}: {100 * share:.0f}%",
                    ha="center",
                    va="center",
                    color=ink,
                )
            left += 100 * share
    axis.set_yticks(range(len(shares)), list(shares))
    axis.set(xlim=(0, 100), xlabel="Share (%)")
    first = {name: values.fillna(0).get(TIER_NAMES[0], 0.0) for name, values in shares.items()}
    conclude(
        axis,
        f"Tier {TIER_NAMES[0]} is {first['Accounts']:.0%} of accounts and brings "
        f"{first['Revenue']:.0%} of revenue",
    )
    axis.invert_yaxis()
    axis.tick_params(axis="y", length=0)
    words = [
        f"Tier {tier} {number(shares['Accounts'][tier], 'share')} of accounts and "
        f"{number(shares['Revenue'][tier], 'share')} of revenue"
        for tier in TIER_NAMES
    ]
    return Figure(figure, f"Stacked bars: {listed(words)}.")


@styled
def map_figure(tiers: Tiers, currency: str = "") -> Figure | Finding:
    """Accounts by revenue and growth potential, coloured by tier."""
    if not tiers.accounts.growth_potential.notna().any():
        return Finding("Growth potential is not known for any account.", news=False)
    if not (tiers.accounts.growth_potential > 0).any():
        return Finding("No account is expected to grow beyond what it brings today.", news=False)
    figure, axis = canvas(3.6)
    shown = tiers.accounts[tiers.accounts.revenue_12m > 0].sort_values("revenue_12m")
    growth = shown.growth_potential.fillna(0)
    for tier in reversed(TIER_NAMES):
        mine = shown.tier == tier
        # One path for each tier keeps the drawing small however many accounts there are.
        axis.scatter(
            shown.revenue_12m[mine], growth[mine], s=14, color=COLOURS[tier], alpha=0.6, lw=0,
            label=f"Tier {tier}", rasterized=len(shown) > 400,
        )  # fmt: skip
    axis.axvline(tiers.thresholds["revenue_12m"], color=INK, lw=0.9, ls="--")
    axis.axhline(tiers.thresholds["growth_potential"], color=INK, lw=0.9, ls="--")
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axis.set_xlabel(f"Revenue of the last twelve months ({currency or 'money'}, logarithmic)")
    axis.set_ylabel(f"Growth potential per year ({currency or 'money'})")
    axis.grid(color=FAINT, lw=0.6)
    axis.set_axisbelow(True)
    axis.legend(frameon=False, loc="upper left", ncols=3, bbox_to_anchor=(0, 1.12))
    lines = [
        number(tiers.thresholds[name], "money", currency)
        for name in ("revenue_12m", "growth_potential")
    ]
    return Figure(
        figure,
        f"Scatter chart of {rows(len(shown), 'account')} by revenue and growth potential; dashed "
        f"lines mark the thresholds {listed(lines)}.",
    )


def tier_frame(tiers: Tiers, valid_from: datetime, currency: str = "") -> pd.DataFrame:
    """The file of accounts and their tiers, ready for a CRM.

    Args:
        tiers: The tiers.
        valid_from: The day from which they hold.
        currency: Of the amounts in the reasons.
    """
    accounts = tiers.accounts
    frame = accounts.assign(
        previous_tier=accounts.before, reason=reasons(tiers, currency),
        valid_from=f"{valid_from:%Y-%m-%d}",
    )  # fmt: skip
    return frame.reset_index()[list(CRM_COLUMNS)]


def evidence_frame(tiers: Tiers, inputs: Inputs) -> pd.DataFrame:
    """The file of how firmly each account stands where it does."""
    table = tiers.accounts[
        ["tier", "reason", "nearest", "threshold", "margin", "held", "chance", "growth_source",
         "growth_potential", "lifetime_value"]
    ].copy()  # fmt: skip
    for name, quantiles in inputs.spread.items():
        for end, probability in (("low", 0.025), ("high", 0.975)):
            table[f"{name}_{end}"] = quantiles[probability].reindex(table.index)
    if inputs.lifetime.next_year is not None:
        table = table.join(inputs.lifetime.next_year)
    return table.reset_index()
