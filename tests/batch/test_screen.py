"""The first screen: what leaders read, on one screen, put together from all pages."""

import json
import re

import pytest

from cxlib.batch.records import SCREEN, is_part
from cxlib.batch.screen import assemble, quarters_before, side_by_side
from cxlib.batch.summary import sentences

WORDS_AT_MOST = 340


@pytest.fixture(scope="module")
def findings(demo_report):
    return json.loads((demo_report / "2026Q3" / "findings.json").read_text())


def part(kind, **values):
    examples = {str: "x", int: 1, bool: False}
    plain = {
        name: [] if isinstance(shape, list) else examples.get(shape)
        for name, shape in SCREEN[kind].items()
    }
    if kind == "tile":
        plain |= {"kpi": "nps", "label": "NPS", "short": "NPS", "goal": None, "now": "",
                  "variation": "steady", "points": [["2026Q2", 30.0, 20.0, 40.0],
                                                    ["2026Q3", 31.0, None, None]]}  # fmt: skip
    return plain | {"part": kind} | values


def screen(*parts):
    finding = {"notebook": "x", "sentence": "s", "news": True, "screen": list(parts)}
    return assemble(sentences([finding]))


@pytest.mark.browser
def test_a_leader_sees_headline_tiles_and_decisions_without_scrolling(visit, demo_report):
    page, faults = visit(demo_report / "2026Q3" / "index.html", 1280)
    for place in (".headline", ".tiles", ".decide ol"):
        box = page.locator(place).first.bounding_box()
        assert box["y"] + box["height"] <= 800, place
    # What is within sight; numbers and signs are read as pictures are.
    shown = page.evaluate(
        """() => [...document.querySelectorAll("main > *")]
            .filter(each => each.getBoundingClientRect().top < window.innerHeight)
            .map(each => each.innerText).join(" ")"""
    )
    words = [each for each in shown.split() if re.search("[A-Za-z]", each)]
    assert 100 < len(words) <= WORDS_AT_MOST
    assert page.locator("main svg").count() >= 8
    assert faults == []


@pytest.mark.parametrize(
    "words",
    [
        "Check that “Route contacts through a new menu” (P03) is really off",
        "Restart “Reply to e-mails from a library of answers” (P04)",
        "Find out why 6 Tier I accounts churned",
        "Start a cycle on transfer rate",
        "Look again at 4 decisions made against the evidence",
    ],
    ids=[
        "abandoned, still on",
        "gain lost",
        "key account lost",
        "driver without a cycle",
        "against",
    ],
)
def test_what_is_to_be_decided_in_the_demonstration_is_on_the_screen(findings, words):
    shown = assemble(sentences(findings))
    assert words in [each["title"] for each in (*shown.actions, *shown.later)]
    assert len(shown.actions) == 3


def test_the_worst_missed_target_leads_with_what_explains_it(findings):
    shown = assemble(sentences(findings))
    assert re.match(r"Retention rate missed its target of 97\.5%, at 95\.3%: 72 accounts worth ",
                    shown.headline)  # fmt: skip
    assert len(shown.headline.split()) <= 25
    # What was missed is not said again to be worse.
    assert shown.rest.startswith("Also missed: transfer rate. Worse: average handle time.")


def test_every_part_of_the_demonstration_is_as_it_should_be(findings):
    parts = [each for finding in findings for each in finding["screen"]]
    assert {each["part"] for each in parts} == set(SCREEN)
    assert all(map(is_part, parts))


@pytest.mark.parametrize("kind", sorted(SCREEN))
def test_a_part_that_is_no_part_is_recognised(kind):
    whole = part(kind)
    assert is_part(whole)
    for name in SCREEN[kind]:
        assert not is_part({key: value for key, value in whole.items() if key != name})
        assert not is_part(whole | {name: {"a": 1}})
    assert not is_part(whole | {"part": "other"})
    assert not is_part({"part": ["tile"]})


@pytest.mark.parametrize(
    "points", [[], [["2026Q3", "1", None, None]], [["2026Q3", 1.0]], [[1, 1.0, None, None]]]
)
def test_points_that_cannot_be_drawn_are_refused(points):
    assert not is_part(part("tile", points=points))


