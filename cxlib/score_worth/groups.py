"""What later came of accounts, by what their customers had answered: raw, and like for like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS

from cxlib.data.config import Config
from cxlib.errors import ArgumentError
from cxlib.measure import intervals
from cxlib.measure.coefficients import decide_alone
from cxlib.measure.contrast import FALSE_LINKS, Judged, adjusted_probabilities, difference
from cxlib.measure.estimate import CONFIDENCE, Estimate
from cxlib.measure.hidden_causes import robustness
from cxlib.measure.kpis import PASSIVE, PROMOTER
from cxlib.score_worth.results import CONTROLS, RESULTS

FEWEST_ACCOUNTS = 10
# By what accounts are made alike, besides what they did before.
TIER = "tier"
# The lowest mean answer of each group after the first, and the groups.
BANDS: Mapping[str, tuple[tuple[float, ...], tuple[str, ...]]] = {
    "nps": ((PASSIVE, PROMOTER), ("detractors", "passives", "promoters")),
    "csat": ((2.5, 3.5), ("bottom-2 box", "middle box", "top-2 box")),
    "ces": ((3.5, 5.5), ("hard", "middling", "easy")),
}
UNITS: Mapping[str, str] = {
    "retained": "share", "revenue": "money", "purchases": "per account", "returned": "money",
    "contacts": "per account", "cost": "money",
}  # fmt: skip


def bands_of(config: Config, metric: str) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """The bands of a question; a rating that a dataset declares itself has the boxes of CSAT.

    A scale too short for two boxes of two at its ends is halved.
    """
    if metric in BANDS:
        return BANDS[metric]
    low, high = config.scales[metric]
    worst, middle, best = BANDS["csat"][1]
    if high - low < 4:
        return ((low + high) / 2,), ("lower half", "upper half")
    return (low + 1.5, high - 1.5), (worst, middle, best)


@dataclass(frozen=True)
class Group:
    """Accounts grouped by their customers' answers, and what came of them later.

    Attributes:
        name: The group, such as promoters.
        accounts: How many.
        raw: Its mean of each result, as it was.
        adjusted: The same, were its accounts like all accounts in tier, tenure, prior revenue and
            prior contacts.
    """

    name: str
    accounts: int
    raw: Mapping[str, Estimate]
    adjusted: Mapping[str, Estimate]


@dataclass(frozen=True)
class Gap(Judged):
    """How far a group lies from the group below it, like for like.

    Attributes:
        result: Which result.
        lower, upper: The two groups.
        difference: upper less lower.
        q: Probability of so large a gap where there is none, adjusted for the number of
            results.
        hidden: What share of what is left of both the group and the result a hidden cause would
            have to explain to account for the gap (`hidden_causes.robustness`).
    """

    level: ClassVar[float] = FALSE_LINKS
    result: str
    lower: str
    upper: str
    difference: Estimate
    q: float
    hidden: float


@dataclass(frozen=True)
class Comparison:
    """Groups of accounts, side by side.

    Attributes:
        groups: The groups, lowest answers first.
        gaps: The best group against the worst, and each against the one below it.
        alike_by: By what accounts were made alike.
        left_out: Groups of too few accounts, with their number.
    """

    groups: tuple[Group, ...]
    gaps: tuple[Gap, ...]
    alike_by: tuple[str, ...]
    left_out: Mapping[str, int]

    def gap(self, result: str, lower: str, upper: str) -> Gap | None:
        """One gap; None where it is not known."""
        same = [each for each in self.gaps if each.result == result]
        return next((each for each in same if (each.lower, each.upper) == (lower, upper)), None)


def compare_groups(
    later: pd.DataFrame, metric: str, bands: tuple[Sequence[float], Sequence[str]] | None = None
) -> Comparison:
    """What came of accounts, by their customers' mean answer.

    Adjusted means are those of a regression on the groups and on what else tells accounts apart,
    taken at the mean of all accounts; their intervals allow for unequal spread (HC3; MacKinnon and
    White 1985, *Journal of Econometrics* 29). Retention, which small groups often keep whole, has
    Wilson's interval around its adjusted share. A result that is the same for all accounts of a
    group has no interval: nothing shows how much it might differ.

    Args:
        later: As `results.later_business` gives it, and `tier`, if known.
        metric: The survey question, such as nps.
        bands: The lowest mean answer of each group after the first, and the groups' names, worst
            first; those of `BANDS`, if None.

    Raises:
        ArgumentError: The question has no bands of its own, and none are given.
    """
    if bands is None and metric not in BANDS:
        raise ArgumentError(f"metric == {metric!r}, must be {', '.join(BANDS)}, or have bands")
    (edges, names), answers = bands or BANDS[metric], f"answer: {metric}"
    if answers not in later:
        return Comparison((), (), (), {})
    known = later[later[answers].notna()]
    which = pd.Series(np.asarray(names)[np.digitize(known[answers], edges)], known.index)
    sizes = which.value_counts()
    kept = [name for name in names if sizes.get(name, 0) >= FEWEST_ACCOUNTS]
    left_out = {name: int(sizes[name]) for name in names if name in sizes and name not in kept}
    known, which = known[which.isin(kept)], which[which.isin(kept)]
    results = [name for name in RESULTS if name in known and known[name].notna().all()]
    results = [name for name in results if len(known) and known[name].nunique() > 1]
    groups = np.column_stack([(which == name).astype(float) for name in kept] or [[]])
    alike, used, design = with_controls(known, groups)
    known, which = known[used], which[used]
    adjusted: dict[str, dict[str, Estimate]] = {name: {} for name in kept}
    gaps = []
    pairs = _pairs(kept)
    for result in results:
        fit = OLS(known[result].to_numpy(), design).fit(cov_type="HC3", use_t=True)
        ends = fit.conf_int(1 - CONFIDENCE)
        for index, name in enumerate(kept):
            values = known.loc[which == name, result]
            adjusted[name][result] = _possible(result, fit.params[index], ends[index], values)
        means = {name: adjusted[name][result] for name in kept}
        gaps += [
            (result, *pair, _gap(fit, means, pair, result), _hidden(fit, kept, pair))
            for pair in pairs
        ]
    return Comparison(
        groups=tuple(
            Group(
                name,
                int((which == name).sum()),
                _raw(known[which == name], results),
                adjusted[name],
            )
            for name in kept
        ),
        gaps=_judged(gaps, pairs),
        alike_by=alike,
        left_out=left_out,
    )


def _gap(fit, means: Mapping[str, Estimate], pair: tuple[str, str], result: str) -> Estimate:
    """By how much the adjusted means of two groups differ in a result."""
    lower, upper = pair
    two = (means[lower], means[upper])
    if result == "retained" or not all(each.has_interval for each in two):
        return difference(two[1], two[0])
    return contrast_of(fit, _contrast(fit, list(means), pair), UNITS[result])


def _hidden(fit, names: list[str], pair: tuple[str, str]) -> float:
    """How strong a hidden cause would have to be to account for the gap of two groups."""
    plain = fit.model.fit()
    return robustness(plain.t_test(_contrast(fit, names, pair)).tvalue.item(), plain.df_resid)


def _contrast(fit, names: list[str], pair: tuple[str, str]) -> np.ndarray:
    """The second group less the first, among a regression's coefficients."""
    lower, upper = pair
    contrast = np.zeros(len(fit.params))
    contrast[[names.index(lower), names.index(upper)]] = -1, 1
    return contrast


