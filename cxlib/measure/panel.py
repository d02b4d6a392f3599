"""KPIs by period and group: sums from the engine, intervals from the sums."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import numpy as np
import pandas as pd

from cxlib.data import Dataset, Quarter
from cxlib.data.dataset import day
from cxlib.errors import ArgumentError
from cxlib.measure.clusters import counted_rows, people_behind
from cxlib.measure.estimate import CONFIDENCE, Estimate
from cxlib.measure.exposure import find_exposed, is_exposed
from cxlib.measure.kpis import COUNT, COUNTS, OF_COUNTS, RATE, Kpi, catalogue
from cxlib.measure.rows import WHOLE
from cxlib.measure.small_groups import without_small
from cxlib.measure.spreads import MOMENTS, interval_of, moments_of
from cxlib.measure.sums import sums_of

# The sums of so many values of rows fit into memory.
IN_MEMORY = 20_000_000
# So many of the contacts have been closed when it is said how long they take.
MOST = 0.95
COLUMNS = ("kpi", "period", "value", "low", "high", "n", "clusters", "people", "unit", "complete")


@dataclass(frozen=True)
class Panel:
    """KPIs by period and group.

    Attributes:
        frame: A row per KPI, period and group: `kpi`, `period` (its first moment), the group
            columns, `value`, `low`, `high`, `n`, `clusters` (accounts or customers to whom the rows
            belong), `people` (customers, or accounts, who are counted; where these
            are enough to be shown, at least so many), `unit`, and `complete`: whether the period
            can be compared with others.
        by: The group columns.
        left_out: Why a KPI is not there, by its name.
        withheld: The groups that are not shown, with the reason: `kpi`, `period`, the group
            columns, `why`.
        kpis: The KPIs that the dataset may have, by name.
    """

    frame: pd.DataFrame
    by: tuple[str, ...]
    left_out: dict[str, str]
    withheld: pd.DataFrame
    kpis: Mapping[str, Kpi]

    def of(self, kpi: str) -> pd.DataFrame:
        """One KPI's rows, in order of period and group."""
        return self.frame[self.frame.kpi == kpi].reset_index(drop=True)

    def estimate(self, kpi: str, **group: object) -> Estimate | None:
        """The single estimate of a KPI in a group, such as `channel="phone"`; None if none."""
        rows = self.of(kpi)
        for name, value in group.items():
            rows = rows[rows[name] == value]
        return estimate_of(rows.iloc[0]) if len(rows) == 1 else None

    def values(self, period: datetime) -> list[tuple[Kpi, Estimate, bool]]:
        """Each KPI of a period, and whether the data span it; of a panel without groups."""
        rows = self.frame[self.frame.period == period].set_index("kpi")
        return [
            (kpi, estimate_of(rows.loc[name]), bool(rows.complete[name]))
            for name, kpi in self.kpis.items()
            if name in rows.index
        ]


def estimate_of(row: pd.Series) -> Estimate:
    """The estimate in a row of a panel's frame."""
    return Estimate(row.value, row.low, row.high, row.n, row.unit)


def measure(
    data: Dataset,
    kpis: Iterable[str] | None = None,
    by: Sequence[str] = (),
    period: str = WHOLE,
    since: Quarter | None = None,
    confidence: float = CONFIDENCE,
) -> Panel:
    """Measure KPIs by period and group, in the engine.

    Args:
        data: The dataset.
        kpis: Names of the catalogue; all that the dataset can feed, if None.
        by: Columns of the rows counted or of what they refer to, such as `channel` or `region`.
            Groups of fewer customers than `privacy.smallest_group` are left out, as are those that
            could be worked out from the other groups of their period and its total; unless the
            dataset was opened with its real ids, or the groups are accounts or customers.
        period: `month`, `quarter` or `all`.
        since: Leave out what lies before this quarter.
        confidence: Of the intervals.

    Raises:
        ArgumentError: A KPI or the period is unknown.
    """
    if period not in ("month", "quarter", WHOLE):
        raise ArgumentError(f"period == {period!r}, must be month, quarter or all")
    return measure_spans(data, spans_of(data, period, since), kpis, by, confidence)


