"""Small pictures: lines that can always be drawn, and icons."""

import re
import xml.etree.ElementTree as ET

import pytest

from cxlib.pictures import HEIGHT, PATHS, WIDTH, icon, sparkline


@pytest.mark.parametrize(
    ("points", "goal", "limits"),
    [
        ([("Q1", 1.0, None, None)], None, None),
        ([("Q1", 1.0, 1.0, 1.0)] * 3, 1.0, (1.0, 1.0)),
        ([("Q1", -5.0, -9.0, 2.0), ("Q2", 4.0, None, None)], 100.0, (-50.0, 60.0)),
    ],
    ids=["one point", "never moves", "goal far away"],
)
def test_a_line_lies_in_its_box(points, goal, limits):
    svg = sparkline(points, "a < b & c", goal, limits)
    tree = ET.fromstring(svg)
    assert tree.get("aria-label") == "a < b & c"
    drawn = [pair.split(",") for each in tree.iter() for pair in (each.get("points") or "").split()]
    assert drawn
    assert all(0 <= float(x) <= WIDTH and 0 <= float(y) <= HEIGHT for x, y in drawn)
    heights = [float(each.get("y1")) for each in tree.iter("line")]
    assert len(heights) == len(limits or ()) + (goal is not None)
    assert all(0 <= each <= HEIGHT for each in heights)


def test_a_higher_value_is_drawn_higher_and_the_goal_where_it_lies():
    tree = ET.fromstring(sparkline([("Q1", 10.0, None, None), ("Q2", 20.0, None, None)], "x", 15.0))
    (first, last) = [
        float(each.split(",")[1]) for each in tree.find("polyline").get("points").split()
    ]
    assert last < float(tree.find("line").get("y1")) < first


def test_every_icon_is_a_picture_and_an_unknown_one_is_a_person():
    assert len({icon(name) for name in PATHS}) == len(PATHS)
    assert icon("fax") == icon("person")
    assert all(re.fullmatch(r"[\w .\-]+", path) for path in PATHS.values())
