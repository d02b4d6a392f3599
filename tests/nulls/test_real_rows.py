"""Real contacts whose days or weeks are dealt by lot into two periods: nothing has changed.

What simulated nulls forget is in these rows: queues that a day shares, weeks that are unlike, and
customers who come back. `CX_NULLS=200` deals as often; `make test` deals less often.
"""

import os
from dataclasses import replace
from datetime import timedelta

import ibis
import numpy as np
import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.measure import Window, contrasts
from cxlib.measure.contrast import compare
from tests.conftest import ROOT, SHARED, draws

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.exists(), reason="the real data are not beside the project"),
]
DEALS = int(os.environ.get("CX_NULLS", draws(40, 20)))
# At most 7% of reports may claim a change; with few deals, chance adds four standard errors.
MOST = 0.07 if DEALS >= 200 else 0.05 + 4 * np.sqrt(0.05 * 0.95 / DEALS)
ENOUGH_ROWS = 1_000


def dealt(data, days: int, rng):
    """The dataset with its whole blocks of so many days in an order drawn by lot, and two halves."""
    first = data.start.replace(hour=0, minute=0, second=0, microsecond=0)
    if days == 7:
        first += timedelta(days=(7 - first.weekday()) % 7)
    blocks = (data.end - first).days // days // 2 * 2
    order = rng.permutation(blocks)
    deal = pd.DataFrame({"_block": np.arange(blocks), "_to": order}).astype("int64")
    rows = data.tables["interactions"]
    start = ibis.timestamp(first)
    seconds = rows.started_at.epoch_seconds() - start.epoch_seconds()
    rows = rows.mutate(_block=(seconds / (days * 86_400)).floor().cast("int64"))
    rows = rows.join(ibis.memtable(deal), "_block")
    rows = rows.mutate(
        started_at=rows.started_at + ((rows._to - rows._block) * days).as_interval("D")
    )
    rows = rows.select(*data.tables["interactions"].columns)
    middle = first + timedelta(days=days * blocks // 2)
    end = first + timedelta(days=days * blocks)
    name = f"dealt_{rng.integers(2**62)}"
    rows = rows.get_backend().create_table(name, rows, temp=True)
    tables = dict(data.tables) | {"interactions": rows}
    world = replace(data, tables=tables, contacts=tables["interactions"], start=first, end=end)
    return world, Window(middle, end), Window(first, middle)


@pytest.mark.parametrize(
    ("name", "days"), [("anonymous_bank", 1), ("it_incidents", 7), ("helpdesk", 7)]
)
def test_no_change_is_claimed_where_days_or_weeks_are_dealt_by_lot(name, days, capsys):
    data = open_dataset(ROOT / "examples" / name, raw_ids=True)
    rng = np.random.default_rng(17)
    claims, scores = [], []
    for _ in range(DEALS):
        world, now, before = dealt(data, days, rng)
        found = contrasts(world, now, before)
        claims.append(any(each.detected for each in compare(found)))
        scores.append({each.kpi.name: each.difference.value / each.spread for each in found
                       if min(each.now.n, each.before.n) * 2 >= ENOUGH_ROWS})  # fmt: skip
    spread = pd.DataFrame(scores).std()
    with capsys.disabled():
        print(
            f"\n{name}: {np.mean(claims):.1%} of {DEALS} claim a change; z {spread.round(2).to_dict()}"
        )
    assert np.mean(claims) <= MOST
    if name == "anonymous_bank":
        slack = 4 / np.sqrt(2 * DEALS) if DEALS < 200 else 0.15
        assert len(spread) >= 5
        assert spread.between(1 - slack, 1 + slack).all(), spread.to_dict()
