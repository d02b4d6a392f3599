"""The answers behind the loop: who scored low, when they were called back, what they said next."""

from datetime import datetime

import pandas as pd

from cxlib.data import Dataset
from cxlib.measure.exposure import too_few_left
from cxlib.measure.rows import within, without_strangers
from cxlib.voice.ends import ends_of
from cxlib.voice.loop import LANDMARK, Loop, Recovery, recovery, time_to_contact


def answers_of(data: Dataset, start: datetime, end: datetime) -> pd.DataFrame:
    """The answers of a period, with when their customer was called back.

    Returns:
        `response_id`, `customer_id`, `metric`, `score`, `low`, `at`, `called_at`, `reason` (where
        known), `cause`, `outcome`; empty where nobody records it.
    """
    columns = ["response_id", "customer_id", "metric", "score", "at", "called_at"]
    if not data.has("followups", "first_contact_at") or _told(data):
        return pd.DataFrame(columns=[*columns, "low"])
    about = [name for name in ("reason",) if data.has("surveys", name)]
    rows = within(data.rows("surveys", *about), "sent_at", start, end)
    rows = without_strangers(data, rows.filter(rows.score.notnull()))
    rows = rows.mutate(at=rows.responded_at.fill_null(rows.sent_at))
    side = data.rows("followups").group_by("response_id").agg(
        called_at=lambda each: each.first_contact_at.min(),
        cause=lambda each: each.cause.max(), outcome=lambda each: each.outcome.max(),
    )  # fmt: skip
    joined = rows.left_join(side, "response_id")
    found = joined.select(*columns, *about, "cause", "outcome").execute()
    low, _ = ends_of(data.config, found.metric, found.score)
    return found.assign(low=low, called_at=pd.to_datetime(found.called_at))


def loop_of(data: Dataset, answers: pd.DataFrame, end: datetime) -> Loop | None:
    """How fast low answers are followed up; None where nobody records it, or of too few.

    Args:
        data: The dataset.
        answers: As `answers_of` gives them.
        end: Of what is known; who has not been called back by then has waited until then.
    """
    low = answers[answers.low.astype(bool)]
    if low.customer_id.nunique() < data.config.privacy.smallest_group or _told(data):
        return None
    called = low.called_at.notna() & (low.called_at < end)
    until = low.called_at.where(called, pd.Timestamp(min(end, data.end)))
    hours = ((until - low["at"]) / pd.Timedelta(hours=1)).clip(lower=0)
    return time_to_contact(hours, called)


def recovery_of(data: Dataset, answers: pd.DataFrame, end: datetime) -> Recovery | None:
    """Whether calling back helped; None where too few were, or were not.

    Args:
        data, answers, end: As for `loop_of`.
    """
    if _told(data):
        return None
    main = answers.metric.value_counts()
    if main.empty:
        return None
    cases = cases_of(answers[answers.metric == main.idxmax()], end)
    return recovery(cases)


def _told(data: Dataset) -> bool:
    """Whether a filter leaves so few customers out that these could be told of."""
    return too_few_left(data, "surveys")


def cases_of(answers: pd.DataFrame, end: datetime) -> pd.DataFrame:
    """Customers with a low score and a next one, as `loop.recovery` takes them.

    Args:
        answers: As `answers_of` gives them, of one question.
        end: Of what is known.
    """
    wait = pd.Timedelta(hours=LANDMARK)
    ordered = answers[answers["at"] < end].sort_values(["at", "response_id"])
    first = ordered[ordered.low.astype(bool)].drop_duplicates("customer_id")
    both = first.merge(ordered[["customer_id", "at", "score"]], on="customer_id",
                       suffixes=("", "_next"))  # fmt: skip
    later = both[both.at_next > both["at"] + wait].drop_duplicates("customer_id")
    called = later.called_at.notna() & (later.called_at <= later["at"] + wait)
    cases = pd.DataFrame({"called": called, "first": later.score, "next": later.score_next})
    return cases.assign(reason=later.reason.fillna("")) if "reason" in later else cases


def work_list(data: Dataset, answers: pd.DataFrame, end: datetime) -> pd.DataFrame:
    """The customers with a low score whom nobody has called back yet, the latest first.

    Args:
        data, answers, end: As for `loop_of`.

    Returns:
        `customer_id` (real in the folder for a CRM), `metric` and `days_open`: what they scored and
        said is not for a file that is published.
    """
    now = pd.Timestamp(min(end, data.end))
    waits = answers.low.astype(bool) & (answers["at"] < now)
    waits &= answers.called_at.isna() | (answers.called_at >= now)
    found = answers[waits].sort_values(["at", "response_id"], ascending=[False, True])
    days = ((now - found["at"]) / pd.Timedelta(days=1)).round()
    return found.assign(days_open=days)[["customer_id", "metric", "days_open"]]


def loop_by(answers: pd.DataFrame, by: str, smallest: int, end: datetime) -> pd.DataFrame:
    """How many low answers are called back within a day, by a column.

    Args:
        answers: As `answers_of` gives them.
        by: `cause`, `outcome`, `weekday` or `hour` (of six at a time) of the answer.
        smallest: Groups of fewer customers are left out, and all where that would tell of one.
        end: Of what is known; answers of the last day cannot be judged.

    Returns:
        By `group`: `answers`, `called` (within a day).
    """
    answers = answers[answers["at"] <= pd.Timestamp(end) - pd.Timedelta(days=1)]
    if answers.empty:
        return pd.DataFrame(columns=["group", "answers", "called"])
    hour = answers["at"].dt.hour // 6 * 6
    low = answers.assign(
        weekday=answers["at"].dt.day_name(),
        hour=[f"{each:02d} to {each + 6:02d} h" for each in hour],
        day=(answers.called_at - answers["at"]) <= pd.Timedelta(days=1),
    )[answers.low.astype(bool)]
    found = low.groupby(by, dropna=False).agg(answers=("day", "size"), called=("day", "sum"),
                                customers=("customer_id", "nunique"))  # fmt: skip
    hidden = found.index[found.customers < smallest]
    few = low.customer_id[low[by].isin(hidden)].nunique()
    if 0 < few < smallest:
        return pd.DataFrame(columns=["group", "answers", "called"])
    found = found[found.customers >= smallest].rename_axis("group").reset_index()
    return found.dropna(subset=["group"]).drop(columns="customers")
