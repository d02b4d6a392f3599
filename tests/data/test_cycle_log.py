"""The log of cycles: people edit it at once, and by hand, and nothing is lost."""

import json
import multiprocessing
import shutil
import time
from pathlib import Path

import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.data.cycle_log import HISTORY, history, read_log, save_cycle
from cxlib.errors import ArgumentError, CxError, DataError
from cxlib.pdca_cycles import form as cycle_form
from tests.conftest import ROOT, draws

WRITERS, EDITS = 8, draws(50, 8)
TEXT = (
    "cycle_id,title,kpi,do_date,target,owner,budget code\n"
    "P01,Call back,average_speed_of_answer,2026-01-05,80,Ann,007\n"
    "P02,Correct invoices,first_contact_resolution,2026-02-01,,Bob,\n"
)


@pytest.fixture
def folder(write):
    return write(cycles__csv=TEXT)


@pytest.fixture(params=["csv", "parquet"])
def either(write, request):
    folder = write(cycles__csv=TEXT)
    if request.param == "parquet":
        log = pd.read_csv(folder / "cycles.csv", dtype={"budget code": "str"})
        log["do_date"] = pd.to_datetime(log.do_date)
        log.to_parquet(folder / "cycles.parquet")
        (folder / "cycles.csv").unlink()
    return folder


def row(folder, cycle_id):
    log = read_log(folder)
    return log[log.cycle_id == cycle_id].iloc[0].to_dict()


def test_an_edit_changes_its_field_and_nothing_else(either):
    before = row(either, "P01")
    save_cycle(either, "P01", {"target": "75"}, before, "Eve")
    assert row(either, "P01") == before | {"target": "75"}
    assert row(either, "P01")["budget code"] == "007"
    assert row(either, "P02")["owner"] == "Bob"
    edits = history(either)
    assert edits[["by", "cycle_id", "name", "was", "now"]].to_numpy().tolist() == [
        ["Eve", "P01", "target", "80", "75"]
    ]
    assert open_dataset(either).tables["cycles"].target.max().execute() == 75


def test_a_cycle_is_added_once(either):
    new = {"title": "Videos", "kpi": "nps", "do_date": "2026-05-01", "scope": "channel = 'phone'"}
    save_cycle(either, "P03", new)
    assert row(either, "P03")["scope"] == "channel = 'phone'"
    with pytest.raises(ArgumentError, match="P03: is there already"):
        save_cycle(either, "P03", new)
    assert len(read_log(either)) == 3


def test_a_dataset_without_a_log_gets_one(write):
    folder = write()
    save_cycle(folder, "P01", {"title": "a", "kpi": "nps", "do_date": "2026-05-01"})
    assert open_dataset(folder).tables["cycles"].count().execute() == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"do_date": "soon"}, "cycle P01: do_date must be readable as date or time"),
        ({"target": "1,5"}, "cycle P01: target must be readable as number"),
        ({"title": ""}, "cycle P01: title must not be empty"),
        ({"impact": "9"}, "cycle P01: impact must be from 1 to 5"),
        ({"decision": "perhaps"}, "cycle P01: decision must be one of adopt, adapt, abandon"),
        ({"scope": "channel ="}, "not readable as a condition"),
    ],
)
def test_what_breaks_the_contract_is_not_written(folder, changes, message):
    before = (folder / "cycles.csv").read_bytes()
    with pytest.raises(CxError, match=message):
        save_cycle(folder, "P01", changes, row(folder, "P01"))
    assert (folder / "cycles.csv").read_bytes() == before
    assert not (folder / HISTORY).exists()
    assert not list(folder.glob(".cycles-*"))


def test_a_field_that_somebody_else_has_changed_is_not_overwritten(folder):
    seen = row(folder, "P01")
    save_cycle(folder, "P01", {"owner": "Cy"}, seen, "Cy")
    with pytest.raises(ArgumentError, match="owner was changed to 'Cy' by Cy since you looked"):
        save_cycle(folder, "P01", {"owner": "Di"}, seen, "Di")
    # Another field of the same cycle is nobody's quarrel; nor is the same value twice.
    save_cycle(folder, "P01", {"target": "70"}, seen, "Di")
    save_cycle(folder, "P01", {"owner": "Cy"}, seen, "Di")
    assert (row(folder, "P01")["owner"], row(folder, "P01")["target"]) == ("Cy", "70")


def test_editing_by_hand_works_as_well(folder):
    save_cycle(folder, "P01", {"target": "75"}, row(folder, "P01"))
    path = folder / "cycles.csv"
    path.write_text(path.read_text().replace("Bob", "Ben"))
    save_cycle(folder, "P02", {"target": "0.7"}, row(folder, "P02"))
    assert row(folder, "P02")["owner"] == "Ben"


