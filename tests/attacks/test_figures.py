"""Promise: in a figure, text is text, whatever it holds."""

import xml.dom.minidom

import pytest
from matplotlib.font_manager import fontManager, get_font
from matplotlib.text import Text

from cxlib.measure.estimate import Estimate
from cxlib.page.figure import BLUE, Figure, canvas, styled, whiskers
from cxlib.page.letters import MISSING, make_drawable

TEXTS = [
    "Refund ($20, or 10% off $30)", "from $5 to $10", r"$\frac{x$", r"a_b^{c}", r"\alpha $$", "%d {0}",
    "tab\x0bhere", "\x00\x1b[31m", "<b>&amp;", "--> --", "e\u0301", "\u202eright to left",
]  # fmt: skip
EAST_ASIAN = ["退款请求", "返品の依頼", "환불 요청"]


@styled
def draw(labels):
    figure, axis = canvas(3)
    each = Estimate(0.4, 0.2, 0.6, 100, "share")
    whiskers(axis, [each] * len(labels), labels, [BLUE] * len(labels))
    axis.set_title(labels[0])
    axis.set_xlabel(labels[-1])
    axis.text(0.3, 0, labels[0])
    return Figure(figure, "A figure.")


def drawn(figure):
    """The pictures' texts, as they are drawn, and the picture itself, which must be whole."""
    picture, _ = figure._repr_mimebundle_()
    xml.dom.minidom.parseString(picture["image/svg+xml"])
    return [text.get_text() for text in figure.canvas.findobj(Text)]


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_breaks_a_picture_or_is_taken_for_mathematics(text):
    figure = draw([text, "other"])
    assert drawn(figure).count("".join(" " if c < " " else c for c in text)) >= 2
    assert not any(each.get_parse_math() for each in figure.canvas.findobj(Text))


def test_letters_that_no_font_has_are_said_to_be_missing():
    # Egyptian: whoever has a font for it sees it, and no word about it.
    figure = draw(["\U00013000", "other"])
    has = any("Hieroglyphs" in font.name for font in fontManager.ttflist)
    assert (MISSING in drawn(figure)) != has
    assert MISSING not in drawn(draw(["plain", "Zürich, Łódź, Ελλάδα, Москва"]))


@pytest.mark.parametrize("text", EAST_ASIAN)
def test_letters_that_some_font_has_are_drawn_with_it(text):
    figure = draw([text, "other"])
    make_drawable(figure.canvas)
    texts = [each for each in figure.canvas.findobj(Text) if each.get_text() == text]
    families = {name for each in texts for name in each.get_fontfamily()}
    # Matplotlib's own fonts have some of these letters, and one that has a box for each of all.
    fonts = [each for each in fontManager.ttflist if not each.name.startswith("Last Resort")]
    letters = {chr(code) for each in fonts for code in get_font(each.fname).get_charmap()}
    assert (MISSING in drawn(figure)) == bool(set(text) - letters)
    assert set(text) - letters or families - {"DejaVu Sans"}