def measure_spans(
    data: Dataset,
    spans: pd.DataFrame,
    kpis: Iterable[str] | None = None,
    by: Sequence[str] = (),
    confidence: float = CONFIDENCE,
) -> Panel:
    """Measure KPIs over periods of one's own choice, which may overlap.

    Args:
        data: The dataset.
        spans: The periods: `period` (their name, each once), `start`, `end`; as `spans_of` gives
            them.
        kpis, by, confidence: As for `measure`.

    Raises:
        ArgumentError: A KPI is unknown, or a column of `by` has a name that the panel needs.
    """
    known = kpis_of(data)
    names = list(known) if kpis is None else list(kpis)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ArgumentError(f"KPI {unknown[0]!r}: not in the catalogue: {', '.join(known)}")
    own = [name for name in by if name in (*COLUMNS, *MOMENTS)]
    if own:
        raise ArgumentError(
            f"by == {own[0]!r}: the panel has a column of that name itself; "
            "give the attribute another name"
        )
    left_out = {name: why for name in names if (why := lacking(data, known[name], by))}
    counted = [known[name] for name in names if name not in left_out]
    sources = by_source(counted)
    parts = [_estimates(data, spans, group, by, confidence) for group in sources]
    exposed = [each for group in sources for each in find_exposed(data, spans, group, by)]
    columns = [*COLUMNS[:2], *by, *COLUMNS[2:]]
    parts = [part for each in parts for part in each if len(part)]
    parts = [part.merge(complete_periods(data, known[part.kpi.iloc[0]], spans), on="period")
             for part in parts]  # fmt: skip
    frame = pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)
    frame = frame.sort_values(["kpi", "period", *by], ignore_index=True)
    smallest = data.config.privacy.smallest_group
    if not data.pseudonyms or {"account_id", "customer_id"} & set(by):
        smallest = 1
    exposed = is_exposed(frame, exposed)
    frame, withheld = without_small(frame, by, smallest, bool(data.where), exposed)
    return Panel(frame, tuple(by), left_out, withheld, known)


def by_source(kpis: Sequence[Kpi]) -> list[list[Kpi]]:
    """KPIs that are measured by one question to the engine, together.

    What follows a contact takes a sort, and what is counted a calendar: asked by themselves, these
    move few columns, and the others none.
    """
    sources = dict.fromkeys(_source(kpi) for kpi in kpis)
    return [[kpi for kpi in kpis if _source(kpi) == each] for each in sources]


def _estimates(
    data: Dataset, spans: pd.DataFrame, kpis: list[Kpi], by: Sequence[str], confidence: float
) -> list[pd.DataFrame]:
    parts = [_sums(data, each, kpis, by) for each in _portions(data, spans, kpis)]
    sums, when, people = map(_together, zip(*parts, strict=True))
    found = []
    for kpi in kpis:
        each = moments_of(sums, kpi, by, when)
        value, low, high = interval_of(kpi.kind, each, confidence)
        each = each.assign(
            kpi=kpi.name, value=value, low=low, high=high, unit=kpi.unit,
            n=each.x if kpi.kind == RATE else each.rows,
            people=each.rows if kpi.table == COUNTS else each.clusters,
        )  # fmt: skip
        if people is not None:
            counts = people[["period", *by, f"{kpi.name}.people"]]
            counts = counts.rename(columns={f"{kpi.name}.people": "people"})
            each = each.drop(columns="people").merge(counts, on=["period", *by], how="left")
            # A portion of the periods in which none is small has not been counted.
            each["people"] = each.people.fillna(each.clusters)
        found.append(each)
    return found


def _together(frames: Sequence[pd.DataFrame | None]) -> pd.DataFrame | None:
    """The frames of all portions that have one, as one."""
    known = [each for each in frames if each is not None]
    return pd.concat(known, ignore_index=True) if known else None


def _sums(
    data: Dataset, spans: pd.DataFrame, kpis: list[Kpi], by: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame | None]:
    """The sums of some periods, their calendar, and how many people are behind each."""
    rows, when = counted_rows(data, spans, kpis, by)
    keys = list(dict.fromkeys(("_period", *by)))
    sums = sums_of(rows, kpis, data.config, keys, when).rename(columns={"_period": "period"})
    clusters = sums[[f"{kpi.name}.clusters" for kpi in kpis]]
    few = (clusters > 0) & (clusters < data.config.privacy.smallest_group)
    # Of as many accounts, there are at least as many people.
    counts = kpis[0].table == COUNTS
    if counts or not (data.pseudonyms and (by or data.where) and few.any(axis=None)):
        return sums, when, None
    people = people_behind(rows, kpis, data.config, keys)
    return sums, when, people.rename(columns={"_period": "period"})