def _judged(gaps: list[tuple], pairs: Sequence[tuple[str, str]]) -> tuple[Gap, ...]:
    """The gaps with their q: of each pair of groups, all results are looked at together."""
    q = np.ones(len(gaps))
    for pair in pairs:
        places = [
            place for place, each in enumerate(gaps) if each[1:3] == pair and each[3].has_interval
        ]
        q[places] = adjusted_probabilities([gaps[place][3] for place in places])
    return tuple(
        Gap(*each, q=float(p), hidden=hidden) for (*each, hidden), p in zip(gaps, q, strict=True)
    )


def controls(accounts: pd.DataFrame) -> tuple[tuple[str, ...], np.ndarray]:
    """What else tells accounts apart, as columns of a regression with mean zero.

    Prior revenue as it is, contacts and tenure as logarithms, and a column per tier but one; what
    is not known of an account is put at the mean, with a column that says so.

    Returns:
        The names of what is known, and the columns.
    """
    columns, names = [], []
    for name in CONTROLS:
        values = accounts.get(name, pd.Series(np.nan, accounts.index)).astype(float)
        values = values if name == "prior_revenue" else np.log1p(values.clip(lower=0))
        missing = values.isna()
        if missing.all() or values.nunique() < 2:
            continue
        names.append(name)
        columns.append(values.fillna(values.mean()))
        columns += [missing.astype(float)] if missing.any() else []
    if TIER in accounts:
        levels = accounts[TIER].astype("str").fillna("")
        sizes = levels.value_counts()
        if len(sizes) > 1:
            names.append(TIER)
            columns += [(levels == level).astype(float) for level in sizes.index[1:]]
    if not columns:
        return (), np.zeros((len(accounts), 0))
    table = np.column_stack(columns)
    return tuple(names), table - table.mean(axis=0)


