from datetime import datetime
from functools import partial

import numpy as np
import pandas as pd
import pytest

from cxlib.data import opening
from cxlib.errors import DataError
from cxlib.measure.kpis import KPIS
from cxlib.personas.features import (
    INGREDIENT_OF,
    customer_features,
    earlier_customers,
    feature_names,
)

# Ids are looked at as they are.
open_dataset = partial(opening.open_dataset, raw_ids=True)

START, END = datetime(2025, 10, 1), datetime(2026, 10, 1)


@pytest.fixture(scope="module")
def features(data):
    return customer_features(data, START, END)


@pytest.fixture(scope="module")
def contacts(data):
    rows = data.tables["interactions"].execute()
    return rows[(rows.started_at >= START) & (rows.started_at < END)]


def test_a_row_for_each_customer_with_contacts_in_order_of_their_ids(features, contacts):
    assert list(features.index) == sorted(contacts.customer_id.unique())


@pytest.mark.parametrize("split", ["channel", "reason", "touchpoint"])
def test_shares_of_contacts_by_a_separate_calculation(features, contacts, split):
    theirs = pd.crosstab(contacts.customer_id, contacts[split], normalize="index")
    for level in theirs:
        ours = features[f"{split}: {level}"]
        pd.testing.assert_series_equal(ours, theirs[level], check_names=False)


def test_rates_follow_the_time_that_the_account_was_there(data, features, contacts):
    people = data.tables["customers"].execute().set_index("customer_id")
    dates = data.tables["accounts"].execute().set_index("account_id")
    mine = people.account_id.reindex(features.index)
    first = mine.map(dates.signup_date).clip(lower=pd.Timestamp(START))
    last = mine.map(dates.churn_date).fillna(pd.Timestamp(END)).clip(upper=pd.Timestamp(END))
    months = ((last - first).dt.days / (365.25 / 12)).clip(lower=1)
    counts = contacts.customer_id.value_counts().reindex(features.index)
    assert np.allclose(features.contact_rate, counts / months)
    rates = customer_features(data, START, END, ["channel_rate"])
    assert np.allclose(rates.sum(axis=1), features.contact_rate)


def test_a_product_of_two_features_is_not_used_beside_them(data, features):
    assert not any(each.startswith("channel_rate") for each in features)
    with pytest.raises(DataError, match="tells channel and contact_rate at once"):
        customer_features(data, START, END, ["channel_rate", "channel"])


def test_effort_by_a_separate_calculation(features, contacts):
    mean = contacts.groupby("customer_id").transfers.mean()
    assert np.allclose(features.transfers, mean, equal_nan=True)
    usual = contacts.groupby("channel").wait_seconds.transform("median")
    longer = np.log((contacts.wait_seconds + 1) / (usual + 1)).groupby(contacts.customer_id).mean()
    assert np.allclose(features.wait, np.exp(longer))
    assert features.repeats.dropna().between(0, 1).all()


def test_scores_age_tenure_and_spend_by_a_separate_calculation(data, features):
    answers = data.tables["surveys"].execute()
    at = answers.responded_at.fillna(answers.sent_at)
    answers = answers[(at >= START) & (at < END) & answers.score.notna()]
    mean = answers[answers.metric == "csat"].groupby("customer_id").score.mean()
    assert np.allclose(features.csat, mean.reindex(features.index), equal_nan=True)
    people = data.tables["customers"].execute().set_index("customer_id").loc[features.index]
    assert np.allclose(features.age, 2026 - people.birth_year)
    dates = data.tables["accounts"].execute().set_index("account_id")
    days = (pd.Timestamp(END) - people.account_id.map(dates.signup_date)).dt.days
    assert np.allclose(features.tenure, days / 365.25)
    booked = data.tables["revenue"].execute()
    booked = booked[(booked.booked_at >= START) & (booked.booked_at < END)]
    spend = people.account_id.map(booked.groupby("account_id").amount.sum()).fillna(0)
    assert np.allclose(features.spend, spend)


def test_only_the_chosen_features_are_there(data):
    table = customer_features(data, START, END, ["role", "channel"])
    assert list(table) == [
        "channel: chat", "channel: email", "channel: phone", "channel: web", "role",
    ]  # fmt: skip


def test_an_unknown_feature_is_refused_with_the_nearest_one(data):
    with pytest.raises(DataError, match=r"personas\.features: 'chanel' is not known; did you mean"):
        customer_features(data, START, END, ["chanel"])


def test_further_columns_of_customers_and_contacts_are_features(write):
    folder = write(
        customers__csv="customer_id,account_id,role,plan,vip\n1,001,u,gold,true\n2,002,u,,false\n",
        interactions__csv="interaction_id,customer_id,started_at,channel,basket,late\n"
        "a,1,2026-01-05,web,10,true\nb,1,2026-01-06,web,20,false\nc,2,2026-01-07,shop,5,false\n",
    )
    data = open_dataset(folder)
    table = customer_features(data, datetime(2026, 1, 1), datetime(2026, 4, 1))
    assert set(feature_names(data)) >= {"plan", "vip", "basket", "late"}
    assert table.basket.tolist() == [15, 5]
    assert table.late.tolist() == [0.5, 0]
    assert table.plan.tolist()[0] == "gold"
    assert table.plan.isna().tolist() == [False, True]


def test_columns_of_the_names_of_features_are_told_apart_from_them(write):
    names = "contacts,months,transfers,nps,age,rating,plan: type"
    folder = write(
        customers__csv=f"customer_id,account_id,birth_year,{names}\n1,001,1980,1,2,3,4,5,6,x\n"
        "2,002,1990,1,2,3,4,5,6,y\n",
        interactions__csv="interaction_id,customer_id,started_at,channel,transfers,contacts,rating\n"
        "a,1,2026-01-05,web,1,7,8\nb,2,2026-01-06,web,0,7,8\n",
    )
    table = customer_features(open_dataset(folder), datetime(2026, 1, 1), datetime(2026, 4, 1))
    assert table.age.tolist() == [46, 36]
    assert table["age of the customer"].tolist() == [5, 5]
    assert table.transfers.tolist() == [1, 0]
    assert table["transfers of the customer"].tolist() == [3, 3]
    assert table.rating.tolist() == [8, 8]
    assert table["rating of the customer"].tolist() == [6, 6]
    assert table["plan type"].tolist() == ["x", "y"]


def test_a_window_that_the_data_do_not_reach_is_not_looked_at(data):
    assert earlier_customers(data, data.quarter.previous) is not None
    assert earlier_customers(data, data.quarter.shift(-10)) is None


def test_every_ingredient_is_that_of_a_kpi():
    assert {kpi for each in INGREDIENT_OF.values() for kpi in each} <= set(KPIS)
