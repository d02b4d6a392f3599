"""Texts in groups, themes found and proved, words and tone: published sets, planted truth, lots."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from cxlib.voice.discovered import discover
from cxlib.voice.texts import group_texts, without_copies, words_in
from cxlib.voice.tone import calibration_error, judge_tone, learn_tone
from cxlib.voice.words import log_odds, telling_words
from tests.conftest import SHARED, draws

LETTERS = list("abcdefghijklmnopqrstuvwxyz")


def banking() -> tuple[list[str], list[str]]:
    frame = pd.read_csv(SHARED / "data" / "banking77" / "test.csv")
    return list(frame.text), list(frame.category)


def clinc() -> tuple[list[str], list[str]]:
    pairs = json.loads((SHARED / "data" / "clinc150" / "data_full.json").read_text())["test"]
    return [text for text, _ in pairs], [intent for _, intent in pairs]


@pytest.mark.parametrize(("read", "bars"), [(banking, (63, 28, 42)), (clinc, (73, 39, 50))])
def test_like_texts_are_put_together(read, bars):
    """NMI, ARI and accuracy on labelled customer questions, their number of intents known."""
    if not SHARED.exists():
        pytest.skip("the real data are not beside the project")
    texts, labels = read()
    truth = pd.factorize(np.array(labels))[0]
    found = group_texts(texts, len(set(labels)))
    table = pd.crosstab(truth, found).to_numpy()
    rows, columns = linear_sum_assignment(-table)
    reached = (
        normalized_mutual_info_score(truth, found), adjusted_rand_score(truth, found),
        table[rows, columns].sum() / len(truth),
    )  # fmt: skip
    assert all(100 * each >= bar for each, bar in zip(reached, bars, strict=True)), reached


def a_company(rng, count: int, themes: int = 8) -> tuple[list[str], list[set[str]]]:
    """Texts of common words, each with three words of one theme, and the themes' words."""
    words = sorted({"".join(rng.choice(LETTERS, rng.integers(4, 9))) for _ in range(700)})
    rng.shuffle(words)
    own = [words[10 * k : 10 * k + 10] for k in range(themes)]
    base = words[10 * themes : 10 * themes + 500]
    odds = 1 / np.arange(1, len(base) + 1)
    texts = []
    for theme in rng.integers(0, themes, count):
        said = list(rng.choice(base, rng.integers(8, 16), p=odds / odds.sum()))
        said += list(rng.choice(own[theme], 3, replace=False))
        rng.shuffle(said)
        texts.append(" ".join(said))
    return texts, [set(each) for each in own]


def shuffled(rng, texts: list[str]) -> list[str]:
    """The same words dealt to texts as long by lot."""
    words = [word for text in texts for word in text.split()]
    rng.shuffle(words)
    words = iter(words)
    return [" ".join(next(words) for _ in text.split()) for text in texts]


def test_planted_themes_are_found():
    rng = np.random.default_rng(1)
    for _ in range(3):
        texts, own = a_company(rng, 1_000)
        found = discover(texts)
        assert all(any(len({*each.words} & theme) >= 2 for each in found) for theme in own)
        # No theme of words that belong together nowhere.
        assert all(max(len({*each.words} & theme) for theme in own) >= 2 for each in found)


def test_shuffled_text_has_no_themes():
    """None in at least 95 of 100; of fewer draws, chance may add two standard errors."""
    rng, count = np.random.default_rng(2), draws(100, 20)
    called = sum(bool(discover(shuffled(rng, a_company(rng, 1_000)[0]))) for _ in range(count))
    assert called / count <= 0.05 + (0 if count >= 100 else 2 * np.sqrt(0.05 * 0.95 / count))


def test_little_text_has_no_themes_and_templates_count_once():
    assert discover(["A few words."] * 5_000) == ()
    assert without_copies(["Thank you!", "thank  YOU", "No"]) == [0, 2]


