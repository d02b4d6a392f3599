"""Customers in their own words: drawn by lot, without persons, only where that is allowed."""

from dataclasses import replace

import pytest

from cxlib.data import open_dataset
from cxlib.score_changes.verbatims import draw_verbatims
from cxlib.score_changes.verbatims_page import verbatim_finding

SAID = (
    "Please write to jo.miller@mail.example today",
    "Call me back on +49 170 1234567 please",
    "It was solved at once, thank you all",
    "It was solved at once, thank you all",
    "ok",
    "Far too long a text. " * 20,
)
PUBLIC = '[privacy]\npublic = ["surveys.verbatim"]\n'


@pytest.fixture
def said(write, tmp_path):
    """A dataset in which six customers wrote something."""

    def make(settings):
        rows = "response_id,customer_id,sent_at,responded_at,metric,score,verbatim\n" + "".join(
            f"r{n},{n % 3 + 1},2026-01-06,2026-01-07,nps,9,{text}\n" for n, text in enumerate(SAID)
        )
        folder = write(**{"surveys.csv": rows, "dataset.toml": f'name = "S"\n\n{settings}'})
        return open_dataset(folder, "2026Q1")

    return make


def test_what_names_persons_is_masked(said):
    drawn = draw_verbatims(said(PUBLIC), 9).drawn
    assert 0 < len(drawn) <= 3
    text = " ".join(drawn.text)
    assert "miller" not in text
    assert "1234567" not in text


def test_without_leave_nobody_is_quoted(said):
    found = draw_verbatims(said(""), 3)
    assert found.drawn.empty
    finding = verbatim_finding(found)
    assert "does not make surveys.verbatim public" in finding.sentence
    assert finding.screen == ()


def test_the_lot_is_the_same_whoever_draws_and_changes_with_the_quarter(data):
    first = draw_verbatims(data, 3).drawn
    assert len(first) == 3
    assert draw_verbatims(data, 3).drawn.equals(first)
    other = replace(data, quarter=data.quarter.previous)
    assert not draw_verbatims(other, 3).drawn.equals(first)
    assert "asks for none" in verbatim_finding(draw_verbatims(data, 0)).sentence


def test_every_comment_has_the_same_chance(data):
    """Of the quarter's comments, scores are drawn as they are: the mean of many draws is theirs."""
    every = draw_verbatims(data, 10_000)
    half = draw_verbatims(data, len(every.drawn) // 2).drawn
    mean, spread = every.drawn.score.mean(), every.drawn.score.std()
    assert half.score.mean() == pytest.approx(mean, abs=4 * spread / len(half) ** 0.5)


def test_quotes_carry_the_score_and_the_channel(data):
    finding = verbatim_finding(draw_verbatims(data, 2))
    assert len(finding.screen) == 2
    assert all(each.about.split()[0] in ("NPS", "CSAT", "CES") for each in finding.screen)
    assert finding.evidence.startswith("Drawn by lot from ")
