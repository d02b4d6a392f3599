"""Outcomes with what was known before them: the rows from which drivers are found."""

from datetime import datetime

import numpy as np
import pandas as pd

from cxlib.data import Dataset
from cxlib.errors import ArgumentError
from cxlib.measure.clusters import cluster_of_customers
from cxlib.measure.features import account_segments
from cxlib.measure.kpis import KPIS
from cxlib.measure.rows import contact_rows, survey_rows, within
from cxlib.score_worth.results import CONTROLS, POINTS_OF, RESULTS, later_business, leaking

# What is recorded of a contact, in the order in which it comes about; nothing drives what was
# there before it.
COURSE = (
    "wait_seconds", "abandoned", "transfers", "handle_seconds", "resolved", "cost", "started_at",
)  # fmt: skip
# Facts of a contact that an answer about it may go with.
FACTS = ("resolved", "transfers", "wait_seconds", "handle_seconds")
KINDS = ("channel", "reason", "touchpoint")
# A KPI that fewer accounts have is no driver of their results.
MOSTLY_KNOWN = 0.5


def outcomes(data: Dataset) -> list[str]:
    """What drivers can be looked for: survey questions, KPIs of contacts, results of accounts."""
    found = list(data.config.scales) if data.has("surveys", "score") else []
    contacts = [each for each in KPIS.values() if each.table == "interactions"]
    found += [each.name for each in contacts if data.has("interactions", _column(each.name))]
    if data.has("accounts"):
        found += [name for name in RESULTS if name != "retained" or _dated(data)]
    return found


def worked_on(data: Dataset) -> frozenset[str]:
    """The KPIs on which an improvement cycle works, or has worked in the last four quarters.

    A cycle that was abandoned does not count.
    """
    if data.lacks("cycles", "kpi"):
        return frozenset()
    cycles = data.rows("cycles").execute()
    ended = cycles.decision.notna() & (cycles.do_date < data.quarter.shift(-3).start)
    return frozenset(cycles.kpi[~ended & (cycles.decision != "abandon")].dropna())


def outcome_rows(data: Dataset, outcome: str, start: datetime, end: datetime) -> pd.DataFrame:
    """An outcome, row by row, with what was known before it.

    Args:
        data: The dataset.
        outcome: One of `outcomes`.
        start, end: The window in which the outcome came about.

    Returns:
        `customer_id` (of an account's result, the account's), `score` (the outcome) and a column
        per candidate driver.

    Raises:
        ArgumentError: The outcome is none of these.
    """
    if outcome not in outcomes(data):
        known = ", ".join(outcomes(data))
        raise ArgumentError(f"outcome == {outcome!r}, must be one of {known}")
    if outcome in data.config.scales:
        return answers_with_contact(data, outcome, start, end)
    if outcome in RESULTS:
        return _accounts(data, outcome, start, end)
    return _contacts(data, outcome, start, end)


def answers_with_contact(
    data: Dataset, metric: str, start: datetime, end: datetime | None = None
) -> pd.DataFrame:
    """Each answer to a survey question with the operational facts of the contact it is about.

    An answer given before its contact began counts, too: those who judge a parcel that has not
    come yet know that it is late. To leave them out would select by the outcome.

    Args:
        data: The dataset.
        metric: `csat`, `nps`, `ces` or a metric of the dataset's own.
        start: Answers from this moment on.
        end: Answers before this moment; all, if None.

    Returns:
        `customer_id`, `account_id` (where accounts are shared), `score`, and the facts that the
        dataset has: `not resolved` (0 or 1),
        `transfers`, `wait` (log of the wait over its channel's median wait in all the data),
        `handling` (likewise), `channel`, `reason`, `touchpoint`, and every numeric or true-or-false
        attribute of interactions.
    """
    if data.lacks("surveys", "score"):
        return pd.DataFrame({"customer_id": [], "score": []})
    if data.lacks("interactions"):
        return _answers_alone(data, metric, start, end)
    intake = next(each for each in data.intake if each.table == "interactions")
    own = [name for name, kind in intake.attributes.items() if kind in ("number", "true or false")]
    facts = [name for name in FACTS if data.has("interactions", name)]
    kinds = [name for name in KINDS if data.has("interactions", name)]
    answers = data.tables["surveys"]
    answers = answers.mutate(_at=answers.responded_at.fill_null(answers.sent_at))
    answers = answers.filter(answers.metric == metric, answers.score.notnull())
    answers = answers.select(
        "response_id", "customer_id", "interaction_id", "_at", _score=answers.score
    )
    contacts = data.tables["interactions"].select("interaction_id", *kinds, *facts, *own)
    rows = answers.left_join(contacts, "interaction_id")
    frame = rows.execute().sort_values("response_id", ignore_index=True)
    # What is usual is told from all answers, so that a shorter wait than ever shows as one.
    table = _described(frame, facts, kinds)
    for name in own:
        label = name.replace("_", " ")
        # An attribute of the same name as one of the facts above is distinguished from it.
        label = f"{label} (attribute)" if label in table else label
        table[label] = frame[name].astype(float)
    inside = (frame._at >= start) & ((frame._at < end) if end else True)
    return _with_accounts(data, table[inside].reset_index(drop=True))