def _portions(data: Dataset, spans: pd.DataFrame, kpis: list[Kpi]) -> list[pd.DataFrame]:
    """The periods, so many at a time that memory holds what units and days have in them.

    What a customer has in a day is as many sums as there are rows: of many rows, they would be
    written to the disk and read again, which takes most of the time.
    """
    used = next((each.used for each in data.intake if each.table == kpis[0].table), 0)
    size = used * len(kpis)
    # What follows a contact is worked out for all of them at once.
    if len(spans) < 2 or any(kpi.followed for kpi in kpis) or size <= IN_MEMORY:
        return [spans]
    count = min(-(-size // IN_MEMORY), len(spans))
    return [spans.iloc[list(part)] for part in np.array_split(np.arange(len(spans)), count)]


def complete_periods(data: Dataset, kpi: Kpi, spans: pd.DataFrame) -> pd.DataFrame:
    """Which periods may be compared with others, in that KPI: `period`, `complete`."""
    both, since = zip(spans.start, spans.end, strict=True), settled_from(data, kpi)
    whys = [incomparable(data, kpi, *each, since) for each in both]
    return spans[["period"]].assign(complete=[not why for why in whys])


def incomparable(
    data: Dataset, kpi: Kpi, start: datetime, end: datetime, since: datetime | None = None
) -> str:
    """Why a KPI of a period can be compared with no other, in words; empty where it can.

    Args:
        data, kpi: Of what.
        start, end: The period.
        since: As `settled_from` gives it.
    """
    if since is not None and start < since:
        return (
            f"of what was closed before {day(since)}, only what took short is in the data, which "
            "begin with what was opened"
        )
    return data.unspanned(start, end, *(need.split(".")[0] for need in kpi.needs))


def settled_from(data: Dataset, kpi: Kpi) -> datetime | None:
    """From when on contacts closed are of all lengths; None of a KPI that counts at other moments.

    Soon after the data begin, only what was opened and closed within that time can be closed.
    """
    if kpi.at != "closed_at" or lacking(data, kpi):
        return None
    rows = data.contacts
    length = (rows.closed_at.epoch_seconds() - rows.started_at.epoch_seconds()).quantile(MOST)
    seconds = length.execute()
    return None if pd.isna(seconds) else data.start + timedelta(seconds=float(seconds))


def spans_of(data: Dataset, period: str, since: Quarter | None = None) -> pd.DataFrame:
    """The months, the quarters, or the one period that the data cover.

    Columns: `period` (its start), `start`, `end`, and whether the data span it (`complete`).
    """
    first = max(data.start, since.start) if since else data.start
    if period == WHOLE:
        starts, ends = [pd.Timestamp(first)], [pd.Timestamp(data.end)]
    elif period == "month":
        starts = list(
            pd.date_range(
                pd.Timestamp(first).to_period("M").start_time, data.end, freq="MS", inclusive="left"
            )
        )
        ends = [start + pd.offsets.MonthBegin() for start in starts]
    else:
        quarter = Quarter.holding(first, data.config.fiscal_year_start)
        quarters = []
        while quarter.start < data.end:
            quarters.append(quarter)
            quarter = quarter.shift(1)
        starts, ends = [each.start for each in quarters], [each.end for each in quarters]
    spans = pd.DataFrame({"period": starts, "start": starts, "end": ends})
    spans = spans.astype("datetime64[us]")
    whole = [data.covers(start, end) for start, end in zip(starts, ends, strict=True)]
    return spans.assign(complete=whole)


def kpis_of(data: Dataset) -> Mapping[str, Kpi]:
    """The KPIs that a dataset may have: those of contacts by its counts, where it has no others."""
    known = catalogue(data.config)
    counted = {
        name: kpi
        for name, kpi in OF_COUNTS.items()
        if lacking(data, known[name]) and not lacking(data, kpi)
    }
    return MappingProxyType(known | counted) if counted else known


def lacking(data: Dataset, kpi: Kpi, by: Sequence[str] = ()) -> str:
    """Why a dataset cannot feed a KPI, in words; empty if it can."""
    whose = {"accounts": ("accounts.account_id",), COUNTS: ()}
    for need in (*whose.get(kpi.table, (f"{kpi.table}.customer_id",)), *kpi.needs):
        table, column = need.split(".")
        if lack := data.lacks(table, column):
            return f"needs {lack}"
    if kpi.name == "response_rate" and data.answers_only:
        return "needs the invitations that were not answered: every survey row has a score"
    if kpi.name == "net_revenue_retention" and data.left_at_once:
        return "needs the accounts that left in the year before: the data are a snapshot"
    if kpi.name == "upsell_rate" and data.refunds_only:
        return "needs the kind of every booking: refunds alone have one"
    homes = data.columns_of(kpi.table)
    stray = [name for name in by if name not in homes]
    if stray:
        return f"cannot be split by {stray[0]}: no column of {kpi.table} or of what they refer to"
    return ""


def _source(kpi: Kpi) -> tuple[str, str, bool, bool]:
    # What is counted over time is joined with a calendar: by itself, few columns are.
    return kpi.table, kpi.at, kpi.followed, kpi.kind in (COUNT, RATE)
