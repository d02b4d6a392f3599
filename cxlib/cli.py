"""The command `cx`: a thin wrapper over the rooms above."""

import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from cxlib.errors import CxError
from cxlib.stopping import Stopped, bounded, leave, stopped_by_signals

OK, SOME_FAILED, WRONG = 0, 1, 2
BROKEN_PIPE = 13  # the number of its signal, which some systems do not have

app = typer.Typer(
    help="Customer-experience reports from a folder of data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

DatasetOption = Annotated[Path, typer.Option(help="The dataset's folder.")]
NotebooksOption = Annotated[Path, typer.Option(help="The folder of notebooks.")]


@app.command()
def report(
    quarters: Annotated[str, typer.Argument(help="Such as 2026Q3, or 2025Q4..2026Q3.")],
    dataset: DatasetOption = Path("data/demo"),
    only: Annotated[str, typer.Option(help="Names of notebooks, with commas between.")] = "",
    where: Annotated[str, typer.Option(help="Report only rows such as region = 'EMEA'.")] = "",
    by: Annotated[
        str, typer.Option(help="A column of accounts or customers; each value gets its own pages.")
    ] = "",
    jobs: Annotated[int, typer.Option(min=1, help="Notebooks at once.")] = os.cpu_count() or 1,
    out: Annotated[str, typer.Option(help="The folder of all reports, or its URL.")] = "reports",
    crm: Annotated[
        str, typer.Option(help="The folder of tables with real ids; beside --out if not given.")
    ] = "",
    to: Annotated[
        str, typer.Option(help="Files to take along, with commas between: xlsx, pptx, pdf.")
    ] = "",
    fresh: Annotated[bool, typer.Option(help="Run also what has not changed.")] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds for a notebook.")] = 1_800,
    memory: Annotated[float, typer.Option(min=100, help="Megabytes for a notebook.")] = 4_000,
    parameter: Annotated[
        list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help="A notebook's parameter.")
    ] = None,
    notebooks: NotebooksOption = Path("notebooks"),
    fork: Annotated[
        bool | None, typer.Option(help="Fork kernels from a warm process; where possible.")
    ] = None,
    quiet: Annotated[bool, typer.Option(help="Say only what went wrong.")] = False,
    log_json: Annotated[bool, typer.Option(help="Say everything in lines of JSON.")] = False,
) -> None:
    """Run the notebooks for a quarter, and publish their pages."""
    from cxlib.batch.export import read_kinds
    from cxlib.batch.notebooks import check_parameters, choose, find_notebooks
    from cxlib.batch.progress import choose_progress
    from cxlib.batch.real_ids import NOTICE
    from cxlib.batch.report import report as run_report
    from cxlib.batch.request import Limits, Request, read_quarters
    from cxlib.batch.store import published_to, without_password
    from cxlib.batch.warm import can_fork

    if fork and not can_fork():
        raise CxError("--fork: this system cannot fork kernels; leave the option out")
    suite = find_notebooks(notebooks)
    chosen = choose(suite, [name.strip() for name in only.split(",") if name.strip()])
    progress = choose_progress(quiet, log_json)
    published = without_password(out).rstrip("/") if "://" in out else str(Path(out).resolve())
    request = Request(
        quarters=read_quarters(quarters),
        dataset=dataset,
        notebooks=suite,
        only=tuple(each.name for each in chosen) if only else (),
        where=_typed(where),
        by=by,
        parameters=check_parameters(chosen, parameter or []),
        published=published,
        crm=Path(crm) if crm else _beside(published),
        to=read_kinds(to),
        jobs=jobs,
        fresh=fresh,
        fork=can_fork() if fork is None else fork,
        limits=Limits(timeout, memory),
    )
    try:
        with stopped_by_signals(), published_to(out, request.quarters) as folder:
            result = run_report(replace(request, out=folder), progress)
    except Stopped as stopped:
        if not getattr(stopped, "__notes__", []):
            stopped.add_note("what was published is as it was")
        raise
    for note in result.notes:
        progress.say(note)
    for failure in result.late_failures:
        progress.warn(failure)
    if not result.ran:
        progress.say("nothing has changed since the last run; --fresh runs everything again")
    shown = published if "://" in out else out
    for quarter in request.quarters:
        for name in ("index.html", *(f"{quarter}.{kind}" for kind in request.to)):
            progress.say(f"{shown}/{quarter}/{name}")
    if result.ran and (request.crm / NOTICE).is_file():
        progress.say(f"{request.crm}: tables with real ids, for a CRM; yours alone to read")
    if result.failed:
        raise typer.Exit(SOME_FAILED)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The dataset's folder to write.")],
    files: Annotated[
        list[Path],
        typer.Option(
            "--from", help="Raw files: text, workbooks, JSON lines, Parquet, …; list them."
        ),
    ],
    more: Annotated[list[Path] | None, typer.Argument(hidden=True)] = None,
    dates: Annotated[
        str, typer.Option(help="day-first, month-first or year-first, where a file does not tell.")
    ] = "",
    decimal: Annotated[str, typer.Option(help="comma or point, where a file does not tell.")] = "",
    as_of: Annotated[str, typer.Option(help="The day of a file without dates: 2026-09-30.")] = "",
    answer: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="What a question asks, by its key; repeat."),
    ] = None,
    answers: Annotated[
        Path | None, typer.Option(help="A file of answers, such as the one that cx init writes.")
    ] = None,
    encoding: Annotated[
        str, typer.Option(help="Of files that are not UTF-8, such as cp1250.")
    ] = "",
    names: Annotated[
        Path | None, typer.Option(help="A file of further names that exports have for columns.")
    ] = None,
    ask: Annotated[
        bool | None, typer.Option(help="Ask what files do not tell; in a terminal, unless told.")
    ] = None,
) -> None:
    """Begin a dataset from raw files: say what they hold, and propose its SQL."""
    from cxlib.data.marks import marks
    from cxlib.onboard.interview import asked_in_terminal, check_general, read_answers
    from cxlib.onboard.start import begin

    given = {"dates": dates, "decimal": decimal, "as_of": as_of}
    known = read_answers(answers, answer or []) | {key: text for key, text in given.items() if text}
    check_general(known)
    talks = sys.stdin.isatty() and sys.stdout.isatty() if ask is None else ask
    every = [*files, *(more or [])]
    for line in begin(folder, every, known, encoding, names, asked_in_terminal if talks else None):
        print(line)
    print()
    for path in sorted(folder.glob("*.sql")):
        left = sum(each.file == path.name for each in marks(folder))
        print(f"{path}" + (f": {left} to look at" if left else ""))
    command = Path(sys.argv[0])
    here = f"{command} check --dataset {folder}"
    print(f"\nNow look at the lines marked UNSURE or MISSING, then: {here}")


