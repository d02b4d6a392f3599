"""One verdict on a quarter's data, from everything that is wrong with them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import pandas as pd

from cxlib.analysis.drift import VOLUME
from cxlib.measure.quarterly import LEVEL

COMPLETE, VALID, UNIQUE, TIMELY = "completeness", "validity", "uniqueness", "timeliness"
CONSISTENT, STEADY, FAIR, PRIVATE = "consistency", "steadiness", "fair answers", "privacy"
DIMENSIONS = (COMPLETE, VALID, UNIQUE, TIMELY, CONSISTENT, STEADY, FAIR, PRIVATE)
SOUND, CARE, UNFIT = "sound", "with care", "unfit"
# From which share of a table's rows, or of revenue, a fault asks for care, and forbids belief.
CARE_FROM, UNFIT_FROM = 0.005, 0.05
REVENUE_CARE_FROM, REVENUE_UNFIT_FROM = 0.02, 0.20
# The same of the share of a quarter's rows that never came, as far as that can be told.
LOST_CARE_FROM, LOST_UNFIT_FROM = 0.02, 0.20
# A table with rows in so many of its months is one that has some in each.
MOSTLY = 0.9


@dataclass(frozen=True)
class Issue:
    """Something that is wrong with a quarter's data.

    Attributes:
        dimension: Of data quality.
        table, column: Where; the column may be empty.
        what: In words.
        rows, share: How many rows, and which share of the table's; NaN where it is not of rows.
        accounts: The accounts concerned, as far as they can be told, and which share of each one's
            rows.
        level: sound (too little to matter), with care, or unfit.
        revenue: Of these accounts, in the last twelve months; NaN if it is not known.
    """

    dimension: str
    table: str
    column: str
    what: str
    rows: float
    share: float
    accounts: Mapping[str, float] = field(default_factory=dict)
    level: str = CARE
    revenue: float = np.nan


@dataclass(frozen=True)
class Readiness:
    """What is wrong with a quarter's data, and whether the other pages can be believed.

    Attributes:
        issues: The gravest first.
        levels: The level of each dimension.
        level: The worst of them.
        untested: The dimensions that the data are too few to test, as far as nothing was found.
    """

    issues: tuple[Issue, ...]
    levels: Mapping[str, str]
    level: str
    untested: tuple[str, ...] = ()


def level_of(share: float, care: float = CARE_FROM, unfit: float = UNFIT_FROM) -> str:
    """How much a share of rows matters.

    Examples:
        >>> [level_of(share) for share in (0.0001, 0.01, 0.2)]
        ['sound', 'with care', 'unfit']
    """
    return UNFIT if share >= unfit else CARE if share >= care else SOUND


def judge(issues: Sequence[Issue], revenue: pd.Series, untested: Collection[str] = ()) -> Readiness:
    """Weigh issues by rows and by revenue, and come to a verdict.

    An issue is as grave as its share of rows or, if that is graver, as its share of revenue: each
    account's revenue counts by the share of the account's rows that are concerned.

    Args:
        issues: What is wrong.
        revenue: Of the last twelve months, by account; empty where there is none.
        untested: Dimensions that the data are too few to test.
    """
    weighed = [_weighed(each, revenue) for each in issues]
    order = {level: place for place, level in enumerate((UNFIT, CARE, SOUND))}
    weighed.sort(key=lambda each: (order[each.level], -np.nan_to_num(each.share)))
    levels = {
        name: _worst([each.level for each in weighed if each.dimension == name] or [SOUND])
        for name in DIMENSIONS
    }
    unknown = tuple(name for name in DIMENSIONS if name in untested and levels[name] == SOUND)
    return Readiness(tuple(weighed), levels, _worst(list(levels.values())), unknown)


def _weighed(issue: Issue, revenue: pd.Series) -> Issue:
    shares = pd.Series(issue.accounts, dtype=float)
    known = shares.index.intersection(revenue.index)
    if known.empty:
        return issue
    total = revenue.clip(lower=0).sum()
    share = (revenue[known].clip(lower=0) * shares[known]).sum() / total if total > 0 else 0.0
    by_revenue = level_of(share, REVENUE_CARE_FROM, REVENUE_UNFIT_FROM)
    level = _worst([issue.level, by_revenue])
    return replace(issue, level=level, revenue=float(revenue[known].sum()))


def _worst(levels: Sequence[str]) -> str:
    return next(each for each in (UNFIT, CARE, SOUND) if each in levels)


def fault_issues(
    faults: pd.DataFrame, read: pd.DataFrame, quarter: tuple[datetime, datetime]
) -> list[Issue]:
    """The rows set apart, by rule; and all of a table's together, if only they are many.

    What matters is which share of the quarter's rows they are. Those of other times, which trends
    rest on, ask for care at most.

    Args:
        faults: A row per fault: `table`, `column`, `rule`, `row`, `at`, `account`, and
            `account_rows`, how many rows its account has in the table.
        read: How many rows were used by table: `used`, and of the quarter `used_now`; indexed by
            the table.
        quarter: Its first moment, and the first one after it.
    """
    start, end = quarter
    faults = faults.assign(
        now=(faults["at"] >= start) & (faults["at"] < end), dated=faults["at"].notna()
    )
    issues = []
    for table, own in faults.groupby("table", sort=False):
        apart = own.drop_duplicates("row")
        used, used_now = read.used.get(table, 0), read.used_now.get(table, 0)
        sizes = len(apart) + used, apart.now.sum() + used_now
        found = [
            _fault_issue(table, column, rule, each, sizes)
            for (column, rule), each in own.groupby(["column", "rule"], dropna=False)
        ]
        level, share = _fault_level(apart, sizes)
        if found and all(_is_worse(level, each.level) for each in found):
            what = f"set apart for {len(found)} reasons, each of them rare"
            found.append(Issue(VALID, table, "", what, float(len(apart)), share, level=level))
        issues += found
    return issues


def _fault_issue(
    table: str, column: object, rule: str, faults: pd.DataFrame, sizes: tuple[int, int]
) -> Issue:
    apart = faults.drop_duplicates("row")
    level, share = _fault_level(apart, sizes)
    dimension = VALID
    if "unique" in rule:
        dimension = UNIQUE
    elif "among the rows used" in rule or "before" in rule:
        dimension = CONSISTENT
    elif "empty" in rule:
        dimension = COMPLETE
    name = "" if pd.isna(column) else str(column)
    what = f"{name} {rule}".strip()
    if apart.dated.any() and not apart.now.all():
        what += f" ({f'{apart.now.sum():,}' if apart.now.any() else 'none'} of them in the quarter)"
    matters = apart[apart.now | ~apart.dated]
    counts = matters.groupby("account").agg(bad=("row", "size"), rows=("account_rows", "first"))
    touched = dict(counts.bad / (counts.bad + counts.rows.fillna(0)))
    return Issue(dimension, table, name, what, float(len(apart)), share, touched, level)


def _fault_level(apart: pd.DataFrame, sizes: tuple[int, int]) -> tuple[str, float]:
    """How grave it is that rows are set apart, and their share of all that were read."""
    whole, now = sizes
    share = len(apart) / max(whole, 1)
    if not apart.dated.any():
        return level_of(share), share
    of_quarter = level_of(apart.now.sum() / max(now, 1))
    at_other_times = CARE if level_of(share) != SOUND else SOUND
    return _worst([of_quarter, at_other_times]), share


def _is_worse(level: str, other: str) -> bool:
    return level != other and _worst([level, other]) == level


def absence_issues(months: pd.DataFrame, start: datetime, end: datetime) -> list[Issue]:
    """Tables of which nothing came in the quarter, or in one of its months.

    A table with rows in nearly every month before is expected to have some in each.

    Args:
        months: Rows per table and month: `table`, `month`, `rows`.
        start, end: The quarter's first moment, and the first one after it.
    """
    issues = []
    for table, each in months.groupby("table", sort=False):
        before, now = each[each.month < start], each[(each.month >= start) & (each.month < end)]
        if now.empty or not before["rows"].any():
            continue
        empty = now[now["rows"] == 0]
        begun = before[before["rows"].cumsum() > 0]
        monthly = (begun["rows"] > 0).mean() >= MOSTLY
        if len(empty) == len(now):
            what = "not a single row in the quarter"
        elif len(empty) and monthly:
            what = "not a single row in " + " and ".join(f"{day:%b %Y}" for day in empty.month)
        else:
            continue
        issues.append(Issue(TIMELY, table, "", what, np.nan, np.nan, level=UNFIT))
    return issues


def drift_issues(found: pd.DataFrame) -> list[Issue]:
    """What has drifted: the rows of `Drift.found`.

    Rows or values that were lost forbid belief from the same share on as lost days do; whatever
    else has drifted asks for care.
    """
    issues = []
    for each in found.itertuples():
        lost = 0.0
        if each.what == VOLUME:
            lost = -np.expm1(each.step)
            words = f"{-lost:+.0%} rows against the quarter before"
        elif each.what == "filled":
            lost = _share(each.before) - _share(each.now)
            words = f"{each.column} is filled {_shares(each)}"
        elif each.what == "new levels":
            words = f"{each.column} has words that were never there: {_share(each.now):.1%} of rows"
        elif each.what == "middle":
            was, now = np.sinh(each.before), np.sinh(each.now)
            words = f"the usual {each.column} has moved, about {was:,.3g} → {now:,.3g}"
        elif each.what == "spread":
            words = f"{each.column} spreads {np.exp(each.step):.2g} times as wide as before"
        else:
            level = each.what.removeprefix(LEVEL)
            words = f"{each.column} = {level}: {_shares(each)} of rows"
        level = UNFIT if lost >= LOST_UNFIT_FROM else CARE
        issues.append(Issue(STEADY, each.table, each.column, words, np.nan, np.nan, level=level))
    return issues


def _shares(drifted) -> str:
    return f"{_share(drifted.before):.1%} → {_share(drifted.now):.1%}"


def _share(arcsine: float) -> float:
    return float(np.sin(np.clip(arcsine, 0, np.pi / 2)) ** 2)
