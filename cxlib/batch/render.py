"""Turning an executed notebook into a page that stands alone."""

import base64
import json
import re
from collections.abc import Mapping
from functools import cache

import nbformat
from nbconvert import HTMLExporter
from traitlets.config import Config

from cxlib.batch.indexes import TEMPLATES, headlines, policy, script, style
from cxlib.batch.job import EXPLORE, Facts
from cxlib.batch.records import is_part
from cxlib.findings import MIME, PARTS


def findings_of(notebook: nbformat.NotebookNode) -> list[dict]:
    """The findings stored in an executed notebook, in their order."""
    return [
        dict(output["data"][MIME])
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if MIME in output.get("data", {})
    ]


def check_finding(finding: Mapping) -> None:
    """Make sure that the indexes can use a finding.

    Raises:
        ValueError: It lacks a part, or holds a number that JSON has not.
    """
    missing = [name for name in PARTS if name not in finding]
    if missing:
        raise ValueError(f"a finding lacks {', '.join(missing)}")
    strange = [part for part in finding["screen"] if not is_part(part)]
    if strange:
        raise ValueError(f"a finding has a part that the first screen does not know: {strange[0]}")
    json.dumps(finding, allow_nan=False)


def render(notebook: nbformat.NotebookNode, facts: Facts) -> str:
    """The page of an executed notebook: no code, no request to any host."""
    contents = _prepare(notebook)
    findings = [each | {"number": n} for n, each in enumerate(findings_of(notebook), start=1)]
    body, _ = _exporter().from_notebook_node(
        notebook,
        resources={
            "facts": facts,
            "contents": contents,
            "headlines": headlines(findings),
            "policy": policy(),
            "style": style(),
            "script": script(),
        },
    )
    return body


def _prepare(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """Drop what needs a kernel, mark the sections, and list them for the contents."""
    notebook.cells = [
        cell for cell in notebook.cells if EXPLORE not in cell.metadata.get("tags", [])
    ]
    _number_findings(notebook)
    contents = []
    for cell in notebook.cells:
        heading = re.match(r"## (.+)", cell.source) if cell.cell_type == "markdown" else None
        if heading:
            cell.metadata["anchor"] = f"section-{len(contents) + 1}"
            contents.append((cell.metadata["anchor"], heading[1]))
    return contents


def _number_findings(notebook: nbformat.NotebookNode) -> None:
    """Give each finding a place on the page to which other pages can lead."""
    found = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if MIME in output.get("data", {})
    ]
    for number, output in enumerate(found, start=1):
        html = output.data["text/html"]
        output.data["text/html"] = f'<div class="found" id="finding-{number}">{html}</div>'


@cache
def _exporter() -> HTMLExporter:
    config = Config()
    config.HTMLExporter.template_name = "cx"
    config.HTMLExporter.extra_template_basedirs = [str(TEMPLATES)]
    config.HTMLExporter.exclude_anchor_links = True
    config.HTMLExporter.theme = "light"
    exporter = HTMLExporter(config=config)
    exporter.exclude_input = True
    exporter.register_filter("base64", lambda text: base64.b64encode(text.encode()).decode())
    return exporter
