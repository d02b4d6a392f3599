import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from cxlib.account_tiers.accounts import quarter_books
from cxlib.account_tiers.assignment import tier_of
from cxlib.errors import ArgumentError
from cxlib.score_worth import groups_page as show
from cxlib.score_worth.groups import compare_groups, controls
from cxlib.score_worth.points import worth_of_points
from cxlib.score_worth.results import RESULTS, later_business


def accounts(rng, count=600, effect=0.0, pull=0.0) -> pd.DataFrame:
    """Later revenue follows earlier revenue; `pull` lets large accounts answer lower."""
    size = rng.lognormal(8, 0.6, count)
    leaning = -pull * (np.log(size) - 8) / 0.6 + rng.normal(size=count)
    answer = np.clip(np.round(8 + 1.5 * leaning), 0, 10)
    promoter = answer >= 9
    revenue = size + effect * promoter + rng.normal(0, 300, count)
    stays = rng.random(count) < 0.9
    return pd.DataFrame(
        {
            "retained": stays.astype(float), "revenue": revenue, "purchases": rng.poisson(3, count),
            "returned": rng.exponential(10, count), "contacts": rng.poisson(4, count),
            "cost": rng.exponential(20, count), "prior_revenue": size,
            "prior_contacts": rng.poisson(4, count).astype(float),
            "tenure": rng.uniform(0, 9, count), "customers": 3.0, "answer: nps": answer,
            "tier": np.where(size > np.quantile(size, 0.9), "I", "III"),
        }
    )  # fmt: skip


def test_groups_are_cut_at_the_usual_scores():
    later = accounts(np.random.default_rng(1))
    found = compare_groups(later, "nps")
    assert [each.name for each in found.groups] == ["detractors", "passives", "promoters"]
    answer = later["answer: nps"]
    counts = [(answer < 7).sum(), ((answer >= 7) & (answer < 9)).sum(), (answer >= 9).sum()]
    assert [each.accounts for each in found.groups] == counts
    promoters = later[answer >= 9]
    assert found.groups[2].raw["revenue"].value == pytest.approx(promoters.revenue.mean())


def test_adjusted_means_are_those_of_the_regression_at_the_mean_account():
    later = accounts(np.random.default_rng(2), pull=1.0)
    found = compare_groups(later, "nps")
    known = later.assign(
        group=pd.cut(later["answer: nps"], [-1, 6, 8, 10], labels=["d", "p", "q"]).astype(str),
        tenure=np.log1p(later.tenure), prior_contacts=np.log1p(later.prior_contacts),
    )  # fmt: skip
    fit = smf.ols(
        "revenue ~ C(group) + prior_revenue + prior_contacts + tenure + C(tier)", known
    ).fit(cov_type="HC3", use_t=True)
    for group, letter in zip(found.groups, "dpq", strict=True):
        each = fit.get_prediction(known.assign(group=letter)).predicted_mean.mean()
        assert group.adjusted["revenue"].value == pytest.approx(each)
    gap = found.gap("revenue", "detractors", "promoters").difference
    assert gap.value == pytest.approx(fit.params["C(group)[T.q]"])
    assert (gap.low, gap.high) == pytest.approx(tuple(fit.conf_int().loc["C(group)[T.q]"]))


def test_like_for_like_finds_the_planted_gap_behind_a_contrary_raw_one():
    """Large accounts answer lower: raw, promoters bring less; alike, they bring 200 more."""
    held = raw = 0
    for seed in range(200):
        later = accounts(np.random.default_rng(seed), effect=200.0, pull=1.0)
        found = compare_groups(later, "nps")
        gap = found.gap("revenue", "passives", "promoters").difference
        held += gap.low <= 200 <= gap.high
        groups = {each.name: each.raw["revenue"].value for each in found.groups}
        raw += groups["promoters"] < groups["passives"]
    # 91% is 2.6 standard errors below the nominal 95% of 200 draws.
    assert held / 200 >= 0.91
    assert raw / 200 > 0.95


