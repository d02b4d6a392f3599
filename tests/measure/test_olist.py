"""Known facts of the Olist sample, read through its mapping."""

from functools import partial

import pandas as pd
import pytest

from cxlib.data import Quarter, opening
from cxlib.kpi_drivers.drivers import find_drivers
from cxlib.kpi_drivers.outcomes import answers_with_contact
from cxlib.measure import measure
from cxlib.score_changes.decomposition import keep_ledger
from cxlib.score_changes.invitations import asked_and_answered, scored_by, split_column
from tests.conftest import ROOT

# Ids are looked at as they are.
open_dataset = partial(opening.open_dataset, raw_ids=True)

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


def test_delivery_delay_is_the_top_driver_of_the_review_score(olist):
    """Among operational drivers, of orders that were delivered, in nearly every resample."""
    answers = answers_with_contact(olist, "csat", olist.start)
    found = find_drivers(answers[answers.late.notna()], "csat")
    first = found.drivers[0]
    assert first.name == "late"
    assert first.sign == -1
    assert first.rank_probability > 0.9
    assert first.share.low > 0.05
    # With those that were not, what was never received matters as much as what came late.
    both = find_drivers(answers, "csat").drivers[:2]
    assert {each.name for each in both} == {"late", "touchpoint"}
    assert both[0].tied


def test_a_dataset_of_reviews_only_has_a_score_and_a_split_of_its_own(olist):
    assert scored_by(olist) == "csat"
    assert split_column(olist) == "region"
    now = Quarter.parse("2018Q2")
    found = keep_ledger(asked_and_answered(olist, "region", now, now.previous, "csat"), False)
    panel = measure(olist, ["csat"], period="quarter").of("csat").set_index("period").value
    change = panel[now.start] - panel[now.previous.start]
    assert found.total.change.value == pytest.approx(change)
    assert sum(each.change.value for each in found.parts) == pytest.approx(change, abs=1e-9)
