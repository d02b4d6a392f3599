"""What accounts did after their customers had answered and made contact: the business results."""

from datetime import datetime

import pandas as pd

from cxlib.data import Dataset
from cxlib.errors import ArgumentError
from cxlib.measure.features import ACROSS, account_kpis, accounts_at
from cxlib.measure.leaks import parts
from cxlib.measure.rows import survey_rows, within

# Per quarter of the period after, as they are called in the frames and on the pages.
RESULTS = ("retained", "revenue", "purchases", "returned", "contacts", "cost")
CONTROLS = ("prior_revenue", "prior_contacts", "tenure")
# KPIs of which a point may be worth something.
POINTS_OF = tuple(name for name in ACROSS if name != "revenue")
ANSWER = "answer: "  # begins the columns of mean answers
DAYS_PER_YEAR = 365.25


def later_business(data: Dataset, asked_until: datetime, until: datetime) -> pd.DataFrame:
    """What accounts did in a period, and what had been known of them before.

    Args:
        data: The dataset.
        asked_until: The start of a month; what was answered and measured in the twelve months
            before it is what had been known.
        until: The start of a later month; the results run from `asked_until` to here.

    Returns:
        Indexed by `account_id`, of the accounts that were there at `asked_until`:

        - results: `retained` (1 if it was still there at `until`) and, per quarter, `revenue`,
          `purchases` (bookings above zero), `returned` (refunds, as a positive amount),
          `contacts` and `cost` (of contacts); NaN where the dataset does not tell;
        - before: `prior_revenue` and `prior_contacts` (per quarter), `tenure` (years since signup),
          `customers` (how many the account has), `answer: nps` and the like (mean answer of its
          customers), and the KPIs that tell accounts apart.

        Empty where the dataset lacks accounts.

    Raises:
        ArgumentError: There is no quarter between the two moments.
    """
    if not asked_until < until:
        raise ArgumentError("quarters_after must be at least 1: results take a quarter to come")
    columns = [*RESULTS, *CONTROLS, "customers"]
    if data.lacks("accounts"):
        return pd.DataFrame(columns=columns, index=pd.Index([], name="account_id"), dtype=float)
    start = (pd.Timestamp(asked_until) - pd.DateOffset(years=1)).to_pydatetime()
    quarters = (until.year - asked_until.year) * 4 + (until.month - asked_until.month) / 3
    accounts = accounts_at(data, asked_until)
    table = pd.DataFrame(index=accounts.index)
    if data.has("accounts", "churn_date"):
        table["retained"] = (~(accounts.churn_date < until)).astype(float)
    if data.has("revenue"):
        table = table.join(_booked(data, asked_until, until)).fillna(
            {"revenue": 0.0, "purchases": 0.0, "returned": 0.0}
        )
        prior = _booked(data, start, asked_until).revenue / 4
        table["prior_revenue"] = prior.reindex(table.index).fillna(0.0)
    if data.has("interactions", "account_id"):
        table = table.join(_contacts(data, asked_until, until)).fillna({"contacts": 0.0})
        prior = _contacts(data, start, asked_until).contacts / 4
        table["prior_contacts"] = prior.reindex(table.index).fillna(0.0)
        table["cost"] = table.cost.fillna(0.0) if data.has("interactions", "cost") else float("nan")
    per_quarter = [name for name in RESULTS[1:] if name in table]
    table[per_quarter] /= quarters
    if data.has("accounts", "signup_date"):
        days = (pd.Timestamp(asked_until) - accounts.signup_date).dt.days
        table["tenure"] = days / DAYS_PER_YEAR
    if data.has("customers", "account_id"):
        people = data.rows("customers")
        counts = people.group_by("account_id").agg(customers=people.count()).execute()
        table = table.join(counts.set_index("account_id").customers)
    table = table.reindex(columns=columns).astype(float)
    kpis = account_kpis(data, start, asked_until, least=1)
    kpis = kpis[[name for name in POINTS_OF if name in kpis]]
    return table.join(mean_answers(data, start, asked_until)).join(kpis)


def leaking(later: pd.DataFrame) -> list[str]:
    """The columns of `later_business`, known before, that part who left from who stayed."""
    known = [name for name in later if name.startswith(ANSWER) or name in POINTS_OF]
    if "retained" not in later or later.retained.isna().all():
        return []
    return [name for name in known if parts(later[name].astype(float), later.retained == 0)]


def mean_answers(data: Dataset, start: datetime, end: datetime) -> pd.DataFrame:
    """The mean answer of each account's customers to each question."""
    if data.lacks("surveys", "score", "account_id"):
        return pd.DataFrame(index=pd.Index([], name="account_id"))
    rows = within(survey_rows(data, ["account_id"]), "_answered_at", start, end)
    rows = rows.filter(rows.score.notnull())
    means = rows.group_by("account_id", "metric").agg(score=rows.score.mean()).execute()
    wide = means.pivot(index="account_id", columns="metric", values="score")
    return wide[sorted(wide)].add_prefix(ANSWER)


def _booked(data: Dataset, start: datetime, end: datetime) -> pd.DataFrame:
    rows = within(data.rows("revenue"), "booked_at", start, end)
    sums = rows.group_by("account_id").agg(
        revenue=rows.amount.sum(),
        purchases=(rows.amount > 0).sum().cast("float64"),
        returned=(-rows.amount).sum(where=rows.amount < 0).fill_null(0.0),
    )
    return sums.execute().set_index("account_id").astype(float)


def _contacts(data: Dataset, start: datetime, end: datetime) -> pd.DataFrame:
    rows = within(data.rows("interactions", "account_id"), "started_at", start, end)
    sums = rows.group_by("account_id").agg(
        contacts=rows.count().cast("float64"), cost=rows.cost.cast("float64").sum()
    )
    return sums.execute().set_index("account_id").astype(float)
