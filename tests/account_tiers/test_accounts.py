from functools import partial

import numpy as np
import pandas as pd
import pytest

from cxlib.account_tiers.accounts import account_book, account_books, quarter_books
from cxlib.data import opening
from tests.conftest import ROOT, SHARED

# Ids are looked at as they are.
open_dataset = partial(opening.open_dataset, raw_ids=True)

RETAIL = SHARED / "data" / "online_retail"


def test_what_is_known_of_an_account_is_as_by_hand(data):
    end = pd.Timestamp(data.quarter.end)
    book = account_book(data, data.quarter.end)
    rows = data.tables["revenue"].execute()
    days = rows.groupby(["account_id", rows.booked_at.dt.normalize()]).amount.sum().reset_index()
    bought = days[days.amount > 0].groupby("account_id")
    accounts = book.accounts
    assert accounts.x.tolist() == (bought.size() - 1).reindex(accounts.index).tolist()
    first, last = bought.booked_at.min(), bought.booked_at.max()
    assert accounts["T"].tolist() == (end - first).dt.days.reindex(accounts.index).tolist()
    assert accounts.t_x.tolist() == (last - first).dt.days.reindex(accounts.index).tolist()
    year = rows[(rows.booked_at >= end - pd.DateOffset(years=1)) & (rows.booked_at < end)]
    by_hand = year.groupby("account_id").amount.sum().reindex(accounts.index).fillna(0)
    assert accounts.revenue_12m.tolist() == pytest.approx(by_hand.tolist())
    assert (book.dated, len(book.lives)) == (True, 2_000)
    assert book.lives.churned.sum() == data.tables["accounts"].execute().churn_date.notna().sum()


def test_a_year_that_an_account_was_not_there_for_is_not_known(data):
    accounts = account_book(data, data.quarter.end).accounts
    young = accounts["T"] < 650
    assert young.sum() > 100
    assert accounts.revenue_prior[young].isna().all()
    assert accounts.revenue_before[accounts["T"] > 1_090].notna().all()


def test_an_earlier_book_knows_nothing_of_what_came_later(data):
    earlier = data.quarter.shift(-3)
    then = open_dataset(ROOT / "data" / "demo", str(earlier))
    one, other = account_book(data, earlier.end), account_book(then, earlier.end)
    pd.testing.assert_frame_equal(one.accounts, other.accounts)
    pd.testing.assert_frame_equal(one.lives, other.lives)


def test_books_reach_as_far_back_as_twelve_months_are_spanned(data):
    assert len(quarter_books(data, data.quarter)) == 6
    first = data.quarter.shift(-9)
    early = open_dataset(ROOT / "data" / "demo", str(first))
    assert [book.moment for book in quarter_books(early, first)] == [first.end]


def test_a_dataset_without_revenue_has_empty_books(write):
    data = open_dataset(write(revenue__csv=None), "2026Q1")
    (book,) = account_books(data, [data.quarter.end])
    assert book.accounts.empty
    assert book.lives.empty


def test_an_account_without_any_date_is_there_once_it_has_bought(write):
    data = open_dataset(
        write(revenue__csv="account_id,booked_at,amount\n001,2026-01-01,100\n"), "2026Q1"
    )
    assert list(account_book(data, data.quarter.end).accounts.index) == ["001"]


def test_refunds_alone_are_no_purchase(write):
    text = (
        "account_id,booked_at,amount\n001,2026-01-01,100\n002,2026-02-01,-40\n001,2026-01-01,-30\n"
    )
    data = open_dataset(write(revenue__csv=text), "2026Q1")
    book = account_book(data, data.quarter.end)
    assert book.accounts.amount["001"] == 70
    assert np.isnan(book.accounts.amount["002"])
    assert book.accounts.revenue_12m.to_dict() == {"001": 70, "002": -40}
    assert np.isnan(book.recurring)


@pytest.mark.shared
def test_online_retail_adds_up_to_its_raw_files():
    """Two real years: cancellations, and lines without a customer, are counted; nothing is lost."""
    folder = ROOT / "examples" / "online_retail"
    data = open_dataset(folder, "2011Q3")
    first = pd.read_parquet(RETAIL / "year_2009_2010.parquet")
    second = pd.read_parquet(RETAIL / "year_2010_2011.parquet")
    first = first[first.InvoiceDate < "2010-12-01"].rename(
        columns={"Customer ID": "CustomerID", "Price": "UnitPrice"}
    )
    columns = ["CustomerID", "InvoiceDate", "Quantity", "UnitPrice"]
    first = first[columns].assign(InvoiceDate=pd.to_datetime(first.InvoiceDate))
    lines = pd.concat([first, second[columns]], ignore_index=True)
    amount = lines.Quantity * lines.UnitPrice
    intake = next(each for each in data.intake if each.table == "revenue")
    assert (intake.read, intake.quarantined) == (len(lines), int(lines.CustomerID.isna().sum()))
    assert (intake.read, intake.quarantined) == (1_044_847, 235_287)
    assert len(second) == 541_909
    assert (second.Quantity * second.UnitPrice).sum() == pytest.approx(9_747_747.93, abs=0.01)
    end = pd.Timestamp(data.quarter.end)
    known = lines.CustomerID.notna() & (lines.InvoiceDate < end)
    used = data.tables["revenue"]
    assert used.amount.sum().execute() == pytest.approx(amount[known].sum(), abs=0.01)
    cancelled = used.filter(used.kind == "refund")
    assert cancelled.count().execute() == int((known & (amount < 0)).sum())
    year = known & (lines.InvoiceDate >= end - pd.DateOffset(years=1))
    by_hand = amount[year].groupby(lines.CustomerID[year].astype(int).astype(str)).sum()
    found = account_book(data, data.quarter.end).accounts
    assert found.revenue_12m.sum() == pytest.approx(by_hand.sum(), abs=0.01)
    assert found.revenue_12m.reindex(by_hand.index).tolist() == pytest.approx(by_hand.tolist())
