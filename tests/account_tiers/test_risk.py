import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cxlib.account_tiers import risk_page as show
from cxlib.account_tiers.risk import (
    decline,
    fee_cuts,
    find_signals,
    foretold,
    revenue_at_risk,
)
from cxlib.account_tiers.service import account_signs, last_fees, left_since, revenue_quarters
from cxlib.score_changes.activity import PAST
from cxlib.score_changes.silence import gone_silent, rush_of_contacts

NAMES = ["now", "1", "2", "3", "4"]


def revenue_of(rng, count=300, varies=0.15) -> pd.DataFrame:
    level = rng.lognormal(8, 1, count)[:, None]
    values = level * rng.lognormal(0, varies, (count, 5))
    return pd.DataFrame(values, [f"A{n}" for n in range(count)], NAMES)


def activity_of(rng, count=600, mean=5.0, bursts=0.3, between=0.5) -> pd.DataFrame:
    """Contacts whose rates differ between accounts, and from quarter to quarter."""
    rate = rng.gamma(1 / between, mean * between, count)[:, None]
    contacts = rng.poisson(rng.gamma(1 / bursts, rate * bursts, (count, 5)))
    names = ["now", *PAST]
    table = pd.DataFrame({f"contacts_{name}": contacts[:, n] for n, name in enumerate(names)})
    for name in names:
        table[f"invited_{name}"] = table[f"answered_{name}"] = 0.0
    for name in PAST:
        table[f"share_{name}"] = 1.0
    return table.set_index(pd.Index([f"A{n}" for n in range(count)], name="account_id"))


def test_a_fall_of_two_thirds_is_found_and_one_of_a_tenth_is_not():
    revenue = revenue_of(np.random.default_rng(1))
    revenue.loc["A0", "now"] = revenue.loc["A0", NAMES[1:]].mean() / 3
    revenue.loc["A1", NAMES] = [900.0, 1_000, 1_010, 990, 1_000]
    fallen, looked_at = decline(revenue)
    assert "A0" in fallen.index
    assert fallen["A0"] == pytest.approx(2 / 3)
    assert "A1" not in fallen.index
    assert looked_at == 300


@pytest.mark.parametrize("varies", [0.05, 0.15, 0.4])
def test_revenue_that_only_wavers_does_not_fall(varies):
    """Any account is called in at most 5% of 200 draws, with four errors for their number."""
    rng = np.random.default_rng(2)
    called = sum(len(decline(revenue_of(rng, varies=varies))[0]) > 0 for _ in range(200))
    assert called / 200 <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 200)


def test_a_booking_that_comes_a_little_later_is_no_fall():
    """A fixed amount ordered in 90% of quarters, and one invoiced every 31 days."""
    rng = np.random.default_rng(7)
    orders = (rng.random((300, 5)) < 0.9) * 500.0
    table = pd.DataFrame(orders, [f"A{n}" for n in range(300)], NAMES)
    assert decline(table.assign(bookings=0.9))[0].empty
    days = rng.integers(0, 31, 300)[:, None] + 31 * np.arange(16)
    counts = np.stack([np.histogram(each, bins=np.arange(6) * 91)[0] for each in days])
    table = pd.DataFrame(100.0 * counts[:, ::-1], table.index, NAMES)
    assert decline(table.assign(bookings=3.0))[0].empty


def test_signs_that_foretell_nothing_are_seldom_said_to():
    """Four signs that have nothing to do with leaving: any is called in at most 5%, and four errors."""
    rng, called = np.random.default_rng(8), 0
    for _ in range(200):
        signals = pd.DataFrame(
            rng.random((1_500, 4)) < 0.05, [f"A{n}" for n in range(1_500)],
            ["score", "silence", "rush", "decline"],
        )  # fmt: skip
        left = pd.Series(rng.random(1_500) < 0.06, signals.index)
        called += any(each.detected for each in foretold(signals, left))
    assert called / 200 <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 200)


def test_a_rush_is_found_and_bursts_are_not():
    rng = np.random.default_rng(3)
    called = sum(len(rush_of_contacts(activity_of(rng))[0]) > 0 for _ in range(100))
    assert called / 100 <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 100)
    table = activity_of(rng)
    table.loc["A0", ["contacts_1", "contacts_2", "contacts_3", "contacts_4"]] = 2
    table.loc["A0", "contacts_now"] = 60
    found, looked_at = rush_of_contacts(table)
    assert "A0" in found.index
    assert looked_at == 600


