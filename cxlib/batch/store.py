"""Where reports are kept: a folder of this machine, or one anywhere that fsspec reaches."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from cxlib.batch.handing import PASSPORTS
from cxlib.errors import ArgumentError

# Read by whoever opens the reports, so they are changed last.
RECORDS = ("run.json", "findings.json")
LAST = ("run.json", "index.html")


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
    if "://" not in out:
        yield Path(out)
        return
    import fsspec

    try:
        store, root = fsspec.url_to_fs(out)
    except (ValueError, ImportError) as error:
        raise ArgumentError(f"--out {out}: {error}") from None
    with tempfile.TemporaryDirectory(prefix="cx-store-") as name:
        folder = Path(name)
        there = _fetch(store, root, folder, quarters)
        yield folder
        try:
            _send(store, root, folder, there)
        except BaseException as error:
            error.add_note(f"{out} may hold new pages beside old ones; run again to complete it")
            raise


def _fetch(store, root: str, folder: Path, quarters: Sequence[str]) -> set[PurePosixPath]:
    """Bring what a run looks at: its own quarters, and what others found, how, and handed on."""
    fetched = set()
    for path in store.find(root) if store.exists(root) else ():
        place = PurePosixPath(path).relative_to(PurePosixPath(store._strip_protocol(root)))
        kept = place.name in RECORDS or place.match(PASSPORTS)
        if place.parts[0] in quarters or kept:
            target = folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            store.get_file(path, str(target))
            fetched.add(place)
    return fetched


def _send(store, root: str, folder: Path, there: set[PurePosixPath]) -> None:
    """Bring the store up to date with the folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    here = {PurePosixPath(path.relative_to(folder).as_posix()): path for path in files}
    here = {place: path for place, path in here.items() if not place.name.startswith(".")}
    for place in sorted(here, key=lambda each: (each.name in LAST, -len(each.parts), str(each))):
        target = f"{root.rstrip('/')}/{place}"
        store.makedirs(target.rpartition("/")[0], exist_ok=True)
        store.put_file(str(here[place]), target)
    for place in sorted(there - here.keys(), key=str):
        store.rm_file(f"{root.rstrip('/')}/{place}")
