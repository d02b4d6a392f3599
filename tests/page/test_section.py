"""What a section shows at once, and what waits for a click."""

import pytest

from cxlib.page.drawn import DrawnRows
from cxlib.page.figure import Figure, canvas
from cxlib.page.finding import Finding
from cxlib.page.section import Section
from cxlib.page.table import make_table

TABLE = make_table([{"A": "1"}], "Numbers <of> it")


def figure():
    drawn, axis = canvas(1)
    axis.plot([1, 2])
    return Figure(drawn, "A line.")


def test_a_table_after_a_figure_waits_and_before_one_does_not():
    before, _, after = Section(TABLE, figure(), None, TABLE).parts
    assert not before.folded
    assert after.folded
    html = after._repr_html_()
    assert html.startswith("<details")
    assert "<summary>Numbers &lt;of&gt; it</summary>" in html
    assert not Section(Finding("A."), TABLE).parts[1].folded


def test_a_table_keeps_its_numbers_when_it_is_folded():
    (_, folded) = Section(figure(), TABLE).parts
    assert folded.data.equals(TABLE.data)


def test_drawn_rows_say_what_they_are_and_run_no_markup():
    html = DrawnRows("All <KPIs>", (("<b>", "<svg></svg>", "1 & 2"),))._repr_html_()
    assert "<summary>All &lt;KPIs&gt;</summary>" in html
    assert "&lt;b&gt;" in html
    assert "1 &amp; 2" in html
    assert "<svg></svg>" in html


@pytest.mark.parametrize(
    ("evidence", "small", "asked"),
    [
        ("", "", ""),
        ("95% interval 1 to 2.", "95% interval 1 to 2.", ""),
        ("In 40 answers. It is no proof.", "In 40 answers. It is no proof.", ""),
        (
            "Costs 0.5m EUR. Found in those 40 answers that name a channel.",
            "Costs 0.5m EUR.",
            "Found in those 40 answers that name a channel.",
        ),
    ],
    ids=["none", "one sentence", "a short second", "a long second"],
)
def test_of_evidence_the_first_sentence_is_seen(evidence, small, asked):
    html = Finding("A.", evidence=evidence)._repr_mimebundle_()["text/html"]
    assert (f"<small>{small}</small>" in html) == bool(small)
    assert (f"<summary>How we know</summary>{asked}" in html) == bool(asked)
