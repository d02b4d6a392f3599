"""Quarters of a fiscal year: the period that every report is about."""

import re
from dataclasses import dataclass
from datetime import datetime

from cxlib.errors import ArgumentError


@dataclass(frozen=True, order=True)
class Quarter:
    """A quarter of a fiscal year.

    Args:
        year: The fiscal year, named for the calendar year in which it ends.
        number: 1 to 4.
        first_month: The calendar month in which the fiscal year starts, 1 to 12.

    Examples:
        >>> quarter = Quarter.parse("2026Q3")
        >>> quarter.start, quarter.end
        (datetime.datetime(2026, 7, 1, 0, 0), datetime.datetime(2026, 10, 1, 0, 0))
        >>> str(quarter.previous), str(quarter.year_before)
        ('2026Q2', '2025Q3')
        >>> Quarter.parse("2026Q1", first_month=4).start
        datetime.datetime(2025, 4, 1, 0, 0)
    """

    year: int
    number: int
    first_month: int = 1

    @classmethod
    def parse(cls, text: str, first_month: int = 1) -> "Quarter":
        """Read a quarter written as ``2026Q3``.

        Raises:
            ArgumentError: The text is not a year, a ``Q`` and a number from 1 to 4.
        """
        match = re.fullmatch(r"((?:19|2\d)\d\d)Q([1-4])", str(text).strip().upper())
        if not match:
            raise ArgumentError(
                f"quarter == {text!r}, must be a year and a quarter from Q1 to Q4, such as 2026Q3"
            )
        return cls(int(match[1]), int(match[2]), first_month)

    @classmethod
    def holding(cls, moment: datetime, first_month: int = 1) -> "Quarter":
        """The quarter in which a moment lies."""
        months = moment.year * 12 + moment.month - first_month
        year, month = divmod(months, 12)
        return cls(year if first_month == 1 else year + 1, month // 3 + 1, first_month)

    @property
    def start(self) -> datetime:
        """The first moment of the quarter."""
        start_year = self.year if self.first_month == 1 else self.year - 1
        return _month(start_year * 12 + self.first_month - 1 + 3 * (self.number - 1))

    @property
    def end(self) -> datetime:
        """The first moment after the quarter."""
        return self.shift(1).start

    @property
    def previous(self) -> "Quarter":
        """The quarter before this one."""
        return self.shift(-1)

    @property
    def year_before(self) -> "Quarter":
        """The same quarter of the year before."""
        return self.shift(-4)

    def shift(self, quarters: int) -> "Quarter":
        """The quarter that lies so many quarters later (or earlier, if negative)."""
        year, index = divmod(self.year * 4 + self.number - 1 + quarters, 4)
        return Quarter(year, index + 1, self.first_month)

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"


def _month(index: int) -> datetime:
    year, month = divmod(index, 12)
    return datetime(year, month + 1, 1)
