"""Rooms for rows that must not stay: one place on this machine, a room for each run, locked by it.

A run that is killed cannot clear up. The next one does: it removes every room whose lock nobody
holds any more.
"""

import os
import shutil
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

# Held for the moment in which rooms are taken or cleared, so that no two runs do both.
DOOR = "door.lock"
LOCK = ".lock"
# A socket's path has 107 letters at most, of which a room's own name and a kernel's take half.
LONGEST = 40


@dataclass(frozen=True)
class Room:
    """A folder that lasts as long as its lock is held.

    Attributes:
        path: The folder; nobody else may look into it.
    """

    path: Path
    _lock: FileLock

    def leave(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()
        with suppress(OSError):
            Path(self._lock.lock_file).unlink()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *problem: object) -> None:
        self.leave()


def take_room(short: bool = False) -> Room:
    """An empty folder for rows that must not stay; what dead runs have left is cleared first.

    Args:
        short: Whether its path must be short, as that of sockets must, wherever TMPDIR leads.
    """
    base = tempfile.gettempdir()
    place = _place(Path("/tmp" if short and len(base) > LONGEST and os.name == "posix" else base))
    with FileLock(place / DOOR):
        _clear(place)
        path = Path(tempfile.mkdtemp(prefix="run-", dir=place))
        lock = _lock_of(path)
        lock.acquire()
    return Room(path, lock)


def _place(base: Path) -> Path:
    """The one place; if somebody else has taken its name, a new one."""
    owner = os.getuid() if hasattr(os, "getuid") else 0
    place = base / f"cx-rows-{owner}"
    with suppress(FileExistsError):
        place.mkdir(mode=0o700)
    found = place.lstat()
    ours = stat.S_ISDIR(found.st_mode) and (os.name != "posix" or found.st_uid == owner)
    if not ours or (os.name == "posix" and found.st_mode & 0o077):
        return Path(tempfile.mkdtemp(prefix="cx-rows-", dir=base))
    return place


def _lock_of(room: Path) -> FileLock:
    # A connection that is no longer used leaves its room in whichever thread notices.
    return FileLock(f"{room}{LOCK}", thread_local=False)


def _clear(place: Path) -> None:
    for room in place.glob("run-*"):
        if room.suffix == LOCK:
            continue
        lock = _lock_of(room)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        Room(room, lock).leave()
    for stray in place.glob(f"run-*{LOCK}"):
        if not stray.with_suffix("").exists():
            with suppress(OSError):
                stray.unlink()
