"""Raw tables of other shapes than contacts, answers and bookings, and what is made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from cxlib.data.config import SCALES
from cxlib.data.contract import schemas
from cxlib.onboard.day_counts import day_counts_of, day_counts_text
from cxlib.onboard.event_logs import event_log_of, event_log_texts
from cxlib.onboard.questions import Interview
from cxlib.onboard.ratings import ratings, scales_of
from cxlib.onboard.snapshots import snapshot_of, snapshot_texts
from cxlib.onboard.sniff import RawFile
from cxlib.onboard.synonyms import Names
from cxlib.onboard.trials import trial_of, trial_texts


@dataclass(frozen=True)
class Shaped:
    """What is made of a raw table by its shape.

    Attributes:
        texts: The SQL of each table of the contract, by its name.
        note: What the raw table is, for a person.
        scales: The scales of metrics that the contract does not know.
        settings: Further sections of `dataset.toml`.
    """

    texts: Mapping[str, str]
    note: str
    scales: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    settings: str = ""


def shaped(
    base: duckdb.DuckDBPyConnection, file: RawFile, names: Names, interview: Interview
) -> Shaped | None:
    """What is made of a raw table that is an event log, counts, a trial or a snapshot."""
    if log := event_log_of(file, names):
        contract = schemas(SCALES)["interactions"]
        note = f"an event log: {log.case.distinct:,} cases of {file.rows:,} steps"
        return Shaped(event_log_texts(base, log, names, contract, interview), note)
    if counts := day_counts_of(base, file, names):
        note = f"counts of contacts by day or month, in {file.rows:,} rows"
        return Shaped({"counts": day_counts_text(counts, names, interview)}, note)
    if trial := trial_of(file):
        used = [trial.arm, *trial.outcomes, *filter(None, (trial.who, trial.at))]
        rated = ratings(file, used, names, interview)
        texts, settings = trial_texts(trial, rated, interview)
        return Shaped(texts, "a trial of two arms", scales_of(rated), settings)
    if snapshot := snapshot_of(file):
        parts = (snapshot.customer, snapshot.tenure, snapshot.churned, snapshot.fee)
        rated = ratings(file, [each for each in parts if each], names, interview)
        note = f"a snapshot: a row for each of {file.rows:,} customers"
        texts, settings = snapshot_texts(snapshot, rated, interview)
        return Shaped(texts, note, scales_of(rated), settings)
    return None
