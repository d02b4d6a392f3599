"""What the KPI and drivers page shows of which KPIs go together."""

import math
from collections.abc import Iterable, Mapping
from itertools import cycle

import numpy as np
import pandas as pd

from cxlib.kpi_drivers.account_correlation import Across
from cxlib.kpi_drivers.correlation import Correlation
from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import KPIS, Kpi, label_of, restated
from cxlib.page.figure import BLUE, GREY, PALETTE, Figure, canvas, styled, whiskers
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import (
    capital,
    estimate,
    in_sentence,
    listed,
    looked_at,
    number,
    probability,
    rows,
)

MOST_PAIRS = 4
MOST_LEADS = 3
CORRELATIONS = [
    "x", "y", "level", "lag", "r", "low", "high", "p", "q", "rho", "rho_low", "rho_high",
    "partial", "partial_low", "partial_high",
]  # fmt: skip


def correlation_finding(pairs: tuple[Correlation, ...], known: Mapping[str, Kpi] = KPIS) -> Finding:
    """Which KPIs move together.

    Args:
        pairs: As `correlate` gives them.
        known: The dataset's KPIs, as its panels have them; here and below.
    """
    found = [each for each in pairs if each.detected]
    if not pairs:
        return Finding(
            "There are too few months that can be compared to tell which KPIs move together.",
            news=False,
        )
    if not found:
        return Finding(
            "No two KPIs were shown to move together from month to month.",
            evidence=f"{looked_at(len(pairs), 'pair')}.",
            news=False,
        )
    words = [
        f"{in_sentence(label_of(each.x, known))} with {in_sentence(label_of(each.y, known))} "
        f"({number(each.r.value, sign=True)})"
        for each in found[:MOST_PAIRS]
    ]
    return Finding(
        f"These KPIs move together from month to month: {listed(words)}"
        f"{f' (and {len(found) - MOST_PAIRS} more pairs)' if len(found) > MOST_PAIRS else ''}.",
        estimate=found[0].r,
        evidence=f"Correlation beyond trend and season, of {rows(len(pairs), 'pair')} looked at; "
        "it shows no cause.",
    )


def lead_finding(leads: tuple[Correlation, ...], known: Mapping[str, Kpi] = KPIS) -> Finding:
    """Which KPIs foretell others."""
    if not leads:
        return Finding(
            "There are too few months that can be compared to tell which KPIs lead others.",
            news=False,
        )
    found = _unlike([each for each in leads if each.detected], restated(known))
    if not found:
        return Finding(
            "No KPI was shown to precede another.",
            evidence=f"{looked_at(len(leads), 'lead')}.",
            news=False,
        )
    said = "; ".join(_lead(each, known) for each in found[:MOST_LEADS])
    return Finding(
        f"{capital(said)}.",
        estimate=found[0].r,
        evidence=f"Correlation {listed(_written(each.r) for each in found[:MOST_LEADS])}. "
        f"{rows(len(leads), 'lead')} of one to six months were looked at, and allowance is made "
        "for that. It shows no cause.",
    )


def _lead(each: Correlation, known: Mapping[str, Kpi]) -> str:
    months = "a month" if each.lag == 1 else f"{each.lag} months"
    way = "higher" if each.r.value > 0 else "lower"
    x, y = (in_sentence(label_of(name, known)) for name in (each.x, each.y))
    return f"an unusually high {x} tends to precede a {way} {y} by {months}"


def _written(r: Estimate) -> str:
    return estimate(r, sign=True)


def _unlike(found: list[Correlation], families: tuple[frozenset[str], ...]) -> list[Correlation]:
    """Correlations that do not restate one another."""

    def same(one: str, other: str) -> bool:
        return one == other or any({one, other} <= family for family in families)

    kept: list[Correlation] = []
    for each in found:
        alike = any(
            each.lag == other.lag and same(each.x, other.x) and same(each.y, other.y)
            for other in kept
        )
        kept += [] if alike else [each]
    return kept


def across_finding(pairs: tuple[Across, ...]) -> Finding:
    """Which KPIs go together from account to account."""
    found = [each for each in pairs if each.detected]
    if not pairs:
        return Finding("There are too few accounts to tell which KPIs go together.", news=False)
    if not found:
        return Finding(
            "No two KPIs were shown to go together from account to account.",
            evidence=f"{looked_at(len(pairs), 'pair')}.",
            news=False,
        )
    first, x, y = found[0], *(in_sentence(label_of(name)) for name in (found[0].x, found[0].y))
    way = "higher" if first.rho.value > 0 else "lower"
    more = f" (and {rows(len(found) - 1, 'more link')})" if len(found) > 1 else ""
    others = [
        f"{in_sentence(label_of(each.x))} with {in_sentence(label_of(each.y))} "
        f"{estimate(each.rho, sign=True)}"
        for each in found[:MOST_PAIRS]
    ]
    return Finding(
        f"Accounts with a higher {x} tend to have a {way} {y}{more}.",
        estimate=first.rho,
        evidence=f"Rank correlation: {'; '.join(others)}. {rows(len(pairs), 'pair')} looked at, "
        "over twelve months. Few contacts per account make links look weaker than they are. It "
        "shows no cause.",
    )


