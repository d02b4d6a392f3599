"""What a run is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cxlib.batch.notebooks import COMMON, Notebook
from cxlib.data.quarter import Quarter
from cxlib.errors import ArgumentError


@dataclass(frozen=True)
class Limits:
    """What a notebook may take.

    Attributes:
        seconds: From its start to its page.
        megabytes: Resident memory of its kernel and of the processes that it starts.
    """

    seconds: float = 1_800
    megabytes: float = 4_000


@dataclass(frozen=True)
class Request:
    """What a run is asked for.

    Attributes:
        quarters: Such as 2026Q3, the earliest first.
        dataset: The dataset's folder.
        notebooks: All notebooks of the suite.
        only: Names of those to run; all, if empty.
        where: A filter for everything.
        by: A column, for each value of which there is to be an edition of its own.
        parameters: Values for the notebooks' own parameters.
        out: The folder of all reports.
        published: Where they will be published, as it is told: the same, or the URL of a store.
        crm: The folder of tables with real ids.
        to: Kinds of files to write beside the pages: xlsx, pptx, pdf.
        jobs: How many notebooks run at once.
        fresh: Run also what has not changed.
        fork: Whether to fork kernels from a warm process.
        limits: What each notebook may take.
    """

    quarters: tuple[str, ...]
    dataset: Path
    notebooks: tuple[Notebook, ...]
    only: tuple[str, ...] = ()
    where: str = ""
    by: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)
    out: Path = Path("reports")
    published: str = "reports"
    crm: Path = Path("reports-crm")
    to: tuple[str, ...] = ()
    jobs: int = 1
    fresh: bool = False
    fork: bool = True
    limits: Limits = Limits()

    @property
    def chosen(self) -> tuple[Notebook, ...]:
        """The notebooks to run."""
        return tuple(each for each in self.notebooks if not self.only or each.name in self.only)

    def given(self, notebook: Notebook, quarter: str, where: str) -> dict[str, object]:
        """Everything that a notebook is given."""
        common = dict(zip(COMMON, (quarter, str(self.dataset), where), strict=True))
        own = {
            name: self.parameters[name] for name in notebook.parameters if name in self.parameters
        }
        return common | own


def read_quarters(text: str) -> tuple[str, ...]:
    """The quarters from one to another, the earliest first; or a single one.

    Examples:
        >>> read_quarters("2025Q4..2026Q2")
        ('2025Q4', '2026Q1', '2026Q2')

    Raises:
        ArgumentError: It is not readable as quarters, or the last lies before the first.
    """
    first, dots, last = text.partition("..")
    quarter, end = Quarter.parse(first), Quarter.parse(last if dots else first)
    if end < quarter:
        raise ArgumentError(f"quarters {text}: the first must not lie after the last")
    found = [quarter]
    while found[-1] < end:
        found.append(found[-1].shift(1))
    return tuple(str(each) for each in found)
