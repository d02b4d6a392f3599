"""The notebooks there are, and the parameters that each of them takes."""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import nbformat
import papermill

from cxlib.errors import ArgumentError

PATTERN = "[0-9]*.ipynb"
# Every notebook takes these three; the batch sets them.
COMMON = ("quarter", "dataset", "where")


@dataclass(frozen=True)
class Notebook:
    """A notebook of the suite.

    Attributes:
        path: Its file.
        name: Its file's name without the number: `account_tiers`.
        title, question: Its first heading, and the question under it.
        parameters: Default and help of each parameter, in the notebook's order.
    """

    path: Path
    name: str
    title: str
    question: str
    parameters: Mapping[str, tuple[object, str]]


def find_notebooks(folder: Path, only: Sequence[str] = ()) -> list[Notebook]:
    """The notebooks of a folder, in the order of their numbers.

    Args:
        folder: Where to look for `01_….ipynb`, `02_….ipynb`, ….
        only: Names without numbers; all notebooks, if empty.

    Raises:
        ArgumentError: There is no notebook, a name is unknown, or a notebook lacks a parameter
            that every notebook takes.
    """
    paths = sorted(folder.resolve().glob(PATTERN))
    if not paths:
        raise ArgumentError(f"{folder}: no notebook found whose name begins with a number")
    names = {re.sub(r"^\d+_", "", path.stem): path for path in paths}
    for name in only:
        if name not in names:
            raise ArgumentError(f"notebook {name!r}: {_hint(name, names)}")
    return [_read(path, name) for name, path in names.items() if not only or name in only]


def check_parameters(notebooks: Sequence[Notebook], given: Sequence[str]) -> dict[str, object]:
    """Read `NAME=VALUE` arguments as the type of the notebooks' own defaults.

    A text stays a text: `007` is not 7.

    Raises:
        ArgumentError: No notebook has the name, or the value is not of the default's type.
    """
    known = {name: spec[0] for notebook in notebooks for name, spec in notebook.parameters.items()}
    values = {}
    for argument in given:
        name, equals, text = argument.partition("=")
        if not equals:
            raise ArgumentError(f"-p {argument}: must be NAME=VALUE")
        if name in COMMON:
            raise ArgumentError(f"-p {name}: has an argument of its own; see cx report --help")
        if name not in known:
            raise ArgumentError(
                f"-p {name}: no notebook has such a parameter; {_hint(name, known)}"
            )
        values[name] = _as_type_of(known[name], text, name)
    return values


def _read(path: Path, name: str) -> Notebook:
    cells = nbformat.read(path, as_version=4).cells
    first = next((cell.source for cell in cells if cell.cell_type == "markdown"), "")
    title = re.search(r"^# (.+)$", first, re.MULTILINE)
    question = re.search(r"\*\*(.+?)\*\*", first)
    tagged = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise ArgumentError(f"{path}: must have one cell with the tag “parameters”")
    parameters = {}
    for parameter in papermill.inspect_notebook(str(path)).values():
        parameters[parameter["name"]] = (_literal(parameter["default"]), parameter["help"])
    missing = [each for each in COMMON if each not in parameters]
    if missing:
        raise ArgumentError(f"{path}: the parameters cell lacks {', '.join(missing)}")
    return Notebook(
        path, name, title[1] if title else name, question[1] if question else "", parameters
    )


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _as_type_of(default: object, text: str, name: str) -> object:
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise ArgumentError(f"-p {name}: {text!r}, must be true or false")
        return text.lower() == "true"
    for kind, words in ((int, "a whole number"), (float, "a number")):
        if isinstance(default, kind):
            # Python would read 1_000 as 1000; a person may have meant something else.
            plain = re.fullmatch(r"[+-]?\d+" if kind is int else r"[+-]?(\d+\.?\d*|\.\d+)", text)
            if not plain:
                raise ArgumentError(f"-p {name}: {text!r}, must be {words}")
            return kind(text)
    return text


def _hint(name: str, known) -> str:
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known are: {', '.join(known)}"
