"""What usually follows an issue: sequence symmetry, which customers who call often do not sway."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.measure.contrast import FALSE_LINKS, Judged, adjust
from cxlib.measure.estimate import CONFIDENCE, Estimate

# Of fewer customers with both issues, no order would stand out.
FEWEST_PAIRS = 10


@dataclass(frozen=True)
class NextIssue(Judged):
    """An issue that another follows.

    Attributes:
        first, then: The issues.
        followed, preceded: Customers who had `then` within the window after `first` more often
            than before it, and less often.
        ratio: The first number over the second, over what trends alone would make of it.
        surplus: How many customers would have been spared `then`, had `first` not brought it.
        q: The probability of so much where there is no order, for how many pairs were looked at.
    """

    level: ClassVar[float] = FALSE_LINKS
    first: str
    then: str
    followed: int
    preceded: int
    ratio: Estimate
    surplus: Estimate
    q: float


def next_issues(pairs: pd.DataFrame) -> tuple[NextIssue, ...]:
    """Which issues follow one another beyond chance, the clearest first.

    Of customers who had both issues within the window, as many would have the one first as the
    other, if neither brings the other, however often each comes and however unequally often
    customers make contact; but for trends of the whole company, which the expected ratio allows for
    (sequence symmetry: Hallas 1996, *Epidemiology* 7; Tsiropoulos, Andersen and Hallas 2009,
    *Pharmacoepidemiology and Drug Safety* 18). They count first occurrences; but of a common issue
    the first comes early, so here all contacts within the window count. Each customer counts once
    in a pair, so that the interval is the exact one of a binomial (Clopper and Pearson 1934). Lift,
    which tools for association rules give, finds issues that merely have the same customers.

    Args:
        pairs: `first`, `then`, `followed`, `preceded`, `expected` (the ratio that trends make): a
            row for each order of two issues.
    """
    looked = pairs[pairs.followed + pairs.preceded >= FEWEST_PAIRS]
    if looked.empty:
        return ()
    both = looked.followed + looked.preceded
    chance = looked.expected / (1 + looked.expected)
    p = stats.binom.sf(looked.followed - 1, both, chance)
    # Of two issues both orders are looked at.
    found = [
        _judged(row, float(q))
        for row, q in zip(looked.itertuples(index=False), adjust(p), strict=True)
    ]
    return tuple(sorted(found, key=lambda each: (each.q, -each.ratio.value)))


def _judged(row, q: float) -> NextIssue:
    both, tail = row.followed + row.preceded, (1 - CONFIDENCE) / 2
    low = stats.beta.ppf(tail, row.followed, row.preceded + 1) if row.followed else 0.0
    high = stats.beta.ppf(1 - tail, row.followed + 1, row.preceded) if row.preceded else 1.0
    shares = np.array([row.followed / both, low, high])
    with np.errstate(divide="ignore"):
        ratios = shares / (1 - shares) / row.expected
    # What comes after beyond what would have come anyway, in either order.
    surplus = both * (shares - (1 - shares) * row.expected)
    return NextIssue(
        row.first, row.then, int(row.followed), int(row.preceded),
        Estimate(*(float(each) for each in ratios), both, "ratio"),
        Estimate(*(float(max(each, 0)) for each in surplus), both, "count"), q,
    )  # fmt: skip


def expected_ratios(daily: pd.DataFrame, window: int) -> pd.DataFrame:
    """The ratio of both orders that trends and seasons alone would make, by pair of issues.

    Args:
        daily: A row per day, without gaps, a column per issue: how many contacts.
        window: Days.

    Returns:
        By the first issue (row) and the next (column); 1 where a pair never happens.
    """
    values = daily.to_numpy(float)
    sums = np.vstack([np.zeros(values.shape[1]), values.cumsum(axis=0)])
    days = np.arange(len(values))
    after = sums[np.minimum(days + 1 + window, len(values))] - sums[days + 1]
    before = sums[days] - sums[np.maximum(days - window, 0)]
    later, earlier = values.T @ after, values.T @ before
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((later > 0) & (earlier > 0), later / earlier, 1.0)
    return pd.DataFrame(ratio, list(daily), list(daily))
