"""The tone of texts without a score, learnt from the company's own texts with one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline

from cxlib.voice.texts import SEED, letter_vectorizer, without_copies

# From fewer texts of either kind nothing is learnt; texts are judged by models of the others.
FEWEST, FOLDS = 40, 5
# From more texts it learns no better, and takes minutes.
MOST = 10_000
# How little is smoothed: with less of it, probabilities are as bold as they turn out to be right.
BOLD = 10.0
BINS = 10
# A text of which so little is made of known letters is in another language.
KNOWN = 0.5


@dataclass(frozen=True)
class Tone:
    """What texts with a score teach of tone.

    Attributes:
        model: It gives the probability that a text goes with a low score.
        low: That of each text it learnt from, by a model that has not seen it.
        auc: How well it tells low from high: 0.5 by chance, 1 without fault.
        off: By how much probabilities miss what comes true (expected calibration error).
        texts: How many it learnt from.
    """

    model: Pipeline
    low: np.ndarray
    auc: float
    off: float
    texts: int


def learn_tone(texts: Sequence[str], low: Sequence[bool]) -> Tone | None:
    """Tone learnt by a logistic regression on runs of letters; None where there is too little.

    Args:
        texts: Those with a low or a high score.
        low: Which have a low one.
    """
    first = without_copies(texts)
    texts, low = [texts[place] for place in first], np.asarray(low, dtype=bool)[first]
    if len(low) > MOST:
        drawn = np.sort(np.random.default_rng(SEED).choice(len(low), MOST, replace=False))
        texts, low = [texts[place] for place in drawn], low[drawn]
    if min(low.sum(), (~low).sum()) < FEWEST:
        return None
    model = make_pipeline(letter_vectorizer(texts), LogisticRegression(C=BOLD, max_iter=500))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    chance = cross_val_predict(model, list(texts), low, cv=folds, method="predict_proba")[:, 1]
    return Tone(
        model.fit(list(texts), low), chance, float(roc_auc_score(low, chance)),
        calibration_error(low, chance), len(low),
    )  # fmt: skip


def calibration_error(came: np.ndarray, chance: np.ndarray) -> float:
    """By how much probabilities miss what came, on average over ten bins of them."""
    place = np.minimum((chance * BINS).astype(int), BINS - 1)
    sizes = np.bincount(place, minlength=BINS)
    gaps = np.bincount(place, came - chance, minlength=BINS)
    return float(np.abs(gaps).sum() / sizes.sum())


def judge_tone(tone: Tone, texts: Sequence[str]) -> np.ndarray:
    """The probability that each text goes with a low score; NaN where its language is not known."""
    vectorizer = tone.model[0]
    known = vectorizer.vocabulary_
    analyse = vectorizer.build_analyzer()
    shares = [np.mean([run in known for run in analyse(each)] or [0]) for each in texts]
    chance = tone.model.predict_proba(list(texts))[:, 1] if len(texts) else np.array([])
    return np.where(np.array(shares) >= KNOWN, chance, np.nan)


def tone_of_unscored(tone: Tone | None, texts: pd.DataFrame) -> pd.Series:
    """The probability that each text without a score is discontent; empty where none is learnt."""
    unscored = texts.text[texts.score.isna()]
    if tone is None or unscored.empty:
        return pd.Series(dtype=float)
    return pd.Series(judge_tone(tone, list(unscored)), unscored.index)
