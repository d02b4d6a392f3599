"""What the page on the change of a score shows."""

from collections.abc import Mapping

import pandas as pd

from cxlib.findings import CHANGE
from cxlib.measure.contrast import Change
from cxlib.measure.kpis import label_of
from cxlib.page.figure import BLUE, GREY, INK, Figure, canvas, conclude, styled
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import capital, estimate, in_sentence, listed, number, rows, scale, size
from cxlib.score_changes.decomposition import MIX, RESPONSE, TOTAL, TURNOVER, WITHIN, Entry, Ledger

SHORT = {
    WITHIN: "Same customers' answers", TURNOVER: "Other customers", MIX: "Share of invitations",
    RESPONSE: "Response rates", TOTAL: "In all",
}  # fmt: skip
COLUMNS = ["kpi", "against", "grouping", "part", "group", "change", "low", "high", "q"]


def ledger_finding(
    ledger: Ledger, by: str, against: str, change: Change | None = None, kpi: str = "nps"
) -> Finding:
    """Whether a score has changed, and which part of its change stands out.

    Args:
        ledger: The split.
        by: The column by which it was split.
        against: The quarter before, as it is to be called.
        change: The score's change as the page on KPIs judges it, among all KPIs; None if it was
            not compared. The ledger itself does not judge whether the score has changed.
        kpi: The score.
    """
    name = label_of(kpi)
    if ledger.problem:
        sentence = f"The change of {name} since {against} cannot be split: {ledger.problem}."
        return Finding(sentence, news=False)
    found = [each for each in ledger.parts if each.detected]
    whole = change.difference if change else ledger.total.change
    detected = change is not None and change.detected
    unit = whole.unit
    moved = size(abs(whole.value), unit)
    if detected:
        words = f"{name} {'rose' if whole.value > 0 else 'fell'} {moved} since {against}."
    elif whole.excludes(0):
        words = f"{name} may have {'risen' if whole.value > 0 else 'fallen'} since {against}."
    else:
        margin = size((whole.high - whole.low) / 2, unit)
        words = f"{name} is steady since {against} (margin of error ±{margin})."
    if found:
        said = [
            f"{_words(each, by, ledger)} ({number(each.change.value, unit, sign=True)})"
            for each in found
        ]
        words += f" {'What moved it' if detected else 'Parts that stand out'}: {listed(said)}."
    alone = f"Change {estimate(whole, sign=True)}: "
    asked = f"{ledger.customers[1]:,} customers answered, {ledger.customers[0]:,} before."
    return Finding(
        words,
        estimate=whole,
        evidence=f"{alone}{asked}{_caveats(ledger)}",
        news=detected or bool(found),
        kind=CHANGE,
    )


def _words(each: Entry, by: str, ledger: Ledger) -> str:
    """A part of the change in words."""
    by = by.replace("_", " ")
    return {
        WITHIN: f"the same customers of each {by} answer differently"
        if ledger.turnover_known
        else f"answers within each {by} differ",
        TURNOVER: f"other customers of each {by} answered",
        MIX: f"each {by} has a different share of the invitations"
        if ledger.invitations_known
        else f"each {by} has a different share of the answers",
        RESPONSE: f"each {by} answers more or less often",
    }[each.part]


def _caveats(ledger: Ledger) -> str:
    said = ""
    if not ledger.turnover_known:
        said += (
            f" {rows(ledger.stayed, 'customer')} answered both times within the same group: too "
            "few to tell whether the same people changed their minds or other people answered."
        )
    if not ledger.invitations_known:
        said += " Who was asked and did not answer is not known, so the response rate is not apart."
    return said


