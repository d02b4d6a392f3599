"""What the account-tiers page shows."""

import numpy as np
import pandas as pd

from cxlib.analysis.concentration import TOP, Concentration
from cxlib.analysis.tiers import TIER_NAMES, Tiers
from cxlib.data import Dataset
from cxlib.present.figure import (
    BLUE,
    FAINT,
    GREY,
    INK,
    ORANGE,
    Figure,
    canvas,
    readable_on,
    styled,
)
from cxlib.present.findings import Finding
from cxlib.present.numbers import estimate, listed, number, rows
from cxlib.present.tables import Table, make_table

COLOURS = {"I": BLUE, "II": ORANGE, "III": GREY}
INPUTS = {
    "revenue_12m": ("revenue of the last twelve months", "money"),
    "strategic_value": ("strategic value", "count"),
    "growth_potential": ("growth potential per year", "money"),
    "lifetime_value": ("lifetime value", "money"),
}


def tier_finding(tiers: Tiers, currency: str = "") -> Finding:
    """How many accounts stand in each tier, and what they bring."""
    words = [
        f"Tier {each.tier}: {rows(each.accounts, 'account')}, "
        f"{number(each.revenue_share, 'share')} of revenue"
        for each in tiers.summary.itertuples()
    ]
    return Finding(
        f"{'; '.join(words)}.",
        evidence="Every account still there is counted, so there is no sampling error; the "
        "thresholds decide.",
    )


def window_finding(data: Dataset) -> Finding | None:
    """Whether twelve months of revenue are there; None if they are."""
    if data.covers(data.quarter.shift(-3).start, data.quarter.end):
        return None
    return Finding(
        f"The data, from {data.start:%d %b %Y}, do not span the twelve months whose revenue "
        "counts: accounts may stand too low."
    )


def unknown_finding(tiers: Tiers) -> Finding:
    """Accounts that may stand too low for want of data."""
    counts = {each.tier: each.unknown for each in tiers.summary.itertuples() if each.unknown}
    if not counts:
        return Finding("Every input of every account is known.", news=False)
    words = listed(f"{rows(count, 'account')} in Tier {tier}" for tier, count in counts.items())
    return Finding(
        f"{words} might stand higher, were all their inputs known.",
        evidence="An unknown input lifts no account.",
    )


def concentration_finding(found: Concentration) -> Finding:
    """How much hangs on the largest accounts."""
    if found.problem:
        return Finding(f"What hangs on the largest cannot be told: {found.problem}.", news=False)
    tenth = max(round(found.accounts * TOP), 1)
    return Finding(
        f"The largest tenth of accounts ({number(tenth, 'count')}) brings "
        f"{estimate(found.top_share)} of revenue, the largest one "
        f"{number(found.largest, 'share')}. Gini {number(found.gini.value)} "
        f"({number(found.gini.low)} to {number(found.gini.high)}).",
        estimate=found.top_share,
        evidence="Intervals are those of another draw of accounts like these. Gini is 0 where all "
        "bring the same, and near 1 where one brings all.",
    )


@styled
def lorenz_figure(found: Concentration) -> Figure | None:
    """The Lorenz curve; None where nothing can be told."""
    if found.problem:
        return None
    figure, axis = canvas(3.6, width=4.6)
    axis.plot([0, 100], [0, 100], color=GREY, lw=1, ls="--")
    axis.plot(100 * found.lorenz.accounts, 100 * found.lorenz.revenue, color=BLUE, lw=2)
    axis.set(xlim=(0, 100), ylim=(0, 100), xlabel="Accounts, the smallest first (%)",
             ylabel="Revenue that they bring (%)")  # fmt: skip
    axis.grid(color=FAINT, lw=0.6)
    half = float(np.interp(0.5, found.lorenz.accounts, found.lorenz.revenue))
    return Figure(
        figure,
        f"Lorenz curve of revenue: the smaller half of accounts brings {number(half, 'share')}, "
        f"the largest tenth {number(found.top_share.value, 'share')}; "
        f"Gini {number(found.gini.value)}. The dashed line is where all bring the same.",
    )