def test_two_bad_answers_are_a_sign_and_one_is_none():
    answers = pd.DataFrame(
        [("A0", "nps", 2, 6.5), ("A1", "nps", 1, 0.0), ("A2", "csat", 3, 2.4),
         ("A3", "csat", 2, 2.5), ("A4", "own", 9, 0.0)],
        columns=["account_id", "metric", "answers", "mean"],
    )  # fmt: skip
    rng = np.random.default_rng(4)
    signals, told = find_signals(activity_of(rng, 20), answers, revenue_of(rng, 20))
    assert sorted(signals.index[signals.score]) == ["A0", "A2"]
    assert told["score"] == 3


def test_revenue_adds_up_between_its_bounds():
    index = ["A0", "A1", "A2", "A3"]
    signals = pd.DataFrame(
        {"score": [True, False, False, False], "silence": False, "rush": False,
         "decline": [True, False, False, False]}, index
    )  # fmt: skip
    told = dict.fromkeys(signals, 4)
    tiers = pd.Series(["I", "I", "II", "III"], index)
    revenue = pd.Series([100.0, 50.0, 20.0, -5.0], index)
    found = revenue_at_risk(signals, told, tiers, revenue, heard=["A1"])
    assert found.tiers.low.tolist() == [100, 0, 0]
    # A2 and A3 have not been heard from; A3 has nothing to lose.
    assert found.tiers.high.tolist() == [100, 20, 0]
    assert found.accounts.signals["A0"] == 2
    told = show.risk_finding(found, "EUR").sentence
    assert told.startswith("1 account with 100 EUR a year gives warning signs")
    assert told.endswith("Silent for a year: another 20 EUR.")
    # Where nobody could have been heard, how much may be at risk at most is not known.
    silent = revenue_at_risk(signals, dict.fromkeys(signals, 4), tiers, revenue, heard=None)
    assert silent.tiers.high.isna().all()
    assert "Silence cannot be seen" in show.risk_finding(silent, "EUR").sentence
    assert set(show.risk_table(silent, "EUR").frame["At most, with the silent"]) == {"not known"}
    names = pd.Series(index, index)
    assert show.risk_account_table(found, names).frame.Signs[0] == "low scores and falling revenue"


def test_signs_that_foretell_are_told_from_those_that_do_not():
    rng = np.random.default_rng(5)
    index = [f"A{n}" for n in range(1_000)]
    signals = pd.DataFrame(
        {"score": rng.random(1_000) < 0.1, "silence": rng.random(1_000) < 0.1, "rush": False,
         "decline": False}, index
    )  # fmt: skip
    left = pd.Series(rng.random(1_000) < np.where(signals.score, 0.4, 0.05), index)
    found = {each.signal: each for each in foretold(signals, left)}
    assert set(found) == {"score", "silence", "any"}
    assert found["score"].difference.low > 0.15
    assert found["score"].difference.value == pytest.approx(0.35, abs=0.12)
    only = signals.silence & ~signals.score
    assert left[only].mean() < 0.15
    assert foretold(signals.iloc[:0], left[:0]) == ()


def test_no_account_at_all_gives_no_sign():
    rng = np.random.default_rng(6)
    answers = pd.DataFrame(columns=["account_id", "metric", "answers", "mean"])
    nobody = activity_of(rng, 5)[:0], answers, revenue_of(rng, 5)[:0]
    signals, told = find_signals(*nobody)
    assert signals.empty
    found = revenue_at_risk(signals, told, pd.Series(dtype="str"), pd.Series(dtype=float), [])
    assert show.risk_finding(found).sentence == "No account has revenue that could be at risk."


def test_a_quarter_of_revenue_is_what_was_booked_in_it(data):
    found = revenue_quarters(data, data.quarter)
    rows = data.tables["revenue"].execute()
    now = rows[(rows.booked_at >= data.quarter.start) & (rows.booked_at < data.quarter.end)]
    by_hand = now.groupby("account_id").amount.sum().reindex(found.index).fillna(0)
    known = found.now.notna()
    assert known.mean() > 0.9
    assert found.now[known].tolist() == pytest.approx(by_hand[known].tolist())


def test_signs_of_the_demonstration_are_few_and_its_past_is_judged(data):
    """Nothing is planted that one sign could foretell: churn follows all customers' effort."""
    earlier = data.quarter.shift(-2)
    signals, told = find_signals(*account_signs(data, earlier))
    left = left_since(data, earlier)
    assert left.sum() > 50
    assert signals.any(axis=1).mean() < 0.05
    assert min(told["silence"], told["rush"], told["decline"]) > 1_000
    assert show.foretold_finding(foretold(signals, left), earlier).sentence


# Fees ---------------------------------------------------------------------------------------------


