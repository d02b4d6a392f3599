"""Ending what is under way: since somebody asks for it, or since it takes too long or too much."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from cxlib.errors import CxError

T = TypeVar("T")
INF = float("inf")
LOOK_EVERY = 0.2


class Stopped(BaseException):
    """A signal, whose number it holds, has asked the run to stop."""


def stop_signals() -> tuple[signal.Signals, ...]:
    """The signals that ask a run to stop, as far as this system has them, and nobody ignores them.

    `nohup` has a run ignore that its terminal has closed.
    """
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
    there = (getattr(signal, name) for name in names if hasattr(signal, name))
    return tuple(each for each in there if signal.getsignal(each) != signal.SIG_IGN)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Within it, a signal to stop ends the run in order: its processes first, then the command."""
    asked = []

    def stop(number: int, frame) -> None:
        asked.append(number)
        raise Stopped(number)

    before = {each: signal.signal(each, stop) for each in stop_signals()}
    try:
        yield
    except Exception:
        # An engine that was interrupted tells of it in an error of its own.
        if asked:
            raise Stopped(asked[0]) from None
        raise
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """For a moment, a signal to stop does nothing: what is begun here is done in an instant.

    A handler rather than a mask: a mask holds for one thread, and the engine has others.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, lambda number, frame: None) for each in stop_signals()}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def bounded(
    work: Callable[[], T], in_thread: bool, what: str, seconds: float = INF, megabytes: float = INF
) -> T:
    """Do work that can be given up at any moment.

    DuckDB hears no signal in the middle of a question: whoever waits for it in another thread does.
    The thread that is given up ends with the process, for which `leave` must be used. A server's
    driver hears signals, and must, to stop the server's work as well.

    Args:
        work: What to do.
        in_thread: Whether to do it in a thread of its own.
        what: The work, as an error calls it.
        seconds, megabytes: How long it may take, and how much memory the process.

    Raises:
        CxError: It takes longer, or more.
    """
    late = CxError(f"{what} takes longer than {seconds:,.0f} s; allow more with --timeout")
    if not in_thread:
        with _alarm(seconds, late):
            return work()
    results, failures = [], []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            failures.append(error)

    thread, until = threading.Thread(target=run, daemon=True), time.monotonic() + seconds
    thread.start()
    while thread.is_alive():
        thread.join(LOOK_EVERY)
        if thread.is_alive() and time.monotonic() > until:
            raise late
        if thread.is_alive() and _megabytes() > megabytes:
            raise CxError(f"{what} takes more than {megabytes:,.0f} MB; allow more with --memory")
    if failures:
        raise failures[0]
    return results[0]


class _Late(BaseException):
    """The time is over; not an error that a driver may take for one of its own."""


@contextmanager
def _alarm(seconds: float, error: CxError) -> Iterator[None]:
    if seconds == INF or not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(number: int, frame) -> None:
        raise _Late

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except _Late:
        raise error from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _megabytes() -> float:
    import psutil

    return psutil.Process().memory_info().rss / 1e6


def leave(code: int) -> None:
    """End the process, also where a thread is still at work that nobody waits for."""
    sys.stdout.flush()
    sys.stderr.flush()
    others = (each for each in threading.enumerate() if each is not threading.current_thread())
    if any(each.daemon for each in others):
        os._exit(code)
    sys.exit(code)
