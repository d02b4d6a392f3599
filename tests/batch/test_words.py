"""How pages speak: no private English, and headlines that can be read in one breath."""

import json
import re
from html import unescape

import pytest

# What a CX director would stop at. "What this cannot tell" is a heading, and "told" is not in it.
BANNED = (
    "foretold", "foretells?", "told apart", "so many", "whoever", "of whom", "content customers",
    "stands? out from chance", "goes most with", "made it by least", "hangs? on", "restates?",
    "otherwise than", "forbids? belief", "relied on with care", "nobody's", "a rush", "shiny",
    "told", "nobody knows", "cannot be told", "judge us otherwise", "like for like",
)  # fmt: skip
WORDS = re.compile(rf"\b({'|'.join(BANNED)})\b", re.IGNORECASE)
LONGEST = 25
REPORTS = (
    "demo_report", "slices_report", pytest.param("olist_report", marks=pytest.mark.shared)
)  # fmt: skip


def said(html):
    """What a page says, in its text and in what it tells those who cannot see it."""
    texts = re.findall(r'(?:alt|aria-label)="([^"]*)"', html)
    html = re.sub(r"<(script|style|code)[^>]*>.*?</\1>", " ", html, flags=re.S)
    return unescape(" ".join([re.sub(r"<[^>]+>", " ", html), *texts]))


@pytest.mark.parametrize("report", REPORTS)
def test_no_page_speaks_a_private_english(request, report):
    folder = request.getfixturevalue(report)
    found = {
        (path.name, " ".join(text[max(hit.start() - 40, 0) : hit.end() + 30].split()))
        for path in sorted(folder.rglob("*.html"))
        for text in [said(path.read_text(encoding="utf-8"))]
        for hit in WORDS.finditer(text)
    }
    assert not found


@pytest.mark.parametrize("report", REPORTS)
def test_a_headline_is_read_in_one_breath(request, report):
    folder = request.getfixturevalue(report)
    long = [
        (path.parent.name, each["sentence"])
        for path in sorted(folder.rglob("findings.json"))
        for each in json.loads(path.read_text(encoding="utf-8"))
        for sentence in re.split(r"(?<=[.;]) ", each["sentence"])
        # Comments are customers' own words.
        if len(sentence.split()) > LONGEST and not each["sentence"].startswith("“")
    ]
    assert not long


@pytest.mark.browser
def test_the_whole_report_is_read_in_eleven_thousand_words_and_none_is_private(visit, demo_report):
    """As the pages open: what waits for a click is not counted, and scripts have written theirs."""
    total = 0  # of nine pages and their index
    for path in sorted((demo_report / "2026Q3").glob("*.html")):
        page, _ = visit(path, 1280)
        text = page.evaluate("document.body.innerText")
        assert not WORDS.search(text), (path.name, WORDS.search(text))
        total += len(text.split())
    assert 4_000 < total <= 11_000
