"""One verdict on a quarter's data, from everything that is wrong with them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

COMPLETE, VALID, UNIQUE, TIMELY = "completeness", "validity", "uniqueness", "timeliness"
CONSISTENT, STEADY, FAIR, PRIVATE = "consistency", "steadiness", "fair answers", "privacy"
DIMENSIONS = (COMPLETE, VALID, UNIQUE, TIMELY, CONSISTENT, STEADY, FAIR, PRIVATE)
SOUND, CARE, UNFIT = "sound", "with care", "unfit"
# From which share of a table's rows, or of revenue, a fault asks for care, and forbids belief.
CARE_FROM, UNFIT_FROM = 0.005, 0.05
REVENUE_CARE_FROM, REVENUE_UNFIT_FROM = 0.02, 0.20
# A step of a volume or a share so much beyond what was to be expected forbids belief.
LARGE_STEP = 0.5


@dataclass(frozen=True)
class Issue:
    """Something that is wrong with a quarter's data.

    Attributes:
        dimension: Of data quality.
        table, column: Where; the column may be empty.
        what: In words.
        rows, share: How many rows, and which share of the table's; NaN where it is not of rows.
        accounts: The accounts concerned, as far as they can be told.
        level: sound (too little to matter), with care, or unfit.
    """

    dimension: str
    table: str
    column: str
    what: str
    rows: float
    share: float
    accounts: frozenset[str] = frozenset()
    level: str = CARE


@dataclass(frozen=True)
class Readiness:
    """What is wrong with a quarter's data, and whether the other pages can be believed.

    Attributes:
        issues: The gravest first; each with the revenue of the accounts concerned.
        revenue: That revenue, of the last twelve months, issue by issue; NaN if not known.
        total: The revenue of all accounts.
        levels: The level of each dimension.
        level: The worst of them.
    """

    issues: tuple[Issue, ...]
    revenue: tuple[float, ...]
    total: float
    levels: dict[str, str]
    level: str


def level_of(share: float, care: float = CARE_FROM, unfit: float = UNFIT_FROM) -> str:
    """How much a share of rows matters.

    Examples:
        >>> [level_of(share) for share in (0.0001, 0.01, 0.2)]
        ['sound', 'with care', 'unfit']
    """
    return UNFIT if share >= unfit else CARE if share >= care else SOUND


def judge(issues: Sequence[Issue], revenue: pd.Series) -> Readiness:
    """Weigh issues by rows and by revenue, and come to a verdict.

    An issue is as grave as its share of rows or, if that is graver, the share of revenue of the
    accounts that it concerns.

    Args:
        issues: What is wrong.
        revenue: Of the last twelve months, by account; empty where there is none.
    """
    total = float(revenue.sum()) if len(revenue) else np.nan
    weighed = []
    for each in issues:
        known = [account for account in each.accounts if account in revenue.index]
        concerned = float(revenue[known].sum()) if len(revenue) and each.accounts else np.nan
        share = concerned / total if total > 0 else np.nan
        by_revenue = level_of(share, REVENUE_CARE_FROM, REVENUE_UNFIT_FROM)
        level = _worst([each.level, by_revenue if share == share else SOUND])
        weighed.append((Issue(**{**vars(each), "level": level}), concerned))
    order = {level: place for place, level in enumerate((UNFIT, CARE, SOUND))}
    weighed.sort(key=lambda pair: (order[pair[0].level], -np.nan_to_num(pair[0].share)))
    levels = {
        name: _worst([each.level for each, _ in weighed if each.dimension == name] or [SOUND])
        for name in DIMENSIONS
    }
    return Readiness(
        tuple(each for each, _ in weighed),
        tuple(amount for _, amount in weighed),
        total,
        levels,
        _worst(list(levels.values())),
    )


def _worst(levels: Sequence[str]) -> str:
    return next(each for each in (UNFIT, CARE, SOUND) if each in levels)


def fault_issues(intake: pd.DataFrame, faults: pd.DataFrame, accounts: pd.Series) -> list[Issue]:
    """The rows set apart, by rule.

    Args:
        intake: `table`, `read`.
        faults: A row per fault: `table`, `column`, `rule`, `row`.
        accounts: The account of each fault's row, where it can be told.
    """
    read = intake.set_index("table").read
    issues = []
    groups = faults.assign(account=accounts).groupby(["table", "column", "rule"], dropna=False)
    for (table, column, rule), each in groups:
        share = each.row.nunique() / max(read.get(table, 1), 1)
        dimension = VALID
        if "unique" in rule:
            dimension = UNIQUE
        elif "among the rows used" in rule or "before" in rule:
            dimension = CONSISTENT
        elif "empty" in rule:
            dimension = COMPLETE
        concerned = frozenset(each.account.dropna())
        name = "" if pd.isna(column) else str(column)
        issues.append(
            Issue(dimension, table, name, f"{name} {rule}".strip(), float(each.row.nunique()),
                  share, concerned, level_of(share))
        )  # fmt: skip
    return issues


def drift_issues(found: pd.DataFrame) -> list[Issue]:
    """What has drifted: the rows of `Drift.found`."""
    issues = []
    for each in found.itertuples():
        place = each.column or "rows"
        words = {
            "volume": f"{np.expm1(each.step):+.0%} rows against the quarter before",
            "filled": f"{place} is filled {_share(each.before)} → {_share(each.now)}",
            "new levels": f"{place} has words that were never there: {_share(each.now)} of rows",
            "middle": f"the usual {place} has moved",
            "spread": f"the spread of {place} has changed",
        }
        words = words.get(
            each.what,
            f"{place} = {each.what.removeprefix('level ')}: {_share(each.before)} → "
            f"{_share(each.now)} of rows",
        )
        level = UNFIT if each.what in ("volume", "filled") and abs(each.step) > LARGE_STEP else CARE
        issues.append(Issue(STEADY, each.table, each.column, words, np.nan, np.nan, level=level))
    return issues


def _share(arcsine: float) -> str:
    share = np.sin(np.clip(arcsine, 0, np.pi / 2)) ** 2
    return f"{share:.1%}"
