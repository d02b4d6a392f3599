"""What a page depends on, as a short text: while that is the same, so is the page."""

import hashlib
import json
import sys
import sysconfig
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from cxlib.batch.notebooks import Notebook
from cxlib.data.privacy.pseudonyms import pseudonym_key

PACKAGE = Path(__file__).parents[1]
SOURCES = (".py", ".j2", ".css", ".js", ".json")


def digest(*parts: object) -> str:
    """A short text that changes whenever one of the parts does.

    Examples:
        >>> digest("a", 1) == digest("a", 1), digest("a", 1) == digest("a", 2)
        (True, False)
    """
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def page_key(
    notebook: Notebook,
    parameters: Mapping[str, object],
    fingerprint: str,
    code: str,
    handed_on: str = "",
) -> str:
    """The key of a notebook's page.

    Args:
        notebook: The notebook.
        parameters: All that it is given: quarter, dataset, filter, and its own.
        fingerprint: Of the dataset's files.
        code: As `code_key` gives it.
        handed_on: The digest of what its last quarter left for it, if anything.
    """
    return digest(notebook.path.name, notebook.digest, parameters, fingerprint, code, handed_on)


@cache
def code_key() -> str:
    """The key of this package's source, of all packages beside it, of Python, and of pseudonyms."""
    source = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in SOURCES:
            source.update(f"{path.relative_to(PACKAGE)}\0".encode())
            source.update(path.read_bytes())
    folders = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    # The name of such a folder holds the package's version.
    packages = sorted(path.name for folder in folders for path in folder.glob("*.dist-info"))
    # With another key, every pseudonym is another.
    return digest(source.hexdigest(), packages, sys.version, digest(pseudonym_key()))
