"""The experience sheet: numbers from data, words from people, and saving what is written."""

import ipywidgets as widgets
import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.errors import ArgumentError
from cxlib.journeys.contacts import measured
from cxlib.journeys.explore import edit_sheet
from cxlib.journeys.sheet import TOLD, save_told, sheet_of, told_of_persona

COUNTS = pd.DataFrame({"step": ["use", "use", "need"], "channel": ["phone", "web", "web"],
                       "contacts": [30, 10, 4]})  # fmt: skip


def told(**texts) -> pd.DataFrame:
    return pd.DataFrame([dict.fromkeys(("persona", "stage", *TOLD)) | texts])


@pytest.fixture
def empty(data):
    return measured(data.attach("customers", pd.DataFrame({"customer_id": [], "persona": []})),
                    ["ces"], ["persona", "touchpoint"])  # fmt: skip


def test_a_sheet_says_what_is_known_and_what_would_fill_the_rest(empty):
    rows = told(persona="b", stage="experience", actions="Looks for help", feelings="Rushed",
                evidence="12 interviews")  # fmt: skip
    sheet = sheet_of(["Administrators", "B"], COUNTS, empty, "ces", rows)
    assert sheet.cells.loc["Touchpoints and channels"].tolist() == [
        "need 4 contacts; mostly by web (100%)", "(No contacts here)",
        "use 40 contacts; mostly by phone (75%)", "(No contacts here)",
    ]  # fmt: skip
    assert sheet.cells.experience["Actions"] == "Looks for help"
    assert sheet.cells.experience["Thoughts and feelings"] == "Rushed"
    assert sheet.cells.experience["How we know"] == "12 interviews"
    assert sheet.cells.connection["Actions"].startswith("(")
    # Five aspects that people tell, at four stages; two are told.
    assert sheet.empty == 18
    assert "18 cells to be filled" in sheet.table().caption
    assert 'class="table across"' in sheet.table()._repr_html_()


def test_what_is_written_is_kept_beside_what_others_wrote(tmp_path):
    (tmp_path / "dataset.toml").write_text('name = "Map"\n')
    texts = {"connection": {"actions": "Asks a friend", "needs": ""}, "mastery": {"actions": " "}}
    save_told(tmp_path, "Finance", texts)
    save_told(tmp_path, "Developers", {"exposure": {"needs": "A sample"}})
    save_told(tmp_path, "Finance", {"connection": {"actions": "Reads reviews"}})
    rows = pd.read_csv(tmp_path / "experience_map.csv")
    assert rows[["persona", "stage"]].to_numpy().tolist() == [
        ["Developers", "exposure"], ["Finance", "connection"]
    ]  # fmt: skip
    assert rows.actions.tolist()[1] == "Reads reviews"
    assert [each.name for each in tmp_path.iterdir() if each.suffix == ".new"] == []


def test_a_map_from_a_mapping_is_not_ours_to_write(tmp_path):
    (tmp_path / "dataset.toml").write_text('name = "Map"\n')
    (tmp_path / "experience_map.sql").write_text("SELECT 'A' AS persona, 'mastery' AS stage")
    with pytest.raises(ArgumentError, match="edit it there"):
        save_told(tmp_path, "A", {"mastery": {"actions": "Advises"}})


def test_the_form_saves_what_is_typed_and_shows_it_again(tmp_path):
    (tmp_path / "dataset.toml").write_text('name = "Map"\n')
    (tmp_path / "customers.csv").write_text("customer_id,account_id\n1,1\n")
    (tmp_path / "interactions.csv").write_text(
        "interaction_id,customer_id,started_at,channel\na,1,2026-07-01,phone\n"
    )
    data = open_dataset(tmp_path, "2026Q3")
    form = edit_sheet(data, ["Finance", "Developers"])
    choice, grid, (save, said) = form.children[0], form.children[1], form.children[2].children
    boxes = [each for each in grid.children if isinstance(each, widgets.Textarea)]
    assert len(boxes) == len(TOLD) * 4
    boxes[0].value = "Asks a friend"
    save.click()
    assert said.value == "Saved in experience_map.csv"
    choice.value = "Developers"
    assert boxes[0].value == ""
    choice.value = "Finance"
    assert boxes[0].value == "Asks a friend"
    again = open_dataset(tmp_path, "2026Q3").frame("experience_map")
    assert again[["persona", "stage", "actions"]].to_numpy().tolist() == [
        ["Finance", "connection", "Asks a friend"]
    ]  # fmt: skip


def test_a_map_kept_with_semicolons_is_edited_and_loses_no_row(tmp_path):
    (tmp_path / "experience_map.csv").write_text(
        "persona;stage;actions\nFinance;exposure;Compares\nFinance;exposure;Asks\nB;mastery;Helps\n"
    )
    mine = told_of_persona(tmp_path, "finance")
    assert mine.actions["exposure"] == "Compares; Asks"
    save_told(tmp_path, "Finance", {"exposure": {"actions": mine.actions["exposure"]}})
    rows = pd.read_csv(tmp_path / "experience_map.csv")
    assert rows.to_numpy().tolist() == [["B", "mastery", "Helps"],
                                        ["Finance", "exposure", "Compares; Asks"]]  # fmt: skip
    (tmp_path / "experience_map.csv").write_text("who\n1\n")
    with pytest.raises(ArgumentError, match="not readable"):
        told_of_persona(tmp_path, "Finance")
