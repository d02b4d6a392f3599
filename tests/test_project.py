"""The project's own rules: the order of its rooms, its dependency lists, its documents."""

import ast
import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from cxlib.dictionary import data_dictionary, kpi_list
from tests.conftest import ROOT

ROOMS = ("data", "measure", "analysis", "present", "batch")
NOT_IN_ANALYSIS = {"matplotlib", "IPython", "papermill", "ibis", "seaborn", "ipywidgets"}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_rooms_above_it(room):
    below = ROOMS[ROOMS.index(room) + 1 :]
    for path in (ROOT / "cxlib" / room).rglob("*.py"):
        for name in imports(path):
            assert not any(name.startswith(f"cxlib.{each}") for each in below), (
                f"{path} imports {name}"
            )


def test_analysis_neither_draws_nor_reads():
    for path in (ROOT / "cxlib" / "analysis").glob("*.py"):
        found = {name.split(".")[0] for name in imports(path)} & NOT_IN_ANALYSIS
        assert not found, f"{path} imports {found}"


def test_the_batch_knows_notebooks_not_analyses():
    for path in (ROOT / "cxlib" / "batch").glob("*.py"):
        for name in imports(path):
            assert not re.match(r"cxlib\.(measure|analysis|present)", name), f"{path}: {name}"


def test_both_dependency_lists_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    wanted = {_conda(each) for each in project["dependencies"]}
    wanted |= {_conda(each) for each in project["optional-dependencies"]["dev"]}
    wanted.add("python" + project["requires-python"])
    listed = {each for each in conda if isinstance(each, str)}
    assert listed - {"pip"} == wanted


def _conda(requirement: str) -> str:
    """A requirement as conda-forge names it."""
    name, bound = re.fullmatch(r"([\w.-]+)(?:\[\w+\])?(.*)", requirement).groups()
    extras = {
        "ibis-framework": "ibis-duckdb",
        "pandera": "pandera-ibis",
        "matplotlib": "matplotlib-base",
    }
    return extras.get(name, name) + bound


@pytest.mark.parametrize(
    ("file", "extras"),
    [("requirements.lock", ["dev"]), ("engines.lock", ["postgres", "spark"])],
)
def test_every_dependency_is_locked_with_hashes_and_no_address(file, extras):
    lock = (ROOT / file).read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = [each for name in extras for each in project["optional-dependencies"][name]]
    for each in project["dependencies"] + extra:
        name = re.match(r"[\w.-]+", each)[0]
        assert re.search(
            rf"^{re.escape(name)}(\[\w+\])?==[^\n]+\\\n    --hash=sha256:", lock, re.MULTILINE
        ), name
    assert "://" not in lock
    assert "--index" not in lock


def test_every_dependency_has_its_reason():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for each in sum(project["optional-dependencies"].values(), project["dependencies"]):
        name = re.match(r"[\w.-]+", each)[0]
        assert f"`{name}`" in text, name


def test_the_generated_documents_are_in_step():
    assert (ROOT / "data" / "README.md").read_text(encoding="utf-8") == data_dictionary()
    assert (ROOT / "docs" / "kpis.md").read_text(encoding="utf-8") == kpi_list()


def test_the_code_is_clean():
    for command in (["check"], ["format", "--check"]):
        run = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "."],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout


def test_the_readme_names_every_notebook():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert path.stem in text
