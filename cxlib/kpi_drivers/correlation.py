"""Which KPIs move together from month to month, once trend and momentum are set aside."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from itertools import combinations, permutations

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.errors import ArgumentError
from cxlib.measure.coefficients import beside, of_ranks, partial, probability, with_interval
from cxlib.measure.contrast import Judged, adjust
from cxlib.measure.estimate import Estimate

FEWEST_MONTHS = 12
LONGEST_LEAD = 6
# A series that is constant but for so many months tells of these months, and of no relation.
FEW_MONTHS = 2
# A yearly pattern differs clearly from chance only where it is seen twice: as two smooth waves, or
# month by month where it is seen three times, so that a single month may stand out.
SEASON_MONTHS, EACH_MONTH = 24, 36
# The coefficients that make a series' surprises, besides the constant; a season's come on top.
MOMENTUM = 2
MOST_LAGS = 3
# A step is looked for away from the ends; this is its bar of 1% (Andrews 1993, Table I).
TRIMMED, CLEAR_STEP = 0.15, 12.16
# Whose season is taken out: of series that show one, of all, or of none.
SEEN, ALWAYS, NEVER = "seen", "always", "never"
SHOWN = 0.05
ROUNDING = 1e-9


@dataclass(frozen=True)
class Correlation(Judged):
    """How two KPIs move together.

    Attributes:
        x, y: The KPIs.
        lag: By how many months x comes before y.
        r: Pearson's correlation of their month-to-month surprises, with its interval.
        rho: Spearman's, of their ranks, with its interval.
        p: Probability of so strong a correlation where there is none: the larger of that of r,
            which allows for months that vary more than others, and of rho.
        q: p, adjusted for the number of pairs, and lags, looked at (Benjamini and Hochberg 1995).
        partial: Pearson's with the other KPIs held equal; None for a lead, or where there are too
            few months.
    """

    x: str
    y: str
    lag: int
    r: Estimate
    rho: Estimate
    p: float
    q: float
    partial: Estimate | None = None


def correlate(
    series: pd.DataFrame, restated: Iterable[frozenset[str]] = (), season: str = SEEN
) -> tuple[Correlation, ...]:
    """Correlate KPIs pair by pair in the same month, strongest first.

    Two series with a trend, with momentum or with a season always look related. Each is therefore
    first reduced to its surprises: what its own trend, last month's value and, where it shows a
    season, the time of the year do not foretell. Series that are constant but for one or two months
    are left out.

    Args:
        series: A row per month, a column per KPI.
        restated: Sets of KPIs that restate one another; their pairs are left out.
        season: Whose season is taken out: `seen` (of series that show one), `always` or `never`;
            it takes two years to know one.

    Raises:
        ArgumentError: The season is none of these.
    """
    return _correlate(series, tuple(restated), combinations, [0], season)


def lead(
    series: pd.DataFrame,
    restated: Iterable[frozenset[str]] = (),
    longest: int = LONGEST_LEAD,
    season: str = SEEN,
    later: Collection[str] | None = None,
) -> tuple[Correlation, ...]:
    """Which KPI's surprises come some months before those of which other, strongest first.

    Args:
        series, restated, season: As for `correlate`.
        longest: The longest lead looked at, in months.
        later: Only what comes before these; before any, if None. Each further pair raises the bar
            for all.

    Raises:
        ArgumentError: As `correlate`.
    """
    lags = range(1, longest + 1)
    return _correlate(series, tuple(restated), permutations, lags, season, later)


def _correlate(series, restated, pairs_of, lags, season, later=None) -> tuple[Correlation, ...]:
    if season not in (SEEN, ALWAYS, NEVER):
        raise ArgumentError(f"season == {season!r}, must be {SEEN}, {ALWAYS} or {NEVER}")
    series = series[[name for name in series if not told_by_few(series[name])]]
    expected = {name: _expected(series[name], _has_season(series[name], season)) for name in series}
    fresh = pd.DataFrame({name: _left(each) for name, each in expected.items()}, series.index)
    pairs = []
    wanted = [pair for pair in pairs_of(fresh, 2) if not any(set(pair) <= f for f in restated)]
    wanted = [(x, y) for x, y in wanted if later is None or y in later]
    for lag in lags if wanted else ():
        months, *coefficients = _lagged(fresh, lag)
        for x, y in wanted:
            r, rho = (float(table.at[x, y]) for table in coefficients)
            count = int(months.at[x, y])
            lost = max(expected[each].design.shape[1] - 1 for each in (x, y))
            if np.isfinite(r) and np.isfinite(rho) and count - 2 - lost > 0:
                # A month in which both had an outage makes r, and leaves the ranks alone.
                p = max(probability(each, count - 2 - lost) for each in (r, rho))
                pairs.append((x, y, lag, count, lost, r, rho, p))
    if not pairs:
        return ()
    q = adjust([p for *_, p in pairs])
    found = [
        Correlation(
            x, y, lag, with_interval(r, count, lost),
            with_interval(rho, count, lost, of_ranks(rho)), p, float(each),
            None if lag else partial(fresh, x, y, beside(fresh, x, y, restated), lost),
        )
        for (x, y, lag, count, lost, r, rho, p), each in zip(pairs, q, strict=True)
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda each: (each.p, each.x, each.y, each.lag)))


def told_by_few(values: pd.Series) -> bool:
    """Whether a series is the same in all months but one or two: these alone would correlate."""
    known = values.dropna()
    return bool(len(known)) and len(known) - known.value_counts().iloc[0] <= FEW_MONTHS


def surprises(values: pd.Series, season: bool = False) -> np.ndarray:
    """What a series' own trend, last months and working days do not foretell; NaN for the first.

    The residuals of a regression on a constant, time and the previous value, which makes both
    a stationary series and a random walk as good as white ("prewhitening", Box and Jenkins); on one
    or two earlier values, where Akaike's criterion asks for them; on how many working days months
    have, where their dates are known; and on a step, where one clearly stands out (sup-F; Andrews
    1993, *Econometrica* 61), since two series that broke in one month would look related.

    Args:
        values: A value per month.
        season: Whether to take out the time of the year as well: each month, or where less than
            three years are seen a yearly and a half-yearly wave.
    """
    return _left(_expected(values, season))


@dataclass(frozen=True, eq=False)
class _Expected:
    """Which months are known with those before; their design, and values."""

    known: np.ndarray
    design: np.ndarray
    after: np.ndarray


def _left(expected: _Expected) -> np.ndarray:
    fresh = np.full(len(expected.known), np.nan)
    design, after = expected.design, expected.after
    if len(fresh) >= FEWEST_MONTHS and len(after) > design.shape[1] + 1:
        left = after - _fitted(design, after)
        # What is left of a straight line is rounding, not surprise.
        large = np.abs(left).max() > ROUNDING * np.abs(after).max()
        fresh[expected.known] = _evened(left) if large else 0.0
    return fresh


def _evened(left: np.ndarray) -> np.ndarray:
    """Surprises at one scale, where they clearly become larger or smaller in the course of time.

    Otherwise the months in which both of two series vary much would decide on their link.
    """
    size = np.log(np.maximum(left**2, ROUNDING * (left**2).mean()))
    trend = stats.linregress(np.arange(len(left)), size)
    if not trend.pvalue < SHOWN:
        return left
    return left / np.exp(trend.slope * (np.arange(len(left)) - len(left) / 2) / 2)


def _expected(values: pd.Series, season: bool) -> _Expected:
    found = [_equation(values, season, lags) for lags in range(1, MOST_LAGS + 1)]
    # Criteria are compared on the months that all of them know.
    common = found[-1].known
    scores = [_akaike(each, common) for each in found]
    best = found[int(np.argmin(scores))]
    step = _step(best)
    return best if step is None else replace(best, design=np.column_stack([best.design, step]))


def _equation(values: pd.Series, season: bool, lags: int = 1) -> _Expected:
    series = values.to_numpy(dtype=float)
    time = np.arange(len(series), dtype=float)
    before = [values.shift(each).to_numpy(dtype=float) for each in range(1, lags + 1)]
    design = np.column_stack([np.ones(len(time)), time, *before])
    if isinstance(values.index, pd.DatetimeIndex):
        days = _working_days(values.index)
        design = np.column_stack([design, days]) if days.std() else design
    if season:
        design = np.column_stack([design, _season(len(series))])
    known = np.isfinite(design).all(axis=1) & np.isfinite(series)
    return _Expected(known, design[known], series[known])


def _working_days(months: pd.DatetimeIndex) -> np.ndarray:
    first = months.to_period("M").to_timestamp()
    following = first + pd.offsets.MonthBegin()
    return np.busday_count(first.values.astype("M8[D]"), following.values.astype("M8[D]")) * 1.0


def _akaike(expected: _Expected, common: np.ndarray) -> float:
    """Akaike's criterion for small samples (Hurvich and Tsai 1989, *Biometrika* 76)."""
    rows = common[expected.known]
    design, after = expected.design[rows], expected.after[rows]
    count, width = design.shape
    if count <= width + 2:
        return np.inf
    rest = float(((after - _fitted(design, after)) ** 2).sum())
    penalty = 2 * (width + 1) * count / (count - width - 2)
    return count * np.log(max(rest / count, 1e-300)) + penalty


