"""Has a KPI changed? The difference of two estimates, and what could have been seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from cxlib.measure.estimate import CONFIDENCE, Estimate
from cxlib.measure.kpis import COMPLEMENTS, Kpi

FALSE_DISCOVERIES = 0.05
# A page looks for links in many ways (by account, behind several outcomes, with what came later);
# were each to call at 5%, one page in three would find a link in nothing. What happens month by
# month has too few months for this, and keeps to 5%.
FALSE_LINKS = 0.01
POWER = 0.80


class Judged:
    """A result that is judged among all that were looked at.

    Attributes:
        q: The probability of so much where there is nothing, adjusted for how many were looked at.
        level: Below which q it stands out.
    """

    q: float
    level: ClassVar[float] = FALSE_DISCOVERIES

    @property
    def detected(self) -> bool:
        """Whether it stands out from chance."""
        return self.q < self.level


def adjust(p: Sequence[float]) -> np.ndarray:
    """Probabilities adjusted for how many were looked at (Benjamini and Hochberg 1995).

    Examples:
        >>> adjust([0.01, 0.04, 0.03]).round(3).tolist(), adjust([]).tolist()
        ([0.03, 0.04, 0.04], [])
    """
    return multipletests(p, method="fdr_bh")[1] if len(p) else np.array([])


@dataclass(frozen=True)
class Contrast:
    """A KPI now and before.

    Attributes:
        kpi: Which.
        now, before: The two estimates.
        difference: Now minus before.
        chance: The probability of so large a difference where there is none, looked at alone.
        spread: The standard error of the difference, as its interval has it.
        reach: How many of these its interval reaches to either side.
    """

    kpi: Kpi
    now: Estimate
    before: Estimate
    difference: Estimate
    chance: float
    spread: float
    reach: float


@dataclass(frozen=True)
class Change(Judged):
    """A KPI now against before.

    Attributes:
        kpi: Which.
        now, before: The two estimates.
        difference: Now minus before.
        q: Probability of so large a difference where there is none, adjusted for the number of
            KPIs looked at.
        detectable: The smallest true change that would have been seen with 80% power.
    """

    kpi: Kpi
    now: Estimate
    before: Estimate
    difference: Estimate
    q: float
    detectable: float


def turned_round(change: Change, kpi: Kpi) -> Change:
    """The change of a share that is what another leaves of 1, such as churn of retention."""

    def rest(each: Estimate, whole: float) -> Estimate:
        return replace(each, value=whole - each.value, low=whole - each.high, high=whole - each.low)

    return replace(
        change,
        kpi=kpi,
        now=rest(change.now, 1.0),
        before=rest(change.before, 1.0),
        difference=rest(change.difference, 0.0),
    )


def difference(now: Estimate, before: Estimate) -> Estimate:
    """The difference of two independent estimates, its interval recovered from theirs.

    The square-and-add method (MOVER; Zou and Donner 2008, *Statistics in Medicine* 27; for
    Wilson intervals it is Newcombe's 1998 method 10).

    Examples:
        >>> now = Estimate(56 / 70, 0.6921, 0.8776, 70)
        >>> before = Estimate(48 / 80, 0.4904, 0.7004, 80)
        >>> each = difference(now, before)
        >>> round(each.low, 3), round(each.high, 3)
        (0.053, 0.334)
    """
    value = now.value - before.value
    low = value - np.hypot(now.value - now.low, before.high - before.value)
    high = value + np.hypot(now.high - now.value, before.value - before.low)
    return Estimate(value, low, high, min(now.n, before.n), now.unit, now.confidence)


def against_rest(one: Estimate, others: Sequence[Estimate]) -> Estimate | None:
    """An estimate less the others together, which count by their numbers; None without intervals.

    Examples:
        >>> phone, chat = Estimate(4.0, 3.8, 4.2, 50, "score"), Estimate(3.5, 3.3, 3.7, 50, "score")
        >>> against_rest(phone, [chat]).value, against_rest(phone, [])
        (0.5, None)
    """
    if not others or not all(each.has_interval for each in (one, *others)):
        return None
    weights = np.array([each.n for each in others]) / sum(each.n for each in others)
    value = float(weights @ [each.value for each in others])
    below = np.sqrt(weights**2 @ [(each.value - each.low) ** 2 for each in others])
    above = np.sqrt(weights**2 @ [(each.high - each.value) ** 2 for each in others])
    n = sum(each.n for each in others)
    return difference(one, Estimate(value, value - below, value + above, n, one.unit))


def independent(kpi: Kpi, now: Estimate, before: Estimate) -> Contrast:
    """Two estimates that share nothing, such as those of two personas.

    Raises:
        ValueError: One of them has no interval.
    """
    if not (now.has_interval and before.has_interval):
        raise ValueError(f"{kpi.name}: both estimates must have an interval")
    each = difference(now, before)
    spread = _spread(each)
    reach = float(stats.norm.ppf(0.5 + each.confidence / 2))
    return Contrast(kpi, now, before, each, _probability(each), spread, reach)


def compare(contrasts: Sequence[Contrast]) -> tuple[Change, ...]:
    """KPIs now and before, allowing for how many are looked at.

    A KPI that is another turned round is left out, where the other is looked at as well.

    Args:
        contrasts: Each KPI in both periods.
    """
    names = {each.kpi.name for each in contrasts}
    looked = [each for each in contrasts if COMPLEMENTS.get(each.kpi.name) not in names]
    if not looked:
        return ()
    q = adjust([each.chance for each in looked])
    return tuple(
        Change(
            each.kpi, each.now, each.before, each.difference, float(adjusted),
            (each.reach + stats.norm.ppf(POWER)) * each.spread,
        )
        for each, adjusted in zip(looked, q, strict=True)
    )  # fmt: skip


def change_of(contrasts: Sequence[Contrast], kpi: str) -> Change | None:
    """One KPI's change, judged among all that are compared; None if it is not among them."""
    return next((each for each in compare(contrasts) if each.kpi.name == kpi), None)


def every_year(change: Change, earlier: Sequence[Contrast]) -> bool:
    """Whether a change is a step that this season brings every year.

    So it is where the same step of each earlier year that the data have went the same way beyond
    chance, and this one is no larger than these, given how uncertain they all are.

    Args:
        change: Against the quarter before.
        earlier: The same step of the same KPI in earlier years; without any, nothing is known.
    """
    if not earlier:
        return False
    value = change.difference.value
    alike = all(each.difference.value * value > 0 and each.difference.excludes(0)
                for each in earlier)  # fmt: skip
    usual = np.mean([each.difference.value for each in earlier])
    errors = [_spread(change.difference), *(each.spread / len(earlier) for each in earlier)]
    surplus = abs(value) - abs(usual)
    return alike and surplus <= stats.norm.ppf(0.5 + CONFIDENCE / 2) * float(
        np.hypot.reduce(errors)
    )


def steps_of_every_year(
    changes: Sequence[Change], earlier: Mapping[str, Sequence[Contrast]]
) -> frozenset[str]:
    """The KPIs whose change is a step that this season brings every year.

    Args:
        changes: Against the quarter before.
        earlier: The same step of earlier years, by KPI.
    """
    return frozenset(
        each.kpi.name for each in changes if every_year(each, earlier.get(each.kpi.name, ()))
    )


def adjusted_probabilities(differences: Sequence[Estimate]) -> np.ndarray:
    """The probability of each difference where there is none, for how many are looked at."""
    return adjust([_probability(each) for each in differences])


def _probability(each: Estimate) -> float:
    spread = _spread(each)
    if not spread > 0:
        return float(each.value == 0)
    return float(2 * stats.norm.sf(abs(each.value) / spread))


def _spread(estimate: Estimate) -> float:
    """The standard error that an interval's half towards zero implies."""
    half = estimate.value - estimate.low if estimate.value > 0 else estimate.high - estimate.value
    return half / stats.norm.ppf(0.5 + estimate.confidence / 2)
