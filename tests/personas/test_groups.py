from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from cxlib.personas.groups import (
    accounts_of,
    buying_shares,
    contact_counts,
    preferred_channels,
    revenue_shares,
    shares_by,
)

START, END = datetime(2025, 10, 1), datetime(2026, 10, 1)


def counts(channels, touchpoint="use", group="A"):
    """A contact per customer, by these channels."""
    return pd.DataFrame(
        {
            "group": group,
            "customer_id": [f"C{i}" for i in range(len(channels))],
            "touchpoint": touchpoint,
            "channel": list(channels),
            "contacts": 1,
        }
    )


@pytest.fixture(scope="module")
def groups(data):
    """The role of each customer who made contact, as a group."""
    people = data.tables["customers"].execute().set_index("customer_id")
    rows = data.tables["interactions"].execute()
    active = rows[(rows.started_at >= START) & (rows.started_at < END)].customer_id.unique()
    return people.role.reindex(sorted(active))


def test_the_share_of_a_channel_with_a_contact_per_customer_has_wilsons_interval():
    row = preferred_channels(counts(["phone"] * 70 + ["web"] * 30)).iloc[0]
    assert (row.channel, row.second, row.share) == ("phone", "web", 0.7)
    assert row.clear
    low, high = proportion_confint(70, 100, method="wilson")
    assert (row.low, row.high) == pytest.approx((low, high))


def test_contacts_of_the_same_customers_widen_the_interval():
    one = counts(["phone"] * 7 + ["web"] * 5)
    ten = one.assign(contacts=10)
    widths = [
        float((row := preferred_channels(each).iloc[0]).high - row.low) for each in (one, ten)
    ]
    # As many customers tell as much; that theirs are alike has yet to be told from 11 others.
    wider = stats.t.ppf(0.975, 11) / stats.norm.ppf(0.975)
    assert widths[0] < widths[1] < widths[0] * wider


def test_channels_used_alike_are_seldom_called_preferred():
    """400 draws at 5%, two channels of the same chance; a group of fewer than 10 is not judged."""
    rng = np.random.default_rng(0)
    clear = sum(
        preferred_channels(counts(rng.choice(["phone", "web"], 80))).clear.iloc[0]
        for _ in range(400)
    )
    assert clear / 400 < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400)
    assert preferred_channels(counts(["phone"] * 9)).empty


def test_preferred_channels_of_the_demonstration(data, groups):
    found = preferred_channels(contact_counts(data, groups, START, END))
    best = found.set_index(["group", "touchpoint"])
    assert best.channel["administrator", "maintain"] == "chat"
    assert best.channel["finance", "purchase"] == "email"
    assert best[best.customers >= 100].clear.all()
    rows = data.rows("interactions", "role").execute()
    rows = rows[(rows.started_at >= START) & (rows.started_at < END)]
    part = rows[(rows.role == "finance") & (rows.touchpoint == "purchase")]
    assert best.share["finance", "purchase"] == pytest.approx((part.channel == "email").mean())


def test_who_buys_and_who_uses(data, groups):
    found = buying_shares(contact_counts(data, groups, START, END)).set_index("group")
    assert found.low["finance"] > 0.5
    assert found.high["administrator"] < 0.5
    # Planted: of a developer's contacts, 40% are research.
    assert 0.3 < found.share["developer"] < 0.45


def test_revenue_is_divided_without_rest(data, groups):
    accounts = accounts_of(data, groups, START, END)
    names = sorted(groups.unique())
    found = revenue_shares(accounts, names)
    assert found.amount.sum() == pytest.approx(accounts.revenue.sum())
    assert found.share.sum() == pytest.approx(1)
    assert ((found.low < found.share) & (found.share < found.high)).all()
    assert (accounts[names].sum(axis=1) == accounts.customers).all()


def test_customers_of_no_group_count_among_their_accounts_customers(data, groups):
    some = groups.where(np.arange(len(groups)) % 2 == 0)
    accounts = accounts_of(data, some, START, END)
    assert accounts.customers.sum() == len(groups)
    assert accounts[sorted(some.dropna().unique())].to_numpy().sum() == some.notna().sum()


def test_shares_by_kind_of_account():
    accounts = pd.DataFrame(
        {"A": [1, 2, 0, 1], "B": [1, 0, 3, 1], "customers": [2, 2, 3, 2]}, list("wxyz")
    )
    kinds = pd.Series(["I", "I", "II", "II"], list("wxyz"))
    found = shares_by(accounts, ["A", "B"], kinds).set_index(["kind", "group"])
    assert found.share["I", "A"] == 0.75
    assert found.elsewhere["I", "A"] == 0.2
    assert found.present["II", "A"] == 0.5
    assert found.accounts["II", "B"] == 2


def test_without_groups_or_touchpoints_there_is_nothing(data, groups, write):
    from cxlib.data import open_dataset

    nobody = groups.where(groups == "")
    assert contact_counts(data, nobody, START, END).empty
    assert preferred_channels(contact_counts(data, nobody, START, END)).empty
    small = open_dataset(write())
    assert contact_counts(small, pd.Series({"1": "A"}), START, END).empty
    accounts = accounts_of(data, nobody, START, END)
    assert revenue_shares(accounts, []).empty
    assert shares_by(accounts, [], pd.Series(dtype="str")).empty
