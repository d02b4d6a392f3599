"""Ids of several files: compared before anything is written."""

import pytest

from cxlib.onboard.ids import RUINED
from tests.onboard.conftest import lines

IDS = [f"{100 + n}" for n in range(30)]


def tickets_of(ids):
    rows = [["ticket_id", "customer_id", "created_at", "channel"]]
    return lines([*rows, *([f"T{n}", each, f"2026-07-{n % 28 + 1:02}", "phone"] for n, each in enumerate(ids))], "\t")  # fmt: skip


def answers_of(ids):
    rows = [["response_id", "customer_id", "sent_at", "nps"]]
    return lines([*rows, *([f"R{n}", each, "2026-07-20", str(n % 11)] for n, each in enumerate(ids))], "\t")  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        (IDS, [f"{each}.0" for each in IDS], "without .0 at their end"),
        ([f"u{each}@x.org" for each in IDS], [f"U{each}@X.org" for each in IDS], "in small letters"),
        (IDS, [f"00{each}" for each in IDS], "without zeros in front"),
        (IDS, [f'="{each}"' for each in IDS], 'without ="…" around them'),
        ([f"0018d00000AbC{n:02}" for n in range(30)], [f"0018d00000AbC{n:02}XYZ" for n in range(30)],
         "by their first 15 characters"),
        ([f"00{each}" for each in IDS], [f'="{each}"' for each in IDS], "without zeros in front"),
    ],
)  # fmt: skip
def test_ids_that_are_written_in_two_ways_join_and_are_marked(init, one, other, how):
    begun = init({"tickets.txt": tickets_of(one), "nps.txt": answers_of(other)})
    assert how in begun.asked()
    assert "share 30 of 30 customers" in begun.told
    assert begun.counts("customers") == (30, 30)
    assert set(begun.rows("surveys").customer_id) == set(begun.rows("interactions").customer_id)


def test_ids_that_agree_are_left_as_they_are(init):
    begun = init({"tickets.txt": tickets_of(IDS), "nps.txt": answers_of(IDS[:20])})
    assert "share 20 of 30 customers" in begun.told
    assert "lower(" not in begun.sql("surveys")
    assert "as they are written" not in begun.asked()


def test_ids_of_two_systems_are_asked_about(init):
    begun = init(
        {"tickets.txt": tickets_of(IDS), "nps.txt": answers_of([f"X-{n}" for n in range(30)])}
    )
    assert "share 0 of 60 customers; are these ids of the same customers?" in begun.asked()


def test_ids_that_differ_by_case_within_one_file(init):
    begun = init(
        {
            "tickets.txt": tickets_of(
                [*(f"ann{n}" for n in range(15)), *(f"Ann{n}" for n in range(15))]
            )
        }
    )
    assert begun.counts("customers") == (15, 15)
    assert "there are 30 customers; in small letters, 15" in begun.asked()


def test_ids_that_a_spreadsheet_has_ruined_are_an_error_that_says_so(init):
    ids = [f"{n / 100 + 1:.2f}E+15" for n in range(30)]
    begun = init({"tickets.txt": tickets_of(ids)})
    assert "MISSING: 30 ids such as 1.00E+15 have lost digits in a spreadsheet" in begun.asked()
    assert RUINED


def test_an_order_joins_however_a_spreadsheet_wrote_its_id(init):
    orders = [["order_id", "customer_id", "amount", "order_date"]]
    orders += [[str(1000 + n), f"C{n % 20}", "9.5", f"2026-01-{n % 28 + 1:02}"] for n in range(60)]
    for written in ("{}.0", '"=""{}"""', "{}"):
        reviews = [["order_id", "review_score", "review_date"]]
        reviews += [
            [written.format(1000 + n), str(n % 5 + 1), f"2026-02-{n % 28 + 1:02}"]
            for n in range(60)
        ]
        begun = init({"orders.csv": lines(orders), "reviews.csv": lines(reviews)})
        assert set(begun.rows("surveys").customer_id) == {f"C{n}" for n in range(20)}
