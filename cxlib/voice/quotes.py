"""Customers in their own words: a few texts of each theme, drawn by lot."""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pandas as pd

from cxlib.voice.spoken import Spoken

SHORTEST, LONGEST = 15, 200
EACH = 3


@dataclass(frozen=True)
class Quoted:
    """Texts of a theme.

    Attributes:
        theme: What it is called.
        texts: Each text with its question and score.
        of: Of how many it was drawn.
    """

    theme: str
    texts: tuple[tuple[str, str], ...]
    of: int


def draw_quotes(texts: pd.DataFrame, spoken: Spoken, smallest: int) -> tuple[Quoted, ...]:
    """A few texts of each theme: low, middling and high scores as often as they are.

    Texts are put in the order of their scores, and drawn at equal distances from a start by lot, so
    that their mean score is that of all (systematic sampling). The lot is the text's own hash: the
    same report quotes the same, on whatever machine.

    Args:
        texts: As `rows.texts_of` gives them.
        spoken: Of the same texts.
        smallest: A theme of fewer customers is not quoted.
    """
    length = texts.text.str.strip().str.len()
    fits = (length >= SHORTEST) & (length <= LONGEST) & texts.score.notna()
    found = []
    groups = {theme: spoken.found[:, place] for place, theme in enumerate(spoken.names)}
    # Without a theme, all comments are one.
    for theme, has in (groups or {"any theme": np.ones(len(texts), bool)}).items():
        mine = texts[fits.to_numpy() & has]
        mine = mine.drop_duplicates("customer_id").drop_duplicates("text")
        if mine.customer_id.nunique() < max(smallest, EACH):
            continue
        lot = [sha256(each.encode()).hexdigest() for each in mine.text]
        # Scores of several questions are on scales of their own.
        rank = mine.groupby("metric").score.rank(pct=True)
        mine = mine.assign(lot=lot, rank=rank).sort_values(["rank", "lot"], ignore_index=True)
        step = len(mine) / EACH
        start = int(min(mine.lot)[-8:], 16) / 16**8 * step
        drawn = [mine.iloc[int(start + k * step)] for k in range(EACH)]
        said = tuple((each.text.strip(), f"{each.metric.upper()} {each.score:g}") for each in drawn)
        found.append(Quoted(theme, said, len(mine)))
    return tuple(found)
