import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cxlib.account_tiers import concentration_page as show
from cxlib.account_tiers.concentration import revenue_concentration


def accounts(values) -> pd.Series:
    return pd.Series(values, [f"a{each}" for each in range(len(values))], dtype=float)


def test_gini_is_the_mean_difference_over_twice_the_mean():
    """Gini's own definition, over all pairs of two different accounts."""
    values = np.random.default_rng(1).lognormal(8, 1, 60)
    pairs = np.abs(values[:, None] - values[None]).sum() / (60 * 59)
    assert revenue_concentration(accounts(values)).gini.value == pytest.approx(
        pairs / (2 * values.mean())
    )


def test_the_largest_tenth_is_added_up():
    values = np.arange(1.0, 101)
    found = revenue_concentration(accounts(values))
    assert found.top_share.value == pytest.approx(values[-10:].sum() / values.sum())
    assert (found.largest, found.largest_account) == (pytest.approx(100 / 5050), "a99")


@pytest.mark.parametrize(
    ("spread", "count"),
    [(0.4, 100), (0.8, 100), (1.0, 100), (0.4, 400), (1.0, 400), (1.3, 400), (1.6, 400)],
)
def test_intervals_hold_the_truth_of_lognormal_revenue(spread, count):
    """At least 92% of those shown from 100 accounts on: fewer than this in 1% of cases.

    The Gini of a lognormal is 2Φ(σ/√2) − 1; its largest tenth brings Φ(σ − z₀.₉).
    """
    gini = 2 * stats.norm.cdf(spread / np.sqrt(2)) - 1
    tenth = stats.norm.cdf(spread - stats.norm.ppf(0.9))
    shown, held = 0, np.zeros(2)
    for seed in range(200):
        values = np.random.default_rng(seed).lognormal(8, spread, count)
        found = revenue_concentration(accounts(values))
        shown += found.gini.has_interval
        held += [found.gini.low <= gini <= found.gini.high,
                 found.top_share.low <= tenth <= found.top_share.high]  # fmt: skip
    assert shown > 150
    assert (held >= stats.binom.ppf(0.01, shown, 0.92)).all(), (held, shown)


def test_of_few_accounts_there_is_no_interval_and_the_page_says_why():
    found = revenue_concentration(accounts(np.random.default_rng(4).lognormal(8, 1, 99)))
    assert not found.gini.has_interval
    assert not found.top_share.has_interval
    assert 0 < found.gini.value < 1
    told = show.concentration_finding(found)
    assert (
        "Without intervals: of fewer than 100 accounts as uneven as these, they would be too narrow"
        in told.evidence
    )
    assert "nan" not in told.sentence + told.evidence


@pytest.mark.parametrize("count", [200, 399])
def test_very_uneven_accounts_need_more_of_them_for_an_interval(count):
    found = revenue_concentration(accounts(np.random.default_rng(4).lognormal(8, 1.6, count)))
    assert not found.gini.has_interval
    assert "fewer than 400 accounts" in show.concentration_finding(found).evidence


def test_the_curve_runs_from_nothing_to_everything():
    found = revenue_concentration(accounts(np.random.default_rng(2).lognormal(8, 1, 5_000)))
    assert found.lorenz.iloc[0].tolist() == [0, 0]
    assert found.lorenz.iloc[-1].tolist() == pytest.approx([1, 1])
    assert len(found.lorenz) <= 201
    assert (found.lorenz.revenue <= found.lorenz.accounts + 1e-12).all()


@given(st.lists(st.floats(0, 1e9), min_size=10, max_size=60).filter(lambda each: sum(each) > 1))
def test_figures_stay_within_their_bounds_and_know_no_currency(values):
    one, other = (
        revenue_concentration(accounts(values)),
        revenue_concentration(accounts(values) * 1_000),
    )
    for each in (one.gini, one.top_share):
        assert 0 <= each.value <= 1
    assert other.gini.value == pytest.approx(one.gini.value, abs=1e-9)
    assert other.top_share.value == pytest.approx(one.top_share.value, abs=1e-9)


@pytest.mark.parametrize(
    ("values", "words"),
    [([], "no account has revenue"), ([0.0] * 30, "no account has revenue"),
     ([-5.0] * 30, "no account has revenue"), ([100.0], "at least 10 accounts are needed")],
    ids=["no account", "no revenue", "all refunds", "one account"],
)  # fmt: skip
def test_what_cannot_be_told_is_said(values, words):
    found = revenue_concentration(accounts(values))
    assert words in found.problem
    assert show.lorenz_figure(found) is None
    assert not show.concentration_finding(found).news


def test_where_all_bring_the_same_nothing_is_concentrated():
    found = revenue_concentration(accounts([5.0] * 40))
    assert found.gini.value == pytest.approx(0, abs=1e-12)
    assert found.top_share.value == pytest.approx(0.1)


def test_the_page_says_what_hangs_on_the_largest():
    found = revenue_concentration(accounts(np.random.default_rng(3).lognormal(8, 1, 200)))
    sentence = show.concentration_finding(found).sentence
    assert sentence.startswith("The largest tenth of accounts (20) brings ")
    assert "Gini" in show.lorenz_figure(found).alt
