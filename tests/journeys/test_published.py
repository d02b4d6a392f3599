"""Values that others have published, and worlds in which the answer is known."""

import numpy as np
import pandas as pd
import pytest

from cxlib.journeys.chains import expected_cost, removal_effects
from cxlib.journeys.durations import cumulative_incidence, mean_cumulative
from cxlib.journeys.mix import split_difference, standardised
from cxlib.journeys.next_issue import expected_ratios, next_issues
from tests.conftest import SHARED, draws

SMALL = SHARED / "data" / "small"


def test_removal_effects_of_four_paths():
    """By hand: P = 4/5 × (1/2 + 1/4) + 1/5 = .8; without G .2, without M .4."""
    found = removal_effects([("G", True, 2), ("M", True, 1), ("GM", True, 1), ("G", False, 1)])
    assert found.reached == pytest.approx(0.8)
    assert found.effects == pytest.approx({"G": 0.75, "M": 0.5})


def test_paths_that_loop_or_never_arrive():
    assert removal_effects([("ABA", False, 3)]).reached == 0
    # Without B, the two of A's three ways on that lead to it are lost.
    assert removal_effects([("ABABA", True, 5)]).effects == pytest.approx({"A": 1, "B": 2 / 3})


def test_an_escalation_costs_what_the_ladder_says():
    ladder = np.diag([0.10, 0.05, 0.20], 1)
    assert expected_cost(ladder, [1, 1, 16, 27])[0] == pytest.approx(1.207)
    assert expected_cost(ladder, [1, 1, 6, 12])[0] == pytest.approx(1.142)


@pytest.mark.shared
def test_berkeley_admissions():
    """Bickel, Hammel and O'Connell (1975): men 44.5%, women 30.4%; in the same mix 38.7, 43.0."""
    table = pd.read_csv(SMALL / "UCBAdmissions.csv")
    rows = table.loc[table.index.repeat(table.Freq)].reset_index(drop=True)
    rows = rows.assign(score=(rows.Admit == "Admitted") * 1.0, unit=rows.index)
    raw = rows.groupby("Gender").score.mean()
    assert (raw.Male, raw.Female) == pytest.approx((0.445, 0.304), abs=5e-4)
    same = standardised(rows, "Gender", ["Dept"])
    assert same["Male"].value == pytest.approx(0.387, abs=5e-4)
    assert same["Female"].value == pytest.approx(0.430, abs=5e-4)
    sides = {
        name: mine.groupby("Dept").score.agg(n="size", mean="mean")
        for name, mine in rows.groupby("Gender")
    }
    split = split_difference(sides["Male"], sides["Female"])
    assert (split.mix, split.within) == pytest.approx((0.178, -0.036), abs=5e-4)
    assert split.mix + split.within == pytest.approx(raw.Male - raw.Female)


@pytest.mark.shared
def test_progression_beside_death():
    """R's survival, mgus2: 240 months on .0998 have progressed; one less Kaplan–Meier says .2096."""
    rows = pd.read_csv(SMALL / "mgus2.csv")
    time = rows.ptime.where(rows.pstat == 1, rows.futime)
    end = rows.pstat.where(rows.pstat == 1, 2 * rows.death)
    found = cumulative_incidence(time, end)
    assert found[1].loc[:240].iloc[-1] == pytest.approx(0.0998, abs=5e-5)
    naive = cumulative_incidence(time, end.where(end == 1, 0))
    assert naive[1].loc[:240].iloc[-1] == pytest.approx(0.2096, abs=5e-5)
    assert (found.sum(axis=1) <= 1 + 1e-12).all()


@pytest.mark.shared
def test_valve_seats():
    """Meeker and Escobar (1998): 41 engines, 48 replacements; at 400, 500 and 600 days."""
    rows = pd.read_csv(SMALL / "valveSeat.csv")
    events = rows[rows.status == 1].rename(columns={"id": "member", "time": "age"})
    found = mean_cumulative(events, rows.groupby("id").time.max())
    assert (rows.id.nunique(), len(events)) == (41, 48)
    at = [found.loc[:day].iloc[-1] for day in (400, 500, 600)]
    assert at == pytest.approx([0.6585, 0.8085, 1.0143], abs=5e-5)


COMMON = (0.35, 0.35, 0.35, 0.1, 0.35, 1.0)


