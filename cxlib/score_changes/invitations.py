"""Survey invitations and what came of them: who was asked, who answered, and what."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import ibis
import ibis.expr.types as ir
import pandas as pd

from cxlib.data import Dataset, Quarter
from cxlib.data.config import SCALES, Config
from cxlib.errors import ArgumentError
from cxlib.measure.clusters import unit_of, with_unit
from cxlib.measure.exposure import few_outside
from cxlib.measure.kpis import KPIS, Kpi, catalogue, own_ratings
from cxlib.measure.rows import in_spans, survey_rows, within

BEFORE, NOW = "before", "now"
# Values that say nothing of a group: its column is empty, or it is too small to stand alone.
NOT_KNOWN, OTHERS = "not known", "others"
COUNTS = ("invited", "answered", "points")
# Whose rows they are, and with whose they may be alike.
WHOSE = ("customer_id", "cluster")
# What the worst and the best answer to a question is worth to its score.
ENDS: Mapping[str, tuple[float, float]] = {
    "nps": (-100.0, 100.0), "csat": SCALES["csat"], "ces": SCALES["ces"]
}  # fmt: skip
# By what people who answer may differ from those who do not; of many categories, none.
ATTRIBUTES = ("channel", "region", "service_level", "role", "industry", "tier", "persona")


def ends_of(config: Config) -> Mapping[str, tuple[float, float]]:
    """What the worst and the best answer is worth to each score of a dataset, its own included."""
    return {**ENDS, **{name: config.scales[name] for name in own_ratings(config)}}


def scored_by(data: Dataset, wanted: str = "") -> str:
    """The score to look at: the wanted one, or the first that has answers.

    NPS, CSAT and CES come first, then the ratings that the dataset declares itself.

    Raises:
        ArgumentError: The wanted one is none of these.
    """
    scores = list(ends_of(data.config))
    if wanted:
        if wanted not in scores:
            raise ArgumentError(f"kpi == {wanted!r}, must be one of {', '.join(scores)}")
        return wanted
    if data.lacks("surveys", "score"):
        return scores[0]
    rows = data.rows("surveys")
    found = rows.filter(rows.score.notnull()).metric.value_counts().execute().metric
    return next((name for name in scores if name in set(found)), scores[0])


def split_column(data: Dataset, wanted: str = "") -> str:
    """The column by which to split answers: the wanted one, or the first usual one that there is.

    Raises:
        ArgumentError: The wanted column is none of surveys nor of what they refer to.
    """
    if wanted:
        if data.lacks("surveys", wanted):
            columns = ", ".join(sorted(data.columns_of("surveys")))
            raise ArgumentError(f"split_by == {wanted!r}, must be one of {columns}")
        return wanted
    known = [name for name in ATTRIBUTES if data.has("surveys", name)]
    if not known:
        # The question is a column that all have; it makes a single group.
        return "metric"
    rows = data.rows("surveys", *known)
    levels = rows.agg(**{name: rows[name].nunique() for name in known}).execute().iloc[0]
    return next((name for name in known if levels[name] > 1), known[0])


def untold(data: Dataset, by: str, now: Quarter, before: Quarter, kpi: str = "nps") -> str:
    """Why the change of a score between quarters cannot be worked out; empty where it can.

    The surveys do not span a quarter, or too few customers are outside the filter.

    Args:
        data, by, now, before, kpi: As for `asked_and_answered`.
    """
    if data.lacks("surveys"):
        return "there are no surveys"
    for each in (now, before):
        if why := data.unspanned(each.start, each.end, "surveys"):
            return why
    if data.lacks("surveys", "score", by):
        return ""
    spans = quarter_spans({BEFORE: before, NOW: now})
    return few_outside(data, spans, _counted_of(data, kpi, "_answered_at"), [by])


def asked_and_answered(
    data: Dataset, by: str, now: Quarter, before: Quarter, kpi: str = "nps"
) -> pd.DataFrame:
    """Invitations, answers and their points in two quarters, by customer and group.

    An invitation belongs to the quarter in which it was answered, as the KPI counts it, or else
    to that in which it was sent. Those sent too near the end of a quarter to be answered in time
    and not answered in it count in neither quarter.

    Args:
        data: The dataset.
        by: A column of surveys or of what they refer to, such as `channel` or `region`.
        now, before: The quarters.
        kpi: `nps`, whose answers are worth −100, 0 or 100 points; or `csat`, `ces` or a rating of
            the dataset's own, whose answers are worth their score.

    Returns:
        customer_id, cluster (the account, where customers share accounts; or the customer), group
        (the column's value, or "not known"), period (`now` or `before`), invited, answered, points
        (the sum of the answers'). Empty where the dataset lacks what it takes.
    """
    columns = [*WHOSE, "group", "period", *COUNTS]
    if data.lacks("surveys", "score", by):
        return pd.DataFrame(columns=columns)
    spans = quarter_spans({BEFORE: before, NOW: now})
    rows = _asked(data, [by])
    rows = in_spans(rows.filter(rows.metric == kpi), "_answered_at", spans)
    wait = ibis.interval(days=int(data.config.thresholds.response_days))
    rows = rows.filter(rows.score.notnull() | (rows.sent_at <= rows._end - wait))
    rows = rows.mutate(group=_known(rows[by]), period=rows._period, _answered=rows.score.notnull())
    return _counted(data, rows, kpi, [*WHOSE, "group", "period"])


def invited(
    data: Dataset, by: Sequence[str], start: datetime, end: datetime, kpi: str = ""
) -> pd.DataFrame:
    """Invitations sent in a window, answers to them in time, and their points, by customer.

    The same invitations and answers as the response rate's: those old enough to be answered.

    Args:
        data: The dataset.
        by: Columns of surveys or of what they refer to; left out are those that the dataset lacks,
            and those with a group of which too few are outside the filter.
        start, end: The window.
        kpi: As for `asked_and_answered`; invitations to all questions, if empty.

    Returns:
        customer_id and cluster as `asked_and_answered` has them, the columns (their values, or "not
        known"), invited, answered, points (the sum of the answers'; 0 without a KPI). Empty where
        it is not known who was asked, or where too few customers are outside the filter.
    """
    by = [name for name in by if data.has("surveys", name)]
    if data.lacks("surveys", "score") or data.answers_only:
        return pd.DataFrame(columns=[*WHOSE, *by, *COUNTS])
    counted = _counted_of(data, kpi, "sent_at")
    window = pd.DataFrame({"period": [NOW], "start": [start], "end": [end]})
    if few_outside(data, window, counted):
        return pd.DataFrame(columns=[*WHOSE, *by, *COUNTS])
    by = [name for name in by if not few_outside(data, window, counted, [name])]
    rows = _asked(data, by)
    rows = within(rows, "sent_at", start, end)
    rows = rows.filter(rows.metric == kpi) if kpi else rows
    rows = rows.mutate(
        _answered=KPIS["response_rate"].value(rows, data.config),
        **{name: _known(rows[name]) for name in by},
    )
    return _counted(data, rows.filter(rows._answered.notnull()), kpi, [*WHOSE, *by])


def _counted_of(data: Dataset, kpi: str, at: str) -> list[Kpi]:
    """What tells of those who answered, and of those who were asked; to all questions, if empty."""
    asked = KPIS["response_rate"]
    if not kpi:
        return [replace(asked, at=at)]

    def of_question(rows: ir.Table, config: Config) -> ir.Value:
        return (rows.metric == kpi).ifelse(asked.value(rows, config), ibis.null("float64"))

    return [replace(catalogue(data.config)[kpi], at=at), replace(asked, at=at, value=of_question)]


def _asked(data: Dataset, by: Sequence[str]) -> ir.Table:
    """Survey rows with some columns, and the `cluster` of answers that may be alike."""
    unit = unit_of(data, "surveys", ())
    rows = with_unit(survey_rows(data, dict.fromkeys([*by, *unit])), unit)
    return rows.mutate(cluster=rows._unit.fill_null(rows.customer_id))


def _known(column: ir.Value) -> ir.Value:
    return column.cast("string").fill_null(NOT_KNOWN)


def _counted(data: Dataset, rows: ir.Table, kpi: str, keys: list[str]) -> pd.DataFrame:
    """Rows with `_answered` as counts by the keys, sorted by them."""
    points = catalogue(data.config)[kpi].value(rows, data.config) if kpi else ibis.null("float64")
    answered = rows._answered.cast("int64")
    rows = rows.mutate(_answered=answered, _points=(answered == 1).ifelse(points, 0.0))
    counts = rows.group_by(*keys).agg(
        invited=rows.count(), answered=rows._answered.sum(), points=rows._points.sum().fill_null(0)
    )
    return counts.execute().sort_values(keys, ignore_index=True)[[*keys, *COUNTS]]


def quarter_spans(quarters: Mapping[str, Quarter]) -> pd.DataFrame:
    """Quarters as periods by names of one's own: `period`, `start`, `end`."""
    starts, ends = ([getattr(each, end) for each in quarters.values()] for end in ("start", "end"))
    spans = pd.DataFrame({"period": list(quarters), "start": starts, "end": ends})
    return spans.astype({"start": "datetime64[us]", "end": "datetime64[us]"})
