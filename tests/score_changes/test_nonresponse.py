from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from cxlib.errors import ArgumentError
from cxlib.measure import measure
from cxlib.score_changes import nonresponse_page as told
from cxlib.score_changes.invitations import invited, split_column
from cxlib.score_changes.nonresponse import response_rates, weigh

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
    counts = pd.concat(parts).groupby(["customer_id", "channel"], as_index=False).sum()
    return counts.assign(cluster=counts.customer_id)


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


@pytest.mark.parametrize(
    ("rates", "worths"),
    [((0.5, 0.3), (CONTENT, CONTENT)), ((0.4, 0.4), (CONTENT, SULLEN))],
    ids=["groups feel alike", "groups answer alike"],
)
def test_weights_that_have_nothing_to_make_up_for_seldom_seem_to_move_the_score(rates, worths):
    """5% nominal; at most 9% of 200, which is 2.6 standard errors above."""
    moved = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        moved += weigh(asked(rng, (300, 300), rates, worths), -100, 100).moved.excludes(0)
    assert moved / 200 <= 0.09


def test_what_the_weights_move_is_held_by_its_interval():
    """Also with customers asked twice; 91% is 2.6 standard errors below 95% of 200 draws."""
    plain = (0.7 * np.dot(WORTH, SULLEN) + 0.25 * np.dot(WORTH, CONTENT)) / 0.95
    truth = (np.dot(WORTH, SULLEN) + np.dot(WORTH, CONTENT)) / 2 - plain
    held = 0
    for seed in range(200):
        counts = asked(
            np.random.default_rng(seed), (400,) * 2, (0.7, 0.25), (SULLEN, CONTENT), True
        )
        moved = weigh(counts, -100, 100).moved
        held += moved.low <= truth <= moved.high
    assert held / 200 >= 0.91


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
    assert "where channel is c2, " in told.rate_finding(response_rates(counts)).sentence


def test_rates_are_those_of_the_kpi(data):
    since = data.quarter.shift(-3)
    counts = invited(data, ["channel"], since.start, data.quarter.end)
    panel = measure(data, ["response_rate"], by=["channel"], since=since)
    for each in response_rates(counts):
        expected = panel.estimate("response_rate", channel=each.group)
        assert each.rate.value == pytest.approx(expected.value)
        own = counts[counts.channel == each.group].groupby("cluster")
        ends = by_matrices(own.answered.sum().to_numpy(float), own.invited.sum().to_numpy(float))
        assert (each.rate.low, each.rate.high) == pytest.approx(ends, rel=1e-9)


def by_matrices(y, x):
    """A share's interval with clusters: the residuals' matrix, and Wilson, written out."""
    n, share = x.sum(), y.sum() / x.sum()
    simple = share * (1 - share) / (n - 1)
    left = np.eye(len(x)) - np.outer(x, np.ones(len(x))) / n

    def model(alike):
        own = np.diag((1 - alike) * x + alike * x**2)
        residuals = left @ own @ left.T
        freedom = np.trace(residuals) ** 2 / (residuals**2).sum()
        return np.trace(own) / np.trace(residuals), freedom

    raw = ((y - share * x) ** 2).sum() / n**2
    factor, freedom = model(
        np.clip((raw * model(0.0)[0] / simple - 1) / ((x**2).sum() / n - 1), 0, 1)
    )
    less = (stats.norm.ppf(0.975) / stats.t.ppf(0.975, freedom)) ** 2
    size = min(n / max(raw * factor / simple, 1.0) * less, n)
    return proportion_confint(share * size, size, method="wilson")


def test_groups_of_accounts_that_answer_alike_are_seldom_said_to_differ():
    """Accounts answer all or nothing; regions are dealt by lot."""
    rng = np.random.default_rng(5)
    account, runs = np.repeat(np.arange(60), 8), 150
    claims = 0
    for _ in range(runs):
        answered = (rng.random(60) < 0.4)[account].astype(int)
        counts = pd.DataFrame(
            {"customer_id": np.arange(480), "cluster": account, "invited": 1, "answered": answered,
             "region": rng.choice(["North", "South"], 60)[account], "points": 0.0}
        )  # fmt: skip
        claims += any(each.detected for each in response_rates(counts))
    # So many come by chance in 1 of 1,000 such tests where each has 5%.
    assert claims <= stats.binom.ppf(0.999, runs, 0.05)


def test_the_planted_silence_of_developers_is_found(data):
    """They answer least and are least content, so that weights take the score down."""
    since = data.start
    counts = invited(data, ["role", "channel"], since, data.quarter.end, "nps")
    first = response_rates(counts)[0]
    assert (first.group, first.detected) == ("developer", True)
    assert weigh(counts, -100, 100).moved.value < 0


