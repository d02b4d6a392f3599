"""The pages that lead to the pages: of a quarter, of its slices, of all quarters."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import jinja2

from cxlib.batch.edition import Edition, Published
from cxlib.batch.job import FAILED, LEFT_OUT, PUBLISHED
from cxlib.batch.provenance import provenance
from cxlib.batch.summary import CHANGE, DECISION, Restatements, Sentence, sentences

TEMPLATES = Path(__file__).parent / "template"
HEADLINES = 7


def headlines(findings: Sequence[Mapping]) -> list[Mapping]:
    """What stands out; where nothing does, the first thing that the page says."""
    return [each for each in findings if each["news"]][:HEADLINES] or list(findings[:1])


def quarter_page(
    edition: Edition,
    published: Published,
    restated: Restatements | tuple,
    slices: Sequence[str],
) -> str:
    """The index of an edition: what a leader reads first."""
    told = sentences(published.findings)
    cards = []
    for name, entry in published.entries.items():
        # What changed and what was decided stands above.
        state = [each for each in told if each[0]["kind"] not in (CHANGE, DECISION)]
        cards.append({"name": name, "entry": entry, "sentences": _headlines_of(name, state)})
    problems = [each for each in cards if each["entry"].status != PUBLISHED]
    return _page(
        "quarter",
        edition=edition,
        changed=_of_kind(told, CHANGE, news=True),
        unchanged=_of_kind(told, CHANGE, news=False),
        decided=_of_kind(told, DECISION),
        failed=[each for each in problems if each["entry"].status == FAILED],
        left_out=[each for each in problems if each["entry"].status == LEFT_OUT],
        restated=restated,
        cards=cards,
        slices=slices,
        up="../index.html",
        provenance=provenance(edition.source),
    )


def slices_page(slices, pages: Mapping[Edition, Published]) -> str:
    """The index over a quarter's slices: each headline side by side."""
    whole = next(iter(pages))
    rows = []
    for name, entry in pages[whole].entries.items():
        lines = []
        for edition, published in pages.items():
            lines.append(
                {
                    "label": edition.part[1] if edition.part else "all",
                    "folder": edition.place.name if edition.part else "..",
                    "entry": published.entries.get(name),
                    "sentences": _headlines_of(name, sentences(published.findings)),
                }
            )
        rows.append({"title": entry.title, "question": entry.question, "lines": lines})
    return _page(
        "slices",
        edition=whole,
        slices=slices,
        least=slices.least,
        rows=rows,
        provenance=provenance(whole.source),
    )


def quarters_page(out: Path) -> str:
    """The index over all quarters that stand in the folder, newest first."""
    runs = []
    for path in sorted(out.glob("[0-9]*/run.json"), reverse=True):
        run = json.loads(path.read_text(encoding="utf-8"))
        pages = run["notebooks"]
        others = [f"{name} ({each['status']})" for name, each in pages.items() if not each["page"]]
        others += [
            f"{name} (failed; its page is an earlier one)"
            for name, each in pages.items()
            if each["page"] and each["status"] == FAILED
        ]
        runs.append(
            {
                "folder": path.parent.name,
                "quarter": run["quarter"],
                "dataset": run["dataset"],
                "where": run["where"],
                "published": sum(bool(each["page"]) for each in pages.values()),
                "others": ", ".join(others),
                "finished": run["finished"][:10],
            }
        )
    return _page("quarters", runs=runs)


def style() -> str:
    """The style sheet of all pages."""
    return _read("style.css")


def script() -> str:
    """The script of all pages: it sorts and copies tables, and asks no host for anything."""
    return _read("page.js")


def policy() -> str:
    """What a page may do: show what is in it, and run its own script; nothing else."""
    return "; ".join(
        [
            "default-src 'none'",
            "img-src data:",
            f"style-src '{_hash(style())}'",
            f"script-src '{_hash(script())}'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _headlines_of(name: str, told) -> list[Sentence]:
    own = [(each, text) for each, text in told if each["notebook"] == name]
    shown = [id(each) for each in headlines([each for each, _ in own])]
    return [text for each, text in own if id(each) in shown]


def _of_kind(told, kind: str, news: bool | None = None) -> list[Sentence]:
    return [
        text
        for each, text in told
        if each["kind"] == kind and (news is None or each["news"] == news)
    ]


def _page(name: str, **values) -> str:
    environment = _environment()
    return environment.get_template(f"{name}.html.j2").render(
        policy=policy(), style=style(), script=script(), **values
    )


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / "cx"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


@cache
def _read(name: str) -> str:
    return (TEMPLATES / "cx" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
