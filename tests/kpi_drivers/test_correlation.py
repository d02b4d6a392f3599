import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.signal import lfilter

from cxlib.demo.truth import CES_LEADS_CHURN_BY_MONTHS
from cxlib.errors import ArgumentError
from cxlib.kpi_drivers.correlation import correlate, lead, surprises
from cxlib.measure import measure
from cxlib.measure.coefficients import partial
from cxlib.measure.features import monthly_kpis
from cxlib.measure.kpis import RESTATED, RESULTS
from tests.conftest import LONG, draws

PAIRS = draws(500, 150)  # long draws: CX_LONG=1
MOST = 0.07 if LONG else 0.05 + 2 * np.sqrt(0.05 * 0.95 / PAIRS)
MONTHS = 36


def series(kind: str, rng) -> np.ndarray:
    shocks = rng.normal(size=(MONTHS + 50, 2))
    if kind == "random walks":
        return shocks.cumsum(axis=0)[-MONTHS:]
    if kind == "trends":
        return shocks[-MONTHS:] + np.arange(MONTHS)[:, None] * rng.normal(0, 0.3, 2)
    phi = 0.7 if kind == "AR(1)" else 0.0
    return lfilter([1], [1, -phi], shocks, axis=0)[-MONTHS:]


@pytest.mark.parametrize("kind", ["random walks", "AR(1)", "trends", "white noise"])
def test_series_that_have_nothing_to_do_with_one_another_are_seldom_called_related(kind):
    """A nominal 5%, and two standard errors above: at most 7% of 500 pairs."""
    rng = np.random.default_rng(5)
    called = [
        correlate(pd.DataFrame(series(kind, rng), columns=["a", "b"]))[0].p < 0.05
        for _ in range(PAIRS)
    ]
    assert np.mean(called) <= MOST


@pytest.mark.parametrize("kind", ["random walks", "AR(1)"])
def test_series_that_have_nothing_to_do_with_one_another_seldom_seem_to_lead(kind):
    """Six leads in both directions of 500 pairs: a nominal 5%, and at most 7%."""
    rng = np.random.default_rng(1)
    called = []
    for _ in range(PAIRS):
        found = lead(pd.DataFrame(series(kind, rng), columns=["a", "b"]))
        assert len(found) == 12
        called += [each.p < 0.05 for each in found]
    assert np.mean(called) <= MOST


def test_the_planted_lead_of_effort_over_churn_is_found(data):
    months = monthly_kpis(measure(data, period="month"))
    first = lead(months, RESTATED, later=RESULTS)[0]
    assert (first.x, first.y, first.lag) == ("ces", "retention_rate", CES_LEADS_CHURN_BY_MONTHS)
    assert first.detected


def test_a_lead_is_told_from_a_lag():
    rng = np.random.default_rng(10)
    shocks = rng.normal(size=MONTHS + 3)
    early = pd.Series(shocks[3:])
    late = pd.Series(shocks[:-3] + 0.3 * rng.normal(size=MONTHS))
    found = lead(pd.DataFrame({"early": early, "late": late}))
    assert (found[0].x, found[0].y, found[0].lag) == ("early", "late", 3)


def test_rho_is_spearmans():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(rng.normal(size=(40, 2)), columns=["a", "b"])
    (pair,) = correlate(frame, season="never")
    a, b = (surprises(frame[name])[1:] for name in "ab")
    assert pair.rho.value == pytest.approx(stats.spearmanr(a, b).statistic)
    assert pair.rho.low < pair.rho.value < pair.rho.high


def test_series_that_share_their_shocks_are_found():
    rng = np.random.default_rng(6)
    common = rng.normal(size=MONTHS)
    walk = common.cumsum()
    other = 0.8 * walk + rng.normal(0, 0.4, MONTHS).cumsum() + np.arange(MONTHS)
    (pair,) = correlate(pd.DataFrame({"a": walk, "b": other}))
    assert pair.detected
    assert pair.r.value > 0.7