@app.command()
def check(dataset: DatasetOption = Path("data/demo")) -> None:
    """Read and validate a dataset; say what was set apart, and why."""
    from rich.console import Console
    from rich.table import Table

    from cxlib.data import open_dataset
    from cxlib.data.files import reads_files
    from cxlib.data.marks import expression_of, line_of, marks
    from cxlib.data.remedies import remedy
    from cxlib.measure import catalogue

    console = Console(highlight=False)
    # Whoever puts faults right has to see the values.
    with stopped_by_signals():
        data = bounded(
            lambda: open_dataset(dataset, raw_ids=True), reads_files(dataset), "reading the data"
        )
    catalogue(data.config)
    table = Table("table", "file", "read", "used", "set apart")
    for each in data.intake:
        counts = (f"{count:,}" for count in (each.read, each.used, each.quarantined))
        table.add_row(each.table, each.file, *counts)
    console.print(table)
    for each in data.intake:
        if each.missing:
            text = f"{each.table}: not there, and not required: {', '.join(each.missing)}"
            console.print(text, markup=False, soft_wrap=True)
    faults = data.faults.groupby(["file", "column", "kind", "rule"], sort=False, dropna=False)
    for (file, column, kind, rule), rows in faults:
        first = rows.iloc[0]
        line = line_of(data.folder / file, str(column))
        where = f"{file}, line {line}" if line else file
        fix = remedy(str(column), kind, rows.value.head(1_000).tolist())
        fix = fix.replace("…", expression_of(data.folder / file, str(column)) or "…")
        console.print(
            f"{where}: {column} {_said(rows.value)} ({_row_of(file, first.row)}): {rule}; "
            f"{len(rows)} rows" + (f"; {fix}" if fix else ""),
            markup=False,
            soft_wrap=True,
        )
    for mark in marks(data.folder):
        console.print(f"{mark.file}, line {mark.line}: {mark.text}", markup=False, soft_wrap=True)


def _said(values) -> str:
    return "is empty" if values.isna().iloc[0] else f"== {values.iloc[0]!r}"


