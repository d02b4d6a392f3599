"""Scores that give away who left: written, or asked for, when that was known already."""

from math import comb

import pandas as pd

from cxlib.data import Dataset
from cxlib.measure.rows import survey_rows

# A score that has nothing to do with leaving parts the two so neatly in one of so many datasets.
SELDOM = 10_000


def parts(values: pd.Series, left: pd.Series) -> bool:
    """Whether a value parts those who left from those who stayed, without a single exception.

    Args:
        values: Of each account; NaN where not known.
        left: Whether the account left.

    Returns:
        True where all who left lie below all who stayed, or above, and chance would hardly do so:
        there are comb(n, k) equally likely places for k leavers among n.
    """
    known = values.notna()
    values, left = values[known], left[known].astype(bool)
    gone, stayed = values[left], values[~left]
    if comb(len(values), len(gone)) < 2 * SELDOM:
        return False
    return bool(gone.max() < stayed.min() or gone.min() > stayed.max())


def metrics_that_part(data: Dataset) -> dict[str, int]:
    """Survey questions whose answers part the accounts that left from all others.

    Returns:
        How many accounts left, by the question.
    """
    if data.lacks("surveys", "score", "account_id") or data.lacks("accounts", "churn_date"):
        return {}
    rows = survey_rows(data, ["account_id"])
    rows = rows.filter(rows.score.notnull())
    means = rows.group_by("account_id", "metric").agg(score=rows.score.mean()).execute()
    accounts = data.tables["accounts"].select("account_id", "churn_date").execute()
    gone = accounts.set_index("account_id").churn_date < data.end
    found = {}
    for metric, each in means.groupby("metric"):
        left = gone.reindex(each.account_id).fillna(False).to_numpy(bool)
        if parts(each.score.reset_index(drop=True), pd.Series(left)):
            found[str(metric)] = int(left.sum())
    return found
