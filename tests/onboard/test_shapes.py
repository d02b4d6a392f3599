"""Exports of other shapes: snapshots, event logs, counts, trials, and rows of nobody known."""

import random

import pytest

from cxlib.measure import measure
from cxlib.measure.panel import kpis_of
from tests.onboard.conftest import lines, tickets


class TestSnapshots:
    @pytest.mark.parametrize(("churned", "kept"), [("Yes", "No"), ("1", "0"), ("true", "false")])
    def test_sign_up_and_churn_follow_from_one_day(self, init, churned, kept):
        rows = [["customerID", "tenure", "Contract", "MonthlyCharges", "Churn"]]
        rows += [[f"c{n}", str(n % 24), "monthly" if n % 2 else "yearly", "50.5", churned if n % 4 == 0 else kept]
                 for n in range(80)]  # fmt: skip
        begun = init({"snap.csv": lines(rows)}, as_of="2026-09-30")
        accounts = begun.rows("accounts")
        assert accounts.churn_date.notna().sum() == 20
        assert set(accounts.churn_date.dropna().astype(str)) == {"2026-09-30"}
        assert f"{accounts.signup_date.min():%Y-%m-%d}" == "2024-10-30"
        assert "answered: 2026-09-30" in begun.sql("accounts")
        data = begun.data()
        assert data.left_at_once is not None
        assert data.unspanned(data.start, data.end)
        assert begun.rows("revenue").amount.sum() == pytest.approx(
            50.5 * sum(min(n % 24, 12) for n in range(80))
        )

    def test_the_day_is_asked_for_and_must_be_one(self, init):
        from cxlib.errors import ArgumentError

        rows = [
            ["customer_id", "tenure", "churned"],
            *([f"c{n}", str(n), str(n % 2)] for n in range(30)),
        ]
        begun = init({"snap.csv": lines(rows)})
        assert "has no dates. Of which day is it?" in begun.asked()
        with pytest.raises(ArgumentError, match="must be a day such as 2026-09-30"):
            init({"snap.csv": lines(rows)}, snap__as_of="30.9.26")

    def test_accounts_alone_can_be_opened(self, init):
        rows = [
            ["customer_id", "tenure", "churned"],
            *([f"c{n}", str(n), str(n % 2)] for n in range(30)),
        ]
        data = init({"snap.csv": lines(rows)}, as_of="2026-09-30").data()
        panel = measure(data, ["retention_rate"], period="quarter")
        # Of those who were there when the quarter began.
        assert panel.of("retention_rate").value.iloc[-1] == pytest.approx(13 / 27)


class TestCounts:
    HEAD = (
        "Date",
        "Team",
        "Calls offered",
        "Calls answered",
        "Abandoned calls",
        "AHT",
        "Service level",
    )

    def counts(self, *rows, head=HEAD):
        return lines([list(head), *([str(cell) for cell in row] for row in rows)], ";")

    def test_counts_stay_counts(self, init):
        begun = init({"daily.csv": self.counts(
            *((f"2026-07-{n + 1:02}", "North", 100 + n, 90, 10 + n, "0:05:10", "82.5%") for n in range(20))
        )})  # fmt: skip
        assert begun.counts("counts") == (20, 20)
        found = begun.rows("counts")
        assert set(found.handle_seconds) == {310.0}
        assert found.in_time.iloc[0] == pytest.approx(82.5)
        data = begun.data()
        assert kpis_of(data)["abandonment_rate"].table == "counts"
        panel = measure(data)
        assert panel.estimate("contact_volume").value == sum(100 + n for n in range(20))
        assert panel.estimate("abandonment_rate").value == pytest.approx(390 / 2190)
        assert panel.estimate("average_handle_time").value == pytest.approx(310)

    def test_rows_that_are_numbered_and_not_dated(self, init):
        head = (
            "Index",
            "Incoming Calls",
            "Answered Calls",
            "Abandoned Calls",
            "Waiting Time (AVG)",
        )
        begun = init({"calls.csv": self.counts(*((n + 1, 200, 190, 10, "0:00:20") for n in range(15)), head=head)},
                     as_of="2026-07-01")  # fmt: skip
        assert f"{begun.rows('counts').day.max():%Y-%m-%d}" == "2026-07-15"
        assert "rows are numbered, not dated" in begun.asked()

    def test_months_of_units_with_what_was_late(self, init):
        head = ("period", "org_code", "attendances", "breaches")
        rows = [
            (f"2026-{month:02}-01", f"R{unit}", 1000 + unit, 100)
            for month in range(1, 13)
            for unit in range(5)
        ]
        begun = init({"ae.csv": self.counts(*rows, head=head)}, channel="walk-in")
        assert measure(begun.data()).estimate("service_level").value == pytest.approx(
            1 - 500 / 5010
        )

    def test_offered_may_have_to_be_added_up(self, init):
        head = ("Day", "Answered", "Abandoned")
        begun = init(
            {"c.csv": self.counts(*((f"2026-07-{n + 1:02}", 90, 10) for n in range(10)), head=head)}
        )
        assert set(begun.rows("counts").offered) == {100.0}

    def test_parts_above_the_whole_are_set_apart(self, init):
        head = ("Day", "Offered", "Answered")
        rows = [(f"2026-07-{n + 1:02}", 100, 90 if n else 900) for n in range(10)]
        begun = init({"c.csv": self.counts(*rows, head=head)})
        assert begun.counts("counts") == (10, 9)
        assert begun.data().faults.rule.iloc[0] == "must not be above offered"


