"""What the personas page shows of earlier quarters: the same people, or others?"""

from collections.abc import Mapping

import pandas as pd
import seaborn as sns

from cxlib.findings import CHANGE
from cxlib.measure.estimate import Estimate
from cxlib.page.figure import BLUE, Figure, canvas, readable_on, styled
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import estimate, listed, number
from cxlib.personas.clustering import Personas
from cxlib.personas.migration import ABSENT, NO_PERSONA, STEADY, Movement
from cxlib.personas.page import title_of
from cxlib.personas.tracking import HOLDS, MERGES, NOBODY, SPLITS, Match, Passport


def fate_finding(personas: Personas, match: Match | None, earlier: Passport | None) -> Finding:
    """Whether the personas known before are still there."""
    if earlier is None and not personas.found:
        return Finding("There are no earlier personas to compare with.", news=False)
    if earlier is None:
        return Finding(
            "These personas are new; the next report compares with them.",
            news=False,
        )
    since = f"the passport of {earlier.quarter}"
    if earlier.fitted != earlier.quarter:
        since += f" (learnt in {earlier.fitted})"
    renewed = personas.found and personas.model is not earlier.model
    told = [_fate(personas, each) for each in match.fate.itertuples() if each.fate != HOLDS]
    if match.new:
        count = "a group" if len(match.new) == 1 else f"{len(match.new)} groups"
        told.append(f"{count} of customers like none of them")
    way = (
        f"Customers are assigned by this quarter's own groups, which were matched with {since}."
        if renewed
        else f"Customers are assigned by {since}, which stays as it was; beside it, this quarter's "
        "customers were grouped anew, and the groups matched with the personas."
    )
    evidence = f"{way} Overlap (Jaccard) of each: {_overlaps(personas, match)}."
    if not told:
        return Finding(
            f"All {len(match.fate)} personas of {earlier.quarter} are still there.",
            evidence=evidence,
            news=False,
            kind=CHANGE,
        )
    return Finding(
        f"The personas of {earlier.quarter} are changing: {'; '.join(told)}.",
        evidence=evidence
        if renewed
        else f"{evidence} To take this quarter's own groups over, run with renew = True.",
        kind=CHANGE,
    )


def _fate(personas: Personas, each) -> str:
    name = title_of(personas, each.persona)
    if each.fate == SPLITS:
        return f"{name} splits into {len(each.into)} groups"
    if each.fate == MERGES:
        return f"{name} has merged with another"
    if each.fate == NOBODY:
        return f"no customer fits {name} any more"
    return f"{name} has dissolved"


def _overlaps(personas: Personas, match: Match) -> str:
    return listed(
        f"{personas.name(e.persona)} {number(e.jaccard)}" for e in match.fate.itertuples()
    )


def unnamed_finding(personas: Personas) -> Finding | None:
    """Names in dataset.toml that belong to no persona; None if there are none."""
    known = set(personas.stability.persona)
    stray = [f"{letter} ({name})" for letter, name in personas.names.items() if letter not in known]
    if not stray:
        return None
    return Finding(f"Named, but not there this quarter: {listed(stray)}.")


def withheld_finding(given: Mapping[str, str], used: Mapping[str, str]) -> Finding | None:
    """Why the names of dataset.toml are not used here; None if they are."""
    if not given or used:
        return None
    return Finding(
        "Your names are those of all customers' personas, not of these; to have them here, too, "
        "keep a passport as personas.json beside dataset.toml.",
        news=False,
    )


def movement_finding(movement: Movement | None, personas: Personas, then: str) -> Finding:
    """Which personas grow or shrink, and how many customers keep theirs."""
    if movement is None:
        return Finding(
            f"How customers moved since {then} is not known: personas or data are missing.",
            news=False,
        )
    clear = movement.shares[movement.shares.verdict != STEADY]
    words = [
        f"{title_of(personas, each.persona)} is {each.verdict} "
        f"({estimate(_change(each), sign=True)})"
        for each in clear.itertuples()
    ]
    kept = movement.kept
    evidence = (
        f"Of {number(kept.n, 'count')} customers with a persona in both quarters, "
        f"{estimate(kept)} kept theirs."
        if kept
        else ""
    )
    if not words:
        return Finding(
            f"The persona mix is stable since {then}.",
            evidence=evidence,
            news=False,
            kind=CHANGE,
        )
    return Finding(f"Since {then}, {listed(words)}.", evidence=evidence, kind=CHANGE)


def _change(each) -> Estimate:
    return Estimate(each.change, each.low, each.high, 1, "share")


def share_table(movement: Movement | None, personas: Personas, then: str, now: str) -> Table | None:
    """Each persona's share of customers, before and now; None where it is not known."""
    if movement is None:
        return None
    records = [
        {
            "Persona": title_of(personas, each.persona),
            then: number(each.before, "share"),
            now: number(each.now, "share"),
            "Change": estimate(_change(each), sign=True),
            "Verdict": each.verdict,
        }
        for each in movement.shares.itertuples()
    ]
    return make_table(records, "Share of active customers")


@styled
def migration_figure(
    movement: Movement | None, personas: Personas, then: str, now: str
) -> Figure | None:
    """Where the customers of each persona are now; None where it is not known."""
    if movement is None:
        return None
    matrix = movement.matrix
    shown = matrix.loc[matrix.sum(axis=1) > 0, matrix.sum() > 0]
    shares = shown.div(shown.sum(axis=1), axis=0)
    names = {each: personas.name(each) for each in shown.index.union(shown.columns)}
    figure, axis = canvas(1.2 + 0.4 * len(shown))
    sns.heatmap(
        shares.rename(index=names, columns=names), ax=axis, vmin=0, vmax=1, cbar=False,
        cmap=sns.light_palette(BLUE, as_cmap=True), linewidths=1.5,
        annot=_cells(shown, shares), fmt="", annot_kws={"size": 9},
    )  # fmt: skip
    mesh = axis.collections[0]
    mesh.update_scalarmappable()
    for text, colour in zip(axis.texts, mesh.get_facecolors(), strict=True):
        text.set_color(readable_on(colour))
    axis.set(
        xlabel=f"Persona in {now}: customers, and share of the row", ylabel=f"Persona in {then}"
    )
    axis.tick_params(length=0)
    axis.tick_params(axis="y", labelrotation=0)
    kept = [
        f"{names[each]}: {number(shares.loc[each, each], 'share')}"
        for each in shown.index.intersection(shown.columns)
        if each not in (ABSENT, NO_PERSONA)
    ]
    return Figure(
        figure,
        f"Table in colours of where customers of each persona in {then} are in {now}. "
        f"Still the same: {listed(kept)}.",
    )


def _cells(counts: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    return counts.map(lambda each: f"{each:,}" if each else "") + shares.map(
        lambda each: f"\n{each:.0%}" if each else ""
    )
