"""Scores that give away who left."""

import numpy as np
import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.data_readiness.irregular import scores_that_part
from cxlib.measure.leaks import parts
from cxlib.score_worth.groups import compare_groups
from cxlib.score_worth.groups_page import leak_finding
from cxlib.score_worth.results import later_business, leaking


def company(folder, told: bool, rng):
    """Accounts of which some left; their earlier score was entered knowing so, or not."""
    ids = [f"a{i}" for i in range(200)]
    left = rng.random(200) < 0.2
    score = np.where(left, 1, rng.integers(3, 6, 200)) if told else rng.integers(1, 6, 200)
    tables = {
        "accounts": pd.DataFrame(
            {"account_id": ids, "signup_date": "2018-01-01",
             "churn_date": np.where(left, rng.choice(["2021-04-20", "2021-05-07"], 200), "")}
        ),
        "customers": pd.DataFrame({"customer_id": ids, "account_id": ids}),
        "surveys": pd.DataFrame(
            {"response_id": ids, "customer_id": ids, "metric": "csat", "score": score,
             "sent_at": rng.choice(pd.date_range("2020-07-01", "2021-03-30"), 200)}
        ),
        "revenue": pd.concat(
            pd.DataFrame({"account_id": ids, "booked_at": day, "amount": 10.0})
            for day in pd.date_range("2020-01-15", "2021-06-30", freq="MS")
        ),
    }  # fmt: skip
    (folder / "dataset.toml").write_text('name = "Company"\n')
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return open_dataset(folder, "2021Q2", raw_ids=True)


def test_a_score_that_decides_who_stays_is_warned_of_and_not_used(tmp_path):
    data = company(tmp_path, told=True, rng=np.random.default_rng(1))
    later = later_business(data, data.quarter.start, data.quarter.end)
    leaks = leaking(later)
    assert "answer: csat" in leaks
    assert "without a single exception" in leak_finding(leaks).sentence
    assert compare_groups(later.drop(columns=leaks), "csat").groups == ()
    (found,) = scores_that_part(data)
    assert "answers to csat part the" in found.what


def test_a_score_that_does_not_decide_it_is_used(tmp_path):
    data = company(tmp_path, told=False, rng=np.random.default_rng(2))
    later = later_business(data, data.quarter.start, data.quarter.end)
    assert leaking(later) == []
    assert leak_finding([]) is None
    assert scores_that_part(data) == []
    assert len(compare_groups(later, "csat").groups) == 3


@pytest.mark.parametrize(
    ("values", "left", "parted"),
    [
        ([1] * 5 + [5] * 40, 5, True),
        ([5] * 5 + [1] * 40, 5, True),
        # One exception is enough, and one leaver of many could well be the lowest.
        ([1] * 4 + [5] * 41, 5, False),
        ([1] + [5] * 40, 1, False),
        ([1] * 5 + [np.nan] * 40, 5, False),
    ],
)
def test_what_parts(values, left, parted):
    who = pd.Series([True] * left + [False] * (len(values) - left))
    assert parts(pd.Series(values, dtype=float), who) is parted
