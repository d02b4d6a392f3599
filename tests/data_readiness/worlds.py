"""Sound datasets of a small company, drawn at random, and the verdict on a dataset."""

from pathlib import Path

import numpy as np
import pandas as pd

from cxlib.data import open_dataset
from cxlib.data_readiness import schema
from cxlib.data_readiness.coverage import cover
from cxlib.data_readiness.drift import find_drift
from cxlib.data_readiness.evidence import gather_evidence
from cxlib.data_readiness.quarterly import quarterly_measures
from cxlib.data_readiness.verdict import Readiness, weigh
from cxlib.score_changes import invitations
from cxlib.score_changes.nonresponse import response_rates

QUARTERS, LAST = 9, "2026Q3"
START, END = pd.Timestamp("2024-07-01"), pd.Timestamp("2026-10-01")
NOW = pd.Timestamp("2026-07-01")
CHANNELS, REASONS, REGIONS = (
    ("phone", "chat", "email"),
    ("billing", "setup", "fault"),
    ("N", "S", "W"),
)


UNREST = ("", "season", "campaign", "bursts")


def sound(seed: int, contacts: int = 4_000, unrest: str = "") -> dict[str, pd.DataFrame]:
    """A sound dataset: customers and accounts differ, quarters only by chance and slow growth.

    With `season` each winter brings more contacts, with `campaign` two months do, and with `bursts`
    days are of very unlike size.
    """
    rng = np.random.default_rng(seed)
    accounts, people = 60, 400
    owner = rng.integers(0, accounts, people)
    owner[:accounts] = np.arange(accounts)
    busy = rng.gamma(2.0, 1.0, people)
    who = rng.choice(people, contacts, p=busy / busy.sum())
    leaning = rng.dirichlet((6, 4, 3), people)
    # A slow growth, and every quarter a little of its own.
    month = rng.choice(27, contacts, p=_months(rng, unrest))
    first = pd.date_range(START, END, freq="MS")
    length = np.diff(first) / np.timedelta64(1, "D")
    place = rng.random(contacts)
    if unrest == "bursts":
        # Each month has 31 places, some of which are ten times as busy as others.
        weights = rng.gamma(1.0, 1.0, (27, 31)) + 0.1
        busier = (weights / weights.sum(axis=1, keepdims=True)).cumsum(axis=1)
        place = (busier[month] < place[:, None]).sum(axis=1) / 31
    at = first[month] + pd.to_timedelta(np.floor(place * length[month]), unit="D")
    at += pd.to_timedelta(rng.integers(8 * 3600, 18 * 3600, contacts), unit="s")
    order = np.argsort(at)
    who, at = who[order], at[order]
    drawn = leaning[who].cumsum(axis=1) < rng.random((contacts, 1))
    channel = drawn.sum(axis=1).clip(max=2)
    mood = rng.normal(0, 0.5, people)
    gone = rng.random(contacts) < 0.06
    interactions = pd.DataFrame({
        "interaction_id": [f"i{n}" for n in range(contacts)],
        "customer_id": [f"c{n}" for n in who],
        "started_at": at,
        "channel": np.array(CHANNELS)[channel],
        "reason": np.array(REASONS)[rng.choice(3, contacts, p=(0.5, 0.3, 0.2))],
        "wait_seconds": np.round(rng.gamma(2, 30, contacts) * (1 + channel)),
        "handle_seconds": np.where(gone, np.nan, np.round(rng.lognormal(5.5, 0.5, contacts))),
        "abandoned": gone,
        "resolved": np.where(gone, False, rng.random(contacts) < 0.7),
    })  # fmt: skip
    asked = np.flatnonzero(rng.random(contacts) < 0.6)
    answers = rng.random(len(asked)) < 0.4
    sent = at[asked] + pd.Timedelta(hours=2)
    score = np.clip(np.round(3.6 + mood[who[asked]] + rng.normal(0, 0.8, len(asked))), 1, 5)
    surveys = pd.DataFrame({
        "response_id": [f"r{n}" for n in range(len(asked))],
        "customer_id": [f"c{n}" for n in who[asked]],
        "interaction_id": [f"i{n}" for n in asked],
        "sent_at": sent,
        "responded_at": pd.Series(sent + pd.to_timedelta(rng.integers(1, 90, len(asked)), unit="h")).where(answers),
        "metric": "csat",
        "score": np.where(answers, score, np.nan),
    })  # fmt: skip
    fee = rng.lognormal(6, 0.6, accounts)
    months = pd.date_range(START, END, freq="MS", inclusive="left")
    revenue = pd.DataFrame(
        [(f"a{n}", month, round(fee[n] * rng.lognormal(0, 0.05), 2), "recurring")
         for n in range(accounts) for month in months],
        columns=["account_id", "booked_at", "amount", "kind"],
    )  # fmt: skip
    return {
        "accounts": pd.DataFrame({
            "account_id": [f"a{n}" for n in range(accounts)],
            "region": np.array(REGIONS)[rng.integers(0, 3, accounts)],
            "signup_date": START - pd.to_timedelta(rng.integers(10, 900, accounts), unit="D"),
            "churn_date": pd.Series(pd.NaT, index=range(accounts), dtype="datetime64[us]"),
        }),
        "customers": pd.DataFrame({
            "customer_id": [f"c{n}" for n in range(people)],
            "account_id": [f"a{n}" for n in owner],
            "role": np.array(("user", "admin"))[rng.integers(0, 2, people)],
        }),
        "interactions": interactions,
        "surveys": surveys,
        "revenue": revenue,
    }  # fmt: skip


def _months(rng, unrest: str) -> np.ndarray:
    own = np.repeat(rng.lognormal(0, 0.05, QUARTERS), 3)
    weight = own * 1.01 ** np.arange(27)
    if unrest == "season":
        weight = weight * (1 + 0.25 * np.cos(2 * np.pi * (np.arange(27) - 6) / 12))
    if unrest == "campaign":
        weight[rng.choice(27, 2, replace=False)] *= 1.4
    return weight / weight.sum()


def judged(tables: dict, folder: Path, before: str = "", raw_ids: bool = True) -> Readiness:
    """The verdict on a dataset, as the page comes to it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dataset.toml").write_text('name = "World"\n')
    for name, each in tables.items():
        each.to_parquet(folder / f"{name}.parquet", index=False)
    data = open_dataset(folder, LAST, raw_ids=raw_ids)
    since = data.quarter.shift(-3).start
    asked = invitations.invited(data, invitations.ATTRIBUTES, since, data.quarter.end)
    return weigh(
        gather_evidence(data, cover(data)),
        find_drift(quarterly_measures(data), data.quarter.start),
        response_rates(asked),
        schema.schema_changes(data, before),
    )
