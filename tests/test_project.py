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

# The rule of the house. A room below uses those that it names; a subject, which is a folder with the
# name of its notebook, uses data, measure and page, and another subject only where it says so here.
SHARED_ROOMS = {
    "data": set(),
    "measure": {"data"},
    "page": {"data", "measure"},
    "onboard": {"data"},
    "demo": {"data"},
    "exports": set(),
    "batch": {"data", "exports"},
}
SUBJECTS = {path.stem[3:] for path in (ROOT / "notebooks").glob("*.ipynb")} - {"start_here"}
OTHER_SUBJECTS = {
    "data_readiness": {"personas", "score_changes"},
    "kpi_drivers": {"score_worth"},
    "score_worth": {"pdca_cycles"},
    "account_tiers": {"score_changes", "score_worth"},
    "voice": {"journeys", "score_worth"},
}
# Files of a subject that ask the engine, and those that show; all others only calculate.
LOADING = {
    "data_readiness": {"coverage", "evidence", "irregular", "outages", "quality", "quarterly"},
    "personas": {"features", "groups"},
    "kpi_drivers": {"outcomes"},
    "score_changes": {"activity", "invitations"},
    "score_worth": {"results"},
    "account_tiers": {"accounts", "service"},
    "pdca_cycles": {"log", "targets"},
    "journeys": {"channels", "contacts", "hardship", "outcomes", "paths"},
    "voice": {"causes"},
}
SHOWING = re.compile(r"page|\w+_page|cards|charts|explore|form|whatif|wording|passport|schema")
DRAWS = {"matplotlib", "seaborn", "IPython", "ipywidgets"}
CODE = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path
    for path in (ROOT / "cxlib").rglob("*.py")
}


def imports(path):
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            inner = [f"{node.module}.{each.name}" for each in node.names]
            yield from (each if each in CODE else node.module for each in inner)


def room_of(module):
    return module.split(".")[1]


@pytest.mark.parametrize("room", sorted(SHARED_ROOMS.keys() | SUBJECTS))
def test_a_room_uses_only_the_rooms_that_it_may(room):
    shared = {"data", "measure", "page"} | OTHER_SUBJECTS.get(room, set())
    allowed = SHARED_ROOMS.get(room, shared) | {
        room,
        "errors",
        "findings",
        "lazily",
        "pictures",
        "stopping",
    }
    files = list((ROOT / "cxlib" / room).rglob("*.py"))
    assert files
    for path in files:
        used = {room_of(name) for name in imports(path) if name.startswith("cxlib.")}
        assert used <= allowed, f"{path} uses {used - allowed}"


def test_every_folder_is_a_room_or_a_subject_and_every_subject_has_one():
    folders = {path.parent.name for path in (ROOT / "cxlib").glob("*/__init__.py")}
    assert folders == SHARED_ROOMS.keys() | SUBJECTS


def test_no_module_needs_itself_by_way_of_others():
    needs = {name: set(imports(path)) & CODE.keys() for name, path in CODE.items()}
    while leaves := {name for name, used in needs.items() if not used & needs.keys()}:
        needs = {name: used for name, used in needs.items() if name not in leaves}
    assert not needs, sorted(needs)


@pytest.mark.parametrize("subject", sorted(SUBJECTS))
def test_statistics_neither_ask_the_engine_nor_draw(subject):
    for path in (ROOT / "cxlib" / subject).glob("*.py"):
        found = {name.split(".")[0] for name in imports(path)}
        shows, loads = SHOWING.fullmatch(path.stem), path.stem in LOADING.get(subject, set())
        assert shows or not found & DRAWS, f"{path} draws"
        assert loads or "ibis" not in found, f"{path} asks the engine"


def test_methods_name_files_that_are_there():
    folder = ROOT / "cxlib"
    for line in (ROOT / "METHODS.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            found = re.search(r"`cxlib/(\w+)`", line)
            folder = ROOT / "cxlib" / (found[1] if found else "")
        for each in re.findall(r"`([\w/]+\.py)`", line):
            places = (folder, ROOT / "cxlib", ROOT)
            assert any((place / each).is_file() for place in places), line


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
