import numpy as np
import pandas as pd
import pytest

from cxlib.errors import MissingData
from cxlib.pdca_cycles.rates import rate_step
from tests.conftest import SHARED


@pytest.mark.shared
def test_the_sicilian_smoking_ban_as_published():
    """Lopez Bernal, Cummins and Gasparrini 2017: the three models, to four decimals."""
    data = pd.read_csv(SHARED / "reference" / "its_sicily.csv")
    told = data.aces, data.stdpop, data.time, data.smokban > 0

    def rounded(each):
        return [round(value, 4) for value in (each.value, each.low, each.high)]

    plain = rate_step(*told)
    assert rounded(plain.ratio) == [0.8944, 0.8647, 0.9251]
    assert rounded(plain.quasi) == [0.8944, 0.8392, 0.9532]
    assert plain.dispersion == pytest.approx(3.559, abs=5e-4)
    season = rate_step(*told, harmonics=2)
    assert rounded(season.quasi) == [0.8851, 0.8394, 0.9332]
    assert season.dispersion == pytest.approx(2.262, abs=5e-4)


def test_a_planted_factor_is_recovered_and_noise_has_none():
    rng, held, called = np.random.default_rng(1), 0, 0
    time = np.arange(36)
    for _ in range(200):
        rate = 0.2 * np.where(time >= 24, 0.7, 1.0)
        size = rng.integers(300, 500, 36)
        held += not rate_step(rng.binomial(size, rate), size, time, time >= 24).quasi.excludes(0.7)
        flat = rng.binomial(size, 0.2)
        called += rate_step(flat, size, time, time >= 24).quasi.excludes(1.0)
    error = np.sqrt(0.95 * 0.05 / 200)
    assert held / 200 >= 0.95 - 4 * error
    assert called / 200 <= 0.05 + 4 * error


@pytest.mark.parametrize(
    ("events", "before"),
    [([1] * 5, 3), ([0] * 20, 10), ([1] * 20, 20), ([1] * 20, 0), ([0] * 10 + [1] * 10, 10)],
    ids=["too few months", "no events", "none after", "none before", "no events before"],
)
def test_what_cannot_be_told_is_refused(events, before):
    time = np.arange(len(events))
    with pytest.raises(MissingData, match="needed"):
        rate_step(events, [100] * len(events), time, time >= before)
