import numpy as np
import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.errors import ArgumentError
from cxlib.kpi_drivers.drivers import find_drivers
from cxlib.kpi_drivers.outcomes import (
    COURSE,
    answers_with_contact,
    drivers_of_outcome,
    outcome_rows,
    outcomes,
)
from cxlib.kpi_drivers.page import driver_finding
from cxlib.measure import KPIS


def test_every_outcome_gives_rows(data):
    start, end = data.quarter.shift(-1).start, data.quarter.end
    for outcome in outcomes(data):
        rows = outcome_rows(data, outcome, start, end)
        assert [each for each in rows.columns if each != "account_id"][:2] == [
            "customer_id",
            "score",
        ]
        assert len(rows) > 100
        assert rows.score.notna().all()
        assert rows.shape[1] > 2


def test_the_rows_of_a_kpi_give_its_value(data):
    start, end = data.quarter.start, data.quarter.end
    rows = data.rows("interactions").execute()
    rows = rows[(rows.started_at >= start) & (rows.started_at < end)]
    found = outcome_rows(data, "first_contact_resolution", start, end)
    assert found.score.mean() == pytest.approx(rows.resolved.dropna().astype(float).mean())


def test_nothing_drives_what_was_there_before_it(data):
    start, end = data.quarter.start, data.quarter.end
    speed = outcome_rows(data, "average_speed_of_answer", start, end)
    assert set(speed) == {"customer_id", "account_id", "score", "channel", "reason", "touchpoint"}
    handling = outcome_rows(data, "average_handle_time", start, end)
    assert {"wait", "transfers"} <= set(handling)
    assert not {"handling", "not resolved"} & set(handling)
    made_of = {KPIS[name].needs[0].split(".")[1] for name in outcomes(data) if name in KPIS
               and KPIS[name].table == "interactions"}  # fmt: skip
    assert made_of <= set(COURSE)


def test_a_window_ends_where_it_is_said_to(data):
    quarter = data.quarter.previous
    inside = answers_with_contact(data, "csat", quarter.start, quarter.end)
    all_since = answers_with_contact(data, "csat", quarter.start)
    later = answers_with_contact(data, "csat", quarter.end)
    assert len(inside) + len(later) == len(all_since)


def test_an_unknown_outcome_is_refused(data):
    with pytest.raises(ArgumentError, match="outcome == 'joy', must be one of nps, csat"):
        outcome_rows(data, "joy", data.start, data.end)


def test_a_satisfaction_score_that_decides_churn_is_caught(data):
    """Accounts that left are asked why, and give the lowest score: no driver, but a consequence."""
    rows = outcome_rows(data, "retained", data.quarter.previous.start, data.quarter.end)
    rng = np.random.default_rng(1)
    rows["satisfaction"] = np.where(rows.score == 1, 4.0, 1.0) + rng.normal(0, 0.1, len(rows))
    found = find_drivers(rows, "retained", resamples=20)
    assert "all but determines" in found.dropped["satisfaction"]
    asked_for = find_drivers(rows, "retained", keep=["satisfaction"], resamples=20)
    assert asked_for.drivers[0].name == "satisfaction"
    assert isinstance(asked_for.drivers[0].share.value, float)
    assert pd.notna(asked_for.explained)


def a_snapshot(write, churned):
    """Three thousand customers on one day; those on monthly contracts leave, as `churned` has it."""
    rng = np.random.default_rng(2)
    days = pd.to_timedelta(rng.integers(30, 2_000, 3_000), "D")
    accounts = pd.DataFrame(
        {"account_id": [f"A{n}" for n in range(3_000)],
         "signup_date": pd.Timestamp("2026-09-30") - days,
         "contract": rng.choice(["monthly", "yearly"], 3_000), "lines": rng.integers(1, 6, 3_000)}
    )  # fmt: skip
    gone = rng.random(3_000) < np.where(accounts.contract == "monthly", churned, 0.1)
    accounts["churn_date"] = np.where(gone, "2026-09-30", "")
    people = pd.DataFrame({"customer_id": accounts.account_id, "account_id": accounts.account_id,
                           "support": rng.choice(["yes", "no"], 3_000)})  # fmt: skip
    contacts = "interaction_id,customer_id,started_at,channel\n1,A1,2026-09-30 09:00:00,phone\n"
    folder = write(
        accounts__csv=accounts.to_csv(index=False),
        customers__csv=people.to_csv(index=False), interactions__csv=contacts,
        surveys__csv=None, revenue__csv=None,
    )  # fmt: skip
    return open_dataset(folder)


def test_the_churn_of_a_snapshot_goes_with_what_customers_are(write):
    data = a_snapshot(write, churned=0.3)
    assert data.left_at_once
    found = drivers_of_outcome(data, "churn", data.start)
    assert {each.name for each in found.drivers} == {"tenure", "contract", "lines", "support"}
    assert [each.name for each in found.drivers if each.detected] == ["contract"]
    said = driver_finding(found)
    assert said.sentence.startswith("Strongest driver of churn: contract (")
    assert "3,000 accounts" in said.evidence
    nothing = driver_finding(drivers_of_outcome(a_snapshot(write, 0.1), "churn", data.start))
    assert nothing.sentence == "No fact of the account was shown to drive churn."


def test_churn_without_dates_is_said_to_be_unknown(write):
    data = open_dataset(write())
    assert "churn" not in outcomes(data)
    said = driver_finding(drivers_of_outcome(data, "churn", data.start)).sentence
    assert said == "No drivers of churn can be found: churn dates are not known."
    with pytest.raises(ArgumentError, match="outcome == 'joy'"):
        drivers_of_outcome(data, "joy", data.start)


def test_churn_over_a_window_is_who_did_not_stay(data):
    start, end = data.quarter.shift(-3).start, data.quarter.end
    churn, retained = (outcome_rows(data, name, start, end) for name in ("churn", "retained"))
    assert (churn.score + retained.score == 1).all()
    assert {"tenure", "industry"} <= set(churn)
