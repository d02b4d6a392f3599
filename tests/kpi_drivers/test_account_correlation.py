import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.api import OLS, add_constant

from cxlib.data import Quarter
from cxlib.kpi_drivers.account_correlation import correlate_accounts
from cxlib.kpi_drivers.correlations_page import (
    across_finding,
    correlation_frame,
    reversal_figure,
    reversal_finding,
)
from cxlib.measure.features import account_kpis
from tests.conftest import LONG

NOTHING = pd.DataFrame()


def accounts(count=300, seed=0, **columns):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(count, 3)), columns=list("abc")).assign(**columns)
    segments = pd.DataFrame({"region": rng.choice(["EMEA", "AMER", "APAC"], count)})
    return table, segments


def test_r_and_rho_are_pearsons_and_spearmans():
    table, segments = accounts()
    table["b"] = np.exp(table.a + table.b)
    pair = next(e for e in correlate_accounts(table, segments) if (e.x, e.y) == ("a", "b"))
    assert pair.r.value == pytest.approx(stats.pearsonr(table.a, table.b).statistic)
    theirs = stats.spearmanr(table.a, table.b)
    assert pair.rho.value == pytest.approx(theirs.statistic)
    slopes = [
        OLS(table[y], add_constant(table[x])).fit(cov_type="HC3", use_t=True).pvalues[x]
        for x, y in (("a", "b"), ("b", "a"))
    ]
    assert pair.p == pytest.approx(max(theirs.pvalue, *slopes))


def test_what_has_nothing_to_do_with_one_another_is_seldom_called_related():
    """300 tables of three pairs, adjusted: some pair is called in 5%, four errors at most more."""
    called = sum(
        any(each.detected for each in correlate_accounts(*accounts(80, seed)))
        for seed in range(300)
    )
    assert called / 300 < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 300)


def simpson(turn):
    """Three regions; in each, y falls with x, while regions of higher x have higher y."""
    rng = np.random.default_rng(1)
    region = np.repeat([0, 1, 2], 100)
    x = 3 * region + rng.normal(size=300)
    y = 3 * region + turn * x + rng.normal(size=300)
    segments = pd.DataFrame({"region": np.array(["EMEA", "AMER", "APAC"])[region]})
    return pd.DataFrame({"x": x, "y": y}), segments


def test_a_planted_reversal_is_caught():
    (pair,) = correlate_accounts(*simpson(-0.6))
    assert pair.detected
    assert pair.rho.value > 0.2
    (reversal,) = pair.reversals
    assert reversal.segment == "region"
    assert reversal.within.high < 0


def test_a_correlation_that_holds_within_segments_is_not_called_a_reversal():
    (pair,) = correlate_accounts(*simpson(0.6))
    assert pair.detected
    assert pair.reversals == ()


def test_segments_by_chance_seldom_turn_a_correlation_round():
    turned = 0
    for seed in range(200):
        table, segments = accounts(120, seed)
        table["b"] = 0.3 * table.a + table.b
        turned += any(each.reversals for each in correlate_accounts(table, segments))
    assert turned <= 4


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(),
        pd.DataFrame({"a": range(10), "b": range(10)}),
        pd.DataFrame({"a": [1.0] * 90, "b": range(90)}),
        pd.DataFrame({"a": [np.nan] * 90, "b": range(90)}),
    ],
    ids=["empty", "too few accounts", "constant", "all missing"],
)
def test_where_nothing_can_be_told_nothing_is(table):
    assert correlate_accounts(table, NOTHING) == ()


def test_segments_of_single_accounts_and_missing_ones_do_no_harm():
    table, segments = accounts()
    table["b"] = table.a + table.b
    segments["id"] = [f"s{i}" for i in range(300)]
    segments["empty"] = None
    assert correlate_accounts(table, segments)[0].detected


def test_accounts_with_few_answers_are_left_out(data):
    since = Quarter.parse("2025Q4")
    values = account_kpis(data, since.start, data.end, least=5)
    rows = data.rows("interactions", "account_id").execute()
    rows = rows[rows.started_at >= since.start]
    counts = rows[rows.resolved.notna()].account_id.value_counts()
    enough = counts[counts >= 5].index
    known = values.first_contact_resolution.dropna()
    assert set(known.index) == set(enough)
    name = known.index[0]
    mine = rows[(rows.account_id == name) & rows.resolved.notna()]
    assert known[name] == pytest.approx(mine.resolved.astype(float).mean())


def test_a_reversal_is_told_and_drawn():
    values, segments = simpson(-0.6)
    values = values.set_axis(["csat", "nps"], axis=1)
    found = correlate_accounts(values, segments)
    told = reversal_finding(found).sentence
    assert "CSAT with Net Promoter Score (+0." in told
    assert "within region" in told
    figure = reversal_figure(found, values, segments)
    assert len(figure.axes[0].get_legend().get_texts()) == 3
    assert list(correlation_frame((), found).level) == ["account"]
    assert reversal_figure((), values, segments) is None
    assert reversal_finding(()) is None
    assert "too few accounts" in across_finding(()).sentence


def test_kpis_of_few_contacts_do_not_go_together_for_that():
    """Means of few contacts vary more, and lie low more often: any pair in at most 5% of draws."""
    called, draws = 0, 150 if LONG else 50
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        contacts = 5 + rng.poisson(rng.lognormal(2, 0.8, 250))
        values = pd.DataFrame(
            {"average_handle_time": rng.gamma(4 * contacts, 90) / contacts,
             "average_speed_of_answer": rng.gamma(contacts, 60) / contacts,
             "transfer_rate": rng.poisson(0.2 * contacts) / contacts,
             "first_contact_resolution": rng.binomial(contacts, 0.7) / contacts,
             "cost_per_contact": rng.gamma(9 * contacts, 0.7) / contacts,
             "contact_rate": contacts / 4}
        )  # fmt: skip
        found = correlate_accounts(values, pd.DataFrame(index=values.index))
        called += any(each.detected for each in found)
    assert called <= stats.binom.ppf(0.99, draws, 0.05)