def _row_of(file: str, row: int) -> str:
    return f"row {row} of its result" if file.endswith(".sql") else f"row {row}"


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="A SELECT over the raw files, by their names.")],
    dataset: DatasetOption = Path("data/demo"),
    rows: Annotated[int, typer.Option(min=1, help="How many rows to show.")] = 40,
) -> None:
    """Look at raw files, with the SQL that a mapping would use."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from cxlib.data.files import reads_files
    from cxlib.onboard.look import MOST, look

    with stopped_by_signals():
        found = bounded(
            lambda: look(dataset, _typed(query), rows),
            reads_files(dataset),
            "the query",
            megabytes=MOST,
        )
    console = Console(highlight=False)
    lines = (found.columns, *found.rows)
    width = sum(max(map(len, column)) + 3 for column in zip(*lines, strict=True))
    if width < console.width:
        table = Table(*map(escape, found.columns))
        for row in found.rows:
            table.add_row(*map(escape, row))
        console.print(table)
    else:
        for number, row in enumerate(found.rows, start=1):
            console.print(f"row {number}", style="bold")
            for name, value in zip(found.columns, row, strict=True):
                console.print(f"  {name}: {value}", markup=False, soft_wrap=True)
    if found.more:
        console.print(f"the first {rows:,} rows; --rows shows more", markup=False)


@app.command()
def demo(
    out: Annotated[Path, typer.Argument(help="The folder to write.")],
    accounts: Annotated[int, typer.Option(min=50)] = 2_000,
    interactions: Annotated[int, typer.Option(min=500)] = 60_000,
    quarters: Annotated[int, typer.Option(min=4)] = 12,
    seed: int = 2026,
) -> None:
    """Write a demonstration dataset."""
    from cxlib.demo.large import write_large_demo

    if out.exists() and any(out.iterdir()):
        raise CxError(f"{out}: is not empty; name a new folder")
    write_large_demo(out, accounts, interactions, quarters, seed)
    print(out)


@app.command()
def themes(dataset: DatasetOption = Path("data/demo")) -> None:
    """Propose themes of what customers write, as themes.toml beside dataset.toml."""
    from cxlib.data.files import THEMES
    from cxlib.data.opening import open_dataset
    from cxlib.voice.themes import propose

    path = dataset / THEMES
    if path.exists():
        raise CxError(f"{path}: is there already; edit it, or move it away for a new proposal")
    # Words alone are written, which many customers use.
    with stopped_by_signals():
        said = propose(open_dataset(dataset, raw_ids=True))
    path.write_text(said, encoding="utf-8")
    print(f"{path}: name each theme, and put its words right")


@app.command()
def code(
    dataset: DatasetOption = Path("data/demo"),
    n: Annotated[int, typer.Option(min=20, help="How many comments people are to read.")] = 200,
    read: Annotated[
        list[Path] | None, typer.Option(help="A filled sheet; another for a second reader.")
    ] = None,
) -> None:
    """Write comments drawn by lot for people to read, or read what they made of them."""
    from cxlib.data.opening import open_dataset
    from cxlib.voice.coding import AGREED, coded_of, sheet_of, write_sheets

    with stopped_by_signals():
        data = open_dataset(dataset)
        if not read:
            for path in write_sheets(*sheet_of(data, n)):
                print(path)
            return
        for each in coded_of(data, read):
            share = each.corrected
            agreed = "" if each.kappa != each.kappa else f"; readers agree: kappa {each.kappa:.2f}"
            doubt = " (too little to count)" if each.kappa < AGREED else ""
            print(
                f"{each.theme}: {each.counted:.1%} by its words, {share.value:.1%} as people read "
                f"({share.low:.1%} to {share.high:.1%}){agreed}{doubt}"
            )


@app.command("list")
def list_notebooks(notebooks: NotebooksOption = Path("notebooks")) -> None:
    """List the notebooks and their parameters."""
    from cxlib.batch.notebooks import find_notebooks

    for notebook in find_notebooks(notebooks):
        print(f"{notebook.name}: {notebook.question}")
        for name, (default, words) in notebook.parameters.items():
            print(f"    {name} = {default!r}  {words}")


def _beside(published: str) -> Path:
    """The folder of tables with real ids that belongs to reports in a folder or at a URL."""
    url = "://" in published
    words = re.findall(r"\w+", published.partition("://")[2])
    place = Path("-".join(words) if url else published)
    return place.resolve().with_name(f"{place.name}-crm")


def _typed(text: str) -> str:
    """What somebody typed, which is UTF-8 also where the system knows of none."""
    try:
        return os.fsencode(text).decode("utf-8")
    except UnicodeDecodeError:
        raise CxError(f"{text!a} is not UTF-8") from None


def main() -> None:
    """Run the command; a person's mistake ends in one line and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        # A letter that a terminal does not know is no reason to stop.
        stream.reconfigure(errors="replace")
    try:
        app()
    except CxError as error:
        print(f"cx: {error}", file=sys.stderr)
        leave(WRONG)
    except Stopped as stopped:
        print("; ".join(["cx: stopped", *getattr(stopped, "__notes__", [])]), file=sys.stderr)
        leave(128 + stopped.args[0])
    except BrokenPipeError:
        # Nobody reads on; so nothing more is said, not even at the very end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        leave(128 + BROKEN_PIPE)
    except OSError as error:
        # A folder that cannot be written, a full disk: a person can put it right.
        where = f"{error.filename}: {error.strerror}" if error.filename else error
        print(f"cx: {where}", file=sys.stderr)
        leave(WRONG)
