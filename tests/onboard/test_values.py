"""Values as exports write them: read rightly, or named with the value; never lost in silence."""

import pandas as pd
import pytest

from tests.onboard.conftest import lines, tickets

DAYS = pd.date_range("2026-07-03", periods=28)


def bookings(amounts, days=DAYS):
    rows = [["invoice", "account_id", "invoice_date", "amount"]]
    return lines(
        [*rows, *([f"I{n}", f"A{n}", f"{day:%Y-%m-%d}", amount]
                  for n, (day, amount) in enumerate(zip(days, amounts, strict=False)))],
        "\t",
    )  # fmt: skip


def amounts(begun):
    return list(
        begun.rows("revenue")
        .sort_values("account_id", key=lambda each: each.str[1:].astype(int))
        .amount
    )


class TestNumbers:
    @pytest.mark.parametrize(
        ("written", "value"),
        [("(100.50)", -100.5), ("100.50-", -100.5), ("−100.50", -100.5), ("1 234.50", 1234.5),
         ("1\u202f234.50", 1234.5), ("1'234.50", 1234.5), ("1’234.50", 1234.5),
         ("12,34,567.50", 1234567.5), ("$(20.00)", -20.0), ("-$20.00", -20.0), ("1.234,50 €", 1234.5),
         ("₹ 12,34,567.50", 1234567.5), ("R$ 1.234,50", 1234.5), ("99.90 CHF", 99.9)],
    )  # fmt: skip
    def test_a_number_is_read(self, init, written, value):
        # Among others, since a column tells more than a value.
        comma = "," in written and written.rindex(",") > written.find(".")
        others = [f"{n},25" if comma else f"{n}.25" for n in range(10, 30)]
        begun = init({"inv.txt": bookings([written, *others])})
        assert amounts(begun)[0] == value
        assert sum(amounts(begun)[1:]) == sum(n + 0.25 for n in range(10, 30))

    @pytest.mark.parametrize("word", ["tbd", "see note", "12.3.4"])
    def test_what_is_no_number_is_named_with_its_value(self, init, word):
        begun = init({"inv.txt": bookings([*map(str, range(10, 30)), word])})
        assert begun.counts("revenue") == (21, 20)
        fault = begun.data().faults.iloc[0]
        assert (fault.column, fault.value, fault.kind) == ("amount", word, "unreadable number")
        assert repr(word) in begun.asked()

    @pytest.mark.parametrize("word", ["N/A", "n/a", "Prefer not to say", "-", "NULL"])
    def test_words_for_nothing(self, init, word):
        begun = init({"t.csv": lines(tickets(cost=lambda n: word if n % 4 == 0 else n))})
        assert begun.counts("interactions") == (40, 40)
        assert begun.rows("interactions").cost.isna().sum() == 10
        assert f"{word!r} stands for no value" in begun.told

    def test_currencies_are_never_added(self, init):
        signs = ["${}", "{} €", "JPY {}"]
        begun = init({"inv.txt": bookings([signs[n % 3].format(100 + n) for n in range(27)])})
        assert begun.counts("revenue") == (27, 9)
        assert "USD, EUR, JPY" in begun.asked() or "Amounts are in" in begun.asked()
        begun = init({"inv.txt": bookings([signs[n % 3].format(100 + n) for n in range(27)])},
                     currency="EUR, USD 0.5")  # fmt: skip
        assert begun.counts("revenue") == (27, 18)
        dollars, euros = (sum(100 + n for n in range(first, 27, 3)) for first in (0, 1))
        assert sum(amounts(begun)) == dollars * 0.5 + euros
        assert "answered: EUR, USD 0.5" in begun.sql("revenue")

    def test_a_currency_in_a_column_of_its_own(self, init):
        rows = [["account_id", "invoice_date", "amount", "Currency"]]
        rows += [[f"A{n}", "2026-07-01", "100", ("EUR", "USD", "GBP")[n % 3]] for n in range(27)]
        begun = init({"inv.csv": lines(rows)})
        assert begun.counts("revenue") == (27, 9)
        assert "which count? Those in others are set apart" in begun.asked()
        assert "100 USD" in set(begun.data().faults.value)
        begun = init({"inv.csv": lines(rows)}, currency="EUR, USD 0.5")
        assert begun.rows("revenue").amount.sum() == 9 * 100 + 9 * 50


