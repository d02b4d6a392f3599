"""Running one notebook, in a process of its own.

`python -m cxlib.batch.execute` reads a job from standard input and writes the outcome to
standard output, both as JSON: papermill changes state of the whole process, so that two
notebooks must not share one.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PUBLISHED, LEFT_OUT, FAILED = "published", "left out", "failed"
# The error by which a notebook says that the dataset cannot feed it.
MISSING_DATA = "MissingData"
# Notebooks run side by side; if each of them also took every core for its sums, they would
# stand in one another's way.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        status: published, left out (the dataset cannot feed it) or failed.
        seconds: How long it took.
        message: What went wrong, and in which cell; empty if nothing did.
    """

    status: str
    seconds: float
    message: str = ""


def execute(source: Path, target: Path, parameters: Mapping, output: Path) -> Outcome:
    """Run a notebook in a new process.

    Args:
        source, target: The notebook, and where to write it with its outputs.
        parameters: Values for its parameters.
        output: The folder in which its `tables/` go.
    """
    job = {"source": str(source), "target": str(target), "parameters": dict(parameters)}
    started = time.monotonic()
    process = subprocess.run(
        [sys.executable, "-m", "cxlib.batch.execute"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        # The tables of each notebook, and the kernel's files, stay apart.
        cwd=output,
        env=os.environ | {"CX_OUTPUT": str(output)} | dict.fromkeys(THREADS, "1"),
        check=False,
    )
    seconds = round(time.monotonic() - started, 2)
    try:
        return Outcome(seconds=seconds, **json.loads(process.stdout.splitlines()[-1]))
    except (IndexError, ValueError, TypeError):
        last = (process.stderr.strip().splitlines() or ["no message"])[-1]
        return Outcome(FAILED, seconds, f"its process ended with code {process.returncode}: {last}")


def _run(job: Mapping) -> dict[str, str]:
    import papermill
    from papermill.exceptions import PapermillExecutionError

    target = Path(job["target"])
    try:
        notebook = papermill.execute_notebook(
            job["source"], str(target), job["parameters"], progress_bar=False
        )
    except PapermillExecutionError as error:
        status = LEFT_OUT if error.ename == MISSING_DATA else FAILED
        cell = "" if status == LEFT_OUT else f"cell {error.exec_count}: {error.ename}: "
        return {"status": status, "message": f"{cell}{error.evalue}"}
    except Exception as error:
        # Whatever goes wrong with a kernel must be told, and must not stop the other notebooks.
        return {"status": FAILED, "message": f"{type(error).__name__}: {error}"}
    for number, cell in enumerate(notebook.cells, start=1):
        # A SystemExit ends the run in silence, with the later cells not run.
        if cell.cell_type == "code" and cell.source.strip() and cell.execution_count is None:
            return {"status": FAILED, "message": f"cell {number} was not run"}
        left = [o for o in cell.get("outputs", []) if o.output_type == "error"]
        if left:
            return {"status": FAILED, "message": f"cell {number}: {left[0].ename}"}
    return {"status": PUBLISHED, "message": ""}


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        outcome = _run(json.load(sys.stdin))
    print(json.dumps(outcome))
