"""Themes that a company knows by name: `themes.toml`, and which texts speak of which."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cxlib.data import Dataset
from cxlib.data.contract import ROOT_CAUSES
from cxlib.data.files import THEMES
from cxlib.data.settings import fill, one_of, setting, texts
from cxlib.errors import DataError
from cxlib.voice.discovered import discover
from cxlib.voice.ends import ends_of
from cxlib.voice.texts import bare

# What customers expect of service.
EXPECTATIONS = (
    "accessible", "answered promptly", "well trained", "right the first time", "promises kept",
    "followed up", "courteous", "informed of what to expect", "responsive", "responsible",
)  # fmt: skip


@dataclass(frozen=True)
class Theme:
    """Something that customers speak of.

    Attributes:
        name: Its key in `themes.toml`; with `label`, what it is called.
        words: Beginnings of words, of any language, one of which a text must have.
        cause: Who mostly causes it: customer, employee or company.
        expectation: Which of the ten expectations it says is not met.
    """

    words: tuple[str, ...] = setting("Beginnings of words", (), texts('["wait", "queue"]'))
    label: str = setting("What it is called", "")
    cause: str = setting("Who mostly causes it", "", one_of(("", *ROOT_CAUSES)))
    expectation: str = setting(
        "Which expectation it says is not met", "", one_of(("", *EXPECTATIONS))
    )
    name: str = field(default="", metadata={"meaning": "", "reads": None})

    @property
    def called(self) -> str:
        """Its label, or else its name."""
        return self.label or self.name.replace("_", " ")


def read_themes(folder: Path) -> tuple[Theme, ...]:
    """The themes of a dataset; none where it has no `themes.toml`.

    Raises:
        DataError: The file cannot be read, or says something unknown.
    """
    path = folder / THEMES
    if not path.is_file():
        return ()
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not readable as TOML: {error}") from None
    found = []
    for name, section in given.items():
        if not isinstance(section, dict):
            raise DataError(f"{path}: {name} must be a section, such as [{name}]")
        theme = fill(Theme, {**section, "name": name}, path, f"{name}.")
        if not theme.words or not all(each.strip() for each in theme.words):
            raise DataError(f"{path}: {name}.words must hold beginnings of words, and none empty")
        if theme.called in {each.called for each in found}:
            raise DataError(f"{path}: {name} is called {theme.called!r} like another theme")
        found.append(theme)
    return tuple(found)


def written(themes: Mapping[str, Sequence[str]]) -> str:
    """The text of a `themes.toml` with the words of each theme."""
    lines = ["# A text speaks of a theme if one of its words begins like one of these."]
    for name, words in themes.items():
        quoted = ", ".join(f'"{each}"' for each in words)
        lines.append(f'\n["{name}"]\nwords = [{quoted}]')
    return "\n".join(lines) + "\n"


def mentions(said: Sequence[str], themes: Sequence[Theme]) -> np.ndarray:
    """Which text (row) speaks of which theme (column); a text may speak of several."""
    patterns = [
        re.compile("(?i)" + "|".join(rf"(?<!\w){re.escape(word)}" for word in each.words))
        for each in themes
    ]
    found = [[bool(each.search(text)) for each in patterns] for text in map(bare, said)]
    return np.array(found, dtype=bool).reshape(len(said), len(themes))


def propose(data: Dataset) -> str:
    """The text of a first `themes.toml`: themes found in all comments, low and high scores apart.

    Raises:
        DataError: There are no comments, or too few to find a theme.
    """
    if lack := data.lacks("surveys", "verbatim"):
        raise DataError(f"{data.folder}: there is nothing to find themes in: it lacks {lack}")
    rows = data.frame("surveys").dropna(subset=["verbatim"])
    low, _ = ends_of(data.config, rows.metric, rows.score)
    found = {}
    for side in (low, ~low):
        for each in discover(list(rows.verbatim[side])):
            found.setdefault("_".join(each.words[:2]), each.words)
    if not found:
        raise DataError(
            f"{data.folder}: too little text to find a theme in {len(rows):,} comments; write "
            f"{THEMES} yourself"
        )
    return written(found)