def test_no_invitations_are_known_where_every_row_is_an_answer(data):
    answers = replace(data, answers_only=True)
    counts = invited(answers, ["channel"], data.start, data.end, "nps")
    assert counts.empty
    assert response_rates(counts) == ()
    assert "was not tested" in told.rate_finding(()).sentence
    assert "no invitation is known" in weigh(counts, -100, 100).problem
    assert "could not be adjusted" in told.weighed_finding(weigh(counts, -100, 100)).sentence


def test_where_all_answer_nothing_is_weighed():
    counts = asked(np.random.default_rng(1), (50, 50), (1.0, 1.0), (CONTENT, SULLEN))
    found = weigh(counts, -100, 100)
    assert found.weighed is None
    assert found.worst == found.best == pytest.approx(found.score.value)
    assert "cannot be adjusted" in told.weighed_finding(found).sentence


def test_without_attributes_only_the_bounds_are_told():
    counts = asked(np.random.default_rng(1), (80,), (0.5,), (CONTENT,)).drop(columns="channel")
    found = weigh(counts, -100, 100)
    assert found.weighed is None
    finding = told.weighed_finding(found)
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
    with pytest.raises(ArgumentError, match="chanel"):
        split_column(data, "chanel")


def test_an_attribute_that_follows_from_another_changes_nothing():
    counts = asked(np.random.default_rng(6), (200, 200, 200), (0.6, 0.4, 0.2), (CONTENT,) * 3)
    twice = counts.assign(
        team=counts.channel.str.upper(), half=(counts.channel == "c0").astype(str)
    )
    one, other = weigh(counts, -100, 100), weigh(twice, -100, 100)
    assert other.weighed.value == pytest.approx(one.weighed.value)
    assert (other.moved.low, other.moved.high) == pytest.approx((one.moved.low, one.moved.high))


def crossed(rng, rates, worths, size=500) -> pd.DataFrame:
    """As many customers of each channel and role, with rates and scores for each of the four."""
    parts = []
    for (channel, role), rate, worth in zip(product("pw", "ua"), rates, worths, strict=True):
        answered = rng.random(size) < rate
        parts.append(
            pd.DataFrame(
                {"customer_id": [f"{channel}{role}{n}" for n in range(size)], "channel": channel,
                 "role": role, "invited": 1, "answered": answered.astype(int),
                 "points": rng.choice(WORTH, size, p=worth) * answered}
            )
        )  # fmt: skip
    counts = pd.concat(parts, ignore_index=True)
    return counts.assign(cluster=counts.customer_id)


def test_answers_that_go_by_two_attributes_together_are_weighed_by_both():
    """Neither channel nor role tells who answers; together they do. Within 3 points, on average."""
    truth, off, held, draws = (np.dot(WORTH, CONTENT) + np.dot(WORTH, SULLEN)) / 2, [], 0, 60
    for seed in range(draws):
        counts = crossed(
            np.random.default_rng(seed), (0.6, 0.12, 0.12, 0.6), (CONTENT, SULLEN, SULLEN, CONTENT)
        )
        found = weigh(counts, -100, 100)
        assert found.pairs == (("channel", "role"),)
        off.append(found.weighed.value - truth)
        held += not found.weighed.excludes(truth)
        assert found.score.value > truth + 20
    assert abs(np.mean(off)) < 3
    assert held >= stats.binom.ppf(0.01, draws, 0.93)
    assert "channel with role, which matter together" in told.weighed_finding(found).evidence


def test_attributes_that_do_not_matter_together_are_seldom_taken_together():
    """Rates that go by channel alone, by role alone, and by nothing: at most 5% of draws."""
    taken, draws = 0, 120
    for seed in range(draws):
        rates = [(0.6, 0.6, 0.3, 0.3), (0.6, 0.3, 0.6, 0.3), (0.4,) * 4][seed % 3]
        counts = crossed(np.random.default_rng(seed), rates, (CONTENT,) * 4, size=200)
        taken += bool(weigh(counts, -100, 100).pairs)
    assert taken <= stats.binom.ppf(0.99, draws, 0.05)


def test_answers_whose_weight_is_capped_are_counted_and_said():
    counts = asked(np.random.default_rng(4), (4_000, 1_000), (0.9, 0.05), (CONTENT, SULLEN))
    found = weigh(counts, -100, 100)
    assert found.capped == counts.answered[counts.channel == "c1"].sum()
    assert (
        f"{found.capped} answers of groups that seldom answer"
        in told.weighed_finding(found).evidence
    )
