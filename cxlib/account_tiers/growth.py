"""How much an account may grow: its own growth, as far as growth has lasted, towards its peers'."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.regression.linear_model import OLS

from cxlib.account_tiers.spread import PROBABILITIES
from cxlib.measure.estimate import CONFIDENCE, Estimate

YEARS_AHEAD = 2.0
FEWEST_ACCOUNTS = 20
# Growth beyond this share of accounts at either end counts no more than at it.
WINSORIZED = 0.025
# A promise of less than this share of what an account brings in a year is none.
LEAST_PROMISE = 0.02
# Differences between accounts below this, in logarithms, are rounding.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class GrowthModel:
    """What growth to expect.

    Growth is the logarithm of a year's revenue over that of the year before.

    Attributes:
        peers: Expected growth per year, by group of peers.
        everyone: The same, of an account without peers.
        persistence: How much of its growth beyond that of its peers an account has repeated a year
            later: 1 all, 0 none. None where too few accounts have three years of revenue, or all
            grew alike; an account's own growth then counts for nothing.
        alike: Whether all accounts with three years of revenue grew as their peers did.
        error: Standard deviation of a year's growth around what is expected.
        low, high: Beyond these, growth counts no more.
        lapse: The share of accounts with revenue a year ago that have none any more.
        accounts: How many with two years of revenue.
        problem: Why growth cannot be worked out; empty where it can.
    """

    peers: pd.Series
    everyone: float
    persistence: Estimate | None
    error: float
    low: float
    high: float
    lapse: float
    accounts: int
    problem: str = ""
    alike: bool = False


def fit_growth(accounts: pd.DataFrame) -> GrowthModel:
    """Learn from all accounts what growth to expect.

    Peers' means are drawn towards the mean of all, the more the fewer they are (random effects by
    moments; DerSimonian and Laird 1986, *Controlled Clinical Trials* 7). How far an account's own
    growth counts is the slope of the last year's growth on that of the year before (after taking
    out peers' means): growth that is noise does not return.

    Args:
        accounts: `revenue_12m`, `revenue_prior`, `revenue_before` and `peers`, as in `AccountBook`.
    """
    now = _growth(accounts.revenue_12m, accounts.revenue_prior)
    count = int(now.notna().sum())
    if count < FEWEST_ACCOUNTS:
        problem = (
            f"at least {FEWEST_ACCOUNTS} accounts with two years of revenue are needed; "
            f"there are {count}"
        )
        none = pd.Series(dtype=float)
        return GrowthModel(none, np.nan, None, np.nan, np.nan, np.nan, 0.0, count, problem)
    earlier_buyers = accounts.revenue_prior > 0
    lapse = float((accounts.revenue_12m[earlier_buyers] <= 0).mean())
    low, high = (float(now.quantile(each)) for each in (WINSORIZED, 1 - WINSORIZED))
    now = now.clip(low, high)
    everyone = float(now.mean())
    peers = _drawn_together(now, accounts.peers, everyone)
    expected = accounts.peers.map(peers).fillna(everyone)
    earlier = _growth(accounts.revenue_prior, accounts.revenue_before).clip(low, high)
    both = now.notna() & earlier.notna()
    beyond, before = (now - expected)[both], (earlier - expected)[both]
    alike = both.sum() >= FEWEST_ACCOUNTS and not before.std() > ROUNDING
    if alike or both.sum() < FEWEST_ACCOUNTS:
        error = float((now - expected).std())
        return GrowthModel(peers, everyone, None, error, low, high, lapse, count, alike=alike)
    design = np.column_stack([np.ones(len(before)), before])
    line = OLS(beyond.to_numpy(), design).fit(cov_type="HC3", use_t=True)
    ends = line.conf_int(alpha=1 - CONFIDENCE)[1]
    slope = Estimate(line.params[1], *ends, int(both.sum()))
    error = float(np.sqrt(line.mse_resid))
    return GrowthModel(peers, everyone, slope, error, low, high, lapse, count)


def expected_growth(model: GrowthModel, accounts: pd.DataFrame) -> pd.Series:
    """Each account's expected growth per year; NaN where growth cannot be worked out."""
    usual = accounts.peers.map(model.peers).astype(float).fillna(model.everyone)
    if model.persistence is None:
        return usual
    own = _growth(accounts.revenue_12m, accounts.revenue_prior).clip(model.low, model.high)
    lasts = min(max(model.persistence.value, 0.0), 1.0)
    return usual + lasts * (own - usual).fillna(0.0)


def growth_potential(
    model: GrowthModel, accounts: pd.DataFrame, leaving: float = 0.0
) -> pd.DataFrame:
    """What each account may bring beyond its revenue of today, per year, within two years.

    Args:
        model: The model.
        accounts: As for `fit_growth`, and `yearly`, what they bring in a year.
        leaving: The share of accounts that leave in a year, beside those that lapse.

    Returns:
        The quantiles of the extra revenue by account, at least 0; NaN of an account without
        revenue. The middle one is the estimate. Extra revenue of less than `LEAST_PROMISE` of what
        the account brings counts as none.
    """
    growth = YEARS_AHEAD * expected_growth(model, accounts).to_numpy()[:, None]
    # Who lapses or leaves brings nothing: so many of the quantiles are 0.
    gone = 1 - ((1 - model.lapse) * (1 - leaving)) ** YEARS_AHEAD
    rest = (np.array(PROBABILITIES) - gone) / (1 - gone) if gone < 1 else np.full(1, -1.0)
    with np.errstate(invalid="ignore"):
        reach = np.sqrt(YEARS_AHEAD) * model.error * stats.norm.ppf(np.clip(rest, 1e-9, None))
    revenue = accounts.yearly.where(accounts.yearly > 0).to_numpy(float)[:, None]
    extra = revenue * np.expm1(growth + reach)
    extra = np.where(extra < LEAST_PROMISE * revenue, 0.0, extra)
    extra = np.where((rest > 0) | np.isnan(extra), extra, 0.0)
    return pd.DataFrame(extra, index=accounts.index, columns=PROBABILITIES)


def _growth(later: pd.Series, earlier: pd.Series) -> pd.Series:
    known = (later > 0) & (earlier > 0)
    return np.log(later.where(known) / earlier.where(known))


def _drawn_together(growth: pd.Series, peers: pd.Series, everyone: float) -> pd.Series:
    """Means by group, drawn towards the mean of all."""
    groups = growth.dropna().groupby(peers)
    mean, count = groups.mean(), groups.size()
    freedom = (count - 1).sum()
    if len(mean) < 2 or freedom < 1:
        return pd.Series(everyone, index=mean.index)
    within = float(((growth - peers.map(mean)) ** 2).sum() / freedom)
    if not within > 0:
        return mean
    weight = count / within
    spread = (weight * (mean - (weight * mean).sum() / weight.sum()) ** 2).sum()
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    between = max((spread - (len(mean) - 1)) / scale, 0.0)
    own = between / (between + within / count)
    return everyone + own * (mean - everyone)
