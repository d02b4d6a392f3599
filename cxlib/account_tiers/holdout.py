"""Was the last year foretold right? The models of purchases as they were a year ago."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.account_tiers import bgnbd, gamma_gamma
from cxlib.account_tiers.accounts import DAYS_PER_YEAR, AccountBook
from cxlib.errors import MissingData

# What is foretold of all accounts must lie within these shares of what came.
LEAST, MOST = 0.8, 1.25


@dataclass(frozen=True)
class Holdout:
    """What the models would have foretold of the last twelve months, and what came.

    Attributes:
        accounts: Those that had bought a year ago.
        purchases: Foretold, over those that came, of all of them together.
        money: The same of what they spent.
    """

    accounts: int
    purchases: float
    money: float

    @property
    def holds(self) -> bool:
        """Whether both were foretold nearly right."""
        return all(LEAST <= each <= MOST for each in (self.purchases, self.money))


def hold_out(book: AccountBook) -> Holdout | None:
    """Fit the models to what was known a year ago, and compare the year that followed.

    A whole year is held out, so that a season is in what is foretold and in what came. Accounts
    whose first purchase came later are not foretold, and do not count.

    Args:
        book: With `year_ago`.

    Returns:
        None where less than a year was known then, or of too few customers.
    """
    then = book.year_ago
    if then is None or then.empty or then["T"].max() < DAYS_PER_YEAR:
        return None
    try:
        buying = bgnbd.fit_purchases(then)
        spent = then.assign(x=then.x + 1)
        spending = gamma_gamma.fit_spend(spent)
    except MissingData:
        return None
    counts = bgnbd.expected_purchases(buying, then, DAYS_PER_YEAR)
    money = counts * gamma_gamma.expected_amount(spending, spent)
    return Holdout(len(then), _over(counts, then.purchases_since), _over(money, then.spent_since))


def _over(foretold: np.ndarray, came: pd.Series) -> float:
    total = float(came.sum())
    return float(foretold.sum()) / total if total > 0 else float("inf")
