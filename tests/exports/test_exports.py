"""Files to take along: every number was published, and the same edition gives the same bytes."""

import io
import json
import os
import shutil
import zipfile
from datetime import UTC, datetime

import pytest
from pptx import Presentation

import cxlib as cx
from cxlib.batch.export import _about
from cxlib.errors import ArgumentError
from cxlib.exports.book import Book
from cxlib.exports.slides import MOST_SLIDES, slides
from cxlib.exports.steady import steadied
from cxlib.exports.workbook import SHEETS, workbook
from tests.conftest import cx as command


@pytest.fixture(scope="module")
def quarter(demo_report, tmp_path_factory):
    """A copy, since the report is shared."""
    return shutil.copytree(demo_report / "2026Q3", tmp_path_factory.mktemp("export") / "2026Q3")


@pytest.fixture(scope="module")
def findings(quarter):
    return json.loads((quarter / "findings.json").read_text())


def book(**values):
    empty = dict.fromkeys(Book.__annotations__, ())
    texts = dict.fromkeys(("about", "quarter", "headline", "rest", "verdict"), "x")
    return Book(**empty | texts | {"finished": datetime(2026, 10, 1, tzinfo=UTC)} | values)


def test_the_same_quarter_gives_the_same_bytes(quarter):
    kinds = ("xlsx", "pptx", *(["pdf"] if shutil.which("chromium") else []))
    first = [path.read_bytes() for path in cx.export(quarter, *kinds)]
    assert [path.read_bytes() for path in cx.export(quarter, *kinds)] == first
    assert first[0][:2] == first[1][:2] == b"PK"
    assert all(each.startswith(b"%PDF") for each in first[2:])


def alike(row, published):
    """Whether two rows of numbers are the same; a workbook has 16 digits, and JSON has 17."""
    return all(
        one is other is None or (one is not None and one == pytest.approx(other, rel=1e-14))
        for one, other in zip(row, published, strict=True)
    )


def cells(path):
    """Every cell of a workbook by sheet, as it is stored."""
    import openpyxl

    file = openpyxl.load_workbook(path)
    return {each.title: [[cell.value for cell in row] for row in each.iter_rows()]
            for each in file.worksheets}  # fmt: skip


def test_every_number_of_the_workbook_was_published(quarter, findings):
    (path,) = cx.export(quarter, "xlsx")
    found = cells(path)
    assert list(found) == ["Read me", *SHEETS]
    measures = [each for finding in findings for each in finding["measures"]]
    numbers = [[each[name] for name in ("value", "low", "high")] for each in measures]
    assert len(found["KPIs"]) == len(numbers) + 1
    assert all(alike(row[2:5], each) for row, each in zip(found["KPIs"][1:], numbers, strict=True))
    stored = [row[3:6] for row in found["Findings"][1:]]
    named = [each["estimate"] or {} for each in findings]
    published = [[each.get(name) for name in ("value", "low", "high")] for each in named]
    assert all(map(alike, stored, published))
    tiles = [each for finding in findings for each in finding["screen"] if each["part"] == "tile"]
    points = [point[1:] for each in tiles for point in each["points"]]
    figures = found["Key figures"][1:]
    assert all(alike(row[2:5], each) for row, each in zip(figures, points, strict=True))


def test_the_charts_are_native_and_say_what_they_show(quarter, findings):
    xlsx, pptx = cx.export(quarter, "xlsx", "pptx")
    for path, folder in ((xlsx, "xl/charts/"), (pptx, "ppt/charts/chart")):
        with zipfile.ZipFile(path) as archive:
            charts = [name for name in archive.namelist() if name.startswith(folder)]
            text = b"".join(archive.read(name) for name in archive.namelist()
                            if "drawing" in name or "slides/slide" in name)  # fmt: skip
        assert sum(name.endswith(".xml") for name in charts) == 6
        assert text.count(b'descr="') >= 6


