from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxlib.data import Quarter
from cxlib.measure import KPIS, measure
from cxlib.measure.contrast import compare, independent
from cxlib.measure.estimate import Estimate
from cxlib.score_changes import page as show
from cxlib.score_changes.decomposition import (
    FEWEST_STAYED,
    MIX,
    RESPONSE,
    TOTAL,
    TURNOVER,
    WITHIN,
    Ledger,
    keep_ledger,
)
from cxlib.score_changes.invitations import OTHERS, asked_and_answered, untold
from tests.conftest import LONG

WORTH = np.array([-100.0, 0.0, 100.0])


def survey(rng, asked, rates, worths, customers=None, resample=False) -> pd.DataFrame:
    """Two quarters of invitations, each of a customer of its own unless customers are given.

    `asked`, `rates`: period × group; `worths`: period × group × (detractor, passive, promoter).
    """
    parts = []
    for period, name in enumerate(("before", "now")):
        for group, count in enumerate(asked[period]):
            answered = rng.random(count) < rates[period][group]
            points = rng.choice(WORTH, count, p=worths[period][group]) * answered
            who = (
                [f"{name}{group}-{row}" for row in range(count)]
                if customers is None
                else [f"{group}-{each}" for each in rng.choice(customers, count)]
            )
            parts.append(
                pd.DataFrame(
                    {"customer_id": who, "group": f"g{group}", "period": name, "invited": 1,
                     "answered": answered.astype(int), "points": points}
                )
            )  # fmt: skip
    keys = ["customer_id", "group", "period"]
    return by_themselves(pd.concat(parts).groupby(keys, as_index=False).sum())


def by_themselves(counts: pd.DataFrame) -> pd.DataFrame:
    """Counts of customers who share no account."""
    return counts.assign(cluster=counts.customer_id)


def mean_of(shares) -> float:
    return float(np.dot(WORTH, shares))


def parts_of(found: Ledger) -> dict[str, float]:
    return {each.part: each.change.value for each in found.parts}


def check_sums(found: Ledger) -> None:
    """What the ledger promises: everything adds up to the total, to 1e-9."""
    total = found.total.change.value
    assert found.now - found.before == pytest.approx(total, abs=1e-9)
    assert sum(parts_of(found).values()) == pytest.approx(total, abs=1e-9)
    by_part, by_group = {}, {}
    for each in found.groups:
        (by_group if each.part == TOTAL else by_part).setdefault(each.group, []).append(each)
    assert sum(e.change.value for each in by_group.values() for e in each) == pytest.approx(
        total, abs=1e-9
    )
    for group, lines in by_part.items():
        assert sum(e.change.value for e in lines) == pytest.approx(
            by_group[group][0].change.value, abs=1e-9
        )
    within = parts_of(found)[WITHIN] + parts_of(found).get(TURNOVER, 0.0)
    told = [e.change.value for lines in by_part.values() for e in lines if e.part == WITHIN]
    assert sum(told) == pytest.approx(within, abs=1e-9)


@pytest.mark.parametrize("seed", range(100))
def test_the_ledger_adds_up_on_any_pair_of_samples(seed):
    rng = np.random.default_rng(seed)
    groups = int(rng.integers(1, 7))
    asked = rng.integers(0, 120, (2, groups))
    asked[:, 0] += 250
    rates = rng.uniform(0.2, 1, (2, groups))
    worths = rng.dirichlet(np.ones(3), (2, groups))
    customers = None if seed % 2 else int(rng.integers(80, 200))
    counts = survey(rng, asked, rates, worths, customers)
    found = keep_ledger(counts, invitations_known=bool(seed % 3), resamples=20)
    assert not found.problem
    check_sums(found)


