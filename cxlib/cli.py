"""The command `cx`: a thin wrapper over the rooms above."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cxlib.errors import CxError

OK, SOME_FAILED, WRONG = 0, 1, 2

app = typer.Typer(
    help="Customer-experience reports from a folder of data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console(highlight=False)

DatasetOption = Annotated[Path, typer.Option(help="The dataset's folder.")]
NotebooksOption = Annotated[Path, typer.Option(help="The folder of notebooks.")]


@app.command()
def report(
    quarter: Annotated[str, typer.Argument(help="Such as 2026Q3.")],
    dataset: DatasetOption = Path("data/demo"),
    only: Annotated[str, typer.Option(help="Names of notebooks, with commas between.")] = "",
    where: Annotated[str, typer.Option(help="Report only rows such as region = 'EMEA'.")] = "",
    jobs: Annotated[int, typer.Option(min=1, help="Notebooks at once.")] = os.cpu_count() or 1,
    out: Annotated[Path, typer.Option(help="The folder of all reports.")] = Path("reports"),
    parameter: Annotated[
        list[str] | None, typer.Option("-p", metavar="NAME=VALUE", help="A notebook's parameter.")
    ] = None,
    notebooks: NotebooksOption = Path("notebooks"),
) -> None:
    """Run the notebooks for a quarter, and publish their pages."""
    from cxlib.batch.execute import FAILED
    from cxlib.batch.notebooks import check_parameters, find_notebooks
    from cxlib.batch.publish import Page, Source, publish

    chosen = find_notebooks(notebooks, [name.strip() for name in only.split(",") if name.strip()])
    values = check_parameters(chosen, parameter or [])
    data = _open(dataset, quarter, where)
    rows = {
        each.table: {"read": each.read, "used": each.used, "quarantined": each.quarantined}
        for each in data.intake
    }
    source = Source(
        name=data.config.name,
        folder=data.folder,
        quarter=str(data.quarter),
        where=where,
        unfiltered=tuple(sorted(data.unfiltered)),
        fingerprint=data.fingerprint,
        rows=rows,
    )

    def show(page: Page, done: int, total: int) -> None:
        words = f": {page.outcome.message}" if page.outcome.message else ""
        console.print(
            f"[{done}/{total}] {page.notebook.name}: {page.outcome.status} "
            f"in {page.outcome.seconds:.1f} s{words}",
            markup=False,
            soft_wrap=True,
        )

    pages = publish(chosen, source, values, out.resolve(), jobs, show)
    console.print(f"{out / str(data.quarter) / 'index.html'}", soft_wrap=True)
    if any(page.outcome.status == FAILED for page in pages):
        raise typer.Exit(SOME_FAILED)


@app.command()
def check(dataset: DatasetOption = Path("data/demo")) -> None:
    """Read and validate a dataset; say what was set apart, and why."""
    data = _open(dataset)
    table = Table("table", "file", "read", "used", "quarantined", "missing columns")
    for each in data.intake:
        counts = (f"{count:,}" for count in (each.read, each.used, each.quarantined))
        table.add_row(each.table, each.file, *counts, ", ".join(each.missing))
    console.print(table)
    faults = data.faults.groupby(["file", "column", "rule"], sort=False, dropna=False)
    for (file, column, rule), rows in faults:
        first = rows.iloc[0]
        console.print(
            f"{file}: {column} == {first.value!r} (row {first.row}): {rule}; {len(rows)} rows",
            markup=False,
            soft_wrap=True,
        )


@app.command()
def demo(
    out: Annotated[Path, typer.Argument(help="The folder to write.")],
    accounts: Annotated[int, typer.Option(min=50)] = 2_000,
    interactions: Annotated[int, typer.Option(min=500)] = 60_000,
    quarters: Annotated[int, typer.Option(min=4)] = 12,
    seed: int = 2026,
) -> None:
    """Write a demonstration dataset."""
    from cxlib.data.demo import make_demo, write_demo

    if out.exists() and any(out.iterdir()):
        raise CxError(f"{out}: is not empty; name a new folder")
    write_demo(out, make_demo(accounts, interactions, quarters, seed))
    console.print(f"{out}", soft_wrap=True)


@app.command("list")
def list_notebooks(notebooks: NotebooksOption = Path("notebooks")) -> None:
    """List the notebooks and their parameters."""
    from cxlib.batch.notebooks import find_notebooks

    for notebook in find_notebooks(notebooks):
        console.print(f"{notebook.name}: {notebook.question}", markup=False, soft_wrap=True)
        for name, (default, words) in notebook.parameters.items():
            console.print(f"    {name} = {default!r}  {words}", markup=False, soft_wrap=True)


def _open(folder: Path, quarter: str | None = None, where: str = ""):
    from cxlib.data import open_dataset

    return open_dataset(folder, quarter, where)


def main() -> None:
    """Run the command; a person's mistake ends in one line and exit code 2."""
    try:
        app()
    except CxError as error:
        print(f"cx: {error}", file=sys.stderr)
        sys.exit(WRONG)
    except OSError as error:
        # A folder that cannot be written, a full disk: a person can put it right.
        print(f"cx: {error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(WRONG)