def test_a_gap_says_how_strong_a_hidden_cause_would_have_to_be():
    """As Cinelli and Hazlett (2020) define it: put in, such a cause leaves nothing of the gap."""
    later = accounts(np.random.default_rng(2), effect=300.0)
    found = compare_groups(later, "nps")
    gap = found.gap("revenue", "detractors", "promoters")
    answer = later["answer: nps"]
    treated, passive = (answer >= 9).astype(float), ((answer >= 7) & (answer < 9)).astype(float)
    _, others = controls(later)
    known = np.column_stack([np.ones(len(later)), passive, others])

    def left(values):
        return values - known @ np.linalg.lstsq(known, values, rcond=None)[0]

    of_group = left(treated)
    of_result = left(later.revenue.to_numpy())
    of_result -= of_group * (of_group @ of_result) / (of_group @ of_group)
    # A cause of this strength in both: a part of the group, and of what the group leaves.
    cause = of_group / np.linalg.norm(of_group) * np.sqrt(gap.hidden)
    rest = of_result / np.linalg.norm(of_result)
    cause += rest * np.sqrt(gap.hidden * (1 - gap.hidden))
    spare = left(np.random.default_rng(3).normal(size=len(later)))
    for each in (of_group, of_result):
        spare -= each * (each @ spare) / (each @ each)
    cause += spare / np.linalg.norm(spare) * np.sqrt(1 - cause @ cause)
    table = np.column_stack([known, treated, cause])
    fit = np.linalg.lstsq(table, later.revenue.to_numpy(), rcond=None)[0]
    assert fit[-2] == pytest.approx(0, abs=abs(gap.difference.value) * 1e-6)
    assert 0.05 < gap.hidden < 0.9
    assert "A cause that is not in the data" in show.group_finding(found, 6).evidence


@pytest.mark.parametrize("which", ["tenure", "prior_contacts", "tier"])
def test_an_account_that_alone_decides_a_coefficient_is_left_out(which):
    """The only account without a known tenure, or in its tier, tells nothing of the others."""
    later = accounts(np.random.default_rng(5), 200, effect=500.0)
    later.loc[later.index[7], which] = "II" if which == "tier" else np.nan
    without = compare_groups(later.drop(later.index[7]), "nps")
    found = compare_groups(later, "nps")
    assert len(later) - 1 == sum(each.accounts for each in found.groups)
    assert all(each.difference.has_interval for each in found.gaps)
    for one, other in zip(found.gaps, without.gaps, strict=True):
        assert one.difference.low == pytest.approx(other.difference.low)
    worths = worth_of_points(later.assign(nps=later["answer: nps"]), ["nps"], {})
    assert worths[0].per_point.has_interval


def test_groups_that_do_not_differ_are_seldom_said_to():
    """Any of six results of the best against the worst; at most 9% of 200, nominally 5%."""
    called = 0
    for seed in range(200):
        found = compare_groups(accounts(np.random.default_rng(seed), pull=0.5), "nps")
        gaps = [each for each in found.gaps if each.upper == "promoters"]
        called += any(each.detected for each in gaps if each.lower == "detractors")
    assert called / 200 <= 0.09


@pytest.mark.parametrize(("small", "stay"), [(12, 0.95), (30, 0.95), (12, 0.85)])
def test_small_groups_that_keep_everybody_are_not_called_better(small, stay):
    """All accounts stay alike; 91% and 9% are 2.6 standard errors from nominal, at 200 draws."""
    held = called = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        later = accounts(rng, small + 250)
        later["retained"] = (rng.random(len(later)) < stay).astype(float)
        later["answer: nps"] = np.repeat([3.0, 8.0, 10.0], [small, 100, 150])
        gap = compare_groups(later, "nps").gap("retained", "detractors", "promoters")
        held += gap.difference.low <= 0 <= gap.difference.high
        called += gap.detected
    assert held / 200 >= 0.91
    assert called / 200 <= 0.09


def test_a_result_that_is_the_same_for_all_of_a_group_has_no_interval():
    later = accounts(np.random.default_rng(1)).assign(returned=0.0)
    later.iloc[0, list(later).index("returned")] = 50.0
    found = compare_groups(later, "nps")
    same = [each for each in found.groups if each.raw["returned"].value == 0]
    assert same
    assert not any(each.raw["returned"].has_interval for each in same)
    assert not any(each.adjusted["returned"].has_interval for each in same)
    assert not any(each.detected for each in found.gaps if each.result == "returned")
    assert "no interval" in str(show.group_table(found).frame)
    assert show.group_figure(found) is not None


