"""Ways from step to step: an event log whose figures are published, journeys by hand, privacy."""

from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.journeys.channels import use_of
from cxlib.journeys.contacts import follow
from cxlib.journeys.paths import (
    in_order,
    issue_pairs,
    moves_between,
    steps_of,
    turns_at,
    variants,
    ways_of,
)
from tests.conftest import SHARED

WHOLE = 100_000  # a case of the log is one journey, however long it rests


def path_of(rows: list[tuple], gap_days: float = 30):
    frame = pd.DataFrame(rows, columns=["customer_id", "at", "tie", "step", "who"])
    frame["at"] = pd.Timestamp("2026-07-01") + pd.to_timedelta(frame["at"], unit="D")
    return in_order(ibis.memtable(frame), gap_days)


@pytest.fixture
def walked():
    return path_of([
        ("1", 0, "a", "use", "x"), ("1", 1, "b", "buy", "x"), ("1", 2, "c", "use", "y"),
        ("1", 3, "d", "use", "y"), ("1", 4, "e", "use", "x"), ("1", 50, "f", "buy", "x"),
        # Two steps of one moment, and somebody unknown.
        ("2", 0, "h", "use", None), ("2", 0, "g", "buy", "x"), ("2", 1, "i", "use", "x"),
    ])  # fmt: skip


def test_ways_are_those_of_the_rows_by_hand(walked):
    moves = moves_between(walked).set_index(["one", "other"]).journeys.to_dict()
    # Customer 1 begins anew after 46 days; of customer 2's two at once, the first by name is first.
    assert moves == {("", "use"): 1, ("", "buy"): 2, ("use", "buy"): 1, ("buy", "use"): 2,
                     ("use", "use"): 3}  # fmt: skip
    turns = turns_at(walked).set_index("step")
    assert turns.loc["use", ["steps", "ends"]].tolist() == [6, 2]
    # d by the same agent as c, e by another; of h, nobody knows.
    assert turns.loc["use", ["repeats", "redone", "ping_pong"]].tolist() == [1, 1, 1]
    ways = variants(walked).set_index("way")
    assert ways.journeys.to_dict() == {"use → buy → use → use → use": 1, "buy": 1,
                                       "buy → use → use": 1}  # fmt: skip
    assert ways.again["use → buy → use → use → use"] == 3
    assert "use → buy → …" in set(variants(walked, longest=2).way)


def test_the_help_desks_log_has_its_published_ways():
    """14 activities, 226 variants, 55 edges; 1,240 of 4,580 cases repeat an activity."""
    file = next(iter((SHARED / "data" / "helpdesk").glob("*.csv")), None)
    if file is None:
        pytest.skip("the real data are not beside the project")
    log = pd.read_csv(file)
    at = pd.to_datetime(log["time:timestamp"], utc=True).dt.tz_localize(None)
    steps = pd.DataFrame({
        "customer_id": log["case:concept:name"], "at": at, "tie": [f"{n:06d}" for n in log.index],
        "step": log["concept:name"], "who": log["org:resource"],
    })  # fmt: skip
    path = in_order(ibis.memtable(steps), WHOLE)
    moves, ways = moves_between(path), variants(path, longest=20)
    assert len(turns_at(path)) == 14
    assert (moves.one != "").sum() == 55
    assert (len(ways), ways.journeys.sum()) == (226, 4_580)
    assert ways.journeys[ways.again > 0].sum() == 1_240


COLUMNS = ["interaction_id", "customer_id", "started_at", "channel", "touchpoint", "reason"]


@pytest.fixture
def regions(tmp_path):
    """Forty customers of the north go from use to maintain; three of the south do, too."""
    (tmp_path / "dataset.toml").write_text('name = "Regions"\n')
    people = [(f"n{n}", f"n{n}", "north") for n in range(40)]
    people += [(f"s{n}", f"s{n}", "south") for n in range(3)]
    pd.DataFrame(people, columns=["customer_id", "account_id", "area"]).to_csv(
        tmp_path / "customers.csv", index=False
    )
    rows = []
    for number, (who, *_) in enumerate(people):
        day = pd.Timestamp("2026-07-01") + pd.Timedelta(days=number % 60)
        rows.append((f"a{number}", who, day, "phone", "use", "bug"))
        rows.append((f"b{number}", who, day + pd.Timedelta(hours=5), "web", "maintain", "access"))
        rows.append((f"c{number}", who, day + pd.Timedelta(hours=9), "chat", "maintain", "access"))
    # Of these, enough on either side.
    for number in range(12):
        who, day = (
            (["s0", "s1", "s2"] + [f"n{n}" for n in range(9)])[number],
            pd.Timestamp("2026-09-20"),
        )
        rows.append((f"d{number}", who, day, "phone", "receive", "bug"))
    pd.DataFrame(rows, columns=COLUMNS).to_csv(tmp_path / "interactions.csv", index=False)
    return tmp_path


def test_ways_of_a_filter_do_not_tell_of_the_few_whom_it_leaves_out(regions):
    whole = open_dataset(regions, "2026Q3")
    north = open_dataset(regions, "2026Q3", "area = 'north'")
    found = {}
    for name, data in (("whole", whole), ("north", north)):
        journeys = follow(data, data.quarter.start, data.quarter.end)
        ways = ways_of(data, journeys, 30)
        use = use_of(data, journeys, "reason", {"phone", "web", "chat"})
        pairs = issue_pairs(data, data.quarter.start, data.quarter.end, 30)
        found[name] = (ways.moves, ways.turns, ways.variants, use.switched, pairs)
    assert all(len(each) for each in found["whole"])
    # Three customers of the south did each of these things: 43 less 40 would tell of them.
    assert not any(len(each) for each in found["north"])
    opened = open_dataset(regions, "2026Q3", "area = 'north'", raw_ids=True)
    journeys = follow(opened, opened.quarter.start, opened.quarter.end)
    assert len(ways_of(opened, journeys, 30).moves) > 3


def test_ways_of_few_customers_are_left_out(regions):
    data = open_dataset(regions, "2026Q3")
    journeys = follow(data, data.quarter.start, data.quarter.end)
    ways = ways_of(data, journeys, 5)
    assert (ways.moves.customers >= 5).all()
    every = moves_between(in_order(steps_of(data, journeys), 5))
    assert len(every) >= len(ways.moves)
    assert np.isfinite(ways.turns.ends.astype(float)).all()


def test_slices_do_not_tell_of_what_is_in_none_of_them(regions):
    """Three customers are in no slice that is shown: the smallest slice beside them goes as well."""
    whole = open_dataset(regions, "2026Q3")
    north = replace(whole.filtered("area = 'north'"), slice=("area", "north", ("north",)))
    journeys = follow(north, north.quarter.start, north.quarter.end)
    ways = ways_of(north, journeys, 30)
    use = use_of(north, journeys, "reason", {"phone", "web", "chat"})
    assert ways.moves.empty
    assert ways.variants.empty
    assert use.switched.empty
    other = replace(whole.filtered("area = 'north'"), slice=("area", "north", ("north", "south")))
    assert ways_of(other, journeys, 30).turns.empty
