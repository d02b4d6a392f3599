"""What a notebook leaves for its next quarter: files `tables/*_passport.json`.

A notebook that goes on with them has a parameter `before`. The run sets it to the folder of the
latest earlier edition of the same dataset, filter and slice that has such files.
"""

import hashlib
from pathlib import Path, PurePosixPath

from cxlib.batch.edition import Source, read_published
from cxlib.batch.keys import code_key, page_key
from cxlib.batch.notebooks import BEFORE, Notebook
from cxlib.batch.request import Request
from cxlib.data.quarter import Quarter

PASSPORTS = "tables/*_passport.json"
# Whoever has paused for longer starts anew.
QUARTERS_BACK = 8


def goes_on(notebook: Notebook) -> bool:
    """Whether a notebook goes on with what its last quarter left."""
    return BEFORE in notebook.parameters


def earlier_quarters(quarter: str) -> list[str]:
    """The quarters before one, the latest first.

    Examples:
        >>> earlier_quarters("2026Q3")[:3]
        ['2026Q2', '2026Q1', '2025Q4']
    """
    found = [Quarter.parse(quarter).previous]
    while len(found) < QUARTERS_BACK:
        found.append(found[-1].previous)
    return [str(each) for each in found]


def leaves_passports(folder: Path) -> bool:
    """Whether there are passports in the folder of an edition or of a job."""
    return any(folder.glob(PASSPORTS))


def find_earlier(source: Source, place: PurePosixPath, *outs: Path) -> Path | None:
    """The latest earlier edition that has left passports.

    Args:
        source: What the edition in question reports on.
        place: Its folder below that of all reports.
        outs: Where all reports are; the first that has an edition counts.
    """
    for quarter in earlier_quarters(source.quarter):
        folders = (out / at_quarter(place, quarter) for out in outs)
        folder = next((each for each in folders if each.is_dir()), None)
        if folder and has_passports(folder, source):
            return folder
    return None


def at_quarter(place: PurePosixPath, quarter: str) -> PurePosixPath:
    """The folder of the same edition, or slice, of another quarter."""
    return PurePosixPath(quarter, *place.parts[1:])


def has_passports(folder: Path, source: Source) -> bool:
    """Whether an edition in a folder is of the same dataset and filter, and has left passports."""
    published = read_published(folder)
    same = published and (published.run["dataset"], published.run["where"]) == (
        source.name,
        source.where,
    )
    return bool(same) and leaves_passports(folder)


def digest_of(folder: Path | None) -> str:
    """A text that changes whenever the passports of an edition do; empty without any."""
    return _digest(sorted(folder.glob(PASSPORTS)), folder) if folder else ""


def digest_before(quarter: str, *outs: Path) -> str:
    """The same for all that earlier quarters have left, whatever their slices."""
    digests = []
    for earlier in earlier_quarters(quarter):
        folder = next((out / earlier for out in outs if (out / earlier).is_dir()), None)
        if folder:
            digests.append(f"{earlier} {_digest(sorted(folder.rglob(PASSPORTS)), folder)}")
    return "\n".join(digests)


def key_of(
    request: Request, notebook: Notebook, source: Source, place: PurePosixPath, *outs: Path
) -> str:
    """What a page would depend on, were it made now.

    Args:
        request: What was asked for.
        notebook: The page's notebook.
        source: What it would report on.
        place: The folder of its edition, below that of all reports.
        outs: Where the passports of earlier quarters are looked for.
    """
    earlier = find_earlier(source, place, *outs) if goes_on(notebook) else None
    return key_with(request, notebook, source, earlier)


def key_with(request: Request, notebook: Notebook, source: Source, earlier: Path | None) -> str:
    """What a page depends on that goes on with the passports in a folder, if there is one."""
    given = request.given(notebook, source.quarter, source.where)
    return page_key(notebook, given, source.fingerprint, code_key(), digest_of(earlier))


def _digest(files: list[Path], folder: Path) -> str:
    found = hashlib.sha256()
    for path in files:
        found.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:16] if files else ""
