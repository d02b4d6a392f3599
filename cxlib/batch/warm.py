"""The fork server: a process that imports the libraries once, and is forked for every notebook."""

import atexit
import gc
import io
import multiprocessing
import multiprocessing.util
import os
import signal
import sys
import tempfile
from collections.abc import Iterable
from multiprocessing.context import BaseContext

from cxlib.data.scratch import LONGEST

# Under this name pyproject.toml announces our way to start kernels to jupyter_client.
PROVISIONER = "cx-warm"
# Through this variable the fork server learns what the notebooks import.
NOTEBOOK_MODULES = "CX_NOTEBOOK_MODULES"
# Notebooks run side by side; if each of them also took every core for its sums, they would
# stand in one another's way. Besides, a process with threads must not be forked.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

# Libraries that may be forked once they have been imported; of others, nobody knows.
FORKED = (
    "cxlib",
    "ipywidgets",
    "matplotlib",
    "numpy",
    "pandas",
    "scipy",
    "seaborn",
    "sklearn",
    "statsmodels",
)


def can_fork() -> bool:
    """Whether warm kernels are to be had: not on Windows, and on macOS forking is unsafe."""
    return sys.platform != "darwin" and "forkserver" in multiprocessing.get_all_start_methods()


def start(fork: bool, modules: Iterable[str]) -> BaseContext:
    """How the run's processes are to be started; the fork server begins to import at once.

    Args:
        fork: Whether to fork them; otherwise each starts from nothing.
        modules: What the notebooks import.
    """
    os.environ.update(dict.fromkeys(THREADS, "1"))
    known = {each for each in modules if each.partition(".")[0] in FORKED}
    os.environ[NOTEBOOK_MODULES] = ",".join(sorted(known))
    # As ipykernel would set it before matplotlib is imported: figures show in the notebook.
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    # Nobody debugs these kernels; their debugger need not warn of what it could not do.
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    if not fork:
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["cxlib.batch.preload"])
    # Ctrl-C reaches every process of a terminal; the fork server is to end with its owner, without
    # a word of its own.
    _keep_sockets_short()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    forkserver.ensure_running()
    signal.signal(signal.SIGINT, before)
    return context


def _keep_sockets_short() -> None:
    """Have the fork server's socket in /tmp, where TMPDIR would make its path too long for one."""
    if len(tempfile.gettempdir()) <= LONGEST:
        return
    before, tempfile.tempdir = tempfile.tempdir, "/tmp"
    multiprocessing.util.get_temp_dir()
    tempfile.tempdir = before


def rehearse() -> None:
    """Do once what each notebook does first, so that what it builds on the way is there.

    Schemas and templates are compiled, fonts are read, and a first question is written
    for the engine; each would otherwise cost every notebook a tenth of a second or more.
    """
    import ibis
    import nbformat
    from matplotlib.figure import Figure

    from cxlib.batch.job import Facts
    from cxlib.batch.render import render

    drawing, file = Figure(), io.StringIO()
    drawing.subplots().set_title("Rehearsal")
    drawing.savefig(file, format="svg")
    picture = {"image/svg+xml": file.getvalue()}
    cells = [
        nbformat.v4.new_markdown_cell("# Rehearsal\n\n**Is it ready?**"),
        nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("display_data", picture)]),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbformat.reads(nbformat.writes(notebook), as_version=4)
    render(notebook, Facts("Rehearsal", "", "", {}, ()))
    # The question is written, not asked: an engine has threads, with which it must not be forked.
    table = ibis.table({"id": "string", "at": "timestamp", "value": "float64"}, name="rehearsal")
    table = table.filter(table.value > 0).group_by("id").agg(total=table.value.sum())
    ibis.to_sql(table.join(table, "id"), dialect="duckdb")


def settle() -> None:
    """Have what is loaded now stay shared between the forked processes."""
    gc.collect()
    gc.freeze()
    gc.enable()
    # At its end there is nothing to tidy up, and to look for it would take seconds.
    atexit.register(os._exit, 0)