class TestTrials:
    def test_two_arms_are_compared(self, init):
        dice = random.Random(1)
        rows = [["user_id", "variant", "converted", "minutes"]]
        rows += [[f"u{n}", "AB"[n % 2], str(int(dice.random() < (0.1, 0.3)[n % 2])), str(dice.randrange(60))]
                 for n in range(800)]  # fmt: skip
        begun = init({"trial.csv": lines(rows)}, as_of="2026-09-30")
        assert "drawn by lot" in begun.asked()
        data = begun.data()
        panel = measure(data, ["trial_converted"], by=["arm"])
        low, high = (panel.estimate("trial_converted", arm=arm) for arm in "AB")
        assert low.high < high.low
        assert data.config.leadership.by == "arm"
        assert data.config.kpis["trial_converted"].better == "higher"


class TestNobodyKnown:
    def test_stand_ins_are_proposed(self, init):
        rows = [["call id", "agent", "started_at", "topic", "wait_seconds"]]
        rows += [[f"k{n}", f"Ann {n % 3}", f"2026-07-{n % 28 + 1:02} 09:00", f"topic {n % 4}", str(n)]
                 for n in range(60)]  # fmt: skip
        begun = init({"calls.csv": lines(rows)})
        assert begun.counts("interactions") == (60, 60)
        assert "each row gets a stand-in, who is no customer" in begun.asked()
        customers = begun.rows("customers")
        assert len(customers) == 60
        assert not customers.known.any()
        panel = measure(begun.data(), by=["reason"])
        assert set(panel.of("average_speed_of_answer").reason) == {f"topic {n}" for n in range(4)}
        assert "contact_rate" in panel.left_out

    def test_pages_by_topic_where_nobody_could_be_in_two_of_them(self, init):
        from cxlib.batch.slices import find_slices
        from cxlib.data import open_dataset
        from cxlib.errors import ArgumentError

        rows = [["call id", "agent", "started_at", "topic", "wait_seconds"]]
        rows += [
            [f"k{n}", "Ann", f"2026-07-{n % 28 + 1:02} 09:00", f"topic {n % 3}", str(n)]
            for n in range(120)
        ]
        begun = init({"calls.csv": lines(rows)})
        data = open_dataset(begun.folder, "2026Q3")
        slices = find_slices(data, "reason")
        assert list(slices.parts) == ["topic 0", "topic 1", "topic 2"]
        assert measure(slices.parts["topic 1"]).estimate("contact_volume").value == 40
        known = init({"t.csv": lines(tickets(80, subject=lambda n: f"subject {n % 2}"))})
        with pytest.raises(
            ArgumentError, match="slices are made by what customers or accounts are"
        ):
            find_slices(open_dataset(known.folder, "2026Q3"), "reason")

    @pytest.mark.parametrize(("answer", "known"), [("", 20), ("yes", 20), ("no", 21)])
    def test_a_value_may_stand_for_nobody(self, init, answer, known):
        rows = tickets(80)
        for n, row in enumerate(rows[1:]):
            row[1] = "0" if n % 2 else f"{n % 40 + 1000}"
        begun = init({"t.csv": lines(rows)}, **({"nobody": answer} if answer else {}))
        customers = begun.rows("customers")
        flagged = (
            customers.known if "known" in customers and customers.known.notna().any() else None
        )
        assert (flagged.sum() if flagged is not None else len(customers)) == known

    def test_no_agent_is_named_on_a_page(self, init):
        from cxlib.data import open_dataset

        rows = [["call id", "agent", "started_at", "wait_seconds"]]
        rows += [
            [f"k{n}", "Ann Smith", f"2026-07-{n % 28 + 1:02} 09:00", str(n)] for n in range(60)
        ]
        begun = init({"calls.csv": lines(rows)})
        shown = open_dataset(begun.folder).tables["interactions"].execute()
        assert not shown.agent_id.str.contains("Ann").any()


