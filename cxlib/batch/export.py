"""Files to take along, made of what was published: `cx report … --to xlsx,pptx,pdf`."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from cxlib.batch.edition import Published, files_in, read_published
from cxlib.batch.ownership import RUN
from cxlib.batch.screen import assemble
from cxlib.batch.summary import sentences
from cxlib.batch.unchanged import write_json
from cxlib.errors import ArgumentError
from cxlib.exports.book import Book

KINDS = ("xlsx", "pptx", "pdf")


def export(folder: str | Path, *kinds: str) -> tuple[Path, ...]:
    """Write a published quarter as files that people take along, into its folder.

    Every number is one that was published; nothing is calculated again. The same edition gives the
    same bytes.

    Args:
        folder: Of the quarter, such as `reports/2026Q3`.
        kinds: Of `xlsx` (a workbook), `pptx` (slides; takes `pip install 'cxlib[slides]'`) and
            `pdf` (takes Chromium); the workbook, if none is given.

    Raises:
        ArgumentError: There is no report in the folder, or a kind is unknown.
        CxError: Something that a kind takes is not installed.
    """
    folder = Path(folder)
    published = read_published(folder)
    if published is None:
        raise ArgumentError(f"{folder}: holds no report; name a quarter's folder")
    kinds = read_kinds(",".join(kinds or ("xlsx",)))
    paths = tuple(_write(published, folder / f"{published.run['quarter']}.{kind}", kind)
                  for kind in kinds)  # fmt: skip
    # What the record does not name is somebody else's, and the next report would leave it alone.
    files = sorted({*files_in(folder), *(path.name for path in paths)})
    write_json(folder / RUN, dict(published.run) | {"files": files})
    return paths


def read_kinds(text: str) -> tuple[str, ...]:
    """The kinds in a list with commas, each once, all of which can be made here.

    Examples:
        >>> read_kinds("xlsx, xlsx"), read_kinds("")
        (('xlsx',), ())

    Raises:
        ArgumentError: One is unknown.
        CxError: Something that one takes is not installed.
    """
    kinds = tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
    for each in kinds:
        if each not in KINDS:
            raise ArgumentError(f"--to {each}: must be {', '.join(KINDS[:-1])} or {KINDS[-1]}")
    if "pptx" in kinds and not find_spec("pptx"):
        raise ArgumentError("--to pptx: needs python-pptx: pip install 'cxlib[slides]'")
    if "pdf" in kinds:
        from cxlib.exports.paper import find_browser

        find_browser()
    return kinds


def _write(published: Published, path: Path, kind: str) -> Path:
    book = book_of(published)
    if kind == "pdf":
        from cxlib.exports.paper import printed

        content = printed(published.folder / "index.html", book.finished)
    else:
        content = _maker(kind)(book)
    path.write_bytes(content)
    return path


def _maker(kind: str) -> Callable[[Book], bytes]:
    # The libraries take a while to load, and most runs write none of these.
    if kind == "xlsx":
        from cxlib.exports.workbook import workbook

        return workbook
    from cxlib.exports.slides import slides

    return slides


def book_of(published: Published) -> Book:
    """What is taken along of an edition; pages that are not current are left out."""
    run, entries = published.run, published.entries
    current = [each for each in published.findings if entries[each["notebook"]].is_current]
    screen = assemble(sentences(current))
    verdict: Iterable[str] = (each["sentence"] for each in current if each.get("verdict"))
    return Book(
        about=_about(run),
        quarter=run["quarter"],
        finished=datetime.fromisoformat(run["finished"]),
        headline=screen.headline,
        rest=screen.rest,
        verdict=next(iter(verdict), ""),
        tiles=screen.tiles,
        actions=(*screen.actions, *screen.later),
        amounts=screen.amounts,
        quotes=screen.quotes,
        groups=screen.groups,
        grids=screen.grids,
        findings=[each | {"page": entries[each["notebook"]].title} for each in current],
        left_out=[entry.title for entry in entries.values() if not entry.is_current],
    )


def _about(run: Mapping) -> str:
    """Whom an edition is about: what leaves its folder must say it by itself."""
    parts = [run["dataset"]]
    parts += [" = ".join(run["part"])] if run["part"] else []
    parts += [f"only rows where {run['where']}"] if run["where"] else []
    return ", ".join(parts)
