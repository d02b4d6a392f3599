"""The strip of personas on the first screen."""

from dataclasses import replace

import pandas as pd
import pytest

from cxlib.personas import strip_page as show
from cxlib.pictures import icon_of
from tests.personas.test_page import worked_out


@pytest.fixture(scope="module", name="page")
def _page(data):
    return worked_out(data)


def test_a_persona_says_its_channel_its_size_and_how_it_fares(page, data):
    finding = show.strip_finding(page["found"], page["contacts"], page["panel"], page["revenue"])
    first, *_, last = finding.screen
    assert (first.name, first.icon) == ("Fridah", "phone")
    assert first.facts[0] == "mostly by phone"
    assert first.facts[1].startswith("34% of active customers, ")
    assert first.facts[2].startswith("NPS ")
    assert [each.worse for each in finding.screen] == [False, False, False, True]
    assert "worse off than the best: D" in finding.sentence
    assert last.name == "Persona D"


@pytest.mark.parametrize(
    ("channel", "icon"),
    [("Phone call", "phone"), ("e-mail", "mail"), ("WhatsApp", "chat"), ("web", "web"), ("", "person")],
)  # fmt: skip
def test_a_channel_has_a_picture(channel, icon):
    assert icon_of(channel) == icon


def test_without_personas_there_is_no_strip(page):
    nobody = replace(page["found"], why="none")
    none = pd.DataFrame()
    found = replace(nobody, stability=nobody.stability.iloc[:0])
    shown = show.strip_finding(found, none, page["panel"], page["revenue"])
    assert shown is None or shown.screen == ()
