"""`docs/promises.md` says what these tests hold, and no more."""

import ast
import os
from pathlib import Path

from tests.conftest import ROOT

HERE = Path(__file__).parent
PAGE = ROOT / "docs" / "promises.md"
HEAD = """# Promises

What a run keeps to, whatever its data, its folders and its circumstances are. Each line is held by
a test in `tests/attacks`. `CX_WRITE=1 .venv/bin/python -m pytest tests/attacks/test_promises.py`
writes this page anew.
"""
NOT_PROMISED = """
## What is not promised

- Names of persons in free text are not found unless something marks them, such as an e-mail address.
- What several tables, pages and periods tell together of single persons is not looked for beyond
  slices, filters and small groups.
- Whoever may read the folder of tables with real ids reads real ids; a spreadsheet that saves them
  elsewhere is beyond reach.
- A disk that fails, or a system that ends all processes at once, may leave a folder of a run's own
  (`.cx`) behind; the next run into the same folder puts it right.
"""


def promises() -> str:
    """The page: a section for each module, a line for each of its tests."""
    parts = [HEAD]
    for path in sorted(HERE.glob("test_*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        title = (ast.get_docstring(module) or "").partition("\n")[0]
        if not title.startswith("Promise: "):
            continue
        names = [each.name for each in module.body if isinstance(each, ast.FunctionDef)]
        tests = [name.removeprefix("test_") for name in names if name.startswith("test_")]
        lines = [f"- {name[0].upper()}{name[1:].replace('_', ' ')}." for name in tests]
        sentence = title.removeprefix("Promise: ")
        parts.append(f"\n## {sentence[0].upper()}{sentence[1:]}\n\n" + "\n".join(lines) + "\n")
    return "".join([*parts, NOT_PROMISED])


def test_the_page_is_in_step_with_the_tests():
    if os.environ.get("CX_WRITE"):
        PAGE.write_text(promises(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == promises()
