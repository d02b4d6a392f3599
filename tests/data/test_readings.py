"""What raw values are read as: rightly, or marked, or refused; never wrongly in silence."""

from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cxlib.data import open_dataset
from cxlib.data.marks import marks
from cxlib.data.remedies import remedy
from cxlib.data.rules import UNREADABLE_NUMBER, UNREADABLE_TIME
from cxlib.errors import DataError
from cxlib.onboard.start import begin
from tests.conftest import draws

DAYS = [date(2026, 1, 28) - timedelta(days=n) for n in range(28)]


@pytest.fixture
def started(tmp_path):
    """Begin a dataset from bookings or contacts; its folder and what was said."""

    def make(text, name="raw.csv", **answers):
        place = tmp_path / "exports"
        place.mkdir(exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
        lines = begin(tmp_path / "mine", [place / name], answers)
        return tmp_path / "mine", "\n".join(lines)

    return make


def bookings(amounts, days=DAYS, form="%d.%m.%Y", head="account_id;booked_at;amount"):
    rows = [
        f"A{n:02};{day:{form}};{amount}"
        for n, (day, amount) in enumerate(zip(days, amounts, strict=False))
    ]
    return "\n".join([head, *rows]) + "\n"


def contacts(columns, rows):
    return "\n".join([";".join(columns), *(";".join(row) for row in rows)]) + "\n"


def amounts_of(folder):
    rows = open_dataset(folder, raw_ids=True).tables["revenue"].order_by("account_id").execute()
    return rows.set_index("account_id").amount


class TestNumbers:
    def test_thousands_points_could_be_decimals(self, started):
        text = bookings(["1.250", "12.300"])
        folder, _ = started(text, decimal="comma")
        assert list(amounts_of(folder)) == [1250.0, 12300.0]

    def test_what_nobody_answers_is_guessed_and_marked(self, started):
        folder, _ = started(bookings(["1.250", "12.300"]))
        asked = "'1.250' may be 1250 (decimal comma) or 1.250"
        assert any(asked in each.text for each in marks(folder))

    @pytest.mark.parametrize(
        ("written", "value"),
        [("1,234.50", 1234.5), ("$1,234.50", 1234.5), ("-$20.00", -20.0), ("€ 1.234,50", 1234.5),
         ("1.234,50 EUR", 1234.5), ("99.90 CHF", 99.9)],
    )  # fmt: skip
    def test_money_is_read_and_told(self, started, written, value):
        folder, told = started(bookings([written] * 3))
        assert list(amounts_of(folder)) == [value] * 3
        assert "commas part the thousands" in told or "taken off" in told

    def test_a_word_among_numbers_takes_no_number_with_it(self, started):
        folder, told = started(bookings([f"{n},234.50" for n in range(1, 21)] + ["tbd"]))
        assert "in 1 row no number, such as 'tbd'" in told
        assert sorted(amounts_of(folder)) == [n * 1000 + 234.5 for n in range(1, 21)]
        assert any("1 row it is no number" in each.text for each in marks(folder))

    def test_several_odd_words_are_no_traceback(self, started):
        rows = [f"A{n};2026-01-{n + 1:02};{each}" for n, each in
                enumerate([*map(str, range(1, 26)), "n/a", "-"])]  # fmt: skip
        _, told = started("account_id;booked_at;amount\n" + "\n".join(rows) + "\n")
        assert "'-', 'n/a' stand for no value" in told

    def test_a_price_beside_a_total_is_no_second_amount(self, started):
        text = "account_id;booked_at;quantity;unit_price;total\n" + "".join(
            f"A{n};2026-01-{n + 1:02};2;100;150\n" for n in range(9)
        )
        folder, _ = started(text)
        assert set(amounts_of(folder)) == {150.0}


class TestDates:
    @pytest.mark.parametrize("form", ["%d.%m.%y", "%m/%d/%y", "%Y/%m/%d", "%d-%m-%Y"])
    def test_marks_and_centuries(self, started, form):
        folder, told = started(bookings(range(10, 38), form=form))
        assert f"dates as {form}" in told
        data = open_dataset(folder, raw_ids=True)
        assert sorted(data.tables["revenue"].booked_at.execute().dt.date) == DAYS[::-1]

    def test_a_year_in_front_could_be_a_day(self, started):
        text = bookings(range(12), days=[date(2026, 1, n) for n in range(1, 13)], form="%y-%m-%d")
        folder, _ = started(text)
        assert any("year first" in each.text for each in marks(folder))

    def test_two_orders_in_one_column_are_marked(self, started):
        days = ["03/02/2026"] * 100 + ["13/02/2026", "01/14/2026", "01/15/2026"]
        rows = "".join(f"A{n};{day};{n}\n" for n, day in enumerate(days))
        folder, _ = started("account_id;booked_at;amount\n" + rows)
        assert any("its dates are of two kinds" in each.text for each in marks(folder))

    @pytest.mark.parametrize(
        ("written", "what"),
        [("1767225600", "seconds since 1970"), ("1767225600000", "milliseconds since 1970"),
         ("46023", "days since 1899-12-30")],
    )  # fmt: skip
    def test_counts_of_time_are_read_and_marked(self, started, written, what):
        text = "account_id;createdAt;booked_at;amount\n" + f"A;x;{written};5\n" * 3
        folder, told = started(text)
        assert f"dates as {what}" in told
        assert any(what in each.text for each in marks(folder))
        booked = open_dataset(folder, raw_ids=True).tables["revenue"].booked_at.execute()
        assert set(booked.dt.tz_localize(None)) == {pd.Timestamp("2026-01-01")}

    def test_a_day_and_a_clock_without_seconds(self, started):
        rows = [[str(n), "A", f"{day:%d/%m/%Y}", "10:15", "phone"] for n, day in enumerate(DAYS)]
        folder, _ = started(contacts(["ticket_id", "customer_id", "date", "time", "channel"], rows))
        data = open_dataset(folder, raw_ids=True)
        assert set(data.tables["interactions"].started_at.execute().dt.strftime("%H:%M")) == {
            "10:15"
        }


class TestWords:
    HEAD = ("ticket_id", "customer_id", "created_at", "channel", "resolved", "region")

    def rows(self, **given):
        rows = []
        for n, day in enumerate(DAYS):
            row = {"ticket_id": f"T{n}", "customer_id": f"C{n}", "created_at": f"{day}",
                   "channel": "phone", "resolved": "true", "region": "EMEA"}  # fmt: skip
            rows.append([str(value) for value in (row | given).values()])
        return rows

    def test_yes_and_no_in_german_are_proposed_and_marked(self, started):
        rows = self.rows()
        for n, row in enumerate(rows):
            row[4] = "Ja" if n % 4 else "Nein"
        folder, _ = started(contacts(self.HEAD, rows))
        solved = open_dataset(folder, raw_ids=True).tables["interactions"].resolved.execute()
        assert (solved.sum(), len(solved)) == (21, 28)
        assert any("words such as 'Ja'" in each.text for each in marks(folder))

    def test_a_region_called_na_stays(self, started):
        rows = self.rows()
        for row in rows[:10]:
            row[5] = "NA"
        folder, _ = started(contacts((*self.HEAD[:5], "zone"), rows))
        zones = open_dataset(folder, raw_ids=True).tables["interactions"].zone.execute()
        assert (zones == "NA").sum() == 10

    def test_a_channel_unknown_loses_no_contact(self, started):
        rows = self.rows()
        for row in rows[:10]:
            row[3] = "Unknown"
        folder, _ = started(contacts(self.HEAD, rows))
        data = open_dataset(folder, raw_ids=True)
        assert next(each for each in data.intake if each.table == "interactions").used == 28

    def test_a_line_of_totals_is_marked(self, started):
        folder, told = started(bookings([1, 2, 3]) + "Total;28.01.2026;6\n")
        assert "1 row with a word such as Total in front" in told
        assert any("such as Total are sums" in each.text for each in marks(folder))
        assert list(amounts_of(folder)) == [1, 2, 3]

    def test_a_wait_without_a_unit_is_marked(self, started):
        rows = [[*row, "12"] for row in self.rows()]
        folder, _ = started(contacts((*self.HEAD, "wait_time"), rows))
        assert any("wait_time" in each.text for each in marks(folder))

    def test_columns_that_nobody_reads_are_told(self, started):
        _, told = started(
            bookings([f"{n};" for n in range(5)], head="account_id;booked_at;amount;x")
        )
        assert "not in the SQL: x" in told


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "words"),
        [(b"PK\x03\x04 book", "is a workbook or an archive by its content"),
         (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an old workbook by its content")],
    )  # fmt: skip
    def test_what_is_no_table_is_called_by_its_name(self, tmp_path, content, words):
        path = tmp_path / "raw.csv"
        path.write_bytes(content)
        assert words in "\n".join(begin(tmp_path / "mine", [path]))

    def test_two_raw_files_of_one_name_are_kept_apart(self, started, tmp_path):
        (tmp_path / "exports").mkdir()
        (tmp_path / "exports" / "raw.csv").write_text(bookings([1, 2], form="%Y-%m-%d"))
        folder, _ = started(bookings([7, 8, 9]), name="raw.txt")
        assert list(amounts_of(folder)) == [7, 8, 9]
        (folder / "raw" / "raw.csv").write_text("a\n1\n")
        with pytest.raises(DataError, match=r"raw may be raw\.csv or raw\.txt"):
            open_dataset(folder)

    def test_a_column_that_is_wrong_as_a_whole_is_told_with_its_line_and_fix(self, write):
        sql = "SELECT account_id,\n  1.0 AS amount,\n  booked AS booked_at\nFROM sales\n"
        folder = write(revenue__sql=sql, sales__csv="account_id,booked\n001,1767225600\n")
        with pytest.raises(DataError) as caught:
            open_dataset(folder)
        assert "revenue.sql, line 3:" in str(caught.value)
        assert "such as '##########'" in str(caught.value)
        assert "to_timestamp" in str(caught.value)


@pytest.mark.parametrize(
    ("values", "words"),
    [(["$1,234.50", "-$20.00"], "',', ''"), (["€ 1.234,50"], "'.', ''"), (["00:03:10"], "AS INTERVAL"), (["05:10"], "minutes and seconds"),
     (["1,250", "2,300"], "may be 1.250 .* or 1250"), (["(12.50)"], "nullif")],
)  # fmt: skip
def test_no_remedy_drops_part_of_a_number(values, words):
    import re

    said = remedy("amount", UNREADABLE_NUMBER, values)
    assert re.search(words, said)
    assert "regexp_extract" not in said


@pytest.mark.parametrize(
    ("values", "form"),
    [(["7/1/2026, 9:05 AM", "7/15/2026, 9:05 AM"], "%m/%d/%Y, %I:%M %p"),
     (["20260701090500"], "%Y%m%d%H%M%S"), (["31.12.2025 10:15"], "%d.%m.%Y %H:%M"),
     (["1 July 2026"], "%d %B %Y")],
)  # fmt: skip
def test_a_remedy_names_the_format(values, form):
    assert remedy("started_at", UNREADABLE_TIME, values) == f"write strptime(…, '{form}')"


def test_rows_of_nobody_known_get_stand_ins_proposed(write):
    text = "interaction_id,customer_id,started_at,channel\n" + "".join(
        f"{n},,2026-01-05,web\n" for n in range(50)
    )
    with pytest.raises(
        DataError, match=r"none of 50 rows can be used.*'unknown ' \|\| interaction_id"
    ):
        open_dataset(write(interactions__csv=text, surveys__csv=None))


@settings(max_examples=draws(60, 30), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    cents=st.lists(st.integers(-999_999_99, 999_999_99), min_size=3, max_size=12),
    days=st.lists(st.sampled_from(DAYS), min_size=12, max_size=12),
    form=st.sampled_from(["%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%d", "%d/%m/%y", "%Y%m%d"]),
    style=st.sampled_from([(",", "."), (".", ","), ("", "."), ("", ",")]),
    unit=st.sampled_from(["", "€", " EUR", "$"]),
    places=st.sampled_from([0, 2]),
)
def test_every_value_is_right_or_marked_as_a_guess(
    tmp_path_factory, cents, days, form, style, unit, places
):
    thousands, point = style
    values = [Decimal(each).scaleb(-2).quantize(Decimal(10) ** -places) for each in cents]
    texts = []
    for value in values:
        text = f"{value:,.{places}f}".replace(",", "\0").replace(".", point)
        texts.append(text.replace("\0", thousands) + unit)
    assume(len(set(days[: len(values)])) > 1)
    folder = tmp_path_factory.mktemp("read")
    (folder / "raw.csv").write_text(bookings(texts, days=days, form=form))
    begin(folder / "mine", [folder / "raw.csv"])
    asked = " ".join(each.text for each in marks(folder / "mine"))
    if "may be" in asked or "can only be" in asked:
        return
    rows = open_dataset(folder / "mine", raw_ids=True).tables["revenue"].execute()
    rows = rows.set_index("account_id").loc[[f"A{n:02}" for n in range(len(values))]]
    assert list(rows.amount) == [float(value) for value in values]
    assert list(rows.booked_at.dt.date) == days[: len(values)]