def fees_of(rng, varies: float, count: int = 14, accounts: int = 300) -> np.ndarray:
    """Fees of accounts, the last at the end."""
    return rng.lognormal(6, 1, accounts)[:, None] * rng.lognormal(0, varies, (accounts, count))


def fee_columns(fees: np.ndarray) -> pd.DataFrame:
    earlier = fees[:, :-2]
    return pd.DataFrame(
        {"fee_last": fees[:, -1], "fee_second": fees[:, -2], "fee_count": float(earlier.shape[1]),
         "fee_mean": earlier.mean(axis=1), "fee_spread": earlier.std(axis=1, ddof=1)},
        [f"A{n}" for n in range(len(fees))],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("count", "cut", "varies"), [(14, 0.4, 0.0), (6, 0.9, 0.0), (14, 0.4, 0.1), (6, 0.9, 0.1)]
)
def test_a_fee_that_is_cut_is_named_by_its_second_smaller_booking(count, cut, varies):
    """Twenty of 300 accounts, billed monthly or quarterly: at least 90% of them."""
    rng, named = np.random.default_rng(1), 0
    for _ in range(20):
        fees = fees_of(rng, varies, count)
        fees[:20, -2:] *= 1 - cut
        found, looked_at = fee_cuts(fee_columns(fees))
        named += found.index.isin([f"A{n}" for n in range(20)]).sum()
        assert looked_at == 300
    assert named >= 0.9 * 20 * 20


@pytest.mark.parametrize("varies", [0.0, 0.1, 0.4, 1.0])
def test_fees_that_only_waver_are_not_cut(varies):
    rng = np.random.default_rng(2)
    called = sum(len(fee_cuts(fee_columns(fees_of(rng, varies)))[0]) > 0 for _ in range(100))
    assert called <= stats.binom.ppf(0.99, 100, 0.05)


def test_one_smaller_booking_is_no_cut():
    fees = fees_of(np.random.default_rng(3), 0.0)
    fees[0, -1] *= 0.2
    assert "A0" not in fee_cuts(fee_columns(fees))[0].index


def test_the_last_fees_are_those_of_recurring_bookings(data):
    found = last_fees(data, data.quarter)
    rows = data.rows("revenue").execute()
    rows = rows[
        (rows.kind == "recurring") & (rows.amount > 0) & (rows.booked_at < data.quarter.end)
    ]
    rows = rows.sort_values("booked_at")
    for account in rows.account_id.unique()[:20]:
        own = rows[rows.account_id == account]
        amounts = own.amount.to_numpy()
        assert found.fee_second[account] == pytest.approx(amounts[-2])
        earlier = amounts[-14:-2]
        assert found.fee_count[account] == len(earlier)
        assert found.fee_mean[account] == pytest.approx(earlier.mean())
        late = own.booked_at.iloc[-1] >= pd.Timestamp(data.quarter.start)
        assert found.fee_last[account] == pytest.approx(amounts[-1]) if late else True


# Seasons and bursts -------------------------------------------------------------------------------


def contacts_of(rates: np.ndarray, rng) -> pd.DataFrame:
    counts = rng.poisson(rates)
    table = pd.DataFrame(
        {f"contacts_{name}": counts[:, n] for n, name in enumerate(["now", *PAST])}
    )
    for name in ["now", *PAST]:
        table[f"invited_{name}"] = table[f"answered_{name}"] = 0.0
    return table.assign(**{f"share_{name}": 1.0 for name in PAST})


def test_who_is_silent_every_summer_has_not_gone_silent():
    rng = np.random.default_rng(4)
    rates = np.repeat(rng.gamma(2, 4, 400)[:, None], 5, axis=1)
    rates[:120, [0, 4]] = 0
    assert len(gone_silent(contacts_of(rates, rng)).accounts) <= 0.05 * 400
    # Who was never silent before has, unless a year ago as well.
    rates = np.full((400, 5), 15.0)
    rates[:20, 0] = rates[:10, 4] = 0
    assert set(gone_silent(contacts_of(rates, rng)).accounts.index) == set(range(10, 20))


@pytest.mark.parametrize(("often", "times"), [(0.1, 10), (0.2, 5)])
def test_accounts_whose_contacts_come_in_bursts_are_seldom_in_a_rush(often, times):
    rng, called = np.random.default_rng(5), 0
    for _ in range(20):
        rates = np.repeat(rng.gamma(2, 4, 400)[:, None], 5, axis=1)
        rates = rates * np.where(rng.random((400, 5)) < often, times, 1)
        called += len(rush_of_contacts(contacts_of(rates, rng))[0])
    assert called <= 0.05 * 20 * 400
