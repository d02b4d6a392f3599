import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from cxlib.account_tiers.growth import (
    FEWEST_ACCOUNTS,
    YEARS_AHEAD,
    expected_growth,
    fit_growth,
    growth_potential,
)
from cxlib.account_tiers.spread import chance_of


def simulated(rng, count=1_000, own=0.0, noise=0.2, mean=0.05, peers=None) -> pd.DataFrame:
    """Three years of revenue: a growth of each account's own that lasts, and noise that does not."""
    lasting = mean + own * rng.standard_normal(count)
    if peers is not None:
        lasting = lasting + peers[np.arange(count) % len(peers)]
    first = rng.lognormal(8, 1, count)
    second = first * np.exp(lasting + noise * rng.standard_normal(count))
    third = second * np.exp(lasting + noise * rng.standard_normal(count))
    return pd.DataFrame(
        {
            "revenue_before": first,
            "revenue_prior": second,
            "revenue_12m": third,
            "peers": [f"P{n % (1 if peers is None else len(peers))}" for n in range(count)],
            "yearly": third,
            "lasting": lasting,
        },
        index=[f"A{n}" for n in range(count)],
    )


def test_growth_that_lasts_counts_as_far_as_it_does():
    """Half of the variance lasts: the regression of one year's growth on the other has slope 1/2."""
    found = fit_growth(simulated(np.random.default_rng(1), 4_000, own=0.2, noise=0.2))
    assert found.persistence.value == pytest.approx(0.5, abs=0.06)
    assert found.persistence.low < 0.5 < found.persistence.high


def test_growth_that_is_noise_counts_for_nothing():
    """In 200 draws, persistence is called positive in at most 5% (one side of a 95% interval: 2.5%)."""
    rng = np.random.default_rng(2)
    called = sum(fit_growth(simulated(rng, 200)).persistence.low > 0 for _ in range(200))
    assert called <= 10


def test_own_growth_shrinks_towards_that_of_peers():
    table = simulated(np.random.default_rng(3), 2_000, own=0.1, noise=0.2)
    found = fit_growth(table)
    expected = expected_growth(found, table)
    own = np.log(table.revenue_12m / table.revenue_prior)
    # Nearer to the truth than an account's own growth is, and than the peers' mean alone.
    errors = [((each - table.lasting) ** 2).mean() for each in (expected, own, found.everyone)]
    assert errors[0] < errors[1]
    assert errors[0] < errors[2]


def test_peers_that_differ_are_told_apart_and_those_that_do_not_are_not():
    differ = fit_growth(
        simulated(np.random.default_rng(4), 3_000, peers=np.array([-0.2, 0.0, 0.2]))
    )
    assert differ.peers["P2"] - differ.peers["P0"] == pytest.approx(0.4, abs=0.05)
    alike = fit_growth(simulated(np.random.default_rng(5), 300, peers=np.zeros(30)))
    own = np.random.default_rng(5)
    assert (
        alike.peers.std()
        < 0.02
        < simulated(own, 300, peers=np.zeros(30)).pipe(
            lambda t: np.log(t.revenue_12m / t.revenue_prior).groupby(t.peers).mean().std()
        )
    )


def test_what_peers_differ_by_is_that_of_statsmodels():
    """DerSimonian and Laird's moment estimate, in statsmodels' meta-analysis."""
    table = simulated(np.random.default_rng(6), 600, peers=np.array([-0.1, 0.0, 0.05, 0.1]))
    growth = np.log(table.revenue_12m / table.revenue_prior)
    growth = growth.clip(growth.quantile(0.025), growth.quantile(0.975))
    groups = growth.groupby(table.peers)
    mean, count = groups.mean(), groups.size()
    within = ((growth - table.peers.map(mean)) ** 2).sum() / (count - 1).sum()
    between = combine_effects(mean.to_numpy(), (within / count).to_numpy(), method_re="chi2").tau2
    everyone = growth.mean()
    expected = everyone + between / (between + within / count) * (mean - everyone)
    assert fit_growth(table).peers.tolist() == pytest.approx(expected.tolist())


def test_quantiles_hold_what_comes_as_often_as_they_say():
    rng = np.random.default_rng(7)
    table = simulated(rng, 3_000, own=0.1, noise=0.2)
    found = growth_potential(fit_growth(table), table)
    growth = YEARS_AHEAD * table.lasting + 0.2 * np.sqrt(YEARS_AHEAD) * rng.standard_normal(3_000)
    later = (table.revenue_12m * np.expm1(growth)).clip(lower=0)
    held = (later >= found[0.1]) & (later <= found[0.9])
    # What cannot fall below nothing is held a little more often than 80%.
    assert 0.77 <= held.mean() <= 0.90


