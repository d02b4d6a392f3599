import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import integrate, stats

from cxlib.errors import ArgumentError
from cxlib.measure.estimate import Estimate
from cxlib.pdca_cycles.log import reach, read_cycles
from cxlib.score_worth import page as show
from cxlib.score_worth import projects_page
from cxlib.score_worth.groups import compare_groups
from cxlib.score_worth.points import savings_of_points, worth_of_points
from cxlib.score_worth.projects import project_return

NPS = ("nps",)


def accounts(rng, below=0.0, above=0.0, pull=0.0, count=500) -> pd.DataFrame:
    """Later revenue with one slope below an NPS of 0 and another above it."""
    size = rng.lognormal(8, 0.6, count)
    nps = np.clip(60 * rng.normal(size=count) - pull * (np.log(size) - 8), -100, 100)
    gain = below * np.minimum(nps, 0) + above * np.maximum(nps, 0)
    spread = 200 + size / 20
    contacts = rng.gamma(4, 1, count)
    handling = rng.normal(400, 60, count)
    return pd.DataFrame(
        {
            "revenue": size + gain + spread * rng.normal(size=count), "prior_revenue": size,
            "prior_contacts": rng.gamma(4, 1, count), "tenure": rng.uniform(0, 9, count),
            "nps": nps, "contacts": contacts, "average_handle_time": handling,
            "cost_per_contact": 1 + 0.01 * handling + rng.normal(0, 0.3, count),
        }
    )  # fmt: skip


def test_the_slope_is_that_of_the_stated_regression():
    later = accounts(np.random.default_rng(1), 2.0, 2.0)
    (found,) = worth_of_points(later, NPS)
    known = later.assign(
        tenure=np.log1p(later.tenure), prior_contacts=np.log1p(later.prior_contacts)
    )
    fit = smf.ols("revenue ~ nps + prior_revenue + prior_contacts + tenure", known).fit(
        cov_type="HC3", use_t=True
    )
    assert found.per_point.value == pytest.approx(fit.params["nps"])
    assert (found.per_point.low, found.per_point.high) == pytest.approx(
        tuple(fit.conf_int().loc["nps"])
    )
    low, high = known.nps.clip(upper=0), known.nps.clip(lower=0)
    bent = smf.ols(
        "revenue ~ low + high + prior_revenue + prior_contacts + tenure",
        known.assign(low=low, high=high),
    ).fit(cov_type="HC3", use_t=True)
    assert found.bend.value == pytest.approx(bent.params["high"] - bent.params["low"])
    assert found.bend_q == pytest.approx(float(bent.t_test("high = low").pvalue), rel=0.02)


@pytest.mark.parametrize(("below", "above"), [(0, 0), (2, 2), (5, 0), (0, 5)])
def test_planted_slopes_and_bends_are_held_by_their_intervals(below, above):
    """91% is 2.6 standard errors below the nominal 95% of 200 draws."""
    held = {"below": 0, "above": 0, "bend": 0}
    called = bent = 0
    for seed in range(200):
        (found,) = worth_of_points(accounts(np.random.default_rng(seed), below, above, 20.0), NPS)
        for name, truth in (("below", below), ("above", above), ("bend", above - below)):
            each = getattr(found, name)
            held[name] += each.low <= truth <= each.high
        called += found.detected
        bent += found.bends
    assert min(held.values()) / 200 >= 0.91, held
    if below == above:
        assert bent / 200 <= 0.09
    else:
        assert bent / 200 > 0.8
    if not below and not above:
        assert called / 200 <= 0.09


def test_few_accounts_on_one_side_show_no_bend():
    later = accounts(np.random.default_rng(1))
    later["nps"] = later.nps.abs() + 1
    (found,) = worth_of_points(later, NPS)
    assert found.bend is None
    assert not found.bends
    assert show.bend_finding((found,)) is None


