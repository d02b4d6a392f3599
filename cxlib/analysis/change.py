"""Has a KPI changed? The difference of two estimates, and what could have been seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import Kpi

FALSE_DISCOVERIES = 0.05
POWER = 0.80


@dataclass(frozen=True)
class Change:
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

    @property
    def detected(self) -> bool:
        """Whether the change stands out from chance."""
        return self.q < FALSE_DISCOVERIES


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


def compare(pairs: Sequence[tuple[Kpi, Estimate, Estimate]]) -> tuple[Change, ...]:
    """Compare KPIs now and before, allowing for how many are looked at.

    Args:
        pairs: KPI, estimate now, estimate before; pairs without intervals are left out.
    """
    pairs = [
        (kpi, now, before) for kpi, now, before in pairs if now.has_interval and before.has_interval
    ]
    if not pairs:
        return ()
    differences = [difference(now, before) for _, now, before in pairs]
    spreads = [_spread(each) for each in differences]
    q = adjusted_probabilities(differences)
    reach = stats.norm.ppf(1 - FALSE_DISCOVERIES / 2) + stats.norm.ppf(POWER)
    return tuple(
        Change(kpi, now, before, each, float(adjusted), reach * spread)
        for (kpi, now, before), each, adjusted, spread in zip(
            pairs, differences, q, spreads, strict=True
        )
    )


def change_of(pairs: Sequence[tuple[Kpi, Estimate, Estimate]], kpi: str) -> Change | None:
    """One KPI's change, judged among all that are compared; None if it is not among them."""
    return next((each for each in compare(pairs) if each.kpi.name == kpi), None)


def adjusted_probabilities(differences: Sequence[Estimate]) -> np.ndarray:
    """The probability of each difference where there is none, for how many are looked at.

    Adjusted by Benjamini and Hochberg (1995).
    """
    spreads = [_spread(each) for each in differences]
    p = [
        2 * stats.norm.sf(abs(each.value) / spread) if spread > 0 else float(each.value == 0)
        for each, spread in zip(differences, spreads, strict=True)
    ]
    return multipletests(p, method="fdr_bh")[1] if p else np.array([])


def _spread(estimate: Estimate) -> float:
    """The standard error that an interval's half towards zero implies."""
    half = estimate.value - estimate.low if estimate.value > 0 else estimate.high - estimate.value
    return half / stats.norm.ppf(0.5 + estimate.confidence / 2)
