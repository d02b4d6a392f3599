"""Running jobs side by side: what each is doing, how long and how large it may become, its end."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess

import psutil

from cxlib.batch.job import EXECUTED, FAILED, LOG, Job, Outcome, cell_name
from cxlib.batch.request import Limits

LOOK_EVERY = 0.1  # seconds; memory fills fast
PATIENCE = 10  # seconds for a process to end that has said its last word
MEGABYTE = 1_000_000


@dataclass
class _Started:
    """A job under way."""

    job: Job
    process: BaseProcess
    events: Connection
    started: float = field(default_factory=time.monotonic)
    kernel: int = 0
    family: set[psutil.Process] = field(default_factory=set)
    looked: float = 0.0
    cell: int = 0
    end: tuple[str, str] | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def at(self) -> str:
        return cell_name(self.cell, self.job.cells) if self.cell else "before its first cell"


def supervise(
    jobs: Iterable[Job | None],
    context: BaseContext,
    at_once: int,
    limits: Limits,
    begun: Callable[[Job, int, float], None] = lambda job, cell, seconds: None,
    ended: Callable[[Job, Outcome], None] = lambda job, outcome: None,
) -> None:
    """Run jobs, a few at once.

    Whatever becomes of this process, none of theirs is left behind.

    Args:
        jobs: What to run; each is asked for when there is room for it. None says that the next
            has to wait for one under way.
        context: How to start processes.
        at_once: How many jobs run at the same time.
        limits: For each of them.
        begun: Called while a job runs: with its cell, and for how long it has been running.
        ended: Called when one ends, before the next is asked for.
    """
    waiting, running = iter(jobs), []
    try:
        while True:
            for job in islice(waiting, at_once - len(running)):
                if job is None:
                    break
                running.append(_start(job, context))
            if not running:
                break
            wait([each.events for each in running], timeout=LOOK_EVERY)
            for each in running:
                _listen(each)
                _hold_to(limits, each)
                begun(each.job, each.cell, each.seconds)
            for each in [each for each in running if each.end]:
                running.remove(each)
                _finish(each)
                if each.end[0] == FAILED:
                    _clear(each.job)
                ended(each.job, Outcome(each.end[0], round(each.seconds, 2), each.end[1]))
    finally:
        for each in running:
            _finish(each)


def _start(job: Job, context: BaseContext) -> _Started:
    events, teller = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(job, teller), name=job.label)
    process.start()
    teller.close()
    return _Started(job, process, events)


def _listen(each: _Started) -> None:
    """Take in what a job has told; a job that falls silent for good has failed."""
    try:
        while each.end is None and each.events.poll():
            kind, *told = each.events.recv()
            if kind == "kernel":
                each.kernel = told[0]
            elif kind == "cell":
                each.cell = told[0]
            else:
                each.end = (told[0], told[1])
    except (EOFError, OSError):
        each.process.join(PATIENCE)
        how = _how_it_ended(each.process.exitcode)
        each.end = (FAILED, f"{each.at}: the process that runs the notebook {how}")


def _how_it_ended(code: int | None) -> str:
    if code is None:
        return "has fallen silent"
    return f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"


def _hold_to(limits: Limits, each: _Started) -> None:
    if each.end:
        return
    if each.seconds > limits.seconds:
        each.end = (FAILED, f"{each.at}: stopped after {limits.seconds:g} s (--timeout)")
        return
    if time.monotonic() - each.looked < LOOK_EVERY:
        return
    each.looked = time.monotonic()
    if (used := _memory(each) / MEGABYTE) > limits.megabytes:
        each.end = (
            FAILED,
            f"{each.at}: stopped at {used:,.0f} MB of memory, more than {limits.megabytes:,.0f} "
            "(--memory)",
        )


def _memory(each: _Started) -> int:
    """Bytes of resident memory of a job's kernel and its children, which are remembered."""
    if not each.kernel:
        return 0
    try:
        kernel = psutil.Process(each.kernel)
        children = kernel.children(recursive=True)
        each.family.update(children)
        return sum(process.memory_info().rss for process in (kernel, *children))
    except psutil.Error:
        return 0


def _finish(each: _Started) -> None:
    """See to it that a job's processes are gone, and whatever its cells have started."""
    if each.end and each.end[0] != FAILED:
        each.process.join(PATIENCE)
    for number in filter(None, (each.process.pid, each.kernel)):
        # A warm kernel is in the group of its notebook; an ordinary one leads its own.
        _kill_group(number)
    for process in each.family:
        with suppress(psutil.Error):
            process.kill()
    # It may not have had the time to lead a group.
    each.process.kill()
    each.process.join()
    each.events.close()


def _clear(job: Job) -> None:
    """Leave of a failed job only what shows why; what it wrote may have filled the disk."""
    for path in job.output.iterdir():
        if path.name not in (EXECUTED, LOG):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _kill_group(number: int) -> None:
    try:
        if hasattr(os, "killpg"):
            os.killpg(number, signal.SIGKILL)
        else:
            psutil.Process(number).kill()
    except (ProcessLookupError, PermissionError, psutil.NoSuchProcess):
        pass


def _run(job: Job, events: Connection) -> None:
    """The target of a job's process, which alone loads what notebooks need."""
    from cxlib.batch.execute import execute

    execute(job, events)
