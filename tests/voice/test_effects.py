"""What goes with themes, what is new, whether the loop helps: by hand, planted, and noise."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from cxlib.voice.effects import joint_effects
from cxlib.voice.emerging import find_emerging
from cxlib.voice.loop import recovery, time_to_contact
from tests.conftest import draws


def a_year(rng, strength: float, times: float = 1.0, themes: int = 15):
    """Thirteen months of texts; in the last, the first theme comes so many times as often."""
    share, texts = rng.uniform(0.01, 0.15, themes), rng.poisson(400, 13)
    odds = rng.beta(share * strength, (1 - share) * strength, (13, themes))
    odds[-1, 0] = rng.beta(share[0] * times * strength, (1 - share[0] * times) * strength)
    months = pd.DataFrame(rng.binomial(texts[:, None], odds))
    return months, pd.Series(texts), share


@pytest.mark.parametrize("strength", [100_000.0, 1_000.0])
def test_nothing_new_is_seldom_called_new(strength):
    """At most 6.5% of reports of 15 themes, months differing by chance or by more."""
    rng, count = np.random.default_rng(3), draws(400, 100)
    called = sum(
        any(each.detected for each in find_emerging(*a_year(rng, strength)[:2]))
        for _ in range(count)
    )
    assert called / count <= 0.065 + (0 if count >= 400 else 2 * np.sqrt(0.065 * 0.935 / count))


def test_a_theme_that_doubles_is_seen():
    rng, seen, tried = np.random.default_rng(4), 0, 0
    for _ in range(120):
        months, texts, share = a_year(rng, 1_000.0, 2.0)
        if share[0] < 0.05:
            continue
        tried += 1
        found = find_emerging(months, texts)
        seen += any(each.detected and each.theme == "0" for each in found)
    assert seen / tried >= 0.8


def test_few_months_tell_of_nothing_new():
    assert find_emerging(pd.DataFrame({"a": [1, 2]}), pd.Series([10, 12])) == ()


def test_noise_goes_with_no_theme_and_points_add_up():
    rng, held, tried, count = np.random.default_rng(5), 0, 0, draws(200, 60)
    for _ in range(count):
        found = rng.random((500, 6)) < rng.uniform(0.06, 0.3, 6)
        who = rng.integers(0, 150, 500)
        score = rng.normal(3.5, 1, 500) + rng.normal(0, 0.5, 150)[who]
        joint = joint_effects(list("abcdef"), found, score, who)
        held += sum(each.effect.low <= 0 <= each.effect.high for each in joint.effects)
        tried += len(joint.effects)
        together = sum(each.points for each in joint.effects)
        assert together == pytest.approx(joint.mean - joint.rest, abs=1e-9)
    assert held / tried >= 0.93


def test_points_shared_by_themes_count_once():
    """Two themes that mostly come together: one costs a point, the other nothing."""
    rng = np.random.default_rng(6)
    one = rng.random(4_000) < 0.3
    other = np.where(rng.random(4_000) < 0.8, one, rng.random(4_000) < 0.3)
    score = 4 - one + rng.normal(0, 0.5, 4_000)
    joint = joint_effects(["one", "other"], np.column_stack([one, other]), score, range(4_000))
    effect = {each.theme: each.effect for each in joint.effects}
    assert effect["one"].low <= -1 <= effect["one"].high
    assert effect["other"].low <= 0 <= effect["other"].high
    assert score[other].mean() - score[~other].mean() < -0.4


def test_a_rare_theme_or_a_copy_has_no_effect():
    found = np.zeros((200, 3), bool)
    found[:60, 0] = found[:60, 1] = True
    found[:5, 2] = True
    joint = joint_effects(["a", "copy", "rare"], found, np.arange(200) % 5, range(200))
    known = {each.theme for each in joint.effects if each.effect}
    assert known == {"a"}


def test_the_time_until_called_back_is_kaplan_and_meiers():
    hours = pd.Series([2.0, 5.0, 5.0, 30.0, 60.0])
    called = pd.Series([True, True, False, True, False])
    found = time_to_contact(hours, called)
    left = sm.SurvfuncRight(hours, called.astype(int))
    assert (1 - found.curve.share).tolist() == pytest.approx(left.surv_prob.tolist())
    assert [each.value for each in found.within] == pytest.approx([0, 0.4, 0.7])
    early = time_to_contact(pd.Series([2.0, 3.0]), pd.Series([True, False]))
    assert np.isnan(early.within[1].value)
    none = time_to_contact(pd.Series([90.0] * 6), pd.Series([False] * 6)).within[1]
    assert (none.value, none.low) == (0, 0)
    assert none.high > 0.3
    assert (found.still_open, found.median) == (2, 30.0)


def called_back(rng, gain: float, count: int = 1_800) -> pd.DataFrame:
    """Customers with a low score and a next one, some called back; those in need more often."""
    person = rng.normal(3.4, 0.8, count)
    first, after = (np.clip(np.round(person + rng.normal(0, 0.9, count)), 1, 5) for _ in range(2))
    reason = rng.choice(["a", "b", "c"], count)
    called = rng.random(count) < np.where(reason == "a", 0.7, 0.35) + 0.1 * (first == 1)
    after = after - 0.3 * (reason == "a") + gain * called
    frame = pd.DataFrame({"called": called, "first": first, "next": after, "reason": reason})
    return frame[first <= 2]


@pytest.mark.parametrize("gain", [0.0, 0.4])
def test_whether_calling_back_helped_is_told_from_what_low_scores_do(gain):
    rng, count = np.random.default_rng(7), draws(200, 60)
    found = [recovery(called_back(rng, gain)) for _ in range(count)]
    held = np.mean([each.gain.low <= gain <= each.gain.high for each in found])
    assert held >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / count)
    claimed = np.mean([each.detected for each in found])
    if gain:
        assert claimed >= 0.5
    else:
        assert claimed <= 0.05
    # Before and after shows a rise in any case.
    assert np.mean([each.naive for each in found]) > 0.5
    assert recovery(called_back(rng, gain, 60)) is None
