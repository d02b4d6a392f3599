"""How grave what is found is told to be: what harms a quarter, and what hardly touches it."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.data.rules import VALUE
from cxlib.data_readiness.drift import Drift
from cxlib.data_readiness.evidence import Evidence
from cxlib.data_readiness.issues import (
    CARE,
    FAIR,
    SOUND,
    STEADY,
    TIMELY,
    UNFIT,
    Issue,
    fault_issues,
)
from cxlib.data_readiness.verdict import judge
from cxlib.data_readiness.verdict_page import verdict_finding
from tests.data_readiness.worlds import NOW, judged, sound

YEARS_AGO = pd.Timestamp("2025-01-01")


@pytest.fixture
def world(tmp_path):
    """Change a sound world, and judge it."""

    def make(change=lambda tables: None, seed=7, **options):
        tables = sound(seed)
        change(tables)
        return judged(tables, tmp_path / "world", **options)

    return make


def told(readiness, words):
    return [each for each in readiness.issues if words in each.what]


class TestWhatNeverCame:
    @pytest.mark.parametrize(("table", "at"), [("revenue", "booked_at"), ("surveys", "sent_at")])
    def test_a_table_without_a_row_in_the_quarter_is_unfit(self, world, table, at):
        def stop(tables):
            tables[table] = tables[table][tables[table][at] < NOW]

        readiness = world(stop)
        assert readiness.level == UNFIT
        assert told(readiness, "not a single row in the quarter")

    def test_a_month_of_bookings_that_never_came_is_unfit(self, world):
        def stop(tables):
            at = tables["revenue"].booked_at
            tables["revenue"] = tables["revenue"][at != pd.Timestamp("2026-08-01")]

        readiness = world(stop)
        assert told(readiness, "not a single row in Aug 2026")[0].level == UNFIT

    def test_a_month_without_contacts_is_unfit(self, world):
        def stop(tables):
            at = tables["interactions"].started_at
            away = at.between("2026-08-01", "2026-09-01")
            tables["interactions"] = tables["interactions"][~away]
            tables["surveys"]["interaction_id"] = None

        readiness = world(stop)
        assert told(readiness, "no row from")[0].level == UNFIT

    def test_a_day_without_contacts_hardly_matters(self, world):
        def stop(tables):
            at = tables["interactions"].started_at.dt.normalize()
            tables["interactions"] = pd.concat(
                [tables["interactions"]]
                + [
                    tables["interactions"].assign(
                        interaction_id=tables["interactions"].interaction_id + f"-{n}",
                        started_at=tables["interactions"].started_at + pd.Timedelta(minutes=n),
                    )
                    for n in range(1, 5)
                ]
            )
            at = tables["interactions"].started_at.dt.normalize()
            tables["interactions"] = tables["interactions"][at != "2026-08-12"]

        readiness = world(stop)
        assert readiness.levels[TIMELY] == SOUND

    def test_silences_of_a_table_are_judged_together(self, world):
        def stop(tables):
            at = tables["interactions"].started_at
            gaps = [("2026-07-06", "2026-07-14"), ("2026-08-10", "2026-08-18"),
                    ("2026-09-07", "2026-09-15")]  # fmt: skip
            away = [at.between(*gap) for gap in gaps]
            tables["interactions"] = tables["interactions"][~np.logical_or.reduce(away)]
            tables["surveys"]["interaction_id"] = None

        silences = told(world(stop), "no row from")
        assert len(silences) == 3
        assert {each.level for each in silences} == {UNFIT}


class TestWhatCannotBeTested:
    def test_few_quarters_are_said_not_to_be_tested(self, world):
        def cut(tables):
            for name, at in (("interactions", "started_at"), ("surveys", "sent_at"),
                             ("revenue", "booked_at")):  # fmt: skip
                tables[name] = tables[name][tables[name][at] >= NOW]

        readiness = world(cut)
        assert STEADY in readiness.untested
        assert "Not tested: steadiness" in verdict_finding(readiness).sentence
        assert "relied" not in verdict_finding(readiness).sentence

    def test_steadiness_is_not_tested_where_a_lost_half_would_not_be_seen(self):
        tested = pd.DataFrame({"what": ["volume", "filled"], "detectable": [0.9, 0.1],
                               "p": [0.5, 0.5], "drifted": [False, False]})  # fmt: skip
        assert Drift(tested).is_blind
        assert not Drift(tested.assign(detectable=[0.5, 0.1])).is_blind

    def test_answers_alone_tell_nothing_of_who_answers(self, world):
        def cut(tables):
            tables["surveys"] = tables["surveys"].dropna(subset=["score"])

        assert FAIR in world(cut).untested


class TestDates:
    def test_one_default_date_hides_no_drift(self, world):
        def spoil(tables):
            contacts = tables["interactions"]
            rng = np.random.default_rng(1)
            lost = (contacts.started_at >= NOW) & (rng.random(len(contacts)) < 0.6)
            contacts = contacts[~lost]
            contacts.loc[contacts.index[0], "started_at"] = pd.Timestamp("1900-01-01")
            tables["interactions"] = contacts

        readiness = world(spoil)
        assert told(readiness, "rows against the quarter before")[0].level == UNFIT
        assert told(readiness, "1 of the rows dated far from all others")

    def test_one_row_of_the_future_makes_no_quarter_whole(self, world):
        def spoil(tables):
            for name, at in (("interactions", "started_at"), ("surveys", "sent_at"),
                             ("revenue", "booked_at")):  # fmt: skip
                tables[name] = tables[name][tables[name][at] < "2026-07-20"]
            late = tables["revenue"].tail(1).assign(booked_at=pd.Timestamp("2027-06-01"))
            tables["revenue"] = pd.concat([tables["revenue"], late], ignore_index=True)

        readiness = world(spoil)
        assert told(readiness, "not the whole quarter")


class TestColumnsThatGoWrong:
    def test_a_column_that_becomes_constant_is_told(self, world):
        def spoil(tables):
            contacts = tables["interactions"]
            contacts.loc[contacts.started_at >= NOW, "wait_seconds"] = 60.0

        assert told(world(spoil), "wait_seconds spreads")

    def test_words_run_wild_are_told(self, world):
        def spoil(tables):
            contacts = tables["interactions"]
            now = (contacts.started_at >= NOW) & (contacts.index % 5 > 0)
            contacts.loc[now, "channel"] = [f"x{n % 60}" for n in range(now.sum())]

        assert told(world(spoil), "channel has words that were never there")

    def test_a_column_newly_filled_forbids_no_belief(self, world):
        def fill(tables):
            contacts = tables["interactions"]
            contacts["transfers"] = np.where(contacts.started_at >= NOW, 1.0, np.nan)

        readiness = world(fill)
        assert told(readiness, "transfers is filled")[0].level == CARE


class TestFaultsInTime:
    def spoiled(self, where):
        def spoil(tables):
            contacts = tables["interactions"]
            contacts.loc[where(contacts.started_at), "wait_seconds"] = -1.0

        return spoil

    def test_faults_of_other_years_do_not_condemn_the_quarter(self, world):
        readiness = world(self.spoiled(lambda at: at < YEARS_AGO))
        assert told(readiness, "wait_seconds must be at least 0")[0].level == CARE
        assert "(none of them in the quarter)" in told(readiness, "wait_seconds must")[0].what

    def test_faults_of_the_quarter_are_not_thinned_by_the_years(self, world):
        # A tenth of the quarter's contacts is one of a hundred of all.
        readiness = world(self.spoiled(lambda at: (at >= NOW) & (at.dt.day % 10 == 0)))
        fault = told(readiness, "wait_seconds must be at least 0")[0]
        assert fault.share < 0.05
        assert fault.level == UNFIT

    def test_a_few_faults_at_large_accounts_are_as_grave_as_their_rows(self, world):
        readiness = world(self.spoiled(lambda at: at.index.isin(range(0, 4_000, 400))))
        assert told(readiness, "wait_seconds must be at least 0")[0].level == SOUND
        assert told(readiness, "wait_seconds must be at least 0")[0].revenue > 0


def test_many_rare_faults_are_not_rare():
    rows = np.arange(90)
    faults = pd.DataFrame({
        "table": "t", "column": [f"c{n // 9}" for n in rows], "kind": VALUE, "rule": "must be good",
        "row": rows, "at": pd.NaT, "amount": np.nan, "account": None, "account_rows": 0,
    })  # fmt: skip
    read = pd.DataFrame({"used": [1_910], "used_now": [0]}, index=["t"])
    nothing_else = dict.fromkeys(each.name for each in fields(Evidence))
    known = {"start": NOW, "end": NOW, "faults": faults, "read": read}
    issues = fault_issues(Evidence(**nothing_else | known))
    assert [each.level for each in issues[:-1]] == [SOUND] * 10
    assert issues[-1].level == CARE
    assert issues[-1].rows == 90


def test_an_issue_weighs_an_account_by_the_share_of_its_rows():
    revenue = pd.Series({"large": 900.0, "small": 100.0})
    touched = Issue(STEADY, "t", "c", "x", 1, 0.0001, {"large": 0.01}, level=SOUND)
    assert judge([touched], revenue).level == SOUND
    broken = Issue(STEADY, "t", "c", "x", 1, 0.0001, {"large": 0.5}, level=SOUND)
    assert judge([broken], revenue).level == UNFIT


def test_a_dataset_keeps_days_apart_that_are_dated_wrongly(write):
    revenue = "account_id,booked_at,amount\n" + "".join(
        f"001,2025-{month:02}-{day:02},10\n" for month in range(1, 13) for day in range(1, 28)
    )
    data = open_dataset(write(revenue__csv=revenue + "001,1970-01-01,10\n"))
    assert data.strays == {"revenue": 1}
    assert data.start.year == 2025


def test_bookings_of_no_account_count_with_what_they_amount_to(world):
    def spoil(tables):
        revenue = tables["revenue"]
        lost = revenue.index[revenue.index % 4 == 0]
        revenue.loc[lost, "account_id"] = None
        year = revenue.booked_at.between("2025-10-01", "2026-09-30")
        told_by["lost"] = revenue.amount[year & revenue.account_id.isna()].sum()

    told_by = {}
    readiness = world(spoil)
    (fault,) = told(readiness, "account_id must not be empty")
    assert fault.money == pytest.approx(told_by["lost"])
    assert fault.revenue == pytest.approx(told_by["lost"])
    assert fault.level == UNFIT


def test_customers_whom_nobody_knows_are_told(world):
    def spoil(tables):
        customers, contacts = tables["customers"], tables["interactions"]
        strangers = customers.customer_id.isin(contacts.customer_id.unique()[::3])
        tables["customers"] = customers.assign(known=~strangers)
        now = contacts[contacts.started_at >= NOW]
        share["is"] = now.customer_id.isin(customers.customer_id[strangers]).mean()

    share = {}
    (issue,) = told(world(spoil), "from unknown customers")
    assert issue.share == pytest.approx(share["is"])
    assert issue.level == CARE


def test_guesses_that_nobody_has_settled_forbid_belief(tmp_path):
    tables = sound(7)
    folder = tmp_path / "world"
    judged(tables, folder)
    sql = "SELECT *\nFROM bookings  -- UNSURE: are these all?\n"
    (folder / "revenue.parquet").rename(folder / "bookings.parquet")
    (folder / "revenue.sql").write_text(sql)
    del tables["revenue"]
    (guess,) = told(judged(tables, folder), "guesses of the SQL that nobody has settled: 1")
    assert guess.level == UNFIT