def test_within_and_weights_are_kitagawas():
    """Against the textbook formula, group by group."""
    rng = np.random.default_rng(1)
    counts = survey(
        rng, [[300, 200, 100], [100, 250, 300]], [[0.5, 0.4, 0.9], [0.6, 0.3, 0.8]],
        rng.dirichlet(np.ones(3), (2, 3)),
    )  # fmt: skip
    found = keep_ledger(counts, resamples=10)
    sums = counts.groupby(["period", "group"])[["answered", "points"]].sum()
    rates = (sums.points / sums.answered).unstack("period")
    weights = (sums.answered / sums.answered.groupby("period").sum()).unstack("period")
    within = (weights.mean(axis=1) * (rates.now - rates.before)).sum()
    composition = (rates.mean(axis=1) * (weights.now - weights.before)).sum()
    told = parts_of(found)
    assert told[WITHIN] == pytest.approx(within)
    assert told[MIX] + told[RESPONSE] == pytest.approx(composition)


def test_mix_and_response_are_shapley_values_over_both_orders():
    rng = np.random.default_rng(2)
    counts = survey(
        rng, [[300, 200], [100, 250]], [[0.5, 0.4], [0.7, 0.3]], rng.dirichlet(np.ones(3), (2, 2))
    )
    found = parts_of(keep_ledger(counts, resamples=10))
    sums = counts.groupby(["period", "group"])[["invited", "answered", "points"]].sum()
    score = (sums.points / sums.answered).unstack("period").mean(axis=1)
    asked = sums.invited.unstack("period") / sums.invited.groupby("period").sum()
    rate = (sums.answered / sums.invited).unstack("period")

    def composed(asking, answering):
        answers = asked[asking] * rate[answering]
        return float((score * answers / answers.sum()).sum())

    gains = {"asking": [], "answering": []}
    for order in permutations(gains):
        state = {"asking": "before", "answering": "before"}
        for factor in order:
            earlier = composed(**state)
            state[factor] = "now"
            gains[factor].append(composed(**state) - earlier)
    assert found[MIX] == pytest.approx(np.mean(gains["asking"]))
    assert found[RESPONSE] == pytest.approx(np.mean(gains["answering"]))


def test_the_total_is_the_change_of_the_kpi(data):
    now, before = data.quarter, data.quarter.previous
    found = keep_ledger(asked_and_answered(data, "channel", now, before), resamples=10)
    panel = measure(data, ["nps"], period="quarter").of("nps").set_index("period").value
    assert found.now == pytest.approx(panel[now.start])
    assert found.before == pytest.approx(panel[before.start])
    check_sums(found)


# What is planted is found, and noise is not -------------------------------------------------------

CONTENT, SULLEN = (0.1, 0.2, 0.7), (0.5, 0.3, 0.2)
GAP = mean_of(CONTENT) - mean_of(SULLEN)
RUNS = 200


def coverage(truths: dict[str, float], **design) -> dict[str, float]:
    held = dict.fromkeys(truths, 0)
    for seed in range(RUNS):
        counts = survey(np.random.default_rng(seed), **design)
        for each in keep_ledger(counts, resamples=300, seed=seed).parts:
            if each.part in truths:
                held[each.part] += each.change.low <= truths[each.part] <= each.change.high
    return {part: count / RUNS for part, count in held.items()}


@pytest.mark.parametrize("case", ["mix", "response", "within", "nothing"])
def test_intervals_hold_what_was_planted(case):
    """Nominal 95%; 90% is more than three standard errors below, at 200 draws."""
    even = [[300, 300], [300, 300]]
    design = {"asked": even, "rates": [[0.5, 0.5]] * 2, "worths": [[CONTENT, SULLEN]] * 2}
    truths = {WITHIN: 0.0, MIX: 0.0, RESPONSE: 0.0}
    if case == "mix":
        design["asked"] = [[300, 300], [450, 150]]
        truths[MIX] = 0.25 * GAP
    elif case == "response":
        design["rates"] = [[0.5, 0.5], [0.6, 0.3]]
        truths[RESPONSE] = (0.6 / 0.9 - 0.5) * GAP
    elif case == "within":
        design["worths"] = [[CONTENT, SULLEN], [SULLEN, SULLEN]]
        truths[WITHIN] = -0.5 * GAP
    held = coverage(truths, **design)
    assert all(each >= 0.90 for each in held.values()), held