def test_surprises_are_the_residuals_of_the_stated_regression():
    values = np.random.default_rng(7).normal(size=30).cumsum()
    time = np.arange(1, 30)
    design = np.column_stack([np.ones(29), time, values[:-1]])
    fitted = design @ np.linalg.lstsq(design, values[1:], rcond=None)[0]
    assert surprises(pd.Series(values))[1:] == pytest.approx(values[1:] - fitted)


def test_r_is_pearsons():
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(rng.normal(size=(40, 2)), columns=["a", "b"])
    (pair,) = correlate(frame, season="never")
    a, b = (surprises(frame[name])[1:] for name in "ab")
    assert pair.r.value == pytest.approx(stats.pearsonr(a, b).statistic)


def test_pairs_that_restate_one_another_are_left_out():
    frame = pd.DataFrame(np.random.default_rng(9).normal(size=(30, 3)), columns=["a", "b", "c"])
    found = {(each.x, each.y) for each in correlate(frame, [frozenset("ab")])}
    assert found == {("a", "c"), ("b", "c")}


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [], "b": []}),
        pd.DataFrame({"a": range(8), "b": range(8)}),
        pd.DataFrame({"a": [1.0] * 30, "b": [2.0] * 30}),
        pd.DataFrame({"a": [np.nan] * 30, "b": np.arange(30.0)}),
    ],
    ids=["empty", "too short", "constant", "all missing"],
)
def test_where_nothing_can_be_told_nothing_is(frame):
    assert correlate(frame) == ()


# Seasons ------------------------------------------------------------------------------------------


def seasonal(rng, months=MONTHS, peak=False) -> pd.DataFrame:
    """Two series with one winter each year, or one December, and nothing else in common."""
    time = np.arange(months)
    winter = 3.0 * (time % 12 == 11) if peak else 1.5 * np.cos(2 * np.pi * time / 12)
    return pd.DataFrame(winter[:, None] + rng.normal(size=(months, 2)), columns=["a", "b"])


@pytest.mark.parametrize("peak", [False, True], ids=["a winter", "a December"])
def test_a_season_that_two_series_share_is_seldom_taken_for_a_link(peak):
    """At most 9% of 300: the season is only looked for, so some of it may stay undetected."""
    rng = np.random.default_rng(11)
    pairs = [seasonal(rng, peak=peak) for _ in range(300)]
    assert np.mean([correlate(pair)[0].p < 0.05 for pair in pairs]) <= 0.09
    assert np.mean([correlate(pair, season="always")[0].p < 0.05 for pair in pairs]) <= 0.07
    assert np.mean([correlate(pair, season="never")[0].p < 0.05 for pair in pairs]) > 0.2


@pytest.mark.parametrize("months", [30, 36])
def test_surprises_without_the_season_are_the_residuals_of_the_stated_regression(months):
    # Of a seed in which neither a second month nor a step nor a changing variance stands out.
    values = seasonal(np.random.default_rng(1), months).a
    time = np.arange(1, months)
    angle = 2 * np.pi * time / 12
    waves = [np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)]
    each = list((time[:, None] % 12 == np.arange(11)).astype(float).T)
    season = each if months == 36 else waves
    design = np.column_stack([np.ones(months - 1), time, values[:-1], *season])
    fitted = design @ np.linalg.lstsq(design, values[1:], rcond=None)[0]
    assert surprises(values, season=True)[1:] == pytest.approx(values[1:] - fitted)


def test_a_link_is_found_through_a_season():
    rng = np.random.default_rng(13)
    values = seasonal(rng)
    values["b"] = values.a + 0.3 * rng.normal(size=MONTHS)
    (pair,) = correlate(values)
    assert pair.detected


def test_two_years_are_needed_to_know_a_season():
    values = seasonal(np.random.default_rng(14), months=20)
    assert correlate(values, season="always") == correlate(values, season="never")


def test_an_unknown_season_is_refused():
    with pytest.raises(ArgumentError, match="seen, always or never"):
        correlate(pd.DataFrame(), season="winter")


