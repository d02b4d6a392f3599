"""Cycles beside which something else happened: earlier steps and bends, single odd months, ties."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxlib.pdca_cycles import page as show
from cxlib.pdca_cycles.review import review_cycles
from cxlib.pdca_cycles.sustain import REBASE_MONTHS, watch
from tests.conftest import LONG
from tests.pdca_cycles.test_review import cycle

DRAWS = 200 if LONG else 40
MONTHS, AT = np.arange(36), 24
CALLED = ("improved", "worsened")


def tied(rng, correlation, count=36):
    """Months of variance 1 that hang together."""
    found = rng.standard_normal(count + 30)
    for at in range(1, len(found)):
        found[at] += correlation * found[at - 1]
    return found[-count:] * np.sqrt(1 - correlation**2)


def judged(rng, *shapes, correlation=0.0):
    """A cycle after two years; its months vary by .1 about 4, and the shapes are in that measure."""
    values = 4 + 0.1 * (tied(rng, correlation) + sum(shapes))
    return review_cycles((cycle(values, do="2026-01-01", now="2027-01-01"),))[0]


def step(size, months=0):
    """So many standard deviations, so many months before the date of the change."""
    return size * (AT - months <= MONTHS)


def bend(slope, months):
    """A trend that turns, so many months before the date."""
    return slope * np.maximum(MONTHS - (AT - months), 0)


@pytest.mark.parametrize(
    "shape", [step(2, 2), step(2, 3), bend(0.4, 6), bend(0.4, 9), bend(0.4, 12), bend(0.25, 9)],
    ids=["step 2 before", "step 3 before", "bend 6 before", "bend 9", "bend 12", "slight bend 9"],
)  # fmt: skip
def test_what_came_before_is_seldom_called_an_effect(shape):
    """At most in one draw of ten."""
    rng = np.random.default_rng(5)
    called = sum(judged(rng, shape).verdict in CALLED for _ in range(DRAWS))
    assert called <= stats.binom.ppf(0.99, DRAWS, 0.10)


@pytest.mark.parametrize("correlation", [0.0, 0.4])
def test_noise_is_still_seldom_called_one(correlation):
    rng = np.random.default_rng(5)
    called = sum(judged(rng, 0, correlation=correlation).verdict in CALLED for _ in range(DRAWS))
    assert called <= stats.binom.ppf(0.99, DRAWS, 0.05)


def test_one_odd_month_of_the_baseline_does_not_hide_an_effect():
    """An outlier of 6 standard deviations beside a step of 2.5: seen in at least 45%."""
    rng, seen = np.random.default_rng(5), 0
    for _ in range(DRAWS):
        odd = 6.0 * (rng.integers(8, 20) == MONTHS)
        seen += judged(rng, step(2.5), odd).verdict == "improved"
    assert seen >= stats.binom.ppf(0.01, DRAWS, 0.45)


def test_an_effect_that_began_before_its_date_is_said_to_have():
    """Three months before: at least 45% say so, and hardly any is called the change's effect."""
    rng = np.random.default_rng(5)
    found = [judged(rng, step(2.5, 3)) for _ in range(DRAWS)]
    early = [each for each in found if each.found.early]
    assert len(early) >= stats.binom.ppf(0.01, DRAWS, 0.45)
    assert sum(each.verdict in CALLED for each in found) <= stats.binom.ppf(0.99, DRAWS, 0.10)
    assert np.mean([2 <= each.found.early <= 4 for each in early]) > 0.8
    assert "before the change began" in show.cycle_finding(early[0]).sentence


def test_an_effect_at_its_date_is_found_and_seldom_called_early():
    rng = np.random.default_rng(5)
    found = [judged(rng, step(2.5)) for _ in range(DRAWS)]
    assert sum(each.verdict == "improved" for each in found) >= stats.binom.ppf(0.01, DRAWS, 0.7)
    assert sum(bool(each.found.early) for each in found) <= stats.binom.ppf(0.99, DRAWS, 0.05)


@pytest.mark.parametrize("correlation", [0.0, 0.4, 0.7])
def test_a_lasting_gain_is_seldom_called_lost_in_18_monthly_reports(correlation):
    """A gain of 2.5 standard deviations: an alarm in any of the reports in at most 10%."""
    rng, alarms = np.random.default_rng(3), 0
    for _ in range(DRAWS):
        values = tied(rng, correlation)
        alarms += any(lost(values[:12], 2.5 + values[12 : 12 + n]) for n in REPORTS)
    assert alarms <= stats.binom.ppf(0.99, DRAWS, 0.10)


def test_a_gain_of_four_standard_deviations_that_goes_is_called_lost_within_four_months():
    rng, alarms = np.random.default_rng(3), 0
    for _ in range(DRAWS):
        values = tied(rng, 0.4)
        since = 4 * (np.arange(24) < 12) + values[12:]
        alarms += any(lost(values[:12], since[:n]) for n in range(14, 17))
    assert alarms >= stats.binom.ppf(0.01, DRAWS, 0.75)


REPORTS = range(REBASE_MONTHS + 1, 25)


def lost(before, since):
    months = pd.DataFrame(
        {"month": pd.date_range("2026-01-01", periods=len(since), freq="MS"), "value": since,
         "own": since}
    )  # fmt: skip
    return not watch(months, 1.0, pd.Series(before), pd.NaT, "2029-01-01").held
