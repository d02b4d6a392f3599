"""Analysts sit at Windows laptops: nothing here needs what only POSIX systems have."""

import os
import subprocess
import sys

from tests.conftest import ROOT

# What Windows has not: modules for our own code, and functions for everybody.
HIDDEN = """
import os, signal, sys

import psutil  # on Linux it asks for these when it is imported

MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "posix"}
OURS = os.environ["CX_OURS"]


class Hide:
    def find_spec(self, name, path=None, target=None):
        if name in MODULES:
            frame = sys._getframe(1)
            while frame and "importlib" in frame.f_code.co_filename:
                frame = frame.f_back
            if frame and frame.f_code.co_filename.startswith(OURS):
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


for name in MODULES - {"posix"}:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Hide())
for name in ("sysconf", "killpg", "fork", "forkpty", "mkfifo"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGALRM", "SIGHUP", "SIGQUIT", "setitimer", "ITIMER_REAL", "alarm"):
    if hasattr(signal, name):
        delattr(signal, name)
"""


def hidden(tmp_path, *command):
    """Run a command of the project's on a machine that has nothing of POSIX."""
    (tmp_path / "sitecustomize.py").write_text(HIDDEN)
    env = os.environ | {
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}",
        "CX_OURS": str(ROOT / "cxlib"),
    }
    return subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_module_can_be_imported(tmp_path):
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / "cxlib").rglob("*.py"))
        if path.name not in ("__init__.py", "__main__.py", "preload.py")
    ]
    text = f"import importlib\nfor name in {modules!r}: importlib.import_module(name)"
    done = hidden(tmp_path, "-c", text)
    assert done.returncode == 0, done.stderr[-2_000:]


def test_a_report_with_ordinary_kernels(tmp_path):
    out = tmp_path / "reports"
    command = ["report", "2026Q3", "--only", "data_readiness", "--no-fork", "--out", str(out)]
    text = f"import sys; sys.argv = ['cx', *{command!r}]; from cxlib.cli import main; main()"
    # Processes of their own begin again with this very file.
    (tmp_path / "cx.py").write_text(f"if __name__ == '__main__':\n    {text}\n")
    done = hidden(tmp_path, tmp_path / "cx.py")
    assert done.returncode == 0, done.stderr[-2_000:] + done.stdout[-2_000:]
    assert (out / "2026Q3" / "data_readiness.html").is_file()


def test_the_commands_are_those_of_the_makefile():
    done = subprocess.run(
        [sys.executable, "-S", "run.py", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    text = (ROOT / "Makefile").read_text()
    for command in ("report", "test", "lab", "check"):
        assert command in done.stdout
        assert f"run.py {command}" in text
