"""What may go wrong in a run, each fault real: what was published stays whole, and is told."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from contextlib import suppress

import psutil
import pytest

from tests.conftest import COMMON, ROOT, cx

GOOD = {"01_first": ["print('first')"], "02_second": ["x = 1", "print('second')"]}
PARAMETERS = COMMON
MARK = "CX_TEST_RUN"


@pytest.fixture
def tmp_path(edition):
    """A folder in which both notebooks are published."""
    return edition()


@pytest.fixture
def arguments(tmp_path):
    """The arguments of a run of the small suite."""
    folders = ["--dataset", tmp_path / "dataset", "--notebooks", tmp_path / "suite"]
    return ["report", "2026Q1", *folders]


@pytest.fixture
def published(tmp_path):
    return tmp_path / "reports"


def files_of(folder):
    """Every file below a folder, with its content."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def left_behind(mark):
    """Processes that carry a run's mark."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def wait_for(condition, seconds=20):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


FAULTS = {
    "an exception in cell 3": (
        ["x = 1", "raise ValueError('no luck')"],
        [],
        "cell 3 (raise ValueError('no luck')): ValueError: no luck",
    ),
    "a kernel killed in mid-cell": (
        ["import os, signal", "os.kill(os.getpid(), signal.SIGKILL)"],
        [],
        "cell 3 (os.kill(os.getpid(), signal.SIGKILL)): its kernel died",
    ),
    "an endless loop": (
        ["while True: pass"],
        ["--timeout", "6"],
        "cell 2 (while True: pass): stopped after 6 s (--timeout)",
    ),
    "10 GB under a limit of 1 GB": (
        ["import numpy as np", "np.ones(10 * 2**30 // 8)"],
        ["--memory", "1000"],
        r"cell 3 (np.ones(10 * 2**30 // 8)): stopped at \d+,\d+ MB of memory, more than 1,000",
    ),
    "SystemExit(0)": (
        ["raise SystemExit(0)", "x = 1"],
        [],
        "cell 2 (raise SystemExit(0)): SystemExit: ended the notebook",
    ),
    "a finding that is none": (
        [
            "get_ipython().display_pub.publish({'application/vnd.cxlib.finding+json': "
            "{'sentence': 'x'}, 'text/html': 'x', 'text/plain': 'x'})"
        ],
        [],
        "its page cannot be made: ValueError: a finding lacks estimate, evidence",
    ),
    "a time-out of an ordinary kernel before it has started": (
        ["import time; time.sleep(60)"],
        ["--timeout", "1", "--no-fork"],
        "before its first cell: stopped after 1 s (--timeout)",
    ),
    "a page that cannot be made": (
        ["get_ipython().display_pub.publish({'application/vnd.cxlib.finding+json': {'a': 1}})"],
        [],
        "its page cannot be made: ValueError: a finding lacks sentence, estimate",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_notebook_never_replaces_a_good_page(fault, published, arguments, suite):
    cells, options, message = FAULTS[fault]
    before = files_of(published)
    suite(**{"02_second": cells})
    run = cx(*arguments, "--out", published, *options)
    assert run.returncode == 1, run.stdout + run.stderr
    line = next(each for each in run.stdout.splitlines() if "second, 2026Q1: failed in" in each)
    pattern = re.escape(message).replace(re.escape(r"\d+"), r"\d+")
    assert re.search(pattern, line), line
    after = files_of(published)
    for name in ("first.html", "second.html", "notebooks/02_second.ipynb"):
        assert after[f"2026Q1/{name}"] == before[f"2026Q1/{name}"]
    index = (published / "2026Q1" / "index.html").read_text()
    assert "Its page is the last good one, of 20" in index
    assert "02_second: failed" in index
    entry = json.loads(after["2026Q1/run.json"])["notebooks"]["second"]
    good = json.loads(before["2026Q1/run.json"])["notebooks"]["second"]
    assert (entry["status"], entry["page"]) == ("failed", good["finished"])
    assert after["2026Q1/failed/second.txt"].decode().startswith("second: ")
    assert b'"cells"' in after["2026Q1/failed/02_second.ipynb"]
    assert not [name for name in after if ".cx/work" in name or ".cx/aside" in name]


def test_a_notebook_that_is_right_again_replaces_the_failed_one(published, arguments, suite):
    suite(**{"02_second": ["1 / 0"]})
    assert cx(*arguments, "--out", published).returncode == 1
    suite(**{"02_second": ["print('mended')"]})
    run = cx(*arguments, "--out", published)
    assert run.returncode == 0
    assert "[1/1] second" in run.stdout
    assert "mended" in (published / "2026Q1" / "second.html").read_text()
    assert not (published / "2026Q1" / "failed").exists()


def test_a_first_run_in_which_a_notebook_fails_publishes_the_other(arguments, suite, tmp_path):
    suite(
        **{"02_second": ["from cxlib.errors import MissingData", "raise MissingData('has none')"]}
    )
    suite(**{"03_third": ["1 / 0"]})
    run = cx(*arguments, "--out", tmp_path / "out")
    assert run.returncode == 1
    pages = {path.name for path in (tmp_path / "out" / "2026Q1").glob("*.html")}
    assert pages == {"index.html", "first.html"}
    index = (tmp_path / "out" / "2026Q1" / "index.html").read_text()
    assert "02_second: has none" in index
    assert "ZeroDivisionError: division by zero" in index


# The disk ---------------------------------------------------------------------------------------


@pytest.fixture
def mount(tmp_path):
    """A folder on a file system of its own, with mount's options."""
    mounted = []

    def make(options):
        folder = tmp_path / "disk"
        folder.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if (
            os.name != "posix"
            or os.geteuid() != 0
            or subprocess.run(command, check=False).returncode
        ):
            pytest.skip("needs the right to mount a file system")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_fails_the_notebook_that_fills_it(published, arguments, suite, mount):
    disk = mount("size=8m")
    shutil.copytree(published, disk / "reports")
    before = files_of(published)
    suite(**{"02_second": ["open('large', 'wb').write(bytes(20_000_000))"]})
    run = cx(*arguments, "--out", disk / "reports", "--jobs", "1")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "second, 2026Q1: failed" in run.stdout
    assert "cell 2 (open('large'" in run.stdout
    assert "No space left on device" in run.stdout
    after = files_of(disk / "reports")
    assert after["2026Q1/second.html"] == before["2026Q1/second.html"]
    assert "large" not in " ".join(after)


