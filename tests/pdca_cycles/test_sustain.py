import numpy as np
import pandas as pd
import pytest

from cxlib.pdca_cycles.sustain import REBASE_MONTHS, lingers, next_review, watch


def since(values, start="2026-01-01"):
    return pd.DataFrame(
        {
            "month": pd.date_range(start, periods=len(values), freq="MS"),
            "value": values,
            "own": values,
        }
    )


def noise(count, seed=0):
    return 0.1 * np.random.default_rng(seed).standard_normal(count)


BEFORE = pd.Series(4 + noise(12, 99))


def watched(values, gain=1.0):
    return watch(since(values), gain, BEFORE, pd.NaT, "2029-06-01")


def test_a_gain_that_slips_back_raises_an_alarm_within_three_months():
    """A gain of ten standard deviations, lost evenly over four months from the eleventh on."""
    for seed in range(20):
        lost = np.clip((np.arange(16) - 9) / 4, 0, 1)
        found = watched(5 - lost + noise(16, seed))
        assert not found.held
        assert pd.Timestamp("2026-11-01") <= found.alarm < pd.Timestamp("2027-02-01")
        assert found.review == pd.Timestamp("2029-06-01")


@pytest.mark.parametrize(("gain", "count"), [(1.0, 15), (0.25, 15), (0.25, 36)])
def test_a_gain_that_lasts_seldom_raises_one(gain, count):
    """Of ten, and of two and a half standard deviations: in 300 draws at most 5%, and four errors."""
    held = [watched(4 + gain + noise(count, seed), gain).held for seed in range(300)]
    assert np.mean(held) >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / 300)


def test_a_dip_that_is_over_is_no_alarm_any_more():
    values = 5 + noise(30)
    values[10:12] -= 0.9
    assert not watched(values[:12]).held
    assert watched(values).held


def test_a_gain_that_grows_raises_none():
    found = watched(5 + 0.2 * np.arange(14) + noise(14))
    assert found.held
    assert found.since == pd.Timestamp("2026-01-01")
    assert found.chart.baseline == REBASE_MONTHS
    assert found.chart.trial


@pytest.mark.parametrize("count", [0, 1, REBASE_MONTHS])
def test_a_young_gain_is_not_watched_yet(count):
    assert watched(noise(count)) is None


def test_a_constant_level_holds():
    assert watched(np.full(12, 5.0)).held


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-02-01", "2026-04-19"),
        ("2026-05-01", "2026-07-19"),
        ("2026-10-01", "2027-01-19"),
        ("2027-02-01", "2028-01-19"),
        ("2030-02-01", "2031-01-19"),
    ],
)
def test_reviews_come_after_a_quarter_half_a_year_a_year_and_then_every_year(now, expected):
    assert next_review(pd.Timestamp("2026-01-19"), now) == pd.Timestamp(expected)
    assert pd.isna(next_review(pd.NaT, now))


def lingering(level, seed=0, months=4, effect=1.0):
    return lingers(pd.Series(4 + level + noise(months, seed)), effect, BEFORE)


@pytest.mark.parametrize("effect", [1.0, -1.0])
def test_what_was_abandoned_and_is_still_there_is_seen_and_what_is_gone_is_not(effect):
    for seed in range(50):
        assert lingering(0.95 * effect, seed, effect=effect)
        assert not lingering(0.0, seed, effect=effect)
        # A third of it is left: no longer the change that was made.
        assert not lingering(0.33 * effect, seed, effect=effect)


def test_soon_after_a_decision_nothing_is_said():
    assert lingering(1.0, months=1) is None
    assert lingering(1.0, effect=0.0) is None


def test_after_a_change_that_went_noise_seldom_looks_like_it():
    """An effect of three standard deviations that has gone; of 2,000, three errors allow 0.3%."""
    wrong = [lingering(0.0, seed, months=3, effect=0.3) for seed in range(2_000)]
    assert np.mean(wrong) <= 0.01
