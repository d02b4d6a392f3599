"""Themes that nobody named before: found in one half of the texts, proved in the other."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from scipy import stats
from sklearn.cluster import KMeans

from cxlib.measure.contrast import FALSE_LINKS, Judged, adjust
from cxlib.voice.texts import SEED, directions, letter_vectorizer, without_copies, words_in
from cxlib.voice.words import log_odds

# Of fewer texts, no theme would be found.
FEWEST_TEXTS = 100
MOST_GROUPS, TEXTS_PER_GROUP = 15, 40
# A theme is named by so many words; who uses so many of them speaks of it.
WORDS, TOGETHER = 6, 2
# Words in more texts than this are about nothing.
EVERYWHERE = 0.5


@dataclass(frozen=True)
class Discovered(Judged):
    """A theme found in the texts.

    Attributes:
        words: Those by which it is told, the most typical first.
        texts: How many of the other half have two of them or more.
        expected: How many would, if words were dealt to texts by lot.
        q: The probability of so many more by chance, for how many groups were looked at.
    """

    level = FALSE_LINKS
    words: tuple[str, ...]
    texts: int
    expected: float
    q: float


def discover(texts: Sequence[str]) -> tuple[Discovered, ...]:
    """Themes that the texts have beyond chance, the commonest first.

    Like texts of one half are put in groups, each with the words most typical of it (log odds).
    That proves nothing: shuffled texts have groups as stable. So the other half is asked whether
    these words come together more than they would in texts as long with words by lot; the number of
    texts with two of them is then a sum of independent yes and no.

    Args:
        texts: What customers wrote; copies count once.
    """
    texts = [texts[place] for place in without_copies(texts)]
    lot = np.array([sha256(each.encode()).digest()[0] % 2 == 0 for each in texts], dtype=bool)
    if len(texts) < FEWEST_TEXTS:
        return ()
    one = [each for each, here in zip(texts, lot, strict=True) if here]
    other = [each for each, here in zip(texts, lot, strict=True) if not here]
    groups = np.clip(len(one) // TEXTS_PER_GROUP, 4, MOST_GROUPS)
    places = directions(letter_vectorizer(one).fit_transform(one), 50)
    label = KMeans(int(groups), n_init=4, random_state=SEED).fit_predict(places)
    found, names = words_in(one, fewest=3)
    usual = np.asarray(found.mean(axis=0)).ravel() if len(names) else np.array([])
    named = []
    for group in range(groups):
        mine = label == group
        if not mine.any() or not len(names):
            continue
        counts = [np.asarray(found[side].sum(axis=0)).ravel() for side in (mine, ~mine)]
        z = np.where(usual <= EVERYWHERE, log_odds(*counts, prior=float(len(names))), -np.inf)
        best = [k for k in np.argsort(-z)[:WORDS] if z[k] > 0]
        if len(best) >= TOGETHER:
            named.append(tuple(str(names[k]) for k in best))
    tried = [(words, *_together(words, other)) for words in dict.fromkeys(named)]
    q = adjust([each[3] for each in tried])
    kept = [Discovered(words, n, expected, float(each)) for (words, n, expected, _), each
            in zip(tried, q, strict=True)]  # fmt: skip
    clear: list[Discovered] = []
    for each in sorted((each for each in kept if each.detected), key=lambda each: -each.texts):
        # Two groups may have found one theme.
        if all(len({*each.words} & {*other.words}) < TOGETHER for other in clear):
            clear.append(each)
    return tuple(clear)


def _together(words: Sequence[str], texts: Sequence[str]) -> tuple[int, float, float]:
    """How many texts have two of the words, how many would by chance, and how likely so many are.

    By chance, a text of n words has each word with the odds of n draws.
    """
    found, names = words_in(texts, fewest=1)
    place = {name: number for number, name in enumerate(names)}
    columns = [place[each] for each in words if each in place]
    if len(columns) < TOGETHER:
        return 0, 0.0, 1.0
    seen = np.asarray(found[:, columns].sum(axis=1)).ravel()
    length = np.asarray(found.sum(axis=1)).ravel()
    often = np.asarray(found[:, columns].sum(axis=0)).ravel()
    # Each word's odds among all words drawn, such that as many texts have it as do.
    has = np.clip(np.outer(length / length.sum(), often), 0, 0.999)
    none = np.prod(1 - has, axis=1)
    single = none * (has / (1 - has)).sum(axis=1)
    chance = np.clip(1 - none - single, 0, 1)
    expected, spread = chance.sum(), np.sqrt((chance * (1 - chance)).sum())
    n = int((seen >= TOGETHER).sum())
    # Of rare events the normal curve promises too much; Poisson's has the heavier end.
    p = max(stats.norm.sf((n - 0.5 - expected) / max(spread, 1e-9)),
            stats.poisson.sf(n - 1, max(expected, 1e-9)))  # fmt: skip
    return n, float(expected), float(p)


def speaks_of(texts: Sequence[str], words: Sequence[str]) -> np.ndarray:
    """Of each text, whether it has two of a theme's words or more."""
    patterns = [re.compile(rf"(?i)(?<!\w){re.escape(each)}(?!\w)") for each in words]
    return np.array([
        sum(bool(each.search(text)) for each in patterns) >= TOGETHER for text in texts
    ], dtype=bool)  # fmt: skip