def threshold_table(tiers: Tiers, currency: str = "") -> Table:
    """The thresholds in force."""
    tier = {
        "revenue_12m": "I",
        "strategic_value": "I",
        "growth_potential": "II",
        "lifetime_value": "II",
    }
    return make_table(
        [
            {
                "Input": INPUTS[name][0].capitalize(),
                "At least": number(value, INPUTS[name][1], currency)
                if np.isfinite(value)
                else "not known for any account",
                "Lifts into": f"Tier {tier[name]}",
            }
            for name, value in tiers.thresholds.items()
        ],
        "Thresholds",
        ("At least",),
    )


def sensitivity_finding(moved: pd.DataFrame, accounts: int) -> Finding | None:
    """Which threshold decides most; None where no input is known.

    Args:
        moved: As `tiers.sensitivity` gives it.
        accounts: How many accounts there are.
    """
    if moved.empty:
        return None
    total = (moved.up + moved.down).to_numpy()
    most = moved.iloc[int(total.argmax())]
    if not total.max():
        return Finding("No account changes tier if a threshold lies 10% lower or higher.")
    share = number(total.max() / accounts, "share")
    return Finding(
        f"At most {rows(total.max(), 'account')} ({share}) would change tier if a threshold lay "
        f"10% lower or higher: that of {INPUTS[most.input][0]}.",
        evidence="The table gives every threshold; the others stay where they are.",
    )


def sensitivity_table(moved: pd.DataFrame, currency: str = "") -> Table | None:
    """What each threshold decides; None where no input is known."""
    if moved.empty:
        return None
    return make_table(
        [
            {
                "Input": INPUTS[each.input][0].capitalize(),
                "If it took": _amount(each.threshold, INPUTS[each.input][1], currency),
                "Accounts up": number(each.up, "count"),
                "Accounts down": number(each.down, "count"),
            }
            for each in moved.itertuples()
        ],
        "Accounts that change tier if one threshold lies 10% lower, or 10% higher",
        ("If it took", "Accounts up", "Accounts down"),
    )


def _amount(value: float, unit: str, currency: str) -> str:
    return f"{value:g}" if unit == "count" else number(value, unit, currency)


def reason(row: pd.Series, currency: str = "") -> str:
    """Why an account stands in its tier, in words."""
    if not row.reason:
        return "no input reaches a threshold" + (" (some inputs unknown)" if row.unknown else "")
    name, unit = INPUTS[row.reason]
    value, threshold = (
        number(row[row.reason], unit, currency),
        number(row.threshold, unit, currency),
    )
    return f"{name} {value}, threshold {threshold}"


def account_table(tiers: Tiers, tier: str, currency: str = "", most: int = 15) -> Table:
    """The accounts of a tier, largest margin first."""
    chosen = tiers.accounts[tiers.accounts.tier == tier]
    shown = chosen.sort_values(["margin", "revenue_12m"], ascending=False).head(most)
    return make_table(
        [
            {
                "Account": row["name"],
                "Reason": reason(row, currency),
                "Revenue, 12 months": number(row.revenue_12m, "money", currency),
            }
            for _, row in shown.iterrows()
        ]
        or [{"Account": "none", "Reason": "–", "Revenue, 12 months": "–"}],
        f"Tier {tier}: the first {len(shown)} of {rows(len(chosen), 'account')}",
        ("Revenue, 12 months",),
    )


@styled
def tier_figure(tiers: Tiers, currency: str = "") -> Figure:
    """Share of accounts and of revenue by tier."""
    figure, axis = canvas(1.5)
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


def tier_frame(tiers: Tiers, currency: str = "") -> pd.DataFrame:
    """The file of accounts and their tiers, ready for a CRM."""
    accounts = tiers.accounts
    words = [reason(row, currency) for _, row in accounts.iterrows()]
    columns = ["tier", "revenue_12m", "growth_potential", "strategic_value", "lifetime_value"]
    return accounts[columns].assign(reason=words).reset_index()