def test_the_others_are_held_equal():
    rng = np.random.default_rng(15)
    z = rng.normal(size=(MONTHS, 1))
    values = pd.DataFrame(
        np.hstack([z + 0.5 * rng.normal(size=(MONTHS, 2)), z]), columns=["a", "b", "z"]
    )
    pair = next(each for each in correlate(values) if (each.x, each.y) == ("a", "b"))
    assert pair.detected
    assert not pair.partial.excludes(0)
    fresh = pd.DataFrame({name: surprises(values[name])[1:] for name in values})
    assert pair.partial.value == pytest.approx(partial(fresh, "a", "b", ["z"]).value)


def test_a_series_that_is_constant_but_for_a_month_or_two_leads_nothing():
    """Churn of none in every month but the last: one month is no relation."""
    rng = np.random.default_rng(11)
    frame = pd.DataFrame({"revenue": rng.normal(size=36), "sales": rng.normal(size=36)})
    frame["churn"] = np.where(np.arange(36) < 35, 0.0, 0.2)
    frame["almost"] = np.where(np.arange(36) < 34, 0.0, [*[0.0] * 34, 0.1, 0.2])
    for found in (lead(frame), correlate(frame)):
        assert {each.x for each in found} | {each.y for each in found} == {"revenue", "sales"}


def test_only_what_comes_before_some_is_looked_at():
    frame = pd.DataFrame(np.random.default_rng(12).normal(size=(36, 4)), columns=list("abcd"))
    assert {each.y for each in lead(frame, later=["d"])} == {"d"}
    assert len(lead(frame, later=["d"])) == 3 * 6


# What months share besides ------------------------------------------------------------------------

DATES = pd.date_range("2023-10-01", periods=MONTHS, freq="MS")
DRAWS = 300


def working_days():
    first = DATES.values.astype("M8[D]")
    days = np.busday_count(first, (DATES + pd.offsets.MonthBegin()).values.astype("M8[D]"))
    return (days - days.mean()) / days.std()


def sharing(what: str, rng) -> pd.DataFrame:
    """Two series that have something in common, and nothing to do with one another."""
    values, month = rng.normal(size=(MONTHS, 2)), int(rng.integers(10, 26))
    if what == "working days":
        values += working_days()[:, None]
    elif what == "an outage":
        values[month] += 6
    elif what == "a break":
        values[month:] += 2
    elif what == "two months of momentum":
        shocks = rng.normal(size=(MONTHS + 60, 2))
        values = lfilter([1], [1, -0.5, -0.4], shocks, axis=0)[-MONTHS:]
    elif what == "a growing variance":
        values *= np.exp(np.linspace(-1, 1, MONTHS))[:, None]
    elif what == "restless months":
        values *= np.where(rng.random(MONTHS) < 0.15, 4, 1)[:, None]
    return pd.DataFrame(values, DATES, ["a", "b"])


@pytest.mark.parametrize(
    "what",
    ["working days", "an outage", "a break", "two months of momentum", "a growing variance",
     "restless months"],
)  # fmt: skip
def test_what_all_series_share_is_seldom_taken_for_a_link(what):
    """At most 7% of 300; more than this bound in 1% of cases."""
    rng = np.random.default_rng(3)
    called = sum(correlate(sharing(what, rng))[0].p < 0.05 for _ in range(DRAWS))
    assert called <= stats.binom.ppf(0.99, DRAWS, 0.07)


def test_a_link_is_found_among_all_that():
    """Of series that share two thirds of their variance, at least three in four are found."""
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(100):
        shared = rng.normal(size=(MONTHS, 1)) + working_days()[:, None]
        values = pd.DataFrame(shared + 0.7 * rng.normal(size=(MONTHS, 2)), DATES, ["a", "b"])
        found += correlate(values)[0].p < 0.05
    assert found >= 75


def test_a_step_is_taken_out_where_it_stands_out():
    rng = np.random.default_rng(4)
    values = pd.Series(rng.normal(size=MONTHS) + 4.0 * (np.arange(MONTHS) >= 20))
    left = surprises(values)
    known = np.isfinite(left)
    assert abs(left[known]).max() < 3
    assert abs(np.corrcoef(left[known], np.arange(MONTHS)[known] >= 20)[0, 1]) < 0.1
