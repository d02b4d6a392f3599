"""Running one notebook and making its page, in a process of its own."""

import json
import os
import sys
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError

from cxlib.batch.job import (
    EXECUTED,
    EXPLORE,
    FAILED,
    FINDINGS,
    LEFT_OUT,
    LOG,
    PAGE,
    PUBLISHED,
    SOURCE,
    Job,
    cell_name,
)
from cxlib.batch.kernels import Spare, WarmManager, end_with_parent
from cxlib.batch.render import check_finding, findings_of, render
from cxlib.batch.warm import PROVISIONER

# The error by which a notebook says that the dataset cannot feed it.
MISSING_DATA = "MissingData"
INJECTED = "injected-parameters"  # papermill's tag
ENGINE = "cx"
SAVE_EVERY = 1.0


def execute(job: Job, events: Connection) -> None:
    """Run a job.

    Tells through `events` what happens: `("kernel", number of its process)`,
    `("cell", number, counting from 1)` and, last, `("end", status, message)`.
    """
    started = time.monotonic()
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)
    _write_into(job.output / LOG)
    spare = Spare.fork() if job.fork else None
    if hasattr(os, "killpg"):
        end_with_parent()
    os.environ |= {
        "CX_OUTPUT": str(job.output),
        "CX_SNAPSHOT": str(job.snapshot),
        "IPYTHONDIR": str(job.sockets / "ipython"),
        "JUPYTER_DEFAULT_PROVISIONER_NAME": PROVISIONER,
    }
    os.environ.pop("JPY_PARENT_PID", None)
    os.chdir(job.output)
    status, message, executed = _execute(job, spare, events)
    if status == PUBLISHED:
        try:
            _render(executed, job, time.monotonic() - started)
        except Exception as error:
            # Whatever goes wrong must be told, and must not stop the other notebooks.
            status = FAILED
            message = f"its page cannot be made: {type(error).__name__}: {_line(error)}"
    events.send(("end", status, message))


def _write_into(log: Path) -> None:
    """What this process and its kernel print stays out of the run's own lines."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(file, stream.fileno())


def _execute(
    job: Job, spare: Spare | None, events: Connection
) -> tuple[str, str, nbformat.NotebookNode | None]:
    """Run the cells: how that ended, why, and the executed notebook if all is well."""
    manager = WarmManager(
        spare=spare,
        kernel_name="python3",
        # A socket file is reached by its owner alone; Windows has none.
        transport="ipc" if os.name == "posix" else "tcp",
        connection_file=str(job.sockets / "kernel.json"),
    )
    papermill_engines.register(ENGINE, SeldomSaving)
    at = _Cells(job, manager, events)
    try:
        executed = papermill.execute_notebook(
            # In the working folder: papermill would fill in what it takes for a field of a path.
            SOURCE,
            EXECUTED,
            dict(job.parameters),
            kernel_name="python3",
            engine_name=ENGINE,
            progress_bar=False,
            skip_cells_with_tag=EXPLORE,
            km=manager,
            on_cell_execute=at.begin,
        )
    except PapermillExecutionError as error:
        if error.ename == MISSING_DATA:
            return LEFT_OUT, error.evalue, None
        return FAILED, f"{at}: {error.ename}: {_line(error.evalue)}", None
    except DeadKernelError:
        return FAILED, f"{at}: its kernel died", None
    except Exception as error:
        return FAILED, f"{at}: {type(error).__name__}: {_line(error)}", None
    finally:
        # Its last cell is done, or never will be.
        if manager.has_kernel:
            manager.provisioner.process.kill()
    fault = _unfinished(executed, job)
    return (FAILED, fault, None) if fault else (PUBLISHED, "", executed)


class SeldomSaving(NBClientEngine):
    """papermill's own engine, which writes the notebook less often than twice a cell.

    If the process is killed in the middle of a cell, the file may lack the outputs of the cells
    that ended less than `SAVE_EVERY` seconds before that cell began.
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options) -> None:
        """Run the notebook's cells."""
        save, saved = nb_man.save, -SAVE_EVERY

        def save_seldom(**keywords) -> None:
            nonlocal saved
            if time.monotonic() - saved >= SAVE_EVERY:
                save(**keywords)
                saved = time.monotonic()

        nb_man.save = save_seldom
        try:
            super().execute_managed_notebook(nb_man, kernel_name, **options)
        finally:
            # At the end, however it comes, everything is written.
            nb_man.save = save


class _Cells:
    """Which cell runs, counted among the code cells of the notebook's own file."""

    def __init__(self, job: Job, manager: WarmManager, events: Connection):
        self.job, self.manager, self.events, self.number = job, manager, events, 0

    def begin(self, cell, cell_index: int) -> None:
        """Called by nbclient before each cell."""
        if self.number == 0:
            self.events.send(("kernel", self.manager.provisioner.pid))
        if cell.cell_type == "code" and INJECTED not in cell.metadata.get("tags", []):
            self.number += 1
            self.events.send(("cell", self.number))

    def __str__(self) -> str:
        return cell_name(self.number, self.job.cells) if self.number else "before its first cell"


def _unfinished(executed: nbformat.NotebookNode, job: Job) -> str:
    """The first cell that has not run, if any: a SystemExit ends a run in silence."""
    number = 0
    for cell in executed.cells:
        if cell.cell_type != "code" or {INJECTED, EXPLORE} & {*cell.metadata.get("tags", [])}:
            continue
        number += bool(cell.source.strip())
        errors = [each for each in cell.outputs if each.output_type == "error"]
        if errors:
            return (
                f"{cell_name(number, job.cells)}: {errors[0].ename}: "
                "ended the notebook; the cells after it were not run"
            )
        if cell.source.strip() and cell.execution_count is None:
            return f"{cell_name(number, job.cells)}: was not run"
    return ""


def _render(executed: nbformat.NotebookNode, job: Job, seconds: float) -> None:
    findings = findings_of(executed)
    for each in findings:
        check_finding(each)
    facts = replace(job.facts, provenance=(*job.facts.provenance, ("Run time", f"{seconds:.0f} s")))
    (job.output / FINDINGS).write_text(json.dumps(findings, ensure_ascii=False), encoding="utf-8")
    (job.output / PAGE).write_text(render(executed, facts), encoding="utf-8")


def _line(error: object) -> str:
    """An error in one line."""
    return next(iter(str(error).strip().splitlines()), "no message")
