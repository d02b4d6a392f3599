"""Whose a folder is: reports overwrite and remove nothing that no report wrote.

A folder of reports has a mark of ours, in `.cx`; a quarter in it has its record, which names the
files that were written. Whatever else lies there is somebody else's, and stays.
"""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from cxlib.errors import ArgumentError

OURS, MARK = ".cx", "reports.json"
MADE_BY = {"made_by": "cx report"}
RUN, INDEX = "run.json", "index.html"
# What every index of ours says of itself.
GENERATOR = '<meta name="generator" content="cx report">'
# What keeps an empty folder in a repository.
KEEPERS = (".gitkeep", ".gitignore")


def refuse_foreign(out: Path, quarters: Sequence[str]) -> None:
    """See to it that a run overwrites nothing that no report wrote.

    Raises:
        ArgumentError: The folder is not empty and has no mark of ours, or what stands where the
            run would write is not of a report.
    """
    if out.exists() and not out.is_dir():
        raise ArgumentError(f"--out {out}: is a file; name a folder")
    if not out.exists():
        return
    names = sorted(each.name for each in out.iterdir() if each.name not in KEEPERS)
    if names and not _is_ours(out):
        raise _foreign(out, f"{names[0]} in it was written by no report; name a new folder")
    for quarter in quarters:
        place = out / quarter
        if place.is_symlink():
            raise _foreign(place, "is a link; put the folder itself in its place")
        if place.exists() and not (place / RUN).is_file() and not _is_empty(place):
            raise _foreign(place, "holds no report; move it, or name another folder")
    index = out / INDEX
    if has_mark(out) and index.exists() and not _says_it_is_ours(index):
        raise _foreign(index, "was written by no report; move it, or name another folder")


def _foreign(place: Path, what: str) -> ArgumentError:
    return ArgumentError(f"--out: {place}: {what}")


def has_mark(out: Path) -> bool:
    """Whether a folder is marked as one of reports."""
    try:
        return json.loads((out / OURS / MARK).read_text(encoding="utf-8")) == MADE_BY
    except (OSError, ValueError):
        return False


def _is_ours(out: Path) -> bool:
    # Folders of before there was a mark: each quarter's record is one.
    return has_mark(out) or any(out.glob(f"[12][0-9][0-9][0-9]Q[1-4]/{RUN}"))


def _is_empty(place: Path) -> bool:
    return place.is_dir() and not any(place.iterdir())


def _says_it_is_ours(index: Path) -> bool:
    with index.open(encoding="utf-8", errors="replace") as file:
        return GENERATOR in file.read(4_000)


def put_mark(out: Path) -> None:
    """Mark a folder as one of reports."""
    # What is under way in it is nobody's to read.
    (out / OURS).mkdir(mode=0o700, parents=True, exist_ok=True)
    (out / OURS / MARK).write_text(json.dumps(MADE_BY), encoding="utf-8")


def keep_foreign(published: Path, own: set[str], new: Path) -> None:
    """Give what somebody has laid beside the pages its place in the new folder.

    Args:
        published: The folder that will be replaced.
        own: The files in it that reports wrote.
        new: The folder that will replace it.

    Raises:
        ArgumentError: A file of the same name would take its place.
    """
    for path in sorted(published.rglob("*")) if published.is_dir() else ():
        place = path.relative_to(published)
        if path.is_dir() and not path.is_symlink():
            if _is_empty(path):
                (new / place).mkdir(parents=True, exist_ok=True)
        elif place.as_posix() not in own:
            _keep(path, new / place)


def _keep(path: Path, target: Path) -> None:
    if target.exists() or any(each.is_file() for each in target.parents):
        raise _foreign(path, "was written by no report, and this one would write it; move it")
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        target.symlink_to(os.readlink(path))
    else:
        link(path, target)


def link(source: str | Path, target: str | Path) -> None:
    """Give a file a second name, which takes no room even on a full disk; or else copy it."""
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
