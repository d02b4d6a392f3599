"""A value with its interval: the only form in which a KPI or an effect is handed on."""

import math
from dataclasses import dataclass

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A value, the interval that holds the truth with the stated confidence, and its basis.

    Attributes:
        value: The estimate; NaN where there is nothing to estimate from.
        low, high: The ends of the interval; NaN where none can be given (a single customer, say).
        n: How many observations (answers, contacts, accounts) it rests on.
        unit: `share` (0 to 1), `seconds`, `money`, `points`, `score`, `per customer`, …
        confidence: The interval's confidence.

    Examples:
        >>> Estimate(0.5, 0.4, 0.6, n=100, unit="share").excludes(0.3)
        True

    Raises:
        ValueError: The value does not lie in its interval.
    """

    value: float
    low: float
    high: float
    n: float
    unit: str = ""
    confidence: float = CONFIDENCE

    def __post_init__(self):
        for name in ("value", "low", "high", "n"):
            # Arrays hand out their own number types; a plain float compares and prints as one.
            object.__setattr__(self, name, float(getattr(self, name)))
        slack = 1e-9 * max(1.0, abs(self.value)) if math.isfinite(self.value) else 0.0
        if self.low > self.value + slack or self.high < self.value - slack:
            raise ValueError(f"low == {self.low}, high == {self.high}, must hold {self.value}")

    @property
    def has_interval(self) -> bool:
        """Whether an interval could be given."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def excludes(self, value: float) -> bool:
        """Whether the interval leaves a value out; never, where there is no interval."""
        return self.has_interval and not self.low <= value <= self.high
