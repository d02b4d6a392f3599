"""What the personas page shows of whether there are any, and how they fare."""

import pandas as pd
from matplotlib.axes import Axes

from cxlib.measure import KPIS, Panel, intervals
from cxlib.measure.contrast import FALSE_DISCOVERIES, Change, compare, independent
from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import COUNT
from cxlib.measure.panel import estimate_of
from cxlib.page.figure import GREY, PALETTE, Figure, canvas, styled
from cxlib.page.finding import Finding
from cxlib.page.plot import by_group
from cxlib.page.table import Table, make_table
from cxlib.page.wording import (
    estimate,
    in_sentence,
    listed,
    number,
    percent,
    rows,
)
from cxlib.personas.clustering import (
    CLEAR,
    SMALLEST_SHARE,
    STABLE,
    STABLE_WORD,
    TENTATIVE,
    TENTATIVE_WORD,
    Personas,
)
from cxlib.personas.encoding import Feature
from cxlib.personas.features import INGREDIENT_OF

MOST_NAMED, MOST_SHOWN = 3, 6
# So few missing values are not worth a line.
WORTH_TELLING = 0.01


def colour_of(persona: str) -> str:
    """A persona's colour, which goes with its letter."""
    return PALETTE[(ord(persona[-1]) - ord("A")) % len(PALETTE)]


def title_of(personas: Personas, persona: str) -> str:
    """A persona's name, with the letter under which it is known."""
    name = personas.name(persona)
    return name if name == persona else f"{name} ({persona})"


def found_finding(personas: Personas) -> Finding:
    """How many personas there are, if any."""
    if not personas.found:
        return Finding(
            f"No stable personas: {personas.why}.", evidence=_nearest(personas.tried), news=False
        )
    stability = personas.stability
    sizes = size_estimates(personas)
    words = [
        f"{title_of(personas, name)} {number(each.value, 'share')}" for name, each in sizes.items()
    ]
    doubtful = stability[stability.verdict != STABLE_WORD]
    kind = "tentative " if (stability.verdict == TENTATIVE_WORD).all() else ""
    if personas.why:
        return Finding(
            f"{len(stability)} groups, {personas.why}: {listed(words)} of customers.",
            evidence=_stabilities(personas),
            news=False,
        )
    sentence = (
        f"We serve {len(stability)} {kind}customer groups: {listed(words)} of active customers."
    )
    if len(doubtful) and not kind:
        shown = listed(f"{personas.name(e.persona)} ({e.verdict})" for e in doubtful.itertuples())
        sentence += f" Not stable: {shown}."
    without = personas.labels.isna().mean()
    rest = f" {number(without, 'share')} of customers belong to none." if without else ""
    margins = listed(estimate(each) for each in sizes.values())
    active = "Active: with contacts in the last twelve months."
    return Finding(sentence, evidence=f"{margins}. {active} {_stabilities(personas)}{rest}")


def _stabilities(personas: Personas) -> str:
    known = personas.stability.dropna(subset="jaccard")
    if known.empty:
        return ""
    words = listed(
        f"{personas.name(each.persona)} {number(each.jaccard)}" for each in known.itertuples()
    )
    return (
        f"Stability (cluster-wise Jaccard): {words}; from {STABLE} a persona is stable, from "
        f"{TENTATIVE} tentative."
    )


def nobody_finding() -> Finding:
    """What a section says that has nobody to be about."""
    return Finding("No personas were found, so there is nothing to show here.", news=False)


def _nearest(tried: pd.DataFrame) -> str:
    """What the best attempt lacked."""
    if tried.empty:
        return ""
    best = tried.sort_values("jaccard").iloc[-1]
    lacks = [
        f"its weakest group has a stability of {best.jaccard:.2f} ({TENTATIVE} is needed)"
        if best.jaccard < TENTATIVE else "",
        f"its smallest group holds {number(best.smallest, 'share')} of customers "
        f"({number(SMALLEST_SHARE, 'share')} is needed)" if best.smallest < SMALLEST_SHARE else "",
        f"between two groups there are {best.valley:.1f} times as many customers as at a "
        f"centre (fewer than {CLEAR} is needed)" if best.valley >= CLEAR else "",
        "its groups hang together along a way without a gap, or differ in a single fact alone"
        if best.bridged else "",
    ]  # fmt: skip
    lacks = [each for each in lacks if each]
    if not lacks:
        return ""
    return f"The best attempt, {best.personas:.0f} groups, falls short: {listed(lacks)}."


