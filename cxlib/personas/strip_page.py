"""The strip of personas on the first screen."""

import pandas as pd

from cxlib.measure import Panel
from cxlib.measure.kpis import HIGHER, LOWER
from cxlib.page.finding import Finding
from cxlib.page.screen import Group
from cxlib.page.wording import in_sentence, listed, number, rows
from cxlib.personas.clustering import Personas
from cxlib.personas.page import differing, size_estimates
from cxlib.pictures import icon_of

# What a persona is judged by, as far as it is measured, and how it is called in short.
SHOWN = {"nps": "NPS", "csat": "CSAT", "first_contact_resolution": "FCR", "ces": "Ease",
         "repeat_contact_rate": "Repeat contacts"}  # fmt: skip
MOST_SHOWN = 2


def strip_finding(
    personas: Personas, contacts: pd.DataFrame, panel: Panel, revenue: pd.DataFrame
) -> Finding | None:
    """Whom the company serves, at one glance; None where there are no personas.

    Args:
        personas: The personas.
        contacts: As `groups.contact_counts` gives them.
        panel: KPIs by persona.
        revenue: As `groups.revenue_shares` gives it.
    """
    if not personas.found:
        return None
    sizes = size_estimates(personas)
    worst = _worst(panel, personas)
    groups = []
    for persona, share in sizes.items():
        name, channel = personas.name(persona), _usual_channel(contacts, persona)
        worth = revenue[revenue.group == persona]
        mix = f"{share.value:.0%} of active customers"
        if len(worth):
            mix += f", {worth.share.iloc[0]:.0%} of revenue"
        facts = (f"mostly by {channel}" if channel else "", mix, _kpis(panel, name))
        called = name if name != persona else f"Persona {name}"
        facts = tuple(filter(None, facts))
        groups.append(Group(called, icon_of(channel), facts, worse=name in worst))
    said = f"We serve {rows(len(groups), 'customer group')}"
    if worst:
        named = listed(f"{name} ({listed(kpis)})" for name, kpis in worst.items())
        said += f"; worse off than the best: {named}"
    return Finding(f"{said}.", news=False, screen=tuple(groups))


def _worst(panel: Panel, personas: Personas) -> dict[str, list[str]]:
    """The personas that are worse off than the best in a KPI of the strip, beyond chance."""
    worst: dict[str, list[str]] = {}
    for change, high, low in differing(panel, personas):
        if change.kpi.name in SHOWN and change.kpi.better in (HIGHER, LOWER):
            name = low if change.kpi.better == HIGHER else high
            worst.setdefault(name, []).append(in_sentence(change.kpi.label))
    return worst


def _kpis(panel: Panel, name: str) -> str:
    said = []
    for kpi, label in SHOWN.items():
        found = panel.estimate(kpi, persona=name) if len(panel.of(kpi)) else None
        if found:
            said.append(f"{label} {number(found.value, found.unit)}")
    return ", ".join(said[:MOST_SHOWN])


def _usual_channel(contacts: pd.DataFrame, persona: str) -> str:
    """The channel of most of a persona's contacts; empty where none has most."""
    if not {"group", "channel", "contacts"} <= {*contacts.columns}:
        return ""
    own = contacts[contacts.group == persona].groupby("channel").contacts.sum()
    return str(own.idxmax()) if len(own) and own.max() > own.sum() / 2 else ""