class TestDurations:
    @pytest.mark.parametrize(
        ("written", "seconds"),
        [("00:05:10", 310), ("0:05:10", 310), ("26:10:03", 94203), ("PT5M10S", 310), ("5m 10s", 310),
         ("1h 5m", 3900), ("310", 310)],
    )  # fmt: skip
    def test_a_duration_becomes_seconds(self, init, written, seconds):
        begun = init({"t.csv": lines(tickets(handle_time=lambda n: written if n else "0:00:01"
                                             if ":" in written else written))})  # fmt: skip
        assert begun.counts("interactions") == (40, 40)
        assert set(begun.rows("interactions").handle_seconds[1:]) <= {float(seconds), 1.0}
        assert "handle_time" in begun.asked() or "become seconds" in begun.asked()

    @pytest.mark.parametrize(("answer", "seconds"), [("", 310), ("minutes", 310), ("hours", 18600)])
    def test_minutes_or_hours_are_asked_about(self, init, answer, seconds):
        given = {"duration": answer} if answer else {}
        begun = init({"t.csv": lines(tickets(handle_time=lambda n: "05:10"))}, **given)
        assert set(begun.rows("interactions").handle_seconds) == {float(seconds)}
        assert ("5 min 10 s or 5 h 10 min" in begun.asked()) != bool(answer)

    @pytest.mark.parametrize(("name", "seconds"), [("Wait time (min)", 300), ("wait_time_sec", 5),
                                                   ("Wait Time in hours", 18000)])  # fmt: skip
    def test_a_unit_behind_the_name(self, init, name, seconds):
        begun = init({"t.csv": lines(tickets(**{name: lambda n: 5}))})
        assert set(begun.rows("interactions").wait_seconds) == {float(seconds)}

    def test_a_column_of_ones_own_becomes_seconds_too(self, init):
        begun = init({"t.csv": lines(tickets(**{"Hold duration": lambda n: f"00:0{n % 10}:00"}))})
        assert begun.rows("interactions").hold_duration.max() == 540