def test_where_nothing_has_changed_hardly_a_part_is_called():
    """q below 5% for any of three parts; 5% nominal, at most 9%: 2.6 standard errors of 200."""
    called = 0
    for seed in range(RUNS):
        counts = survey(
            np.random.default_rng(1_000 + seed), [[250, 150, 100]] * 2, [[0.5, 0.4, 0.6]] * 2,
            [[CONTENT, SULLEN, CONTENT]] * 2,
        )  # fmt: skip
        called += any(each.detected for each in keep_ledger(counts, resamples=300).parts)
    assert called / RUNS <= 0.09


def test_customers_who_answered_twice_tell_turnover_from_change():
    """The same people feel as before; those who joined feel worse: all of it is turnover."""
    rng = np.random.default_rng(3)
    stayed = rng.choice(WORTH, 150, p=CONTENT)
    frames = [
        pd.DataFrame({"customer_id": [f"s{i}" for i in range(150)], "period": period,
                      "points": stayed})
        for period in ("before", "now")
    ]  # fmt: skip
    for period, worths in (("before", CONTENT), ("now", SULLEN)):
        points = rng.choice(WORTH, 150, p=worths)
        names = [f"{period}{i}" for i in range(150)]
        frames.append(pd.DataFrame({"customer_id": names, "period": period, "points": points}))
    counts = pd.concat(frames).assign(group="all", invited=1, answered=1)
    found = keep_ledger(by_themselves(counts))
    assert found.turnover_known
    assert found.stayed == 150
    told = {each.part: each.change for each in found.parts}
    assert told[WITHIN].value == 0
    assert told[TURNOVER].high < 0
    assert told[TURNOVER].low < -0.5 * GAP < told[TURNOVER].high
    check_sums(found)


def test_who_stayed_speaks_for_their_own_group():
    """One group is up by 100 and the other is not; most who stayed are of the first."""
    rng = np.random.default_rng(8)
    frames = []
    for group, stay, gain in (("a", 360, 100.0), ("b", 40, 0.0)):
        for period in ("before", "now"):
            who = [f"{group}{i}" for i in range(stay)]
            who += [f"{group}-{period}{i}" for i in range(400 - stay)]
            points = rng.choice([-100.0, 0.0], 400) + gain * (period == "now")
            each = {"customer_id": who, "group": group, "period": period, "points": points}
            frames.append(pd.DataFrame(each))
    found = keep_ledger(by_themselves(pd.concat(frames).assign(invited=1, answered=1)))
    told = {each.part: each for each in found.parts}
    assert told[WITHIN].change.low < 50 < told[WITHIN].change.high
    assert not told[TURNOVER].detected
    check_sums(found)


def test_accounts_whose_customers_are_alike_are_resampled_whole():
    """Forty accounts, each of one mind: as forty opinions, not as four hundred."""
    rng = np.random.default_rng(9)
    account = np.repeat(np.arange(40), 10)
    frames = []
    for period in ("before", "now"):
        mind = rng.choice(WORTH, 40)[account]
        who = [f"{period}{i}" for i in range(400)]
        frames.append(
            pd.DataFrame({"customer_id": who, "period": period, "points": mind,
                          "cluster": [f"{period} {each}" for each in account]})
        )  # fmt: skip
    counts = pd.concat(frames).assign(group="all", invited=1, answered=1)
    whole, alone = (keep_ledger(each).total.change for each in (counts, by_themselves(counts)))
    assert whole.value == alone.value
    assert (whole.high - whole.low) / (alone.high - alone.low) == pytest.approx(10**0.5, rel=0.1)


