"""Whether a quarter's rows look otherwise than earlier steps between quarters lead to expect."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

# So many steps between earlier quarters show how large steps are.
FEWEST_STEPS = 4
ALPHA = 0.025  # the other half of 5% is left to gaps between response rates


@dataclass(frozen=True)
class Drift:
    """What of a quarter was looked at, and what has drifted.

    Attributes:
        tested: A row per measure: table, column, what, before, now (on the measure's own scale),
            step, p, p_adjusted, drifted.
        problem: Why nothing could be tested; empty if something was.
    """

    tested: pd.DataFrame
    problem: str = ""

    @property
    def found(self) -> pd.DataFrame:
        """The measures that have drifted, the surest first."""
        if self.tested.empty:
            return self.tested
        return self.tested[self.tested.drifted].sort_values("p", kind="stable")


def find_drift(measures: pd.DataFrame, quarter) -> Drift:
    """Compare the step into a quarter with the steps between the quarters before it.

    The step is foretold by the earlier ones: their mean, with the error of a single new step
    (Student's t). No step is taken to be surer than its rows allow. That all measures together
    raise a false alarm in no more than 2.5% of sound quarters is Holm's doing.

    Args:
        measures: As `measure.quarterly_measures` gives them.
        quarter: The first moment of the quarter to judge.

    Source: prediction interval for one further observation (Hahn and Meeker, Statistical Intervals,
    1991, section 4.7); Holm (1979).
    """
    rows = []
    for (table, column, what), each in measures.groupby(["table", "column", "what"], sort=False):
        series = each.set_index("quarter").sort_index()
        series = series[series.index <= quarter].dropna(subset=["value"])
        if quarter not in series.index or len(series) < FEWEST_STEPS + 2:
            continue
        p, step = _step(series.value.to_numpy(), series.error.to_numpy())
        before, now = series.value.iloc[-2], series.value.iloc[-1]
        rows.append((table, column, what, before, now, step, p))
    columns = ["table", "column", "what", "before", "now", "step", "p"]
    tested = pd.DataFrame(rows, columns=columns)
    if tested.empty:
        need = FEWEST_STEPS + 2
        return Drift(
            tested.assign(p_adjusted=pd.Series(dtype=float), drifted=pd.Series(dtype=bool)),
            f"there are not {need} whole quarters, of which the last is this one",
        )
    drifted, adjusted, *_ = multipletests(tested.p, alpha=ALPHA, method="holm")
    return Drift(tested.assign(p_adjusted=adjusted, drifted=drifted))


def _step(values: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    """The p-value of the last step among steps like the earlier ones, and its size."""
    steps = np.diff(values)
    earlier, last = steps[:-1], steps[-1]
    count = len(earlier)
    # What rows alone leave open of a step: the errors of both its ends.
    floor = np.mean(errors[1:-1] ** 2 + errors[:-2] ** 2)
    last_floor = errors[-1] ** 2 + errors[-2] ** 2
    variance = max(earlier.var(ddof=1), floor)
    spread = np.sqrt(max(variance, last_floor) + variance / count)
    t = (last - earlier.mean()) / spread
    return float(2 * stats.t.sf(abs(t), count - 1)), float(last)
