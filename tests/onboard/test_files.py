"""Raw files as people have them: nothing is lost in silence, whatever they look like."""

import gzip
import io
import json
import zipfile

import openpyxl
import pytest

from cxlib.data.engines.base import open_duckdb
from cxlib.data.raw.contents import parts_of
from cxlib.data.raw.tables import bring_part
from cxlib.errors import DataError
from tests.onboard.conftest import lines, tickets

QUOTED = 'T5,C5,2026-07-06 09:05:00,phone,"first line\nsecond, with a mark\nthird"\n'


def subject(n):
    """A column of texts that tell nothing."""
    return f"subject {n}"


class TestText:
    @pytest.mark.parametrize("above", [1, 3, 6])
    def test_titles_above_the_names(self, init, above):
        titles = "".join(["Report: Queue performance\n", "Interval: July 2026\n", "\n"] * 2)
        head = "".join(titles.splitlines(keepends=True)[:above])
        begun = init({"tickets.csv": head + lines(tickets(subject=subject))})
        assert f"the names of the columns stand in line {above + 1}" in begun.told
        assert begun.counts("interactions") == (40, 40)

    @pytest.mark.parametrize("below", ["Total: 40 rows\n", "\nExported by Ann\nConfidential\n"])
    def test_what_stands_below_the_table_is_told_and_is_no_fault(self, init, below):
        begun = init({"tickets.csv": lines(tickets(subject=subject)) + below})
        assert "below the table, is no row" in begun.told
        assert begun.counts("interactions") == (40, 40)

    @pytest.mark.parametrize("first", ["\r\n", "\r"])
    def test_lines_that_end_differently(self, init, first):
        rows = tickets(subject=subject)
        text = lines(rows[:20], end=first) + lines(rows[20:])
        begun = init({"tickets.csv": text.encode()})
        assert begun.counts("interactions") == (40, 40)
        assert set(begun.rows("interactions").channel) == {"phone"}

    def test_old_line_ends_alone(self, init):
        begun = init({"tickets.csv": lines(tickets(), end="\r").encode()})
        assert begun.counts("interactions") == (40, 40)

    @pytest.mark.parametrize(
        "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp1252"]
    )
    def test_encodings(self, init, encoding):
        rows = tickets(queue=lambda n: f"Büro {n % 3}")
        begun = init({"tickets.csv": lines(rows).encode(encoding)})
        assert set(begun.rows("interactions").team) == {"Büro 0", "Büro 1", "Büro 2"}

    def test_another_encoding_is_written_down_and_read_again(self, tmp_path):
        from cxlib.data import open_dataset
        from cxlib.onboard.start import begin

        raw = tmp_path / "tickets.csv"
        raw.write_bytes(lines(tickets(queue=lambda n: "Łódź")).encode("cp1250"))
        begin(tmp_path / "mine", [raw], encoding="cp1250")
        teams = open_dataset(tmp_path / "mine").tables["interactions"].team.execute()
        assert set(teams) == {"Łódź"}

    def test_a_single_bad_byte_is_named_by_its_line(self, init):
        text = lines(tickets(queue=lambda n: "Köln")).encode()
        text = text.replace(b"T7,", b"T7,").replace(b"T7,C7", b"T7,C7\xe9", 1)
        begun = init({"tickets.csv": text})
        assert "line 9 is not UTF-8, and read as cp1252" in begun.told
        assert "C7é" in set(begun.rows("interactions").customer_id)
        assert set(begun.rows("interactions").team) == {"Köln"}

    @pytest.mark.parametrize("opened", [3, 20, 37])
    def test_stray_quotes_swallow_no_rows(self, init, opened):
        rows = tickets(subject=subject)
        rows[opened][4] = '"great'
        rows[-1][4] = 'awful"'
        begun = init({"tickets.csv": lines(rows)})
        assert f"lines {opened + 1}, 41 a quote is opened or closed" in begun.told
        assert begun.counts("interactions") == (40, 40)

    def test_a_quote_that_nothing_closes(self, init):
        rows = tickets(subject=subject)
        rows[10][4] = '5" pipe'
        begun = init({"tickets.csv": lines(rows)})
        assert begun.counts("interactions") == (40, 40)

    def test_a_value_of_several_lines_stays_one(self, init):
        text = lines(tickets(subject=subject))
        rows = text.splitlines(keepends=True)
        begun = init({"tickets.csv": "".join([*rows[:6], QUOTED, *rows[7:]])})
        assert begun.counts("interactions") == (40, 40)
        assert "first line\nsecond, with a mark\nthird" in set(begun.rows("interactions").reason)

    def test_lines_that_are_no_rows_are_set_apart_by_number(self, init):
        rows = lines(tickets(subject=subject)).splitlines(keepends=True)
        begun = init(
            {"tickets.csv": "".join([*rows[:9], "T99,C9,too,many,values,here\n", *rows[9:]])}
        )
        assert "line 10 is set apart, since it has 6 values, and there are 5 columns" in begun.told
        assert begun.counts("interactions") == (41, 40)
        faults = begun.data().faults
        assert faults[["table", "row"]].to_numpy().tolist() == [["interactions", 10]]

    def test_marks_behind_the_last_value_are_no_columns(self, init):
        text = "".join(f"{line},,\n" for line in lines(tickets()).splitlines())
        begun = init({"tickets.csv": text})
        assert "2 empty columns without a name are left out" in begun.told
        assert begun.counts("interactions") == (40, 40)

    def test_a_column_without_a_name_that_has_values_stays(self, init):
        rows = tickets(x=lambda n: n)
        rows[0][4] = ""
        begun = init({"tickets.csv": lines(rows)})
        assert "a column without a name is called column_5" in begun.told
        assert "column_5" in begun.rows("interactions").columns

    def test_no_names_at_all(self, init):
        begun = init({"tickets.csv": lines(tickets()[1:])})
        assert "no line has names of columns" in begun.told
        assert begun.asked()

    def test_a_line_that_names_the_separator(self, init):
        begun = init({"tickets.csv": "sep=;\r\n" + lines(tickets(), ";", "\r\n")})
        assert begun.counts("interactions") == (40, 40)

    @pytest.mark.parametrize(
        "name", ["tickets.export.csv", "tickets 2026.csv", "my-tickets.v2.csv"]
    )
    def test_names_with_dots_and_blanks(self, init, name):
        assert init({name: lines(tickets())}).counts("interactions") == (40, 40)

    def test_qualtrics_three_lines_of_names(self, init):
        head = (
            "StartDate,EndDate,Progress,Finished,RecordedDate,ResponseId,ExternalReference,Q1,Q2\n"
        )
        questions = 'Start Date,End Date,Progress,Finished,Recorded Date,Response ID,External Data,"How likely are you to recommend us,\nto a friend?",Why?\n'
        ids = ",".join(['"{""ImportId"":""x""}"'] * 9) + "\n"
        rows = "".join(
            f"2026-07-0{n % 9 + 1} 09:00:00,2026-07-0{n % 9 + 1} 09:05:00,100,True,"
            f"2026-07-0{n % 9 + 1} 09:05:01,R_{n},C{n % 7},{n % 11},fine\n"
            for n in range(44)
        )
        begun = init({"responses.csv": head + questions + ids + rows})
        assert "known as an export of Qualtrics" in begun.told
        assert begun.counts("surveys") == (44, 44)
        surveys = begun.rows("surveys")
        assert set(surveys.metric) == {"nps"}
        assert sorted(surveys.score) == sorted(float(n % 11) for n in range(44))
        assert surveys.customer_id.nunique() == 7

    def test_surveymonkey_two_lines_of_names(self, init):
        text = (
            "Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,"
            "How likely is it that you would recommend us?,What could be better?\n"
            ",,,,,,Response,Open-Ended Response\n"
        ) + "".join(
            f"{1000 + n},7,07/{n % 28 + 1:02}/2026 09:00:00 AM,07/{n % 28 + 1:02}/2026 09:02:00 AM,1.2.3.4,"
            f"u{n % 5}@example.org,{n % 11},nothing\n"
            for n in range(33)
        )
        begun = init({"survey.csv": text})
        assert "names of columns stand in two lines, 1 and 2" in begun.told
        assert "known as an export of SurveyMonkey" in begun.told
        assert begun.counts("surveys") == (33, 33)
        assert begun.rows("surveys").customer_id.nunique() == 5