def test_log_odds_are_those_by_hand():
    """Monroe, Colaresi and Quinn's equations 15 to 22, written out for three words."""
    one, other, prior = np.array([20.0, 3.0, 7.0]), np.array([4.0, 9.0, 12.0]), 6.0
    found = log_odds(one, other, prior)
    alpha = [6 * 24 / 55, 6 * 12 / 55, 6 * 19 / 55]
    for k in range(3):
        y1, y2, a = one[k], other[k], alpha[k]
        delta = np.log((y1 + a) / (30 + 6 - y1 - a)) - np.log((y2 + a) / (25 + 6 - y2 - a))
        assert found[k] == pytest.approx(delta / np.sqrt(1 / (y1 + a) + 1 / (y2 + a)), abs=1e-9)


def test_words_that_tell_are_found_and_labels_by_lot_tell_nothing():
    rng, count, called = np.random.default_rng(3), draws(200, 40), 0
    texts, _ = a_company(rng, 600)
    who = rng.integers(0, 300, 600).astype(str)
    for _ in range(count):
        kind = rng.random(600) < 0.5
        called += any(each.detected for each in telling_words(texts, kind, who))
    assert called / count <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / count)
    kind = rng.random(600) < 0.5
    said = [f"{text} splendid" if good and n % 3 == 0 else text
            for n, (text, good) in enumerate(zip(texts, kind, strict=True))]  # fmt: skip
    first = telling_words(said, kind, who)[0]
    assert (first.word, first.other) == ("splendid", 0)
    assert first.detected
    assert first.one == len({w for w, text in zip(who, said, strict=True) if "splendid" in text})


def test_words_of_scripts_without_spaces_are_pairs_of_letters():
    found, names = words_in(["我喜欢这个产品", "这个产品很好", "产品不好"], fewest=2)
    assert "产品" in set(names)
    assert found[:, list(names).index("产品")].sum() == 3


def olist() -> pd.DataFrame:
    frame = pd.read_csv(SHARED / "data" / "olist" / "olist_order_reviews_dataset.csv")
    title, message = frame.review_comment_title, frame.review_comment_message
    frame["text"] = (title.fillna("") + " " + message.fillna("")).str.strip()
    return frame[(frame.text != "") & (frame.review_score != 3)]


def test_tone_is_learnt_from_portuguese_scores():
    if not SHARED.exists():
        pytest.skip("the real data are not beside the project")
    frame = olist()
    tone = learn_tone(list(frame.text), frame.review_score <= 2)
    assert tone.auc >= 0.94
    assert tone.off <= 0.05
    low, high, unknown = judge_tone(
        tone, ["produto péssimo, não chegou", "ótimo produto, recomendo", "кто там, ничего"]
    )
    assert low > 0.5 > high
    assert np.isnan(unknown)
    # Scores dealt by lot teach nothing.
    lot = np.random.default_rng(1).permutation(frame.review_score <= 2)
    assert abs(learn_tone(list(frame.text), lot).auc - 0.5) <= 4 * 0.03


def test_tone_of_tweets_is_told():
    """Discontent or not, in three of four tweets and more."""
    if not SHARED.exists():
        pytest.skip("the real data are not beside the project")
    frame = pd.read_csv(SHARED / "data" / "airline_tweets" / "tweets.csv").iloc[::4]
    tone = learn_tone(list(frame.text), frame.airline_sentiment == "negative")
    once = frame.iloc[without_copies(frame.text)]
    right = (tone.low > 0.5) == (once.airline_sentiment == "negative")
    assert right.mean() >= 0.78


def test_calibration_is_off_by_what_it_is_off():
    came = np.array([1, 0, 1, 1], dtype=float)
    # Two of the chance .55, of whom one came; two of .95, who both came.
    assert calibration_error(came, np.array([0.55, 0.55, 0.95, 0.95])) == pytest.approx(0.05)
