import numpy as np
import pandas as pd
import pytest

from cxlib.errors import ArgumentError
from cxlib.kpi_drivers.drivers import find_drivers
from cxlib.kpi_drivers.outcomes import COURSE, answers_with_contact, outcome_rows, outcomes
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
