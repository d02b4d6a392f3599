"""What the account-tiers page shows of the care that each tier gets."""

from collections.abc import Sequence

import pandas as pd

from cxlib.account_tiers.page import COLOURS
from cxlib.account_tiers.service_allocation import FEWEST_CONTACTS, Care, TierDifference
from cxlib.data import Dataset
from cxlib.data.declared import TIER_NAMES
from cxlib.measure.kpis import KPIS
from cxlib.measure.panel import Panel, estimate_of, measure_spans
from cxlib.page.figure import Figure
from cxlib.page.finding import Finding
from cxlib.page.plot import by_group
from cxlib.page.table import Table, make_table
from cxlib.page.wording import (
    capital,
    estimate,
    in_sentence,
    listed,
    looked_at,
    number,
    rows,
)

CARE_KPIS = (
    "service_level", "average_speed_of_answer", "first_contact_resolution", "csat", "nps",
    "repeat_contact_rate",
)  # fmt: skip
# What every account can count on, whichever its tier.
BASELINE = ("service_level", "first_contact_resolution")
MOST_ROWS = 10
# So many standard errors, three tiers being looked at.
BEYOND_CHANCE = 2.4


def care_panel(data: Dataset, tiers: pd.Series) -> Panel:
    """The KPIs of care by tier, over the quarter.

    Args:
        data: The dataset.
        tiers: The tier of each account, by `account_id`.
    """
    known = data.attach("accounts", tiers.rename("tier").rename_axis("account_id").reset_index())
    span = pd.DataFrame(
        {"period": [data.quarter.start], "start": [data.quarter.start], "end": [data.quarter.end],
         "complete": [True]}
    )  # fmt: skip
    span = span.astype(dict.fromkeys(("period", "start", "end"), "datetime64[us]"))
    return measure_spans(known, span, CARE_KPIS, by=["tier"])


def care_figure(panel: Panel, currency: str = "") -> Figure | None:
    """The KPIs of care by tier, with intervals; None where there are none."""
    found = [
        (panel.kpis[name], {f"Tier {tier}": each for tier, each in tiers.items()})
        for name in CARE_KPIS
        if len(tiers := _tiers_of(panel, name)) > 1
    ]
    colours = {f"Tier {tier}": colour for tier, colour in COLOURS.items()}
    return by_group(found, colours, "tier", currency)


def difference_finding(differences: Sequence[TierDifference]) -> Finding:
    """Whether the care of tiers differs beyond chance."""
    if not differences:
        return Finding("The care that each tier gets is not known from these data.", news=False)
    told = [
        f"{in_sentence(KPIS[each.kpi].label)}: Tier {each.one} "
        f"{number(each.first.value, each.first.unit)}, Tier {each.other} "
        f"{number(each.second.value, each.second.unit)}"
        for each in differences
        if each.detected
    ]
    looked = f"{looked_at(len(differences), 'difference')}."
    if not told:
        return Finding(
            "No difference between tiers was found in service or satisfaction.",
            evidence=looked,
            news=False,
        )
    return Finding(f"Tiers differ in {'; '.join(told)}.", evidence=looked)


def baseline_finding(panel: Panel) -> Finding | None:
    """What every tier can count on: the lowest of each; None where it cannot be worked out."""
    words, worst = [], None
    for name in BASELINE:
        found = _tiers_of(panel, name)
        if not found:
            continue
        tier = min(found, key=lambda each, found=found: found[each].value)
        worst = worst or found[tier]
        words.append(
            f"{number(found[tier].value, found[tier].unit)} {in_sentence(KPIS[name].label)} "
            f"(lowest in Tier {tier})"
        )
    if not words:
        return None
    return Finding(f"Every tier gets at least {'; '.join(words)}.", estimate=worst, news=False)


