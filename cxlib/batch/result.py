"""What a run has before it and what it came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cxlib.batch.edition import Edition, Entry
from cxlib.batch.job import FAILED
from cxlib.batch.notebooks import Notebook
from cxlib.batch.real_ids import RealIds

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
