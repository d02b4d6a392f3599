"""An edition: the pages about one quarter, or about one slice of it, and the folder they are in.

index.html  NAME.html …   the pages
findings.json  run.json   what they found, and how they came about
tables/  notebooks/       the files that they wrote, and the executed notebooks
failed/                   of a notebook that failed: how far it came, and why it stopped
"""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

from cxlib.batch.job import EXECUTED, FAILED, FINDINGS, LOG, PAGE, PUBLISHED, Outcome
from cxlib.batch.notebooks import Notebook
from cxlib.batch.ownership import RUN, link
from cxlib.batch.real_ids import APART
from cxlib.batch.records import ENTRY, are_findings, is_record

ALL_FINDINGS = "findings.json"
LOG_LINES = 40


@dataclass(frozen=True)
class Source:
    """What an edition reports on, as its pages show it.

    Attributes:
        name: The dataset's name.
        folder: Where it lies.
        quarter, where: The quarter and the filter.
        unfiltered: Tables to which the filter says nothing, and which are reported whole.
        fingerprint: Of the dataset's files.
        rows: Rows read, used and quarantined, by table.
    """

    name: str
    folder: Path
    quarter: str
    where: str
    unfiltered: tuple[str, ...]
    fingerprint: str
    rows: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, eq=False)
class Edition:
    """A set of pages.

    Attributes:
        source: What it is about.
        place: Its folder below that of all reports.
        part: The column and the value, for a slice; empty for the whole.
    """

    source: Source
    place: PurePosixPath
    part: tuple[str, str] | tuple[()] = ()

    @property
    def label(self) -> str:
        """The edition as a run calls it: `2026Q3`, or `2026Q3, region = EMEA`."""
        return ", ".join([self.source.quarter, *([" = ".join(self.part)] if self.part else [])])

    @property
    def about(self) -> str:
        """Whom the edition is about, as its pages say it."""
        return ", ".join([self.source.name, *([" = ".join(self.part)] if self.part else [])])


@dataclass(frozen=True)
class Entry:
    """What became of a notebook's page; this is what `run.json` holds of it.

    Attributes:
        file, title, question: Of the notebook.
        status: published, left out or failed: how the notebook last ended.
        message: Why, unless it was published.
        seconds: How long it ran.
        key: What the outcome depended on.
        finished: When it was run.
        page: When the page was made that is shown; later than `finished` never, earlier if the
            notebook has failed since; empty if there is no page.
        reused: Not run again this time.
        outdated: The page is of other data, parameters or code than the rest of the edition.
        tables: The files that it wrote.
    """

    file: str
    title: str
    question: str
    status: str
    message: str
    seconds: float
    key: str
    finished: str
    page: str
    reused: bool = False
    outdated: bool = False
    tables: tuple[str, ...] = ()

    @property
    def is_current(self) -> bool:
        """Whether there is a page, of the same data, parameters and programs as the edition."""
        return bool(self.page) and self.status == PUBLISHED and not self.outdated


@dataclass(frozen=True)
class Published:
    """An edition as it stands in its folder."""

    folder: Path
    run: Mapping
    entries: Mapping[str, Entry]
    findings: Sequence[Mapping]


