"""The folder of all reports: one run at a time, and what is published is replaced as a whole."""

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

LOCK = ".lock"
WORK, ASIDE = ".work", ".aside"


@contextmanager
def alone_in(out: Path, say: Callable[[str], None]) -> Iterator[Path]:
    """Hold a folder for one run; gives an empty folder in it to work in, removed at the end.

    A second run waits. What a run that was killed has left behind is put right first.
    """
    out.mkdir(parents=True, exist_ok=True)
    lock = FileLock(out / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"another run is writing into {out}; waiting for its end")
        lock.acquire()
    work = out / WORK
    try:
        _recover(out)
        work.mkdir()
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        lock.release()


@contextmanager
def free(out: Path) -> Iterator[bool]:
    """Whether no run is at work in a folder; while this lasts, none begins."""
    lock = FileLock(out / LOCK)
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
    aside = published.with_name(f"{ASIDE}-{published.name}")
    if published.exists():
        os.replace(published, aside)
    os.replace(new, published)
    shutil.rmtree(aside, ignore_errors=True)


def _recover(out: Path) -> None:
    for aside in out.glob(f"{ASIDE}-*"):
        published = out / aside.name.removeprefix(f"{ASIDE}-")
        if published.exists():
            shutil.rmtree(aside)
        else:
            os.replace(aside, published)
    shutil.rmtree(out / WORK, ignore_errors=True)


@contextmanager
def undisturbed() -> Iterator[None]:
    """For a moment, a signal to stop does nothing: what is begun here is done in an instant.

    A handler rather than a mask: a mask holds for one thread, and the engine has others.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    stops = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, lambda number, frame: None) for each in stops}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
