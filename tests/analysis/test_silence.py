from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxlib.analysis.silence import gone_silent, response_rates, weigh
from cxlib.errors import MissingData
from cxlib.measure import measure
from cxlib.measure.invitations import account_activity, invited, split_column
from cxlib.present import silence as show

WORTH = np.array([-100.0, 0.0, 100.0])
CONTENT, SULLEN = (0.1, 0.2, 0.7), (0.5, 0.3, 0.2)


def asked(rng, sizes, rates, worths, twice: bool = False) -> pd.DataFrame:
    """Invitations of as many customers by group (or half as many, each asked twice)."""
    parts = []
    for group, (size, rate, worth) in enumerate(zip(sizes, rates, worths, strict=True)):
        answered = rng.random(size) < rate
        who = np.arange(size) // 2 if twice else np.arange(size)
        parts.append(
            pd.DataFrame(
                {"customer_id": [f"{group}-{each}" for each in who], "channel": f"c{group}",
                 "invited": 1, "answered": answered.astype(int),
                 "points": rng.choice(WORTH, size, p=worth) * answered}
            )
        )  # fmt: skip
    return pd.concat(parts).groupby(["customer_id", "channel"], as_index=False).sum()


def test_by_one_attribute_the_weighed_score_is_the_post_stratified_one():
    counts = asked(np.random.default_rng(1), (300, 500), (0.7, 0.3), (SULLEN, CONTENT))
    found = weigh(counts, -100, 100)
    sums = counts.groupby("channel")[["invited", "answered", "points"]].sum()
    expected = np.average(sums.points / sums.answered, weights=sums.invited)
    assert found.weighed.value == pytest.approx(expected)
    assert found.score.value == pytest.approx(sums.points.sum() / sums.answered.sum())
    assert found.moved.value == pytest.approx(found.weighed.value - found.score.value)


def test_the_bounds_are_those_of_the_worst_and_the_best_answer():
    counts = asked(np.random.default_rng(2), (100,), (0.4,), (CONTENT,))
    found = weigh(counts, -100, 100)
    silent = counts.invited.sum() - counts.answered.sum()
    assert found.worst == pytest.approx((counts.points.sum() - 100 * silent) / 100)
    assert found.best == pytest.approx((counts.points.sum() + 100 * silent) / 100)


def test_the_score_of_all_those_asked_is_recovered_where_silence_goes_by_group():
    """Nominal 95%; 91% is 2.6 standard errors below, at 200 draws. Some customers answer twice."""
    truth = (np.dot(WORTH, SULLEN) + np.dot(WORTH, CONTENT)) / 2
    held, biased = 0, 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        counts = asked(rng, (400, 400), (0.7, 0.25), (SULLEN, CONTENT), twice=True)
        found = weigh(counts, -100, 100)
        held += found.weighed.low <= truth <= found.weighed.high
        biased += found.score.low <= truth <= found.score.high
    assert held / 200 >= 0.91
    assert biased / 200 < 0.2


def test_weights_that_have_nothing_to_make_up_for_seldom_seem_to_move_the_score():
    """5% nominal; at most 9% of 200, which is 2.6 standard errors above."""
    moved = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        counts = asked(rng, (300, 300), (0.5, 0.3), (CONTENT, CONTENT))
        moved += weigh(counts, -100, 100).moved.excludes(0)
    assert moved / 200 <= 0.09


def test_groups_that_answer_alike_are_seldom_told_apart_and_unlike_ones_are():
    called = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        counts = asked(rng, (200, 200, 200), (0.4,) * 3, (CONTENT,) * 3, twice=True)
        called += any(each.detected for each in response_rates(counts))
    assert called / 200 <= 0.09
    counts = asked(np.random.default_rng(1), (200, 200, 200), (0.4, 0.4, 0.15), (CONTENT,) * 3)
    first = response_rates(counts)[0]
    assert (first.by, first.group) == ("channel", "c2")
    assert first.detected
    assert first.gap.value < 0
    assert "channel c2, " in show.rate_finding(response_rates(counts)).sentence


def test_rates_are_those_of_the_kpi(data):
    since = data.quarter.shift(-3)
    counts = invited(data, ["channel"], since.start, data.quarter.end)
    panel = measure(data, ["response_rate"], by=["channel"], since=since)
    for each in response_rates(counts):
        expected = panel.estimate("response_rate", channel=each.group)
        assert each.rate.value == pytest.approx(expected.value)
        assert (each.rate.low, each.rate.high) == pytest.approx((expected.low, expected.high))


def test_the_planted_silence_of_developers_is_found(data):
    """They answer least and are least content, so that weights take the score down."""
    since = data.start
    counts = invited(data, ["role", "channel"], since, data.quarter.end, "nps")
    first = response_rates(counts)[0]
    assert (first.group, first.detected) == ("developer", True)
    assert weigh(counts, -100, 100).moved.value < 0


# Accounts gone silent -----------------------------------------------------------------------------


