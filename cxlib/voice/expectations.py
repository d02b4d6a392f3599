"""What customers expect of service, and how often it is not met: facts first, then comments."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cxlib.measure.estimate import Estimate
from cxlib.measure.panel import Panel, estimate_of
from cxlib.voice.effects import Joint
from cxlib.voice.loop import Loop
from cxlib.voice.themes import EXPECTATIONS, Theme

# For an expectation, the KPIs that tell whether it is met; of a KPI that begins with "!", the
# share that is left of 1. What no fact tells, comments may.
FACTS = {
    "accessible": ("abandonment_rate",),
    "answered promptly": ("!service_level", "!responded_in_time"),
    "well trained": ("transfer_rate",),
    "right the first time": ("!first_contact_resolution", "repeat_contact_rate"),
    "promises kept": ("!on_time_share",),
}
FACT, TEXT, NONE = "fact", "comments", "not measurable"


@dataclass(frozen=True)
class Expectation:
    """Whether an expectation is met.

    Attributes:
        name: Such as accessible.
        broken: How often it is not; None where no fact tells.
        effect: Points of the score that go with it, where comments tell.
        evidence: fact, comments or not measurable.
        source: The KPI or theme that tells.
    """

    name: str
    broken: Estimate | None
    effect: Estimate | None
    evidence: str
    source: str


def find_expectations(
    panel: Panel, loop: Loop | None, joint: Joint | None, themes: Sequence[Theme]
) -> tuple[Expectation, ...]:
    """The ten expectations, in their order.

    Args:
        panel: The KPIs of a year, without groups.
        loop: How fast low scores are followed up.
        joint: Themes in one model.
        themes: Those of `themes.toml`, which may each tell of an expectation.
    """
    spoken = {each.theme: each for each in joint.effects} if joint else {}
    found = []
    for name in EXPECTATIONS:
        said = [spoken[each.called] for each in themes
                if each.expectation == name and each.called in spoken]  # fmt: skip
        fact = next(
            ((kpi, each) for kpi in FACTS.get(name, ()) if (each := _fact(panel, kpi))), None
        )
        if name == "followed up" and loop is not None:
            day = loop.within[1]
            fact = ("", Estimate(1 - day.value, 1 - day.high, 1 - day.low, day.n, "share"))
        theme = max(said, key=lambda each: each.share.value, default=None)
        if fact:
            kpi, broken = fact
            source = panel.kpis[kpi.lstrip("!")].label if kpi else "low scores not called in a day"
            found.append(Expectation(name, broken, theme.effect if theme else None, FACT, source))
        elif theme:
            said_by = f"{theme.theme}, in {theme.share.value:.0%} of them"
            found.append(Expectation(name, None, theme.effect, TEXT, said_by))
        else:
            found.append(Expectation(name, None, None, NONE, ""))
    return tuple(found)


def _fact(panel: Panel, kpi: str) -> Estimate | None:
    """A KPI's share that is broken; None where it is not measured."""
    rows = panel.of(kpi.lstrip("!"))
    if len(rows) != 1 or not np.isfinite(rows.value.iloc[0]):
        return None
    each = estimate_of(rows.iloc[0])
    if not kpi.startswith("!"):
        return each
    return Estimate(1 - each.value, 1 - each.high, 1 - each.low, each.n, each.unit)
