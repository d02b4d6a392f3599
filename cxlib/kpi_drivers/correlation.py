"""Which KPIs move together from month to month, once trend and momentum are set aside."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
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
        p: Probability of so strong a correlation r where there is none.
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
    waves = {name: _has_season(series[name], season) for name in series}
    fresh = {name: surprises(series[name], waves[name]) for name in series}
    fresh = pd.DataFrame(fresh, series.index)
    pairs = []
    wanted = [pair for pair in pairs_of(fresh, 2) if not any(set(pair) <= f for f in restated)]
    wanted = [(x, y) for x, y in wanted if later is None or y in later]
    for lag in lags if wanted else ():
        months, *coefficients = _lagged(fresh, lag)
        for x, y in wanted:
            r, rho = (float(table.at[x, y]) for table in coefficients)
            taken = (waves[x] or waves[y]) * _season(len(series)).shape[1]
            count, lost = int(months.at[x, y]), MOMENTUM + taken
            if np.isfinite(r) and np.isfinite(rho):
                p = probability(r, count - 2 - lost)
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
    """What a series' own straight trend and previous value do not foretell; NaN for the first.

    The residuals of a regression on a constant, time and the previous value, which makes both
    a stationary series and a random walk as good as white ("prewhitening", Box and Jenkins).

    Args:
        values: A value per month.
        season: Whether to take out the time of the year as well: each month, or where less than
            three years are seen a yearly and a half-yearly wave.
    """
    fresh = np.full(len(values), np.nan)
    known, design, after = _equation(values, season)
    if len(values) >= FEWEST_MONTHS and known.sum() > design.shape[1] + 1:
        left = after - _fitted(design, after)
        # What is left of a straight line is rounding, not surprise.
        fresh[1:][known] = np.where(np.abs(left).max() > ROUNDING * np.abs(after).max(), left, 0.0)
    return fresh


def _equation(values: pd.Series, season: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which months after the first are known with the one before; their design, and values."""
    series = values.to_numpy(dtype=float)
    time = np.arange(1, len(series), dtype=float)
    design = np.column_stack([np.ones(len(time)), time, series[:-1]])
    if season:
        design = np.column_stack([design, _season(len(series))])
    known = np.isfinite(design).all(axis=1) & np.isfinite(series[1:])
    return known, design[known], series[1:][known]


def _season(months: int) -> np.ndarray:
    """The columns of a season for the months after the first."""
    time = np.arange(1, months)
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
    (_, without, after), (_, within, _) = (_equation(values, season=each) for each in (False, True))
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
