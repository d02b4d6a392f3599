"""What accounts did, quarter by quarter: contacts, invitations and answers."""

import pandas as pd

from cxlib.data import Dataset, Quarter
from cxlib.measure.features import accounts_at
from cxlib.measure.kpis import KPIS
from cxlib.measure.rows import in_spans, survey_rows
from cxlib.score_changes.invitations import NOW, quarter_spans

# The quarters before, the last one first.
PAST = ("1", "2", "3", "4")


def account_activity(data: Dataset, quarter: Quarter) -> pd.DataFrame:
    """Contacts, invitations and answers of each account in a quarter and the four before it.

    Returns:
        Indexed by `account_id`, of accounts that are there at the quarter's end: `contacts_now`,
        `invited_now` and `answered_now`; the same of the quarters before (`contacts_1`, of the
        last one, to `contacts_4`, …); and `share_1` to `share_4`, of how much of each the account
        was there and the data tell. 0 where the dataset has no such rows; empty without accounts.
    """
    kinds = ("contacts", "invited", "answered")
    columns = [f"{kind}_{when}" for kind in kinds for when in (NOW, *PAST)]
    columns += [f"share_{number}" for number in PAST]
    if data.lacks("accounts"):
        return pd.DataFrame(columns=columns, index=pd.Index([], name="account_id"), dtype=float)
    spans = quarter_spans({NOW: quarter} | {number: quarter.shift(-int(number)) for number in PAST})
    accounts = accounts_at(data, quarter.end)
    since = accounts.signup_date.fillna(pd.Timestamp.min).clip(lower=pd.Timestamp(data.start))
    table = pd.DataFrame(index=accounts.index)
    for number in PAST:
        each = quarter.shift(-int(number))
        there = (pd.Timestamp(each.end) - since) / (pd.Timestamp(each.end) - each.start)
        table[f"share_{number}"] = there.clip(0, 1)
    if data.has("interactions", "account_id"):
        rows = in_spans(data.rows("interactions", "account_id"), "started_at", spans)
        counts = rows.group_by("account_id", "_period").agg(contacts=rows.count()).execute()
        table = table.join(_wide(counts, ["contacts"]))
    if data.has("surveys", "score", "account_id") and not data.answers_only:
        rows = in_spans(survey_rows(data, ["account_id"]), "sent_at", spans)
        rows = rows.mutate(_answered=KPIS["response_rate"].value(rows, data.config))
        rows = rows.filter(rows._answered.notnull())
        counts = rows.group_by("account_id", "_period").agg(
            invited=rows.count(), answered=rows._answered.cast("int64").sum()
        )
        table = table.join(_wide(counts.execute(), ["invited", "answered"]))
    return table.reindex(columns=columns).fillna(0.0)


def _wide(counts: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Counts by account, a column per name and period."""
    wide = counts.pivot(index="account_id", columns="_period", values=names)
    wide.columns = [f"{name}_{period}" for name, period in wide.columns]
    return wide
