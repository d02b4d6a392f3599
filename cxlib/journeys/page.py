"""What the page on journeys shows of touchpoints: the map, what makes contacts hard, silence."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd

from cxlib.data.config import Assumptions
from cxlib.data.contract import TOUCHPOINTS
from cxlib.journeys.channels import QUESTIONS
from cxlib.journeys.contacts import SIGNS
from cxlib.journeys.hardship import Place, Sign, Silent, quietest
from cxlib.journeys.outcomes import Ladder
from cxlib.measure.estimate import Estimate
from cxlib.measure.panel import Panel, estimate_of
from cxlib.page.figure import (
    BLUE,
    FAINT,
    GREY,
    RED,
    Figure,
    canvas,
    conclude,
    readable_on,
    styled,
    whiskers,
)  # fmt: skip
from cxlib.page.finding import Finding
from cxlib.page.screen import Action
from cxlib.page.table import Table, make_table
from cxlib.page.wording import (
    capital,
    estimate,
    interval,
    listed,
    looked_at,
    number,
    percent,
    rows,
    size,
)  # fmt: skip

MOST_PLACES = 12
# How far up on the first screen.
BROKEN = 30
# What is measured at each touchpoint; where a page has it, and so many customers, it may be shown.
AT_TOUCHPOINTS = (
    "ces", "csat", "nps", "first_contact_resolution", "repeat_contact_rate", "transfer_rate",
    "abandonment_rate", "average_handle_time",
)  # fmt: skip
# Of each persona as well; what follows a contact would take a sort of all contacts each time.
OF_PERSONAS = ("ces", "csat", "nps", "abandonment_rate", "transfer_rate")


def journey_order(names) -> list[str]:
    """Touchpoints in the order of a journey; other names by the alphabet."""
    known = {name: place for place, name in enumerate(TOUCHPOINTS)}
    return sorted(names, key=lambda name: (known.get(name, len(known)), str(name)))


def shown_in(panel: Panel, column: str, question: str = "") -> set[str]:
    """The groups of a panel that may be shown; none where it has no such column.

    Args:
        panel: As `contacts.measured` gives it.
        column: Of the groups.
        question: Groups by what is asked there; by what contacts tell, if empty.
    """
    if column not in panel.frame:
        return set()
    kept = panel.frame.kpi == question if question else ~panel.frame.kpi.isin(QUESTIONS)
    return set(panel.frame[column][kept].dropna().astype(str))


def map_finding(panel: Panel, step: str, question: str) -> Finding:
    """Which touchpoint, on which channel, customers judge lowest.

    Args:
        panel: The question by touchpoint and channel.
        step: The column of touchpoints.
        question: The survey question.
    """
    if not step:
        return Finding(
            "No journey can be drawn: contacts have neither a touchpoint nor a reason.",
            news=False,
        )
    found = panel.of(question) if question else pd.DataFrame()
    if found.empty:
        return Finding(
            f"Contacts are known by {step} and channel, but too few answers to judge them.",
            news=False,
        )
    label = panel.kpis[question].label
    low = found.sort_values("value").iloc[0]
    each = estimate_of(low)
    return Finding(
        f"Lowest {label} on the journey: {low[step]} by {low.channel} "
        f"({number(each.value, each.unit)}).",
        estimate=each,
        evidence=f"{capital(interval(each))}, {rows(each.n, 'answer')}. The lowest of "
        f"{rows(len(found), 'place')} is low by chance as well; the table has all intervals.",
        news=False,
    )


@styled
def map_figure(panel: Panel, step: str, question: str) -> Figure | None:
    """The question by touchpoint and channel, with how many answered; None without answers."""
    found = panel.of(question) if question and step else pd.DataFrame()
    if found.empty:
        return None
    steps, channels = journey_order(found[step].unique()), sorted(found.channel.unique())
    table = found.pivot_table(index=step, columns="channel", values="value")
    table = table.reindex(index=steps, columns=channels)
    counts = found.pivot_table(index=step, columns="channel", values="n").reindex_like(table)
    figure, axes = canvas(0.9 + 0.42 * len(steps))
    # Shades of one colour: most of what differs here is chance.
    colours = mpl.colormaps["Blues"]
    low, high = float(np.nanmin(table)), float(np.nanmax(table))
    scaled = (table - low) / max(high - low, 1e-9) * 0.6 + 0.1
    for row, name in enumerate(steps):
        for column, channel in enumerate(channels):
            value = table.loc[name, channel]
            if np.isnan(value):
                axes.text(column, row, "–", ha="center", va="center", color=GREY)
                continue
            colour = mpl.colors.to_hex(colours(scaled.loc[name, channel]))
            axes.add_patch(mpl.patches.Rectangle((column - 0.48, row - 0.46), 0.96, 0.92,
                                                 color=colour))  # fmt: skip
            text = f"{number(value, panel.kpis[question].unit)}  n {counts.loc[name, channel]:,.0f}"
            axes.text(column, row, text, ha="center", va="center", color=readable_on(colour),
                      fontsize=8.5)  # fmt: skip
    axes.set_xlim(-0.5, len(channels) - 0.5)
    axes.set_ylim(len(steps) - 0.5, -0.5)
    axes.set_xticks(range(len(channels)), channels)
    axes.set_yticks(range(len(steps)), steps)
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    axes.spines[:].set_visible(False)
    label = panel.kpis[question].label
    conclude(axes, f"{label} along the journey, with the number of answers")
    words = "; ".join(
        f"{row[step]} by {row.channel} {estimate(estimate_of(row))}" for _, row in found.iterrows()
    )
    return Figure(figure, f"{label} by {step} and channel. {words}.")


def map_table(panel: Panel, step: str) -> Table | None:
    """Every KPI by touchpoint, channel and maybe persona; None where there is none.

    Contacts and customers are those behind the KPI that has most of them.
    """
    frame = panel.frame
    if not step or frame.empty:
        return None
    keys = list(panel.by)
    order = {name: place for place, name in enumerate(journey_order(frame[step].unique()))}
    names = [name for name in AT_TOUCHPOINTS if name in set(frame.kpi)]
    made = frame[~frame.kpi.isin(QUESTIONS)]
    cells = {(row.kpi, *row[keys]): row for _, row in frame.iterrows()}
    groups = sorted(
        frame[keys].drop_duplicates().itertuples(index=False, name=None),
        key=lambda group: tuple(order.get(each, -1) if name == step else each
                                for name, each in zip(keys, group, strict=True)),
    )  # fmt: skip
    most = made.groupby(keys)[["n", "people"]].max()
    records = [
        {capital(name): each for name, each in zip(keys, group, strict=True)}
        | {"Contacts": number(most.n.get(group, np.nan), "count"),
           "Customers": number(most.people.get(group, np.nan), "count")}
        | {panel.kpis[kpi].label: estimate(_cell(cells.get((kpi, *group)))) for kpi in names}
        for group in groups
    ]  # fmt: skip
    by = listed(f"{name}" for name in keys)
    return make_table(records, f"KPIs by {by}, twelve months", folded=True)


def _cell(row: pd.Series | None) -> Estimate | None:
    return None if row is None else estimate_of(row)


def hard_finding(places: Sequence[Place], signs: Sequence[Sign], step: str) -> Finding:
    """Where on the journey contacts are harder than elsewhere, beyond chance."""
    judged = [each for each in places if each.gap is not None]
    if len(judged) < 2:
        return Finding(
            "Touchpoints could not be compared by how hard contacts are: too few customers, or "
            "nothing is known of waits, transfers and repeats.",
            news=False,
        )
    how = (
        f"A contact counts as hard if the customer {_kinds(signs)}. "
        f"{looked_at(len(judged), step)}; what accounts and days share is allowed for. It "
        f"shows where, not why: what else differs by {step} is not allowed for."
    )
    broken = [each for each in judged if each.broken]
    if not broken:
        return Finding(f"No {step} is clearly harder than the others.", evidence=how, news=False)
    words = [
        f"{each.name} ({number(each.hard.value, 'share')} of contacts, "
        f"{number(each.gap.value, 'share', sign=True)})"
        for each in broken[:3]
    ]
    return Finding(
        f"Harder than elsewhere on the journey: {listed(words)}.",
        estimate=broken[0].hard,
        evidence=f"{capital(interval(broken[0].hard))}. {how}",
        screen=(
            Action(
                f"Find out what makes {broken[0].name} hard",
                f"{number(broken[0].hard.value, 'share')} of contacts there are hard, "
                f"{size(broken[0].gap.value, 'share')} more than elsewhere.",
                "",
                BROKEN,
            ),
        ),
    )


def _kinds(signs: Sequence[Sign]) -> str:
    met = {
        "_abandoned": "gave up waiting", "_passed_around": "was passed on twice or more",
        "_again": "had to come back", "_long_wait": "waited longer than nine in ten on the channel",
    }  # fmt: skip
    known = [text for name, text in met.items() if name in {each.name for each in signs}]
    return " or ".join([", ".join(known[:-1]), known[-1]] if len(known) > 1 else known)


@styled
def hard_figure(places: Sequence[Place]) -> Figure | None:
    """The share of hard contacts by touchpoint; None without two of them."""
    if len(places) < 2:
        return None
    judged = [each for each in places if each.gap is not None]
    places = (judged if len(judged) > 1 else places)[:MOST_PLACES]
    broken = [each for each in places if each.broken]
    figure, axes = canvas(0.8 + 0.32 * len(places))
    labels = [f"{each.name} ({number(each.contacts, 'count')})" for each in places]
    colours = [RED if each.broken else BLUE for each in places]
    whiskers(axes, [each.hard for each in places], labels, colours, 100)
    axes.set_xlabel("% of contacts that were hard")
    first = f"Hardest: {broken[0].name}" if broken else "None stands out from the others"
    conclude(axes, first)
    words = "; ".join(f"{each.name} {estimate(each.hard)}" for each in places)
    return Figure(figure, f"Share of hard contacts by touchpoint: {words}.")


def sign_table(signs: Sequence[Sign], currency: str, label: str) -> Table | None:
    """What makes contacts hard: how many, their cost, how much worse they are judged.

    Args:
        signs: As `hardship.count_signs` gives them; of none, there is no table.
        currency: Of money.
        label: Of the survey question.
    """
    records = [
        {
            "What makes it hard": capital(SIGNS[each.name]),
            "Contacts": number(each.contacts, "count"),
            "Of all contacts": percent(each.share),
            "Their cost": number(each.cost, "money", currency),
            f"{label}, against others": estimate(each.lost, sign=True),
        }
        for each in signs
    ]
    return make_table(records, "What makes contacts hard, twelve months; a contact may count twice")


def silent_finding(silent: Sequence[Silent], ladder: Ladder | None, rule: Assumptions) -> Finding:
    """Where most customers met trouble without our hearing of it.

    Args:
        silent: As `hardship.silent_customers` gives them.
        ladder: As `outcomes.escalation` gives it.
        rule: What is assumed of those who complain.
    """
    if not silent:
        return Finding(
            "Silent frustration could not be looked for: it takes surveys, and waits, transfers or "
            "repeats by touchpoint.",
            news=False,
        )
    most = max(silent, key=lambda each: each.met * each.silent.value)
    unheard = most.met - most.heard
    return Finding(
        f"At {most.name}, {rows(unheard, 'customer')} met trouble and did not tell us: "
        f"{number(most.silent.value, 'share')} of those in trouble there.",
        estimate=most.silent,
        evidence=f"{capital(interval(most.silent))}. Trouble is a sign in their contacts: they "
        "gave up, waited longest, were passed on twice or had to come back. Who answered any "
        f"survey in these months counts as heard.{_assumed(ladder, rule)}",
    )


def _assumed(ladder: Ladder | None, rule: Assumptions) -> str:
    """What the rule of thumb would make of those who complained; nothing where none is known."""
    if ladder is None or not ladder.counts["company"]:
        return ""
    made = ladder.counts["company"]
    return (
        f" Were there {rule.silent_for_one:g} silent customers for each of the {made:,} complaints "
        f"({rule.source}), it would be {rule.silent_for_one * made:,.0f}."
    )


@styled
def silent_figure(silent: Sequence[Silent]) -> Figure | None:
    """Customers who met trouble, heard and silent, by touchpoint; None without any."""
    if not silent:
        return None
    silent = silent[:MOST_PLACES]
    figure, axes = canvas(0.9 + 0.32 * len(silent))
    places = range(len(silent))
    heard, quiet = [each.heard for each in silent], [each.met - each.heard for each in silent]
    axes.barh(places, quiet, color=RED, height=0.62, label="silent")
    axes.barh(places, heard, left=quiet, color=FAINT, height=0.62, label="heard")
    axes.set_yticks(places, [each.name for each in silent])
    axes.set_ylim(len(silent) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("customers who met trouble")
    axes.legend(loc="lower right", frameon=False)
    most = max(silent, key=lambda each: each.met * each.silent.value)
    conclude(axes, f"Most silent trouble is at {most.name}")
    words = "; ".join(
        f"{each.name}: {each.met:,} met trouble, {each.met - each.heard:,} of them silent"
        for each in silent
    )
    return Figure(figure, f"Customers who met trouble by touchpoint. {words}.")


def silent_table(silent: Sequence[Silent]) -> Table | None:
    """The same in numbers; None without any."""
    records = [
        {
            "Touchpoint": each.name,
            "Met trouble": number(each.met, "count"),
            "Heard": number(each.heard, "count"),
            "Silent": estimate(each.silent),
            "Trouble in all, estimated": number(
                np.nan if each.estimated is None else each.estimated, "count"
            ),
        }
        for each in silent
    ]
    return make_table(
        records,
        "Customers with signs of trouble; in all, by signs and low answers as two looks (Chapman)",
    )


def persona_finding(places: Sequence[Place], silent: Sequence[Silent]) -> Finding:
    """Which persona has it harder than the others, and which keeps silent about it."""
    if not places:
        return Finding("No personas were found, so journeys are not shown by persona.", news=False)
    worst, quiet = [each for each in places if each.broken], quietest(silent)
    words = []
    if quiet:
        words.append(
            f"{capital(quiet[0].name)} suffer in silence: {number(quiet[0].silent.value, 'share')} "
            f"of those who met trouble did not tell us, {size(quiet[1].value, 'share')} more than "
            "of others."
        )
    if worst:
        words.append(f"Contacts are hardest for {listed(each.name for each in worst)}.")
    return Finding(
        " ".join(words) or "No persona was shown to have it harder, or to keep silent more.",
        estimate=quiet[0].silent if quiet else None,
        evidence=f"{capital(interval(quiet[0].silent))}. " if quiet else "",
        news=bool(words),
    )


def persona_table(
    told: pd.DataFrame, places: Sequence[Place], silent: Sequence[Silent]
) -> Table | None:
    """Each persona's journey in a line: where, how, about what, how hard, how silent."""
    hard = {each.name: each.hard for each in places}
    quiet = {each.name: each.silent for each in silent}
    records = [
        {"Persona": row["group"], "Contacts": number(row["contacts"], "count"),
         "In a sentence": _story(row)}
        | {"Hard contacts": estimate(hard.get(row["group"])),
           "Silent about trouble": estimate(quiet.get(row["group"]))}
        for row in told.to_dict("records")
    ]  # fmt: skip
    return make_table(records, "Each persona's journey, twelve months")


def _story(row: Mapping[str, object]) -> str:
    """What a persona mostly does, in a sentence."""
    words = [
        f"{word} {row[column]} ({percent(row[f'{column} share'], True)})"
        for word, column in (("by", "channel"), ("mostly at", "touchpoint"), ("about", "reason"))
        if column in row
    ]
    said = ", ".join(words)
    if "wait" in row:
        said += f"; waits {number(row['wait'], 'seconds')}"
    if "again" in row:
        said += f"; {percent(row['again'], True)} come back about the same"
    return capital(said)


def place_frame(places: Sequence[Place]) -> pd.DataFrame:
    """The file of touchpoints: how hard contacts are, with intervals, and against the others."""
    records = [
        (each.name, each.contacts, each.customers, each.hard.value, each.hard.low, each.hard.high,
         each.gap.value if each.gap else np.nan, each.q)
        for each in places
    ]  # fmt: skip
    columns = ["place", "contacts", "customers", "hard", "low", "high", "gap", "q"]
    return pd.DataFrame(records, columns=columns)
