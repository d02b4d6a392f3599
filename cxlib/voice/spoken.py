"""Which text speaks of which theme: those that the company named, or else those found."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pandas as pd

from cxlib.measure import intervals
from cxlib.measure.estimate import Estimate
from cxlib.voice.discovered import Discovered, discover, speaks_of
from cxlib.voice.effects import Joint, joint_effects
from cxlib.voice.themes import Theme, mentions

# Of fewer comments with a score, no theme is judged.
FEWEST_SCORED = 60


@dataclass(frozen=True, eq=False)
class Spoken:
    """Texts and themes.

    Attributes:
        names: What the themes are called.
        found: Which text (row) speaks of which (column).
        fresh: The texts in which what was found elsewhere may be measured: all for named themes,
            the half that was not searched for discovered ones.
        named: Whether the company named them.
        more: Themes found among the texts that speak of none.
        smallest: Themes of which fewer customers speak are left out.
    """

    names: tuple[str, ...]
    found: np.ndarray
    fresh: np.ndarray
    named: bool
    more: tuple[Discovered, ...]
    smallest: int = 1


def themes_in(texts: pd.DataFrame, themes: Sequence[Theme], smallest: int = 1) -> Spoken:
    """The themes of texts, and those that nobody named.

    To find themes and to measure what they go with in the same texts invents effects (Egami, Fong,
    Grimmer, Roberts and Stewart 2022, *Science Advances* 8): themes are found in half of them.

    Args:
        texts: As `rows.texts_of` gives them.
        themes: Those of `themes.toml`; without any, themes are found.
        smallest: Themes of which fewer customers speak are left out.
    """
    said = list(texts.text)
    if themes:
        found = mentions(said, themes)
        enough = _spoken_of(texts, found, smallest)
        rest = [each for each, any_ in zip(said, found.any(axis=1), strict=True) if not any_]
        names = tuple(each.called for each, kept in zip(themes, enough, strict=True) if kept)
        return Spoken(
            names, found[:, enough], np.ones(len(said), bool), True, discover(rest), smallest
        )
    searched = np.array([sha256(each.encode()).digest()[1] % 2 == 0 for each in said], dtype=bool)
    new = discover([each for each, here in zip(said, searched, strict=True) if here])
    columns = [speaks_of(said, each.words) for each in new]
    found = np.column_stack(columns) if columns else np.zeros((len(said), 0), bool)
    enough = _spoken_of(texts, found, smallest)
    names = tuple(called(each) for each, kept in zip(new, enough, strict=True) if kept)
    return Spoken(names, found[:, enough], ~searched, False, (), smallest)


def _spoken_of(texts: pd.DataFrame, found: np.ndarray, smallest: int) -> np.ndarray:
    """Of which themes nobody speaks, or enough customers."""
    people = [texts.customer_id[found[:, place]].nunique() for place in range(found.shape[1])]
    return np.array([count == 0 or count >= smallest for count in people], dtype=bool)


def called(theme: Discovered) -> str:
    """A discovered theme by its three most typical words."""
    return f"“{', '.join(theme.words[:3])}”"


def monthly(texts: pd.DataFrame, spoken: Spoken) -> tuple[pd.DataFrame, pd.Series]:
    """How many customers speak of each theme by month, and how many write; the latest last.

    Who writes several times in a month counts once.
    """
    found = pd.DataFrame(spoken.found, columns=list(spoken.names), index=texts.index)
    mine = found[spoken.fresh].groupby([texts.month[spoken.fresh], texts.customer_id]).any()
    counts = mine.groupby("month").sum().sort_index()
    return counts, mine.groupby("month").size().reindex(counts.index)


def effects_in(texts: pd.DataFrame, spoken: Spoken, question: str) -> Joint | None:
    """What each theme goes with, in the texts in which it may be measured; None where too few.

    Args:
        texts: As `rows.texts_of` gives them.
        spoken: Of the same texts.
        question: The survey question; scores of others have other scales.
    """
    used = spoken.fresh & (texts.metric == question).to_numpy() & texts.score.notna().to_numpy()
    if used.sum() < FEWEST_SCORED:
        return None
    mine, found = texts[used], spoken.found[used]
    enough = _spoken_of(mine, found, spoken.smallest)
    names = [name for name, kept in zip(spoken.names, enough, strict=True) if kept]
    return joint_effects(names, found[:, enough], mine.score, mine.unit)


def shares_by(
    texts: pd.DataFrame, spoken: Spoken, theme: str, by: str, smallest: int
) -> list[tuple[str, Estimate]]:
    """The share of a group's comments that speak of a theme, the largest first.

    Groups of fewer customers than `smallest` are left out, and all where that would tell of one.
    """
    if by not in texts or theme not in spoken.names:
        return []
    has = pd.Series(spoken.found[:, spoken.names.index(theme)], texts.index)
    found, small = [], set()
    for name, mine in texts.groupby(by, dropna=False):
        people = set(mine.customer_id)
        if len(people) < smallest:
            small |= people
            continue
        units = has[mine.index].groupby(mine.unit).agg(["sum", "size"])
        share = intervals.share_of(units["sum"], units["size"])
        if pd.notna(name):
            found.append((str(name), Estimate(*share, len(mine), "share")))
    if 0 < len(small) < smallest:
        return []
    return sorted(found, key=lambda each: -each[1].value)
