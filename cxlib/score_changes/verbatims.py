"""What customers wrote: a few answers of the quarter, drawn by lot."""

from dataclasses import dataclass
from hashlib import sha256

import pandas as pd

from cxlib.data import Dataset
from cxlib.measure.rows import survey_rows, within

# A shorter text says too little, a longer one cannot be read at a glance.
SHORTEST, LONGEST = 15, 160


@dataclass(frozen=True, eq=False)
class Verbatims:
    """Texts drawn by lot.

    Attributes:
        drawn: `text`, `metric`, `score` and `channel` (empty where not known), in the order drawn.
        of: Of how many texts.
        problem: Why none may be shown; empty where they may.
    """

    drawn: pd.DataFrame
    of: int
    problem: str = ""


def draw_verbatims(data: Dataset, count: int) -> Verbatims:
    """So many texts of the quarter, no customer twice and no text twice.

    The lot falls by the hash of the quarter, the text and its moment: a report that is made again,
    on whatever machine, quotes the same.

    Args:
        data: The dataset; free texts are without names, numbers and addresses of persons.
        count: How many at most.
    """
    none = pd.DataFrame(columns=["text", "metric", "score", "channel"])
    if not count:
        return Verbatims(none, 0, "dataset.toml asks for none")
    if lack := data.lacks("surveys", "verbatim"):
        return Verbatims(none, 0, f"it takes {lack}")
    if "verbatim" in data.pseudonyms:
        return Verbatims(none, 0, "dataset.toml does not make surveys.verbatim public")
    channel = [name for name in ("channel",) if data.has("surveys", name)]
    rows = survey_rows(data, ["verbatim", "customer_id", *channel])
    rows = within(rows, "_answered_at", data.quarter.start, data.quarter.end)
    length = rows.verbatim.strip().length()
    rows = rows.filter(rows.score.notnull(), length >= SHORTEST, length <= LONGEST)
    texts = rows.select(
        "customer_id", "metric", "score", *channel, text=rows.verbatim.strip(), at=rows._answered_at
    ).execute()
    lot = [
        sha256(f"{data.quarter} {each.text} {each.at}".encode()).digest()
        for each in texts.itertuples()
    ]
    drawn = texts.assign(lot=lot).sort_values("lot").drop_duplicates("customer_id")
    drawn = drawn.drop_duplicates("text").head(count)
    drawn = drawn.assign(channel=drawn.channel.fillna("") if channel else "")[none.columns]
    return Verbatims(drawn.reset_index(drop=True), len(texts))
