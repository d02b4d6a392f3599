"""What a run says while it runs: live rows, plain lines, lines of JSON, or nothing."""

import json
import sys
import time
from contextlib import suppress
from typing import Protocol, TextIO

from cxlib.batch.job import FAILED, Job, Outcome

REDRAW_EVERY = 0.25  # seconds


class Progress(Protocol):
    """Whom a run tells what it does."""

    def say(self, text: str) -> None:
        """Something worth a line."""

    def begin(self, jobs: int) -> None:
        """So many notebooks are about to run."""

    def at(self, job: Job, cell: int, seconds: float) -> None:
        """A notebook is at this cell, and has been running for so long."""

    def end(self, job: Job, outcome: Outcome) -> None:
        """A notebook has ended."""

    def warn(self, text: str) -> None:
        """Something has gone wrong."""

    def close(self) -> None:
        """No notebook runs any more, for whatever reason."""


def tell(text: str, stream: TextIO | None = None) -> None:
    """Write a line, if anybody still reads: who has stopped listening wants the pages all the same.

    Args:
        text: The line.
        stream: Where to; the standard output, if None.
    """
    with suppress(BrokenPipeError):
        print(text, file=stream or sys.stdout, flush=True)


class Quiet:
    """Tells only what went wrong, on the error stream."""

    def say(self, text: str) -> None:
        """Nothing."""

    def begin(self, jobs: int) -> None:
        """Nothing."""

    def at(self, job: Job, cell: int, seconds: float) -> None:
        """Nothing."""

    def end(self, job: Job, outcome: Outcome) -> None:
        """A line for a notebook that failed."""
        if outcome.status == FAILED:
            self.warn(f"{job.label}: {outcome.status}: {outcome.message}")

    def warn(self, text: str) -> None:
        """A line."""
        tell(text, sys.stderr)

    def close(self) -> None:
        """Nothing."""


class Lines:
    """A line for each notebook as it ends."""

    def __init__(self):
        self.jobs = self.done = 0

    def say(self, text: str) -> None:
        """A line."""
        tell(text)

    def begin(self, jobs: int) -> None:
        """Count from here."""
        self.jobs = jobs

    def at(self, job: Job, cell: int, seconds: float) -> None:
        """Nothing."""

    def end(self, job: Job, outcome: Outcome) -> None:
        """A line: which, how it ended, how long it took, and what went wrong."""
        self.done += 1
        tell(self.line(job, outcome))

    def warn(self, text: str) -> None:
        """A line."""
        self.say(text)

    def close(self) -> None:
        """Nothing."""

    def line(self, job: Job, outcome: Outcome) -> str:
        """The line for a notebook's end."""
        words = f": {outcome.message}" if outcome.message else ""
        return (
            f"[{self.done}/{self.jobs}] {job.label}: {outcome.status} in {outcome.seconds:.1f} s"
            f"{words}"
        )


class Live(Lines):
    """As `Lines`, and below them a row for each notebook that is running."""

    def __init__(self):
        super().__init__()
        from rich.console import Console
        from rich.live import Live as Display

        self.console = Console(highlight=False)
        self.display = Display(console=self.console, auto_refresh=False, transient=True)
        self.rows: dict[str, str] = {}
        self.drawn = 0.0

    def say(self, text: str) -> None:
        """A line above the rows."""
        self.console.print(text, markup=False, soft_wrap=True)

    def begin(self, jobs: int) -> None:
        """Show the rows from here."""
        super().begin(jobs)
        if jobs:
            self.display.start()

    def at(self, job: Job, cell: int, seconds: float) -> None:
        """Bring a notebook's row up to date."""
        self.rows[job.label] = f"{job.label}: cell {cell} of {len(job.cells)}, {seconds:.0f} s"
        if time.monotonic() - self.drawn > REDRAW_EVERY:
            self._draw()

    def end(self, job: Job, outcome: Outcome) -> None:
        """Turn a notebook's row into a line."""
        self.done += 1
        self.rows.pop(job.label, None)
        self.say(self.line(job, outcome))
        self._draw()

    def close(self) -> None:
        """Take the rows away, and give the terminal its cursor back."""
        self.display.stop()

    def _draw(self) -> None:
        from rich.text import Text

        self.drawn = time.monotonic()
        self.display.update(Text("\n".join(self.rows.values())), refresh=True)


class JsonLines:
    """A line of JSON for each thing that happens, for other programs."""

    def __init__(self):
        self.cells: dict[str, int] = {}

    def say(self, text: str) -> None:
        """Event `note`."""
        self._write(event="note", text=text)

    def begin(self, jobs: int) -> None:
        """Event `begin`."""
        self._write(event="begin", notebooks=jobs)

    def at(self, job: Job, cell: int, seconds: float) -> None:
        """Event `cell`, once for each."""
        if cell and self.cells.get(job.label) != cell:
            self.cells[job.label] = cell
            self._write(event="cell", notebook=job.label, cell=cell, cells=len(job.cells))

    def end(self, job: Job, outcome: Outcome) -> None:
        """Event `end`."""
        self._write(
            event="end",
            notebook=job.label,
            status=outcome.status,
            seconds=outcome.seconds,
            message=outcome.message,
        )

    def warn(self, text: str) -> None:
        """Event `warning`."""
        self._write(event="warning", text=text)

    def close(self) -> None:
        """Nothing."""

    def _write(self, **event) -> None:
        tell(json.dumps({"time": round(time.time(), 3)} | event, ensure_ascii=False))


def choose_progress(quiet: bool, log_json: bool) -> Progress:
    """Whom to tell: the one asked for, or else what suits where the output goes."""
    if log_json:
        return JsonLines()
    if quiet:
        return Quiet()
    return Live() if sys.stdout.isatty() else Lines()
