import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cxlib.personas.migration import ABSENT, GROWING, NO_PERSONA, STEADY, movement
from tests.conftest import draws


def people(labels, first=0):
    index = [f"C{i}" for i in range(first, first + len(labels))]
    return pd.Series(list(labels), index, dtype="object").replace(".", None)


def test_every_customer_stands_once_in_the_matrix():
    moved = movement(people("AABB."), people("ABB.C", first=1))
    assert moved.matrix.to_numpy().sum() == 6
    assert moved.matrix.loc["A", ABSENT] == 1
    assert moved.matrix.loc[NO_PERSONA, NO_PERSONA] == 1
    assert moved.matrix.loc[ABSENT, "C"] == 1
    assert moved.matrix.loc["A", "A"] == 1
    assert moved.kept.value == 1


def test_the_change_of_a_share_among_the_same_customers_is_that_of_paired_proportions():
    """(b − c) / n, with the variance (b + c − (b − c)² / n) / n² (Agresti, *Categorical Data*)."""
    was, now = people("A" * 60 + "B" * 40), people("A" * 45 + "B" * 15 + "A" * 5 + "B" * 35)
    row = movement(was, now).shares.set_index("persona").loc["A"]
    b, c, n = 5, 15, 100
    error = np.sqrt(b + c - (b - c) ** 2 / n) / n
    assert row.change == pytest.approx((b - c) / n)
    assert row.high - row.change == pytest.approx(1.959964 * error, rel=1e-5)


def test_the_change_of_a_share_among_others_is_that_of_two_samples():
    row = movement(
        people("A" * 30 + "B" * 70), people("A" * 80 + "B" * 120, first=100)
    ).shares.iloc[0]
    error = np.sqrt(0.3 * 0.7 / 100 + 0.4 * 0.6 / 200)
    assert row.high - row.change == pytest.approx(1.959964 * error, rel=1e-5)


def drawn(rng, count=400, shift=0.0):
    """Customers of whom two thirds stay; their persona changes for one in ten."""
    was = rng.choice(["A", "B", "C"], count, p=[0.5, 0.3, 0.2])
    new = rng.choice(["A", "B", "C"], count, p=[0.5 - shift, 0.3 + shift, 0.2])
    now = np.where(rng.random(count) < 0.9, was, new)
    stays, comes = rng.random(count) < 0.67, count // 3
    came = rng.choice(["A", "B", "C"], comes, p=[0.5 - shift, 0.3 + shift, 0.2])
    index = [f"C{i}" for i in range(count)]
    return (
        pd.Series(was, index, dtype="object"),
        pd.concat([pd.Series(now, index, dtype="object")[stays], people(came, first=count)]),
    )


def test_intervals_hold_the_truth_and_no_change_is_seldom_called_one():
    """Draws of customers who largely stay: coverage 95%, false alarms 5%, ± 4 errors."""
    rng, runs = np.random.default_rng(0), draws(500, 150)
    held = alarms = 0
    for _ in range(runs):
        shares = movement(*drawn(rng)).shares
        row = shares.iloc[0]
        held += row.low <= 0 <= row.high
        alarms += (shares.verdict != STEADY).any()
    error = np.sqrt(0.95 * 0.05 / runs)
    assert 0.95 - 4 * error < held / runs <= 1
    assert alarms / runs < 0.05 + 4 * error


def test_a_persona_that_grows_is_called_growing():
    rng = np.random.default_rng(1)
    shares = movement(*drawn(rng, 4_000, shift=0.2)).shares.set_index("persona")
    assert shares.verdict["B"] == GROWING
    assert shares.verdict["C"] == STEADY


@given(st.text("AB.", max_size=30), st.text("AB.", max_size=30))
def test_any_two_quarters_can_be_compared(was, now):
    moved = movement(people(was), people(now))
    assert moved.matrix.to_numpy().sum() == max(len(was), len(now))
    assert (moved.shares.low <= moved.shares.change).all()
    assert (moved.shares.high >= moved.shares.change).all()


def test_accounts_that_move_together_seldom_make_a_persona_grow():
    """Sixty accounts of twenty, each of which goes one way or the other as a whole."""
    rng, runs, claims = np.random.default_rng(11), 200, 0
    account = np.repeat(np.arange(60), 20)
    names = [f"c{i}" for i in range(1_200)]
    clusters = pd.Series(account, index=names)
    for _ in range(runs):
        before = np.where(rng.random(60) < 0.5, "A", "B")
        turned = np.where(before == "A", "B", "A")
        now = np.where(rng.random(60) < 0.1, turned, before)
        found = movement(
            pd.Series(before[account], index=names), pd.Series(now[account], index=names), clusters
        )
        claims += (found.shares.verdict != STEADY).any()
    # So many come by chance in 1 of 1,000 such tests where each has 5%.
    assert claims <= stats.binom.ppf(0.999, runs, 0.05)
