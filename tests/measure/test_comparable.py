"""When two periods can be compared, and what is said where they cannot."""

import numpy as np
import pandas as pd
import pytest

from cxlib.account_tiers.accounts import quarter_books, year_unspanned
from cxlib.account_tiers.assignment import standings
from cxlib.account_tiers.rules_page import threshold_table
from cxlib.account_tiers.service import revenue_quarters
from cxlib.batch.report import _refuse_few
from cxlib.data import open_dataset
from cxlib.kpi_drivers.outcomes import answers_with_contact
from cxlib.measure import contrasts, measure
from cxlib.measure.comparison import not_compared
from cxlib.score_changes import invitations
from cxlib.score_worth.groups import bands_of


@pytest.fixture
def dataset(tmp_path):
    """A dataset from its tables."""

    def make(quarter, toml="", where="", raw_ids=True, **tables):
        (tmp_path / "dataset.toml").write_text(f'name = "Small"\n{toml}')
        for name, frame in tables.items():
            frame.to_csv(tmp_path / f"{name}.csv", index=False)
        return open_dataset(tmp_path, quarter, where, raw_ids=raw_ids)

    return make


def snapshot():
    """A row per customer, exported once: who had left before is not in it."""
    rng = np.random.default_rng(1)
    ids = [f"c{i}" for i in range(300)]
    tenure = rng.integers(1, 50, 300)
    joined = [pd.Timestamp("2019-10-01") - pd.DateOffset(months=int(each)) for each in tenure]
    left = np.where(rng.random(300) < 0.25, "2019-09-15", "")
    fee = rng.choice([20, 80, 200], 300)
    booked = [
        (name, month, each)
        for name, start, each in zip(ids, joined, fee, strict=True)
        for month in pd.date_range(start, "2019-09-01", freq="MS")
    ]
    return {
        "accounts": pd.DataFrame({"account_id": ids, "signup_date": joined, "churn_date": left}),
        "customers": pd.DataFrame({"customer_id": ids, "account_id": ids}),
        "revenue": pd.DataFrame(booked, columns=["account_id", "booked_at", "amount"]),
        "surveys": pd.DataFrame(
            {"response_id": ids, "customer_id": ids, "sent_at": "2019-07-15",
             "responded_at": "2019-07-15", "metric": "csat", "score": rng.integers(1, 6, 300)}
        ),
    }  # fmt: skip


def test_a_snapshot_is_compared_with_nothing(dataset):
    data = dataset("2019Q3", **snapshot())
    assert contrasts(data, data.quarter, data.quarter.previous) == ()
    whys = set(not_compared(data, data.quarter, data.quarter.previous).values())
    assert len(whys) == 1
    assert "did so on 15 September 2019" in whys.pop()
    # The tiers of earlier quarters would lack who has left since.
    assert len(quarter_books(data, data.quarter)) == 1
    assert len(answers_with_contact(data, "csat", data.start)) == 300


def test_constant_fees_are_known_revenue_and_no_growth(dataset):
    """Of three fees the dearest is Tier I, however many pay it; nobody grows who pays the same."""
    data = dataset("2019Q3", 'currency = "EUR"\n', **snapshot())
    standing = standings(quarter_books(data, data.quarter), data.config.tiers)[-1]
    accounts = standing.tiers.accounts
    top = accounts.revenue_12m == 12 * 200
    assert 0.2 < top.mean() < 0.5
    assert (accounts.tier == "I").equals(top)
    assert (accounts.growth_potential == 0).all()
    assert standing.inputs.growth.persistence is None
    assert standing.inputs.growth.alike
    told = threshold_table(standing.tiers, data.config.tiers, "EUR")
    assert list(told.frame["At least"]) == [
        "2,400 EUR", "5", "no account has any", "not known for any account"
    ]  # fmt: skip
    # Of a snapshot nobody can tell how long accounts stay, nor what those who left would have paid.
    assert "one day" in standing.inputs.lifetime.why
    assert "net_revenue_retention" in measure(data, by=[]).left_out


def test_one_fee_for_all_puts_nobody_at_the_top(dataset):
    tables = snapshot()
    tables["revenue"]["amount"] = 20
    data = dataset("2019Q3", **tables)
    tiers = standings(quarter_books(data, data.quarter), data.config.tiers)[-1].tiers
    assert (tiers.accounts.tier == "III").all()
    told = threshold_table(tiers, data.config.tiers)
    assert (
        told.frame["At least"][0]
        == "no account: most have the same, too little, or are set by hand"
    )


def test_a_rating_of_the_datasets_own_is_split_and_weighed(dataset):
    rng = np.random.default_rng(3)
    days = pd.date_range("2020-07-01", "2021-06-30")
    answers = pd.DataFrame(
        {"response_id": range(2_000), "customer_id": rng.integers(0, 400, 2_000),
         "sent_at": rng.choice(days, 2_000), "metric": "wifi",
         "score": np.where(rng.random(2_000) < 0.5, rng.integers(1, 11, 2_000), np.nan)}
    )  # fmt: skip
    people = pd.DataFrame({"customer_id": range(400), "account_id": range(400)})
    people["region"] = rng.choice(["North", "South"], 400)
    accounts = pd.DataFrame({"account_id": range(400)})
    data = dataset(
        "2021Q2", "[scales]\nwifi = [1, 10]\n", surveys=answers, customers=people, accounts=accounts
    )
    assert invitations.scored_by(data) == "wifi"
    assert invitations.ends_of(data.config)["wifi"] == (1, 10)
    now, before = data.quarter, data.quarter.previous
    counts = invitations.asked_and_answered(data, "region", now, before, "wifi")
    quarter = counts[counts.period == invitations.NOW]
    inside = (answers.sent_at >= now.start) & answers.score.notna()
    assert quarter.points.sum() == answers.score[inside].sum()
    assert bands_of(data.config, "wifi")[0] == (2.5, 8.5)