def test_a_disk_without_room_for_anything_leaves_the_reports_as_they_are(
    published, arguments, suite, mount
):
    disk = mount("size=2m")
    shutil.copytree(published, disk / "reports")
    before = files_of(published)
    with (disk / "ballast").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    suite(**{"02_second": ["print('new')"]})
    run = cx(*arguments, "--out", disk / "reports")
    assert run.returncode in (1, 2)
    assert "No space left on device" in run.stdout + run.stderr
    after = {n: c for n, c in files_of(disk / "reports").items() if n.startswith("2026Q1")}
    assert after == {n: c for n, c in before.items() if n.startswith("2026Q1")}


def test_a_folder_that_cannot_be_written_is_told_before_anything_runs(published, arguments, mount):
    disk = mount("size=8m")
    shutil.copytree(published, disk / "reports")
    before = files_of(disk)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    run = cx(*arguments, "--out", disk / "reports", "--fresh")
    assert (run.returncode, run.stderr.count("\n")) == (2, 1)
    assert "Read-only file system" in run.stderr
    assert "published" not in run.stdout
    assert files_of(disk) == before


# Signals, and two runs at once ------------------------------------------------------------------


def start(arguments, out, *options):
    """Start a run in the background; gives its process and the mark that all its processes bear."""
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "-c", "from cxlib.cli import main; main()"]
        + [str(each) for each in [*arguments, "--out", out, "--log-json", *options]],
        cwd=ROOT, env=os.environ | {MARK: mark}, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    return process, mark


def until_it_runs(process, notebook, cell=2):
    for line in process.stdout:
        event = json.loads(line)
        if (
            event["event"] == "cell"
            and event["notebook"].startswith(notebook)
            and event["cell"] == cell
        ):
            return
    raise AssertionError(process.stderr.read())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_changes_nothing_and_leaves_no_process(
    number, code, published, arguments, suite
):
    before = files_of(published)
    suite(
        **{
            "02_second": [
                "import subprocess\nsubprocess.Popen(['sleep', '60'])\n"
                "subprocess.Popen(['sleep', '60'], start_new_session=True)",
                "import time; time.sleep(60)",
            ]
        }
    )
    process, mark = start(arguments, published)
    until_it_runs(process, "second", cell=3)
    time.sleep(1)  # in which the run sees what the cell has started
    # As a terminal does it: to the whole group.
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    assert errors == "cx: stopped; what was published is as it was\n"
    assert wait_for(lambda: not left_behind(mark)), left_behind(mark)
    assert files_of(published) == before


def test_a_killed_run_leaves_no_process_and_the_next_one_puts_things_right(
    published, arguments, suite
):
    before = files_of(published)
    suite(**{"02_second": ["import time; time.sleep(60)"]})
    process, mark = start(arguments, published)
    until_it_runs(process, "second")
    process.kill()
    process.communicate()
    assert wait_for(lambda: not left_behind(mark)), left_behind(mark)
    assert {n: c for n, c in files_of(published).items() if ".cx/work" not in n} == before
    suite(**{"02_second": ["print('again')"]})
    assert cx(*arguments, "--out", published).returncode == 0
    assert not (published / ".cx" / "work").exists()


def test_a_run_killed_between_its_two_renames_is_put_right(published, arguments, suite):
    before = files_of(published / "2026Q1")
    (published / ".cx" / "aside").mkdir()
    os.replace(published / "2026Q1", published / ".cx" / "aside" / "2026Q1")
    (published / ".cx" / "work").mkdir()
    suite(**{"02_second": ["1 / 0"]})
    assert cx(*arguments, "--out", published).returncode == 1
    assert files_of(published / "2026Q1")["second.html"] == before["second.html"]
    assert {path.name for path in published.iterdir()} == {"2026Q1", "index.html", ".cx"}


def test_a_second_run_into_the_same_folder_waits_and_says_so(published, arguments, suite):
    suite(**{"02_second": ["import time; time.sleep(15); print('first of two')"]})
    first, _ = start(arguments, published)
    until_it_runs(first, "second")
    second = cx(*arguments, "--out", published, "--fresh")
    assert first.wait(timeout=60) == 0
    first.communicate()
    assert second.returncode == 0, second.stderr
    assert "another run is writing into" in second.stdout
    assert "first of two" in (published / "2026Q1" / "second.html").read_text()


def test_another_dataset_or_filter_does_not_overwrite_a_report(published, arguments):
    before = files_of(published)
    run = cx(*arguments, "--out", published, "--where", "region = 'EMEA'")
    assert run.returncode == 2
    assert "holds the pages of 'Small', unfiltered; name another folder with --out" in run.stderr
    assert files_of(published) == before
