"""What a cycle's change did: from which months it is told, and against what."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.errors import MissingData
from cxlib.measure import spc
from cxlib.measure.contrast import FALSE_DISCOVERIES
from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import PROPORTION, Kpi
from cxlib.pdca_cycles.interrupted import AVERAGE, SEASON_MONTHS, SLOPE, STEP, Steps, fit_steps
from cxlib.pdca_cycles.log import CycleData
from cxlib.pdca_cycles.placebo import began_early, earlier_bend, odd_months
from cxlib.pdca_cycles.power import smallest_effect
from cxlib.pdca_cycles.rates import rate_step

BASELINE_MONTHS, EARLIER_MONTHS = 12, 36
AFTER_MONTHS = 12
FEWEST_AFTER = 3
# From so many events a month on, a proportion or rate gets limits of its own kind.
LARGE_COUNT = 5
PER_CUSTOMER = "per customer"
# The step alone, or its mean where the slope changed: two looks at one effect.
LOOKS = 2
LEAST_SPREAD = 1e-9
SERIES, DIFFERENCES = "interrupted time series", "difference-in-differences"


@dataclass(frozen=True)
class Found:
    """What a change did, as far as trend, season and chance leave it.

    Attributes:
        method: interrupted time series, difference-in-differences (against the control scope), or a
            trial of two arms in one period.
        step: The step at the change; where the slope changed as well, the mean effect since.
        p: The probability of so large a step where there is none.
        q: The same, adjusted for the cycles that are checked in the same quarter.
        slope: How the slope changed beside it, per month; None where it cannot be worked out.
        relative: By what factor a proportion or rate changed (quasi-Poisson); None of others.
        smallest: The smallest effect that would have been detected with 80%; infinite if none.
        sides: On which sides the charts show a special cause since the change: above, and below.
        early: How many months before the change its step really is; 0 if it is not earlier.
        bent: Whether a trend that bent before the change may be all that looks like an effect.
        unlike: In what the customers of a trial's two arms differed before, which may be all.
    """

    method: str
    step: Estimate
    p: float
    q: float
    slope: Estimate | None
    relative: Estimate | None
    smallest: float
    sides: tuple[bool, bool]
    early: int = 0
    bent: bool = False
    unlike: tuple[str, ...] = ()


@dataclass(frozen=True)
class Basis:
    """What an effect is told from.

    Attributes:
        method: interrupted time series, or difference-in-differences.
        used: Months: month, value (less the control scope's, if there is one), before, after.
        steps: Steps of other cycles on the same KPI before the change, a column each.
        until: The month in which the next other cycle begins; its effect is none of this one's.
        caution: Why the control scope was not used, or what cannot be kept apart; empty if nothing.
    """

    method: str
    used: pd.DataFrame
    steps: np.ndarray
    until: pd.Timestamp
    caution: str

    @property
    def least_after(self) -> int:
        """How many months after the change are needed at least."""
        seen = int(self.used.before.sum())
        return max(FEWEST_AFTER, SEASON_MONTHS - seen if self.method == SERIES else 0)


def basis_of(cycle: CycleData) -> Basis:
    """What the effect of a cycle can be worked out from.

    The month in which the change falls counts as neither before nor after, unless it begins with
    it. Up to 36 months before and 12 after are used; those after the next cycle on the same KPI and
    contacts has begun are not. A control scope that another cycle changed in these months is none.
    """
    start = pd.Timestamp(cycle.plan.do_date)
    used = windows(cycle.months, start)
    used = used[used.before | used.after]
    same = [each for each in cycle.others if each.to_period("M") == start.to_period("M")]
    later = [
        first_month_after(each)
        for each in cycle.others
        if each.to_period("M") > start.to_period("M")
    ]
    until = min(later, default=pd.Timestamp.max)
    used = used[used.month < until]
    caution = "another cycle on the same KPI and contacts began in the same month" if same else ""
    method = SERIES
    if cycle.control is not None:
        net = net_of(used, cycle.control)
        window = (used.month.min(), used.month.max()) if len(used) else (start, start)
        touched = [each for each in cycle.beside if window[0] < each <= window[1]]
        if touched:
            caution = "its control scope was changed by another cycle, and is not used"
        elif net.before.sum() >= BASELINE_MONTHS and net.after.sum() >= FEWEST_AFTER:
            method, used = DIFFERENCES, net
        elif used.after.sum() >= FEWEST_AFTER:
            caution = "its control scope has too few months, and is not used"
    steps = [
        (used.month >= first_month_after(each)).to_numpy(float)
        for each in cycle.others
        if len(used) and used.month.min() < each and each.to_period("M") < start.to_period("M")
    ]
    known = np.column_stack(steps) if steps else np.empty((len(used), 0))
    return Basis(method, used, known, until, caution)


def find_effect(
    cycle: CycleData, months: pd.DataFrame, chart: spc.Chart, basis: Basis, noise
) -> tuple[Found | None, str]:
    """What a change did; or None, and why it cannot be worked out.

    Where the slope changed as well, the effect is its mean over the months after; having looked for
    that, its probability is doubled.

    Args:
        cycle: The cycle, with its KPI by month.
        months: The months of its chart.
        chart: Its chart.
        basis: What the effect is told from.
        noise: What the baseline tells of chance; None if it is too short.
    """
    used = basis.used
    if used.after.sum() < basis.least_after:
        if basis.method == SERIES and len(used) < SEASON_MONTHS:
            return None, (
                f"{rows_of(len(used))} seen, and a yearly season can be told from a change only "
                f"from {SEASON_MONTHS} on, or against a control scope"
            )
        return None, f"{rows_of(int(used.after.sum()))} seen before the next cycle on the same KPI"
    time, after = month_number(used.month), used.after.to_numpy()
    values = used.value.to_numpy(dtype=float)
    known, odd = basis.steps, odd_months(values, time, after, basis.steps)
    known = np.hstack([known, odd])
    bend = earlier_bend(values, time, after, known)
    bent = np.hstack([known, bend.column]) if bend else known
    fitted = _fitted(values, time, after, known)
    if fitted is None:
        return None, f"{rows_of(len(used))} too few to tell a change from trend and season"
    steps, slopes, p = fitted
    straight, doubt = p, _fitted(values, time, after, bent) if bend else None
    if doubt:
        # An effect must be one whether the trend bent before or not.
        p = max(p, doubt[2]) if steps.value[0] * doubt[0].value[0] > 0 else 1.0
        if bend.sure and p < FALSE_DISCOVERIES:
            steps, slopes, _ = doubt
    unit = cycle.kpi.unit
    charts = [(chart, months.month)]
    if basis.method == DIFFERENCES:
        charts += _net_charts(months, cycle.control)
    if odd.size:
        charts.append(_evened_chart(months, used.month[odd.any(axis=1)]))
    sides = [_sides(each, when < basis.until) for each, when in charts]
    return Found(
        basis.method,
        steps.estimate(unit, len(used)),
        p,
        np.nan,
        slopes.estimate(unit, len(used)) if slopes else None,
        _relative(cycle) if basis.method == SERIES else None,
        _smallest(noise, int(after.sum())),
        tuple(any(each[side] for each in sides) for side in (0, 1)),
        began_early(values, time, after, bent),
        straight < FALSE_DISCOVERIES <= p,
    ), ""


def _fitted(values, time, after, known) -> tuple[Steps, Steps | None, float] | None:
    """The step, how the slope changed beside it, and the probability of such a step by chance."""
    steps, slopes = fit_steps(values, time, after, STEP, known), None
    if steps is None:
        return None
    p = float(steps.p[0])
    if after.sum() > FEWEST_AFTER:
        slopes = fit_steps(values, time, after, SLOPE, known)
        if slopes and slopes.p[0] < FALSE_DISCOVERIES:
            steps = fit_steps(values, time, after, AVERAGE, known)
            p = min(1.0, LOOKS * float(steps.p[0]))
    return steps, slopes, p


def _evened_chart(months: pd.DataFrame, odd: pd.Series) -> tuple[spc.Chart, pd.Series]:
    """The chart with the odd months of its baseline put at the middle of the others."""
    baseline = int(months.before.sum())
    values = months.value.to_numpy(dtype=float).copy()
    off = months.month.isin(odd).to_numpy()
    values[off] = np.median(values[:baseline][~off[:baseline]])
    return spc.xmr(values, baseline), months.month


def _smallest(noise, months: int) -> float:
    """The smallest effect that would have been detected; NaN where nothing varied before."""
    if noise is None:
        return np.inf
    return smallest_effect(noise, months) if noise.spread.max() > LEAST_SPREAD else np.nan


def rows_of(months: int) -> str:
    """So many months, with their verb.

    Examples:
        >>> rows_of(1), rows_of(18)
        ('1 month is', '18 months are')
    """
    return f"{months} month is" if months == 1 else f"{months} months are"


def first_month_after(start) -> pd.Timestamp:
    """The first month that lies wholly after a change."""
    begins = pd.Timestamp(start).to_period("M").start_time
    return begins if begins == pd.Timestamp(start) else begins + pd.offsets.MonthBegin()


def windows(months: pd.DataFrame, start, before: int = EARLIER_MONTHS) -> pd.DataFrame:
    """Months with which of them count as before and as after a change."""
    begins = pd.Timestamp(start).to_period("M").start_time
    first_after = first_month_after(start)
    earlier = (months.month < begins) & (months.month >= begins - pd.DateOffset(months=before))
    later = (months.month >= first_after) & (
        months.month < first_after + pd.DateOffset(months=AFTER_MONTHS)
    )
    return months.assign(before=earlier, after=later)


def month_number(months: pd.Series) -> np.ndarray:
    """The number of each month, counted through the years."""
    return (months.dt.year * 12 + months.dt.month).to_numpy(dtype=float)


def chart_of(months: pd.DataFrame, kpi: Kpi) -> spc.Chart:
    """XmR by default; p′ and u′ for proportions and rates with large counts in the baseline."""
    baseline = int(months.before.sum())
    value, size = (months[name].to_numpy(dtype=float) for name in ("value", "n"))
    events = np.round(value * size)
    rarer = np.minimum(events, size - events) if kpi.kind == PROPORTION else events
    large = rarer[:baseline].min() >= LARGE_COUNT
    if kpi.kind == PROPORTION and large:
        return spc.p_prime(events, size, baseline)
    if kpi.unit == PER_CUSTOMER and large:
        return spc.u_prime(events, size, baseline)
    return spc.xmr(value, baseline)


def net_of(months: pd.DataFrame, control: pd.DataFrame) -> pd.DataFrame:
    """Months with the KPI less that of the control scope; those that it lacks are left out."""
    other = months.month.map(control.set_index("month").value).astype(float)
    known = months[other.notna()]
    return known.assign(value=known.value.astype(float) - other[other.notna()])


def _net_charts(months: pd.DataFrame, control: pd.DataFrame) -> list:
    """The chart of the KPI less what the control scope did; none where it lacks months."""
    known = net_of(months, control)
    baseline = int(known.before.sum())
    if baseline < spc.FEWEST_BASELINE:
        return []
    return [(spc.xmr(known.value.to_numpy(dtype=float), baseline), known.month)]


def _sides(chart: spc.Chart, counts: pd.Series) -> tuple[bool, bool]:
    """Whether a chart shows a special cause since its baseline: above the centre, and below."""
    shown = {
        side
        for at, (side, signal) in enumerate(zip(chart.sides, chart.signals, strict=True))
        if signal and at >= chart.baseline and counts.iloc[at]
    }
    return 1 in shown, -1 in shown


def _relative(cycle: CycleData) -> Estimate | None:
    """By what factor a proportion or rate changed."""
    if cycle.kpi.kind != PROPORTION and cycle.kpi.unit != PER_CUSTOMER:
        return None
    used = windows(cycle.months, cycle.plan.do_date)
    used = used[used.before | used.after]
    size = used.n.to_numpy(dtype=float)
    events = np.round(used.value.to_numpy(dtype=float) * size)
    waves = 2 if len(used) >= SEASON_MONTHS else 0
    try:
        return rate_step(events, size, month_number(used.month), used.after.to_numpy(), waves).quasi
    except MissingData:
        return None
