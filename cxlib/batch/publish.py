"""A quarterly run: every notebook executed, rendered and published, with its index."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import nbformat

from cxlib.batch.execute import LEFT_OUT, PUBLISHED, Outcome, execute
from cxlib.batch.notebooks import COMMON, Notebook
from cxlib.batch.render import Facts, findings_of, headlines, render, render_index

PACKAGES = (
    "cxlib",
    "pandas",
    "ibis-framework",
    "duckdb",
    "statsmodels",
    "scikit-learn",
    "papermill",
)


@dataclass(frozen=True)
class Source:
    """What a run reports on, as its pages show it.

    Attributes:
        name: The dataset's name.
        folder: Where it lies.
        quarter, where: The quarter and the filter.
        unfiltered: Tables to which the filter says nothing, and which are reported whole.
        fingerprint: Of the dataset's files.
        rows: Rows read, used and quarantined, by table.
    """

    name: str
    folder: Path
    quarter: str
    where: str
    unfiltered: tuple[str, ...]
    fingerprint: str
    rows: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Page:
    """What became of a notebook.

    Attributes:
        notebook: The notebook.
        outcome: How its run ended.
        findings: What it found, in its order.
    """

    notebook: Notebook
    outcome: Outcome
    findings: Sequence[Mapping]


def publish(
    notebooks: Sequence[Notebook],
    source: Source,
    parameters: Mapping[str, object],
    out: Path,
    jobs: int = 1,
    progress: Callable[[Page, int, int], None] = lambda page, done, total: None,
) -> list[Page]:
    """Run notebooks and publish their pages under `out/QUARTER`.

    The run is made beside the published folder, which it then replaces as a whole.

    Args:
        notebooks: What to run.
        source: What it is about.
        parameters: Values for parameters; each notebook gets those that it has.
        out: The folder of all reports.
        jobs: How many notebooks run at once.
        progress: Called as each notebook ends, with its page, how many are done, and of how many.
    """
    out.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{source.quarter}-", dir=out))
    try:
        (work / "notebooks").mkdir()
        pages = []
        with ThreadPoolExecutor(max_workers=max(jobs, 1)) as pool:
            runs = [pool.submit(_run, each, source, parameters, work) for each in notebooks]
            for run in as_completed(runs):
                pages.append(run.result())
                progress(pages[-1], len(pages), len(notebooks))
        pages.sort(key=lambda page: page.notebook.path.name)
        _write_records(work, pages, source, parameters)
        _replace(work, out / source.quarter)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    _write_quarters(out)
    return pages


def _run(notebook: Notebook, source: Source, parameters: Mapping, work: Path) -> Page:
    common = {"quarter": source.quarter, "dataset": str(source.folder), "where": source.where}
    own = {name: parameters[name] for name in notebook.parameters if name in parameters}
    target = work / "notebooks" / notebook.path.name
    outcome = execute(notebook.path, target, common | own, work)
    if outcome.status != PUBLISHED:
        if outcome.status == LEFT_OUT:
            target.unlink(missing_ok=True)
        return Page(notebook, outcome, ())
    executed = nbformat.read(target, as_version=4)
    findings = findings_of(executed)
    defaults = {name: default for name, (default, _) in notebook.parameters.items()}
    shown = {name: value for name, value in (defaults | own).items() if name not in COMMON}
    facts = Facts(
        notebook.title,
        source.quarter,
        source.name,
        shown,
        (*_provenance(source), ("Run time", f"{outcome.seconds:.0f} s")),
    )
    (work / f"{notebook.name}.html").write_text(render(executed, facts), encoding="utf-8")
    return Page(notebook, outcome, findings)


def _provenance(source: Source) -> tuple[tuple[str, str], ...]:
    total = {
        kind: sum(each[kind] for each in source.rows.values()) for kind in ("used", "quarantined")
    }
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        ("Quarter", source.quarter),
        ("Dataset", f"{source.name} (fingerprint {source.fingerprint})"),
        ("Filter", _filter(source)),
        ("Rows", f"{total['used']:,} used, {total['quarantined']:,} set apart"),
        ("Versions", versions),
    )


def _filter(source: Source) -> str:
    if not source.where:
        return "none: all rows"
    whole = f" (it says nothing of {', '.join(source.unfiltered)})" if source.unfiltered else ""
    return f"{source.where}{whole}"


def _write_records(work: Path, pages: list[Page], source: Source, parameters: Mapping) -> None:
    findings = [
        {"notebook": page.notebook.name, **finding} for page in pages for finding in page.findings
    ]
    _write_json(work / "findings.json", findings)
    run = {
        "quarter": source.quarter,
        "dataset": source.name,
        "where": source.where,
        "parameters": dict(parameters),
        "fingerprint": source.fingerprint,
        "rows": source.rows,
        "versions": {name: version(name) for name in PACKAGES},
        "finished": datetime.now().astimezone().isoformat(timespec="seconds"),
        "notebooks": {page.notebook.name: asdict(page.outcome) for page in pages},
    }
    _write_json(work / "run.json", run)
    cards = [
        {
            "name": page.notebook.name,
            "title": page.notebook.title,
            "question": page.notebook.question,
            "status": page.outcome.status,
            "message": page.outcome.message,
            "headlines": headlines(page.findings),
        }
        for page in pages
    ]
    html = render_index(
        "quarter",
        dataset=source.name,
        quarter=source.quarter,
        where=_filter(source) if source.where else "",
        pages=cards,
        provenance=_provenance(source),
    )
    (work / "index.html").write_text(html, encoding="utf-8")


def _replace(work: Path, published: Path) -> None:
    aside = work.with_name(f"{work.name}-old")
    work.chmod(0o755)  # a temporary folder is its owner's alone
    if published.exists():
        os.replace(published, aside)
    os.replace(work, published)
    shutil.rmtree(aside, ignore_errors=True)


def _write_quarters(out: Path) -> None:
    """The index over all quarters that stand in the folder, newest first."""
    runs = []
    for path in sorted(out.glob("[0-9]*/run.json"), reverse=True):
        run = json.loads(path.read_text(encoding="utf-8"))
        statuses = {name: each["status"] for name, each in run["notebooks"].items()}
        others = [f"{name} ({status})" for name, status in statuses.items() if status != PUBLISHED]
        runs.append(
            {
                "folder": path.parent.name,
                "quarter": run["quarter"],
                "dataset": run["dataset"],
                "where": run["where"],
                "published": len(statuses) - len(others),
                "others": ", ".join(others),
                "finished": run["finished"][:10],
            }
        )
    (out / "index.html").write_text(render_index("quarters", runs=runs), encoding="utf-8")


def _write_json(path: Path, value) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(f"{text}\n", encoding="utf-8")
