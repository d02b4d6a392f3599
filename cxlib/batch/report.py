"""A run: notebooks for quarters and slices of them, and their editions published together."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from multiprocessing.context import BaseContext
from pathlib import Path, PurePosixPath

from cxlib.batch import warm
from cxlib.batch.carryover import (
    at_quarter,
    earlier_quarters,
    goes_on,
    has_passports,
    key_of,
    key_with,
    leaves_passports,
)
from cxlib.batch.edition import Edition, Published, Source, has_page, read_published
from cxlib.batch.folder import alone_in
from cxlib.batch.job import FAILED, LEFT_OUT, PUBLISHED, SOURCE, Facts, Job, Outcome
from cxlib.batch.notebooks import BEFORE, COMMON, Notebook
from cxlib.batch.ownership import RUN, refuse_foreign
from cxlib.batch.progress import Progress
from cxlib.batch.provenance import provenance
from cxlib.batch.real_ids import RealIds, refuse_foreign_crm
from cxlib.batch.request import Request
from cxlib.batch.run import Places, Result, Run, Task, Volume
from cxlib.batch.unchanged import find_unchanged
from cxlib.data.files import find_files, find_folder, fingerprint, reads_files
from cxlib.data.scratch import take_room
from cxlib.errors import ArgumentError
from cxlib.stopping import bounded

# So long reading may take at least; a notebook hardly starts in less.
LEAST_READING = 10.0


def report(request: Request, progress: Progress) -> Result:
    """Run what has changed, and publish it.

    Raises:
        ArgumentError, DataError: An argument or the dataset is wrong; nothing has been run.
    """
    request = replace(
        request,
        dataset=find_folder(request.dataset),
        out=request.out.resolve(),
        crm=request.crm.resolve(),
    )
    _refuse_persons(request)
    refuse_foreign(request.out, request.quarters)
    refuse_foreign_crm(request.crm, request.out, request.published)
    if not request.fresh and (unchanged := find_unchanged(request)):
        return unchanged
    if not request.fork:
        progress.say("kernels are not forked here, but started one by one, which takes longer")
    modules = {name for each in request.chosen for name in each.imports}
    context = warm.start(request.fork, modules)
    with take_room() as scratch, take_room(short=True) as sockets, closing(progress):
        volumes = _read(request, scratch / "rows")
        with alone_in(request.out, request.quarters, progress.say) as work:
            files = fingerprint(find_files(request.dataset))
            if not volumes[0].whole.source.fingerprint.startswith(files):
                # Another run was waited for, and the data have changed meanwhile.
                volumes = _read(request, scratch / "rows-anew")
            tasks = _plan(request, volumes)
            run = Run(request, volumes, tasks, Places(scratch, sockets, work))
            return _run(run, context, progress)


def _refuse_persons(request: Request) -> None:
    if not request.where:
        return
    from cxlib.data.config import read_config
    from cxlib.data.hidden_filters import refuse_persons
    from cxlib.data.privacy.hide import personal_names

    refuse_persons(request.where, personal_names(read_config(request.dataset)))


def _run(run: Run, context: BaseContext, progress: Progress) -> Result:
    # Only now, while the fork server loads what notebooks need.
    from cxlib.batch.publish import publish
    from cxlib.batch.supervise import supervise

    def end(job: Job, outcome: Outcome) -> None:
        run.outcomes[job.label] = outcome
        progress.end(job, outcome)

    progress.begin(len(run.tasks))
    supervise(_jobs(run), context, run.request.jobs, run.request.limits, progress.at, end)
    return publish(run)


def _read(request: Request, file: Path) -> list[Volume]:
    """The same as `_open`, within the time and the memory that a notebook may take."""
    limits = request.limits
    return bounded(
        lambda: _open(request, file), reads_files(request.dataset), "reading the data",
        max(limits.seconds, LEAST_READING), limits.megabytes,
    )  # fmt: skip


def _open(request: Request, file: Path) -> list[Volume]:
    """Read and validate the dataset once, and look at it as of each quarter, by slices.

    Rows of a warehouse are brought into a file of ours.
    """
    from cxlib.batch.slices import find_slices, folder_names
    from cxlib.data.opening import as_of
    from cxlib.data.privacy.hide import hide
    from cxlib.data.snapshot import land
    from cxlib.data.validate import validate

    # The snapshots lie beside that file.
    real = land(validate(request.dataset, file.parent), file)
    real_ids, files = RealIds(real), hide(real)
    volumes = []
    for quarter in request.quarters:
        known = as_of(files, quarter)
        whole = known.filtered(request.where)
        _refuse_few(whole)
        parts = {Edition(_source(whole), PurePosixPath(quarter)): whole}
        slices = find_slices(known, request.by, request.where) if request.by else None
        if slices:
            by = f"by-{folder_names([request.by])[request.by]}"
            names = folder_names([*slices.parts, *slices.too_few])
            for value, part in slices.parts.items():
                place = PurePosixPath(quarter, by, names[value])
                parts[Edition(_source(part), place, (request.by, value))] = part
        volumes.append(Volume(known, parts, slices, real_ids))
    return volumes


def _refuse_few(data) -> None:
    smallest = data.config.privacy.smallest_group
    for table in ("customers", "accounts") if data.where else ():
        if table in data.unfiltered or not data.has(table):
            continue
        if table == "customers" and data.has(table, "known"):
            people = data.tables[table]
            if not people.filter(people.known.fill_null(True)).count().execute():
                continue  # All are stand-ins for nobody known: no page can tell of a person.
        if data.tables[table].count().execute() < smallest:
            raise ArgumentError(
                f"--where: fewer than {smallest} {table} (privacy.smallest_group); pages of so few "
                "would tell of persons"
            )


def _source(data) -> Source:
    rows = {
        each.table: {"read": each.read, "used": each.used, "quarantined": each.quarantined}
        for each in data.intake
    }
    return Source(
        name=data.config.name,
        folder=data.folder,
        quarter=str(data.quarter),
        where=data.where,
        unfiltered=tuple(sorted(data.unfiltered)),
        fingerprint=data.fingerprint,
        rows=rows,
    )


def _plan(request: Request, volumes: Sequence[Volume]) -> list[Task]:
    """What there is to do: for each notebook of each edition, to run it or to use its page.

    Raises:
        ArgumentError: A folder holds the pages of another dataset or filter.
    """
    _refuse_mixture(request.out, volumes[0].whole.source.name)
    tasks = []
    for edition in (edition for volume in volumes for edition in volume.parts):
        old = read_published(request.out / edition.place)
        _refuse_another(edition, old, request.out)
        if not request.fresh:
            _refuse_loss(edition, old)
        longest_first = sorted(
            request.chosen,
            key=lambda each: _expected(each, old),
            reverse=True,
        )
        for notebook in longest_first:
            given = request.given(notebook, edition.source.quarter, edition.source.where)
            key = key_of(request, notebook, edition.source, edition.place, request.out)
            after = _goes_on_with(notebook, edition, tasks)
            if after or request.fresh or not _holds(old, notebook.name, key):
                tasks.append(Task(edition, notebook, given, after))
    return tasks


def _goes_on_with(notebook: Notebook, edition: Edition, tasks: Sequence[Task]) -> str:
    """The label of the same notebook's task for the last quarter before, if this run has one."""
    if not goes_on(notebook):
        return ""
    same = [
        task.label
        for task in tasks
        if task.notebook is notebook and task.edition.place.parts[1:] == edition.place.parts[1:]
    ]
    return same[-1] if same else ""


