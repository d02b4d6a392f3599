"""What customers wrote, with who, when, about what, and how they scored."""

from datetime import datetime

import numpy as np
import pandas as pd

from cxlib.data import Dataset
from cxlib.journeys.contacts import measured
from cxlib.measure.clusters import unit_of, with_unit
from cxlib.measure.exposure import too_few_left
from cxlib.measure.kpis import catalogue
from cxlib.measure.panel import Panel
from cxlib.measure.rows import survey_rows, within, without_strangers
from cxlib.voice.ends import ends_of
from cxlib.voice.spoken import Spoken

# By what texts are parted, where it is known.
GROUPS = ("channel", "reason", "touchpoint", "region", "product", "root_cause")

OF_SERVICE = (
    "ces", "abandonment_rate", "service_level", "responded_in_time", "transfer_rate",
    "first_contact_resolution", "repeat_contact_rate", "on_time_share",
)  # fmt: skip


def unreadable(data: Dataset) -> str:
    """Why the pages may not read what customers wrote, in words; empty where they may."""
    if lack := data.lacks("surveys", "verbatim"):
        return f"it takes {lack}"
    if "verbatim" in data.pseudonyms:
        return 'it takes privacy.public = ["surveys.verbatim"] in dataset.toml'
    if too_few_left(data, "surveys"):
        return "so few customers are outside the filter that their comments could be worked out"
    return ""


def texts_of(data: Dataset, start: datetime, end: datetime) -> pd.DataFrame:
    """The texts of a period, in order of time.

    Returns:
        `customer_id`, `unit` (account or customer), `metric`, `score`, `low` and `high` (of its
        scale), `at`, `month`, `text`, and such of `GROUPS` as are known; empty where texts may not
        be read.
    """
    columns = ["customer_id", "unit", "metric", "score", "low", "high", "at", "month", "text"]
    if unreadable(data):
        return pd.DataFrame(columns=columns)
    known = [name for name in GROUPS if data.has("surveys", name)]
    unit = unit_of(data, "surveys", ())
    rows = without_strangers(data, survey_rows(data, dict.fromkeys(["verbatim", *known, *unit])))
    rows = with_unit(within(rows, "_answered_at", start, end), unit)
    rows = rows.filter(rows.verbatim.strip().length() > 0)
    found = rows.select(
        "customer_id", "metric", "score", *known, unit="_unit", at="_answered_at", text="verbatim"
    ).execute()
    found = found.sort_values(["at", "customer_id", "text"], ignore_index=True)
    low, high = ends_of(data.config, found.metric, found.score)
    month = found["at"].dt.to_period("M").astype(str)
    return found.assign(low=low, high=high, month=month)[[*columns, *known]]


def main_question(texts: pd.DataFrame) -> str:
    """The survey question with most texts; empty where no text has a score."""
    known = texts.metric[texts.score.notna()]
    return "" if known.empty else str(known.value_counts().sort_index(kind="stable").idxmax())


def revenue_of(data: Dataset, texts: pd.DataFrame, spoken: Spoken) -> pd.Series:
    """Revenue of the last twelve months of the accounts that speak of each theme.

    Returns:
        By theme; empty where revenue is not known, NaN for themes of fewer accounts than may be
        told of.
    """
    if not data.has("revenue") or not data.has("customers", "account_id"):
        return pd.Series(dtype=float)
    start, end = data.quarter.shift(-3).start, data.quarter.end
    booked = within(data.tables["revenue"], "booked_at", start, end).group_by("account_id")
    booked = booked.agg(amount=lambda each: each.amount.sum()).execute()
    amount = booked.set_index("account_id").amount
    whose = data.tables["customers"].select("customer_id", "account_id").execute()
    account = texts.customer_id.map(whose.set_index("customer_id").account_id)
    smallest = data.smallest_group
    found = {}
    for place, name in enumerate(spoken.names):
        mine = account[spoken.found[:, place]].dropna().unique()
        told = amount.reindex(mine).dropna()
        found[name] = float(told.sum()) if len(told) >= smallest else np.nan
    return pd.Series(found, dtype=float)


def label_of(data: Dataset, question: str) -> str:
    """What a survey question is called."""
    known = catalogue(data.config)
    if question == "nps":
        # A theme goes with answers; the score is a difference of shares of them.
        return "the answer from 0 to 10"
    return known[question].label if question in known else "The score"


def year_of(data: Dataset) -> Panel:
    """The KPIs of service of the last twelve months."""
    return measured(data, OF_SERVICE, ())
