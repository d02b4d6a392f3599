"""What the personas page shows."""

import pandas as pd
import seaborn as sns

from cxlib.analysis.change import FALSE_DISCOVERIES, compare
from cxlib.analysis.personas import SMALLEST_SHARE, STABLE, Personas
from cxlib.measure import KPIS, Panel, intervals
from cxlib.measure.estimate import Estimate
from cxlib.measure.panel import estimate_of
from cxlib.present.figure import PALETTE, Figure, canvas, readable_on, styled, whiskers
from cxlib.present.findings import Finding
from cxlib.present.numbers import axis_label, estimate, in_sentence, listed, number, rows, scale
from cxlib.present.tables import Table, make_table

MOST_NAMED = 3
# A feature sets a persona apart if its mean differs by so many standard deviations.
NOTABLE = 0.3


def found_finding(personas: Personas) -> Finding:
    """How many personas there are, if any."""
    if personas.tried.empty:
        return Finding(
            "No stable personas: customers hardly differ in what is known of them.", news=False
        )
    if not personas.found:
        best = personas.tried.sort_values("jaccard").iloc[-1]
        return Finding(
            "No stable personas: customers do not fall into groups that are found again, large "
            "enough, and more than chance makes.",
            evidence=f"The best attempt, {best.personas:.0f} groups, has a stability of "
            f"{best.jaccard:.2f} for its weakest group and {number(best.smallest, 'share')} of "
            f"customers in its smallest; needed are {STABLE}, {number(SMALLEST_SHARE, 'share')}, "
            "and more structure than data without groups show.",
            news=False,
        )
    names = [
        f"{each.persona} ({number(each.share, 'share')})"
        for each in personas.stability.itertuples()
    ]
    return Finding(
        f"{len(names)} personas are found again in resamples: {listed(names)} of customers with "
        "contacts in the last twelve months.",
        evidence=f"Stability (cluster-wise Jaccard) of the weakest: "
        f"{personas.stability.jaccard.min():.2f}.",
    )


@styled
def tried_figure(personas: Personas) -> Figure | None:
    """Stability by number of personas; None where no number could be tried."""
    if personas.tried.empty:
        return None
    figure, axis = canvas(2.6)
    tried = personas.tried
    axis.axhspan(STABLE, 1.02, color=PALETTE[2], alpha=0.12, lw=0)
    axis.plot(tried.personas, tried.jaccard, "o-", color=PALETTE[0])
    axis.text(tried.personas.max(), STABLE + 0.02, "stable", ha="right")
    axis.set(xlabel="Number of groups", ylabel="Stability of the weakest", ylim=(0, 1.02))
    axis.set_xticks(tried.personas)
    best = tried.sort_values("jaccard").iloc[-1]
    return Figure(
        figure,
        f"Line chart of the stability of the weakest group against the number of groups; "
        f"{len(personas.stability) or 'no number of'} groups are kept; the highest stability is "
        f"{best.jaccard:.2f}, with {best.personas:.0f} groups.",
    )


def size_estimates(personas: Personas) -> dict[str, Estimate]:
    """Each persona's share of customers, with Wilson's interval."""
    total = len(personas.labels)
    sizes = {}
    for each in personas.stability.itertuples():
        low, high = intervals.wilson_interval(each.share, total)
        sizes[each.persona] = Estimate(each.share, float(low), float(high), total, "share")
    return sizes


def card_table(personas: Personas) -> Table | None:
    """Each persona's size and what is typical of it; None where there is none."""
    if not personas.found:
        return None
    typical = personas.typical
    traits = [name for name in typical if not pd.api.types.is_numeric_dtype(typical[name])]
    records = []
    for persona, size in size_estimates(personas).items():
        record = {"Persona": persona, "Share of customers": estimate(size)}
        record |= {
            name.replace("_", " ").capitalize(): str(typical.loc[persona, name]) for name in traits
        }
        if "birth_year" in typical:
            record["Born about"] = f"{typical.loc[persona, 'birth_year']:.0f}"
        record["Set apart by"] = listed(_marks(personas.profile[persona]))
        records.append(record)
    return make_table(records, "Personas at a glance", ("Share of customers",))


def _marks(profile: pd.Series, count: int = 3) -> list[str]:
    """What sets a persona apart most, in words: "reason how-to (more)"."""
    strongest = profile[profile.abs() >= NOTABLE].abs().sort_values(ascending=False).index[:count]
    return [_mark(name, profile[name]) for name in strongest] or ["nothing notable"]


def _mark(feature: str, value: float) -> str:
    if feature == "birth_year":
        return "younger" if value > 0 else "older"
    name = feature.replace(": ", " ").replace("_", "-")
    return f"{'more' if value > 0 else 'less'} {name}"


