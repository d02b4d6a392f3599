"""A bank's real calls counted by day, days dealt by lot into two halves: nothing has changed."""

import numpy as np
import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.measure import Window, contrasts
from cxlib.measure.contrast import compare
from tests.conftest import SHARED
from tests.nulls.test_real_rows import DEALS as ASKED
from tests.nulls.test_real_rows import pytestmark  # noqa: F401

FILE = SHARED / "data" / "anonymous_bank" / "calls_1999_02.txt"
HALF = 14
DEALS = ASKED if ASKED >= 200 else max(ASKED // 2, 16)
# As for contacts one by one: with few deals, chance adds four standard errors.
MOST = 0.07 if DEALS >= 200 else 0.05 + 4 * np.sqrt(0.05 * 0.95 / DEALS)


@pytest.fixture(scope="module")
def days():
    """The calls of each day, as counts."""
    calls = pd.read_csv(FILE, sep="\t").rename(columns=str.strip)
    calls = calls.assign(outcome=calls.outcome.str.strip())
    calls = calls[calls.outcome != "PHANTOM"]
    answered = calls.outcome == "AGENT"
    calls = calls.assign(
        answered=answered, abandoned=~answered, in_time=answered & (calls.q_time <= 20),
        wait=calls.q_time.where(answered), handle=calls.ser_time.where(answered),
    )  # fmt: skip
    return calls.groupby("date").agg(
        offered=("answered", "size"), answered=("answered", "sum"), abandoned=("abandoned", "sum"),
        in_time=("in_time", "sum"), wait_seconds=("wait", "mean"), handle_seconds=("handle", "mean"),
    ).reset_index(drop=True)  # fmt: skip


def test_no_change_is_claimed(days, tmp_path, capsys):
    rng, dates = np.random.default_rng(23), pd.date_range("2026-02-02", periods=2 * HALF)
    (tmp_path / "dataset.toml").write_text('name = "x"\n')
    claims, scores = [], []
    for _ in range(DEALS):
        dealt = days.sample(frac=1, random_state=rng.integers(2**31)).head(2 * HALF)
        dealt.assign(day=dates, channel="phone").to_csv(tmp_path / "counts.csv", index=False)
        data = open_dataset(tmp_path)
        middle, end = dates[HALF], dates[-1] + pd.Timedelta(days=1)
        found = contrasts(data, Window(middle, end), Window(dates[0], middle))
        claims.append(any(each.detected for each in compare(found)))
        scores.append({each.kpi.name: each.difference.value / each.spread for each in found})
    spread = pd.DataFrame(scores).std()
    with capsys.disabled():
        print(
            f"\ncounts: {np.mean(claims):.1%} of {DEALS} claim a change; z {spread.round(2).to_dict()}"
        )
    assert len(spread) >= 4
    assert np.mean(claims) <= MOST
