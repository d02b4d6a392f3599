"""Bringing raw files in: what they are is stated, never guessed in silence."""

import shutil

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxlib.data import open_dataset
from cxlib.data.config import SCALES
from cxlib.data.contract import schemas
from cxlib.data.marks import line_of, marks
from cxlib.data.remedies import remedy
from cxlib.data.rules import UNREADABLE_TIME
from cxlib.errors import ArgumentError
from cxlib.onboard.start import begin
from cxlib.onboard.synonyms import plain, read_names
from tests.conftest import SHARED, cx

HEAD = ("ticket no", "customer_id", "opened at", "source", "wait")
ROWS = [("1", "A7", "{}", "phone", "1{}5"), ("2", "A8", "{}", "chat", "0{}25"),
        ("3", "A9", "{}", "phone", "12{}75")]  # fmt: skip


def tickets(mark=";", dates=("31/01/2026", "02/02/2026", "03/02/2026"), decimal=",", extra=""):
    lines = [mark.join(HEAD)]
    for row, date in zip(ROWS, dates, strict=True):
        cells = [*row[:2], date, row[3], row[4].format(decimal)]
        lines.append(mark.join(f'"{cell}"' if mark in cell else cell for cell in cells))
    return "\n".join(lines) + "\n" + extra


@pytest.fixture
def begun(tmp_path):
    """Begin a dataset from one raw file, and open it."""

    def make(content: bytes, name="tickets.csv", **answers):
        raw = tmp_path / "exports" / name
        raw.parent.mkdir(exist_ok=True)
        raw.write_bytes(content)
        folder = tmp_path / "mine"
        return begin(folder, [raw], answers), folder

    return make


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_marks_and_encodings_come_to_the_same_rows(begun, mark, encoding):
    text = tickets(mark).replace("phone", "Büro")
    lines, folder = begun(text.encode(encoding))
    data = open_dataset(folder, raw_ids=True)
    rows = data.tables["interactions"].execute().sort_values("interaction_id")
    assert list(rows.wait_seconds) == [1.5, 0.25, 12.75]
    assert list(rows.started_at) == list(pd.to_datetime(["2026-01-31", "2026-02-02", "2026-02-03"]))
    assert list(rows.channel) == ["Büro", "chat", "Büro"]
    told = "\n".join(lines)
    assert "decimal comma" in told
    assert "dates as %d/%m/%Y" in told
    if encoding == "utf-8-sig":
        assert "byte-order mark" in told
    elif encoding == "cp1252":
        assert "lines 2, 4 are not UTF-8, and read as cp1252" in told
    elif encoding == "utf-16":
        assert "written in utf-16" in told


def test_a_date_that_can_be_read_both_ways_is_asked_about_and_marked(begun):
    both = tickets(dates=("03/02/2026", "04/02/2026", "05/02/2026")).encode()
    for answers, months in (({}, [2, 2, 2]), ({"dates": "month-first"}, [3, 4, 5])):
        _, folder = begun(both, **answers)
        moments = open_dataset(folder).tables["interactions"].started_at.execute()
        assert sorted(each.month for each in moments) == months
        asked = [each.text for each in marks(folder) if "3 February 2026" in each.text]
        assert len(asked) == (not answers)
        answer = (folder / "answers.toml").read_text()
        assert ('\n"tickets.opened at.dates" = "month-first"' in answer) == bool(answers)
        assert ('\n# "tickets.opened at.dates" = "day-first"' in answer) != bool(answers)
        shutil.rmtree(folder)


def test_answers_that_were_written_down_can_be_given_again(begun, tmp_path):
    both = tickets(dates=("03/02/2026", "04/02/2026", "05/02/2026")).encode()
    _, folder = begun(both, dates="month-first")
    again = tmp_path / "again"
    run = cx("init", again, "--from", tmp_path / "exports" / "tickets.csv", "--answers",
             folder / "answers.toml")  # fmt: skip
    assert run.returncode == 0, run.stderr
    name = "interactions.sql"
    assert (again / name).read_text() == (folder / name).read_text()


def test_one_value_above_twelve_settles_the_order_of_all(begun):
    lines, folder = begun(tickets(dates=("03/02/2026", "04/02/2026", "05/13/2026")).encode())
    assert "dates as %m/%d/%Y" in "\n".join(lines)
    assert open_dataset(folder).tables["interactions"].started_at.max().execute().month == 5


