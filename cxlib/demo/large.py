"""Demonstration data of any size: drawn and written a batch at a time."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cxlib.data.quarter import Quarter
from cxlib.demo import truth
from cxlib.demo.contacts import draw_interactions, draw_surveys
from cxlib.demo.dataset import draw_company, make_demo, write_demo

BATCH = 1_000_000


def write_large_demo(
    folder: Path, accounts: int, interactions: int, quarters: int, seed: int
) -> None:
    """Write demonstration data; up to a million contacts, the same as `make_demo` draws.

    Of more, each further million is drawn by itself, so that memory holds only one. Contacts are in
    order of time within each million.

    Args:
        folder: Where to.
        accounts, interactions, quarters, seed: As for `make_demo`.
    """
    first = make_demo(accounts, min(interactions, BATCH), quarters, seed)
    write_demo(folder, first)
    left = interactions - BATCH
    if left <= 0:
        return
    rng = np.random.default_rng(seed)
    company = draw_company(rng, accounts, quarters)
    end = Quarter.parse(truth.LAST_QUARTER).end
    files = {name: folder / f"{name}.parquet" for name in ("interactions", "surveys")}
    writers, schemas = {}, {}
    for name, path in files.items():
        table = pq.read_table(path)
        schemas[name] = table.schema.remove_metadata()
        writers[name] = pq.ParquetWriter(path, schemas[name], compression="zstd")
        writers[name].write_table(table.cast(schemas[name]))
    number = 0
    while left > 0:
        number += 1
        part = np.random.default_rng((seed, number))
        contacts = draw_interactions(part, *company[:3], min(BATCH, left))
        contacts["interaction_id"] = f"{number}-" + contacts.interaction_id
        surveys = draw_surveys(part, *company[:2], contacts, company[3], end)
        surveys["response_id"] = f"{number}-" + surveys.response_id
        contacts = contacts.drop(columns=["person", "patience"])
        for name, frame in (("interactions", contacts), ("surveys", surveys)):
            writers[name].write_table(_typed(frame, schemas[name]))
        left -= BATCH
    for writer in writers.values():
        writer.close()


def _typed(frame: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
