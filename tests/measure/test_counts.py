"""Contacts that come as counts: measured as the contacts themselves would be."""

import numpy as np
import pandas as pd
import pytest

from cxlib.data import open_dataset
from cxlib.data.quarter import Quarter
from cxlib.measure.comparison import contrasts
from cxlib.measure.kpis import OF_COUNTS
from cxlib.measure.panel import kpis_of, measure

DAYS = pd.date_range("2026-01-01", "2026-06-30")
ANSWERED_WITHIN = 20
NAME = 'name = "x"\n'


def contacts_of(rng) -> pd.DataFrame:
    """Contacts whose days are unlike, one by one; stand-ins for whoever made them."""
    parts = []
    for day in DAYS:
        n, worse = rng.poisson(60), 0.04 + 0.06 * rng.random()
        gone = rng.random(n) < worse
        parts.append(pd.DataFrame({
            "started_at": day, "abandoned": gone, "wait_seconds": rng.exponential(20, n).round(1),
            "handle_seconds": np.where(gone, np.nan, rng.gamma(4, 60, n).round()),
            "resolved": np.where(gone, "", np.where(rng.random(n) < 0.7, "true", "false")), "transfers": rng.poisson(0.2, n),
        }))  # fmt: skip
    rows = pd.concat(parts, ignore_index=True)
    ids = [f"K{n}" for n in range(len(rows))]
    return rows.assign(interaction_id=ids, customer_id=ids, channel="phone")


def counts_of(rows: pd.DataFrame) -> pd.DataFrame:
    """The same contacts counted by day."""
    answered = ~rows.abandoned
    return rows.assign(
        answered=answered,
        in_time=answered & (rows.wait_seconds <= ANSWERED_WITHIN),
        transferred=answered & (rows.transfers > 0),
        solved=rows.resolved == "true",
        waited=rows.wait_seconds.where(answered),
    ).groupby("started_at").agg(
        offered=("abandoned", "size"), answered=("answered", "sum"), abandoned=("abandoned", "sum"),
        in_time=("in_time", "sum"), resolved=("solved", "sum"), transferred=("transferred", "sum"),
        wait_seconds=("waited", "mean"), handle_seconds=("handle_seconds", "mean"),
    ).rename_axis("day").reset_index().assign(channel="phone")  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The contacts as counts, and one by one."""
    rows = contacts_of(np.random.default_rng(7))
    found = []
    for name in ("counts", "interactions"):
        folder = tmp_path_factory.mktemp(name)
        (folder / "dataset.toml").write_text(NAME)
        if name == "counts":
            counts_of(rows).to_csv(folder / "counts.csv", index=False)
        else:
            rows.to_csv(folder / "interactions.csv", index=False)
            people = pd.DataFrame(
                {"customer_id": rows.customer_id, "account_id": "unknown", "known": False}
            )
            people.to_csv(folder / "customers.csv", index=False)
            (folder / "accounts.csv").write_text("account_id\nunknown\n")
        found.append(open_dataset(folder, quarter="2026Q2"))
    return found


@pytest.mark.parametrize("kpi", [name for name in OF_COUNTS if "respon" not in name])
def test_values_and_intervals_are_those_of_the_contacts(both, kpi):
    counted, single = (measure(data, [kpi], period="quarter").of(kpi) for data in both)
    assert kpis_of(both[0])[kpi].table == "counts"
    assert list(counted.value) == pytest.approx(list(single.value))
    assert list(counted.n) == pytest.approx(list(single.n))
    # Of days and weeks, the wider counts, since nobody knows what contacts of a day share besides.
    width = (counted.high - counted.low) / (single.high - single.low)
    assert width.between(0.95, 1.25).all(), width.to_list()


def test_changes_are_those_of_the_contacts(both):
    now, before = Quarter.parse("2026Q2"), Quarter.parse("2026Q1")
    counted, single = (
        {each.kpi.name: each for each in contrasts(data, now, before)} for data in both
    )
    assert len(counted) >= 6
    for name, each in counted.items():
        other = single[name]
        assert each.difference.value == pytest.approx(other.difference.value)
        assert each.spread / other.spread == pytest.approx(1.0, abs=0.15), name


def test_what_varies_from_day_to_day_covers_the_truth(tmp_path):
    # 400 teams, each 60 days of one true share, which days miss by a tenth of it or more.
    rng, teams, share = np.random.default_rng(3), 400, 0.1
    n = rng.poisson(80, (teams, 60))
    daily = rng.beta(20 * share, 20 * (1 - share), (teams, 60))
    frame = pd.DataFrame({
        "day": np.tile(pd.date_range("2026-01-01", periods=60), teams), "channel": "phone",
        "team": np.repeat([f"team {k}" for k in range(teams)], 60), "offered": n.ravel(),
        "abandoned": rng.binomial(n, daily).ravel(),
    })  # fmt: skip
    (tmp_path / "dataset.toml").write_text(NAME)
    frame.to_csv(tmp_path / "counts.csv", index=False)
    found = measure(open_dataset(tmp_path), ["abandonment_rate"], by=["team"]).frame
    assert len(found) == teams
    covered = ((found.low <= share) & (share <= found.high)).mean()
    assert covered >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / teams)
    volume = measure(open_dataset(tmp_path), ["contact_volume"], by=["team"]).frame
    hit = ((volume.low <= 80 * 60) & (volume.high >= 80 * 60)).mean()
    assert hit >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / teams)


def test_months_are_counted_by_month(tmp_path):
    rows = [f"{month:%Y-%m-%d},phone,{1_000 + place % 7},{100 + place % 5}"
            for place, month in enumerate(pd.date_range("2024-01-01", periods=24, freq="MS"))]  # fmt: skip
    (tmp_path / "dataset.toml").write_text(NAME)
    (tmp_path / "counts.csv").write_text("\n".join(["day,channel,offered,abandoned", *rows]) + "\n")
    panel = measure(open_dataset(tmp_path), period="quarter")
    volume = panel.of("contact_volume")
    assert len(volume) == 8
    # Months alike leave little room, and days without a row are none on which nobody called.
    assert ((volume.high - volume.low) / volume.value).max() < 0.3
    assert volume.complete.all()


def test_a_lone_count_has_no_interval(tmp_path):
    (tmp_path / "dataset.toml").write_text(NAME)
    (tmp_path / "counts.csv").write_text(
        "day,channel,offered,abandoned,handle_seconds\n2026-01-05,phone,100,5,300\n"
    )
    found = measure(open_dataset(tmp_path))
    assert found.estimate("abandonment_rate").value == 0.05
    assert not found.estimate("average_handle_time").has_interval


def test_nothing_offered_is_no_share(tmp_path):
    (tmp_path / "dataset.toml").write_text(NAME)
    (tmp_path / "counts.csv").write_text(
        "day,channel,offered,abandoned\n2026-01-05,phone,0,0\n2026-01-06,phone,10,1\n"
    )
    assert measure(open_dataset(tmp_path)).estimate("abandonment_rate").value == pytest.approx(0.1)
