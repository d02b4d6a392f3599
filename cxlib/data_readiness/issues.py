"""What is wrong with a quarter's data, issue by issue, and how grave each is by itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from cxlib.data.rules import DUPLICATE, EMPTY, ORDER, ORPHAN
from cxlib.data_readiness.drift import ALPHA, FALSE_ALARMS
from cxlib.data_readiness.evidence import Evidence
from cxlib.data_readiness.irregular import COPIED, CROWDED, FILLER, FORETOLD, LOST, SHIFTED
from cxlib.data_readiness.quarterly import FILLED, LEVEL, MIDDLE, NEW_LEVELS, SPREAD, VOLUME
from cxlib.score_changes.nonresponse import ResponseRate

COMPLETE, VALID, UNIQUE, TIMELY = "completeness", "validity", "uniqueness", "timeliness"
CONSISTENT, STEADY, FAIR, PRIVATE = "consistency", "steadiness", "fair answers", "privacy"
DIMENSIONS = (COMPLETE, VALID, UNIQUE, TIMELY, CONSISTENT, STEADY, FAIR, PRIVATE)
# The dimension that a rule speaks of; all others are of validity.
DIMENSION_OF = MappingProxyType(
    {EMPTY: COMPLETE, DUPLICATE: UNIQUE, ORPHAN: CONSISTENT, ORDER: CONSISTENT}
)
ONE_DAY = pd.Timedelta(days=1)
SOUND, CARE, UNFIT = "sound", "with care", "unfit"
# From which share of a table's rows a fault asks for care, and forbids belief.
CARE_FROM, UNFIT_FROM = 0.005, 0.05
# The same of the share of a quarter's rows that never came, as far as that can be worked out.
LOST_CARE_FROM, LOST_UNFIT_FROM = 0.02, 0.20
# A table with rows in so many of its months is one that has some in each.
MOSTLY = 0.9
# What drift leaves of the false alarms allowed; and groups that answer so little less often than
# others, in points, hardly bend a score.
RATES_ALPHA, LEAST_GAP = FALSE_ALARMS - ALPHA, 0.05
# Empty as long as nobody has left, and nothing has been closed.
MAY_BE_EMPTY = ("churn_date", "closed_at", "decision")


@dataclass(frozen=True)
class Issue:
    """Something that is wrong with a quarter's data.

    Attributes:
        dimension: Of data quality.
        table, column: Where; either may be empty.
        what: In words.
        rows, share: How many rows, and which share of the table's; NaN where it is not of rows.
        accounts: The accounts concerned, as far as they are known, and which share of each one's
            rows.
        money: What rows of no known account amount to, in the last twelve months.
        level: sound (too little to matter), with care, or unfit.
        revenue: Of these accounts, in the last twelve months, and `money`; NaN if it is not known.
    """

    dimension: str
    table: str
    column: str
    what: str
    rows: float = np.nan
    share: float = np.nan
    accounts: Mapping[str, float] = field(default_factory=dict)
    money: float = 0.0
    level: str = CARE
    revenue: float = np.nan


def level_of(share: float, care: float = CARE_FROM, unfit: float = UNFIT_FROM) -> str:
    """How much a share of rows matters.

    Examples:
        >>> [level_of(share) for share in (0.0001, 0.01, 0.2)]
        ['sound', 'with care', 'unfit']
    """
    return UNFIT if share >= unfit else CARE if share >= care else SOUND


def worst(levels: Iterable[str]) -> str:
    """The gravest of some levels; sound if there is none.

    Examples:
        >>> worst(["sound", "unfit", "with care"]), worst([])
        ('unfit', 'sound')
    """
    known = set(levels)
    return next((each for each in (UNFIT, CARE) if each in known), SOUND)


def fault_issues(evidence: Evidence) -> list[Issue]:
    """The rows set apart, by rule; and all of a table's together, if only they are many.

    What matters is which share of the quarter's rows they are. Those of other times, which trends
    rest on, ask for care at most.
    """
    at = pd.to_datetime(evidence.faults["at"])
    faults = evidence.faults.assign(
        now=(at >= evidence.start) & (at < evidence.end),
        dated=at.notna(),
        latest=(at >= evidence.end - pd.DateOffset(years=1)) & (at < evidence.end),
    )
    issues = []
    for table, own in faults.groupby("table", sort=False):
        apart = own.drop_duplicates("row")
        read = evidence.read.loc[table]
        sizes = len(apart) + read.used, apart.now.sum() + read.used_now
        found = [
            _fault_issue(each, sizes)
            for _, each in own.groupby(["column", "kind", "rule"], dropna=False)
        ]
        level, share = _fault_level(apart, sizes)
        if found and all(_is_worse(level, each.level) for each in found):
            what = f"set apart for {len(found)} reasons, each of them rare"
            found.append(Issue(VALID, table, "", what, float(len(apart)), share, level=level))
        issues += found
    return issues


def _fault_issue(faults: pd.DataFrame, sizes: tuple[int, int]) -> Issue:
    """The issue of rows that all break one rule."""
    apart = faults.drop_duplicates("row")
    level, share = _fault_level(apart, sizes)
    first = faults.iloc[0]
    name = "" if pd.isna(first.column) else str(first.column)
    what = f"{name} {first.rule}".strip()
    if apart.dated.any() and not apart.now.all():
        what += f" ({f'{apart.now.sum():,}' if apart.now.any() else 'none'} of them in the quarter)"
    matters = apart[apart.now | ~apart.dated]
    counts = matters.groupby("account").agg(bad=("row", "size"), rows=("account_rows", "first"))
    touched = dict(counts.bad / (counts.bad + counts.rows.fillna(0)))
    dimension = DIMENSION_OF.get(first.kind, VALID)
    unclaimed = apart.amount[apart.latest & apart.account.isna() & np.isfinite(apart.amount)]
    money = max(float(unclaimed.sum()), 0.0)
    rows = float(len(apart))
    return Issue(dimension, first.table, name, what, rows, share, touched, money, level)


def _fault_level(apart: pd.DataFrame, sizes: tuple[int, int]) -> tuple[str, float]:
    """How grave it is that rows are set apart, and their share of all that were read."""
    whole, now = sizes
    share = len(apart) / max(whole, 1)
    if not apart.dated.any():
        return level_of(share), share
    of_quarter = level_of(apart.now.sum() / max(now, 1))
    at_other_times = CARE if level_of(share) != SOUND else SOUND
    return worst([of_quarter, at_other_times]), share


def _is_worse(level: str, other: str) -> bool:
    return level != other and worst([level, other]) == level


def contradiction_issues(evidence: Evidence) -> list[Issue]:
    """Rows that cannot be true together with others."""
    issues = []
    for each in evidence.contradictions:
        if each.rows:
            share = each.rows / max(each.of, 1)
            held = evidence.held.get(each.table, {})
            touched = {name: count / held[name] for name, count in each.accounts.items()}
            issues.append(
                Issue(CONSISTENT, each.table, "", each.name, each.rows, share, touched,
                      level=level_of(share))
            )  # fmt: skip
    return issues


def mapping_issues(evidence: Evidence) -> list[Issue]:
    """Guesses of a first mapping that nobody has looked at, and on which all else would rest."""
    if not evidence.unsettled:
        return []
    what = f"guesses of the SQL that nobody has settled: {evidence.unsettled}; cx check lists them"
    return [Issue(VALID, "", "", what, level=UNFIT)]


def span_issues(evidence: Evidence) -> list[Issue]:
    """Rows dated far from all others, and data that do not span the quarter."""
    issues = [
        Issue(VALID, table, "", f"{count:,} of the rows dated far from all others, not counted "
              "when telling what the data span", float(count))
        for table, count in evidence.strays.items()
    ]  # fmt: skip
    if not evidence.spanned and evidence.data_end - evidence.data_start <= ONE_DAY:
        what = f"the data are of a single day, {evidence.data_start:%d %b %Y}: a snapshot"
        issues.append(Issue(TIMELY, "", "", what, level=CARE))
    elif not evidence.spanned:
        first, last = evidence.data_start, evidence.data_end - pd.Timedelta(days=1)
        what = f"the data run from {first:%d %b %Y} to {last:%d %b %Y}: not the whole quarter"
        issues.append(Issue(TIMELY, "", "", what, level=UNFIT))
    if evidence.left_at_once is not None:
        what = (
            f"all accounts that have left did so on {evidence.left_at_once:%d %b %Y}: a snapshot; "
            "who left earlier is not in the data, and nothing is compared with other quarters"
        )
        issues.append(Issue(TIMELY, "accounts", "churn_date", what, level=CARE))
    return issues


def absence_issues(evidence: Evidence) -> list[Issue]:
    """Tables of which nothing came in the quarter, or in one of its months.

    A table with rows in nearly every month before is expected to have some in each.
    """
    start, end = evidence.start, evidence.end
    issues = []
    for table, each in evidence.months.groupby("table", sort=False):
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
        issues.append(Issue(TIMELY, table, "", what, level=UNFIT))
    return issues


def silence_issues(evidence: Evidence) -> list[Issue]:
    """Days on which rows should have come; as grave as the share of a table's rows lost in all."""
    expected = {}
    for each in evidence.silences:
        expected[each.table] = expected.get(each.table, 0.0) + each.expected
    issues = []
    for each in evidence.silences:
        of = f" by {each.channel}" if each.channel else ""
        later = "" if pd.Timestamp(each.end) < pd.Timestamp(evidence.data_end) else " or later"
        what = (
            f"no row{of} from {each.start:%d %b} to {each.end:%d %b %Y}{later}, where "
            f"{each.expected:,.0f} were to be expected"
        )
        missing, came = expected[each.table], evidence.read.used_now.get(each.table, 0)
        level = level_of(missing / (missing + came), LOST_CARE_FROM, LOST_UNFIT_FROM)
        issues.append(Issue(TIMELY, each.table, "", what, level=level))
    return issues