def test_without_tiles_the_first_news_leads_and_without_news_that_is_said():
    assert screen().headline == "s"
    assert assemble(()).headline == "No KPI was measured in this quarter."


def test_where_nothing_is_worse_the_screen_says_so():
    assert screen(part("tile")).headline == "No KPI on this screen has clearly changed."
    better = screen(part("tile", variation="better", sentence="NPS rose 3.0 to 31.0"))
    assert better.headline == "NPS rose 3.0 to 31.0."


def test_a_change_that_is_neither_better_nor_worse_is_told_and_an_earlier_quarter_is_one():
    moved = part("tile", variation="changed", sentence="Contacts rose 419 to 5,090")
    assert screen(moved).headline == "Contacts rose 419 to 5,090."
    # While a quarter runs, nothing is compared; but there are quarters before it.
    assert "first levels" not in screen(part("tile", variation="")).headline
    alone = part("tile", variation="", points=[["2026Q3", 1.0, None, None]])
    assert "first levels" in screen(alone).headline


def test_a_cause_of_harm_does_not_explain_what_is_better_or_unclear():
    cause = part("cause", kpi="nps", text="accounts churned")
    for word in ("better", "steady", "changed", "may have changed"):
        missed = part("tile", kpi="csat", now="missed", sentence="CSAT missed")
        assert screen(cause, missed, part("tile", variation=word)).tiles[1]["cause"] == ""


def test_a_tile_tells_its_cause_and_the_headline_tells_it_once():
    cause = part("cause", kpi="nps", text="the new menu")
    first = part("tile", variation="worse", sentence="NPS fell")
    assert screen(cause, first).headline == "NPS fell: the new menu."
    assert screen(cause, first).tiles[0]["cause"] == ""
    missed = part("tile", kpi="csat", now="missed", sentence="CSAT missed")
    assert screen(cause, first, missed).tiles[0]["cause"] == "the new menu"
    steady = part("tile", variation="steady")
    assert screen(cause, steady, missed).tiles[0]["cause"] == ""


def test_one_quarter_and_a_level_that_never_moves_are_drawn():
    for points in ([["2026Q3", 1.0, 1.0, 1.0]], [["2026Q2", 1.0, None, None]] * 2):
        line = screen(part("tile", points=points)).tiles[0]["line"]
        assert line.startswith("<svg")
        assert "nan" not in line


def test_the_quarters_before_come_with_their_values_newest_first():
    tiles = [part("tile", written=["30.0", "31.0"]), part("tile", kpi="csat", written=["4.0", "4.1"],
             points=[["2026Q1", 4.0, None, None], ["2026Q3", 4.1, None, None]])]  # fmt: skip
    assert quarters_before([{"screen": tiles}]) == [
        ("2026Q3", ["31.0", "4.1"]), ("2026Q2", ["30.0", "–"]), ("2026Q1", ["–", "4.0"]),
    ]  # fmt: skip
    # A report of before has no written values.
    assert quarters_before([{"screen": [part("tile")]}]) == []
    assert quarters_before([{}]) == []


@pytest.mark.parametrize(
    "wrong", [{"limits": [1.0]}, {"limits": ["1", "2"]}, {"written": "30.0"}, {"written": [1]}]
)
def test_limits_and_written_values_that_are_none_are_refused(wrong):
    assert is_part(part("tile", limits=[1.0, 2.0], written=["30.0"]))
    assert not is_part(part("tile", **wrong))


def test_the_page_of_quarters_shows_those_that_the_report_knows(demo_report):
    page = (demo_report / "index.html").read_text(encoding="utf-8")
    past = re.findall(r'<tr class="past"><td>(\w+)</td>', page)
    assert past == ["2026Q2", "2026Q1", "2025Q4", "2025Q3", "2025Q2", "2025Q1", "2024Q4"]


def test_editions_stand_side_by_side_by_the_first_ones_tiles():
    one = [{"screen": [part("tile", value="31", now="met"), part("amount")]}]
    other = [{"screen": [part("tile", kpi="csat", label="CSAT")]}, {}]
    assert side_by_side([one, other]) == (["NPS"], [[("31", "met")], [("–", "")]])
    assert side_by_side([]) == ([], [])
