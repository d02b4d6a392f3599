"""Every page in a real browser, network off: whole, fitting, accessible, and safe."""

import json
import re

import pytest

from tests.conftest import COMMON, ROOT, SOURCE, cx

WIDTHS = (1280, 390)
AXE = ROOT / "tests" / "browser" / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = pytest.mark.browser


def look(visit, path, width):
    """What is wrong with a page: failed requests, console errors, elements too wide."""
    page, faults = visit(path, width)
    wide = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter(e => !e.closest(".table, pre, figure") || e.matches(".table, pre, figure"))
            .filter(e => e.getBoundingClientRect().right > window.innerWidth + 0.5)
            .map(e => e.tagName + " " + e.className)"""
    )
    broken = page.evaluate("() => [...document.images].filter(i => !i.naturalWidth).length")
    scrolls = page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth")
    return faults + wide + ["broken image"] * broken + ["scrolls sideways"] * scrolls


def faults_of(visit, folder, width):
    """The faults of each page below a folder, each with the page's name."""
    pages = sorted(folder.rglob("*.html"))
    return [[(page.name, fault) for fault in look(visit, page, width)] for page in pages]


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_of_the_demonstration(visit, demo_report, width):
    assert faults_of(visit, demo_report, width) == [[]] * 11


@pytest.mark.shared
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_of_olist(visit, olist_report, width):
    assert faults_of(visit, olist_report, width) == [[]] * 10


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_of_slices(visit, slices_report, width):
    faults = faults_of(visit, slices_report, width)
    assert faults == [[]] * len(faults)
    assert len(faults) > 5