def hours_finding(care: Care) -> Finding:
    """How hours lie against what is due, and what closes the gap."""
    if care.problem:
        return Finding(f"Hours of service by tier are not known: {care.problem}.", news=False)
    total = float(care.tiers.hours.sum())
    spent, capacity = (number(each, "points") for each in (total, care.capacity))
    source = f"of {capacity} that can be given" if care.set_by_hand else "in all"
    moves = [
        f"Tier {tier} {'needs' if gap > 0 else 'can give'} {number(abs(gap), 'points')}"
        for tier, gap, error in care.tiers[["gap", "error"]].itertuples()
        # A capacity that is set is a plan; without one, only what goes beyond chance is a gap.
        if abs(gap) >= 0.05 and (care.set_by_hand or abs(gap) > BEYOND_CHANCE * error)
    ]
    words = f"Service took {spent} hours {source}"
    if not care.covers:
        words += "; that does not cover the baseline, of which every tier falls short alike"
    evidence = (
        "A fair share is the mean handling time of contacts of the same channel and reason, in all "
        "tiers, and a share of what the capacity leaves beyond that."
    )
    if not care.set_by_hand:
        evidence += " No capacity is set in dataset.toml ([care] hours), so it is what was given."
    if not moves:
        return Finding(f"{words}; no tier clearly gets more or less than its share.",
                       evidence=evidence, news=False)  # fmt: skip
    return Finding(f"{words}; for a fair share, {listed(moves)} hours.", evidence=evidence)


def hours_table(care: Care, currency: str = "") -> Table | None:
    """Hours and cost by tier; None where they cannot be worked out."""
    if care.problem:
        return None
    records = []
    for tier, row in care.tiers.iterrows():
        record = {
            "Tier": tier,
            "Accounts": number(row.accounts, "count"),
            "Contacts": number(row.contacts, "count"),
            "Hours": number(row.hours, "points"),
            "Baseline": number(row.baseline, "points"),
            "Due": number(row.due, "points"),
            "To move": number(row.gap, "points", sign=True),
        }
        if row.cost_share is not None:
            record["Cost to serve, of revenue"] = estimate(row.cost_share)
        records.append(record)
    return make_table(records, "Hours of service in the quarter", folded=True)


def served_finding(care: Care) -> Finding | None:
    """How many accounts get more or less than is due; None where it cannot be worked out."""
    if care.problem:
        return None
    if not care.looked_at:
        return Finding(
            f"No account made the {FEWEST_CONTACTS} contacts that a comparison needs.",
            news=False,
        )
    under, over = (int((care.accounts.gap * side > 0).sum()) for side in (1, -1))
    looked = f"of the {rows(care.looked_at, 'account')} with {FEWEST_CONTACTS} contacts or more"
    if not under + over:
        return Finding(
            "No account clearly gets more or less time than its contacts need.",
            evidence=f"{capital(looked)}.",
            news=False,
        )
    verb = "gets" if under == 1 else "get"
    return Finding(
        f"{rows(under, 'account')} {verb} less time than its contacts need, {over:,} more.",
        evidence=f"{capital(looked)}. Beyond how much handling times vary from contact to "
        "contact, given how many "
        "accounts were looked at.",
    )


def served_table(care: Care, names: pd.Series) -> Table | None:
    """Over- and under-served accounts, the largest gaps first; None without any.

    Args:
        care: What care accounts get.
        names: Of accounts, by `account_id`.
    """
    if care.problem:
        return None
    shown = care.accounts.head(MOST_ROWS)
    return make_table(
        [
            {
                "Account": names.get(account, account),
                "Tier": row.tier,
                "Contacts": number(row.contacts, "count"),
                "Hours": number(row.hours),
                "Due": number(row.due),
                "Gap": number(row.gap, sign=True),
            }
            for account, row in shown.iterrows()
        ],
        f"Accounts with more or less time than is due: {len(shown):,} of {len(care.accounts):,}",
        folded=True,
    )


def _tiers_of(panel: Panel, kpi: str) -> dict:
    """A KPI's estimate of each tier, where it has one."""
    found = panel.of(kpi)
    if found.empty:
        return {}
    rows_of = found.set_index("tier")
    return {tier: estimate_of(rows_of.loc[tier]) for tier in TIER_NAMES if tier in rows_of.index}