def test_a_few_who_answered_twice_do_not_stand_for_all():
    rng = np.random.default_rng(4)
    counts = survey(rng, [[200], [200]], [[1.0], [1.0]], [[CONTENT]] * 2, customers=1500)
    found = keep_ledger(counts, resamples=20)
    assert 0 < found.stayed < FEWEST_STAYED
    assert not found.turnover_known
    assert TURNOVER not in parts_of(found)
    assert "too few to tell" in show.ledger_finding(found, "channel", "2026Q2").evidence


# Degenerate inputs --------------------------------------------------------------------------------


def test_a_group_that_is_new_is_all_a_matter_of_weights():
    rng = np.random.default_rng(5)
    counts = survey(rng, [[200, 0], [200, 100]], [[1.0, 1.0]] * 2, [[SULLEN, CONTENT]] * 2)
    found = keep_ledger(counts, resamples=20)
    # It has too few customers in one quarter to stand alone, and so is one of the others.
    lines = [each for each in found.groups if each.group == OTHERS and each.part != TOTAL]
    assert {each.part: each.change.value for each in lines if each.part != MIX}[WITHIN] == 0
    assert parts_of(found)[MIX] > 0
    check_sums(found)


def test_a_column_that_divides_too_finely_is_refused():
    rng = np.random.default_rng(9)
    counts = survey(rng, [[200], [200]], [[1], [1]], [[CONTENT]] * 2)
    counts["group"] = counts.customer_id
    assert "no group has answers of 10 customers" in keep_ledger(counts).problem


def test_a_quarter_that_the_surveys_do_not_span_is_not_compared_with(data):
    assert untold(data, "channel", data.quarter, data.quarter.previous) == ""
    early = Quarter.holding(data.start).previous
    assert "the data run from" in untold(data, "channel", data.quarter, early)
    counts = asked_and_answered(data, "channel", data.quarter, data.quarter.previous)
    assert keep_ledger(counts, problem="so it is").problem == "so it is"


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (survey(np.random.default_rng(0), [[0], [0]], [[1], [1]], [[CONTENT]] * 2), "0 and 0"),
        (survey(np.random.default_rng(0), [[50], [4]], [[1], [1]], [[CONTENT]] * 2), "50 and 4"),
        (survey(np.random.default_rng(0), [[50], [50]], [[1], [0]], [[CONTENT]] * 2), "50 and 0"),
    ],
    ids=["no invitation", "too few now", "no answer now"],
)
def test_what_cannot_be_split_is_said(counts, words):
    found = keep_ledger(counts)
    assert words in found.problem
    finding = show.ledger_finding(found, "channel", "2026Q2")
    assert words in finding.sentence
    assert not finding.news
    assert show.ledger_figure(found, "2026Q2") is None
    assert show.ledger_table(found, "channel") is None
    assert show.ledger_frame("channel", {"2026Q2": found}).empty


def test_a_dataset_of_answers_only_has_no_response_rate_to_tell_apart():
    rng = np.random.default_rng(6)
    counts = survey(rng, [[300, 200], [200, 300]], [[1.0, 1.0]] * 2, [[CONTENT, SULLEN]] * 2)
    found = keep_ledger(counts, invitations_known=False, resamples=20)
    assert set(parts_of(found)) == {WITHIN, MIX}
    check_sums(found)
    assert "response rate is not apart" in show.ledger_finding(found, "channel", "x").evidence