def test_a_comma_that_may_part_thousands_is_asked_about(begun):
    text = "customer_id;opened_at;channel;cost\n" + "".join(
        f"{n};2026-01-0{n};phone;{n},250\n" for n in (1, 2, 3)
    )
    for answer, cost in (("comma", [1.25, 2.25, 3.25]), ("point", [1250, 2250, 3250])):
        _, folder = begun(text.encode(), decimal=answer)
        assert list(open_dataset(folder).tables["interactions"].cost.execute()) == cost
        assert not [each for each in marks(folder) if "decimal" in each.text]
        shutil.rmtree(folder)
    _, folder = begun(text.encode())
    assert [each for each in marks(folder) if "may be 1.250 (decimal comma) or 1250" in each.text]


def test_mixed_values_are_stated_and_set_apart_with_their_count(begun):
    dates = [f"{day:02}/01/2026" for day in range(1, 31)] + ["soon"]
    text = "ticket_id,customer_id,opened_at,channel\n" + "".join(
        f"{n},C{n},{date},phone\n" for n, date in enumerate(dates)
    )
    lines, folder = begun(text.encode())
    assert "mixed: in 1 row no time, such as 'soon'" in "\n".join(lines)
    intake = {each.table: each for each in open_dataset(folder).intake}
    assert (intake["interactions"].read, intake["interactions"].used) == (31, 30)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"a,b\n", "0 rows"),
        (b"a,b\n1,2\n3,4\n5,6\n1,2,3\n", "line 5 is set apart, since it has 3 values"),
        (b"a,a\n1,2\n", "'a' stands twice; the second is called a_2"),
        (b"colour,size\nred,7\nblue,8\n", "nothing tells surely what it is"),
        (b"\x00\x01\x02\x00\x00\x03\xff", "has bytes of zero"),
    ],
)
def test_whatever_a_file_is_a_folder_is_written_and_says_so(begun, content, words):
    lines, folder = begun(content)
    assert words in "\n".join(lines)
    assert words in (folder / "found.txt").read_text()
    assert (folder / "dataset.toml").is_file()
    assert marks(folder)
    run = cx("check", "--dataset", folder)
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1, run.stderr


def test_a_file_that_is_not_there_is_refused_and_leaves_nothing_behind(tmp_path):
    notes = tmp_path / "notes.docx"
    notes.write_bytes(b"PK")
    for path, words in ((notes, "is no raw file"), (tmp_path, "is a folder; name the files in it"),
                        (tmp_path / "no.csv", "there is no such file")):  # fmt: skip
        with pytest.raises(ArgumentError, match=words):
            begin(tmp_path / "mine", [path])
        assert not (tmp_path / "mine").exists()


def test_guesses_are_marked_and_check_lists_them_with_their_lines(begun):
    _, folder = begun(tickets().encode())
    left = marks(folder)
    assert [each.text for each in left if "wait" in each.text]
    for mark in left:
        line = (folder / mark.file).read_text().splitlines()[mark.line - 1]
        assert mark.text in line
    run = cx("check", "--dataset", folder)
    assert run.returncode == 0
    for mark in left:
        assert f"{mark.file}, line {mark.line}: {mark.text}" in run.stdout


def test_check_says_the_line_of_a_fault_and_what_to_write(begun):
    _, folder = begun(tickets(dates=("2026-01-31", "2026-02-02", "2026-02-03")).encode())
    sql = (folder / "interactions.sql").read_text().replace('"opened at"', "'31.12.2025'")
    (folder / "interactions.sql").write_text(sql)
    run = cx("check", "--dataset", folder)
    assert run.returncode == 2
    assert "interactions.sql" in run.stderr
    sql = sql.replace(
        "'31.12.2025'", "CASE WHEN source = 'chat' THEN '31.12.2025' ELSE \"opened at\" END"
    )
    (folder / "interactions.sql").write_text(sql)
    run = cx("check", "--dataset", folder)
    line = line_of(folder / "interactions.sql", "started_at")
    assert (
        f"interactions.sql, line {line}: started_at == '31.12.2025' (row 2 of its result)"
        in run.stdout
    )
    # What is to be written, with what stands there.
    given = (
        "coalesce(CAST(try_strptime(CASE" if "try_strptime" in sql else "CASE WHEN source = 'chat'"
    )
    assert f"write strptime({given}" in run.stdout
    assert ", '%d.%m.%Y')" in run.stdout