@styled
def profile_figure(personas: Personas) -> Figure | None:
    """How each persona differs from all customers, in standard deviations; None without any."""
    if not personas.found:
        return None
    profile = personas.profile
    order = profile.abs().max(axis=1).sort_values(ascending=False).index[:18]
    shown = profile.loc[profile.index.isin(order)]
    figure, axis = canvas(0.9 + 0.27 * len(shown))
    sns.heatmap(
        shown, ax=axis, cmap="vlag", center=0, vmin=-2, vmax=2, annot=True, fmt=".1f",
        linewidths=1, cbar_kws={"label": "Standard deviations from the mean"},
        annot_kws={"size": 8.5},
    )  # fmt: skip
    mesh = axis.collections[0]
    mesh.update_scalarmappable()
    for text, colour in zip(axis.texts, mesh.get_facecolors(), strict=True):
        text.set_color(readable_on(colour))
    axis.set(xlabel="Persona", ylabel="")
    axis.tick_params(length=0)
    axis.tick_params(axis="y", labelrotation=0)
    words = [f"{name}: {listed(_marks(profile[name], 2))}" for name in profile]
    return Figure(figure, f"Heat map of features by persona. {'; '.join(words)}.")


def kpi_findings(panel: Panel, currency: str = "") -> Finding:
    """Which KPIs differ between the personas, beyond chance."""
    if not panel.frame.persona.notna().any():
        return Finding("There are no personas to compare.", news=False)
    pairs, names = [], []
    for kpi in panel.frame.kpi.unique():
        groups = panel.of(kpi).dropna(subset=["persona", "low"]).sort_values("value")
        if len(groups) > 1:
            low, high = groups.iloc[0], groups.iloc[-1]
            pairs.append((KPIS[kpi], estimate_of(high), estimate_of(low)))
            names.append((high.persona, low.persona))
    # The highest is picked because it is highest, so the bar is raised by the number of pairs.
    personas = panel.frame.persona.nunique()
    tests = max(personas * (personas - 1) / 2, 1)
    clear = [
        (change, high, low)
        for change, (high, low) in zip(compare(pairs), names, strict=True)
        if change.q * tests < FALSE_DISCOVERIES
    ]
    clear.sort(key=lambda each: each[0].q)
    found = [
        f"{in_sentence(change.kpi.label)} "
        f"({high}: {number(change.now.value, change.kpi.unit, currency)}, "
        f"{low}: {number(change.before.value, change.kpi.unit, currency)})"
        for change, high, low in clear[:MOST_NAMED]
    ]
    if not found:
        return Finding("No KPI differs detectably between the personas.", news=False)
    return Finding(
        f"The personas differ most clearly in {listed(found)}.",
        evidence=f"{rows(len(clear), 'KPI')} of {len(pairs)} differ, highest against lowest; "
        "allowance is made for the number of comparisons.",
    )


@styled
def kpi_figure(panel: Panel, kpis: tuple[str, ...], currency: str = "") -> Figure | None:
    """KPIs by persona, with intervals; None where there is nothing to compare."""
    kpis = [name for name in kpis if len(panel.of(name).dropna(subset=["persona"]))]
    if not kpis:
        return None
    height = 0.75 + 0.24 * panel.frame.persona.nunique()
    lines = -(-len(kpis) // 2)
    figure, axes = canvas(height * lines, lines, min(len(kpis), 2), squeeze=False)
    words = []
    for axis in axes.flat[len(kpis) :]:
        axis.set_axis_off()
    for axis, name in zip(axes.flat, kpis, strict=False):
        groups = panel.of(name).dropna(subset=["persona"])
        estimates = [estimate_of(row) for _, row in groups.iterrows()]
        whiskers(
            axis, estimates, list(groups.persona), PALETTE[: len(groups)], scale(KPIS[name].unit)
        )
        axis.set_title(KPIS[name].label)
        axis.set_xlabel(axis_label(KPIS[name], currency).split("(")[-1].rstrip(")"))
        values = [
            f"{p} {number(e.value, e.unit, currency)}"
            for p, e in zip(groups.persona, estimates, strict=True)
        ]
        words.append(f"{KPIS[name].label}: {listed(values)}")
    return Figure(figure, f"KPIs by persona with 95% intervals. {'; '.join(words)}.")


def dropped_table(personas: Personas) -> Table:
    """Features that were not used, and why."""
    return make_table(
        [{"Feature": name, "Why it was not used": why} for name, why in personas.dropped.items()]
        or [{"Feature": "none", "Why it was not used": "every feature was used"}],
        "Features not used",
    )


def assignment_frame(personas: Personas) -> pd.DataFrame:
    """The file of customers and their personas."""
    return pd.DataFrame(
        {"customer_id": personas.labels.index, "persona": personas.labels.to_numpy()}, dtype="str"
    )
