"""The demonstration data hold what `demo_truth` says of them."""

import numpy as np
import pandas as pd
import pytest

from cxlib.account_tiers.accounts import quarter_books
from cxlib.account_tiers.assignment import standings
from cxlib.demo import truth
from cxlib.demo.dataset import make_demo, write_demo
from cxlib.demo.verbatims import ENDINGS, THEMES
from tests.conftest import ROOT, cx


def test_the_committed_set_is_what_the_generator_makes(demo, tmp_path):
    write_demo(tmp_path, demo)
    committed = ROOT / "data" / "demo"
    for name in ("experience_map.csv", "themes.toml"):
        assert (committed / name).read_text() == (tmp_path / name).read_text()
    for name in demo.tables.keys() - {"experience_map"}:
        left, right = (pd.read_parquet(each / f"{name}.parquet") for each in (committed, tmp_path))
        pd.testing.assert_frame_equal(left, right)
    assert (committed / "dataset.toml").read_text() == (tmp_path / "dataset.toml").read_text()


def test_the_committed_set_is_small():
    assert sum(path.stat().st_size for path in (ROOT / "data" / "demo").iterdir()) < 4_000_000


def test_it_has_the_stated_size_and_span(demo):
    sizes = {name: len(frame) for name, frame in demo.tables.items()}
    assert sizes["accounts"] == truth.ACCOUNTS
    assert sizes["customers"] == pytest.approx(6_000, rel=0.01)
    assert sizes["interactions"] == pytest.approx(truth.INTERACTIONS, rel=0.01)
    assert sizes["surveys"] == pytest.approx(20_000, rel=0.01)
    assert sizes["cycles"] == 8
    started = demo.tables["interactions"].started_at
    assert (started.min().year, started.min().month) == (2023, 10)
    assert started.max() < pd.Timestamp("2026-10-01")


def test_the_same_seed_gives_the_same_data_and_another_does_not():
    one, two, other = (make_demo(100, 2_000, 8, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one.tables["surveys"], two.tables["surveys"])
    assert not one.tables["surveys"].equals(other.tables["surveys"])


def test_faults_are_planted_and_found(data):
    found = data.faults.groupby(["table", "column"]).size()
    assert {(table, column, int(found[table, column])) for table, column in found.index} == set(
        truth.FAULTS
    )


def test_churn_follows_effort_by_two_months(demo):
    """Of all leads up to six months, the planted one goes most with churn."""
    accounts = demo.tables["accounts"]
    months = demo.effort.index
    left = accounts.churn_date.dropna().dt.to_period("M").dt.to_timestamp().value_counts()
    left = left.reindex(months, fill_value=0).to_numpy()
    there = np.array(
        [((accounts.signup_date < m) & ~(accounts.churn_date < m)).sum() for m in months]
    )
    rate = left / there
    by_lead = {
        lead: np.corrcoef(demo.effort.to_numpy()[6 - lead : len(rate) - lead], rate[6:])[0, 1]
        for lead in range(7)
    }
    assert max(by_lead, key=by_lead.get) == truth.CES_LEADS_CHURN_BY_MONTHS
    assert by_lead[truth.CES_LEADS_CHURN_BY_MONTHS] > 0.6


def test_ces_falls_with_effort(demo):
    surveys = demo.tables["surveys"]
    answers = surveys[(surveys.metric == "ces") & surveys.score.notna()]
    monthly = answers.groupby(answers.sent_at.dt.to_period("M").dt.to_timestamp()).score.mean()
    assert np.corrcoef(demo.effort, monthly.reindex(demo.effort.index))[0, 1] < -0.7


def test_tiers_lie_on_the_planted_side_of_their_thresholds(demo):
    revenue = demo.tables["revenue"]
    year = (
        revenue[revenue.booked_at >= pd.Timestamp("2025-10-01")].groupby("account_id").amount.sum()
    )
    known = demo.tiers[demo.tiers.certain].set_index("account_id")
    high = year.reindex(known.index) >= truth.TIER_THRESHOLDS["revenue"]
    assert (high == (known.driver == "revenue")).mean() > 0.99


def test_comments_have_eight_themes_in_three_languages_and_many_wordings(demo):
    answers = demo.tables["surveys"].drop_duplicates("response_id")
    # Planted faults have ids of their own.
    answers = answers[answers.response_id.str.startswith("R")]
    said = answers.set_index("response_id").verbatim
    assert said.nunique() >= 400
    assert set(demo.themes.index) == set(said.dropna().index)
    share = demo.themes.value_counts(normalize=True)
    assert set(share.index) == set(THEMES)
    assert share.min() > 0.04
    for language, words in {"en": "the|was", "de": "der|die|das|nicht", "fr": "le|la|pas"}.items():
        assert said.str.contains(rf"\b(?:{words})\b").sum() > 150, language


@pytest.mark.parametrize("tone", ["good", "bad"])
def test_what_customers_write_is_written_in_each_language_alike(tone):
    for theme, tones in THEMES.items():
        if tone in tones:
            counts = {language: len(set(said)) for language, said in tones[tone].items()}
            assert counts == dict.fromkeys(("en", "de", "fr"), 3), theme
    assert len(set(map(len, ENDINGS[tone].values()))) == 1


def test_accounts_lie_near_every_threshold_in_money(data):
    stood = standings(quarter_books(data, data.quarter), data.config.tiers)[-1]
    accounts, near = stood.tiers.accounts, 0.1
    for name, column in (("revenue", "revenue_12m"), ("growth", "growth_potential"),
                         ("lifetime_value", "lifetime_value")):  # fmt: skip
        limit = truth.TIER_THRESHOLDS[name]
        below = accounts[column].between(limit * (1 - near), limit, inclusive="left").sum()
        above = accounts[column].between(limit, limit * (1 + near)).sum()
        assert below >= 5, name
        assert above >= 5, name


def test_accounts_that_cut_their_contract_churn_more_often():
    demo = make_demo(accounts=8_000, interactions=8_000)
    then, revenue = pd.Timestamp("2026-04-01"), demo.tables["revenue"]
    fees = revenue[(revenue.kind == "recurring") & (revenue.booked_at < then)]
    fees = fees.sort_values("booked_at").groupby("account_id").amount
    cut = fees.last() < 0.6 * fees.max()
    churned = demo.tables["accounts"].set_index("account_id").churn_date.reindex(cut.index)
    there = churned.isna() | (churned >= then)
    left = churned[there].notna()
    assert cut[there].sum() > 100
    assert left[cut[there]].mean() > 2 * left[~cut[there]].mean()


def test_the_command_writes_a_dataset_that_opens(tmp_path):
    run = cx("demo", tmp_path / "new", "--accounts", 60, "--interactions", 900, "--quarters", 6)
    assert run.returncode == 0, run.stderr
    checked = cx("check", "--dataset", tmp_path / "new")
    assert checked.returncode == 0, checked.stderr
    assert "must be at least 0; 4 rows" in checked.stdout
    again = cx("demo", tmp_path / "new")
    assert again.returncode == 2
    assert "is not empty" in again.stderr
