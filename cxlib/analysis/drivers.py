"""What goes with a score: drivers of single answers, and what later came of each group."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from cxlib.measure import intervals
from cxlib.measure.estimate import CONFIDENCE, Estimate

FEWEST_ANSWERS = 50
MOSTLY_MISSING = 0.5
ALL_BUT_DETERMINED = 0.99


@dataclass(frozen=True)
class Driver:
    """One driver of a score, the others held equal.

    Attributes:
        name: The driver.
        per_step: Change of the score with one step more of the driver.
        standardised: Change of the score, in its standard deviations, with a driver higher by
            one of its own; comparable between drivers.
        p: Probability of so strong a link where there is none.
    """

    name: str
    per_step: Estimate
    standardised: Estimate
    p: float


@dataclass(frozen=True)
class Drivers:
    """The drivers of a score, strongest first.

    Attributes:
        outcome: The score.
        drivers: Those in the model.
        explained: R², the share of the score's variance that they explain together.
        answers: How many answers it rests on.
        dropped: Why a candidate was not used, by its name.
        problem: Why nothing can be said; empty where something can.
    """

    outcome: str
    drivers: tuple[Driver, ...]
    explained: float
    answers: int
    dropped: dict[str, str]
    problem: str = ""


@dataclass(frozen=True)
class Group:
    """Accounts grouped by score, and what came of them later.

    Attributes:
        name: The group, such as promoters.
        accounts: How many.
        retained: Share still there at the end; None where unknown.
        revenue: Revenue per account over the period after.
    """

    name: str
    accounts: int
    retained: Estimate | None
    revenue: Estimate


def find_drivers(answers: pd.DataFrame, outcome: str) -> Drivers:
    """Relate a score to the facts of the contact, by regression with errors clustered by customer.

    Args:
        answers: `customer_id`, `score`, and a column per candidate.
        outcome: The score's name.
    """
    candidates = [name for name in answers if name not in ("customer_id", "score")]
    dropped = {}
    for name in candidates:
        if answers[name].isna().mean() > MOSTLY_MISSING:
            dropped[name] = f"unknown for {answers[name].isna().mean():.0%} of answers"
    used = answers.drop(columns=list(dropped)).dropna()
    for name in used.columns.difference(["customer_id", "score"], sort=False):
        if used[name].nunique() < 2:
            dropped[name] = "the same for every answer"
    names = []
    for name in candidates:
        if name in dropped:
            continue
        if len(used) > len(names) + 1 and _told_by(used[name], used[names]):
            dropped[name] = "told by the drivers before it"
        else:
            names.append(name)
    if problem := _obstacle(used, names):
        return Drivers(outcome, (), np.nan, len(used), dropped, problem)
    fit = OLS(used.score, add_constant(used[names])).fit(
        cov_type="cluster", cov_kwds={"groups": pd.factorize(used.customer_id)[0]}, use_t=True
    )
    ends = fit.conf_int(1 - CONFIDENCE)
    drivers = []
    for name in names:
        scale = used[name].std() / used.score.std()
        value, (low, high) = fit.params[name], ends.loc[name]
        drivers.append(
            Driver(
                name,
                Estimate(value, low, high, len(used), "score"),
                Estimate(
                    value * scale, low * scale, high * scale, len(used), "standard deviations"
                ),
                float(fit.pvalues[name]),
            )
        )
    drivers.sort(key=lambda driver: -abs(driver.standardised.value))
    return Drivers(outcome, tuple(drivers), float(fit.rsquared), len(used), dropped)


def compare_groups(
    later: pd.DataFrame, edges: tuple[float, ...], names: tuple[str, ...]
) -> tuple[Group, ...]:
    """What came of accounts, by their score.

    Args:
        later: A row per account: `score`, `retained`, `revenue`.
        edges: The lowest score of each group after the first.
        names: The groups, worst score first.
    """
    which = np.digitize(later.score, edges)
    groups = []
    for index, name in enumerate(names):
        rows = later[which == index]
        if len(rows):
            groups.append(Group(name, len(rows), _share(rows.retained), _mean(rows.revenue)))
    return tuple(groups)


def _obstacle(used: pd.DataFrame, names: list[str]) -> str:
    if len(used) < FEWEST_ANSWERS:
        return (
            f"at least {FEWEST_ANSWERS} answers with a known contact are needed; "
            f"there are {len(used)}"
        )
    if not names:
        return "no fact of the contacts is known, or none differs between them"
    return "" if used.score.nunique() > 1 else "every answer is the same"


def _told_by(values: pd.Series, others: pd.DataFrame) -> bool:
    """Whether other candidates all but determine one, so that no effect of its own can be told."""
    design = np.column_stack([np.ones(len(values)), others])
    fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return float(np.var(values - fitted)) < (1 - ALL_BUT_DETERMINED) * float(np.var(values))


def _share(values: pd.Series) -> Estimate | None:
    values = values.dropna()
    if values.empty:
        return None
    low, high = intervals.wilson_interval(values.mean(), len(values))
    return Estimate(values.mean(), float(low), float(high), len(values), "share")


def _mean(values: pd.Series) -> Estimate:
    variance = values.var(ddof=1) / len(values)
    low, high = intervals.t_interval(values.mean(), variance, len(values))
    return Estimate(values.mean(), float(low), float(high), len(values), "money")
