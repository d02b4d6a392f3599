"""Results that several notebooks need, worked out once.

In a run of `cx report` they are kept beside the dataset's snapshot, for the notebooks of one
edition or slice, and go with it. Elsewhere they last as long as the dataset that was opened: what
is known of persons is not left on a disk.
"""

import io
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import wraps
from hashlib import sha256
from inspect import signature
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from cxlib.data import Dataset
from cxlib.data.snapshot import RESULTS, Pickler
from cxlib.measure.kpis import Kpi
from cxlib.measure.panel import kpis_of

T = TypeVar("T")


def worked_out_once(work_out: Callable[..., T]) -> Callable[..., T]:
    """Work out a function of a dataset once; whoever asks the same again gets a copy.

    Args:
        work_out: A function of a dataset and of what `repr` tells apart: periods, names, numbers,
            lists of them. What it gives can be pickled, and its KPIs are those of the catalogue.
    """
    kind = signature(work_out)

    @wraps(work_out)
    def once(data: Dataset, *others, **named) -> T:
        asked = kind.bind(data, *others, **named)
        asked.apply_defaults()
        given = {name: _plain(each) for name, each in list(asked.arguments.items())[1:]}
        key = f"{work_out.__module__}.{work_out.__qualname__} {given!r}"
        if key not in data.kept:
            data.kept[key] = _shared(data, key, lambda: _packed(work_out(data, **given)))
        return _Unpickler(data.kept[key], kpis_of(data)).load()

    return once


def _plain(given: object) -> object:
    """What has the same `repr` however it is given; a generator can be read but once."""
    several = isinstance(given, Sequence | Iterator) and not isinstance(given, str)
    return tuple(given) if several else given


def _shared(data: Dataset, key: str, work_out: Callable[[], bytes]) -> bytes:
    """A result from where the run keeps them, or worked out now; another notebook waits for it."""
    folder = data.kept.get(RESULTS)
    if folder is None:
        return work_out()
    folder.mkdir(exist_ok=True)
    file = folder / sha256(key.encode()).hexdigest()
    with FileLock(file.with_suffix(".lock")):
        if file.exists():
            return file.read_bytes()
        result = work_out()
        # On a full disk, the next notebook works it out again.
        with suppress(OSError):
            _write(file, result)
        return result


def _write(file: Path, result: bytes) -> None:
    """All of it or nothing: a notebook may be stopped at any moment."""
    begun = file.with_suffix(".begun")
    begun.write_bytes(result)
    os.replace(begun, file)


class _Pickler(Pickler):
    """KPIs go by their name: what they do cannot be pickled."""

    def persistent_id(self, each: object) -> str | None:
        """The name of a KPI; None for all else."""
        return each.name if isinstance(each, Kpi) else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, packed: bytes, known) -> None:
        super().__init__(io.BytesIO(packed))
        self._known = known

    def persistent_load(self, name: str) -> Kpi:
        """The KPI of a name."""
        return self._known[name]


def _packed(result: object) -> bytes:
    file = io.BytesIO()
    _Pickler(file).dump(result)
    return file.getvalue()
