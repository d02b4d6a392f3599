"""A run: what it has before it, how far it is, and what it came to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cxlib.batch.edition import Edition, Entry
from cxlib.batch.job import FAILED, Outcome
from cxlib.batch.notebooks import Notebook
from cxlib.batch.real_ids import RealIds
from cxlib.batch.request import Request

if TYPE_CHECKING:
    # A run that finds nothing changed has no data to open.
    from cxlib.batch.slices import Slices
    from cxlib.data import Dataset


@dataclass(frozen=True, eq=False)
class Volume:
    """All editions of a quarter.

    Attributes:
        known: The dataset as of the quarter, unfiltered.
        parts: The rows of each edition; the first is the whole.
        slices: How the others divide it, if they do.
        real_ids: The ids behind the pseudonyms.
    """

    known: "Dataset"
    parts: Mapping[Edition, "Dataset"]
    slices: "Slices | None"
    real_ids: RealIds

    @property
    def whole(self) -> Edition:
        """The edition that leaves nothing out."""
        return next(iter(self.parts))

    @property
    def quarter(self) -> str:
        """The quarter's name."""
        return self.whole.source.quarter


@dataclass(frozen=True)
class Task:
    """A notebook to be run for an edition.

    Attributes:
        edition, notebook: Which.
        given: Its parameters.
        after: The task of this run whose passports it goes on with, by label; empty if none.
    """

    edition: Edition
    notebook: Notebook
    given: Mapping[str, object]
    after: str = ""

    @property
    def label(self) -> str:
        """The task as the run calls it."""
        return f"{self.notebook.name}, {self.edition.label}"


@dataclass(frozen=True)
class Places:
    """Where a run works.

    Attributes:
        rows: For rows, which must not stay.
        sockets: For the sockets of kernels.
        work: For what will be published, beside what is.
    """

    rows: Path
    sockets: Path
    work: Path


@dataclass(frozen=True, eq=False)
class Run:
    """A run under way.

    Attributes:
        request: What was asked for.
        volumes: The quarters, the earliest first.
        tasks: What is to be run, in this order.
        places: Where it works.
        keys: What the page of each task that has begun depends on, by label.
        outcomes: How each task that has ended did so, by label.
    """

    request: Request
    volumes: Sequence[Volume]
    tasks: Sequence[Task]
    places: Places
    keys: dict[str, str] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def output(self, number: int) -> Path:
        """Where a task, by its number, leaves its page and its files."""
        return self.places.work / "jobs" / str(number)

    def new(self, edition: Edition) -> Path:
        """An edition's folder while it is put together."""
        return self.places.work / edition.place

    def old(self, edition: Edition) -> Path:
        """An edition's folder as published, if it is."""
        return self.request.out / edition.place


@dataclass(frozen=True)
class Result:
    """What a run came to.

    Attributes:
        editions: What became of each notebook, by edition and name.
        ran: How many notebooks were run; the others had not changed.
        notes: What else there is to say.
        late_failures: What could not be published of notebooks that ran well, or of tables with
            real ids.
    """

    editions: Mapping[Edition, Mapping[str, Entry]]
    ran: int
    notes: tuple[str, ...] = ()
    late_failures: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether some notebook failed, or its files could not be published."""
        return bool(self.late_failures) or any(
            entry.status == FAILED and not entry.reused
            for entries in self.editions.values()
            for entry in entries.values()
        )