def read_published(folder: Path) -> Published | None:
    """The edition in a folder; None if there is none that this program understands."""
    try:
        run = json.loads((folder / RUN).read_text(encoding="utf-8"))
        findings = json.loads((folder / ALL_FINDINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not is_record(run) or not are_findings(findings, run["notebooks"]):
        return None
    entries = {
        name: Entry(**{each: _tables(value) if each == "tables" else value
                       for each, value in told.items() if each in ENTRY})
        for name, told in run["notebooks"].items()
    }  # fmt: skip
    return Published(folder, run, entries, findings)


def _tables(names: list[str]) -> tuple[str, ...]:
    # In reports of before, those with real ids were among them.
    return tuple(name for name in names if not name.startswith(f"{APART}/"))


def is_whole(published: Published) -> bool:
    """Whether every page that an edition tells of is there."""
    shown = [name for name, each in published.entries.items() if each.page]
    index = (published.folder / "index.html").is_file()
    return index and all(has_page(published, name) for name in shown)


def place_result(
    notebook: Notebook, output: Path, outcome: Outcome, key: str, now: str, folder: Path
) -> Entry:
    """Put what a job left in its folder `output` into an edition's new folder."""
    entry = Entry(
        file=notebook.path.name,
        title=notebook.title,
        question=notebook.question,
        status=outcome.status,
        message=outcome.message,
        seconds=outcome.seconds,
        key=key,
        finished=now,
        page=now if outcome.status == PUBLISHED else "",
    )
    if outcome.status == FAILED:
        _place_failure(notebook, output, outcome, folder)
    if outcome.status != PUBLISHED:
        return entry
    written = (path for path in (output / "tables").rglob("*") if path.is_file())
    tables = tuple(sorted(path.relative_to(output / "tables").as_posix() for path in written))
    for name in tables:
        if (folder / "tables" / name).exists():
            message = f"writes tables/{name}, which another notebook has written; rename one"
            outcome = Outcome(FAILED, outcome.seconds, message)
            return place_result(notebook, output, outcome, key, now, folder)
    for name in tables:
        _move(output / "tables" / name, folder / "tables" / name)
    _move(output / EXECUTED, folder / "notebooks" / notebook.path.name)
    _move(output / PAGE, folder / f"{notebook.name}.html")
    return Entry(**asdict(entry) | {"tables": tables})


def findings_in(output: Path) -> list[dict]:
    """What a job found."""
    return json.loads((output / FINDINGS).read_text(encoding="utf-8"))


def files_of(name: str, entry: Entry) -> list[str]:
    """What belongs to a notebook's page, and has to be carried over with it."""
    return [f"{name}.html", f"notebooks/{entry.file}", *(f"tables/{each}" for each in entry.tables)]


def files_in(folder: Path) -> set[str]:
    """The files below a quarter's folder that its report wrote."""
    published = read_published(folder)
    if published and "files" in published.run:
        return set(published.run["files"])
    # A record that cannot be read, or of before these were noted: what is where reports write.
    every = (path.relative_to(folder) for path in folder.rglob("*"))
    return {
        each.as_posix()
        for each in every
        if each.suffix in (".html", ".json")
        or each.parts[0] in ("tables", "notebooks", "failed")
        or each.parts[0].startswith("by-")
    }


def has_page(published: Published | None, name: str) -> bool:
    """Whether an edition has a notebook's page, with all that belongs to it."""
    entry = published.entries.get(name) if published else None
    if entry is None or not entry.page:
        return False
    return all((published.folder / file).is_file() for file in files_of(name, entry))


def carry_over(name: str, old: Published, folder: Path) -> None:
    """Put an earlier page, and what came with it, into an edition's new folder.

    A table that another notebook has written anew in the meantime is left as it is.
    """
    for file in files_of(name, old.entries[name]):
        if not (folder / file).exists():
            link(old.folder / file, folder / file)


def carry_failure(name: str, old: Published, folder: Path) -> None:
    """Put what an earlier failure left into an edition's new folder."""
    for file in (f"failed/{old.entries[name].file}", f"failed/{name}.txt"):
        if (old.folder / file).is_file():
            link(old.folder / file, folder / file)


def _place_failure(notebook: Notebook, output: Path, outcome: Outcome, folder: Path) -> None:
    """Keep the notebook as far as it came, and its error with the last lines of its log."""
    failed = folder / "failed"
    failed.mkdir(parents=True, exist_ok=True)
    executed = output / EXECUTED
    came = executed if executed.is_file() else notebook.path
    shutil.copy2(came, failed / notebook.path.name)
    log = output / LOG
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    text = "\n".join([f"{notebook.name}: {outcome.message}", "", *lines[-LOG_LINES:]])
    (failed / f"{notebook.name}.txt").write_text(f"{text.rstrip()}\n", encoding="utf-8")


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(source, target)
