"""What 100,000 comments take: themes, what goes with them, what is new, words, tone and quotes.

Run by `make bench`.
"""

import resource
import time

import numpy as np
import pandas as pd

from cxlib.voice.emerging import find_emerging
from cxlib.voice.quotes import draw_quotes
from cxlib.voice.spoken import effects_in, monthly, themes_in
from cxlib.voice.tone import learn_tone
from cxlib.voice.words import telling_words

COUNT, WORDS, THEMES, CUSTOMERS = 100_000, 8_000, 12, 40_000


def comments(rng) -> pd.DataFrame:
    """Comments of 8 to 24 words, three of them of one theme; every fifth is of a low score."""
    letters = list("abcdefghijklmnopqrstuvwxyz")
    words = np.array(sorted({"".join(rng.choice(letters, rng.integers(3, 10)))
                             for _ in range(WORDS)}))  # fmt: skip
    rng.shuffle(words)
    own, base = words[: 20 * THEMES].reshape(THEMES, 20), words[20 * THEMES :]
    odds = 1 / np.arange(1, len(base) + 1)
    theme, length = rng.integers(0, THEMES, COUNT), rng.integers(5, 22, COUNT)
    drawn = np.split(rng.choice(base, length.sum(), p=odds / odds.sum()), length.cumsum()[:-1])
    texts = [
        " ".join([*said, *rng.choice(own[each], 3, replace=False)])
        for said, each in zip(drawn, theme, strict=True)
    ]
    low = rng.random(COUNT) < np.where(theme == 0, 0.5, 0.2)
    who = rng.integers(0, CUSTOMERS, COUNT).astype(str)
    months = [f"2026-{month:02d}" for month in range(1, 13)]
    return pd.DataFrame({
        "customer_id": who, "unit": who, "metric": "csat", "score": np.where(low, 1.0, 5.0),
        "low": low, "high": ~low, "month": rng.choice(months, COUNT), "text": texts,
    })  # fmt: skip


def main() -> None:
    """Make the comments, and time what the page does with them."""
    texts = comments(np.random.default_rng(2026))
    started = time.perf_counter()
    spoken = themes_in(texts, ())
    effects_in(texts, spoken, "csat")
    find_emerging(*monthly(texts, spoken))
    telling_words(list(texts.text), texts.high, texts.customer_id)
    learn_tone(list(texts.text), texts.low)
    draw_quotes(texts, spoken, 5)
    took = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
    print(f"{COUNT:,} comments: {len(spoken.names)} of {THEMES} themes, {took:.0f} s, "
          f"{memory:,.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