@pytest.mark.parametrize("lapsing", [0.0, 0.25, 0.4])
def test_accounts_that_lapse_are_counted_in(lapsing):
    """How many reach a threshold in two years: foretold, and as it comes; within a tenth."""
    rng = np.random.default_rng(12)
    table = simulated(rng, 6_000, noise=0.35)
    gone = rng.random(6_000) < lapsing
    table.loc[gone, ["revenue_12m", "yearly"]] = 0.0
    quantiles = growth_potential(fit_growth(table), table)
    threshold = 1_000.0
    foretold = chance_of(quantiles[~gone], threshold).sum()
    growth = 2 * table.lasting + 0.35 * np.sqrt(2) * rng.standard_normal(6_000)
    stays = rng.random(6_000) < (1 - lapsing) ** 2
    came = (table.revenue_12m * np.expm1(growth) * stays)[~gone] >= threshold
    assert foretold == pytest.approx(came.sum(), rel=0.1)


def test_two_years_tell_of_peers_alone():
    table = simulated(np.random.default_rng(8)).assign(revenue_before=np.nan)
    found = fit_growth(table)
    assert found.persistence is None
    assert expected_growth(found, table).nunique() == 1


@pytest.mark.parametrize(
    "change",
    [{"revenue_prior": np.nan}, {"revenue_12m": -5.0, "yearly": -5.0}, {"revenue_prior": 0.0}],
    ids=["no history", "all refunds", "nothing before"],
)
def test_growth_that_cannot_be_told_is_not(change):
    table = simulated(np.random.default_rng(9)).assign(**change)
    found = fit_growth(table)
    assert f"at least {FEWEST_ACCOUNTS} accounts" in found.problem
    assert growth_potential(found, table).isna().all(axis=None)


def test_revenue_that_is_all_alike_grows_by_nothing():
    table = simulated(np.random.default_rng(10)).assign(
        revenue_before=100.0, revenue_prior=100.0, revenue_12m=100.0, yearly=100.0
    )
    found = fit_growth(table)
    assert growth_potential(found, table).to_numpy() == pytest.approx(0.0)


def test_money_in_another_unit_changes_nothing_but_the_unit():
    table = simulated(np.random.default_rng(11), own=0.1)
    amounts = ["revenue_before", "revenue_prior", "revenue_12m", "yearly"]
    large = table.assign(**{name: 1_000 * table[name] for name in amounts})
    one, other = (growth_potential(fit_growth(each), each) for each in (table, large))
    assert other.to_numpy() == pytest.approx(1_000 * one.to_numpy(), rel=1e-9)


@pytest.mark.parametrize("kind", ["two kinds", "by size"])
def test_the_evidence_for_large_steady_accounts_is_that_of_large_ones(kind):
    """How likely they are to grow by 30% in two years, against the truth: within 3 points."""
    told, true = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        if kind == "two kinds":
            large = np.arange(400) < 40
            start = np.where(large, 1e6, 1e4) * rng.lognormal(0, 0.5, 400)
            spread = np.where(large, 0.1, 0.5)
        else:
            size = rng.normal(size=400)
            large, start, spread = size > 1, np.exp(9 + 1.2 * size), 0.5 * np.exp(-0.8 * size)
        years = start * np.exp(np.cumsum(0.02 + spread * rng.normal(size=(2, 400)), axis=0))
        accounts = pd.DataFrame(
            {"revenue_before": start, "revenue_prior": years[0], "revenue_12m": years[1],
             "yearly": years[1], "peers": "all"}
        )  # fmt: skip
        grows = growth_potential(fit_growth(accounts), accounts)
        told.append(chance_of(grows, 0.3 * accounts.yearly)[large].mean())
        true.append(stats.norm.sf((np.log(1.3) - 0.04) / (spread * np.sqrt(2)))[large].mean())
    assert np.mean(told) == pytest.approx(np.mean(true), abs=0.03)


def test_where_size_does_not_tell_errors_are_those_of_all():
    rng, apart = np.random.default_rng(3), 0
    for _ in range(100):
        start = rng.lognormal(9, 1, 200)
        years = start * np.exp(np.cumsum(0.3 * rng.normal(size=(2, 200)), axis=0))
        accounts = pd.DataFrame(
            {"revenue_before": start, "revenue_prior": years[0], "revenue_12m": years[1],
             "yearly": years[1], "peers": "all"}
        )  # fmt: skip
        apart += len(fit_growth(accounts).by_size) > 1
    assert apart <= stats.binom.ppf(0.99, 100, 0.05)