def activity(rng, accounts=400, contacts=4.0, shape=3.0, quiet=0) -> pd.DataFrame:
    """Accounts that differ as a gamma does in their contacts, and as a beta in their answers."""
    rate = contacts * rng.gamma(shape, 1 / shape, accounts)
    will = rng.beta(4, 6, accounts)
    before, now = rng.poisson(4 * rate), rng.poisson(rate)
    asked_before, asked_now = rng.poisson(16, accounts), rng.poisson(4, accounts)
    table = pd.DataFrame(
        {
            "months_before": 12.0, "contacts_before": before, "contacts_now": now,
            "invited_before": asked_before, "invited_now": asked_now,
            "answered_before": rng.binomial(asked_before, will),
            "answered_now": rng.binomial(asked_now, will),
        },
        index=pd.Index([f"a{each}" for each in range(accounts)], name="account_id"),
    )  # fmt: skip
    table.iloc[:quiet, table.columns.get_loc("contacts_before")] = 60
    table.iloc[:quiet, table.columns.get_loc("contacts_now")] = 0
    return table


def test_where_no_account_has_gone_silent_hardly_any_is_named():
    """In at most 9% of 200 draws any: 5% nominal for each kind of silence would be 10% together."""
    named = [len(gone_silent(activity(np.random.default_rng(seed)))) > 0 for seed in range(200)]
    assert np.mean(named) <= 0.09


def test_accounts_that_have_gone_silent_are_named():
    found = gone_silent(activity(np.random.default_rng(1), quiet=5))
    assert set(found.index) == {f"a{each}" for each in range(5)}
    assert set(found.silence) == {"contact"}


def test_how_unlikely_silence_is_comes_from_the_textbook_distributions():
    table = activity(np.random.default_rng(3), quiet=5)
    p = gone_silent(table).p.iloc[0]
    mean = table.contacts_before.sum() / table.months_before.sum()
    expected = mean * table.months_before
    extra = ((table.contacts_before - expected) ** 2 - expected).sum() / (expected**2).sum()
    shape, span = 1 / extra, table.contacts_now.sum() / len(table) / mean
    rate = shape / mean + 12
    assert p == pytest.approx(stats.nbinom.pmf(0, shape + 60, rate / (rate + span)))


def test_a_new_account_is_not_called_silent(data):
    table = account_activity(data, data.quarter)
    accounts = data.rows("accounts").execute().set_index("account_id")
    signup = accounts.signup_date.reindex(table.index)
    assert (signup <= pd.Timestamp(data.quarter.previous.start)).all()
    assert not (accounts.churn_date.reindex(table.index) < data.quarter.end).any()
    assert table.contacts_now.sum() > 0
    assert table.months_before.between(0, 12.1).all()


@pytest.mark.parametrize(
    "table",
    [activity(np.random.default_rng(1)).iloc[:0],
     activity(np.random.default_rng(1)).assign(contacts_before=0, answered_before=0)],
    ids=["no account", "nobody ever spoke"],
)  # fmt: skip
def test_where_no_silence_can_be_told_none_is(table):
    assert gone_silent(table).empty
    assert show.silent_table(gone_silent(table), table, pd.DataFrame()) is None
    assert "silent" in show.silent_finding(gone_silent(table), len(table)).sentence


# Degenerate inputs --------------------------------------------------------------------------------


def test_no_invitations_are_known_where_every_row_is_an_answer(data):
    answers = replace(data, answers_only=True)
    counts = invited(answers, ["channel"], data.start, data.end, "nps")
    assert counts.empty
    assert response_rates(counts) == ()
    assert "cannot be told" in show.rate_finding(()).sentence
    assert "at least 10 customers" in weigh(counts, -100, 100).problem
    assert "not told" in show.weighed_finding(weigh(counts, -100, 100)).sentence


def test_where_all_answer_nothing_is_weighed():
    counts = asked(np.random.default_rng(1), (50, 50), (1.0, 1.0), (CONTENT, SULLEN))
    found = weigh(counts, -100, 100)
    assert found.weighed is None
    assert found.worst == found.best == pytest.approx(found.score.value)
    assert "cannot be told" in show.weighed_finding(found).sentence


def test_without_attributes_only_the_bounds_are_told():
    counts = asked(np.random.default_rng(1), (80,), (0.5,), (CONTENT,)).drop(columns="channel")
    found = weigh(counts, -100, 100)
    assert found.weighed is None
    finding = show.weighed_finding(found)
    assert "nothing is known" in finding.sentence
    assert "lies between" in finding.evidence


def test_a_level_that_never_answers_is_pooled_not_weighed_out_of_all_measure():
    counts = asked(np.random.default_rng(1), (200, 200, 30), (0.5, 0.4, 0.0), (CONTENT,) * 3)
    found = weigh(counts, -100, 100)
    assert found.weighed.has_interval
    assert abs(found.moved.value) < 20


def test_the_column_to_split_by_is_the_wanted_one_or_the_first_there_is(data):
    assert split_column(data) == "channel"
    assert split_column(data, "industry") == "industry"
    with pytest.raises(MissingData, match="chanel"):
        split_column(data, "chanel")


def test_silent_accounts_are_listed_with_what_they_were():
    table = activity(np.random.default_rng(1), quiet=3)
    facts = pd.DataFrame({"name": ["Acme"], "revenue_12m": [5e5]}, index=["a1"])
    listed = show.silent_table(gone_silent(table), table, facts, "EUR").frame
    assert listed.Account.tolist()[0] == "Acme"
    assert set(listed.Account) == {"Acme", "a0", "a2"}
    assert set(listed["In the year before"]) == {"60"}
