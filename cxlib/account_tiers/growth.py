"""How much an account may grow: its own growth, as far as growth has lasted, towards its peers'."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.regression.linear_model import WLS

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
# Errors are worked out apart for so many groups of accounts by size at most.
MOST_SIZES = 50
# Errors of a group count as no less than this share of those of all.
LEAST_ERROR = 0.05


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
        error: Standard deviation of a year's growth around what is expected, of all accounts.
        by_size: The same by the logarithm of an account's revenue, where it differs; else of all.
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
    by_size: pd.Series | None = None

    def errors(self, revenue: pd.Series) -> np.ndarray:
        """The standard deviation of a year's growth of accounts of such revenue, all above 0."""
        if self.by_size is None:
            return np.full(len(revenue), self.error)
        return np.interp(np.log(revenue.to_numpy(float)), self.by_size.index, self.by_size)


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
    earlier = _growth(accounts.revenue_prior, accounts.revenue_before).clip(low, high)
    bounds = {"low": low, "high": high, "lapse": lapse, "accounts": count}
    model = _fitted(accounts, now, earlier, pd.Series(1.0, now.index), bounds)
    if len(model.by_size) > 1:
        # Steady accounts tell more of what is usual than those that vary widely.
        weight = (model.error / np.interp(_size(accounts), model.by_size.index, model.by_size)) ** 2
        model = _fitted(accounts, now, earlier, pd.Series(weight, now.index), bounds)
    return model


def _fitted(
    accounts: pd.DataFrame, now: pd.Series, earlier: pd.Series, weight: pd.Series, bounds: dict
) -> GrowthModel:
    """The model, accounts having such weights: `now` and `earlier` are the growth of two years."""
    weight = weight[now.notna()]
    everyone = float(np.average(now.dropna(), weights=weight))
    peers = _drawn_together(now, accounts.peers, weight, everyone)
    expected = accounts.peers.map(peers).fillna(everyone)
    both = now.notna() & earlier.notna()
    beyond, before = (now - expected)[both], (earlier - expected)[both]
    alike = bool(both.sum() >= FEWEST_ACCOUNTS and not before.std() > ROUNDING)
    slope, left, fitted = None, now - expected, 1
    if both.sum() >= FEWEST_ACCOUNTS and not alike:
        design = np.column_stack([np.ones(len(before)), before])
        line = WLS(beyond.to_numpy(), design, weights=weight[both[both].index]).fit(
            cov_type="HC3", use_t=True
        )
        ends = line.conf_int(alpha=1 - CONFIDENCE)[1]
        slope = Estimate(line.params[1], *ends, int(both.sum()))
        left, fitted = pd.Series(line.resid, beyond.index), design.shape[1]
    error, by_size = _errors_by_size(left.dropna(), _size(accounts), fitted)
    return GrowthModel(peers, everyone, slope, error, alike=alike, by_size=by_size, **bounds)


def _size(accounts: pd.DataFrame) -> pd.Series:
    """The logarithm of what an account brought in a year, before the last one."""
    years = accounts[["revenue_prior", "revenue_before"]].where(lambda each: each > 0)
    return np.log(years.astype(float)).mean(axis=1)


def _errors_by_size(left: pd.Series, size: pd.Series, fitted: int) -> tuple[float, pd.Series]:
    """How large errors are, and how that goes with size: large accounts are often the steadier.

    Accounts of like size are put together, where such groups differ by more than chance (Brown and
    Forsythe 1974, *Journal of the American Statistical Association* 69).

    Args:
        left: The errors.
        size: As `_size` has it, of all accounts.
        fitted: How many coefficients were fitted.

    Returns:
        The standard deviation of all, and of each group by its mean size; of one group, if alike.
    """
    lost = np.sqrt(len(left) / max(len(left) - fitted, 1))
    error = float(np.sqrt((left**2).mean()) * lost)
    sizes = size[left.index].sort_values(kind="stable")
    groups = np.array_split(sizes.index, max(min(MOST_SIZES, len(left) // FEWEST_ACCOUNTS), 1))
    apart = [left[each].to_numpy() for each in groups]
    if len(groups) > 1 and error > ROUNDING and stats.levene(*apart).pvalue < 1 - CONFIDENCE:
        errors = [
            max(float(np.sqrt((each**2).mean()) * lost), LEAST_ERROR * error) for each in apart
        ]
        return error, pd.Series(errors, [float(sizes[each].mean()) for each in groups])
    return error, pd.Series([error], [0.0])


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
    earning = accounts.yearly.where(accounts.yearly > 0)
    errors = np.sqrt(YEARS_AHEAD) * model.errors(earning)
    revenue = earning.to_numpy(float)[:, None]
    with np.errstate(invalid="ignore"):
        reach = errors[:, None] * stats.norm.ppf(np.clip(rest, 1e-9, None))
    extra = revenue * np.expm1(growth + reach)
    extra = np.where(extra < LEAST_PROMISE * revenue, 0.0, extra)
    extra = np.where((rest > 0) | np.isnan(extra), extra, 0.0)
    return pd.DataFrame(extra, index=accounts.index, columns=PROBABILITIES)


def _growth(later: pd.Series, earlier: pd.Series) -> pd.Series:
    known = (later > 0) & (earlier > 0)
    return np.log(later.where(known) / earlier.where(known))


def _drawn_together(
    growth: pd.Series, peers: pd.Series, weight: pd.Series, everyone: float
) -> pd.Series:
    """Means by group, drawn towards the mean of all."""
    known = growth.dropna()
    groups = peers[known.index]
    total = weight.groupby(groups).sum()
    mean = (known * weight).groupby(groups).sum() / total
    freedom = len(known) - len(mean)
    if len(mean) < 2 or freedom < 1:
        return pd.Series(everyone, index=mean.index)
    within = float((weight * (known - groups.map(mean)) ** 2).sum() / freedom)
    if not within > 0:
        return mean
    weight = total / within
    spread = (weight * (mean - (weight * mean).sum() / weight.sum()) ** 2).sum()
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    between = max((spread - (len(mean) - 1)) / scale, 0.0)
    own = between / (between + within / total)
    return everyone + own * (mean - everyone)
