"""Publishing: a run's pages and those that still hold, put together and set in their place."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from html import escape
from pathlib import Path, PurePosixPath

from cxlib.batch import edition as editions
from cxlib.batch.carryover import key_of
from cxlib.batch.edition import ALL_FINDINGS, Edition, Entry, Published, Source, read_published
from cxlib.batch.export import export
from cxlib.batch.folder import swap
from cxlib.batch.indexes import quarter_page, quarters_page, slices_page
from cxlib.batch.job import FAILED, PUBLISHED
from cxlib.batch.keys import code_key
from cxlib.batch.notebooks import Notebook
from cxlib.batch.ownership import INDEX, RUN, keep_foreign, link
from cxlib.batch.provenance import versions
from cxlib.batch.real_ids import say_where_they_went, write_tables
from cxlib.batch.run import Result, Run, Task, Volume
from cxlib.batch.summary import restatements
from cxlib.batch.unchanged import find_before, request_key, write_json
from cxlib.errors import CxError
from cxlib.stopping import undisturbed

# Where the foot of a page says whether its data can be relied on.
SLOT = "<!--readiness-->"


def publish(run: Run) -> Result:
    """Put each quarter's folder together beside the published one, then set it in its place."""
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    out, work = run.request.out, run.places.work
    made, notes, late = {}, [], []
    for volume in run.volumes:
        for edition in volume.parts:
            mine = {
                task.notebook.name: (task, run.output(number))
                for number, task in enumerate(run.tasks)
                if task.edition is edition
            }
            made[edition] = _assemble(run, edition, mine, now)
            say_where_they_went(run.old(edition), run.new(edition))
            late += [
                f"{task.label}: failed: {made[edition][name].message}"
                for name, (task, _) in mine.items()
                # It ran well, but its files could not be put with the others.
                if made[edition][name].status != run.outcomes[task.label].status
            ]
        notes += _keep_other_slices(run, volume)
        late += _complete(run, volume, made, now)
        _keep_what_others_wrote(run.old(volume.whole), run.new(volume.whole))
    page = quarters_page(out, [run.new(volume.whole) for volume in run.volumes])
    (work / INDEX).write_text(page, encoding="utf-8")
    with undisturbed():
        for volume in run.volumes:
            late += _write_real_ids(run, volume)
        for volume in run.volumes:
            swap(run.new(volume.whole), run.old(volume.whole))
        os.replace(work / INDEX, out / INDEX)
    return Result(made, len(run.tasks), tuple(notes), tuple(late))


def _write_real_ids(run: Run, volume: Volume) -> list[str]:
    """Write the tables with real ids, and note them; what of them could not be written."""
    work, quarter, crm = run.places.work, run.new(volume.whole), run.request.crm
    places = [path.parent.relative_to(work) for path in sorted(quarter.glob(f"by-*/*/{RUN}"))]
    late: list[str] = []
    # What is no file is missed by the next run, which then tries again.
    written = [volume.quarter]
    try:
        written, refused = write_tables(
            crm,
            work,
            run.request.published,
            volume.quarter,
            [Path(volume.quarter), *places],
            volume.real_ids,
        )
        late += [f"{crm / each}: was written by no report, and stays" for each in refused]
    except OSError as error:
        late.append(f"{crm}: tables with real ids were not written: {error.strerror}")
    record = json.loads((quarter / RUN).read_text(encoding="utf-8"))
    write_json(quarter / RUN, record | {"crm": written})
    return late


def _keep_what_others_wrote(published: Path, new: Path) -> None:
    """Note in a quarter's record which files are ours, and leave beside them what is not."""
    files = sorted(path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file())
    record = json.loads((new / RUN).read_text(encoding="utf-8"))
    write_json(new / RUN, record | {"files": files})
    keep_foreign(published, editions.files_in(published), new)


def _assemble(
    run: Run, edition: Edition, tasks: Mapping[str, tuple[Task, Path]], now: str
) -> dict[str, Entry]:
    """Fill an edition's new folder with what was made now and what is kept."""
    notebooks, folder = run.request.notebooks, run.new(edition)
    folder.mkdir(parents=True)
    old = read_published(run.old(edition))
    entries, findings = {}, {}
    for notebook in notebooks:
        # What is kept comes first, so that no table of it is overwritten.
        name = notebook.name
        if name not in tasks and old and name in old.entries:
            entries[name] = _kept(run, edition, notebook, old)
            findings[name] = _findings(old, name) if entries[name].page else []
    for notebook in notebooks:
        name = notebook.name
        if name not in tasks:
            continue
        task, output = tasks[name]
        outcome, key = run.outcomes[task.label], run.keys[task.label]
        entry = editions.place_result(notebook, output, outcome, key, now, folder)
        if entry.status == PUBLISHED:
            findings[name] = editions.findings_in(output)
        elif entry.status == FAILED and editions.has_page(old, name):
            # The last good page stays, and says of when it is.
            last = old.entries[name]
            entry = replace(entry, page=last.page, tables=last.tables, outdated=True)
            editions.carry_over(name, old, folder)
            findings[name] = _findings(old, name)
        entries[name] = entry
    _say_verdict(folder, entries, findings)
    order = [each.name for each in notebooks if each.name in entries]
    told = [{"notebook": name, **each} for name in order for each in findings.get(name, ())]
    write_json(folder / ALL_FINDINGS, told)
    return {name: entries[name] for name in order}