class TestSeveralFiles:
    @pytest.mark.parametrize("review", ["O{}", " O{} "])
    def test_whose_an_answer_is_comes_from_another_file(self, init, review):
        orders = [
            ["order_id", "customer_id", "status"],
            *([f"O{n}", f"C{n % 8}", "sent"] for n in range(40)),
        ]
        reviews = [["review_id", "order_id", "review_score", "review_creation_date"],
                   *([f"R{n}", review.format(n), str(n % 5 + 1), "2026-07-01"] for n in range(40))]  # fmt: skip
        begun = init({"orders.csv": lines(orders), "reviews.csv": lines(reviews)})
        assert "reviews.csv: customer_id from orders.csv, by order_id" in begun.told
        assert begun.rows("surveys").customer_id.nunique() == 8

    def test_lines_and_payments_of_one_order_are_not_added(self, init):
        items = [["order_id", "customer_id", "order_date", "price"],
                 *([f"O{n}", f"C{n % 8}", "2026-07-01", "10"] for n in range(40))]  # fmt: skip
        paid = [["order_id", "customer_id", "payment_date", "amount"],
                *([f"O{n}", f"C{n % 8}", "2026-07-02", "10"] for n in range(40))]  # fmt: skip
        begun = init({"items.csv": lines(items), "payments.csv": lines(paid)})
        assert begun.rows("revenue").amount.sum() == 400
        assert "has the same orders, and is left out" in begun.asked()

    def test_what_cannot_be_placed_is_told(self, init):
        begun = init({"t.csv": lines(tickets()), "stock.csv": "sku,shelf\n1,a\n2,b\n"})
        assert "stock.csv: nothing tells what it is; it is read by no SQL yet" in begun.told
        assert "stock.csv: not in the SQL: sku, shelf" in begun.told


@pytest.mark.parametrize(
    ("name", "head", "values"),
    [
        ("Zendesk", "Id,Requester,Requester id,Submitter,Assignee,Group,Subject,Via,Created at,Solved at,Reopens,First reply time in minutes",
         "{n},Ann,C{m},Ann,Bob,Support,hello,email,2026-07-0{d} 09:00,2026-07-0{d} 10:00,0,5"),
        ("Freshdesk", "Ticket ID,Subject,Status,Source,Type,Agent,Group,Created time,Due by Time,Closed time,Agent interactions,Customer interactions,Contact ID",
         "{n},hello,Closed,Email,Question,Bob,Support,2026-07-0{d} 09:00:00,2026-07-0{d} 12:00:00,2026-07-0{d} 10:00:00,1,2,C{m}"),
        ("Salesforce", "Case Number,Case Owner,Case Origin,Contact Name,Account Name,Subject,Status,Date/Time Opened,Date/Time Closed",
         "0000{n},Bob,Phone,C{m},Firm {m},hello,Closed,7/1{d}/2026 9:05 AM,7/1{d}/2026 10:05 AM"),
        ("Genesys Cloud", "Conversation ID,Media Type,Direction,ANI,DNIS,Date,Queue,Wrap-up,Users,Total Handle,Total Queue",
         "g{n},voice,inbound,C{m},800,2026-07-0{d} 09:00:00,Support,billing,Bob,310,20"),
    ],
)  # fmt: skip
def test_exports_that_are_known_by_their_columns(init, name, head, values):
    rows = "".join(values.format(n=n, m=n % 7, d=n % 9 + 1) + "\n" for n in range(45))
    begun = init({"export.csv": f"{head}\n{rows}"})
    assert f"known as an export of {name}" in begun.told
    assert begun.counts("interactions") == (45, 45)
    found = begun.rows("interactions")
    assert found.customer_id.nunique() == 7
    assert found.channel.nunique() == 1
    if name == "Zendesk":
        assert set(found.wait_seconds) == {300.0}