def contacts(rng, customers=4_000, effect=0.0, trend=0.0) -> pd.DataFrame:
    """A year of contacts about six issues, of customers who call unequally often (gamma frailty).

    `effect`: the share of `a` that brings a `b` within 20 days. `trend`: by how much `c` grows.
    """
    eager = rng.gamma(0.5, 2.0, customers)
    rows = []
    for issue in "abcdef":
        # Some issues come ten times as often as others.
        number = rng.poisson(dict(zip("abcdef", COMMON, strict=True))[issue] * eager)
        whose = np.repeat(np.arange(customers), number)
        day = rng.uniform(0, 365, len(whose))
        if issue == "c" and trend:
            day = 365 * rng.random(len(whose)) ** (1 / (1 + trend))
        rows.append(pd.DataFrame({"customer": whose, "issue": issue, "day": day}))
        if issue == "a" and effect:
            brings = rng.random(len(whose)) < effect
            rows.append(
                pd.DataFrame(
                    {
                        "customer": whose[brings],
                        "issue": "b",
                        "day": day[brings] + rng.uniform(0.5, 20, brings.sum()),
                    }
                )
            )
    return pd.concat(rows, ignore_index=True)


def pairs_of(rows: pd.DataFrame, window: int = 30) -> pd.DataFrame:
    """Both orders of each pair, a customer counted by which comes first more often."""
    daily = pd.crosstab(rows.day.astype(int), rows.issue).reindex(range(386), fill_value=0)
    expected = expected_ratios(daily, window)
    both = rows.merge(rows, on="customer", suffixes=("", "_then"))
    gap = both.day_then - both.day
    both = both[(both.issue != both.issue_then) & (gap.abs() <= window)]
    order = np.sign(both.day_then - both.day).groupby(
        [both.customer, both.issue, both.issue_then]).sum()  # fmt: skip
    sides = order.groupby(level=[1, 2]).agg(followed=lambda each: (each > 0).sum(),
                                            preceded=lambda each: (each < 0).sum())  # fmt: skip
    found = sides.rename_axis(["first", "then"]).reset_index()
    pairs = zip(found["first"], found.then, strict=True)
    return found.assign(expected=[expected.loc[one, other] for one, other in pairs])


def lift_of(rows: pd.DataFrame) -> float:
    """How much likelier `b` is of customers with `a`, as tools for association rules tell it."""
    has = rows.groupby(["customer", "issue"]).size().unstack(fill_value=0) > 0
    return float(has.b[has.a].mean() / (has.b.sum() / 4_000))


def test_customers_who_call_often_make_no_next_issue():
    """At most 5% of reports; lift would call the pair in every one of them."""
    count, called, lifts = draws(200, 60), 0, []
    for seed in range(count):
        rows = contacts(np.random.default_rng(seed))
        called += any(each.detected for each in next_issues(pairs_of(rows)))
        lifts.append(lift_of(rows))
    assert called / count <= (0.05 if count >= 200 else 0.05 + 2 * np.sqrt(0.05 * 0.95 / count))
    assert np.mean(np.array(lifts) > 1.5) == 1


def test_a_trend_of_one_issue_makes_no_next_issue():
    count = draws(200, 60)
    called = sum(
        any(each.detected for each in
            next_issues(pairs_of(contacts(np.random.default_rng(seed), trend=1.0))))
        for seed in range(count)
    )  # fmt: skip
    assert called / count <= (0.05 if count >= 200 else 0.05 + 2 * np.sqrt(0.05 * 0.95 / count))


def test_an_issue_that_follows_in_one_case_of_ten_is_found():
    """In at least 80% of draws, and its interval holds how many customers it brought."""
    count, found = draws(200, 60), 0
    for seed in range(count):
        rows = contacts(np.random.default_rng(seed), effect=0.10)
        best = next_issues(pairs_of(rows))[0]
        found += best.detected and (best.first, best.then) == ("a", "b")
    assert found / count >= 0.8


def test_no_pairs_no_next_issue():
    nothing = pd.DataFrame(columns=["first", "then", "followed", "preceded", "expected"])
    assert next_issues(nothing) == ()
    few = pd.DataFrame([{"first": "a", "then": "b", "followed": 9, "preceded": 0, "expected": 1.0}])
    assert next_issues(few) == ()
    one_way = few.assign(followed=40)
    assert next_issues(one_way)[0].ratio.value == np.inf