@pytest.mark.parametrize(
    "later",
    [
        accounts(np.random.default_rng(1)).iloc[:20],
        accounts(np.random.default_rng(1)).assign(nps=5.0),
        accounts(np.random.default_rng(1)).drop(columns="nps"),
        accounts(np.random.default_rng(1)).assign(revenue=np.nan),
        accounts(np.random.default_rng(1)).iloc[:0],
    ],
    ids=["few accounts", "all alike", "not asked", "no bookings", "no account"],
)
def test_where_no_worth_can_be_told_that_is_said(later):
    found = worth_of_points(later, NPS)
    assert found == ()
    assert "is not known" in show.worth_finding(found, 100).sentence
    assert show.worth_figure(found) is show.worth_table(found, 100) is None
    assert show.worth_frame(found).empty


# Projects -----------------------------------------------------------------------------------------


def normal(value: float, error: float, unit: str = "score") -> Estimate:
    reach = stats.norm.ppf(0.975) * error
    return Estimate(value, value - reach, value + reach, 100, unit)


@pytest.mark.parametrize(
    ("change", "worth"), [((0.2, 0.05), (300, 80)), ((0.1, 0.1), (50, 100)), ((0.0, 0.1), (90, 5))]
)
def test_the_probability_is_that_of_the_product_of_two_normals(change, worth):
    """Against numerical integration; 200,000 draws have a standard error of 0.0011 at most."""
    found = project_return(20_000, normal(*change), normal(*worth, "money"), 100, 4)
    bar = 20_000 / 400

    def above(x):
        # P(change · worth > bar | worth = x), whose side depends on the sign of x.
        z = (bar / x - change[0]) / change[1]
        return stats.norm.pdf(x, *worth) * (stats.norm.sf(z) if x > 0 else stats.norm.cdf(z))

    ends = worth[0] - 9 * worth[1], worth[0] + 9 * worth[1]
    parts = [(max(ends[0], 1e-9), ends[1]), (ends[0], min(-1e-9, ends[1]))]
    exact = sum(integrate.quad(above, *part, limit=400)[0] for part in parts if part[0] < part[1])
    assert found.pays == pytest.approx(exact, abs=0.004)


def test_the_return_is_the_arithmetic_of_its_parts():
    found = project_return(12_000, normal(0.2, 1e-9), normal(300, 1e-9, "money"), 100, 4)
    assert found.per_quarter.value == pytest.approx(6_000)
    assert found.net.value == pytest.approx(12_000)
    assert found.payback == pytest.approx(2.0)
    # 0.2 more for 100 accounts in 4 quarters: 150 for each unit make up for 12,000.
    assert found.break_even == pytest.approx(150)
    assert (found.pays, found.soonest, found.latest) == (1.0, *[pytest.approx(2.0, abs=1e-3)] * 2)


def test_a_project_that_brings_nothing_never_pays():
    found = project_return(1_000, normal(-0.2, 0.01), normal(300, 10, "money"), 100, 4)
    assert found.pays == 0.0
    assert math.isinf(found.payback)
    assert math.isinf(found.soonest)
    assert projects_page.payback(found) == "The cost never comes back"


def test_a_project_without_cost_is_paid_at_once():
    found = project_return(0, normal(0.2, 0.01), normal(300, 10, "money"), 100, 4)
    assert (found.payback, found.soonest, found.latest) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"cost": -1}, "cost == -1"), ({"accounts": 0}, "accounts == 0"),
     ({"quarters": float("nan")}, "quarters == nan"),
     ({"change": Estimate(1, float("nan"), float("nan"), 1)}, "change: its interval")],
)  # fmt: skip
def test_what_makes_no_project_is_refused(wrong, words):
    good = {"cost": 1, "change": normal(1, 1), "worth": normal(1, 1), "accounts": 1, "quarters": 1}
    with pytest.raises(ArgumentError, match=words):
        project_return(**(good | wrong))


def test_savings_are_the_cost_of_contacts():
    later = accounts(np.random.default_rng(2))
    found = savings_of_points(later)
    contacts = later.contacts.mean()
    assert found["cost_per_contact"].value == pytest.approx(-contacts)
    # A second of handling was planted to cost 0.01.
    planted = -0.01 * contacts
    assert found["average_handle_time"].low < planted < found["average_handle_time"].high
    assert savings_of_points(later.drop(columns="cost_per_contact")) == {}
    assert savings_of_points(later.iloc[:0]) == {}
    assert set(savings_of_points(later.drop(columns="average_handle_time"))) == {"cost_per_contact"}


