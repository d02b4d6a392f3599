import numpy as np
import pytest

from cxlib.pdca_cycles.power import LONGEST_MONTHS, months_needed, noise_of, power, smallest_effect
from tests.pdca_cycles.test_interrupted import MONTHS, detected, noise

BEFORE, AFTER = 36, 6
# Of so many cycles the power is stated.
STATED = 200


def stated_and_seen(kind, effect, series, seed):
    """The power stated from each baseline, and whether the effect was then detected."""
    rng = np.random.default_rng(seed)
    drawn = noise(kind, rng, series, BEFORE + AFTER)
    time = np.arange(BEFORE)
    stated = [
        power(noise_of(each[:BEFORE], time, MONTHS, seed=n), effect, AFTER)
        for n, each in enumerate(drawn[:STATED])
    ]
    drawn[:, BEFORE:] += effect
    return np.mean(stated), detected(drawn, BEFORE).mean()


@pytest.mark.parametrize("kind", ["white", "AR(1)", "season", "trend"])
@pytest.mark.parametrize("effect", [2.0, 2.6])
def test_an_effect_of_the_planned_size_is_found_as_often_as_stated(kind, effect):
    """Within 7 points; what is seen of 3,000 cycles has an error of 0.9 points, two of them on top."""
    stated, seen = stated_and_seen(kind, effect, 3_000, seed=1)
    assert abs(stated - seen) <= 0.07 + 2 * np.sqrt(seen * (1 - seen) / 3_000)
    assert 0.4 < stated < 0.95


def test_the_smallest_effect_is_the_one_seen_four_times_in_five():
    rng = np.random.default_rng(2)
    found = noise_of(rng.standard_normal(BEFORE), np.arange(BEFORE), MONTHS)
    smallest = smallest_effect(found, AFTER)
    assert power(found, smallest, AFTER) == pytest.approx(0.8, abs=0.01)
    assert power(found, -smallest, AFTER) == power(found, smallest, AFTER)


def test_more_months_and_larger_effects_are_seen_more_often():
    rng = np.random.default_rng(3)
    found = noise_of(rng.standard_normal(BEFORE), np.arange(BEFORE), MONTHS)
    by_effect = [power(found, each, AFTER) for each in (0.0, 1.0, 2.0, 4.0)]
    assert by_effect == sorted(by_effect)
    assert by_effect[0] < 0.06
    needed = months_needed(found, 3.0)
    assert power(found, 3.0, needed) >= 0.8
    assert needed == 1 or power(found, 3.0, needed - 1) < 0.8
    assert months_needed(found, 0.2) is None
    assert needed <= LONGEST_MONTHS


def test_the_unit_does_not_matter():
    rng = np.random.default_rng(4)
    values = rng.standard_normal(BEFORE)
    one, other = (noise_of(each, np.arange(BEFORE), MONTHS) for each in (values, 60 * values + 5))
    assert smallest_effect(other, AFTER) == pytest.approx(
        60 * smallest_effect(one, AFTER), rel=1e-3
    )


def test_what_cannot_be_foretold_is_not():
    assert noise_of(np.arange(3.0), np.arange(3), 3) is None
    found = noise_of(np.random.default_rng(5).standard_normal(12), np.arange(12), 12)
    assert np.isnan(power(found, 1.0, 0))
    assert smallest_effect(found, 0) == np.inf
    assert months_needed(found, 0.0) is None
