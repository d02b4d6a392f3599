"""Publishing: a run's pages and those that still hold, put together and set in their place."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

from cxlib.batch import edition as editions
from cxlib.batch.edition import ALL_FINDINGS, RUN, Edition, Entry, read_published
from cxlib.batch.folder import swap
from cxlib.batch.indexes import quarter_page, quarters_page, slices_page
from cxlib.batch.job import FAILED, PUBLISHED, Outcome
from cxlib.batch.keys import code_key, page_key
from cxlib.batch.request import Request
from cxlib.batch.result import Result, Task, Volume
from cxlib.batch.summary import restatements
from cxlib.batch.unchanged import find_before, request_key, write_json


def publish(
    request: Request,
    volumes: Sequence[Volume],
    tasks: Sequence[Task],
    outcomes: Mapping[str, Outcome],
    work: Path,
) -> Result:
    """Put each quarter's folder together beside the published ones, then set them in their place.

    Args:
        request: What was asked for.
        volumes: The quarters, the earliest first.
        tasks: What has been run, in the order in which it was.
        outcomes: How each ended, by label.
        work: The run's folder; a task's files are in `jobs/NUMBER`.
    """
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    made, notes = {}, []
    for volume in volumes:
        for edition in volume.parts:
            mine = {
                task.notebook.name: (task, work / "jobs" / str(number))
                for number, task in enumerate(tasks)
                if task.edition is edition
            }
            made[edition] = _assemble(request, edition, mine, outcomes, work, now)
            notes += [
                f"{task.label}: failed: {made[edition][name].message}"
                for name, (task, _) in mine.items()
                # It ran well, but its files could not be put with the others.
                if made[edition][name].status != outcomes[task.label].status
            ]
        notes += _keep_other_slices(request, volume, work)
        _complete(request, volume, made, work, now)
    for volume in volumes:
        quarter = volume.quarter
        swap(work / quarter, request.out / quarter)
    (work / "index.html").write_text(quarters_page(request.out), encoding="utf-8")
    os.replace(work / "index.html", request.out / "index.html")
    return Result(made, len(tasks), tuple(notes))


def _assemble(
    request: Request,
    edition: Edition,
    tasks: Mapping[str, tuple[Task, Path]],
    outcomes: Mapping[str, Outcome],
    work: Path,
    now: str,
) -> dict[str, Entry]:
    """Fill an edition's new folder with what was made now and what is kept."""
    folder = work / edition.place
    folder.mkdir(parents=True)
    old = read_published(request.out / edition.place)
    entries, findings = {}, []
    for notebook in request.notebooks:
        name = notebook.name
        if name in tasks:
            task, output = tasks[name]
            outcome = outcomes[task.label]
            entry = editions.place_result(notebook, output, outcome, task.key, now, folder)
            if entry.status == PUBLISHED:
                findings += [{"notebook": name, **each} for each in editions.findings_in(output)]
            elif entry.status == FAILED and old and name in old.entries:
                # The last good page stays, and says of when it is.
                last = old.entries[name]
                entry = replace(entry, page=last.page, tables=last.tables, outdated=True)
        elif old and name in old.entries:
            given = request.given(notebook, edition.source.quarter, edition.source.where)
            key = page_key(notebook, given, edition.source.fingerprint, code_key())
            last = old.entries[name]
            entry = replace(last, reused=True, outdated=last.outdated or last.key != key)
        else:
            continue
        made_now = name in tasks and entry.status == PUBLISHED
        if entry.page and not made_now:
            editions.carry_over(name, old, folder)
            findings += [each for each in old.findings if each["notebook"] == name]
        entries[name] = entry
    write_json(folder / ALL_FINDINGS, findings)
    return entries


def _keep_other_slices(request: Request, volume: Volume, work: Path) -> list[str]:
    """Slices published earlier stay, unless they are of other data."""
    notes = []
    new = work / volume.quarter
    for folder in sorted((request.out / volume.quarter).glob("by-*")):
        if (new / folder.name).exists():
            continue
        part = next(filter(None, (read_published(each) for each in sorted(folder.iterdir()))), None)
        if part and part.run["fingerprint"] == volume.whole.source.fingerprint:
            shutil.copytree(folder, new / folder.name, copy_function=os.link)
        else:
            notes.append(
                f"the pages in {folder.name} were of other data and have been taken down; run "
                f"again with --{folder.name.replace('-', ' ', 1)} to have them"
            )
    return notes


def _complete(
    request: Request,
    volume: Volume,
    made: Mapping[Edition, Mapping[str, Entry]],
    work: Path,
    now: str,
) -> None:
    """Write the records and the indexes of a quarter's editions."""
    folder = work / volume.quarter
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
            "rows": edition.source.rows,
            "finished": now,
            "notebooks": {name: asdict(entry) for name, entry in made[edition].items()},
        }
        if not edition.part:
            record["slices"] = slices
            record["request"] = request_key(request, volume.quarter, work, request.out)
        write_json(work / edition.place / RUN, record)
    for edition in volume.parts:
        published = read_published(work / edition.place)
        before = find_before(edition.source.quarter, work, request.out)
        changed = restatements(published, before) if before and not edition.part else ()
        html = quarter_page(edition, published, changed, _slice_links(folder, edition))
        (work / edition.place / "index.html").write_text(html, encoding="utf-8")
    if volume.slices:
        by = folder / f"by-{request.by}"
        pages = {edition: read_published(work / edition.place) for edition in volume.parts}
        (by / "index.html").write_text(slices_page(volume.slices, pages), encoding="utf-8")


def _slice_links(folder: Path, edition: Edition) -> list[str]:
    return [] if edition.part else sorted(each.name for each in folder.glob("by-*"))
