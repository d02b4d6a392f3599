import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxlib.data import Quarter
from cxlib.score_changes import silence_page as show
from cxlib.score_changes.activity import PAST, account_activity
from cxlib.score_changes.silence import _no_contact as no_contact
from cxlib.score_changes.silence import gone_silent
from tests.conftest import draws


def activity(rng, accounts=400, contacts=6.0, bursts=0.0, moods=0.0, quiet=0) -> pd.DataFrame:
    """Accounts that differ in their contacts and answers; so may the quarters of an account."""
    rate = contacts * rng.gamma(3, 1 / 3, accounts)
    will = rng.beta(4, 6, accounts)
    table = {}
    for when in ("now", *PAST):
        mean = rate * rng.gamma(1 / bursts, bursts, accounts) if bursts else rate
        mood = rng.beta(will / moods, (1 - will) / moods) if moods else will
        table[f"contacts_{when}"] = rng.poisson(mean)
        table[f"invited_{when}"] = rng.poisson(4, accounts)
        table[f"answered_{when}"] = rng.binomial(table[f"invited_{when}"], mood)
    table |= {f"share_{when}": 1.0 for when in PAST}
    index = pd.Index([f"a{each}" for each in range(accounts)], name="account_id")
    table = pd.DataFrame(table, index=index)
    names = list(table)
    for when in PAST:
        table.iloc[:quiet, names.index(f"contacts_{when}")] = 15
    table.iloc[:quiet, names.index("contacts_now")] = 0
    return table


@pytest.mark.parametrize(
    ("bursts", "moods"), [(0, 0), (0.3, 0), (1, 0), (0, 0.5)],
    ids=["steady", "bursts", "great bursts", "moods"],
)  # fmt: skip
def test_where_no_account_has_gone_silent_hardly_any_is_named(bursts, moods):
    """In at most 10% of draws any: 5% nominal for each kind of silence, or 10% together."""
    drawn = [
        activity(np.random.default_rng(seed), bursts=bursts, moods=moods)
        for seed in range(draws(100, 40))
    ]
    assert np.mean([len(gone_silent(each).accounts) > 0 for each in drawn]) <= 0.10


def test_accounts_that_have_gone_silent_are_named():
    for bursts in (0, 0.1):
        found = gone_silent(activity(np.random.default_rng(1), bursts=bursts, quiet=5)).accounts
        assert set(found.index) == {f"a{each}" for each in range(5)}
        assert set(found.silence) == {"contact"}


def test_how_unlikely_silence_is_comes_from_the_negative_binomial():
    """Of accounts that are all alike and quarters that differ as a gamma's do."""
    rng = np.random.default_rng(3)
    table = activity(rng, accounts=4_000)
    for when in ("now", *PAST):
        table[f"contacts_{when}"] = rng.poisson(8 * rng.gamma(4, 1 / 4, 4_000))
    table.iloc[0, list(table).index("contacts_now")] = 0
    p = no_contact(table)
    expected = stats.nbinom.pmf(0, 4, 4 / (4 + 8))
    assert p[p < 1].median() == pytest.approx(expected, rel=0.15)
    assert (p < 1).mean() == pytest.approx(expected, abs=0.01)


def test_activity_is_what_the_tables_say(data):
    table = account_activity(data, data.quarter)
    rows = data.rows("interactions", "account_id").execute()
    accounts = data.rows("accounts").execute().set_index("account_id")
    assert not (accounts.churn_date.reindex(table.index) < data.quarter.end).any()
    before = data.quarter.previous
    mine = rows[(rows.started_at >= before.start) & (rows.started_at < before.end)]
    assert table.contacts_1.sum() == mine.account_id.isin(table.index).sum()
    signup = accounts.signup_date.reindex(table.index)
    assert (table.share_1[signup >= before.end] == 0).all()
    assert (table.share_4[signup < data.quarter.shift(-4).start] == 1).all()


def test_without_a_year_before_nobody_is_called_silent(data):
    first = Quarter.holding(data.start)
    early = account_activity(data, first)
    assert (early[[f"share_{each}" for each in PAST]] == 0).all(axis=None)
    found = gone_silent(early)
    assert found.looked_at == 0
    assert "could not be looked for" in show.silent_finding(found).sentence


@pytest.mark.parametrize(
    "table",
    [activity(np.random.default_rng(1)).iloc[:0],
     activity(np.random.default_rng(1)).assign(
         **{f"{kind}_{each}": 0 for kind in ("contacts", "answered") for each in PAST})],
    ids=["no account", "nobody ever spoke"],
)  # fmt: skip
def test_where_no_silence_can_be_told_none_is(table):
    found = gone_silent(table)
    assert found.accounts.empty
    assert show.silent_table(found, table, pd.DataFrame()) is None
    assert "could not be looked for" in show.silent_finding(found).sentence


def test_silent_accounts_are_listed_with_what_they_were():
    table = activity(np.random.default_rng(1), quiet=3)
    facts = pd.DataFrame({"name": ["Acme"], "revenue_12m": [5e5]}, index=["a1"])
    listed = show.silent_table(gone_silent(table), table, facts, "EUR").frame
    assert listed.Account.tolist()[0] == "Acme"
    assert set(listed.Account) == {"Acme", "a0", "a2"}
    assert set(listed["In the year before"]) == {"60"}