def _expected(notebook, old: Published | None) -> float:
    """How long a notebook took when it last ran; the number of its cells tells a little, too."""
    entry = old.entries.get(notebook.name) if old else None
    return entry.seconds if entry else len(notebook.code_cells) / 10


def _holds(old: Published | None, name: str, key: str) -> bool:
    """Whether an edition has this very page, or has found that it cannot be made."""
    entry = old.entries.get(name) if old else None
    if entry is None or entry.key != key:
        return False
    return entry.status == LEFT_OUT or (entry.status == PUBLISHED and has_page(old, name))


def _refuse_another(edition: Edition, old: Published | None, out: Path) -> None:
    new = (edition.source.name, edition.source.where)
    there = (old.run["dataset"], old.run["where"]) if old else new
    if there != new:
        what = f"{there[0]!r}" + (f" where {there[1]}" if there[1] else ", unfiltered")
        raise _holds_others(out / edition.place, what)


def _refuse_loss(edition: Edition, old: Published | None) -> None:
    """A table that has gone would take its pages with it."""
    had = {name for name, rows in old.run["rows"].items() if rows["used"]} if old else set()
    gone = sorted(had - edition.source.rows.keys())
    if gone:
        raise ArgumentError(
            f"{edition.source.folder}: {' and '.join(gone)} of the last report on {edition.label} "
            "cannot be found any more; bring them back, or publish without them with --fresh"
        )