# The dimension that each kind of irregularity speaks of.
IRREGULAR = MappingProxyType(
    {
        COPIED: UNIQUE,
        LOST: COMPLETE,
        SHIFTED: VALID,
        FILLER: VALID,
        CROWDED: VALID,
        FORETOLD: CONSISTENT,
    }
)


def irregular_issues(evidence: Evidence) -> list[Issue]:
    """Rows that look right one by one and cannot be right together; each asks for care at least."""
    issues = []
    for each in evidence.irregularities:
        lost = each.share if each.kind in (COPIED, LOST) else 0.0
        level = UNFIT if lost >= LOST_UNFIT_FROM else CARE
        issue = Issue(IRREGULAR[each.kind], each.table, each.column, each.what, level=level)
        issues.append(issue)
    return issues


def schema_issues(changes: Sequence[tuple[str, str, str]]) -> list[Issue]:
    """Columns that have come, gone or changed their type: table, column, what."""
    return [Issue(STEADY, *each) for each in changes]


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
            words = f"{-lost:+.0%} rows against the quarter before".replace("-", "−")
        elif each.what == FILLED:
            lost = _share(each.before) - _share(each.now)
            words = f"{each.column} is filled {_shares(each)}"
        elif each.what == NEW_LEVELS:
            words = f"{each.column} has words that were never there: {_share(each.now):.1%} of rows"
        elif each.what == MIDDLE:
            was, now = np.sinh(each.before), np.sinh(each.now)
            words = f"the usual {each.column} has moved, about {was:,.3g} → {now:,.3g}"
        elif each.what == SPREAD:
            words = f"{each.column} spreads {np.exp(each.step):.2g} times as wide as before"
        else:
            level = each.what.removeprefix(LEVEL)
            words = f"{each.column} = {level}: {_shares(each)} of rows"
        level = UNFIT if lost >= LOST_UNFIT_FROM else CARE
        issues.append(Issue(STEADY, each.table, each.column, words, level=level))
    return issues