def test_bond_shows_in_later_retention(data):
    """Accounts that stand well churn less and answer better, by construction."""
    asked_until = data.quarter.shift(-3).start
    later = later_business(data, asked_until, data.quarter.end)
    later["tier"] = tier_of(quarter_books(data, data.quarter.shift(-4)), data.config.tiers)
    found = compare_groups(later, "nps")
    gap = found.gap("retained", "detractors", "promoters")
    assert gap.difference.value > 0
    assert found.alike_by == ("prior_revenue", "prior_contacts", "tenure", "tier")


def test_later_business_is_what_the_tables_say(data):
    asked_until, until = data.quarter.previous.start, data.quarter.end
    later = later_business(data, asked_until, until)
    accounts, bookings = (data.rows(name).execute() for name in ("accounts", "revenue"))
    there = accounts[~(accounts.churn_date < asked_until) & ~(accounts.signup_date >= asked_until)]
    assert set(later.index) == set(there.account_id)
    window = bookings[(bookings.booked_at >= asked_until) & (bookings.booked_at < until)]
    name = later.index[later.returned > 0][0]
    mine = window[window.account_id == name].amount
    assert later.revenue[name] * 2 == pytest.approx(mine.sum())
    assert later.returned[name] * 2 == pytest.approx(-mine[mine < 0].sum())
    assert later.purchases[name] * 2 == pytest.approx((mine > 0).sum())
    year = pd.Timestamp(asked_until) - pd.DateOffset(years=1)
    contacts = data.rows("interactions", "account_id").execute()
    contacts = contacts[(contacts.started_at >= year) & (contacts.started_at < asked_until)]
    assert later.prior_contacts.sum() * 4 == contacts.account_id.isin(later.index).sum()
    gone = accounts.set_index("account_id").churn_date.reindex(later.index) < until
    assert (later.retained == 1 - gone).all()
    assert set(RESULTS) <= set(later.columns)


def test_what_is_not_known_of_an_account_is_put_at_the_mean():
    later = accounts(np.random.default_rng(3))
    later.loc[:50, "tenure"] = np.nan
    names, columns = controls(later)
    assert names == ("prior_revenue", "prior_contacts", "tenure", "tier")
    assert columns.shape[1] == 5
    assert columns.mean(axis=0) == pytest.approx(0, abs=1e-9)
    assert controls(pd.DataFrame(index=range(4)))[1].shape == (4, 0)


# Degenerate inputs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "later",
    [
        accounts(np.random.default_rng(1)).drop(columns="answer: nps"),
        accounts(np.random.default_rng(1)).iloc[:0],
        accounts(np.random.default_rng(1)).iloc[:12],
        accounts(np.random.default_rng(1)).assign(**{"answer: nps": 10.0}),
        accounts(np.random.default_rng(1)).assign(**dict.fromkeys(RESULTS, np.nan)),
    ],
    ids=["never asked", "no account", "few accounts", "all promoters", "no later results"],
)
def test_where_nothing_can_be_compared_that_is_said(later):
    found = compare_groups(later, "nps")
    assert "cannot be compared" in show.group_finding(found, 6).sentence
    assert show.group_figure(found) is None
    assert show.group_frame(found, "nps").columns[0] == "metric"


def test_results_that_a_dataset_lacks_are_left_out():
    later = accounts(np.random.default_rng(1)).assign(retained=np.nan, cost=np.nan)
    found = compare_groups(later, "nps")
    assert list(found.groups[0].raw) == ["revenue", "purchases", "returned", "contacts"]
    assert len(show.group_figure(found).axes) == 6


def test_a_question_without_bands_is_refused_unless_they_are_given():
    later = accounts(np.random.default_rng(1)).rename(columns={"answer: nps": "answer: stars"})
    with pytest.raises(ArgumentError, match="stars"):
        compare_groups(later, "stars")
    found = compare_groups(later, "stars", ((7, 9), ("low", "middle", "high")))
    assert [each.name for each in found.groups] == ["low", "middle", "high"]


def test_the_page_says_in_what_promoters_differ():
    later = accounts(np.random.default_rng(4), effect=900.0)
    finding = show.group_finding(compare_groups(later, "nps"), 6, "EUR")
    assert "Promoters differed from detractors in the 6 months after: revenue +" in finding.sentence
    assert "not proof of a cause" in finding.evidence