def test_names_of_ones_own_need_no_python(tmp_path):
    from cxlib.data import open_dataset
    from cxlib.onboard.start import begin

    rows = tickets()
    rows[0] = ["Vorgang", "Melder", "Eingang", "Weg"]
    raw, names = tmp_path / "t.csv", tmp_path / "names.toml"
    raw.write_text(lines(rows))
    names.write_text(
        '[vendors.ours]\ntitle = "Our desk"\ncolumns = "vorgang melder eingang weg"\n'
        '[vendors.ours.interactions]\ninteraction_id = "vorgang"\ncustomer_id = "melder"\n'
        'started_at = "eingang"\nchannel = "weg"\n'
    )
    told = begin(tmp_path / "mine", [raw], names=names)
    assert "t.csv: known as an export of Our desk" in told
    assert open_dataset(tmp_path / "mine").tables["interactions"].count().execute() == 40


class TestWhatWentWrongOnce:
    """Exports that a stranger to the project made, and that it misread."""

    @pytest.mark.parametrize("name", ["pivot.csv", "left.csv", "full.csv", "second.csv"])
    def test_files_called_as_words_of_sql(self, init, name):
        assert init({name: lines(tickets())}).counts("interactions") == (40, 40)

    def test_a_churn_column_called_as_a_word_of_sql(self, init):
        rows = [
            ["customer_id", "tenure", "Left"],
            *([f"c{n}", str(n % 36), str(n % 2)] for n in range(60)),
        ]
        begun = init({"snap.csv": lines(rows)}, as_of="2026-09-30")
        assert begun.rows("accounts").churn_date.notna().sum() == 30

    def test_quotes_astray_among_rows_that_lack_values(self, init):
        rows = lines(tickets(subject=lambda n: "x", cost=lambda n: n)).splitlines()
        rows[2] = 'T1,C1,2026-07-02 09:01:00,phone,he said "hi,1'
        rows[3:9] = [row.rpartition(",")[0] for row in rows[3:9]]
        rows[9] = 'T8,C8,2026-07-09 09:08:00,phone,5" pipe,8'
        begun = init({"t.csv": "\n".join(rows) + "\n"})
        assert begun.counts("interactions") == (40, 40)

    @pytest.mark.parametrize(
        ("text", "moment"),
        [("Sept 1, 2026 9:00 PM", "2026-09-01 21:00:00"), ("Sept 1, 2026", "2026-09-01 00:00:00"),
         ("1 de enero de 2026, 9:05 p. m.", "2026-01-01 21:05:00")],
    )  # fmt: skip
    def test_months_in_words_with_a_time_of_day(self, init, text, moment):
        rows = tickets()
        for row in rows[1:]:
            row[2] = text
        found = init({"t.txt": lines(rows, "\t")}).rows("interactions").started_at
        assert {f"{each}" for each in found} == {moment}

    def test_pieces_times_price_in_two_currencies_are_not_added(self, init):
        rows = [["account_id", "order_date", "quantity", "unit_price", "Currency Code (ISO)"]]
        rows += [[f"A{n}", "2026-07-01", "2", "10", ("GBP", "EUR")[n % 2]] for n in range(20)]
        begun = init({"o.csv": lines(rows)})
        assert begun.rows("revenue").amount.sum() == 200
        assert "which count?" in begun.asked()

    def test_sums_among_counts_and_customers_are_left_out(self, init):
        head = ["Date", "Queue", "Offered", "Abandoned"]
        rows = [head]
        for n in range(10):
            rows += [
                [f"2026-07-{n + 1:02}", "North", "10", "1"],
                [f"2026-07-{n + 1:02}", "Total", "10", "1"],
            ]
        begun = init({"c.csv": lines(rows)})
        assert measure(begun.data()).estimate("contact_volume").value == 100
        snap = [["customer_id", "tenure", "churned", "monthly_fee"]]
        snap += [[f"c{n}", str(n % 36), str(n % 2), "10"] for n in range(40)] + [
            ["Total", "", "", "400"]
        ]
        begun = init({"s.csv": lines(snap)}, as_of="2026-09-30")
        assert begun.counts("accounts") == (40, 40)
        assert "are sums, and left out" in begun.asked()

    @pytest.mark.parametrize(("name", "asked", "months"), [("tenure_years", {}, 12), ("Tenure", {}, 12),
                                                           ("Tenure", {"unit": "months"}, 1)])  # fmt: skip
    def test_tenure_in_years(self, init, name, asked, months):
        rows = [["customer_id", name, "churned", "monthly_fee"]]
        rows += [[f"c{n}", str(n % 10), str(n % 2), "10"] for n in range(60)]
        begun = init({"s.csv": lines(rows)}, as_of="2026-09-30", **asked)
        assert len(begun.rows("revenue")) == sum(min(12, n % 10 * months) for n in range(60))

    def test_ids_of_those_who_buy_and_those_who_ask(self, init):
        orders = [
            ["customer_id", "order_date", "amount"],
            *([f"{n % 5 + 1}", "2026-07-01", "10"] for n in range(25)),
        ]
        rows = tickets()
        for n, row in enumerate(rows[1:]):
            row[1] = f"{n % 5 + 1:06}"
        begun = init({"orders.csv": lines(orders), "t.csv": lines(rows)})
        assert begun.counts("accounts") == (5, 5)
        assert "without zeros in front" in begun.asked()

    def test_capitals_are_a_part_of_codes(self, init):
        rows = tickets()
        for n, row in enumerate(rows[1:]):
            row[1] = f"0018d0000{'aA'[n % 2]}bc{n % 10:03}"
        assert init({"t.csv": lines(rows)}).rows("customers").customer_id.nunique() == 10

    def test_one_id_that_is_missing(self, init):
        rows = tickets()
        rows[7][0] = ""
        begun = init({"t.csv": lines(rows)})
        assert begun.counts("interactions") == (40, 39)
        assert "1 row without an id will be set apart" in begun.asked()

    def test_more_currencies_than_can_be_listed(self, init):
        rows = [["account_id", "invoice_date", "amount", "currency"]]
        rows += [[f"A{n}", "2026-07-01", "10", f"X{n % 12:02}"] for n in range(48)]
        begun = init({"i.csv": lines(rows)})
        assert begun.counts("revenue") == (48, 4)

    def test_ids_of_three_files_in_three_ways(self, init):
        files = {}
        for name, form in (("a", "{:06}"), ("b", "{}.0"), ("c", '="{:06}"')):
            rows = tickets()
            for n, row in enumerate(rows[1:]):
                row[0], row[1] = f"{name}{n}", form.format(n % 10 + 1)
            files[f"{name}.txt"] = lines(rows, "\t")
        assert init(files).rows("customers").customer_id.nunique() == 10

    def test_stand_ins_beside_a_list_of_customers(self, init):
        people = [
            ["customer_id", "role", "location"],
            *([f"C{n}", "user", "Oslo"] for n in range(10)),
        ]
        rows = tickets()
        for row in rows[1:6]:
            row[1] = ""
        begun = init({"people.csv": lines(people), "t.csv": lines(rows)})
        assert begun.counts("interactions") == (40, 40)
        assert (~begun.rows("customers").known.fillna(True).astype(bool)).sum() == 5

    def test_outcomes_of_a_trial_keep_what_cannot_be_read(self, init):
        rows = [["id", "variant", "converted", "revenue", "cost"]]
        rows += [[f"u{n}", "AB"[n % 2], str(n % 2), str(n), "1,50"] for n in range(60)]
        begun = init({"trial.txt": lines(rows, "\t")}, as_of="2026-09-30")
        assert begun.counts("interactions") == (60, 60)
        assert "trial_revenue" in begun.data().config.kpis

    def test_an_answer_whose_only_date_has_an_unknown_name(self, init):
        rows = [["response_id", "customer_id", "Handed in", "nps"]]
        rows += [[f"R{n}", f"C{n}", "2026-07-01", str(n % 11)] for n in range(44)]
        assert init({"nps.csv": lines(rows)}).counts("surveys") == (44, 44)