def test_slides_are_few_and_each_has_one_message_and_its_method(quarter, findings):
    (path,) = cx.export(quarter, "pptx")
    deck = Presentation(path)
    assert 5 <= len(deck.slides) <= MOST_SLIDES
    for slide in deck.slides:
        assert slide.shapes.title.text
        assert "95% interval" in slide.notes_slide.notes_text_frame.text
    said = " ".join(finding["sentence"] for finding in findings)
    shown = json.dumps([each for finding in findings for each in finding["screen"]],
                       ensure_ascii=False)  # fmt: skip
    for slide in deck.slides:
        for shape in slide.shapes:
            if shape.has_chart:
                values = [tuple(series.values) for series in shape.chart.plots[0].series]
                assert all(str(value) in shown for value in values[0])
            if shape.has_table:
                texts = [cell.text for row in shape.table.rows for cell in row.cells][6:]
                assert sum(text.split(" ")[0] in shown + said for text in texts) > len(texts) / 2


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "http://a.example"])
def test_what_a_customer_wrote_stays_text(text):
    import openpyxl

    made = workbook(book(quotes=[{"text": text, "about": text}]))
    file = openpyxl.load_workbook(io.BytesIO(made))
    cell = file["Comments"]["A2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


def test_what_is_taken_along_says_whom_it_is_about_and_what_it_lacks():
    run = {"dataset": "D", "part": ["region", "EMEA"], "where": "channel = 'phone'"}
    assert _about(run) == "D, region = EMEA, only rows where channel = 'phone'"
    lacking = book(left_out=["Personas"])
    (first, *_) = Presentation(io.BytesIO(slides(lacking))).slides
    said = " ".join(shape.text_frame.text for shape in first.shapes if shape.has_text_frame)
    assert "Not in here, since not of this run: Personas." in said


def test_a_name_that_looks_like_a_formula_is_none_behind_a_chart():
    tile = {"label": '=HYPERLINK("http://x.example")', "short": "x", "value": "1", "interval": "no interval",
            "target": "", "goal": None, "now": "", "unit": "", "variation": "", "change": "",
            "sentence": "x", "points": [["2026Q2", 1.0, None, None], ["2026Q3", 2.0, None, None]],
            "so_far": True}  # fmt: skip
    made = slides(book(tiles=[tile]))
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        (name,) = [each for each in archive.namelist() if each.startswith("ppt/embeddings/")]
        behind = zipfile.ZipFile(io.BytesIO(archive.read(name)))
        text = b"".join(behind.read(each) for each in behind.namelist())
    assert b"<f>" not in text
    assert b"2026Q3 so far" in text
    notes = [
        each.notes_slide.notes_text_frame.text for each in Presentation(io.BytesIO(made)).slides
    ]
    assert not any("no interval" in each for each in notes)


def test_the_next_report_knows_a_file_that_was_exported_since(suite, write, tmp_path):
    tell = "from cxlib.page.finding import Finding\nFinding('A.')"
    arguments = ["report", "2026Q1", "--dataset", write(), "--notebooks", suite(**{"01_a": [tell]}),
                 "--out", tmp_path / "out"]  # fmt: skip
    assert command(*arguments).returncode == 0
    (path,) = cx.export(tmp_path / "out" / "2026Q1")
    again = command(*arguments, "--fresh")
    assert again.returncode == 0, again.stdout + again.stderr
    assert not path.exists()
    cx.export(tmp_path / "out" / "2026Q1")
    run = command(*arguments, "--fresh", "--to", "xlsx")
    assert run.returncode == 0, run.stdout + run.stderr
    assert path.exists()


def test_an_empty_quarter_gives_files_too():
    assert zipfile.ZipFile(io.BytesIO(workbook(book()))).testzip() is None
    assert len(Presentation(io.BytesIO(slides(book()))).slides) == 1


def test_an_archive_forgets_when_it_was_packed():
    made = []
    for year in (2024, 2025):
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr(zipfile.ZipInfo("a", (year, 1, 1, 0, 0, 0)), "x")
            core = f"<dcterms:created xsi:type='x'>{year}</dcterms:created>"
            archive.writestr("docProps/core.xml", core)
        made.append(steadied(target.getvalue(), datetime(2026, 1, 1, tzinfo=UTC)))
    assert made[0] == made[1]


def test_a_kind_that_there_is_not_and_a_folder_without_a_report_are_one_line(quarter, tmp_path):
    with pytest.raises(ArgumentError, match="--to docx: must be xlsx, pptx or pdf"):
        cx.export(quarter, "docx")
    with pytest.raises(ArgumentError, match="holds no report"):
        cx.export(tmp_path)
    run = command("report", "2026Q3", "--to", "docx", "--out", tmp_path / "out")
    assert run.returncode == 2
    assert "--to docx: must be xlsx, pptx or pdf" in run.stdout + run.stderr
    assert not (tmp_path / "out").exists()


def test_a_run_writes_the_files_links_them_and_takes_them_away_again(suite, write, tmp_path):
    out = tmp_path / "out"
    options = ("report", "2026Q1", "--dataset", write(), "--notebooks",
               suite(**{"01_a": ["from cxlib.page.finding import Finding\nFinding('A. B.')"]}),
               "--out", out)  # fmt: skip
    assert command(*options).returncode == 0
    run = command(*options, "--to", "xlsx")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "2026Q1.xlsx" in run.stdout
    assert (out / "2026Q1" / "2026Q1.xlsx").is_file()
    assert 'href="2026Q1.xlsx"' in (out / "2026Q1" / "index.html").read_text()
    assert "nothing has changed" in command(*options, "--to", "xlsx").stdout
    # Without the option they would soon be of an older state than the pages.
    assert command(*options, "--fresh").returncode == 0
    assert not (out / "2026Q1" / "2026Q1.xlsx").exists()


def test_a_file_that_cannot_be_made_costs_no_page(suite, write, tmp_path):
    """A browser that is there and prints nothing."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "chromium").write_text("#!/bin/sh\necho 'no screen' >&2\nexit 1\n")
    (tmp_path / "bin" / "chromium").chmod(0o755)
    run = command(
        "report", "2026Q1", "--dataset", write(), "--out", tmp_path / "out", "--to", "pdf,xlsx",
        "--notebooks", suite(**{"01_a": ["from cxlib.page.finding import Finding\nFinding('A.')"]}),
        env={"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}, forked=False,
    )  # fmt: skip
    said = run.stdout + run.stderr
    assert "pdf was not written: index.html: could not be printed: no screen" in said
    index = (tmp_path / "out" / "2026Q1" / "index.html").read_text()
    assert 'href="2026Q1.xlsx"' in index
    assert 'href="2026Q1.pdf"' not in index
    assert (tmp_path / "out" / "2026Q1" / "a.html").is_file()