def test_a_log_that_is_a_query_or_a_cycle_that_is_gone_says_so(folder):
    seen = row(folder, "P02")
    path = folder / "cycles.csv"
    path.write_text("\n".join(TEXT.splitlines()[:2]) + "\n")
    with pytest.raises(ArgumentError, match="no such cycle is in the log any more"):
        save_cycle(folder, "P02", {"target": "1"}, seen)
    (folder / "cycles.sql").write_text("SELECT 1")
    with pytest.raises(DataError, match="come from a query"):
        save_cycle(folder, "P01", {"target": "1"}, seen)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("cycle_id;title\nP01;a\n", "has no column cycle_id"),
        ("Cycle_ID,title\nP01,a\n", "has no column cycle_id"),
        ("cycle_id,title,title\nP01,a,b\n", "a name twice"),
        ("cycle_id,title\nP01,a,b\n", "row 1 has 3 values, and the first line 2 names"),
    ],
    ids=["empty", "semicolons", "another spelling", "twice", "a comma too many"],
)
def test_a_file_that_could_not_be_written_as_it_was_is_left_alone(folder, text, message):
    (folder / "cycles.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        save_cycle(folder, "P02", {"title": "b", "kpi": "nps", "do_date": "2026-01-01"})
    assert (folder / "cycles.csv").read_text() == text


def test_spaces_marks_and_line_ends_are_no_stumble(folder):
    text = '\ufeffcycle_id, title,kpi,do_date\r\n 007 ,"a, b",csat,2026-01-05\r\n'
    (folder / "cycles.csv").write_text(text, encoding="utf-8")
    save_cycle(folder, "007", {"title": "c"}, row(folder, "007"))
    assert (row(folder, "007")["title"], len(read_log(folder))) == ("c", 1)


def test_other_columns_of_a_parquet_log_keep_their_types(folder):
    log = pd.DataFrame(
        {
            "cycle_id": ["A", "B"], "title": ["a", "b"], "kpi": "nps",
            "do_date": pd.to_datetime(["2026-01-01 00:00", "2026-02-01 09:30"]), "sprint": [1, 2],
            "big": [True, False], "budget": pd.Series([0.1, 2.0], dtype="float32"),
        }
    )  # fmt: skip
    log.to_parquet(folder / "cycles.parquet")
    (folder / "cycles.csv").unlink()
    save_cycle(folder, "A", {"title": "x", "do_date": "2026-01-02 08:00"}, row(folder, "A"))
    save_cycle(folder, "B", {"target": "5"}, row(folder, "B"))
    after = pd.read_parquet(folder / "cycles.parquet")
    for name in ("sprint", "big", "budget"):
        pd.testing.assert_series_equal(after[name], log[name])
    assert after.do_date.tolist() == [pd.Timestamp("2026-01-02 08:00"), log.do_date[1]]
    assert (after.title.tolist(), after.target[1]) == (["x", "b"], 5.0)
    save_cycle(folder, "C", {"title": "c", "kpi": "nps", "do_date": "2026-03-01"})
    assert len(read_log(folder)) == 3


def edit_often(folder: Path, writer: int, gate) -> None:
    gate.wait()
    for number in range(EDITS):
        seen = row(folder, f"P{writer % 2 + 1:02}")
        save_cycle(
            folder, seen["cycle_id"], {f"note {writer}": f"{writer}.{number}"}, seen, str(writer)
        )


def test_eight_people_who_save_at_once_lose_nothing(folder):
    """Two logs' worth of edits of the same two rows, while the file is read all the time."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    gate = context.Barrier(WRITERS)
    people = [context.Process(target=edit_often, args=(folder, n, gate)) for n in range(WRITERS)]
    for each in people:
        each.start()
    looks = 0
    while any(each.is_alive() for each in people):
        # Whole at every moment: a header, two rows, and every row as long as the header.
        log = pd.read_csv(folder / "cycles.csv", dtype="str", keep_default_na=False)
        assert list(log.cycle_id) == ["P01", "P02"]
        assert list(log["title"]) == ["Call back", "Correct invoices"]
        looks += 1
        time.sleep(0.01)
    assert [each.exitcode for each in people] == [0] * WRITERS
    assert looks > 50
    edits = history(folder)
    assert len(edits) == WRITERS * EDITS
    expected = {f"{writer}.{number}" for writer in range(WRITERS) for number in range(EDITS)}
    assert set(edits.now) == expected
    for writer in range(WRITERS):
        assert row(folder, f"P{writer % 2 + 1:02}")[f"note {writer}"] == f"{writer}.{EDITS - 1}"
    for line in (folder / HISTORY).read_text().splitlines():
        json.loads(line)


# The form -----------------------------------------------------------------------------------------


def test_the_form_saves_what_was_changed_and_says_what_is_wrong(tmp_path):
    folder = tmp_path / "demo"
    shutil.copytree(ROOT / "data" / "demo", folder)
    data = open_dataset(folder, "2026Q3")
    form = cycle_form.cycle_form(data)
    boxes = {getattr(each, "description", ""): each for each in form.children}
    assert boxes["Cycle"].value == "P01"
    boxes["Target"].value = "75"
    boxes["Saved by"].value = "Ann"
    save, again = next(each.children for each in form.children if hasattr(each, "children"))
    save.click()
    assert row(folder, "P01")["target"] == "75"
    assert history(folder).by.tolist() == ["Ann"]
    told = cycle_form.save(data, "P01", {"impact": "9"}, row(folder, "P01"), "")
    assert told.sentence == (
        "Not saved. cycle P01: impact must be from 1 to 5, such as '#' (1 row)"
    )
    told = cycle_form.save(
        data, "P09", {"title": "x", "kpi": "joy", "do_date": "2026-11-01"}, None, ""
    )
    assert "kpi == 'joy', must be one of nps" in told.sentence
    assert (
        cycle_form.save(data, "P01", {}, row(folder, "P01"), "").sentence == "Nothing was changed."
    )
    boxes["Cycle"].value = cycle_form.NEW
    boxes["Id"].value, boxes["Title"].value, boxes["Kpi"].value = "P09 ", "New", "nps"
    boxes["Do date"].value = "2026-11-01"
    save.click()
    assert row(folder, "P09")["title"] == "New"
    assert boxes["Cycle"].value == "P09"
    # Somebody else changes it: the form refuses, and shows theirs when asked to look again.
    save_cycle(folder, "P09", {"title": "Newer"}, row(folder, "P09"), "Bob")
    boxes["Title"].value = "Newest"
    save.click()
    assert row(folder, "P09")["title"] == "Newer"
    again.click()
    assert boxes["Title"].value == "Newer"
    boxes["Title"].value = "Newest"
    save.click()
    assert row(folder, "P09")["title"] == "Newest"
