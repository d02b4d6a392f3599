"""The questions of `cx init` as a form in JupyterLab, with the first page right below it."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from html import escape
from pathlib import Path

import ipywidgets as widgets
from IPython.display import HTML, display

from cxlib.data import open_dataset
from cxlib.data.marks import marks
from cxlib.data.quarter import Quarter
from cxlib.errors import CxError
from cxlib.onboard.questions import Question
from cxlib.onboard.start import begin, questions_of

OPEN = "leave open"
PAGE = "kpi_drivers"
WIDE = widgets.Layout(width="98%")


def begin_form(folder: str | Path, files: Sequence[str | Path]) -> widgets.VBox:
    """Ask what files do not tell, write the dataset's folder, and show its page on KPIs.

    Args:
        folder: Where; it must not hold anything yet.
        files: The raw files.

    Returns:
        The form. Whoever presses its button begins the dataset.
    """
    questions = questions_of(files)
    fields = {each.key: _field(each) for each in questions}
    button = widgets.Button(description="Begin the dataset", button_style="primary")
    told = widgets.Output()

    def pressed(_) -> None:
        answers = {
            key: field.value for key, field in fields.items() if field.value not in ("", OPEN)
        }
        with told:
            told.clear_output()
            try:
                _begin(Path(folder), files, answers)
            except CxError as error:
                print(error)

    button.on_click(pressed)
    asked = [
        widgets.VBox([widgets.HTML(_escaped(each.text)), fields[each.key]]) for each in questions
    ]
    return widgets.VBox([*asked, button, told])


def _field(question: Question) -> widgets.Widget:
    if not question.options:
        hint = f"{question.guess}, unless you say otherwise"
        return widgets.Text(value="", placeholder=hint, layout=WIDE)
    options = [(f"{OPEN} (taken as {question.guess})", OPEN)]
    options += [(f"{value}: {meaning}", value) for value, meaning in question.options.items()]
    return widgets.RadioButtons(options=options, layout=WIDE)


def _escaped(text: str) -> str:
    return f"<b>{escape(text)}</b>"


def _begin(folder: Path, files: Sequence[str | Path], answers: dict[str, str]) -> None:
    for line in begin(folder, files, answers):
        print(line)
    left = len(marks(folder))
    print(
        f"\n{folder}: {left} places are left to look at; cx check lists them."
        if left
        else f"\n{folder}"
    )
    data = open_dataset(folder)
    quarter = Quarter.holding(data.end - timedelta(days=1), data.config.fiscal_year_start)
    _show(folder, str(quarter))


def _show(folder: Path, quarter: str) -> None:
    """Publish the page on KPIs beside the dataset, and show it."""
    out = folder / "first page"
    command = Path(sys.executable).with_name("cx")
    words = [
        command,
        "report",
        quarter,
        "--dataset",
        folder,
        "--only",
        PAGE,
        "--out",
        out,
        "--quiet",
    ]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)
    page = out / quarter / f"{PAGE}.html"
    if not page.is_file():
        print(done.stderr or done.stdout)
        return
    source = escape(page.read_text(encoding="utf-8"), quote=True)
    style = "width: 100%; height: 40em; border: 0"
    display(HTML(f'<div><iframe srcdoc="{source}" style="{style}"></iframe></div>'))
