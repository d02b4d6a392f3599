"""What a run says: lines, live rows in a terminal, JSON, or only what went wrong."""

import json
import os
import pty
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT, cx


@pytest.fixture
def arguments(write, suite, tmp_path):
    folder = suite(**{"01_good": ["x = 1"], "02_bad": ["1 / 0"]})
    out = tmp_path / "out"
    return ["report", "2026Q1", "--dataset", write(), "--notebooks", folder, "--out", out]


def test_plain_lines_where_nobody_looks_on(arguments):
    run = cx(*arguments)
    assert run.returncode == 1
    assert re.search(r"\[\d/2\] good, 2026Q1: published in [\d.]+ s\n", run.stdout)
    assert "bad, 2026Q1: failed in" in run.stdout
    assert "\x1b" not in run.stdout
    assert run.stderr == ""


def test_quiet_says_only_what_went_wrong(arguments):
    run = cx(*arguments, "--quiet")
    assert (run.returncode, run.stdout) == (1, "")
    line = "bad, 2026Q1: failed: cell 2 (1 / 0): ZeroDivisionError: division by zero\n"
    assert run.stderr == line


def test_json_lines_for_other_programs(arguments):
    run = cx(*arguments, "--log-json")
    events = [json.loads(line) for line in run.stdout.splitlines()]
    assert next(each for each in events if each["event"] == "begin")["notebooks"] == 2
    cells = [(each["notebook"], each["cell"]) for each in events if each["event"] == "cell"]
    assert ("good, 2026Q1", 2) in cells
    ends = {each["notebook"]: each["status"] for each in events if each["event"] == "end"}
    assert ends == {"good, 2026Q1": "published", "bad, 2026Q1": "failed"}
    assert all(isinstance(each["time"], float) for each in events)


def test_live_rows_in_a_terminal(arguments, suite):
    suite(**{"01_good": ["import time; time.sleep(2)"]})
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from cxlib.cli import main; main()", *map(str, arguments)],
        cwd=ROOT, stdout=terminal, stderr=terminal, stdin=terminal,
        env=os.environ | {"TERM": "xterm-256color", "COLUMNS": "120"},
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    try:
        while chunk := os.read(main, 65_536):
            shown += chunk
    except OSError:
        pass  # so a terminal tells that nobody writes to it any more
    os.close(main)
    assert process.wait() == 1
    text = shown.decode()
    assert re.search(r"good, 2026Q1: cell 2 of 2, \d s", text)
    assert "good, 2026Q1: published in" in text
