"""Known facts of the Olist sample, read through its mapping."""

import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.measure import measure
from tests.conftest import ROOT

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def olist():
    return open_dataset(ROOT / "examples" / "olist")


def test_the_mean_review_of_late_orders_and_of_the_others(olist):
    panel = measure(olist, ["csat"], by=["late"])
    late, others = panel.estimate("csat", late=True), panel.estimate("csat", late=False)
    assert (round(late.value, 6), late.n) == (2.549356, 233)
    assert (round(others.value, 6), others.n) == (4.274906, 2_670)


def test_no_review_is_dropped_in_silence(olist):
    """One review id stands under two orders, and 14 orders have two reviews."""
    raw = ROOT.parent / "shared" / "data" / "olist" / "olist_order_reviews_dataset.csv"
    reviews = pd.read_csv(raw)
    intake = next(each for each in olist.intake if each.table == "surveys")
    assert (intake.read, intake.used, intake.quarantined) == (len(reviews), len(reviews), 0)
    assert reviews.review_id.duplicated().sum() == 1
    assert (reviews.order_id.value_counts() == 2).sum() == 14


def test_sellers_and_orders_are_complete(olist):
    accounts = olist.tables["accounts"]
    assert accounts.filter(accounts.account_id != "no-seller").count().execute() == 938
    contacts = olist.tables["interactions"]
    assert contacts.filter(contacts.touchpoint == "purchase").count().execute() == 3_000
    spring = olist.tables["interactions"].filter(
        (contacts.touchpoint == "purchase")
        & (contacts.started_at >= "2018-04-01")
        & (contacts.started_at < "2018-07-01")
    )
    assert spring.count().execute() == 580