def test_answers_that_end_early_are_compared_by_no_page(dataset):
    tables = snapshot()
    tables["accounts"]["churn_date"] = ""
    tables["surveys"]["sent_at"] = "2019-08-31"
    data = dataset("2019Q3", **tables)
    before = data.quarter.previous
    assert invitations.untold(data, "region", data.quarter, before) == (
        "the table surveys begins on 31 August 2019"
    )
    compared = {each.kpi.name for each in contrasts(data, data.quarter, before)}
    assert "revenue" in compared
    assert "csat" not in compared
    assert not_compared(data, data.quarter, before)["csat"].startswith("the table surveys")


def test_a_quarter_whose_last_month_has_no_answers_is_compared_by_no_page(dataset):
    tables = snapshot()
    tables["accounts"]["churn_date"] = ""
    days = pd.date_range("2019-01-01", "2019-08-15")
    tables["surveys"]["sent_at"] = np.random.default_rng(2).choice(days, 300)
    tables["surveys"]["responded_at"] = tables["surveys"].sent_at
    data = dataset("2019Q3", **tables)
    why = invitations.untold(data, "region", data.quarter, data.quarter.previous)
    assert why.startswith("the table surveys ends on")
    assert not_compared(data, data.quarter, data.quarter.previous)["csat"] == why


def test_a_filter_of_contacts_of_nobody_known_tells_of_no_person(dataset):
    calls = pd.DataFrame(
        {"interaction_id": range(40), "customer_id": [f"nobody {i}" for i in range(40)],
         "started_at": "2021-01-05", "channel": "phone", "reason": ["billing", "other"] * 20}
    )  # fmt: skip
    people = pd.DataFrame({"customer_id": calls.customer_id, "account_id": "x", "known": False})
    data = dataset(
        None, where="reason = 'billing'", raw_ids=False, interactions=calls, customers=people,
        accounts=pd.DataFrame({"account_id": ["x"]}),
    )  # fmt: skip
    _refuse_few(data)
    assert measure(data, ["contact_volume"]).estimate("contact_volume").value == 20


def test_an_answer_of_one_without_a_group_hides_no_group(dataset):
    scores = [("A", 9)] * 30 + [("B", 3)] * 30 + [("", 8)]
    answers = pd.DataFrame(
        {"response_id": range(61), "customer_id": [f"c{i}" for i in range(61)],
         "sent_at": "2021-01-05", "metric": "nps", "score": [score for _, score in scores]}
    )  # fmt: skip
    people = pd.DataFrame(
        {"customer_id": answers.customer_id, "account_id": answers.customer_id,
         "persona": [group for group, _ in scores]}
    )  # fmt: skip
    accounts = pd.DataFrame({"account_id": answers.customer_id})
    data = dataset(None, raw_ids=False, surveys=answers, customers=people, accounts=accounts)
    panel = measure(data, ["nps"], by=["persona"])
    assert list(panel.frame.persona) == ["A", "B"]
    assert list(panel.withheld.why) == ["persona is not recorded"]


def test_a_month_without_bookings_is_not_taken_for_a_fall(dataset):
    """Bookings on four days of each month, and none in June; calls go on to its end."""
    days = [
        day
        for month in pd.date_range("2020-07-01", "2021-05-01", freq="MS")
        for day in (month, month + pd.Timedelta(days=7), month + pd.Timedelta(days=14),
                    month + pd.Timedelta(days=21))
    ]  # fmt: skip
    ids = [f"a{i}" for i in range(40)]
    revenue = pd.concat(
        pd.DataFrame({"account_id": ids, "booked_at": day, "amount": 100.0}) for day in days
    )
    calls = pd.DataFrame({"started_at": pd.date_range("2020-07-01", "2021-06-30")})
    calls = calls.assign(interaction_id=calls.index, customer_id="c", channel="phone")
    data = dataset(
        "2021Q2", revenue=revenue, accounts=pd.DataFrame({"account_id": ids}),
        customers=pd.DataFrame({"customer_id": ["c"], "account_id": ["a0"]}), interactions=calls,
    )  # fmt: skip
    now, before = data.quarter, data.quarter.previous
    assert "the table revenue ends on" in data.unspanned(now.start, now.end, "revenue")
    assert "revenue" not in {each.kpi.name for each in contrasts(data, now, before)}
    # Nor do all accounts pass for ones that buy less, or stand where they stood a year ago.
    assert revenue_quarters(data, now).now.isna().all()
    assert "the table revenue" in year_unspanned(data, now)


def test_contracts_that_end_with_a_year_are_no_snapshot(dataset):
    tables = snapshot()
    tables["accounts"]["churn_date"] = np.where(np.arange(300) < 6, "2018-12-31", "")
    data = dataset("2019Q3", **tables)
    assert data.left_at_once is None


def test_a_short_scale_has_two_bands_in_their_order(dataset):
    data = dataset("2019Q3", "[scales]\nface = [1, 3]\n", **snapshot())
    edges, names = bands_of(data.config, "face")
    assert edges == (2.0,)
    assert names == ("lower half", "upper half")
