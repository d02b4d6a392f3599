"""Counts of months, weeks and parts of a day, as reports write them."""

import pytest

from tests.onboard.conftest import lines

MONTHS = [f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)]
ENGLISH = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
GERMAN = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]


def counted(whens: list[str]) -> list[list[str]]:
    """Rows of counts: when, and how many were offered, answered and abandoned."""
    return [[when, str(100 + n), str(90 + n), "10"] for n, when in enumerate(whens)]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Month", lambda year, month: f"{year}-{month:02}"),
        ("Month", lambda year, month: f"{month:02}/{year}"),
        ("period", lambda year, month: f"{year}{month:02}"),
        ("Month", lambda year, month: f"{ENGLISH[month - 1]}-{year % 100}"),
        ("Month", lambda year, month: f"{year} {ENGLISH[month - 1]}"),
        ("Monat", lambda year, month: f"{GERMAN[month - 1]} {year}"),
    ],
)
def test_a_month_of_counts_is_taken_as_its_first_day(init, name, written):
    whens = [written(int(each[:4]), int(each[5:])) for each in MONTHS]
    begun = init(
        {"counts.csv": lines([[name, "Offered", "Answered", "Abandoned"], *counted(whens)])}
    )
    rows = begun.rows("counts")
    assert [f"{day:%Y-%m-%d}" for day in sorted(rows.day)] == [f"{each}-01" for each in MONTHS]
    assert rows.offered.sum() == sum(100 + n for n in range(24))
    assert "a month is taken as its first day" in begun.asked()


@pytest.mark.parametrize("written", ["2025-W{:02}", "KW {}/2025", "Week {} 2025"])
def test_a_week_of_counts_is_taken_as_its_monday(init, written):
    whens = [written.format(week) for week in range(1, 53)]
    begun = init(
        {"counts.csv": lines([["Week", "Offered", "Answered", "Abandoned"], *counted(whens)])}
    )
    days = sorted(begun.rows("counts").day)
    assert f"{days[0]:%Y-%m-%d}" == "2024-12-30"
    assert {day.weekday() for day in days} == {0}
    assert len(set(days)) == 52


def test_what_is_no_month_is_named(init):
    whens = [*MONTHS[:-1], "2025-13"]
    begun = init(
        {"counts.csv": lines([["Month", "Offered", "Answered", "Abandoned"], *counted(whens)])}
    )
    assert begun.counts("counts") == (24, 23)
    assert "2025-13" in set(begun.data().faults.value)


def test_numbers_that_look_like_months_are_numbers_elsewhere(init):
    rows = [["ticket_id", "created_at", "channel", "serial"]]
    rows += [
        [f"T{n}", f"2026-07-{n + 1:02} 09:00", "phone", f"20250{n % 9 + 1}"] for n in range(20)
    ]
    begun = init({"tickets.csv": lines(rows)})
    assert begun.rows("interactions").serial.astype(float).max() == 202509


@pytest.mark.parametrize(
    ("head", "parts"),
    [
        ("Interval", [f"{hour:02}:{half:02}" for hour in range(8, 18) for half in (0, 30)]),
        ("Interval", [f"{hour}:00 - {hour}:30" for hour in range(8, 18)]),
        ("Hour", [str(hour) for hour in range(8, 18)]),
    ],
)
def test_counts_of_half_hours_stay_counts(init, head, parts):
    rows = [["Date", head, "Offered", "Answered", "Abandoned", "AHT", "SLA %"]]
    rows += [
        [f"2026-07-{day + 1:02}", part, "20", "18", "2", "240", "75%"]
        for day in range(28)
        for part in parts
    ]
    begun = init({"counts.csv": lines(rows)})
    assert not (begun.folder / "interactions.sql").exists()
    found = begun.rows("counts")
    assert found.offered.sum() == 20 * 28 * len(parts)
    # Of 20 offered, 75% in time are 15.
    assert set(found.in_time.astype(float)) == {15.0}


def test_a_queue_that_is_a_channel_is_the_channel(init):
    rows = [["Month", "Queue", "Offered", "Answered", "Abandoned"]]
    rows += [
        [month, queue, "100", "90", "10"] for month in MONTHS for queue in ("Phone", "Live chat")
    ]
    assert set(init({"counts.csv": lines(rows)}).rows("counts").channel) == {"Phone", "Live chat"}
