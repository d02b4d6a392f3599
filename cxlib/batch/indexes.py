"""The pages that lead to the pages: of a quarter, of its slices, of all quarters."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import jinja2

from cxlib.batch.edition import Edition, Published, read_published
from cxlib.batch.job import FAILED, LEFT_OUT, PUBLISHED
from cxlib.batch.provenance import provenance
from cxlib.batch.screen import assemble, quarters_before, side_by_side
from cxlib.batch.summary import Restatements, Sentence, sentences
from cxlib.pictures import icon

TEMPLATES = Path(__file__).parent / "template"
HEADLINES = 9


def headlines(findings: Sequence[Mapping]) -> list[Mapping]:
    """The first thing that the page says, which answers its question, and what stands out."""
    return [*findings[:1], *(each for each in findings[1:] if each["news"])][:HEADLINES]


def quarter_page(
    edition: Edition,
    published: Published,
    restated: Restatements | tuple,
    slices: Sequence[str],
    others: Sequence[Published] = (),
    exports: Sequence[str] = (),
) -> str:
    """The index of an edition: what a leader reads first.

    Args:
        edition, published: The edition.
        restated: How its numbers differ from those of the quarter before, if that is known.
        slices: The folders of the editions by a column.
        others: Those editions, of which the failures are named here too.
        exports: The kinds of files that lie beside the page, such as xlsx.
    """
    told = sentences(published.findings)
    current = [each for each in told if published.entries[each[0]["notebook"]].is_current]
    verdict = [each for each in current if each[0].get("verdict") and each[0]["news"]]
    cards = [
        {"name": name, "entry": entry, "sentences": _headlines_of(name, told)}
        for name, entry in published.entries.items()
    ]
    problems = [each for each in cards if each["entry"].status != PUBLISHED]
    return _page(
        "quarter",
        edition=edition,
        verdict=[sentence for _, sentence in verdict],
        screen=assemble(current),
        failed_parts=[
            (" = ".join(each.run["part"]), entry)
            for each in others
            for entry in each.entries.values()
            if entry.status == FAILED
        ],
        failed=[each for each in problems if each["entry"].status == FAILED],
        left_out=[each for each in problems if each["entry"].status == LEFT_OUT],
        restated=restated,
        cards=cards,
        slices=slices,
        exports=exports,
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
    editions = list(pages.items())
    heads, values = side_by_side([published.findings for _, published in editions])
    places = [
        (edition.part[1] if edition.part else "all", edition.place.name if edition.part else "..")
        for edition, _ in editions
    ]
    return _page(
        "slices",
        edition=whole,
        heads=heads,
        grid=list(zip(places, values, strict=True)),
        slices=slices,
        least=slices.least,
        rows=rows,
        provenance=provenance(whole.source),
    )


def quarters_page(out: Path, new: Sequence[Path] = ()) -> str:
    """The index over all quarters, newest first.

    Args:
        out: The folder in which they are published.
        new: Folders that are about to replace those of the same name.
    """
    folders = {path.name: path for path in (*out.glob("[0-9]*"), *new)}
    runs, found = [], []
    for name, folder in sorted(folders.items(), reverse=True):
        published = read_published(folder)
        if published is None:
            continue
        parts = [read_published(folder.parent / place) for place in published.run["slices"]]
        found.append(published.findings)
        runs.append(
            {
                "folder": name,
                "quarter": published.run["quarter"],
                "dataset": published.run["dataset"],
                "where": published.run["where"],
                "published": sum(bool(each.page) for each in published.entries.values()),
                "others": ", ".join(_troubles(published, [each for each in parts if each])),
                "finished": published.run["finished"][:10],
            }
        )
    heads, values = side_by_side(found)
    published = {run["quarter"] for run in runs}
    # The newest report knows the quarters before it, published or not.
    whole = bool(runs) and not runs[0]["where"]
    past = [each for each in quarters_before(found[0]) if each[0] not in published] if whole else []
    newest = runs[0]["quarter"] if runs else ""
    return _page(
        "quarters", heads=heads, runs=list(zip(runs, values, strict=True)), past=past, newest=newest
    )


def _troubles(published: Published, parts: Sequence[Published]) -> list[str]:
    entries = published.entries.items()
    others = [f"{name} ({each.status})" for name, each in entries if not each.page]
    others += [
        f"{name} (failed; its page is an earlier one)"
        for name, each in entries
        if each.page and each.status == FAILED
    ]
    failed = [e for part in parts for e in part.entries.values() if e.status == FAILED]
    return others + ([f"{len(failed)} of the slices' pages (failed)"] if failed else [])


def style() -> str:
    """The style sheet of all pages."""
    return _read("style.css")


def script() -> str:
    """The script of all pages: tables that sort and copy, sliders that need no kernel."""
    return "\n".join(_read(name) for name in ("page.js", "whatif.js"))


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


def _page(name: str, **values) -> str:
    environment = _environment()
    return environment.get_template(f"{name}.html.j2").render(
        policy=policy(), style=style(), script=script(), **values
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / "cx"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals["icon"] = icon
    return environment


@cache
def _read(name: str) -> str:
    return (TEMPLATES / "cx" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
