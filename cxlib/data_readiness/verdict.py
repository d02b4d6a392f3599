"""One verdict on a quarter's data, from everything that is wrong with them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib.data_readiness import issues
from cxlib.data_readiness.drift import Drift
from cxlib.data_readiness.evidence import Evidence
from cxlib.data_readiness.issues import CARE, DIMENSIONS, FAIR, SOUND, STEADY, UNFIT, Issue, worst
from cxlib.score_changes.nonresponse import ResponseRate

# From which share of revenue on a fault asks for care, and forbids belief.
REVENUE_CARE_FROM, REVENUE_UNFIT_FROM = 0.02, 0.20


@dataclass(frozen=True)
class Readiness:
    """What is wrong with a quarter's data, and whether the other pages can be believed.

    Attributes:
        issues: The gravest first.
        levels: The level of each dimension.
        level: The worst of them.
        untested: The dimensions that the data do not allow to test, as far as nothing was found.
    """

    issues: tuple[Issue, ...]
    levels: Mapping[str, str]
    level: str
    untested: tuple[str, ...] = ()


def weigh(
    evidence: Evidence,
    drift: Drift,
    rates: Sequence[ResponseRate],
    changes: Sequence[tuple[str, str, str]] = (),
) -> Readiness:
    """Everything that is wrong with a quarter's data, weighed.

    Args:
        evidence: What was found out about them.
        drift: What has drifted against the quarter before.
        rates: Who answers how often; empty if nobody can tell.
        changes: Columns that have come, gone or changed their type: table, column, what.
    """
    found = [
        *issues.fault_issues(evidence),
        *issues.contradiction_issues(evidence),
        *issues.mapping_issues(evidence),
        *issues.absence_issues(evidence),
        *issues.span_issues(evidence),
        *issues.silence_issues(evidence),
        *issues.irregular_issues(evidence),
        *issues.schema_issues(changes),
        *issues.drift_issues(drift.found),
        *issues.response_issues(rates),
        *issues.stranger_issues(evidence),
        *issues.empty_issues(evidence),
        *issues.privacy_issues(evidence),
    ]
    untested = [STEADY] if drift.problem or drift.is_blind else []
    untested += [] if rates else [FAIR]
    return judge(found, evidence.revenue, untested)


def judge(found: Sequence[Issue], revenue: pd.Series, untested: Collection[str] = ()) -> Readiness:
    """Weigh issues by rows and by revenue, and come to a verdict.

    An issue is as grave as its share of rows or, if that is graver, as its share of revenue: each
    account's revenue counts by the share of the account's rows that are concerned, and what rows of
    no known account amount to counts in full.

    Args:
        found: What is wrong.
        revenue: Of the last twelve months, by account; empty where there is none.
        untested: Dimensions that the data do not allow to test.
    """
    weighed = [_weighed(each, revenue) for each in found]
    order = {level: place for place, level in enumerate((UNFIT, CARE, SOUND))}
    weighed.sort(key=lambda each: (order[each.level], -np.nan_to_num(each.share)))
    levels = {
        name: worst(each.level for each in weighed if each.dimension == name) for name in DIMENSIONS
    }
    unknown = tuple(name for name in DIMENSIONS if name in untested and levels[name] == SOUND)
    return Readiness(tuple(weighed), levels, worst(levels.values()), unknown)


def _weighed(issue: Issue, revenue: pd.Series) -> Issue:
    shares = pd.Series(issue.accounts, dtype=float)
    known = shares.index.intersection(revenue.index)
    if known.empty and not issue.money:
        return issue
    total = revenue.clip(lower=0).sum() + issue.money
    touched = (revenue[known].clip(lower=0) * shares[known]).sum() + issue.money
    share = touched / total if total > 0 else 0.0
    by_revenue = issues.level_of(share, REVENUE_CARE_FROM, REVENUE_UNFIT_FROM)
    level = worst([issue.level, by_revenue])
    return replace(issue, level=level, revenue=float(revenue[known].sum() + issue.money))
