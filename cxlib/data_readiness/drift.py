"""Whether a quarter's rows look otherwise than earlier steps between quarters lead to expect."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from cxlib.data_readiness.quarterly import VOLUME

# So many steps between earlier quarters show how large steps are.
FEWEST_STEPS = 4
# A sound quarter is to raise a false alarm in 5% of cases at most: half of that is spent on gaps
# between response rates, and of drift's half as much on volumes as on everything else, since there
# are few of them, and rows that are lost do most harm.
FALSE_ALARMS = 0.05
ALPHA = FALSE_ALARMS / 2
QUARTER = 3  # months
LOST_HALF = np.log(2)  # on the scale of volumes
TOLD = ("table", "column", "what")


@dataclass(frozen=True)
class Drift:
    """What of a quarter was looked at, and what has drifted.

    Attributes:
        tested: A row per measure: table, column, what, before, now (on the measure's own scale),
            step, detectable (how large a step, beside the usual one, would have been found), p,
            p_adjusted, drifted.
        problem: Why nothing could be tested; empty if something was.
    """

    tested: pd.DataFrame
    problem: str = ""

    @property
    def is_blind(self) -> bool:
        """Whether not even a table of which half was lost would have stood out."""
        volumes = self.tested[self.tested.what == VOLUME]
        return bool((volumes.detectable > LOST_HALF).all())

    @property
    def found(self) -> pd.DataFrame:
        """The measures that have drifted, the surest first."""
        if self.tested.empty:
            return self.tested
        return self.tested[self.tested.drifted].sort_values("p", kind="stable")


def find_drift(measures: pd.DataFrame, quarter) -> Drift:
    """Compare the step into a quarter with the steps between the quarters before it.

    The step is foretold by the earlier ones: their mean, with the error of a single new step
    (Student's t). No step is taken to be surer than its rows allow. Quarters before a gap tell
    nothing. That all measures together raise a false alarm in no more than 2.5% of sound quarters
    is Holm's doing, by halves: for the volumes, and for all other measures.

    Args:
        measures: As `quarterly.quarterly_measures` gives them.
        quarter: The first moment of the quarter to judge.

    Source: prediction interval for one further observation (Hahn and Meeker, Statistical Intervals,
    1991, section 4.7); Holm (1979).
    """
    rows = []
    for told, each in measures.groupby(list(TOLD), sort=False):
        series = each.set_index("quarter").sort_index()
        series = _unbroken(series[series.index <= quarter].dropna(subset=["value"]))
        if quarter not in series.index or len(series) < FEWEST_STEPS + 2:
            continue
        step, spread, freedom, p = _step(series.value.to_numpy(), series.error.to_numpy())
        before, now = series.value.iloc[-2], series.value.iloc[-1]
        rows.append((*told, before, now, step, spread, freedom, p))
    columns = [*TOLD, "before", "now", "step", "spread", "freedom", "p"]
    tested = pd.DataFrame(rows, columns=columns)
    if tested.empty:
        need = FEWEST_STEPS + 2
        return Drift(
            tested.assign(
                detectable=pd.Series(dtype=float),
                p_adjusted=pd.Series(dtype=float),
                drifted=pd.Series(dtype=bool),
            ),
            f"there are not {need} whole quarters, of which the last is this one",
        )
    is_volume = tested.what == VOLUME
    families = [_judged(each, ALPHA / 2) for _, each in tested.groupby(is_volume, sort=False)]
    return Drift(pd.concat(families).sort_index().drop(columns=["spread", "freedom"]))


def _judged(tested: pd.DataFrame, alpha: float) -> pd.DataFrame:
    drifted, adjusted, *_ = multipletests(tested.p, alpha=alpha, method="holm")
    # What alone would have been found among so many.
    detectable = tested.spread * stats.t.isf(alpha / len(tested) / 2, tested.freedom)
    return tested.assign(detectable=detectable, p_adjusted=adjusted, drifted=drifted)


def _unbroken(series: pd.DataFrame) -> pd.DataFrame:
    """The last quarters of a series that follow on one another."""
    months = series.index.year * 12 + series.index.month
    gaps = np.flatnonzero(np.diff(months) != QUARTER)
    return series.iloc[gaps[-1] + 1 :] if len(gaps) else series


def _step(values: np.ndarray, errors: np.ndarray) -> tuple[float, float, int, float]:
    """The last step among steps like the earlier ones: size, error, degrees of freedom, p."""
    steps = np.diff(values)
    earlier, last = steps[:-1], steps[-1]
    count = len(earlier)
    # What rows alone leave open of a step: the errors of both its ends.
    floor = np.mean(errors[1:-1] ** 2 + errors[:-2] ** 2)
    last_floor = errors[-1] ** 2 + errors[-2] ** 2
    variance = max(earlier.var(ddof=1), floor)
    spread = np.sqrt(max(variance, last_floor) + variance / count)
    t = (last - earlier.mean()) / spread
    return float(last), float(spread), count - 1, float(2 * stats.t.sf(abs(t), count - 1))