def _shares(drifted) -> str:
    return f"{_share(drifted.before):.1%} → {_share(drifted.now):.1%}"


def _share(arcsine: float) -> float:
    return float(np.sin(np.clip(arcsine, 0, np.pi / 2)) ** 2)


def response_issues(rates: Sequence[ResponseRate]) -> list[Issue]:
    """Groups that answer less often than others, beyond chance and by enough to bend a score."""
    return [
        Issue(FAIR, "surveys", each.by, f"response bias: {each.rate.value:.0%} answer where "
              f"{each.by.replace('_', ' ')} is {each.group}, "
              f"{each.rate.value - each.gap.value:.0%} elsewhere")
        for each in rates
        if each.q < RATES_ALPHA and each.gap.value <= -LEAST_GAP and each.named
    ]  # fmt: skip


def stranger_issues(evidence: Evidence) -> list[Issue]:
    """Contacts of unknown customers: they show waiting, and not persons."""
    count, of = evidence.strangers
    if not count:
        return []
    what = f"{count / of:.1%} of the quarter's contacts are from unknown customers"
    level = CARE if level_of(count / of) != SOUND else SOUND
    return [Issue(COMPLETE, "interactions", "customer_id", what, count, count / of, level=level)]


def empty_issues(evidence: Evidence) -> list[Issue]:
    """Columns that a file brought, and that no row fills."""
    filled = evidence.filled
    none = filled[(filled.filled == 0) & ~filled.column.isin(MAY_BE_EMPTY)]
    return [
        Issue(COMPLETE, each.table, each.column, f"{each.column} is there, and always empty")
        for each in none.itertuples()
    ]


def privacy_issues(evidence: Evidence) -> list[Issue]:
    """What named persons in free text, and has been masked."""
    return [
        Issue(PRIVATE, each.table, each.column, f"{each.column} holds what looks like "
              f"{'an' if each.what[0] in 'ae' else 'a'} {each.what}", float(each.rows))
        for each in evidence.finds.itertuples()
    ]  # fmt: skip