# On the page --------------------------------------------------------------------------------------


def test_a_typed_project_must_make_sense():
    worths = worth_of_points(accounts(np.random.default_rng(1), 4.0, 4.0), NPS)
    points = projects_page.points_of(worths, {})
    assert projects_page.typed_project("nps", 0.0, (0, 0), points, 100, 4) is None
    with pytest.raises(ArgumentError, match="project_kpi == 'nsp', must be a KPI"):
        projects_page.typed_project("nsp", 0.0, (0, 0), points, 100, 4)
    with pytest.raises(ArgumentError, match="'csat': its worth cannot be told; that of nps can"):
        projects_page.typed_project("csat", 5.0, (1, 2), points, 100, 4)
    with pytest.raises(ArgumentError, match="say by how much"):
        projects_page.typed_project("nps", 5.0, (0, 0), points, 100, 4)
    with pytest.raises(ArgumentError, match="project_high == 3, must be"):
        projects_page.typed_project("nps", 5.0, (9, 3), points, 100, 4)
    project = projects_page.typed_project("nps", 5_000.0, (3, 7), points, 400, 4)
    sentence = projects_page.project_finding(project, "EUR").sentence
    assert sentence.startswith("The project, at 5,000 EUR, pays within 4 quarters with a probab")
    assert "The cost is back after " in sentence


def test_of_a_project_whose_kpi_has_no_clear_link_no_return_is_told():
    worths = worth_of_points(accounts(np.random.default_rng(2)), NPS)
    assert not worths[0].detected
    points = projects_page.points_of(worths, {})
    project = projects_page.typed_project("nps", 5_000.0, (3, 7), points, 400, 4)
    finding = projects_page.project_finding(project, "EUR")
    assert finding.sentence.startswith("Whether the project, at 5,000 EUR, pays is not known")
    assert "It pays if 1 point is worth +0.62 EUR per account and quarter" in finding.sentence
    table = projects_page.project_table([project]).frame
    assert table.Pays[0] == "not known"
    assert "is known yet" in projects_page.projects_finding((project,)).sentence
    assert "none is logged" in projects_page.projects_finding(()).sentence


def test_a_cycle_reaches_the_contacts_of_its_scope(data):
    rows = data.rows("interactions").execute()
    year = rows[rows.started_at >= pd.Timestamp(data.end) - pd.DateOffset(years=1)]
    expected = (year.channel == "phone").mean()
    assert reach(data, "channel = 'phone'") == pytest.approx(expected)
    assert reach(data, None) == reach(data, "") == 1.0
    assert math.isnan(reach(data, "chanel = 'phone'"))
    assert len(read_cycles(data)) == 8


def test_cycles_with_a_comparison_group_are_named_as_what_could_show_a_cause():
    class Cycle:
        cycle_id, kpi = "P1", None

    told = show.evidence_finding([Cycle], {"P1": "region = 'EMEA'"}).sentence
    assert told.startswith("1 improvement cycle has a control group")
    for none in ("", " ", None, float("nan")):
        assert "nothing here shows a cause" in show.evidence_finding([Cycle], {"P1": none}).sentence


def test_every_sentence_of_worth_says_that_it_is_an_association():
    rng = np.random.default_rng(5)
    later = accounts(rng, 0.0, 8.0).assign(customers=3.0, retained=1.0)
    later["answer: nps"] = np.clip(5 + later.nps / 20, 0, 10)
    worths = worth_of_points(later, NPS)
    step = show.step_finding(compare_groups(later, "nps"), 500, 3.0, "EUR")
    for finding in (step, show.worth_finding(worths, 500, "EUR"), show.bend_finding(worths, "EUR")):
        assert "association" in finding.evidence.lower()
    assert "lifting the middle" in show.bend_finding(worths, "EUR").sentence
    assert "for each of its customers" in step.evidence
