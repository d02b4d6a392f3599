"""The notebooks there are, and the parameters that each of them takes.

Read without Jupyter's libraries, which a run that finds nothing changed need not load.
"""

import ast
import hashlib
import io
import json
import re
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from cxlib.data.files import nearest
from cxlib.errors import ArgumentError

PATTERN, NO_REPORT = "[0-9]*.ipynb", re.compile("0+_")
# Every notebook takes these three; the batch sets them.
COMMON = ("quarter", "dataset", "where")
# A notebook that goes on with what its last quarter left takes the folder of that report.
BEFORE = "before"


@dataclass(frozen=True)
class Notebook:
    """A notebook of the suite.

    Attributes:
        path: Its file.
        name: Its file's name without the number: `account_tiers`.
        title, question: Its first heading, and the question under it.
        parameters: Default and help of each parameter, in the notebook's order.
        code_cells: The first line of each of its code cells.
        imports: What its cells import, by full names; some may be functions instead of modules.
        text: What its file holds.
        digest: Changes whenever the source or the tags of a cell do.
    """

    path: Path
    name: str
    title: str
    question: str
    parameters: Mapping[str, tuple[object, str]]
    code_cells: tuple[str, ...]
    imports: tuple[str, ...]
    text: str
    digest: str


def find_notebooks(folder: Path) -> tuple[Notebook, ...]:
    """The notebooks of a folder, in the order of their numbers: `01_….ipynb`, `02_….ipynb`, ….

    One whose number is 0 is for those who explore, and no report.
    A relative folder that is not here may be one of the project's own.

    Raises:
        ArgumentError: There is none, or one lacks a parameter that every notebook takes.
    """
    paths = sorted((nearest(folder) or folder).glob(PATTERN))
    paths = [path for path in paths if not NO_REPORT.match(path.name)]
    if not paths:
        raise ArgumentError(f"{folder}: no notebook found whose name begins with a number")
    names = [re.sub(r"^\d+_", "", path.stem) for path in paths]
    for name in names:
        if name == "index" or names.count(name) > 1:
            why = "is the name of the pages' own index" if name == "index" else "is there twice"
            raise ArgumentError(f"{folder}: the notebook name {name!r} {why}; give it another")
    return tuple(_read(path, name) for path, name in zip(paths, names, strict=True))


def choose(notebooks: Sequence[Notebook], only: Sequence[str]) -> tuple[Notebook, ...]:
    """The notebooks of these names; all of them, if no name is given.

    Raises:
        ArgumentError: A name is unknown.
    """
    names = [each.name for each in notebooks]
    for name in only:
        if name not in names:
            raise ArgumentError(f"notebook {name!r}: {_hint(name, names)}")
    return tuple(each for each in notebooks if not only or each.name in only)


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
        if name == BEFORE:
            raise ArgumentError(f"-p {name}: is found by the run, among the reports in --out")
        if name not in known:
            raise ArgumentError(
                f"-p {name}: no notebook has such a parameter; {_hint(name, known)}"
            )
        values[name] = _as_type_of(known[name], text, name)
    return values


def _read(path: Path, name: str) -> Notebook:
    try:
        content = path.read_text(encoding="utf-8")
        cells = json.loads(content)["cells"]
    except (ValueError, KeyError, TypeError):
        raise ArgumentError(f"{path}: is no notebook of version 4") from None
    sources = ["".join(cell["source"]) for cell in cells]
    tags = [cell.get("metadata", {}).get("tags", []) for cell in cells]
    kinds = [cell["cell_type"] for cell in cells]
    first = next((text for text, kind in zip(sources, kinds, strict=True) if kind != "code"), "")
    title = re.search(r"^# (.+)$", first, re.MULTILINE)
    question = re.search(r"\*\*(.+?)\*\*", first)
    tagged = [text for text, marks in zip(sources, tags, strict=True) if "parameters" in marks]
    if len(tagged) != 1:
        raise ArgumentError(f"{path}: must have one cell with the tag “parameters”")
    parameters = _parameters(tagged[0], path)
    missing = [each for each in COMMON if each not in parameters]
    if missing:
        raise ArgumentError(f"{path}: the parameters cell lacks {', '.join(missing)}")
    code = [text.strip() for text, kind in zip(sources, kinds, strict=True) if kind == "code"]
    return Notebook(
        path=path,
        name=name,
        title=title[1] if title else name,
        question=question[1] if question else "",
        parameters=parameters,
        code_cells=tuple(text.splitlines()[0] for text in code if text),
        imports=tuple(sorted(_used(code))),
        text=content,
        digest=hashlib.sha256(json.dumps([kinds, tags, sources]).encode()).hexdigest(),
    )


def _used(code: Sequence[str]) -> set[str]:
    """The modules that cells import, and by their whole names what they use of them."""
    nodes = [node for text in code for node in _nodes(text)]
    modules, known = set(), {}
    for node in nodes:
        if isinstance(node, ast.Import):
            modules |= {each.name for each in node.names}
            known |= {each.asname or each.name: each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    for node in nodes:
        if isinstance(node, ast.Attribute):
            first, *rest = ast.unparse(node).split(".")
            if first in known and all(map(str.isidentifier, rest)):
                modules.add(".".join([known[first], *rest]))
    return modules


def _nodes(source: str) -> Iterator[ast.AST]:
    try:
        yield from ast.walk(ast.parse(source))
    except SyntaxError:
        return  # such as a cell with a line of IPython's own


def _parameters(source: str, path: Path) -> dict[str, tuple[object, str]]:
    """Name, default and help of each line `name = value  # help`."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise ArgumentError(f"{path}: parameters, line {error.lineno}: {error.msg}") from None
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found = {}
    for line in tree.body:
        if not isinstance(line, ast.Assign) or not isinstance(line.targets[0], ast.Name):
            raise ArgumentError(
                f"{path}: parameters, line {line.lineno}: must be written name = value  # help"
            )
        try:
            default = ast.literal_eval(line.value)
        except ValueError:
            raise ArgumentError(
                f"{path}: parameters, line {line.lineno}: the value must be a plain text or number"
            ) from None
        found[line.targets[0].id] = (default, comments.get(line.end_lineno, ""))
    return found


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
