"""Whether a run has anything to do: the quick way out when everything is published as it is."""

import json
import os
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath

from cxlib.batch.carryover import digest_before, goes_on
from cxlib.batch.edition import Edition, Published, Source, is_whole, read_published
from cxlib.batch.folder import free
from cxlib.batch.job import FAILED
from cxlib.batch.keys import code_key, digest
from cxlib.batch.ownership import INDEX, RUN
from cxlib.batch.request import Request
from cxlib.batch.run import Result
from cxlib.data.files import find_files, fingerprint
from cxlib.data.quarter import Quarter


def request_key(request: Request, quarter: str, data: str, *places: Path) -> str:
    """What all of a quarter's editions depend on.

    Args:
        request: What is asked for.
        quarter: The quarter.
        data: The fingerprint of the dataset's files.
        places: Where the quarter before is looked for, with whose findings this one is compared.
    """
    before = find_before(quarter, *places)
    return digest(
        quarter,
        str(request.dataset),
        [(each.path.name, each.digest) for each in request.chosen],
        [each.path.name for each in request.notebooks],
        request.where,
        request.by,
        request.to,
        dict(request.parameters),
        data,
        code_key(),
        before.findings if before else "",
        digest_before(quarter, *places) if any(map(goes_on, request.chosen)) else "",
    )


def find_before(quarter: str, *places: Path) -> Published | None:
    """The published edition of the quarter before, from the first place that has one."""
    name = str(Quarter.parse(quarter).previous)
    found = (read_published(place / name) for place in places)
    return next((each for each in found if each), None)


def find_unchanged(request: Request) -> Result | None:
    """What is published, if a run would publish the same again; notes in it that it was reused."""
    if not (request.out / INDEX).is_file():
        return None
    found: dict[Edition, Published] = {}
    data = fingerprint(find_files(request.dataset))
    for quarter in request.quarters:
        whole = read_published(request.out / quarter)
        key = request_key(request, quarter, data, request.out)
        if whole is None or whole.run.get("request") != key:
            return None
        if not all((request.crm / name).is_file() for name in whole.run.get("crm", ())):
            return None
        places = [quarter, *whole.run["slices"]]
        for place in places:
            published = read_published(request.out / place)
            if published is None or not _stands(published, request):
                return None
            found[_edition(published, place)] = published
    with free(request.out) as alone:
        # Another run that is at work writes records of its own.
        for published in found.values() if alone else ():
            _note_reuse(published)
    editions = {
        edition: {name: replace(each, reused=True) for name, each in published.entries.items()}
        for edition, published in found.items()
    }
    return Result(editions, ran=0)


def _stands(published: Published, request: Request) -> bool:
    asked = [published.entries.get(each.name) for each in request.chosen]
    sound = all(each and each.status != FAILED and not each.outdated for each in asked)
    return sound and is_whole(published)


def _edition(published: Published, place: str) -> Edition:
    run = published.run
    source = Source(
        name=run["dataset"],
        folder=Path(),
        quarter=run["quarter"],
        where=run["where"],
        unfiltered=(),
        fingerprint=run["fingerprint"],
        rows=run["rows"],
    )
    return Edition(source, PurePosixPath(place), tuple(run["part"]))


def _note_reuse(published: Published) -> None:
    entries = {name: asdict(replace(each, reused=True)) for name, each in published.entries.items()}
    write_json(published.folder / RUN, dict(published.run) | {"notebooks": entries})


def write_json(path: Path, value: object) -> None:
    """Write JSON so that a reader finds either the old text or the new one, whole."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    beside = path.with_name(f".{path.name}-{os.getpid()}")
    beside.write_text(f"{text}\n", encoding="utf-8")
    os.replace(beside, path)
