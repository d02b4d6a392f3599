"""A published edition as slides: one message each, native charts, the method in the notes."""

import io
from collections.abc import Sequence

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE
from pptx.enum.dml import MSO_LINE_DASH_STYLE
from pptx.enum.text import PP_ALIGN
from pptx.slide import Slide
from pptx.util import Emu, Inches, Pt

from cxlib.exports.book import Book, quarters_of
from cxlib.exports.steady import steadied

WIDTH, HEIGHT, MARGIN = Inches(13.333), Inches(7.5), Inches(0.6)
INK, SOFT, BLUE = RGBColor(0x1F, 0x23, 0x28), RGBColor(0x57, 0x60, 0x6A), RGBColor(0, 0x72, 0xB2)
BLANK = 6
MOST_SLIDES, MOST_CHARTS = 12, 6
METHOD = (
    "Values carry 95% intervals. A change, and a target met or missed, is said only where it goes "
    "beyond chance, allowing for all that was looked at. "
)


def slides(book: Book) -> bytes:
    """The slides as a file; the same edition gives the same bytes."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = WIDTH, HEIGHT
    title = f"{book.about}, {book.quarter}"
    deck.core_properties.title = title
    deck.core_properties.author = ""
    first = _slide(deck, book.headline, f"{METHOD}{book.verdict}")
    _text(first, [title, book.rest, book.verdict, book.lacks], top=2.6, size=20)
    if book.actions:
        each = [f"{a['title']}\n{a['evidence']} Owner: {a['owner'] or 'not assigned'}"
                for a in book.actions]  # fmt: skip
        _text(_slide(deck, "Decide this quarter", METHOD), each, top=1.6, size=18)
    if book.tiles:
        heads = ("KPI", "Value", "95% interval", "Target", "Now", "Against before")
        rows = [
            (t["label"], t["value"], t["interval"], t["target"] or "–", t["now"] or "–",
             f"{t['variation']} {t['change']}".strip())
            for t in book.tiles
        ]  # fmt: skip
        _table(_slide(deck, "Key figures", METHOD), heads, rows)
    for tile in book.tiles[:MOST_CHARTS]:
        known = any(each.isdigit() for each in tile["interval"])
        notes = f"{METHOD}95% interval {tile['interval']}." if known else METHOD
        _chart(_slide(deck, f"{tile['sentence']}.", notes), tile)
    if book.amounts:
        each = [f"{a['value']}  {a['label']}" for a in book.amounts]
        _text(_slide(deck, "Money", METHOD), each, top=1.6, size=24)
    if book.groups or book.quotes:
        each = [f"{g['name']}: {'; '.join(g['facts'])}" for g in book.groups]
        each += [f"“{q['text']}” ({q['about']})" for q in book.quotes]
        _text(_slide(deck, "Whom we serve, and what they say", METHOD), each, top=1.6, size=18)
    for grid in book.grids[: MOST_SLIDES - len(deck.slides)]:
        rows = [(name, *(f"{value} {tone}".strip() for value, tone in cells))
                for name, cells in grid["rows"]]  # fmt: skip
        heads = (grid["by"].capitalize(), *grid["columns"])
        _table(_slide(deck, f"By {grid['by']}", METHOD), heads, rows)
    target = io.BytesIO()
    deck.save(target)
    return steadied(target.getvalue(), book.finished)


def _slide(deck: Presentation, title: str, notes: str) -> Slide:
    slide = deck.slides.add_slide(deck.slide_layouts[BLANK - 1])
    box = slide.shapes.title
    box.left, box.top, box.width, box.height = MARGIN, Inches(0.4), WIDTH - 2 * MARGIN, Inches(1.1)
    box.text_frame.text = title
    box.text_frame.word_wrap = True
    for paragraph in box.text_frame.paragraphs:
        paragraph.alignment = PP_ALIGN.LEFT
        _look(paragraph, 28 if len(title) < 90 else 22, bold=True)
    slide.notes_slide.notes_text_frame.text = notes
    return slide


def _text(slide: Slide, lines: Sequence[str], top: float, size: int) -> None:
    box = slide.shapes.add_textbox(MARGIN, Inches(top), WIDTH - 2 * MARGIN, Inches(7 - top))
    box.text_frame.word_wrap = True
    for place, line in enumerate(filter(None, lines)):
        paragraph = box.text_frame.paragraphs[0] if not place else box.text_frame.add_paragraph()
        paragraph.text = line
        paragraph.space_after = Pt(10)
        _look(paragraph, size)


def _table(slide: Slide, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    height = Inches(0.45) * (len(rows) + 1)
    frame = slide.shapes.add_table(
        len(rows) + 1, len(heads), MARGIN, Inches(1.7), WIDTH - 2 * MARGIN, Emu(height)
    )
    for place, row in enumerate([heads, *rows]):
        for column, text in enumerate(row):
            cell = frame.table.cell(place, column)
            cell.text = text
            for paragraph in cell.text_frame.paragraphs:
                _look(paragraph, 13, bold=not place, white=not place)


def _chart(slide: Slide, tile: dict) -> None:
    data = CategoryChartData()
    data.categories = quarters_of(tile)
    # The workbook behind a chart takes a name that begins so for a formula.
    label = tile["label"].lstrip("=+-@\t\r ") or "KPI"
    data.add_series(label, [value for _, value, *_ in tile["points"]])
    if tile["goal"] is not None:
        data.add_series("Target", [tile["goal"]] * len(tile["points"]))
    frame = slide.shapes.add_chart(
        XL_CHART_TYPE.LINE, MARGIN, Inches(1.7), WIDTH - 2 * MARGIN, Inches(5.2), data
    )
    about = f"{tile['label']} by quarter, now {tile['value']}"
    frame._element.nvGraphicFramePr.cNvPr.set("descr", about)
    chart = frame.chart
    chart.has_title = False
    chart.has_legend = tile["goal"] is not None
    chart.font.size = Pt(12)
    if tile["unit"] == "share":
        chart.value_axis.tick_labels.number_format = "0%"
        chart.value_axis.tick_labels.number_format_is_linked = False
    chart.value_axis.major_gridlines.format.line.color.rgb = RGBColor(0xD9, 0xDC, 0xE1)
    for series, colour in zip(chart.plots[0].series, (BLUE, SOFT), strict=False):
        series.smooth = False
        series.format.line.color.rgb = colour
        series.format.line.width = Pt(2.5)
    if tile["goal"] is not None:
        chart.plots[0].series[1].format.line.dash_style = MSO_LINE_DASH_STYLE.DASH


def _look(paragraph, size: int, bold: bool = False, white: bool = False) -> None:
    font = paragraph.font
    font.size, font.bold, font.name = Pt(size), bold, "Calibri"
    font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF) if white else INK
