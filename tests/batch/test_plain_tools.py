"""Papermill and nbconvert by themselves make a page that needs no network and has its alt texts."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, write_suite

CELLS = [
    f'import cxlib as cx\ndata = cx.open_dataset({str(ROOT / "data" / "demo")!r}, "2026Q3")',
    'cx.Section(cx.plot(cx.measure(data, ["nps"], period="quarter")))',
    """from cxlib.page.figure import Figure
import matplotlib.figure
Figure(matplotlib.figure.Figure(), 'A "quote" <b>')""",
]


@pytest.mark.browser
def test_a_page_of_plain_nbconvert_loads_nothing_and_keeps_its_alt_texts(tmp_path, visit):
    suite = write_suite(tmp_path / "suite", **{"01_plain": CELLS})
    for name, *arguments in (
        ["papermill", "01_plain.ipynb", "made.ipynb", "--no-progress-bar"],
        ["jupyter-nbconvert", "--to", "html", "--template", "cx", "--no-input", "made.ipynb"],
    ):
        command = [Path(sys.executable).with_name(name), *arguments]
        run = subprocess.run(command, cwd=suite, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr[-2000:]
    page, faults = visit(suite / "made.html")
    assert faults == []
    pictures = page.locator("img")
    assert pictures.count() == 2
    assert "Net Promoter Score" in pictures.first.get_attribute("alt")
    assert pictures.last.get_attribute("alt") == 'A "quote" <b>'
