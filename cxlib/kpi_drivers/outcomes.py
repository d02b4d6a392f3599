"""Outcomes with what was known before them: the rows from which drivers are found."""

from datetime import datetime

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from cxlib.data import Dataset
from cxlib.errors import ArgumentError
from cxlib.kpi_drivers.drivers import Drivers, find_drivers
from cxlib.measure.clusters import cluster_of_customers
from cxlib.measure.features import account_segments
from cxlib.measure.kpis import KPIS
from cxlib.measure.leaks import parts
from cxlib.measure.rows import contact_rows, survey_rows, within
from cxlib.score_worth.results import (
    ANSWER,
    CONTROLS,
    DAYS_PER_YEAR,
    POINTS_OF,
    RESULTS,
    later_business,
    leaking,
    mean_answers,
)

# What is recorded of a contact, in the order in which it comes about; nothing drives what was
# there before it.
COURSE = (
    "wait_seconds", "abandoned", "transfers", "handle_seconds", "resolved", "cost", "started_at",
)  # fmt: skip
# Facts of a contact that an answer about it may go with.
FACTS = ("resolved", "transfers", "wait_seconds", "handle_seconds")
KINDS = ("channel", "reason", "touchpoint")
CHURN = "churn"
# A text of more different values is a name, or a remark.
MOST_LEVELS = 20
# A KPI that fewer accounts have is no driver of their results.
MOSTLY_KNOWN = 0.5


def outcomes(data: Dataset) -> list[str]:
    """What drivers can be looked for: survey questions, KPIs of contacts, results of accounts."""
    found = list(data.config.scales) if data.has("surveys", "score") else []
    contacts = [each for each in KPIS.values() if each.table == "interactions"]
    found += [each.name for each in contacts if data.has("interactions", _column(each.name))]
    if data.has("accounts"):
        found += [name for name in RESULTS if name != "retained" or _dated(data)]
        found += [CHURN] if _dated(data) else []
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
    if outcome == CHURN:
        return _churn(data, start, end)
    if outcome in RESULTS:
        return _accounts(data, outcome, start, end)
    return _contacts(data, outcome, start, end)


def drivers_of_outcome(data: Dataset, outcome: str, start: datetime) -> Drivers:
    """The drivers of an outcome from a moment on, or why there are none.

    Args:
        data, outcome, start: As for `outcome_rows`.

    Raises:
        ArgumentError: There is no such outcome.
    """
    if outcome == CHURN and not _dated(data):
        return Drivers(outcome, (), np.nan, 0, {}, problem="churn dates are not known")
    return find_drivers(outcome_rows(data, outcome, start, data.end), outcome)


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
    own = _own_facts(data)
    table = table.join(own.drop(columns=[name for name in own if name in table]))
    table = table.rename(columns=lambda name: name.replace("_", " "))
    table.insert(0, "customer_id", table.index)
    table.insert(1, "score", later[result])
    return table.dropna(subset="score").reset_index(drop=True)


def _churn(data: Dataset, start: datetime, end: datetime) -> pd.DataFrame:
    """Which accounts left: within the window; of a snapshot, ever."""
    if not data.left_at_once:
        table = _accounts(data, "retained", start, end)
        return table.assign(score=1 - table.score)
    accounts = data.rows("accounts").execute().set_index("account_id")
    left = accounts.churn_date.notna()
    facts = account_segments(data)
    own = _own_facts(data)
    facts = facts.join(own.drop(columns=[name for name in own if name in facts]))
    answers = mean_answers(data, data.start, data.end)
    facts = facts.join(answers.rename(columns=lambda name: f"{name.removeprefix(ANSWER)} answer"))
    if data.has("accounts", "signup_date"):
        days = (pd.Timestamp(data.left_at_once) - accounts.signup_date).dt.days
        facts["tenure"] = days / DAYS_PER_YEAR
    numbers = facts.select_dtypes("number")
    facts = facts.drop(columns=[name for name in numbers if parts(numbers[name], left)])
    table = facts.rename(columns=lambda name: name.replace("_", " "))
    table.insert(0, "customer_id", table.index)
    table.insert(1, "score", left.reindex(table.index).astype(float))
    return table.reset_index(drop=True)


def _own_facts(data: Dataset) -> pd.DataFrame:
    """What a dataset's accounts have beside the contract, by `account_id`.

    Numbers, what is true or false, and texts of few different values; where each account has one
    customer, the customer's as well.
    """
    whole = data.rows("accounts").execute().set_index("account_id")
    tables = [whole[_attributes(data, "accounts")]]
    if data.has("customers", "account_id"):
        people = data.rows("customers").execute().set_index("account_id")
        if people.index.is_unique and people.index.notna().all():
            tables.append(people[_attributes(data, "customers")])
    facts = pd.DataFrame(index=whole.index)
    for name, values in (each for table in tables for each in table.items()):
        category = not (is_bool_dtype(values) or is_numeric_dtype(values))
        if name not in facts and (not category or values.nunique() <= MOST_LEVELS):
            facts[name] = values if category else values.astype(float)
    return facts


def _attributes(data: Dataset, table: str) -> list[str]:
    return list(next(each for each in data.intake if each.table == table).attributes)


def _column(kpi: str) -> str:
    """The column of interactions that a KPI of contacts is made of."""
    return KPIS[kpi].needs[0].split(".")[1]


def _dated(data: Dataset) -> bool:
    return data.has("accounts", "churn_date")
