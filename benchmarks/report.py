"""How long a batch takes, beside a shell loop of the tools that people use today.

Run by `make bench`. Every figure is a median of runs that take turns, on an otherwise idle machine.
"""

import argparse
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pandas as pd
import psutil

from cxlib.batch.notebooks import find_notebooks

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
QUARTER = "2026Q3"
MEGABYTE = 1_000_000


def seconds(command: str, folder: Path) -> float:
    """How long a shell command takes; it must succeed."""
    started = time.perf_counter()
    done = subprocess.run(
        ["bash", "-ec", command], cwd=ROOT, env=os.environ | {"CX_OUTPUT": str(folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{command}\n{done.stdout}{done.stderr}")
    return time.perf_counter() - started


def loop(out: Path, filters: list[str]) -> str:
    """A shell loop of `papermill` and `jupyter nbconvert` over the notebooks, for each filter."""
    lines = []
    for number, where in enumerate(filters):
        folder = out / str(number)
        lines.append(f"mkdir -p {folder}")
        for notebook in find_notebooks(ROOT / "notebooks"):
            made = folder / notebook.path.name
            lines += [
                f"{BIN}/papermill --no-progress-bar {notebook.path} {made} -p quarter {QUARTER} "
                f"-p dataset {ROOT}/data/demo -p where {shlex.quote(where)}",
                f"{BIN}/jupyter nbconvert --to html --no-input {made}",
            ]
    return "\n".join(lines)


def batch(out: Path, options: str = "") -> str:
    """The same with `cx report`."""
    return f"{BIN}/cx report {QUARTER} --out {out} {options}"


def peak_memory(command: str) -> tuple[float, float]:
    """The largest memory of a command's processes together, in megabytes.

    Once with each shared page divided among those who share it, once as the plain sum of resident
    memory, which counts a shared page for each of them.
    """
    process = subprocess.Popen(
        ["bash", "-ec", command], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peaks, done = [0.0, 0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            shared = resident = 0
            for each in [psutil.Process(process.pid), *family(process.pid)]:
                try:
                    shared += each.memory_full_info().pss
                    resident += each.memory_info().rss
                except psutil.Error:
                    continue
            peaks[:] = max(peaks[0], shared), max(peaks[1], resident)

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    done.set()
    watcher.join()
    if code:
        raise SystemExit(f"{command}: ended with {code}")
    return peaks[0] / MEGABYTE, peaks[1] / MEGABYTE


def family(pid: int) -> list[psutil.Process]:
    """A process's descendants; none, once it has ended."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def compare(name: str, ours, theirs, runs: int, scratch: Path) -> list[float]:
    """Time both in turns, and print the medians and their ratio."""
    mine, others = [], []
    for run in range(runs):
        for times, command in ((mine, ours), (others, theirs)):
            folder = scratch / f"{name.replace(' ', '-')}-{run}-{len(mine)}{len(others)}"
            folder.mkdir()
            times.append(seconds(command(folder), folder))
            shutil.rmtree(folder)
    a, b = statistics.median(mine), statistics.median(others)
    print(
        f"{name}: cx report {a:.1f} s, shell loop {b:.1f} s: {b / a:.1f} times faster", flush=True
    )
    return mine


def say(line: str) -> None:
    """A line, at once."""
    print(line, flush=True)


def main() -> None:
    """Print every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    regions = sorted(pd.read_parquet(ROOT / "data/demo/accounts.parquet").region.dropna().unique())
    filters = ["", *(f"region = '{each}'" for each in regions)]
    say(f"{os.cpu_count()} cores; medians of {runs} runs")
    with tempfile.TemporaryDirectory(prefix="cx-bench-") as name:
        scratch = Path(name)
        first = compare("one quarter", batch, lambda f: loop(f, [""]), runs, scratch)
        kept = scratch / "kept"
        seconds(batch(kept), scratch)
        again = [seconds(batch(kept), scratch) for _ in range(max(runs, 3))]
        ratio = statistics.median(first) / statistics.median(again)
        print(
            f"unchanged: {statistics.median(again):.2f} s, {ratio:.0f} times faster than the first"
        )
        shared, resident = peak_memory(batch(scratch / "memory", "--jobs 2"))
        print(
            f"peak memory of two jobs: {shared:,.0f} MB (plain sum: {resident:,.0f} MB)", flush=True
        )
        pages = len(filters) * (len(find_notebooks(ROOT / "notebooks")) + 1) + 1
        compare(
            f"by region, {pages} pages",
            lambda f: batch(f, "--by region"),
            lambda f: loop(f, filters),
            runs,
            scratch,
        )


if __name__ == "__main__":
    main()