@styled
def tried_figure(personas: Personas) -> Figure | None:
    """Stability and separation by number of groups; None where no number could be tried."""
    tried = personas.tried
    if tried.empty:
        return None
    figure, axes = canvas(2.9, 1, 2)
    left, right = axes
    left.axhspan(STABLE, 1.03, color=PALETTE[2], alpha=0.14, lw=0)
    left.axhspan(TENTATIVE, STABLE, color=PALETTE[1], alpha=0.12, lw=0)
    left.plot(tried.personas, tried.jaccard, "o-", color=PALETTE[0])
    _name_band(left, (1 + STABLE) / 2, "stable")
    _name_band(left, (STABLE + TENTATIVE) / 2, "tentative")
    left.set(title="Found again in resamples", ylabel="Stability of the weakest", ylim=(0, 1.03))
    top = max(2.0, tried.valley.max() * 1.05)
    right.axhspan(0, CLEAR, color=PALETTE[2], alpha=0.14, lw=0)
    right.plot(tried.personas, tried.valley, "o-", color=PALETTE[0])
    _name_band(right, CLEAR / 2, "apart")
    right.set(title="Standing apart", ylabel="Between two, to one at a centre", ylim=(0, top))
    for axis in axes:
        axis.set_xlabel("Number of groups")
        axis.set_xticks(tried.personas)
    best = tried.sort_values("jaccard").iloc[-1]
    return Figure(
        figure,
        "Two line charts against the number of groups: the stability of the weakest group, highest "
        f"({best.jaccard:.2f}) with {best.personas:.0f} groups; and how many customers there are "
        f"between the two nearest groups, {best.valley:.2f} with as many.",
    )


def _name_band(axis: Axes, height: float, name: str) -> None:
    """Write the name of a band beside it, where no line runs."""
    axis.text(1.01, height, name, transform=axis.get_yaxis_transform(), va="center", fontsize=8.5)


def size_estimates(personas: Personas) -> dict[str, Estimate]:
    """Each persona's share of customers, with Wilson's interval."""
    total = len(personas.labels)
    sizes = {}
    for each in personas.stability.itertuples():
        low, high = intervals.wilson_interval(each.share, total)
        sizes[each.persona] = Estimate(each.share, float(low), float(high), total, "share")
    return sizes


def made_of(personas: Personas) -> set[str]:
    """KPIs in which personas differ by construction, since they were made by their ingredients."""
    return {kpi for each in personas.features for kpi in INGREDIENT_OF.get(each.name, ())}


def kpi_finding(panel: Panel, personas: Personas, currency: str = "") -> Finding:
    """Which KPIs differ between the personas, beyond chance."""
    if not panel.frame.persona.notna().any():
        return nobody_finding()
    clear = differing(panel, personas)
    found = [in_sentence(change.kpi.label) for change, *_ in clear[:MOST_NAMED]]
    values = [
        f"{change.kpi.label}: {high} {number(change.now.value, change.kpi.unit, currency)}, "
        f"{low} {number(change.before.value, change.kpi.unit, currency)}."
        for change, high, low in clear[:MOST_NAMED]
    ]
    if not found:
        return Finding("No KPI was shown to differ between the personas.", news=False)
    return Finding(
        f"Personas differ most in {listed(found)}.",
        evidence=f"{' '.join(values)} {rows(len(clear), 'KPI')} of {len(_pairs(panel, personas))} "
        "differ, highest "
        "against lowest; allowance is made for the number of comparisons."
        f"{_left_out(made_of(personas) & set(panel.frame.kpi))}",
    )


def stranger_finding(count: int, of: int) -> Finding | None:
    """How many contacts are of customers whom nobody knows; None if none are."""
    if not count:
        return None
    return Finding(
        f"{rows(count, 'contact')} of {number(of, 'count')} ({percent(count / of)}) are from "
        "unknown customers: they are in no persona.",
        news=False,
    )