def test_the_command_writes_a_folder_that_check_accepts(tmp_path):
    raw = tmp_path / "tickets.csv"
    raw.write_text(tickets())
    run = cx("init", tmp_path / "mine", "--from", raw)
    assert run.returncode == 0, run.stderr
    assert "tickets.csv: 3 rows, 5 columns, separated by semicolons" in run.stdout
    again = cx("init", tmp_path / "mine", "--from", raw)
    assert again.returncode == 2
    assert "is not empty" in again.stderr
    wrong = cx("init", tmp_path / "other", "--from", raw, "--dates", "middle")
    assert wrong.returncode == 2
    assert "must be day-first or month-first" in wrong.stderr


def test_words_of_an_outcome_may_tell_who_gave_up(begun):
    lines = ["call id,customer_id,started_at,wait,outcome,agent"]
    lines += [
        f"{n},A{n},2026-01-05 10:00,12,{'HANG' if n % 3 else 'AGENT'},"
        f"{'NOBODY' if n % 2 else f'agent {n}'}"
        for n in range(60)
    ]
    _, folder = begun("\n".join(lines).encode(), name="calls.csv")
    sql = (folder / "interactions.sql").read_text()
    assert "outcome IN ('HANG') AS abandoned" in sql
    asked = [each.text for each in marks(folder)]
    assert [each for each in asked if "it holds HANG, AGENT; which are given up?" in each]
    assert [each for each in asked if "write nullif(agent, 'NOBODY')" in each]
    data = open_dataset(folder, raw_ids=True)
    assert int(data.tables["interactions"].abandoned.sum().execute()) == 40


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("2026-01-20", "their days overlap, 2026-01-20 to 2026-01-31"),
        ("2026-02-01", "their days do not overlap"),
    ],
)
def test_days_that_stand_in_two_files_are_told(tmp_path, second, said):
    files = []
    for name, first, last in (("old", "2026-01-01", "2026-01-31"), ("new", second, "2026-03-31")):
        days = pd.date_range(first, last).strftime("%Y-%m-%d")
        lines = ["account_id,invoice_date,amount", *(f"7,{day},10.5" for day in days)]
        files.append(tmp_path / f"{name}.csv")
        files[-1].write_text("\n".join(lines))
    begin(tmp_path / "mine", files)
    assert said in (tmp_path / "mine" / "revenue.sql").read_text()


def test_every_name_belongs_to_a_column_of_the_contract():
    contract, names = schemas(SCALES), read_names()
    for level in (names.sure, names.perhaps):
        for table, columns in level.items():
            assert set(columns) <= set(contract[table].columns), table
            assert all(len(words) == len(set(words)) for words in columns.values())
    for vendor in names.vendors:
        for table, columns in vendor.columns.items():
            assert set(columns) <= set(contract[table].columns), vendor.title


@given(st.text())
def test_plain_names_are_names(name):
    assert set(plain(name)) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")


def test_remedies_show_both_readings_of_a_date():
    words = remedy("started_at", UNREADABLE_TIME, ["03/02/2026"])
    assert "3 February 2026" in words
    assert "2 March 2026" in words


@pytest.mark.shared
class TestRealFiles:
    def test_the_bank_is_understood_as_it_stands(self, tmp_path):
        begin(tmp_path / "bank", [SHARED / "data" / "anonymous_bank" / "calls_1999_02.txt"])
        data = open_dataset(tmp_path / "bank", raw_ids=True)
        rows = data.tables["interactions"]
        # Phantom calls are no contacts.
        assert int(rows.count().execute()) == 33_344 - 278
        raw = pd.read_csv(
            SHARED / "data" / "anonymous_bank" / "calls_1999_02.txt", sep="\t", dtype="str"
        )
        raw = raw.rename(columns=str.strip)
        raw = raw[raw.outcome.str.strip() != "PHANTOM"]
        began = pd.to_datetime(raw.date + " " + raw.vru_entry, format="%y%m%d %H:%M:%S")
        assert rows.started_at.min().execute() == began.min()
        assert rows.started_at.max().execute() == began.max()
        handled = rows.handle_seconds.sum().execute()
        assert handled == pytest.approx(raw.ser_time.astype(float).sum(), rel=1e-12)
        assert int(rows.abandoned.sum().execute()) == (raw.outcome.str.strip() == "HANG").sum()
