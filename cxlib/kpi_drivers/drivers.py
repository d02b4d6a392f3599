"""What goes with a score: how much of it each fact explains, and in which direction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from cxlib.kpi_drivers.not_applicable import without_zeros
from cxlib.kpi_drivers.regression import Fit, hidden_cause, regress
from cxlib.kpi_drivers.shapes import find_shapes
from cxlib.kpi_drivers.shapley import MOST_EXACT, ROUNDING, divide, shares_of_many
from cxlib.measure.contrast import FALSE_LINKS, Judged, adjust
from cxlib.measure.estimate import CONFIDENCE, Estimate

FEWEST_ANSWERS = 50
MOSTLY_MISSING = 0.5
ALL_BUT_DETERMINED = 0.99
# A fact that alone explains so much of a score is the score under another name, or its consequence.
LEAKS = 0.9
# Ranks that go together so closely are those of one thing.
SAME_ORDER = 0.99
RESAMPLES = 1_000
# Each driver more doubles the subsets to look at; so many are looked at in all, in at least so
# many resamples.
SUBSETS = 2**22
FEWER_RESAMPLES = 200
# Two drivers are distinguished if one is ahead of the other in so many resamples.
TOLD_APART = 0.95
# Levels of a category that are rarer are pooled.
RARE = 0.02
POOLED = "other values"
UNKNOWN, TURN = "not known", "too little or too much"
# What says of an answer whose it is, and what it was.
WHOSE = ("customer_id", "account_id", "score")
CHUNK = 50
# So many candidates are looked at together, and no more than one for so many answers; of more,
# those that alone explain most.
MOST_TOGETHER, ANSWERS_EACH = 30, 20


@dataclass(frozen=True)
class Driver(Judged):
    """One driver of a score.

    Attributes:
        name: The driver.
        share: How much of the score's variance it explains: its exact Shapley share of R², less
            what as many columns explain by chance, with the interval of resampled accounts.
        rank_probability: In how many resamples it has the place that it has here.
        tied: Whether the data cannot tell it from the driver after it.
        inflation: By how much the others inflate the error of its effect (variance inflation
            factor; for a category, the generalised one to the power 1 / df).
        per_step: Change of the score with one step more of the driver, the others held equal;
            None for a category.
        standardised: The same in standard deviations of both.
        p: Probability of so strong a link where there is none.
        q: The same, allowing for how many candidates there were (Benjamini and Hochberg 1995).
        hidden: What share of what is left of the driver and of the score a hidden cause would have
            to explain to account for it (`hidden_causes.robustness`).
    """

    level: ClassVar[float] = FALSE_LINKS
    name: str
    share: Estimate
    rank_probability: float
    tied: bool
    inflation: float
    per_step: Estimate | None
    standardised: Estimate | None
    p: float
    q: float
    hidden: float = 0.0

    @property
    def sign(self) -> int:
        """1 if the score is higher where there is more of the driver, −1 if lower; 0 unknown.

        Among many candidates, some would stand out by chance; so those are allowed for.
        """
        if self.per_step is None or not self.detected:
            return 0
        return 1 if self.per_step.value > 0 else -1


@dataclass(frozen=True)
class Drivers:
    """The drivers of a score, the one that explains most first.

    Attributes:
        outcome: The score.
        drivers: Those in the model.
        explained: The share of the score's variance that they explain together: R², adjusted for
            what as many columns explain by chance.
        answers: How many answers it rests on.
        dropped: Why a candidate was not used, by its name.
        turned: Those of which the middle is best, or worst.
        gaps: For what share of the answers a driver is not known, where it is not.
        exact: Whether the shares are exact; beyond 20 drivers they are Johnson's relative weights.
        problem: Why nothing can be said; empty where something can.
        zeros: How often a driver is 0 beside a scale that begins with 1, which is taken for "not
            applicable" (`not_applicable.py`).
    """

    outcome: str
    drivers: tuple[Driver, ...]
    explained: float
    answers: int
    dropped: dict[str, str]
    turned: tuple[str, ...] = ()
    gaps: Mapping[str, float] = field(default_factory=dict)
    exact: bool = True
    problem: str = ""
    zeros: Mapping[str, float] = field(default_factory=dict)


def find_drivers(
    answers: pd.DataFrame,
    outcome: str,
    keep: Collection[str] = (),
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Drivers:
    """Divide what explains a score among the facts of the contact.

    Of more candidates than can be looked at together, those are that alone explain most; how many
    there were is allowed for in `q`. Shares of R² are those of `shapley.py`, less what is expected
    by chance; effects are those of a regression with errors clustered by account (`regression.py`),
    since what an account is goes with all its answers. Intervals and places come from resampling
    accounts with all their answers. Where a driver is not known, that counts as a level of its own:
    contacts that were abandoned have no handling time, and to leave them out would leave out those
    who scored worst.

    Args:
        answers: `customer_id`, `score`, `account_id` where accounts are shared, and a column per
            candidate: numbers, or texts for categories, which enter as one.
        outcome: The score's name.
        keep: Candidates to use even though they all but determine the score, and with a 0 that is
            one of their scale.
        resamples: How many; fewer where there are more than 12 drivers.
        seed: For the resamples.
    """
    answers, zeros = without_zeros(answers, {*WHOSE, *keep})
    used, designs, dropped, looked = _designed(answers, keep)
    if problem := _obstacle(used, designs):
        return Drivers(outcome, (), np.nan, len(used), dropped, problem=problem)
    whose = pd.factorize(used["account_id" if "account_id" in used else "customer_id"])[0]
    designs, turned = _shaped(designs, used.score, whose)
    design = pd.concat(designs.values(), axis=1)
    ends = np.cumsum([0, *(each.shape[1] for each in designs.values())])
    groups = [list(range(*pair)) for pair in pairwise(ends)]
    table = np.column_stack([design, used.score])
    shares = divide(np.cov(table.T), groups)
    fit = regress(design, used.score, whose)
    columns = np.array([len(each) for each in groups])
    chance = columns * (1 - shares.explained) / max(len(used) - 1 - columns.sum(), 1)
    # Drawn with replacement, answers explain as much by chance once more.
    again = _resampled(table, whose, groups, resamples, seed) - 2 * chance
    effects = {
        name: _effect(name, list(columns), fit, used.score, design)
        for name, columns in designs.items()
    }
    q = _adjusted([each["p"] for each in effects.values()], looked)
    order = np.argsort(-shares.shares, kind="stable")
    places = np.argsort(np.argsort(-again, axis=1, kind="stable"), axis=1)
    drivers = []
    for place, each in enumerate(order):
        name = list(designs)[each]
        after = again[:, order[place + 1]] if place + 1 < len(order) else -np.inf
        drivers.append(
            Driver(
                name=name,
                share=_share(shares.shares[each] - chance[each], again[:, each], len(used)),
                rank_probability=float((places[:, each] == place).mean()),
                tied=bool((again[:, each] > after).mean() < TOLD_APART),
                inflation=_inflation(design, list(designs[name])),
                hidden=hidden_cause(design, list(designs[name]), used.score),
                **effects[name],
                q=q[each],
            )
        )
    explained = shares.explained - chance.sum()
    gaps = {
        name: float(gap) for name in designs if name in used and (gap := used[name].isna().mean())
    }
    zeros = {name: zeros[name] for name in designs if name in zeros}
    return Drivers(
        outcome, tuple(drivers), explained, len(used), dropped, turned, gaps, shares.exact,
        zeros=zeros,
    )  # fmt: skip


def _designed(
    answers: pd.DataFrame, keep: Collection[str]
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame], dict[str, str], int]:
    """The answers used, each driver's columns, why others are none, and how many were looked at."""
    candidates = [name for name in answers if name not in WHOSE]
    unknown = answers[candidates].isna().mean()
    dropped = {
        name: f"unknown for {unknown[name]:.0%} of answers"
        for name in candidates
        if unknown[name] > MOSTLY_MISSING
    }
    known = [each for each in candidates if each not in dropped]
    copies = _copies(answers, known)
    dropped |= {
        name: f"a copy of {other}: it orders answers alike" for name, other in copies.items()
    }
    known = [each for each in known if each not in copies]
    chosen = _strongest(answers, known, keep)
    dropped |= {
        name: f"alone explains less than the {len(chosen)} that are looked at together"
        for name in known
        if name not in chosen
    }
    used = answers.drop(columns=list(dropped)).dropna(subset=["score"])
    designs: dict[str, pd.DataFrame] = {}
    for name in chosen:
        columns = _untold(_columns(name, used[name]), name, designs)
        if why := _unfit(columns, designs, used.score, name in keep):
            dropped[name] = why
        else:
            designs[name] = columns
    return used, designs, dropped, len(known)