def _pairs(panel: Panel, personas: Personas) -> list[tuple]:
    """Of each KPI the highest and the lowest persona: their estimates, and their names."""
    circular, pairs = made_of(personas), []
    for kpi in panel.frame.kpi.unique():
        groups = panel.of(kpi).dropna(subset=["persona", "low"]).sort_values("value")
        # A KPI that the personas were made by differs between them in any case, and so does how
        # many contacts they have: they are not of one size.
        if len(groups) > 1 and kpi not in circular and panel.kpis[kpi].kind != COUNT:
            low, high = groups.iloc[0], groups.iloc[-1]
            gap = independent(panel.kpis[kpi], estimate_of(high), estimate_of(low))
            pairs.append((gap, (high.persona, low.persona)))
    return pairs


def differing(panel: Panel, personas: Personas) -> list[tuple[Change, str, str]]:
    """The KPIs in which personas differ beyond chance, the highest and the lowest persona.

    The clearest come first.
    """
    pairs = _pairs(panel, personas)
    # The highest is picked because it is highest, so the bar is raised by the number of pairs.
    several = panel.frame.persona.nunique()
    tests = max(several * (several - 1) / 2, 1)
    names = {gap.kpi.name: both for gap, both in pairs}
    clear = [
        (change, *names[change.kpi.name])
        for change in compare([gap for gap, _ in pairs])
        if change.q * tests < FALSE_DISCOVERIES
    ]
    return sorted(clear, key=lambda each: each[0].q)


def _left_out(circular: set[str]) -> str:
    if not circular:
        return ""
    labels = listed(in_sentence(KPIS[name].label) for name in KPIS if name in circular)
    return f" Not compared, since the personas were made by what goes into it: {labels}."


def kpi_figure(
    panel: Panel, personas: Personas, kpis: tuple[str, ...], currency: str = ""
) -> Figure | None:
    """KPIs by persona, with intervals; None where there is nothing to compare.

    Args:
        panel: KPIs by persona.
        personas: The personas.
        kpis: The KPIs to show, beside those in which personas differ most clearly.
        currency: For amounts of money.
    """
    shown = [name for name in kpis if len(panel.of(name).dropna(subset=["persona"]))]
    found = [change.kpi.name for change, *_ in differing(panel, personas)]
    kpis = list(dict.fromkeys([*found[:MOST_NAMED], *shown]))[:MOST_SHOWN]
    colours = {personas.name(each): colour_of(each) for each in personas.stability.persona}
    found = [(panel.kpis[name], _by_persona(panel, name)) for name in kpis]
    return by_group(found, {**dict.fromkeys(panel.frame.persona, GREY), **colours}, "persona",
                    currency)  # fmt: skip


def _by_persona(panel: Panel, kpi: str) -> dict[str, Estimate]:
    groups = panel.of(kpi).dropna(subset=["persona"])
    return {row.persona: estimate_of(row) for _, row in groups.iterrows()}


def dropped_table(personas: Personas) -> Table:
    """Features that were not used, and why."""
    return make_table(
        [{"Feature": name, "Why it was not used": why} for name, why in personas.dropped.items()]
        or [{"Feature": "none", "Why it was not used": "every feature was used"}],
        "Features not used",
        folded=True,
    )


def features_finding(personas: Personas) -> Finding:
    """What the personas are made of, and how what is not known was dealt with."""
    told = [each for each in personas.features if each.missing >= WORTH_TELLING]
    used = listed(each.name.replace("_", " ") for each in personas.features) or "nothing"
    sentence = f"Customers are compared in {used}."
    if not told:
        return Finding(sentence, evidence="Hardly anything of it is missing.", news=False)
    return Finding(
        f"{sentence} Not known of some: {listed(_missing(each) for each in told)}.",
        evidence="Customers are compared by what is known of them; those with less than half "
        "known belong to no persona.",
        news=False,
    )


def _missing(feature: Feature) -> str:
    return f"{feature.name.replace('_', ' ')} ({number(feature.missing, 'share')})"


def assignment_frame(personas: Personas) -> pd.DataFrame:
    """The file of customers and their personas; without a row where there are no personas."""
    known = personas.labels[personas.labels.notna()] if personas.found else personas.labels[:0]
    return pd.DataFrame(
        {
            "customer_id": known.index.astype("str"),
            "persona": known.map(personas.name).astype("str").to_numpy(),
            "confidence": personas.confidence.reindex(known.index).to_numpy(dtype=float),
        }
    )


def member_frame(personas: Personas) -> pd.DataFrame:
    """Customers with their personas, to be attached to a dataset."""
    return assignment_frame(personas)[["customer_id", "persona"]]