class TestMoments:
    @pytest.mark.parametrize(
        "form",
        [
            "%d. {month} %Y",
            "%d {month} %Y %H:%M",
            "{month} %d, %Y",
            "%A, %d {month} %Y",
            "%d-%b-%Y",
        ],
    )
    def test_english_months(self, init, form):
        texts = [day.strftime(form.format(month="%B")) for day in DAYS]
        begun = init({"t.txt": lines([["ticket_id", "customer_id", "opened", "channel"],
                                      *([f"T{n}", "C1", text, "chat"] for n, text in enumerate(texts))], "\t")})  # fmt: skip
        assert set(begun.rows("interactions").started_at.dt.date) == set(DAYS.date)

    @pytest.mark.parametrize(
        ("first", "second"),
        [("3. Juli 2026", "4. März 2026"), ("3 juillet 2026", "4 août 2026"),
         ("3 de julio de 2026", "4 de enero de 2026"), ("3 luglio 2026", "4 gennaio 2026"),
         ("3 de julho de 2026", "4 de março de 2026"), ("3 juli 2026", "4 mei 2026"),
         ("03. Jul 2026", "04. Dez 2026")],
    )  # fmt: skip
    def test_months_of_other_languages(self, init, first, second):
        rows = tickets()
        for n, row in enumerate(rows[1:]):
            row[2] = first if n % 2 else second
        begun = init({"t.txt": lines(rows, "\t")})
        found = begun.rows("interactions").started_at
        assert len(found) == 40
        assert {(each.day, each.year) for each in found} == {(3, 2026), (4, 2026)}
        assert (found.dt.month == 7).sum() == 20

    @pytest.mark.parametrize(
        ("written", "hour"),
        [("7/15/2026, 9:05 AM", 9), ("20260715090500", 9), ("2026-07-15 09:05:00 UTC", 9),
         ("2026-07-15 09:05:00 +0200", 7), ("2026-07-15T09:05:00+02:00", 7),
         ("15.07.2026 09:05", 9), ("2026-07-15 09:05:00.123", 9)],
    )  # fmt: skip
    def test_moments_as_systems_write_them(self, init, written, hour):
        rows = tickets()
        for row in rows[1:]:
            row[2] = written
        begun = init({"t.txt": lines(rows, "\t")})
        found = begun.rows("interactions").started_at
        assert set(found.dt.floor("h")) == {pd.Timestamp(f"2026-07-15 {hour:02}:00")}

    @pytest.mark.parametrize("form", ["%d/%m/%Y", "%Y-%m-%d"])
    @pytest.mark.parametrize("clock", ["%H:%M:%S", "%H:%M", "%I:%M %p"])
    def test_a_day_and_a_time_beside_it(self, init, form, clock):
        moments = [day + pd.Timedelta(minutes=613 + n) for n, day in enumerate(DAYS)]
        rows = [["call id", "customer_id", "Date", "Time", "agent"]]
        rows += [
            [f"{n}x", "C1", f"{each:{form}}", f"{each:{clock}}", "A"]
            for n, each in enumerate(moments)
        ]
        begun = init({"calls.csv": lines(rows)})
        assert sorted(begun.rows("interactions").started_at) == moments

    def test_offsets_in_half_of_the_rows(self, init):
        rows = tickets()
        for n, row in enumerate(rows[1:]):
            row[2] = f"2026-07-{n % 28 + 1:02} 09:00:00" + ("-07:00" if n % 2 else "")
        text = lines(rows)
        begun = init({"t.csv": text})
        assert "20 rows say by which clock (-07:00)" in begun.asked()
        assert set(begun.rows("interactions").started_at.dt.hour) == {9}
        begun = init({"t.csv": text}, offset="utc")
        assert set(begun.rows("interactions").started_at.dt.hour) == {9, 16}
        assert "say by which clock" not in begun.asked()

    @pytest.mark.parametrize("never", ["9999-12-31", "0000-00-00", "31.12.9999"])
    def test_an_open_end_is_no_end(self, init, never):
        form = "%d.%m.%Y" if never.startswith("31") else "%Y-%m-%d"
        rows = [["account_id", "name", "signup_date", "churn_date"]]
        rows += [[f"A{n}", f"Firm {n}", f"{DAYS[n]:{form}}", f"{DAYS[n + 1]:{form}}" if n < 4 else never]
                 for n in range(20)]  # fmt: skip
        paid = [["account_id", "invoice_date", "amount"],
                *([f"A{n}", f"{DAYS[n]:%Y-%m-%d}", "10"] for n in range(20))]  # fmt: skip
        begun = init({"acc.csv": lines(rows), "inv.csv": lines(paid)})
        assert begun.counts("accounts") == (20, 20)
        assert begun.rows("accounts").churn_date.notna().sum() == 4
        assert f"{never!r} stands for no value" in begun.told