def test_the_page_says_which_part_stands_out():
    rng = np.random.default_rng(7)
    counts = survey(rng, [[400, 400], [700, 100]], [[0.5, 0.5]] * 2, [[CONTENT, SULLEN]] * 2)
    found = keep_ledger(counts)
    finding = show.ledger_finding(found, "service_level", "2026Q2")
    assert finding.sentence.startswith("Net Promoter Score may have risen since 2026Q2.")
    assert "Change +" in finding.evidence
    before, now = (Estimate(each, each - 5, each + 5, 400, "points") for each in (-10, 30))
    (change,) = compare([independent(KPIS["nps"], now, before)])
    finding = show.ledger_finding(found, "service_level", "2026Q2", change)
    assert finding.sentence.startswith("Net Promoter Score rose 40.0 since 2026Q2.")
    assert "each service level has a different share of the invitations (+" in finding.sentence
    axis = show.ledger_figure(found, "2026Q2").axes[0]
    assert (
        axis.figure.get_suptitle().replace("\n", " ")
        == "What moved Net Promoter Score: share of invitations"
    )
    labels = [each.get_text() for each in axis.get_yticklabels()]
    assert [labels[0].split(":")[0], *labels[1:-1], labels[-1].split(":")[0]] == [
        "2026Q2", "Answers within groups", "Share of invitations", "Response rates", "Now",
    ]  # fmt: skip
    # The steps lead from the score then to the score now.
    bars = sorted(axis.patches, key=lambda each: each.get_y())
    assert bars[0].get_x() == pytest.approx(found.before)
    assert bars[-1].get_x() + bars[-1].get_width() == pytest.approx(found.now)
    frame = show.ledger_frame("service_level", {"2026Q2": found})
    assert list(frame.columns) == [
        "kpi", "against", "grouping", "part", "group", "change", "low", "high", "q",
    ]  # fmt: skip
    assert frame[frame.group == ""].part.tolist() == [WITHIN, MIX, RESPONSE, TOTAL]


def who_answer_often(rng, count=600, asked=4, often=0.8, seldom=0.15, sour=0.5):
    """The same customers in both quarters; those who answer often have turned sour.

    Returns:
        The counts, and by how much the score changes, as many answers as are to be expected.
    """
    heavy = rng.random(count) < 0.3
    rate, liking = np.where(heavy, often, seldom), rng.beta(3, 2, count)
    frames, scores = [], []
    for period in ("before", "now"):
        happy = np.clip(liking - sour * heavy * (period == "now"), 0.02, 0.98)
        invited = np.ones(count, dtype=int) if asked == 1 else rng.poisson(asked, count)
        answered = rng.binomial(invited, rate)
        points = 200.0 * rng.binomial(answered, happy) - 100 * answered
        frames.append(
            pd.DataFrame({"customer_id": np.arange(count), "group": "all", "period": period,
                          "invited": invited, "answered": answered, "points": points})
        )  # fmt: skip
        scores.append(np.average(200 * happy - 100, weights=rate))
    counts = pd.concat(frames)
    return by_themselves(counts[counts.invited > 0]), scores[1] - scores[0]


@pytest.mark.parametrize("shape", [{}, {"asked": 2}, {"asked": 8, "often": 0.6, "seldom": 0.05}],
                         ids=["4 invitations", "2", "8, seldom answered"])  # fmt: skip
def test_where_those_who_answer_often_turn_sour_the_panel_has_not_turned_over(shape):
    """The same people's change, and a turnover of 0, within their intervals in 93%."""
    same, none, draws = 0, 0, 200 if LONG else 60
    for seed in range(draws):
        counts, change = who_answer_often(np.random.default_rng(seed), **shape)
        told = {each.part: each.change for each in keep_ledger(counts, resamples=200).parts}
        same += told[WITHIN].low <= change <= told[WITHIN].high
        none += told[TURNOVER].low <= 0 <= told[TURNOVER].high
    assert min(same, none) >= stats.binom.ppf(0.01, draws, 0.93)


def test_asked_once_a_quarter_those_who_seldom_answer_are_not_known_by_the_others():
    """Then the same people's change and turnover are left together; not where all answer alike."""
    counts, _ = who_answer_often(np.random.default_rng(1), asked=1, often=0.9, seldom=0.2)
    assert not keep_ledger(counts, resamples=10).turnover_known
    counts, _ = who_answer_often(np.random.default_rng(1), asked=1, often=0.5, seldom=0.5)
    assert keep_ledger(counts, resamples=10).turnover_known
