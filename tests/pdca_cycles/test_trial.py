"""Trials: two arms in one period, with nothing before; made-up customers, one arm planted better."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxlib.data import open_dataset
from cxlib.pdca_cycles import page as show
from cxlib.pdca_cycles.charts import control_chart
from cxlib.pdca_cycles.log import read_cycles
from cxlib.pdca_cycles.review import review_cycles
from cxlib.pdca_cycles.trial import TRIAL
from tests.conftest import LONG, write_dataset

OWN = """name = "Trial"

[kpis.bought]
label = "Purchases"
value = "bought = true"
better = "higher"
"""


def tried(folder, seed=0, better=0.0, unlike=0.0, count=4_000):
    """A contact of each customer in one month; arm B buys more often by `better`."""
    rng = np.random.default_rng(seed)
    names = [f"c{n}" for n in range(count)]
    arm = rng.choice(["A", "B"], count)
    people = pd.DataFrame(
        {"customer_id": names, "account_id": names, "recency": rng.normal(6, 2, count).round(1),
         "segment": rng.choice(["web", "phone", "both"], count)}
    )  # fmt: skip
    people["recency"] += unlike * (arm == "B")
    days = pd.Timestamp("2026-03-01") + pd.to_timedelta(rng.integers(0, 14, count), "D")
    contacts = pd.DataFrame(
        {"interaction_id": names, "customer_id": names, "started_at": days, "channel": "email",
         "bought": rng.random(count) < 0.10 + better * (arm == "B")}
    )  # fmt: skip
    cycles = pd.DataFrame(
        {"cycle_id": ["T1"], "title": ["New offer"], "kpi": ["bought"], "do_date": ["2026-03-01"],
         "scope": ["arm = 'B'"], "control_scope": ["arm = 'A'"]}
    )  # fmt: skip
    write_dataset(
        folder, dataset__toml=OWN, surveys__csv=None, revenue__csv=None,
        accounts__csv=pd.DataFrame({"account_id": names, "arm": arm}).to_csv(index=False),
        customers__csv=people.to_csv(index=False), cycles__csv=cycles.to_csv(index=False),
        interactions__csv=contacts.to_csv(index=False),
    )  # fmt: skip
    (found,) = review_cycles(read_cycles(open_dataset(folder)))
    return found, contacts.bought.groupby(arm).mean()


def test_the_better_arm_is_found_with_its_interval(tmp_path):
    found, shares = tried(tmp_path / "t", seed=1, better=0.06)
    assert (found.found.method, found.verdict, found.problem) == (TRIAL, "improved", "")
    assert found.effect.value == pytest.approx(shares.B - shares.A)
    assert not found.effect.excludes(0.06)
    assert (found.after.value, found.before.value) == pytest.approx((shares.B, shares.A))
    said = show.cycle_finding(found)
    assert said.sentence.endswith("higher than in its control (better).")
    assert "against" in said.evidence
    assert "alike in 2 of 2 facts" in said.evidence
    assert "two arms of a trial with 95% intervals: control " in control_chart(found).alt


def test_arms_that_differed_before_tell_no_effect(tmp_path):
    found, _ = tried(tmp_path / "t", better=0.06, unlike=0.5)
    assert found.verdict == "no detectable change"
    assert (
        "cannot be told, as the two arms differed before, in recency"
        in show.cycle_finding(found).sentence
    )


def test_arms_that_are_alike_are_seldom_said_to_differ(tmp_path):
    """Neither in the KPI nor before: each in at most 5% of draws."""
    draws, called, before, held = 100 if LONG else 20, 0, 0, 0
    for seed in range(draws):
        found, _ = tried(tmp_path / str(seed), seed, count=1_500)
        called += found.verdict in ("improved", "worsened")
        before += bool(found.found.unlike)
        held += not found.effect.excludes(0)
    assert max(called, before) <= stats.binom.ppf(0.99, draws, 0.05)
    assert held >= stats.binom.ppf(0.01, draws, 0.93)


def test_a_scope_with_months_before_is_no_trial(data):
    assert not any(each.trial for each in read_cycles(data))
