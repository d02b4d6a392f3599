"""Texts as numbers: what letters and words they share, in any language with spaces or without."""

import re
from collections.abc import Iterable, Sequence

import numpy as np
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.preprocessing import normalize

# Texts are told apart by runs of so many letters, in so many directions of them.
LETTERS, DIRECTIONS = (3, 5), 150
# Scripts that have no spaces between words: Chinese, Japanese, Thai.
UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
WORD = r"(?u)\b[^\W\d_]{3,}\b"
MASK = re.compile(r"\[[a-z -]+\]")
SEED = 2026


def bare(text: str) -> str:
    """A text without what masks put in the place of names and numbers, such as `[name]`."""
    return MASK.sub(" ", text)


def without_copies(texts: Iterable[str]) -> list[int]:
    """The places of the first of each text; templates that customers send again count once."""
    first: dict[str, int] = {}
    for place, text in enumerate(texts):
        first.setdefault(" ".join(re.findall(r"\w+", text.lower())), place)
    return sorted(first.values())


def is_unspaced(texts: Sequence[str]) -> bool:
    """Whether most texts are in a script without spaces."""
    return sum(bool(UNSPACED.search(each)) for each in texts) > len(texts) / 2


def letter_vectorizer(texts: Sequence[str], fewest: int = 2) -> TfidfVectorizer:
    """What makes of texts how much each run of letters says in them (TF-IDF).

    Args:
        texts: Those whose script is looked at.
        fewest: Runs in fewer texts are left out.
    """
    unspaced = is_unspaced(texts)
    return TfidfVectorizer(
        analyzer="char" if unspaced else "char_wb", ngram_range=(1, 3) if unspaced else LETTERS,
        min_df=min(fewest, max(len(texts), 1)), sublinear_tf=True, dtype=np.float32,
    )  # fmt: skip


def directions(features: sparse.csr_matrix, count: int = DIRECTIONS) -> np.ndarray:
    """Texts in the few directions in which they differ most (latent semantic analysis)."""
    count = max(min(count, min(features.shape) - 1), 1)
    return normalize(TruncatedSVD(count, random_state=SEED).fit_transform(features))


def group_texts(texts: Sequence[str], groups: int) -> np.ndarray:
    """Texts in so many groups of like ones: the number of each text's group."""
    places = directions(letter_vectorizer(texts).fit_transform(texts))
    return KMeans(groups, n_init=10, random_state=SEED).fit_predict(places)


def words_in(texts: Sequence[str], fewest: int = 5) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Which words are in which text (1 or 0), and the words.

    In scripts without spaces, two letters count as a word.

    Args:
        texts: The texts.
        fewest: Words in fewer texts are left out.
    """
    how = {"token_pattern": WORD}
    if is_unspaced(texts):
        how = {"analyzer": "char", "ngram_range": (2, 2)}
    vectorizer = CountVectorizer(binary=True, min_df=fewest, **how)
    try:
        found = vectorizer.fit_transform(map(bare, texts))
    except ValueError:  # Not a single word is in so many texts.
        return sparse.csr_matrix((len(texts), 0)), np.array([], dtype="object")
    return found.tocsr(), vectorizer.get_feature_names_out()
