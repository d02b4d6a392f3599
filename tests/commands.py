"""The command `cx` for tests: forked from a process that has imported everything, as kernels are.

A command that starts from nothing imports the libraries twice, once for itself and once for its
fork server, which takes longer than most tests. What is forked here runs `main` as any other, with
arguments, folder, environment, output and exit code of its own; its fork server is forked as well.
"""

import atexit
import gc
import json
import multiprocessing.util
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import psutil

import cxlib

ROOT = Path(__file__).parents[1]
COMMAND = "from cxlib.cli import main; main()"
LIMIT = 600  # seconds
# Beside all of the package itself.
IMPORTED = (
    "ibis.backends.duckdb",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "papermill",
    "rich.progress",
    "rich.table",
)
# Modules that do their work when they are imported.
WORKS = ("cxlib.batch.preload",)
# What Python and the libraries read once, when they start.
AT_START = ("PYTHON", "LC_", "LANG", "MPL", "FONTCONFIG", "OMP_", "OPENBLAS_")


class Commands:
    """Runs commands; begins to import when the first is asked for."""

    def __init__(self) -> None:
        self._process, self._environment = None, {}
        self._lock = threading.Lock()

    def run(self, arguments: list[str], cwd: Path, env: Mapping) -> subprocess.CompletedProcess:
        """Run `cx` with these arguments; from nothing where these or its environment ask for it."""
        if self._process is None:
            self._environment = _at_start(os.environ)
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__], cwd=ROOT, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        if "--no-fork" in arguments or _at_start(env) != self._environment:
            return from_nothing(arguments, cwd, env)
        with self._lock, tempfile.TemporaryDirectory() as folder:
            files = [Path(folder) / name for name in ("out", "err")]
            order = (arguments, str(cwd), dict(env), [str(file) for file in files])
            print(json.dumps(order), file=self._process.stdin, flush=True)
            code = self._process.stdout.readline().strip()
            assert code.lstrip("-").isdigit(), code
            return subprocess.CompletedProcess(
                arguments, int(code), *(f.read_text() for f in files)
            )

    def close(self) -> None:
        """End the process that is forked."""
        if self._process is not None:
            with self._process as process:
                process.stdin.close()


def from_nothing(arguments: list[str], cwd: Path, env: Mapping) -> subprocess.CompletedProcess:
    """Run `cx` in a process that begins as a user's does."""
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments], cwd=cwd, env=env,
        capture_output=True, text=True, check=False, timeout=LIMIT,
    )  # fmt: skip


def _at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in environment.items() if name.startswith(AT_START)}


def _serve() -> None:
    """Fork a command for each line of standard input, and print how it ended."""
    for order in sys.stdin:
        child = os.fork()
        if not child:
            _become_command(*json.loads(order))
        print(_ended(child), flush=True)


def _ended(child: int) -> str:
    """The exit code of a command once nothing of it is left; in words, what did not end."""
    until, code = time.monotonic() + LIMIT, ""
    while time.monotonic() < until:
        if not code:
            done, status = os.waitpid(child, os.WNOHANG)
            code = str(os.waitstatus_to_exitcode(status)) if done else ""
        if code and not _left_of(child):
            return code
        time.sleep(0.01)
    for process in _left_of(child):
        process.kill()
    return f"of a command, processes were left after {LIMIT} s"


def _left_of(session: int) -> list[psutil.Process]:
    """The living processes of a session."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _become_command(arguments: list[str], cwd: str, env: dict, files: list[str]) -> None:
    """Be the command in all that a process has of its own, run it, and end."""
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    time.tzset()
    tempfile.tempdir = None
    sys.argv, sys.path[0] = ["-c", *arguments], ""
    for number, file in zip((1, 2), files, strict=True):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin, sys.stdout, sys.stderr = map(os.fdopen, range(3), "rww")
    multiprocessing.util.spawnv_passfds = _forked
    code = 1
    try:
        code = _exit_code(import_module("cxlib.cli").main)
        # As at Python's end, but for the taking apart of all that was imported, which takes a second.
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _exit_code(run: Callable[[], None]) -> int:
    """How Python would end after this; what is not a code is said."""
    try:
        run()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _forked(path: str, command: list[str], kept: list[int]) -> int:
    """As `multiprocessing` starts a Python process, without the imports; gives its number."""
    assert threading.active_count() == 1, "a process with threads must not be forked"
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.closerange(3, min(kept))
        for before, after in zip(sorted(kept), [*sorted(kept)[1:], 4096], strict=True):
            os.closerange(before + 1, after)
        for each in signal.valid_signals():
            if callable(signal.getsignal(each)) and each != signal.SIGINT:
                signal.signal(each, signal.SIG_DFL)
        program = command.index("-c")
        sys.argv = [command[program], *command[program + 2 :]]
        exec(command[program + 1], {"__name__": "__main__"})
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    # As the package's own fork server does, and for its reason.
    sys.modules.setdefault("rfc3987_syntax", None)
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    package = walk_packages(cxlib.__path__, "cxlib.")
    for name in (*IMPORTED, *(each.name for each in package if each.name not in WORKS)):
        import_module(name)
    gc.collect()
    gc.freeze()
    _serve()
    os._exit(0)