def _refuse_mixture(out: Path, name: str) -> None:
    """One index leads to all quarters of a folder, so they are of one dataset."""
    for place in sorted(out.glob(f"*/{RUN}")):
        there = read_published(place.parent)
        if there and there.run["dataset"] != name:
            raise _holds_others(place.parent, repr(there.run["dataset"]))


def _holds_others(place: Path, what: str) -> ArgumentError:
    return ArgumentError(
        f"{place}: holds the pages of {what}; name another folder with --out, or remove it"
    )


def _jobs(run: Run) -> Iterator[Job | None]:
    """The tasks as jobs; an edition's data are laid ready when its first job is asked for.

    None means that every task left waits for one under way, with whose passports it goes on.
    """
    from cxlib.data import snapshot

    kept: dict[PurePosixPath, Path] = {}
    places, waiting = run.places, dict(enumerate(run.tasks))
    while waiting:
        ready = (n for n, task in waiting.items() if not task.after or task.after in run.outcomes)
        number = next(ready, None)
        if number is None:
            yield None
            continue
        task = waiting.pop(number)
        edition = task.edition
        volume = next(each for each in run.volumes if edition in each.parts)
        if edition.place not in kept:
            base = places.rows / f"data-{edition.source.quarter}"
            if not base.exists():
                snapshot.keep(volume.known, base)
            kept[edition.place] = base
            if edition.source.where:
                kept[edition.place] = places.rows / f"data-{number}"
                part = volume.parts[edition]
                snapshot.keep_slice(part, volume.known, base, kept[edition.place])
        output, sockets = run.output(number), places.sockets / str(number)
        output.mkdir(parents=True)
        sockets.mkdir()
        (output / SOURCE).write_text(task.notebook.text, encoding="utf-8")
        earlier = _earlier(run, task)
        run.keys[task.label] = key_with(run.request, task.notebook, edition.source, earlier)
        before = {BEFORE: str(earlier or "")} if goes_on(task.notebook) else {}
        yield Job(
            label=task.label,
            parameters=task.given | before,
            facts=_facts(task),
            output=output,
            sockets=sockets,
            snapshot=kept[edition.place],
            fork=run.request.fork,
            cells=task.notebook.code_cells,
        )


def _earlier(run: Run, task: Task) -> Path | None:
    """The folder with the passports that a task goes on with: those that will be published."""
    if not goes_on(task.notebook):
        return None
    source, place = task.edition.source, task.edition.place
    mine = {
        each.edition.place: (number, each.label)
        for number, each in enumerate(run.tasks)
        if each.notebook is task.notebook
    }
    for quarter in earlier_quarters(source.quarter):
        there = at_quarter(place, quarter)
        number, label = mine.get(there, (None, ""))
        # Of a notebook that fails, the last good page stays, with its passport.
        stays = number is None or run.outcomes[label].status == FAILED
        folder = run.request.out / there if stays else run.output(number)
        if stays and has_passports(folder, source):
            return folder
        if not stays and run.outcomes[label].status == PUBLISHED and leaves_passports(folder):
            return folder
    return None


def _facts(task: Task) -> Facts:
    defaults = {name: default for name, (default, _) in task.notebook.parameters.items()}
    hidden = (*COMMON, BEFORE)  # the page itself says with what it goes on
    shown = {name: value for name, value in (defaults | task.given).items() if name not in hidden}
    return Facts(
        title=task.notebook.title,
        quarter=task.edition.source.quarter,
        dataset=task.edition.about,
        parameters=shown,
        provenance=provenance(task.edition.source),
    )
