"""Warm kernels: real kernels, each in a process of its own, reached through socket files only."""

import json
import os
import re

import nbformat
import pytest

from tests.conftest import COMMON, LONG, cx

RUNS = 200 if LONG else 60

ASK = """
import json, os, psutil
family = [psutil.Process(), *psutil.Process().parents()[:2]]
print(json.dumps({
    "pid": os.getpid(),
    "folder": os.getcwd(),
    "parent": os.getppid(),
    "tcp": [str(each) for process in family for each in process.net_connections(kind="tcp")],
    "sockets": [each.laddr for each in psutil.Process().net_connections(kind="unix")],
    "loaded": "seaborn" in __import__("sys").modules,
    "drawn": float(__import__("numpy").random.random()),
}))
"""


def outputs(out, name):
    notebook = nbformat.read(out / "2026Q1" / "notebooks" / f"{name}.ipynb", as_version=4)
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def answer(out, name):
    return json.loads(outputs(out, name)[0].text)


@pytest.mark.skipif(os.name != "posix", reason="forks")
def test_each_notebook_has_a_warm_process_folder_and_sockets_of_its_own(write, suite, tmp_path):
    out = tmp_path / "out"
    folder = suite(**{"01_a": [ASK, "import seaborn"], "02_b": [ASK]})
    # Not forked from what has imported everything: what the fork server imports is looked at.
    run = cx("report", "2026Q1", "--dataset", write(), "--notebooks", folder, "--out", out,
             forked=False)  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    a, b = answer(out, "01_a"), answer(out, "02_b")
    assert a["tcp"] == b["tcp"] == []
    assert a["loaded"]
    assert b["loaded"]
    for name in ("pid", "parent", "folder", "drawn"):
        assert a[name] != b[name]
    own = [{path for path in each["sockets"] if "kernel-ipc" in path} for each in (a, b)]
    assert own[0]
    assert own[1]
    assert not own[0] & own[1]


def test_ordinary_kernels_do_where_forking_is_not_possible(write, suite, tmp_path):
    out = tmp_path / "out"
    folder = suite(**{"01_a": [ASK]})
    options = ["--notebooks", folder, "--out", out, "--no-fork"]
    run = cx("report", "2026Q1", "--dataset", write(), *options)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "kernels are not forked here" in run.stdout
    assert not answer(out, "01_a")["loaded"]
    assert answer(out, "01_a")["tcp"] == []
    assert any("kernel-ipc" in path for path in answer(out, "01_a")["sockets"])


def test_a_warm_kernel_shows_what_an_ordinary_one_shows(write, suite, tmp_path):
    cells = [
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "print('printed')",
        "import subprocess; subprocess.run(['echo', 'from a child'])",
        "import multiprocessing as m\np = m.get_context('fork').Process(target=print, args=('forked',))\np.start(); p.join()",
        "!echo shell",
        "1 + 1",
    ]
    folder, shown = suite(**{"01_a": cells}), []
    for option in ("--fork", "--no-fork"):
        out = tmp_path / option
        options = ["--notebooks", folder, "--out", out, option]
        run = cx("report", "2026Q1", "--dataset", write(), *options)
        assert run.returncode == 0, run.stdout + run.stderr
        data = [sorted(each.data) for each in outputs(out, "01_a") if "data" in each]
        # What is printed may come in one piece or in several.
        text = "".join(each.get("text", "") for each in outputs(out, "01_a"))
        shown.append((data, sorted(text.split())))
    assert shown[0] == shown[1]
    assert shown[0][0][0] == ["image/png", "text/plain"]
    assert {"printed", "forked", "shell"} <= set(shown[0][1])


def test_very_many_runs_four_at_once_all_succeed(write, suite, tmp_path):
    names = [f"{number:03}_n{number}" for number in range(RUNS + 1)]
    folder = suite(**{name: ["1 + 1"] for name in names})  # 000 is no report
    options = ["--notebooks", folder, "--out", tmp_path / "out", "--jobs", "4"]
    run = cx("report", "2026Q1", "--dataset", write(), *options)
    assert run.returncode == 0, run.stdout[-2000:]
    assert len(re.findall(r": published in", run.stdout)) == RUNS
    assert "failed" not in run.stdout


def test_a_parameter_reaches_the_kernel_as_it_was_given(write, suite, tmp_path):
    folder = suite(COMMON + 'code = "x"  # c\n', **{"01_a": ["print(repr(code))"]})
    options = ["--notebooks", folder, "--out", tmp_path / "out", "-p", "code=007"]
    assert cx("report", "2026Q1", "--dataset", write(), *options).returncode == 0
    assert outputs(tmp_path / "out", "01_a")[0].text == "'007'\n"