def _step(expected: _Expected) -> np.ndarray | None:
    """A step at the month at which one fits best, if it stands out clearly; otherwise None."""
    design, after = expected.design, expected.after
    count, width = design.shape
    if count < FEWEST_MONTHS + width:
        return None
    basis = np.linalg.qr(design)[0]
    left = after - basis @ (basis.T @ after)
    edge = max(round(TRIMMED * count), 2)
    steps = np.arange(count)[:, None] >= np.arange(edge, count - edge)
    added = steps - basis @ (basis.T @ steps)
    sizes = (added**2).sum(axis=0)
    told = np.where(sizes > ROUNDING, (added.T @ left) ** 2 / np.maximum(sizes, ROUNDING), 0.0)
    best = int(told.argmax())
    rest = left @ left - told[best]
    strength = told[best] / max(rest / (count - width - 1), 1e-300)
    return steps[:, best] * 1.0 if strength > CLEAR_STEP and rest > 0 else None


def _season(months: int) -> np.ndarray:
    """The columns of a season, month by month."""
    time = np.arange(months)
    if months >= EACH_MONTH:
        return (time[:, None] % 12 == np.arange(1, 12)).astype(float)
    angle = 2 * np.pi * time / 12
    return np.column_stack([np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)])


def _fitted(design: np.ndarray, values: np.ndarray) -> np.ndarray:
    return design @ np.linalg.lstsq(design, values, rcond=None)[0]