def _untold(columns: pd.DataFrame, name: str, before: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A candidate's columns without those that drivers before it tell.

    Where an answer has no contact, all facts of it are missing at once; that is one level, not six.
    """
    if not before or columns.shape[1] < 2:
        return columns
    others = pd.concat(before.values(), axis=1)
    if len(columns) <= others.shape[1] + 1:
        return columns
    kept = [
        each
        for each in columns
        if each == name or _r_squared(columns[each], others) <= ALL_BUT_DETERMINED
    ]
    return columns[kept or list(columns)]


def _shaped(
    designs: Mapping[str, pd.DataFrame], score: pd.Series, clusters: np.ndarray
) -> tuple[dict[str, pd.DataFrame], tuple[str, ...]]:
    """The drivers' columns, with a square for those that turn and a product for those together.

    Returns:
        The columns, and which turn.
    """
    shapes, shaped = find_shapes(designs, score, clusters), dict(designs)
    for name in shapes.turned:
        values = designs[name][name]
        # Neither column bears the driver's name: it has no single step.
        shaped[name] = pd.DataFrame(
            {f"{name}: more": values, f"{name}: {TURN}": (values - values.mean()) ** 2}
        )
    for one, other in shapes.together:
        product = np.prod(
            [designs[each][each] - designs[each][each].mean() for each in (one, other)], axis=0
        )
        name = f"{one} with {other}"
        shaped[name] = pd.DataFrame({name: product}, index=score.index)
    return shaped, shapes.turned


def _strongest(answers: pd.DataFrame, names: list[str], keep: Collection[str]) -> list[str]:
    """The candidates that alone explain most, as many as can be looked at, in their own order."""
    most = max(min(MOST_TOGETHER, len(answers) // ANSWERS_EACH), 1)
    if len(names) <= most:
        return names
    alone = {}
    for name in names:
        rows = answers[[name, "score"]].dropna()
        columns = _columns(name, rows[name])
        alone[name] = _r_squared(rows.score, columns) if len(rows) > columns.shape[1] + 1 else 0.0
    # What is the score under another name takes nobody's place.
    fit = [name for name in names if alone[name] <= LEAKS or name in keep]
    first = sorted(fit, key=lambda name: -alone[name])[:most]
    return [name for name in names if name in first or name not in fit]


def _copies(answers: pd.DataFrame, names: list[str]) -> dict[str, str]:
    """Numbers that order answers as an earlier one does, in all or within the levels of a category.

    A wait counts as longer or shorter than is usual on its channel; the same wait in seconds tells
    no more.
    """
    numbers = [name for name in names if is_numeric_dtype(answers[name])]
    kinds = [name for name in names if name not in numbers]
    if len(numbers) < 2:
        return {}
    ranks = [answers[numbers].rank()]
    ranks += [answers.groupby(kind)[numbers].rank(pct=True) for kind in kinds]
    alike = np.max([each.corr().abs().fillna(0.0).to_numpy() for each in ranks], axis=0)
    found: dict[str, str] = {}
    for place, name in enumerate(numbers):
        before = [each for each in range(place) if numbers[each] not in found]
        same = [numbers[each] for each in before if alike[place, each] > SAME_ORDER]
        # Flags order nothing but yes and no.
        if same and answers[name].nunique() > 2:
            found[name] = same[0]
    return found


def _adjusted(p: list[float], candidates: int) -> np.ndarray:
    """p allowing for all candidates: those that were not looked at count as without any link."""
    every = [*np.nan_to_num(p, nan=1.0), *[1.0] * (candidates - len(p))]
    return adjust(every)[: len(p)]


def _columns(name: str, values: pd.Series) -> pd.DataFrame:
    """A candidate as numbers: itself, or a column per level but the most frequent.

    What is not known is a level of its own; of a number, at the mean of what is.
    """
    missing = values.isna()
    if is_numeric_dtype(values):
        known = values.astype(float)
        columns = known.fillna(known.mean()).to_frame(name)
        return columns.assign(**{f"{name}: {UNKNOWN}": missing * 1.0}) if missing.any() else columns
    values = values.where(~missing, UNKNOWN)
    share = values.value_counts(normalize=True)
    pooled = values.where(values.map(share) >= RARE, POOLED)
    levels = sorted(pooled.unique(), key=lambda each: (-(pooled == each).sum(), str(each)))
    return pd.DataFrame({f"{name}: {each}": (pooled == each).astype(float) for each in levels[1:]},
                        index=values.index)  # fmt: skip


def _unfit(
    columns: pd.DataFrame, before: dict[str, pd.DataFrame], score: pd.Series, keep: bool
) -> str:
    """Why a candidate cannot be used beside those before it; or nothing."""
    if columns.empty or (columns.nunique() < 2).all():
        return "the same for every answer"
    if len(columns) <= columns.shape[1] + 1:
        return ""
    if not keep and _r_squared(score, columns) > LEAKS:
        return "all but determines the score: its consequence, or the score under another name"
    others = pd.concat(before.values(), axis=1) if before else columns.iloc[:, :0]
    told = [_r_squared(columns[name], others) > ALL_BUT_DETERMINED for name in columns]
    if len(columns) > others.shape[1] + 1 and all(told):
        return "told by the drivers before it"
    return ""


def _r_squared(values: pd.Series, others: pd.DataFrame) -> float:
    spread = float(np.var(values))
    if not spread:
        return 0.0
    design = np.column_stack([np.ones(len(values)), others])
    fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return 1 - float(np.var(values - fitted)) / spread


def _obstacle(used: pd.DataFrame, designs: dict[str, pd.DataFrame]) -> str:
    if len(used) < FEWEST_ANSWERS:
        return (
            f"at least {FEWEST_ANSWERS} answers with a known contact are needed; "
            f"there are {len(used)}"
        )
    if used.score.nunique() < 2:
        return "every answer is the same"
    return "" if designs else "no fact of the contacts is known, or none differs between them"


def _resampled(table: np.ndarray, clusters: np.ndarray, groups, resamples: int, seed: int):
    """Shares under resamples of whole clusters: a row for each.

    Sums of products are taken once per cluster; a resample then is a weighted sum of them.
    """
    order = np.argsort(clusters, kind="stable")
    rows = np.column_stack([np.ones(len(table)), table - table.mean(axis=0)])[order]
    starts = np.flatnonzero(np.diff(clusters[order], prepend=-1))
    width = rows.shape[1]
    upper = np.triu_indices(width)
    pairs = zip(*upper, strict=True)
    sums = np.column_stack([np.add.reduceat(rows[:, i] * rows[:, j], starts) for i, j in pairs])
    exact = len(groups) <= MOST_EXACT
    count = min(resamples, max(SUBSETS >> len(groups), FEWER_RESAMPLES))
    rng, found = np.random.default_rng(seed), []
    even = np.full(len(starts), 1 / len(starts))
    for start in range(0, count, CHUNK):
        drawn = rng.multinomial(len(starts), even, min(CHUNK, count - start)) @ sums
        products = np.zeros((len(drawn), width, width))
        products[:, upper[0], upper[1]] = drawn
        products[:, upper[1], upper[0]] = drawn
        total = products[:, :1, :1]
        means = products[:, :1, 1:] / total
        covariances = products[:, 1:, 1:] / total - means.swapaxes(1, 2) * means
        # What does not differ in a resample is left with rounding.
        left = np.einsum("...ii->...i", covariances) > ROUNDING * table.var(axis=0)
        covariances *= left[:, :, None] & left[:, None, :]
        differ = left[:, -1]
        found.append(
            shares_of_many(covariances[differ], groups)
            if exact
            else np.array([divide(each, groups).shares for each in covariances[differ]])
        )
    return np.concatenate(found)


def _share(value: float, again: np.ndarray, count: int) -> Estimate:
    tail = (1 - CONFIDENCE) / 2
    # Less than nothing is no share; what is explained falls short of chance as often as not.
    low, value, high = np.maximum(
        [*np.quantile(again, [tail]), value, np.quantile(again, 1 - tail)], 0
    )
    return Estimate(value, min(low, value), max(high, value), count, "share")


def _effect(
    name: str, columns: list[str], fit: Fit, score: pd.Series, design: pd.DataFrame
) -> dict:
    """A driver's effect, the others held equal; of a category only whether it has any."""
    if columns[0] != name:
        return {"per_step": None, "standardised": None, "p": fit.chance(columns)}
    scale, count = design[name].std() / score.std(), len(score)
    ends = fit.interval(name)
    return {
        "per_step": Estimate(*ends, count, "score"),
        "standardised": Estimate(*(each * scale for each in ends), count, "standard deviations"),
        "p": fit.chance([name]),
    }


def _inflation(design: pd.DataFrame, names: list[str]) -> float:
    """The variance inflation factor, generalised to several columns (Fox and Monette 1992)."""
    others = [name for name in design if name not in names]
    if not others:
        return 1.0
    correlation = design.corr()
    parts = [np.linalg.slogdet(correlation.loc[side, side])[1] for side in (names, others)]
    whole = np.linalg.slogdet(correlation)[1]
    if not np.isfinite([*parts, whole]).all():
        return np.inf
    return float(np.exp((sum(parts) - whole) / len(names)))
