"""A published edition as a workbook: numbers as numbers, filters, charts that can be edited."""

import io
from collections.abc import Iterable, Sequence

import xlsxwriter

from cxlib.exports.book import Book, quarters_of
from cxlib.exports.steady import steadied

FORMATS = {
    "share": "0.0%", "count": "#,##0", "seconds": "0.0", "points": "0.0", "score": "0.00",
    "per customer": "0.00", "per account": "0.00",
    # The cost of a contact has cents, the revenue of a quarter has none.
    "money": "[>=1000]#,##0;0.00",
}  # fmt: skip
WIDEST, LINE = 90, 16
# What each sheet holds, as its first page says.
SHEETS = {
    "Key figures": "The KPIs of the first screen by quarter, with charts.",
    "Targets": "How KPIs stand to their targets.",
    "Actions": "What is to be decided this quarter.",
    "KPIs": "Every KPI of every whole quarter, with its 95% interval.",
    "Findings": "Every sentence of the report, with the number it rests on.",
    "Comments": "Customers in their own words, drawn by lot.",
    "Dictionary": "What the columns mean.",
}
DICTIONARY = (
    ("Value", "As published, in full precision; shares from 0 to 1, times in seconds."),
    ("Low, High", "The ends of the 95% interval."),
    ("n", "How many observations (answers, contacts, accounts) the value rests on."),
    ("Now", "Met or missed beyond chance, or too close to tell."),
    ("Assurance", "Whether the process passes or fails the target, or hits or misses by chance."),
    ("Stands out", "Whether the finding reports something beyond chance."),
)


def workbook(book: Book) -> bytes:
    """The workbook as a file; the same edition gives the same bytes.

    No text becomes a formula or a link.
    """
    target = io.BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False,
    }  # fmt: skip
    with xlsxwriter.Workbook(target, options) as file:
        file.set_properties({"title": f"{book.about}, {book.quarter}"})
        _read_me(file, book)
        _key_figures(file, book)
        targets = [each for each in book.tiles if each["goal"] is not None]
        _sheet(file, "Targets", ("KPI", "Value", "Target", "Now", "Assurance", "Unit"), [
            (each["label"], each["points"][-1][1], each["goal"], each["now"], each["assurance"],
             each["unit"])
            for each in targets
        ])  # fmt: skip
        _sheet(file, "Actions", ("Action", "Why", "Owner"), [
            (each["title"], each["evidence"], each["owner"] or "not assigned")
            for each in book.actions
        ])  # fmt: skip
        _kpis(file, book)
        _findings(file, book)
        _sheet(file, "Comments", ("Comment", "About"), [
            (each["text"], each["about"]) for each in book.quotes
        ])  # fmt: skip
        _sheet(file, "Dictionary", ("Column", "Meaning"), DICTIONARY)
    return steadied(target.getvalue(), book.finished)


def _read_me(file: xlsxwriter.Workbook, book: Book) -> None:
    lines = [
        f"{book.about}, {book.quarter}", book.headline, book.rest, book.verdict, book.lacks,
        f"Made of the report of {book.finished:%d %b %Y}; nothing here was calculated again.", "",
        *(f"{name}: {text}" for name, text in SHEETS.items()),
    ]  # fmt: skip
    sheet = file.add_worksheet("Read me")
    sheet.set_column(0, 0, WIDEST, file.add_format({"text_wrap": True}))
    for row, line in enumerate(lines):
        sheet.write_string(row, 0, line, file.add_format({"bold": row < 2, "text_wrap": True}))
        sheet.set_row(row, LINE * (1 + len(line) // (WIDEST - 10)))


def _key_figures(file: xlsxwriter.Workbook, book: Book) -> None:
    rows = [
        (each["label"], quarter, value, low, high, each["goal"], each["unit"])
        for each in book.tiles
        for quarter, (_, value, low, high) in zip(quarters_of(each), each["points"], strict=True)
    ]
    name = "Key figures"
    sheet = _sheet(file, name, ("KPI", "Quarter", "Value", "Low", "High", "Target", "Unit"), rows)
    first = 1
    for place, tile in enumerate(book.tiles):
        last = first + len(tile["points"]) - 1
        chart = file.add_chart({"type": "line"})
        series = [("Value", 2), *([("Target", 5)] if tile["goal"] is not None else [])]
        for label, column in series:
            dashed = {"dash_type": "dash", "color": "#6b7079"}
            chart.add_series({
                "name": label, "categories": [name, first, 1, last, 1],
                "values": [name, first, column, last, column],
                "line": {"color": "#0072B2"} if column == 2 else dashed,
            })  # fmt: skip
        chart.set_title({"name": f"{tile['label']}: {tile['value']}", "overlay": False})
        chart.set_legend({"none": True})
        lines = {"visible": True, "line": {"color": "#d9dce1"}}
        shown = {"num_format": "0%"} if tile["unit"] == "share" else {}
        chart.set_y_axis({"major_gridlines": lines, **shown})
        about = f"{tile['label']} by quarter, now {tile['value']}"
        at = (1 + 15 * (place // 2), 8 + 8 * (place % 2))
        sheet.insert_chart(*at, chart, {"description": about, "object_position": 2})
        first = last + 1


def _kpis(file: xlsxwriter.Workbook, book: Book) -> None:
    rows = [
        (each["label"], each["period"], each["value"], each.get("low"), each.get("high"),
         each.get("n"), each.get("unit", ""))
        for finding in book.findings
        for each in finding["measures"]
    ]  # fmt: skip
    _sheet(file, "KPIs", ("KPI", "Period", "Value", "Low", "High", "n", "Unit"), rows)


def _findings(file: xlsxwriter.Workbook, book: Book) -> None:
    heads = ("Page", "Finding", "Stands out", "Value", "Low", "High", "n", "Unit", "How we know")
    rows = []
    for each in book.findings:
        found = each["estimate"] or {}
        numbers = [found.get(name) for name in ("value", "low", "high", "n", "unit")]
        stands_out = "yes" if each["news"] else "no"
        rows.append((each["page"], each["sentence"], stands_out, *numbers, each["evidence"]))
    _sheet(file, "Findings", heads, rows)


def _sheet(
    file: xlsxwriter.Workbook, name: str, heads: Sequence[str], rows: Iterable[Sequence]
) -> xlsxwriter.worksheet.Worksheet:
    """A table with a filter, its heads in sight, and columns as wide as what is in them."""
    rows, sheet = list(rows), file.add_worksheet(name)
    bold, wrap = file.add_format({"bold": True}), {"text_wrap": True, "valign": "top"}
    text = file.add_format(wrap)
    shown = {unit: file.add_format({**wrap, "num_format": how}) for unit, how in FORMATS.items()}
    units = [row[heads.index("Unit")] if "Unit" in heads else "" for row in rows]
    for column, head in enumerate(heads):
        sheet.write_string(0, column, head, bold)
        longest = max((len(str(row[column])) for row in rows), default=0)
        sheet.set_column(column, column, min(max(longest, len(head)) + 2, WIDEST))
    for place, (row, unit) in enumerate(zip(rows, units, strict=True), start=1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(place, column, value, text)
            elif value is not None:
                counted = heads[column] == "n"
                sheet.write_number(place, column, value, text if counted else shown.get(unit, text))
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.autofilter(0, 0, max(len(rows), 1), len(heads) - 1)
    return sheet