@pytest.mark.skipif(not AXE.is_file(), reason="needs axe-core (make axe, with npm)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("report", ["demo_report", "slices_report"])
def test_no_page_keeps_anybody_out(browser, request, report, scheme):
    folder = request.getfixturevalue(report)
    context = browser.new_context(offline=True, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    violations, checked = [], 0
    for path in sorted(folder.rglob("*.html")):
        page.goto(path.as_uri(), wait_until="load")
        page.add_script_tag(path=str(AXE))
        found = page.evaluate("() => axe.run()")
        violations += [
            (str(path.relative_to(folder)), each["id"], node["html"][:120])
            for each in found["violations"]
            for node in each["nodes"]
        ]
        checked += any(each["id"] == "color-contrast" for each in found["passes"])
    context.close()
    assert violations == []
    assert checked > 5


def test_a_table_sorts_by_click_and_is_copied_as_csv(visit, demo_report):
    page, faults = visit(
        demo_report / "2026Q3" / "account_tiers.html",
        permissions=["clipboard-read", "clipboard-write"],
    )
    table = page.locator(".table table", has_text="Unproven growth accounts").first
    head = table.locator("th.number").first
    column = head.evaluate("each => each.cellIndex")

    def numbers():
        texts = table.locator("tbody tr").evaluate_all(
            "(rows, column) => rows.map((row) => row.cells[column].textContent)", column
        )
        return [float(re.match(r"[\d.]+", text.replace(",", ""))[0]) for text in texts]

    head.locator("button").click()
    assert numbers() == sorted(numbers())
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert numbers() == sorted(numbers(), reverse=True)
    table.locator("xpath=../following-sibling::button").first.click()
    page.get_by_text("Copied").wait_for()
    lines = page.evaluate("() => navigator.clipboard.readText()").splitlines()
    assert len(lines) == len(numbers()) + 1
    assert lines[0].startswith('"')
    assert faults == []


def test_a_long_table_shows_its_first_rows_until_it_is_asked_for_all(visit, demo_report):
    page, faults = visit(demo_report / "2026Q3" / "kpi_drivers.html")
    table = page.locator(".table table", has_text="Smallest change").first
    rows, seen = table.locator("tbody tr"), table.locator("tbody tr:visible")
    assert (seen.count(), rows.count()) == (6, 25)
    # What has moved is seen first.
    assert set(seen.locator("td:nth-child(5)").all_text_contents()).isdisjoint({"steady"})
    button = table.locator("xpath=../following-sibling::button").nth(1)
    assert button.text_content() == "All 25 rows"
    assert button.get_attribute("aria-expanded") == "false"
    button.click()
    assert seen.count() == 25
    assert button.get_attribute("aria-expanded") == "true"
    button.click()
    assert seen.count() == 6
    assert faults == []


def test_paper_shows_what_waits_for_a_click(visit, demo_report):
    page, _ = visit(demo_report / "2026Q3" / "kpi_drivers.html")
    waiting = "() => [...document.querySelectorAll('details:not([open]), table.short')].length"
    assert page.evaluate(waiting) > 5
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(waiting) == 0


def test_panels_side_by_side_stand_one_below_the_other_on_a_phone(visit, demo_report):
    place = demo_report / "2026Q3" / "score_worth.html"
    shape = """() => { const image = document.querySelector("figure.reflows img");
        return [image.naturalWidth / image.naturalHeight, image.getBoundingClientRect().right]; }"""
    (wide, _), (narrow, right) = (visit(place, width)[0].evaluate(shape) for width in WIDTHS)
    assert wide > 1 > narrow
    assert right <= 390


def test_durations_shares_and_gaps_sort_as_what_they_mean(visit, suite, write, tmp_path):
    cell = (
        "from cxlib.page.table import make_table\n"
        "from cxlib.page.wording import Written\n"
        "make_table([{'x': Written(each, 0)} for each in ('1 h 5 min', '95 s', '−3 s', '–', '2 min 3 s', "
        "'1,200 s (3 to 4)')], 'Times')"
    )
    run = cx("report", "2026Q1", "--dataset", write(), "--notebooks", suite(**{"01_a": [cell]}),
             "--out", tmp_path / "out")  # fmt: skip
    assert run.returncode == 0, run.stdout
    page, _ = visit(tmp_path / "out" / "2026Q1" / "a.html")
    cells = page.locator(".table td")
    page.locator("th button").click()
    rising = ["−3 s", "95 s", "2 min 3 s", "1,200 s (3 to 4)", "1 h 5 min", "–"]
    assert cells.all_text_contents() == rising
    page.locator("th button").click()
    assert cells.all_text_contents() == [*rising[-2::-1], "–"]


EVIL = (
    "<script>window.evil=1</script>",
    "<img src=x onerror=window.evil=1>",
    '<a href="javascript:window.evil=1">x</a>',
    "</style><script>window.evil=1</script>",
)
SHOW = """
from cxlib.data import open_dataset
from cxlib.page.finding import Finding
from cxlib.page.figure import canvas, Figure
from cxlib.page.table import make_table
data = open_dataset(dataset, quarter, where)
names = data.rows("accounts").execute().name.tolist()
verbatims = data.rows("surveys").execute().verbatim.dropna().tolist()
"""


def test_nothing_that_a_customer_wrote_is_executed(visit, suite, write, tmp_path):
    quoted = [json.dumps(each).replace('\\"', '""') for each in EVIL]
    accounts = "account_id,name,region\n" + "".join(
        f"00{number},{text},EMEA\n" for number, text in enumerate(quoted, start=1)
    )
    surveys = "response_id,customer_id,sent_at,responded_at,metric,score,verbatim\n" + "".join(
        f"r{number},1,2026-01-06,2026-01-07,nps,9,{text}\n" for number, text in enumerate(quoted)
    )
    folder = suite(
        COMMON + 'code = "x"  # c\n',
        **{
            "01_a": [
                SHOW,
                "make_table([{'name': n, 'verbatim': v} for n, v in zip(names, verbatims)], code)",
                "[display(Finding(each, evidence=code)) for each in [*names, *verbatims]];",
                "print(names)",
                "drawing, axes = canvas(1)\nFigure(drawing, ' '.join(names))",
                # An analyst's own careless line.
                "from IPython.display import HTML\nHTML(names[0] + names[1] + names[2])",
            ]
        },
    )
    toml = 'name = "S"\n[privacy]\npublic = ["accounts.name", "surveys.verbatim"]\n'
    data = write(
        dataset__toml=toml,
        accounts__csv=accounts,
        surveys__csv=surveys,
        customers__csv=SOURCE["customers.csv"],
    )
    options = ["--notebooks", folder, "--out", tmp_path / "out", "-p", f"code={''.join(EVIL)}"]
    run = cx("report", "2026Q1", "--dataset", data, *options)
    assert run.returncode == 0, run.stdout + run.stderr
    for name in ("a", "index"):
        page, faults = visit(tmp_path / "out" / "2026Q1" / f"{name}.html")
        for link in page.locator("a[href^=javascript]").all():
            link.evaluate("each => each.click()")
        page.wait_for_timeout(200)
        assert page.evaluate("() => window.evil") is None
        assert not [fault for fault in faults if fault.startswith("dialog")]
        shown = page.locator("main").text_content()
        for text in EVIL:
            assert text in shown, (name, text)


def test_a_page_prints_without_cutting_a_figure(visit, demo_report, tmp_path):
    page, _ = visit(demo_report / "2026Q3" / "pdca_cycles.html")
    page.emulate_media(media="print")
    breaks = page.locator("figure").evaluate_all(
        "all => all.map((each) => getComputedStyle(each).breakInside)"
    )
    assert set(breaks) == {"avoid"}
    # A figure taller than a sheet would be cut whatever its style says.
    heights = page.locator("figure img").evaluate_all(
        "all => all.map((each) => each.getBoundingClientRect().height)"
    )
    assert max(heights) < 24 / 2.54 * 96
    assert page.locator("nav").is_hidden()
    assert len(page.pdf()) > 10_000


def test_on_a_phone_a_chart_shows_its_latest_months_first(visit, demo_report):
    page, faults = visit(demo_report / "2026Q3" / "pdca_cycles.html", 390)
    ends = page.evaluate(
        "() => [...document.querySelectorAll('figure.latest')]"
        ".map(each => each.scrollWidth - each.clientWidth - each.scrollLeft)"
    )
    assert len(ends) > 5
    assert max(ends) <= 1
    assert faults == []


def test_on_a_phone_the_rows_of_a_wide_table_are_cards_that_say_their_heads(visit, demo_report):
    page, _ = visit(demo_report / "2026Q3" / "kpi_drivers.html", 390)
    table = page.locator("table.wide").first
    assert not table.locator("thead").is_visible()
    cell = table.locator("tbody td").nth(1)
    head = cell.evaluate("each => getComputedStyle(each, '::before').content")
    assert head.strip('"') == table.locator("thead th").nth(1).text_content().strip()
    assert table.bounding_box()["width"] <= 390