class TestScores:
    @pytest.mark.parametrize("ends", [("0 - Not at all likely", "10 - Extremely likely"),
                                      ("0: never", "10: always"), ("0 = worst", "10 = best")])  # fmt: skip
    def test_ends_with_words(self, init, ends):
        scores = {0: ends[0], 10: ends[1]}
        rows = [["response_id", "customer_id", "sent_at", "nps"]]
        rows += [
            [f"R{n}", f"C{n}", "2026-07-01", scores.get(n % 11, str(n % 11))] for n in range(55)
        ]
        begun = init({"nps.csv": lines(rows)})
        assert sorted(begun.rows("surveys").score) == sorted(float(n % 11) for n in range(55))

    @pytest.mark.parametrize(
        "words",
        [["Very dissatisfied", "Dissatisfied", "Neutral", "Satisfied", "Very satisfied"],
         ["Strongly disagree", "Disagree", "Neutral", "Agree", "Strongly agree"],
         ["sehr unzufrieden", "unzufrieden", "neutral", "zufrieden", "sehr zufrieden"],
         ["Très insatisfait", "Insatisfait", "Ni satisfait ni insatisfait", "Satisfait",
          "Très satisfait"]],
    )  # fmt: skip
    def test_words_alone(self, init, words):
        rows = [["response_id", "customer_id", "sent_at", "satisfaction"]]
        rows += [[f"R{n}", f"C{n}", "2026-07-01", words[n % 5]] for n in range(50)]
        begun = init({"csat.csv": lines(rows)})
        assert sorted(begun.rows("surveys").score) == sorted(float(n % 5 + 1) for n in range(50))
        assert "words are read as scores" in begun.asked()

    @pytest.mark.parametrize(("answer", "left"), [("", 40), ("nothing", 40), ("lowest", 48)])
    def test_what_zero_means_is_asked(self, init, answer, left):
        rows = [["response_id", "customer_id", "sent_at", "Food rating", "Seat rating"]]
        rows += [[f"R{n}", f"C{n}", "2026-07-01", str(n % 6), str(n % 5 + 1)] for n in range(48)]
        begun = init({"survey.csv": lines(rows)}, **({"zero": answer} if answer else {}))
        food = begun.rows("surveys")
        assert set(food.metric) <= {"csat", "food_rating", "seat_rating"}
        scores = food[food.response_id.str.contains("food|csat") & food.score.notna()]
        assert scores.groupby("metric").size().isin([left, 48]).all()
        assert ("0 stands beside scores" in begun.asked()) != bool(answer)
        assert food.score.max() == 5
        assert (food.score == 0).sum() == (8 if answer == "lowest" else 0)

    def test_a_scale_of_ones_own_is_declared_and_measured(self, init):
        from cxlib.measure import measure

        rows = [
            ["response_id", "customer_id", "sent_at", "Cleanliness score", "Overall satisfaction"]
        ]
        rows += [[f"R{n}", f"C{n}", f"2026-07-{n % 28 + 1:02}", str(n % 10 + 1), str(n % 5 + 1)]
                 for n in range(60)]  # fmt: skip
        begun = init({"survey.csv": lines(rows)})
        assert "cleanliness_score = [1, 10]" in (begun.folder / "dataset.toml").read_text()
        panel = measure(begun.data(), ["cleanliness_score", "csat"])
        assert panel.estimate("cleanliness_score").value == pytest.approx(5.5)
        assert panel.estimate("csat").value == pytest.approx(3.0)


class TestFlags:
    @pytest.mark.parametrize("word", ["Pending", "in progress", "?!"])
    def test_a_word_that_is_neither_yes_nor_no_is_not_known(self, init, word):
        begun = init({"t.csv": lines(tickets(30, resolved=lambda n: ("Yes", "No", word)[n % 3]))})
        found = begun.rows("interactions").resolved
        assert begun.counts("interactions") == (30, 30)
        assert (found.sum(), found.isna().sum()) == (10, 10)
        assert f"{word!r} is neither yes nor no, and taken as not known" in begun.asked()


@pytest.mark.parametrize("name", ["Queue", "Origin", "Medium of the case"])
def test_a_column_of_channels_is_the_channel(init, name):
    rows = [["ticket_id", "customer_id", "created_at", "wait_seconds", name]]
    rows += [[f"T{n}", f"C{n % 9}", f"2026-07-{n % 28 + 1:02} 09:00", str(n),
              ("Phone", "E-Mail", "Live chat")[n % 3]] for n in range(30)]  # fmt: skip
    begun = init({"t.csv": lines(rows)})
    assert set(begun.rows("interactions").channel) == {"Phone", "E-Mail", "Live chat"}


def test_answers_in_a_file_of_contacts_are_of_the_same_customers(init):
    rows = [["Ticket ID", "Requester", "Created at", "Satisfaction"]]
    rows += [[f"T{n}", f"c{n % 9}@example.org", f"2026-07-{n % 28 + 1:02} 09:00", str(n % 5 + 1)]
             for n in range(40)]  # fmt: skip
    begun = init({"t.csv": lines(rows)})
    assert len(begun.rows("customers")) == 9
    assert set(begun.rows("surveys").customer_id) == set(begun.rows("interactions").customer_id)