def reversal_finding(pairs: tuple[Across, ...]) -> Finding | None:
    """Correlations across accounts that segments make; None if there is none."""
    words = [
        f"{in_sentence(label_of(each.x))} with {in_sentence(label_of(each.y))} "
        f"({number(each.rho.value, sign=True)} in all, {estimate(turn.within, sign=True)} within "
        f"{turn.segment.replace('_', ' ')})"
        for each in pairs
        for turn in each.reversals
    ]
    if not words:
        return None
    return Finding(
        f"Within segments, the opposite is true: {listed(words)}.",
        evidence="Such a correlation comes from differences between the segments (Simpson's "
        "paradox).",
    )


@styled
def reversal_figure(
    pairs: tuple[Across, ...], values: pd.DataFrame, segments: pd.DataFrame
) -> Figure | None:
    """The first correlation that turns round within segments; None if there is none."""
    turned = next((each for each in pairs if each.reversals), None)
    if turned is None:
        return None
    segment = turned.reversals[0].segment
    both = values[[turned.x, turned.y]].assign(level=segments[segment]).dropna()
    figure, axis = canvas(3.6)
    for colour, (level, part) in zip(cycle(PALETTE), both.groupby("level"), strict=False):
        x, y = part[turned.x].to_numpy(), part[turned.y].to_numpy()
        axis.plot(x, y, "o", ms=3, alpha=0.4, color=colour)
        ends = np.array([x.min(), x.max()])
        slope, start = np.polyfit(x, y, 1) if np.ptp(x) else (0.0, y.mean())
        axis.plot(ends, start + slope * ends, color=colour, lw=2, label=str(level))
    axis.set(xlabel=label_of(turned.x), ylabel=label_of(turned.y))
    axis.legend(title=segment.replace("_", " "), frameon=False)
    return Figure(
        figure,
        f"Scatter of {label_of(turned.y)} against {label_of(turned.x)} by account, with a line for "
        f"each {segment.replace('_', ' ')}: within them the sign is the other way round.",
    )


def correlation_frame(months: Iterable[Correlation], accounts: Iterable[Across]) -> pd.DataFrame:
    """The file of correlations: x, y, level, lag, r, low, high, p, q, and Spearman's rho.

    Args:
        months: From month to month, with their lags.
        accounts: From account to account.
    """
    levels = [(each, "month", each.lag) for each in months]
    levels += [(each, "account", 0) for each in accounts]
    records = [
        (each.x, each.y, level, lag, each.r.value, each.r.low, each.r.high, each.p, each.q,
         each.rho.value, each.rho.low, each.rho.high, *_ends(each.partial))
        for each, level, lag in levels
    ]  # fmt: skip
    return pd.DataFrame(records, columns=CORRELATIONS)


def correlation_table(
    pairs: tuple[Correlation, ...], known: Mapping[str, Kpi] = KPIS, most: int = 10
) -> Table | None:
    """The strongest pairs; None without pairs."""
    return make_table(
        [
            {
                "KPI": label_of(each.x, known),
                "With": label_of(each.y, known),
                "Correlation": estimate(each.r),
                "Of ranks": number(each.rho.value, sign=True),
                "Others held equal": estimate(each.partial),
                "Months": number(each.r.n, "count"),
                "q": probability(each.q),
                "Reading": "together" if each.detected else "not shown",
            }
            for each in pairs[:most]
        ],
        f"The {min(most, len(pairs))} strongest of {rows(len(pairs), 'pair')}",
        folded=True,
    )


@styled
def correlation_figure(
    pairs: tuple[Correlation, ...], known: Mapping[str, Kpi] = KPIS, most: int = 10
) -> Figure | None:
    """The strongest correlations with their intervals; None without pairs."""
    if not pairs:
        return None
    shown = pairs[:most]
    figure, axis = canvas(0.8 + 0.27 * len(shown))
    colours = [BLUE if each.detected else GREY for each in shown]
    labels = [f"{label_of(each.x, known)} – {label_of(each.y, known)}" for each in shown]
    whiskers(axis, [each.r for each in shown], labels, colours)
    axis.axvline(0, color="#8a9099", lw=1)
    axis.set(xlim=(-1, 1), xlabel="Correlation from month to month (grey: not shown)")
    found = [each for each in pairs if each.detected]
    words = [
        f"{label_of(each.x, known)} with {label_of(each.y, known)} {number(each.r.value)}"
        for each in found[:5]
    ]
    return Figure(
        figure,
        f"Dot chart of the {len(shown)} strongest of {len(pairs)} correlations between KPIs with "
        f"95% intervals; beyond chance: {listed(words) or 'none'}.",
    )


def _ends(each: Estimate | None) -> tuple[float, float, float]:
    return (each.value, each.low, each.high) if each else (math.nan, math.nan, math.nan)
