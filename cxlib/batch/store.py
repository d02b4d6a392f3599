"""Where reports are kept: a folder of this machine, or one anywhere that fsspec reaches."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from cxlib.batch.carryover import PASSPORTS
from cxlib.batch.ownership import INDEX, MARK, OURS, RUN, put_mark
from cxlib.data.scratch import take_room
from cxlib.errors import ArgumentError

# Read by whoever opens the reports, so they are changed last.
RECORDS = (RUN, "findings.json")
LAST = (RUN, INDEX)


@contextmanager
def published_to(out: str, quarters: Sequence[str]) -> Iterator[Path]:
    """The folder for a run to publish into; a store is brought up to date afterwards.

    A store has no way to replace a folder at once. So new files are written before the records and
    indexes that lead to them, and old ones are removed after that.

    Args:
        out: A folder, or a URL such as `s3://bucket/reports`.
        quarters: Those that the run is about.

    Raises:
        ArgumentError: The URL cannot be used.
    """
    if not out.strip():
        raise ArgumentError("--out is empty; name the folder of all reports")
    if "://" not in out:
        yield Path(out)
        return
    import fsspec

    shown = without_password(out)
    try:
        store, root = fsspec.url_to_fs(out)
    except (ValueError, ImportError) as error:
        raise ArgumentError(f"--out {shown}: {error}") from None
    with take_room() as folder:
        there = _names(store, root)
        if there and not _marked(there):
            raise ArgumentError(
                f"--out {shown}: {min(there)} in it was written by no report; name a new folder"
            )
        fetched = _fetch(store, root, folder, [each for each in there if _needed(each, quarters)])
        put_mark(folder)
        yield folder
        try:
            _send(store, root, folder, fetched)
        except BaseException as error:
            error.add_note(f"{shown} may hold new pages beside old ones; run again to complete it")
            raise


def without_password(url: str) -> str:
    """A URL as messages and logs may show it.

    Examples:
        >>> without_password("sftp://ann:secret@host/reports?key=abc")
        'sftp://host/reports'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _names(store, root: str) -> set[PurePosixPath]:
    """Every file that is there, below the root."""
    paths = store.find(root) if store.exists(root) else ()
    start = PurePosixPath(store._strip_protocol(root))
    return {PurePosixPath(path).relative_to(start) for path in paths}


def _needed(place: PurePosixPath, quarters: Sequence[str]) -> bool:
    """Whether a run looks at a file: its own quarters', and what others found and handed on."""
    kept = place.name in RECORDS or place.match(PASSPORTS) or str(place) == INDEX
    return place.parts[0] in quarters or kept


def _fetch(store, root: str, folder: Path, places: Sequence[PurePosixPath]) -> set[PurePosixPath]:
    for place in places:
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        store.get_file(f"{root.rstrip('/')}/{place}", str(target))
    return set(places)


def _marked(there: set[PurePosixPath]) -> bool:
    """Whether reports have been published there before."""
    return any(place == PurePosixPath(OURS, MARK) or place.name == RUN for place in there)


def _send(store, root: str, folder: Path, fetched: set[PurePosixPath]) -> None:
    """Bring the store up to date with the folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    here = {PurePosixPath(path.relative_to(folder).as_posix()): path for path in files}
    mark = PurePosixPath(OURS, MARK)
    here = {place: path for place, path in here.items() if place == mark or not _is_hidden(place)}
    for place in sorted(here, key=lambda each: (each.name in LAST, -len(each.parts), str(each))):
        target = f"{root.rstrip('/')}/{place}"
        store.makedirs(target.rpartition("/")[0], exist_ok=True)
        store.put_file(str(here[place]), target)
    for place in sorted(fetched - here.keys(), key=str):
        store.rm_file(f"{root.rstrip('/')}/{place}")


def _is_hidden(place: PurePosixPath) -> bool:
    return any(part.startswith(".") for part in place.parts)
