"""The form in JupyterLab: what it asks, what it writes, and the page that it shows."""

import ipywidgets as widgets

from cxlib.data.marks import marks
from cxlib.onboard.form import OPEN, begin_form
from tests.onboard.conftest import lines


def calls(tmp_path):
    rows = [["call id", "customer_id", "Date", "agent", "handle_time"]]
    rows += [
        [f"K{n}", f"C{n % 9}", f"{n % 12 + 1:02}/07/2026", f"agent {n % 3}", "05:10"]
        for n in range(60)
    ]
    path = tmp_path / "calls.csv"
    path.write_text(lines(rows))
    return path


def parts_of(form):
    """The fields of a form by what they ask, its button, and where it tells what came of it."""
    *asked, button, told = form.children
    return {box.children[0].value: box.children[1] for box in asked}, button, told


def test_answers_are_written_and_the_first_page_is_shown(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr("cxlib.onboard.form.display", shown.append)
    folder = tmp_path / "mine"
    fields, button, _ = parts_of(begin_form(folder, [calls(tmp_path)]))
    assert not folder.exists()
    for text, field in fields.items():
        if "min" in text:
            field.value = "minutes"
        elif isinstance(field, widgets.RadioButtons):
            assert field.value == OPEN
            field.value = "month-first"
        else:
            field.value = "phone"
    button.click()
    sql = (folder / "interactions.sql").read_text()
    assert "'%m/%d/%Y'" in sql
    assert "answered: phone" in sql
    assert not [each for each in marks(folder) if "--answer" in each.text]
    assert (folder / "first page").is_dir()
    assert len(shown) == 1
    assert "<iframe" in shown[0].data


def test_a_mistake_is_one_line(tmp_path, capsys):
    folder = tmp_path / "mine"
    form = begin_form(folder, [calls(tmp_path)])
    folder.mkdir()
    (folder / "something").write_text("x")
    _, button, told = parts_of(form)
    button.click()
    said = capsys.readouterr().out + "".join(each.get("text", "") for each in told.outputs)
    assert "is not empty" in said
