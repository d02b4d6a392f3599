"""Cycles tried in one part of the customers at a time, with no months before: two arms."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from scipy import stats

from cxlib.data import Dataset
from cxlib.measure.contrast import POWER, adjust, independent
from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import Kpi

TRIAL = "trial of two arms in one period"
# A text of more different values is a name, or a remark.
MOST_LEVELS = 20
# Arms drawn by lot seem unlike in a fact less often than this.
SELDOM = 0.01
# Of fewer customers with a value in either arm nothing is told.
FEWEST = 5


@dataclass(frozen=True)
class Trial:
    """What was measured of the two arms since the change.

    Attributes:
        scope, control: The KPI in each.
        unlike: What customers of the two arms differed in beyond chance, before the change.
        compared: How many facts of customers were compared.
    """

    scope: Estimate
    control: Estimate
    unlike: tuple[str, ...]
    compared: int


@dataclass(frozen=True)
class Difference:
    """The difference between the arms.

    Attributes:
        step: Scope less control.
        p: The probability of so large a one where there is none.
        smallest: The smallest that would have been detected with 80%.
    """

    step: Estimate
    p: float
    smallest: float


def compare_arms(kpi: Kpi, trial: Trial) -> Difference:
    """The difference between the two arms, which share no customers.

    Days that both arms share make it vary less than its interval says.
    """
    found = independent(kpi, trial.scope, trial.control)
    smallest = (found.reach + stats.norm.ppf(POWER)) * found.spread
    return Difference(found.difference, found.chance, float(smallest))


def unlike(scope: Dataset, control: Dataset) -> tuple[tuple[str, ...], int]:
    """What customers of two scopes differ in beyond chance, and how many facts were compared.

    Numbers by Welch's t, texts of few different values by chi-squared; adjusted by Benjamini and
    Hochberg. Facts in which a scope knows no difference, such as the arm itself, do not count.

    Args:
        scope, control: The dataset within each scope.
    """
    sides = [_facts(each) for each in (scope, control)]
    chances = {}
    for name in sides[0].columns.intersection(sides[1].columns):
        chance = _chance(*(side[name].dropna() for side in sides))
        if np.isfinite(chance):
            chances[name] = chance
    q = adjust(list(chances.values()))
    found = [name for name, each in zip(chances, q, strict=True) if each < SELDOM]
    return tuple(sorted(each.replace("_", " ") for each in found)), len(chances)


def _facts(data: Dataset) -> pd.DataFrame:
    """What is known of customers with contacts or answers, beside the contract's own columns."""
    table = "interactions" if data.has("interactions") else "surveys"
    names = [
        name
        for each in data.intake
        if each.table in ("customers", "accounts")
        for name in each.attributes
        if data.has(table, name)
    ]
    rows = data.rows(table, *names).select("customer_id", *names).distinct()
    return rows.execute().drop_duplicates("customer_id").set_index("customer_id")


def _chance(one: pd.Series, other: pd.Series) -> float:
    """How likely two samples are to differ so much by chance; NaN where nothing can be told."""
    if min(len(one), len(other)) < FEWEST:
        return np.nan
    if is_numeric_dtype(one) and not is_bool_dtype(one):
        if not (one.std() > 0 and other.std() > 0):
            return np.nan
        return float(
            stats.ttest_ind(one.astype(float), other.astype(float), equal_var=False).pvalue
        )
    if one.nunique() == 1 and other.nunique() == 1:
        return np.nan
    values = pd.concat([one, other]).astype("str")
    if not 1 < values.nunique() <= MOST_LEVELS:
        return np.nan
    counts = pd.crosstab(values.to_numpy(), np.repeat([0, 1], [len(one), len(other)]))
    return float(stats.chi2_contingency(counts).pvalue)