def with_controls(
    accounts: pd.DataFrame, columns: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """The columns of a regression beside what else tells accounts apart.

    An account that alone decides a coefficient, such as the only one without a known tenure, is
    left out.

    Returns:
        The names of what is known, which accounts are in, and the columns.
    """
    used = np.ones(len(accounts), bool)
    while True:
        names, others = controls(accounts[used])
        design = np.column_stack([columns[used], others])
        alone = decide_alone(design)
        if not alone.any():
            return names, used, design
        used[np.flatnonzero(used)[alone]] = False


def contrast_of(fit, contrast: np.ndarray, unit: str) -> Estimate:
    """A sum of a regression's weighted coefficients, with its interval."""
    test = fit.t_test(contrast)
    value, (low, high) = float(np.ravel(test.effect)[0]), test.conf_int(1 - CONFIDENCE)[0]
    return Estimate(value, min(low, value), max(high, value), fit.nobs, unit)


def _possible(result: str, value: float, ends: np.ndarray, values: pd.Series) -> Estimate:
    """An adjusted mean of a group, kept within what its result can be."""
    if result == "retained":
        share = float(np.clip(value, 0, 1))
        ends = intervals.wilson_interval(share, len(values))
        return Estimate(share, float(ends[0]), float(ends[1]), len(values), UNITS[result])
    if values.nunique() < 2:
        return Estimate(value, np.nan, np.nan, len(values), UNITS[result])
    least = -np.inf if result == "revenue" else 0.0
    value, low, high = (max(float(each), least) for each in (value, *ends))
    return Estimate(value, low, high, len(values), UNITS[result])


def _pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """The worst and the best, and all neighbours."""
    if len(names) < 2:
        return []
    return list(dict.fromkeys([(names[0], names[-1]), *pairwise(names)]))


def _raw(rows: pd.DataFrame, results: Sequence[str]) -> dict[str, Estimate]:
    return {name: _share(rows[name]) if name == "retained" else _mean(rows[name], UNITS[name])
            for name in results}  # fmt: skip


def _share(values: pd.Series) -> Estimate:
    low, high = intervals.wilson_interval(values.mean(), len(values))
    return Estimate(values.mean(), float(low), float(high), len(values), "share")


def _mean(values: pd.Series, unit: str) -> Estimate:
    # Where all are alike, nothing shows how much they might differ.
    variance = values.var(ddof=1) / len(values) if values.nunique() > 1 else np.nan
    low, high = intervals.t_interval(values.mean(), intervals.Spread(variance, len(values) - 1))
    return Estimate(values.mean(), float(low), float(high), len(values), unit)