@styled
def ledger_figure(ledger: Ledger, against: str, kpi: str = "nps") -> Figure | None:
    """How a score came from then to now, part by part; None where there is nothing to split."""
    if ledger.problem:
        return None
    entries = ledger.parts
    short = SHORT if ledger.turnover_known else SHORT | {WITHIN: "Answers within groups"}
    short = short if ledger.invitations_known else short | {MIX: "Share of the answers"}
    labels = [short[each.part] for each in entries]
    steps = [number(each.change.value, each.change.unit, sign=True) for each in entries]
    unit, factor = ledger.total.change.unit, scale(ledger.total.change.unit)
    figure, axis = canvas(1.4 + 0.36 * len(entries))
    level = ledger.before
    axis.plot(factor * level, 0, "o", color=INK)
    for place, (each, step) in enumerate(zip(entries, steps, strict=True), 1):
        change, colour = each.change, BLUE if each.detected else GREY
        axis.barh(place, factor * change.value, left=factor * level, color=colour, height=0.5)
        if change.has_interval:
            ends = [factor * (level + end) for end in (change.low, change.high)]
            axis.plot(ends, [place] * 2, color=INK, lw=1)
        axis.annotate(step, (1, place), (4, 0), xycoords=("axes fraction", "data"),
                      textcoords="offset points", va="center", fontsize=9)  # fmt: skip
        axis.plot([factor * (level + change.value)] * 2, [place, place + 1], color=GREY, lw=0.8)
        level += change.value
    axis.plot(factor * ledger.now, len(entries) + 1, "o", color=INK)
    then, now = (number(each, unit) for each in (ledger.before, ledger.now))
    axis.set_yticks(
        range(len(entries) + 2), [f"{capital(against)}: {then}", *labels, f"Now: {now}"]
    )
    axis.invert_yaxis()
    axis.tick_params(axis="y", length=0)
    name = label_of(kpi)
    axis.set_xlabel(f"{name}, with the 95% interval of each step (grey: within chance)")
    moved = [label.lower() for label, each in zip(labels, entries, strict=True) if each.detected]
    conclude(
        axis,
        f"What moved {in_sentence(name)}: {listed(moved)}"
        if moved
        else f"No part of the change of {in_sentence(name)} is beyond chance",
    )
    words = [f"{label} {step}" for label, step in zip(labels, steps, strict=True)]
    return Figure(
        figure,
        f"Waterfall of {in_sentence(name)} from {then} in {against} to {now}, part by part, with "
        f"95% intervals: {'; '.join(words)}.",
    )


def ledger_table(ledger: Ledger, by: str) -> Table | None:
    """What each group added to the change; None where there is nothing to split."""
    if ledger.problem:
        return None
    groups = {each.group: {} for each in ledger.groups}
    for each in ledger.groups:
        groups[each.group][each.part] = each
    heads = {WITHIN: "Answers within", MIX: "Share invited", RESPONSE: "Response rate"}
    if not ledger.invitations_known:
        heads = {WITHIN: "Answers within", MIX: "Share of answers"}
    records = [
        {
            by.replace("_", " ").capitalize(): group,
            **{head: number(of[part].change.value, of[part].change.unit, sign=True)
               for part, head in heads.items()},
            "In all": estimate(of[TOTAL].change, sign=True),
            "Reading": "beyond chance" if of[TOTAL].detected else "within chance",
        }
        for group, of in groups.items()
    ]  # fmt: skip
    caption = f"What each {by.replace('_', ' ')} added to the change, with 95% intervals"
    return make_table(records, caption)


def ledger_frame(by: str, ledgers: Mapping[str, Ledger], kpi: str = "nps") -> pd.DataFrame:
    """The file of the ledger; a row without a group is of all groups together.

    Args:
        by: The column by which the changes were split.
        ledgers: By the quarter before.
        kpi: The score.
    """
    records = [
        (kpi, against, by, each.part, each.group, each.change.value, each.change.low,
         each.change.high, each.q)
        for against, ledger in ledgers.items()
        for each in (*ledger.parts, *filter(None, [ledger.total]), *ledger.groups)
    ]  # fmt: skip
    return pd.DataFrame(records, columns=COLUMNS)