def _has_season(values: pd.Series, season: str) -> bool:
    """Whether a season is to be taken out: where asked, or where an F test shows one."""
    if season == NEVER or len(values) < SEASON_MONTHS:
        return False
    both = [_equation(values, season=each) for each in (False, True)]
    without, within, after = both[0].design, both[1].design, both[0].after
    waves, freedom = within.shape[1] - without.shape[1], len(after) - within.shape[1]
    if freedom < MOMENTUM + 2:
        return False
    left = [((after - _fitted(each, after)) ** 2).sum() for each in (without, within)]
    if season == ALWAYS or left[0] <= ROUNDING * (after**2).sum():
        return season == ALWAYS
    ratio = (left[0] - left[1]) / waves / (left[1] / freedom)
    return bool(stats.f.sf(ratio, waves, freedom) < SHOWN)


def _lagged(fresh: pd.DataFrame, lag: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Months in common, Pearson's r and Spearman's rho of each column some months before each."""
    early = fresh.shift(lag).add_prefix("before ")
    both = early.join(fresh)
    known = both.notna().astype(int)
    tables = (known.T @ known, both.corr(min_periods=FEWEST_MONTHS),
              both.corr("spearman", min_periods=FEWEST_MONTHS))  # fmt: skip
    rows = early.columns
    return tuple(each.loc[rows, fresh.columns].set_axis(fresh.columns) for each in tables)
