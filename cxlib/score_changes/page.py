"""What the page on the change of a score shows."""

from collections.abc import Mapping

import pandas as pd

from cxlib.findings import CHANGE
from cxlib.measure.contrast import Change
from cxlib.measure.kpis import label_of
from cxlib.page.figure import BLUE, GREY, INK, Figure, canvas, styled, whiskers
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import estimate, in_sentence, listed, number, rows, size
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
        words += f" What moved it: {listed(said)}."
    alone = f" Change {estimate(whole, sign=True)}."
    asked = f"{ledger.customers[1]:,} customers answered, {ledger.customers[0]:,} before."
    return Finding(
        words,
        estimate=whole,
        evidence=f"{asked}{alone}{_caveats(ledger)}",
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
    """The parts of a score's change and their sum; None where there is nothing to split."""
    if ledger.problem:
        return None
    entries = [*ledger.parts, ledger.total]
    short = SHORT if ledger.turnover_known else SHORT | {WITHIN: "Answers within groups"}
    short = short if ledger.invitations_known else short | {MIX: "Share of the answers"}
    labels = [short[each.part] for each in entries]
    figure, axis = canvas(0.9 + 0.36 * len(entries))
    colours = [BLUE if each.detected else GREY for each in entries[:-1]] + [INK]
    whiskers(axis, [each.change for each in entries], labels, colours)
    axis.axhline(len(entries) - 1.5, color=GREY, lw=0.8)
    axis.axvline(0, color="#8a9099", lw=1)
    name = in_sentence(label_of(kpi))
    axis.set_xlabel(f"Change of {name} against {against} (grey: within chance)")
    words = [
        f"{label} {number(each.change.value, each.change.unit, sign=True)}"
        for label, each in zip(labels, entries, strict=True)
    ]
    return Figure(
        figure,
        f"Dot chart of the parts of the change against {against}, with 95% intervals: "
        f"{'; '.join(words)}.",
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