def _say_verdict(
    folder: Path, entries: Mapping[str, Entry], findings: Mapping[str, Sequence[Mapping]]
) -> None:
    """Write the verdict on the data, which one notebook finds, at the foot of every page.

    A verdict on other data than a page's is not said of it; nor is a page of other data touched.
    """
    judging = [
        (name, each["sentence"])
        for name, told in findings.items()
        for each in told
        if each.get("verdict")
    ]
    if not judging:
        return
    name, verdict = judging[0]
    if not entries[name].is_current:
        verdict = f"these data have not been judged; {name}.html is of others"
    for page in (folder / f"{each}.html" for each, entry in entries.items() if entry.is_current):
        html = page.read_text(encoding="utf-8")
        said = re.sub(f"{SLOT}[^<]*", lambda _: f"{SLOT}{escape(verdict)}", html, count=1)
        if said != html:
            # A page kept from before is one file with the published one; that stays as it is.
            beside = page.with_suffix(".new")
            beside.write_text(said, encoding="utf-8")
            os.replace(beside, page)


def _kept(run: Run, edition: Edition, notebook: Notebook, old: Published) -> Entry:
    """Keep what became of a notebook in an earlier run."""
    name, last, folder = notebook.name, old.entries[notebook.name], run.new(edition)
    key = _key_of(run, notebook, edition.source, edition.place)
    if last.status == FAILED:
        editions.carry_failure(name, old, folder)
    if not editions.has_page(old, name):
        return replace(last, reused=True, page="", tables=())
    editions.carry_over(name, old, folder)
    return replace(last, reused=True, outdated=last.status == FAILED or last.key != key)


def _key_of(run: Run, notebook: Notebook, source: Source, place: PurePosixPath) -> str:
    """What a page depends on that is not made now; what it goes on with may be new or old."""
    return key_of(run.request, notebook, source, place, run.places.work, run.request.out)


def _findings(published: Published, name: str) -> list[dict]:
    """What an edition tells of a notebook."""
    own = [each for each in published.findings if each["notebook"] == name]
    return [{key: value for key, value in each.items() if key != "notebook"} for each in own]


def _keep_other_slices(run: Run, volume: Volume) -> list[str]:
    """Slices published earlier stay, as long as they would be the same today."""
    notes = []
    new, published = run.new(volume.whole), run.old(volume.whole)
    for folder in sorted(published.glob("by-*")):
        if (new / folder.name).exists():
            continue
        parts = [read_published(path) for path in sorted(folder.iterdir()) if path.is_dir()]
        if all(part and _still_holds(run, volume.whole.source, part) for part in parts):
            own = editions.files_in(published)
            for name in sorted(each for each in own if each.startswith(f"{folder.name}/")):
                link(published / name, new / name)
        else:
            notes.append(
                f"the pages in {folder.name} were of other data, parameters or programs, and have "
                f"been taken down; run again with --{folder.name.replace('-', ' ', 1)}"
            )
    return notes


def _still_holds(run: Run, source: Source, part: Published) -> bool:
    known = {each.name: each for each in run.request.notebooks}
    place = PurePosixPath(part.folder.relative_to(run.request.out).as_posix())
    own = replace(source, where=part.run["where"])
    return editions.is_whole(part) and all(
        name in known and _key_of(run, known[name], own, place) == entry.key
        for name, entry in part.entries.items()
    )


def _complete(
    run: Run, volume: Volume, made: Mapping[Edition, Mapping[str, Entry]], now: str
) -> list[str]:
    """Write the records and the indexes of a quarter's editions; what could not be exported."""
    late: list[str] = []
    request, work, folder = run.request, run.places.work, run.new(volume.whole)
    kept = sorted(path.parent.relative_to(work) for path in folder.glob(f"by-*/*/{RUN}"))
    own = [edition.place for edition in volume.parts if edition.part]
    slices = sorted({str(place) for place in (*kept, *own)})
    for edition in volume.parts:
        record = {
            "quarter": edition.source.quarter,
            "dataset": edition.source.name,
            "where": edition.source.where,
            "part": list(edition.part),
            "parameters": dict(request.parameters),
            "fingerprint": edition.source.fingerprint,
            "code": code_key(),
            "versions": versions(),
            "rows": edition.source.rows,
            "finished": now,
            "notebooks": {name: asdict(entry) for name, entry in made[edition].items()},
        }
        if not edition.part:
            record["slices"] = slices
            data = volume.whole.source.fingerprint
            record["request"] = request_key(request, volume.quarter, data, work, request.out)
        write_json(run.new(edition) / RUN, record)
    for edition in volume.parts:
        published = read_published(run.new(edition))
        before = find_before(edition.source.quarter, work, request.out)
        changed = restatements(published, before) if before and not edition.part else ()
        others = [] if edition.part else [read_published(work / place) for place in slices]
        known = (edition, published, changed, _slice_links(folder, edition), others)
        index = run.new(edition) / "index.html"
        # A PDF is printed of the index, so that is there before it is known what can be made.
        index.write_text(quarter_page(*known, request.to), encoding="utf-8")
        if failed := _export(run, edition):
            kinds = [kind for kind in request.to if kind not in failed]
            index.write_text(quarter_page(*known, kinds), encoding="utf-8")
            late += [f"{edition.label}: {why}" for why in failed.values()]
    if volume.slices:
        by = work / next(edition.place.parent for edition in volume.parts if edition.part)
        pages = {edition: read_published(run.new(edition)) for edition in volume.parts}
        (by / "index.html").write_text(slices_page(volume.slices, pages), encoding="utf-8")
    return late


def _export(run: Run, edition: Edition) -> dict[str, str]:
    """Write the files to take along; of those that could not be made, why not."""
    failed = {}
    for kind in run.request.to:
        try:
            export(run.new(edition), kind)
        except (CxError, OSError) as error:
            failed[kind] = f"{kind} was not written: {error}"
    return failed


def _slice_links(folder: Path, edition: Edition) -> list[str]:
    return [] if edition.part else sorted(each.name for each in folder.glob("by-*"))
