"""What the Makefile does, for machines without make: `python run.py report`, `test` or `lab`.

It needs Python 3.11 or newer and nothing else: what is missing is installed into `.venv`.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
TEMPLATES = ROOT / "cxlib" / "page" / "nbconvert"
BROWSER = ROOT / "tests" / "browser"
OLDEST = (3, 11)


def main(arguments: Sequence[str]) -> int:
    """Run a command; what it needs is set up before."""
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    parser.add_argument("command", choices=("report", "test", "lab", "check", "setup"))
    parser.add_argument("--quarter", default=os.environ.get("QUARTER", "2026Q3"))
    parser.add_argument("--dataset", default=os.environ.get("DATASET", "data/demo"))
    given, more = parser.parse_known_args(arguments)
    if sys.version_info < OLDEST:
        print(
            "Python 3.11 or newer is needed; run this file with it: python3.12 run.py …",
            file=sys.stderr,
        )
        return 1
    set_up(engines=given.command == "test")
    match given.command:
        case "report":
            return call(tool("cx"), "report", given.quarter, "--dataset", given.dataset, *more)
        case "check":
            return call(tool("cx"), "check", "--dataset", given.dataset, *more)
        case "lab":
            start = ROOT / "notebooks" / "00_start_here.ipynb"
            return call(tool("jupyter"), "lab", "--notebook-dir", ROOT, start, *more)
        case "test":
            axe()
            options = ["-n", str(os.cpu_count() or 1), "--durations", "10", *more]
            return call(tool("python"), "-m", "pytest", *options)
    return 0


def set_up(engines: bool) -> None:
    """Install what the locks name, unless that is done."""
    inputs = [ROOT / "requirements.lock", ROOT / "pyproject.toml", *TEMPLATES.iterdir()]
    if is_older(VENV / "ready", inputs):
        run(sys.executable, "-m", "venv", VENV)
        install("--require-hashes", "-r", ROOT / "requirements.lock")
        install("--no-deps", "--no-build-isolation", "--editable", ROOT)
        (VENV / "ready").touch()
    if engines and is_older(VENV / "engines", [VENV / "ready", ROOT / "engines.lock"]):
        install("--require-hashes", "-r", ROOT / "engines.lock")
        (VENV / "engines").touch()


def is_older(stamp: Path, inputs: Sequence[Path]) -> bool:
    """Whether something has changed since it was installed last."""
    return not stamp.exists() or any(
        each.stat().st_mtime > stamp.stat().st_mtime for each in inputs
    )


def axe() -> None:
    """The accessibility checker of the browser tests, which skip without it."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm is not there; the accessibility tests will skip.")
    elif not (BROWSER / "node_modules" / "axe-core").is_dir():
        quiet = ("--no-audit", "--no-fund", "--loglevel", "error")
        subprocess.run([npm, "ci", "--prefix", str(BROWSER), *quiet], check=False)


def install(*what: object) -> None:
    """Install packages into the project's own environment."""
    run(tool("python"), "-m", "pip", "install", "--quiet", *what)


def tool(name: str) -> Path:
    """A program of the project's own environment."""
    return BIN / (f"{name}.exe" if os.name == "nt" else name)


def run(*command: object) -> None:
    """Run a command that must succeed."""
    if code := call(*command):
        raise SystemExit(code)


def call(*command: object) -> int:
    """Run a command in the project's folder, its programs before others; its exit code."""
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    words = [str(word) for word in command]
    try:
        return subprocess.run(
            words, cwd=ROOT, env=os.environ | {"PATH": path}, check=False
        ).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
