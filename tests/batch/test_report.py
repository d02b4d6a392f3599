"""What a run publishes: pages, indexes, records; each page in a real browser, network off."""

import json
import re
from html.parser import HTMLParser

import pytest
from playwright.sync_api import sync_playwright

WIDTHS = (1280, 390)
PAGES = ("data_readiness", "personas", "kpi_drivers", "account_tiers", "pdca_cycles")


class Images(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.addresses = [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "img":
            self.found.append(attrs)
        self.addresses += [attrs[name] for name in ("src", "href") if name in attrs]


def read(path):
    parser = Images()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser


def test_five_pages_and_two_indexes_are_published(demo_report):
    quarter = demo_report / "2026Q3"
    assert {path.stem for path in quarter.glob("*.html")} == {"index", *PAGES}
    assert 'href="2026Q3/index.html"' in (demo_report / "index.html").read_text()
    tables = {path.name for path in (quarter / "tables").iterdir()}
    assert tables == {"account_tiers.csv", "cycles.csv", "personas.parquet"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_stands_alone_and_hides_its_code(demo_report, name):
    page = demo_report / "2026Q3" / f"{name}.html"
    text, parsed = page.read_text(encoding="utf-8"), read(page)
    assert all(re.match(r"data:|#|index\.html$", each) for each in parsed.addresses)
    assert "open_dataset" not in text
    assert "Content-Security-Policy" in text
    assert len(parsed.found) >= 1
    for image in parsed.found:
        assert len(image["alt"]) > 40
    for words in ("In short", "Contents", "Where this comes from", "2026Q3", "fingerprint"):
        assert words in text


def test_the_index_carries_the_findings_of_every_page(demo_report):
    text = (demo_report / "2026Q3" / "index.html").read_text(encoding="utf-8")
    for name in PAGES:
        assert f'href="{name}.html"' in text
    assert "Of 8 cycles: 3 improved, 1 worsened and 4 no detectable change." in text


def test_findings_and_run_are_recorded(demo_report):
    findings = json.loads((demo_report / "2026Q3" / "findings.json").read_text())
    assert {each["notebook"] for each in findings} == set(PAGES)
    assert all(each["sentence"] for each in findings)
    effect = next(each for each in findings if "P02" in each["sentence"])["estimate"]
    assert effect["low"] < effect["value"] < effect["high"]
    run = json.loads((demo_report / "2026Q3" / "run.json").read_text())
    assert run["rows"]["surveys"]["read"] == run["rows"]["surveys"]["used"] + 6
    assert {each["status"] for each in run["notebooks"].values()} == {"published"}


@pytest.mark.shared
def test_the_olist_run_publishes_what_it_can_and_says_what_it_cannot(olist_report):
    quarter = olist_report / "2018Q2"
    assert {path.stem for path in quarter.glob("*.html")} == {"index", *PAGES} - {"pdca_cycles"}
    index = (quarter / "index.html").read_text(encoding="utf-8")
    assert "Left out:" in index
    assert "lacks the table cycles" in index
    readiness = (quarter / "data_readiness.html").read_text(encoding="utf-8")
    assert "needs the column interactions.cost" in readiness
    assert "needs the column accounts.churn_date" in readiness


# In a browser -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--headless", "--disable-gpu"],
        )
        yield started
        started.close()


def look(browser, page_path, width):
    """Open a page; what went wrong: failed requests, console errors, elements too wide."""
    context = browser.new_context(viewport={"width": width, "height": 800}, offline=True)
    page = context.new_page()
    faults = []
    page.on("requestfailed", lambda request: faults.append(f"failed: {request.url[:80]}"))
    page.on(
        "console",
        lambda message: (
            faults.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(page_path.as_uri(), wait_until="load")
    wide = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter(e => !e.closest(".table, pre") || e.matches(".table, pre"))
            .filter(e => e.getBoundingClientRect().right > window.innerWidth + 0.5)
            .map(e => e.tagName + " " + e.className)"""
    )
    broken = page.evaluate("() => [...document.images].filter(i => !i.naturalWidth).length")
    scrolls = page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth")
    context.close()
    return faults + wide + ["broken image"] * broken + ["scrolls sideways"] * scrolls


def faults_of(browser, folder, width):
    """The faults of each page below a folder, each with the page's name."""
    pages = sorted(folder.rglob("*.html"))
    return [[(page.name, fault) for fault in look(browser, page, width)] for page in pages]


@pytest.mark.browser
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_of_the_demonstration(browser, demo_report, width):
    assert faults_of(browser, demo_report, width) == [[]] * 7


@pytest.mark.browser
@pytest.mark.shared
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_of_olist(browser, olist_report, width):
    assert faults_of(browser, olist_report, width) == [[]] * 6
