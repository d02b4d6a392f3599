"""The folder of all reports: one run at a time, and what is published is replaced as a whole.

What a run needs for itself lies in `.cx`: the lock, what is under way, what has just been replaced.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from cxlib.batch.ownership import OURS, RUN, has_mark, put_mark, refuse_foreign

LOCK, WORK, ASIDE = "lock", "work", "aside"


@contextmanager
def alone_in(out: Path, quarters: Sequence[str], say: Callable[[str], None]) -> Iterator[Path]:
    """Hold a folder for one run; gives an empty folder in it to work in, removed at the end.

    A second run waits. What a run that was killed has left behind is put right first.

    Raises:
        ArgumentError: The folder holds what no report wrote; as `refuse_foreign` has it.
    """
    refuse_foreign(out, quarters)
    put_mark(out)
    lock = FileLock(out / OURS / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"another run is writing into {out}; waiting for its end")
        lock.acquire()
    work = out / OURS / WORK
    try:
        _recover(out)
        # While another run was waited for, something else may have come.
        refuse_foreign(out, quarters)
        work.mkdir()
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        lock.release()


@contextmanager
def free(out: Path) -> Iterator[bool]:
    """Whether no run is at work in a folder; while this lasts, none begins."""
    if not has_mark(out):
        yield False
        return
    lock = FileLock(out / OURS / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def swap(new: Path, published: Path) -> None:
    """Put a finished folder in the place of the published one."""
    aside = published.parent / OURS / ASIDE / published.name
    if published.exists():
        aside.parent.mkdir(exist_ok=True)
        os.replace(published, aside)
    os.replace(new, published)
    shutil.rmtree(aside, ignore_errors=True)


def _recover(out: Path) -> None:
    for aside in sorted((out / OURS / ASIDE).glob("*")):
        published = out / aside.name
        if (published / RUN).is_file():
            shutil.rmtree(aside)
        elif not published.exists():
            os.replace(aside, published)
    shutil.rmtree(out / OURS / WORK, ignore_errors=True)