def book_of(sheets: dict, kind: str = "xlsx") -> bytes:
    """A workbook with sheets of rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


class TestOtherKinds:
    def test_a_workbook_of_several_sheets(self, init):
        answers = [["response_id", "customer_id", "sent_at", "nps"]]
        answers += [[f"R{n}", f"C{n % 10}", "2026-07-30", n % 11] for n in range(22)]
        book = book_of(
            {"Tickets Q3": [["All tickets"], [], *tickets()], "NPS": answers, "Notes": []}
        )
        begun = init({"support.xlsx": book})
        assert begun.counts("interactions") == (40, 40)
        assert begun.counts("surveys") == (22, 22)
        assert "FROM support_tickets_q3" in begun.sql("interactions")
        assert "FROM support_nps" in begun.sql("surveys")
        assert "support.xlsx, Tickets Q3: 40 rows" in begun.told

    def test_numbers_dates_and_durations_of_a_workbook(self, init):
        from datetime import datetime, timedelta

        rows = [["ticket id", "customer id", "created at", "channel", "handle time"]]
        rows += [[100 + n, 7 + n % 3, datetime(2026, 7, n + 1, 9, 30), "phone", timedelta(seconds=90 + n)]
                 for n in range(20)]  # fmt: skip
        begun = init({"book.xlsx": book_of({"Sheet1": rows})})
        found = begun.rows("interactions").sort_values("interaction_id")
        assert list(found.interaction_id)[:2] == ["100", "101"]
        assert set(found.customer_id) == {"7", "8", "9"}
        assert list(found.handle_seconds)[:2] == [90.0, 91.0]
        assert f"{found.started_at.iloc[0]}" == "2026-07-01 09:30:00"

    def test_days_as_serial_numbers(self, init):
        rows = [["account_id", "invoice_date", "amount"]]
        rows += [[f"A{n}", 46204 + n, 10 + n] for n in range(20)]
        begun = init({"book.xlsx": book_of({"Sheet1": rows})})
        assert f"{begun.rows('revenue').booked_at.min():%Y-%m-%d}" == "2026-07-01"
        assert "days since 1899-12-30" in begun.asked()

    def test_merged_names_sums_and_hidden_rows(self, init, tmp_path):
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "Bookings"
        sheet.append(["Account", "", "Booking", ""])
        sheet.append(["account id", "region", "invoice date", "amount"])
        for n in range(12):
            sheet.append([f"A{n}", "EMEA", f"2026-07-{n + 1:02}", 10])
        sheet.append(["Total", "", "", 120])
        sheet.merge_cells("A1:B1")
        sheet.row_dimensions[5].hidden = True
        book.save(tmp_path / "b.xlsx")
        begun = init({"book.xlsx": tmp_path / "b.xlsx"})
        assert "1 hidden row" in begun.told
        assert begun.rows("revenue").amount.sum() == 120
        assert "1 row with a word such as Total in front" in begun.told

    @pytest.mark.parametrize("notes", [("Note: calls of July only",),
                                       ("Source: the telephone system", "Printed on 1 August")])  # fmt: skip
    def test_notes_below_a_sheet_are_told_and_are_no_rows(self, init, notes):
        rows = [*tickets(30), [], *([each] for each in notes)]
        begun = init({"book.xlsx": book_of({"calls": rows})})
        assert begun.counts("interactions") == (30, 30)
        assert f"row 33, below the table, is no row: {notes[0]!r}" in begun.told

    @pytest.mark.parametrize("count", [12, 50])
    def test_two_tables_side_by_side_are_not_paired(self, init, count):
        other = [["account_id", "industry", "region"]]
        other += [[f"A{n}", "retail", "north"] for n in range(count)]
        first = tickets(30)
        first += [[""] * len(first[0])] * (len(other) - len(first))
        other += [[]] * (len(first) - len(other))
        rows = [[*one, None, *two] for one, two in zip(first, other, strict=True)]
        begun = init({"book.xlsx": book_of({"calls": rows})})
        assert begun.counts("interactions") == (30, 30)
        assert f"one of their own with {count} rows; they are left out" in begun.told
        assert "industry" not in begun.sql("accounts")

    def test_remarks_after_an_empty_column_stay_with_their_rows(self, init):
        first = tickets(30)
        rows = [[*first[0], None, "remark", "by"]]
        rows += [
            [*row, None, *(["late", "Ana"] if n % 3 == 1 else [])]
            for n, row in enumerate(first[1:])
        ]
        found = init({"book.xlsx": book_of({"calls": rows})}).rows("interactions")
        assert (found.remark == "late").sum() == 10

    def test_a_password_or_a_broken_workbook_is_said(self, init):
        begun = init({"book.xlsx": b"PK\x03\x04 broken"})
        assert "cannot be opened as a workbook" in begun.told
        assert begun.asked()

    def test_packed_text(self, init):
        begun = init({"tickets.csv.gz": gzip.compress(lines(tickets()).encode())})
        assert begun.counts("interactions") == (40, 40)
        assert "FROM tickets" in begun.sql("interactions")

    def test_an_archive(self, init):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("export/tickets.csv", lines(tickets()))
            archive.writestr(
                "export/nps.csv", "response_id,customer_id,sent_at,nps\nR1,C1,2026-07-09,9\n"
            )
            archive.writestr("__MACOSX/export/._nps.csv", "junk")
            archive.writestr("readme.pdf", "junk")
        begun = init({"export.zip": held.getvalue()})
        assert begun.counts("interactions") == (40, 40)
        assert begun.counts("surveys") == (1, 1)

    @pytest.mark.parametrize("kind", ["lines", "list", "pretty list", "within an object"])
    def test_json(self, init, kind):
        head, *rows = tickets()
        made = [dict(zip(head, row, strict=True)) | {"ticket_id": 10**19 + n, "user": {"plan": "pro"}}
                for n, row in enumerate(rows)]  # fmt: skip
        text = {
            "lines": "\n".join(map(json.dumps, made)) + "\n",
            "list": json.dumps(made),
            "pretty list": json.dumps(made, indent=2),
            "within an object": json.dumps({"count": 40, "tickets": made}, indent=1),
        }[kind]
        begun = init({"tickets.jsonl": text})
        assert begun.counts("interactions") == (40, 40)
        found = begun.rows("interactions")
        assert str(10**19 + 1) in set(found.interaction_id)
        assert set(found.user_plan) == {"pro"}

    def test_a_bad_line_of_json_is_set_apart(self, init):
        head, *rows = tickets()
        made = [json.dumps(dict(zip(head, row, strict=True))) for row in rows]
        begun = init({"tickets.jsonl": "\n".join([*made[:5], "{broken", *made[5:]]) + "\n"})
        assert "line 6 is set apart, since it is no JSON object" in begun.told
        assert begun.counts("interactions") == (41, 40)

    @pytest.mark.parametrize("packed", [True, False])
    def test_an_event_log_in_xes(self, init, packed):
        events = "".join(
            f'<event><string key="concept:name" value="{name}"/>'
            f'<string key="org:resource" value="Agent {n % 3}"/>'
            f'<date key="time:timestamp" value="2026-07-{n % 28 + 1:02}T09:{10 * place:02}:00+00:00"/></event>'
            for n in [0]
            for place, name in enumerate(("Open", "Take in charge", "Resolve"))
        )
        traces = "".join(
            f'<trace><string key="concept:name" value="Case {n}"/>'
            + events.replace("2026-07-01", f"2026-07-{n % 28 + 1:02}")
            + "</trace>"
            for n in range(12)
        )
        text = f'<?xml version="1.0"?><log xmlns="http://www.xes-standard.org/">{traces}</log>'.encode()
        name = "log.xes.gz" if packed else "log.xes"
        begun = init({name: gzip.compress(text) if packed else text})
        assert "an event log: 12 cases of 36 steps" in begun.told
        found = begun.rows("interactions")
        assert len(found) == 12
        assert set(found.wait_seconds) == {600.0}
        assert set(found.handle_seconds) == {600.0}
        assert found.resolved.all()

    def test_a_sheet_that_is_gone_is_named_with_those_that_are_there(self, init):
        begun = init({"book.xlsx": book_of({"Tickets": tickets(), "NPS": tickets()})})
        sql = begun.sql("interactions")
        (begun.folder / "interactions.sql").write_text(sql.replace("book_nps", "book_answers"))
        with pytest.raises(
            DataError, match=r"has no table 'book_answers'; it has: book_tickets, book_nps"
        ):
            begun.data()


def test_large_plain_text_goes_straight_to_the_engine(tmp_path):
    path = tmp_path / "plain.csv"
    path.write_text(lines(tickets(3_000)))
    connection = open_duckdb()
    found = bring_part(connection, parts_of(path)[0])
    assert (found.rows, found.notes, found.apart) == (3_000, (), ())
