"""The experience sheet of a persona: what is measured, and what people have told, by stage."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cxlib.data import Dataset
from cxlib.data.contract import STAGES
from cxlib.data.files import find_table
from cxlib.errors import ArgumentError
from cxlib.journeys.contacts import Journeys
from cxlib.measure.panel import Panel, estimate_of
from cxlib.page.finding import Finding
from cxlib.page.table import Table
from cxlib.page.wording import capital, estimate, percent, rows

# The touchpoints of each stage.
TOUCHPOINTS_OF = {
    "connection": ("need", "research"),
    "exposure": ("select", "purchase"),
    "experience": ("receive", "use", "maintain"),
    "mastery": ("recommend",),
}
HEADS = {"mastery": "Mastery and activation"}
# What people tell, and what would fill the cell where nobody has.
TOLD = {
    "actions": ("Actions", "Watch some of them, or ask what they do here"),
    "needs": ("Needs and expectations", "Ask what they expect here"),
    "thoughts": ("Thoughts and feelings", "Interviews or comments would tell"),
    "feelings": ("Thoughts and feelings", "Interviews or comments would tell"),
    "opportunity": ("Opportunities", "Name one with those who serve them"),
    "metric": ("To be seen by", "Agree on a KPI that would show it"),
    "evidence": ("How we know", ""),
}
MAP, PLACES, METRICS = "experience_map", "Touchpoints and channels", "Metrics"


ALL_CELLS = 4 * 5  # what people tell, at each stage


@dataclass(frozen=True)
class Sheet:
    """What is known of a persona's experience.

    Attributes:
        persona: Its name.
        cells: A text by aspect (row) and stage (column).
        empty: How many cells nobody has filled.
    """

    persona: str
    cells: pd.DataFrame
    empty: int

    def table(self, folded: bool = True) -> Table:
        """The sheet as a table, which prints on a page across."""
        heads = {name: HEADS.get(name, capital(name)) for name in STAGES}
        frame = self.cells.rename(columns=heads).rename_axis("").reset_index()
        left = f"; {rows(self.empty, 'cell')} to be filled" if self.empty else ""
        return Table(frame, f"Experience sheet: {self.persona}{left}", folded, across=True)


def sheet_of(
    names: Sequence[str], counts: pd.DataFrame, panel: Panel, question: str, told: pd.DataFrame
) -> Sheet:
    """A persona's sheet: places and metrics from the data, the rest from `experience_map`.

    Args:
        names: The persona's name, and others by which rows of the map may call it.
        counts: `step`, `channel`, `contacts` of the persona.
        panel: KPIs by persona and touchpoint.
        question: The survey question.
        told: The rows of `experience_map`.
    """
    mine = told[told.persona.str.lower().isin({each.lower() for each in names})]
    aspects: dict[str, tuple[list[str], str]] = {}
    for column, (label, fill) in TOLD.items():
        aspects.setdefault(label, ([], fill))[0].append(column)
    cells, empty = {}, 0
    for stage in STAGES:
        here = mine[mine.stage == stage].reindex(columns=list(TOLD))
        cell = {PLACES: _places(counts, stage), METRICS: _metrics(panel, names[0], question, stage)}
        for label, (columns, fill) in aspects.items():
            known = here[columns].stack().dropna()
            cell[label] = "; ".join(known) or (f"({fill})" if fill else "–")
            empty += known.empty and bool(fill)
        cells[stage] = cell
    order = [PLACES, *list(aspects)[:-2], METRICS, *list(aspects)[-2:]]
    frame = pd.DataFrame(cells)
    return Sheet(names[0], frame.loc[order], empty)


def _places(counts: pd.DataFrame, stage: str) -> str:
    here = counts[counts.step.isin(TOUCHPOINTS_OF[stage])]
    if here.empty:
        return "(No contacts here)"
    steps, by = (here.groupby(name).contacts.sum().sort_values(ascending=False)
                 for name in ("step", "channel"))  # fmt: skip
    places = ", ".join(f"{name} {count:,}" for name, count in steps.items())
    return f"{places} contacts; mostly by {by.index[0]} ({percent(by.iloc[0] / by.sum(), True)})"


def _metrics(panel: Panel, persona: str, question: str, stage: str) -> str:
    found = panel.of(question) if question else panel.frame[:0]
    if found.empty or "touchpoint" not in found:
        return "(Surveys about contacts with a touchpoint would tell)"
    here = found[(found.persona == persona) & found.touchpoint.isin(TOUCHPOINTS_OF[stage])]
    known = [f"{row.touchpoint} {estimate(estimate_of(row))}, n {row.n:,.0f}"
             for _, row in here.iterrows()]  # fmt: skip
    label = panel.kpis[question].label
    return f"{label}: {'; '.join(known)}" if known else "(Too few answers; a survey would tell)"


def sheets_of(
    data: Dataset, journeys: Journeys, shown: Collection[str], panel: Panel, question: str
) -> tuple[Sheet, ...]:
    """The sheet of each persona that may be shown.

    Args:
        data: The dataset.
        journeys: As `contacts.follow` gives them, by persona.
        shown: The personas that may be shown.
        panel: KPIs by persona and touchpoint.
        question: The survey question.
    """
    counts = _counts(journeys, data.smallest_group)
    told, letters = _told(data), {name: key for key, name in data.config.personas.names.items()}
    return tuple(
        sheet_of([name, letters.get(name, name)], counts[counts.persona == name], panel, question,
                 told)
        for name in sorted(shown)
    )  # fmt: skip


def _told(data: Dataset) -> pd.DataFrame:
    """The rows of `experience_map`; none where the dataset has no such table."""
    return data.frame(MAP) if data.has(MAP) else pd.DataFrame(columns=["persona", "stage", *TOLD])


def told_of_persona(folder: Path, persona: str) -> pd.DataFrame:
    """What `experience_map.csv` has of a persona, by stage, as it is now."""
    path = folder / f"{MAP}.csv"
    if not path.exists():
        return pd.DataFrame(columns=list(TOLD))
    rows = _read(path)
    mine = rows[rows.persona.str.lower() == persona.lower()]
    # Several rows of a stage are one in the form.
    return mine.groupby("stage").agg(lambda texts: "; ".join(texts.dropna()) or None)


def sheet_finding(sheets: Sequence[Sheet]) -> Finding:
    """How much of the experience sheets is known."""
    if not sheets:
        return Finding("No persona was found of which to make a sheet.", news=False)
    told = sum(ALL_CELLS - each.empty for each in sheets)
    return Finding(
        f"{rows(len(sheets), 'persona')} with a sheet; people have filled {told} of "
        f"{ALL_CELLS * len(sheets)} cells.",
        news=False,
    )


def _read(path: Path) -> pd.DataFrame:
    """The table as somebody keeps it, whatever separates its columns."""
    try:
        rows = pd.read_csv(path, dtype="str", sep=None, engine="python")
        return rows.astype({"persona": "str"}).dropna(subset=["persona", "stage"])
    except (KeyError, ValueError, pd.errors.ParserError) as error:
        raise ArgumentError(f"{path}: not readable: {error}") from None


def _counts(journeys: Journeys, smallest: int) -> pd.DataFrame:
    """Contacts by `persona`, `step` and `channel`; groups of fewer customers are left out."""
    columns = ["persona", "step", "channel"]
    if "touchpoint" not in journeys.rows.columns:
        return pd.DataFrame(columns=[*columns, "contacts", "customers"])
    rows = journeys.rows.filter(journeys.rows.touchpoint.notnull()).rename(step="touchpoint")
    found = rows.group_by(*columns).agg(
        contacts=lambda each: each.count(), customers=lambda each: each.customer_id.nunique()
    )
    return found.filter(found.customers >= smallest).execute()


def save_told(folder: Path, persona: str, told: Mapping[str, Mapping[str, str]]) -> Path:
    """Write what was told of a persona into `experience_map.csv`; other personas' rows stay.

    Args:
        folder: The dataset's.
        persona: The persona's name.
        told: By stage, a text for each of `TOLD`; stages without any text are left out.

    Raises:
        ArgumentError: The table comes from a mapping or a Parquet file, which is not ours to write.
    """
    path = folder / f"{MAP}.csv"
    if (source := find_table(folder, MAP)) not in (None, path):
        raise ArgumentError(f"{source.name}: the experience map comes from here; edit it there")
    known = _read(path) if path.exists() else pd.DataFrame(columns=["persona"])
    known = known[known.persona.str.lower() != persona.lower()]
    new = pd.DataFrame([
        {"persona": persona, "stage": stage} | dict(texts)
        for stage, texts in told.items() if any(each.strip() for each in texts.values())
    ])  # fmt: skip
    # Written beside, and put in place at once: whoever reads meanwhile has the old one whole.
    beside = path.with_suffix(".new")
    pd.concat([known, new]).to_csv(beside, index=False, lineterminator="\n")
    os.replace(beside, path)
    return path
