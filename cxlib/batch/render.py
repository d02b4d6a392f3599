"""Turning an executed notebook into a page that stands alone."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import nbformat
from nbconvert import HTMLExporter
from traitlets.config import Config

FINDING = "application/vnd.cxlib.finding+json"
TEMPLATES = Path(__file__).parent / "template"
EXPLORE = "explore"
HEADLINES = 5


@dataclass(frozen=True)
class Facts:
    """What a page says about itself.

    Attributes:
        title, quarter, dataset: As shown at the top.
        parameters: Those of the notebook.
        provenance: Lines for the foot of the page: label and value.
    """

    title: str
    quarter: str
    dataset: str
    parameters: Mapping[str, object]
    provenance: tuple[tuple[str, str], ...]


def findings_of(notebook: nbformat.NotebookNode) -> list[dict]:
    """The findings stored in an executed notebook, in their order."""
    return [
        dict(output["data"][FINDING])
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if FINDING in output.get("data", {})
    ]


def headlines(findings: Sequence[Mapping]) -> list[Mapping]:
    """What stands out; where nothing does, the first thing that the page says."""
    return [each for each in findings if each["news"]][:HEADLINES] or list(findings[:1])


def render(notebook: nbformat.NotebookNode, facts: Facts) -> str:
    """The page of an executed notebook: no code, no request to any host."""
    contents = _prepare(notebook)
    body, _ = _exporter().from_notebook_node(
        notebook,
        resources={
            "facts": facts,
            "contents": contents,
            "headlines": headlines(findings_of(notebook)),
        },
    )
    return body


def render_index(name: str, **values) -> str:
    """The page `NAME.html.j2` of the template folder."""
    loader = jinja2.FileSystemLoader(TEMPLATES / "cx")
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True)
    return environment.get_template(f"{name}.html.j2").render(**values)


def _prepare(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """Drop what needs a kernel, mark the sections, and list them for the contents."""
    notebook.cells = [
        cell for cell in notebook.cells if EXPLORE not in cell.metadata.get("tags", [])
    ]
    contents = []
    for cell in notebook.cells:
        heading = re.match(r"## (.+)", cell.source) if cell.cell_type == "markdown" else None
        if heading:
            cell.metadata["anchor"] = f"section-{len(contents) + 1}"
            contents.append((cell.metadata["anchor"], heading[1]))
    return contents


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