def _answers_alone(
    data: Dataset, metric: str, start: datetime, end: datetime | None
) -> pd.DataFrame:
    """The answers of a dataset that holds no contacts: of none is anything else known."""
    rows = survey_rows(data, [])
    rows = rows.filter(rows.metric == metric, rows.score.notnull())
    rows = within(rows, "_answered_at", start, end or data.end)
    return rows.select("customer_id", "score").execute()


def _contacts(data: Dataset, kpi: str, start: datetime, end: datetime) -> pd.DataFrame:
    """A KPI's value of each contact with the facts that came about before it."""
    kinds = [name for name in KINDS if data.has("interactions", name)]
    before = COURSE[: COURSE.index(_column(kpi))]
    facts = [name for name in FACTS if name in before and data.has("interactions", name)]
    rows = contact_rows(data, ["interaction_id", *kinds, *facts], followed=KPIS[kpi].followed)
    rows = within(rows, "started_at", start, end)
    rows = rows.mutate(_score=KPIS[kpi].value(rows, data.config).cast("float64"))
    rows = rows.filter(rows._score.notnull()).select(
        "interaction_id", "customer_id", "_score", *kinds, *facts
    )
    frame = rows.execute().sort_values("interaction_id", ignore_index=True)
    return _with_accounts(data, _described(frame, facts, kinds))


def _with_accounts(data: Dataset, table: pd.DataFrame) -> pd.DataFrame:
    """Rows with the account of their customer, where accounts are shared."""
    accounts = cluster_of_customers(data)
    if accounts is not None:
        table.insert(1, "account_id", table.customer_id.map(accounts).fillna(table.customer_id))
    return table


def _described(frame: pd.DataFrame, facts: list[str], kinds: list[str]) -> pd.DataFrame:
    """Rows with their score, and the facts of their contact as drivers are called."""
    table = frame[["customer_id", "_score"]].rename(columns={"_score": "score"})
    if "resolved" in facts:
        table["not resolved"] = 1 - frame.resolved.astype(float)
    if "transfers" in facts:
        table["transfers"] = frame.transfers
    for name, column in (("wait", "wait_seconds"), ("handling", "handle_seconds")):
        if column in facts:
            usual = frame.groupby("channel")[column].transform("median")
            table[name] = np.log((frame[column] + 1) / (usual + 1))
    for name in kinds:
        table[name] = frame[name]
    return table


def _accounts(data: Dataset, result: str, start: datetime, end: datetime) -> pd.DataFrame:
    """A result of each account with what had been known of it in the year before."""
    later = later_business(data, start, end)
    later = later.drop(columns=leaking(later))
    # Few accounts have answered every survey: to ask for all answers would leave none.
    known = [name for name in (*CONTROLS, *POINTS_OF) if name in later]
    known = [name for name in known if later[name].notna().mean() >= MOSTLY_KNOWN]
    table = later[known].join(account_segments(data))
    table = table.rename(columns=lambda name: name.replace("_", " "))
    table.insert(0, "customer_id", table.index)
    table.insert(1, "score", later[result])
    return table.dropna(subset="score").reset_index(drop=True)


def _column(kpi: str) -> str:
    """The column of interactions that a KPI of contacts is made of."""
    return KPIS[kpi].needs[0].split(".")[1]


def _dated(data: Dataset) -> bool:
    return data.has("accounts", "churn_date")
