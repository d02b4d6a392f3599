"""The notebooks as files, under plain papermill, and in JupyterLab's own kernel."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

from tests.conftest import LONG, ROOT

START, *NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# Under papermill alone, all of them where there is time; they run in two other ways besides.
UNDER_PAPERMILL = NOTEBOOKS if LONG else [NOTEBOOKS[2], NOTEBOOKS[5]]
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@each_notebook
def test_a_notebook_reads_like_an_article(path):
    cells = nbformat.read(path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    for cell in code:
        assert not cell.outputs
        assert cell.execution_count is None
        assert not re.search(r"^\s*(def|class) ", cell.source, re.MULTILINE)
        assert len(cell.source.splitlines()) <= 10
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert prose[0].startswith("# ")
    assert any(each.startswith("## What this cannot tell") for each in prose)
    assert any(each.startswith("## Explore") for each in prose)


@pytest.mark.parametrize("path", UNDER_PAPERMILL, ids=lambda path: path.stem)
def test_a_notebook_runs_under_plain_papermill(path, tmp_path):
    out = tmp_path / path.name
    run = subprocess.run(
        [sys.executable, "-m", "papermill", f"notebooks/{path.name}", str(out), "-p", "quarter", "2026Q2", "--no-progress-bar"],
        cwd=ROOT, env=os.environ | {"CX_OUTPUT": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    executed = nbformat.read(out, as_version=4)
    assert all(cell.execution_count for cell in executed.cells if cell.cell_type == "code")
    assert "2026Q2" in str(executed)


@each_notebook
def test_a_notebook_runs_top_to_bottom_in_its_own_kernel(path, tmp_path, monkeypatch):
    """As JupyterLab does: the kernel of the notebook's metadata, started beside the notebook."""
    monkeypatch.setenv("CX_OUTPUT", str(tmp_path))
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute()
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
    kinds = {
        kind
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        for kind in output.get("data", {})
    }
    assert "application/vnd.jupyter.widget-view+json" in kinds


def test_the_recipes_to_start_with_are_short_and_run(tmp_path, monkeypatch):
    """Ten of at most three lines, each run with an export of one's own."""
    notebook = nbformat.read(START, as_version=4)
    given, *cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert sum(cell.source.startswith("## ") for cell in notebook.cells) == 10
    assert all(len(cell.source.splitlines()) <= 3 and not cell.outputs for cell in cells)
    raw = tmp_path / "calls.csv"
    raw.write_text(
        "Ticket,Contact,Opened,Channel\n1,A7,2026-03-01 10:00,phone\n2,B2,2026-03-02 11:30,mail\n"
    )
    given.source += f"\nraw, mine = {str(raw)!r}, {str(tmp_path / 'mine')!r}"
    given.source += f"\ndataset = {str(ROOT / 'data' / 'demo')!r}"
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=300, resources=resources).execute()
    shown = "".join(output.get("text", "") for cell in cells for output in cell.outputs)
    assert "account_tiers: " in shown  # what `cx list` says
    kinds = {kind for cell in cells for output in cell.outputs for kind in output.get("data", {})}
    assert (
        "application/vnd.jupyter.widget-view+json" in kinds
    )  # the form that asks about the export
    for name in ("service.png", "by_region.csv"):
        assert (tmp_path / name).stat().st_size > 200
