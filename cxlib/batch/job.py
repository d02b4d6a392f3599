"""A job, a notebook to be run, and how it ended: what the run and a notebook's process share.

Kept light: the run's own process need not load what only those of the notebooks use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PUBLISHED, LEFT_OUT, FAILED = "published", "left out", "failed"
# What a job finds in its folder, and what it leaves there.
SOURCE = "source.ipynb"
EXECUTED, PAGE, FINDINGS, LOG = "notebook.ipynb", "page.html", "findings.json", "log.txt"
FIRST_LINE = 60
# The tag of cells that are there for JupyterLab alone: a run neither runs nor shows them.
EXPLORE = "explore"


@dataclass(frozen=True)
class Facts:
    """What a page says about itself.

    Attributes:
        title, quarter, dataset: As shown at the top.
        parameters: Those of the notebook.
        provenance: Lines for the foot of the page: label and value.
    """

    title: str
    quarter: str
    dataset: str
    parameters: Mapping[str, object]
    provenance: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Job:
    """A notebook to run.

    Attributes:
        label: What the run calls it.
        parameters: Values for its parameters.
        facts: What its page says about itself.
        output: A folder with nothing but the notebook as it was when the run began, and its
            working folder; the executed notebook, its page, its findings and its `tables/` go
            there.
        sockets: An empty folder with a short name, for the kernel's sockets.
        snapshot: Where the validated dataset is kept.
        fork: Whether its kernel is forked, or started from nothing.
        cells: The first line of each of its code cells.
    """

    label: str
    parameters: Mapping[str, object]
    facts: Facts
    output: Path
    sockets: Path
    snapshot: Path
    fork: bool
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        status: published, left out (the dataset cannot feed it) or failed.
        seconds: How long it took.
        message: What went wrong, and in which cell; empty if nothing did.
    """

    status: str
    seconds: float
    message: str = ""


def cell_name(number: int, cells: tuple[str, ...]) -> str:
    """A code cell as messages call it: its number and its first line."""
    first = cells[number - 1] if number <= len(cells) else ""
    short = first if len(first) <= FIRST_LINE else f"{first[:FIRST_LINE]}…"
    return f"cell {number} ({short})"
