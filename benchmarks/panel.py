"""The KPI panel on many contacts, beside SQL written by hand and beside pandas.

Run by `make bench`; `python benchmarks/panel.py 20_000_000` makes the data in a folder of its own.
All three answer the same question on the same rows: every KPI of contacts and surveys by month and
channel, with the sums that clustered intervals need.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from cxlib.data import open_dataset
from cxlib.measure import measure

ROUNDS = 3
REPEAT_DAYS = 7
# For the comparison with pandas: the panel, and the rows that it leaves out since they are faulty.
RESULT, APART = "panel.result", "panel.apart"
# Name, value and weight of each KPI, in SQL; the weight is 1 where the value is known unless told.
CONTACTS = {
    "first_contact_resolution": "CAST(resolved AS DOUBLE)",
    "average_handle_time": "handle_seconds",
    "average_speed_of_answer": "CASE WHEN NOT abandoned THEN wait_seconds END",
    "service_level": "CASE WHEN wait_seconds IS NOT NULL "
    "THEN CAST(NOT abandoned AND wait_seconds <= "
    "CASE WHEN channel IN ('email', 'web') THEN 3600 ELSE 60 END AS DOUBLE) END",
    "abandonment_rate": "CAST(abandoned AS DOUBLE)",
    "transfer_rate": "CAST(transfers > 0 AS DOUBLE)",
    "repeat_contact_rate": f"CASE WHEN followed >= {REPEAT_DAYS} AND reason IS NOT NULL THEN "
    f"CAST(coalesce(days <= {REPEAT_DAYS}, false) AS DOUBLE) END",
    "cost_per_contact": "cost",
}
SURVEYS = {
    "nps": "CASE metric WHEN 'nps' "
    "THEN 100.0 * (CAST(score >= 9 AS INT) - CAST(score <= 6 AS INT)) END",
    "csat": "CASE metric WHEN 'csat' THEN score END",
    "csat_top2": "CASE metric WHEN 'csat' THEN CAST(score >= 4 AS DOUBLE) END",
    "csat_bottom2": "CASE metric WHEN 'csat' THEN CAST(score <= 2 AS DOUBLE) END",
    "ces": "CASE metric WHEN 'ces' THEN score END",
}


def by_hand(columns: dict[str, str], rows: str) -> str:
    """What an analyst who knows clustered errors would write."""
    inner = ", ".join(
        f"sum({value}) AS {name}_y, count({value}) AS {name}_n"
        + (f", sum(({value}) ** 2) AS {name}_s" if name == "nps" else "")
        for name, value in columns.items()
    )
    outer = ", ".join(
        f"sum({name}_y) AS {name}_y, sum({name}_n) AS {name}_x, "
        f"sum({name}_y * {name}_y) AS {name}_yy, sum({name}_y * {name}_n) AS {name}_xy, "
        f"sum({name}_n * {name}_n) AS {name}_xx, count_if({name}_n > 0) AS {name}_clusters"
        + (f", sum({name}_s) AS {name}_squares" if name == "nps" else "")
        for name in columns
    )
    return (
        f"SELECT month, channel, {outer} FROM (SELECT month, channel, customer_id, {inner} "
        f"FROM ({rows}) GROUP BY month, channel, customer_id) GROUP BY month, channel"
    )


def contact_sql(end: str) -> str:
    """Contacts with what came after them."""
    return (
        "SELECT *, date_trunc('month', started_at) AS month, "
        "(epoch(lead(started_at) OVER (PARTITION BY customer_id, reason ORDER BY started_at, "
        "channel)) - epoch(started_at)) / 86400 AS days, "
        f"(epoch(TIMESTAMP '{end}') - epoch(started_at)) / 86400 AS followed FROM interactions"
    )


SURVEY_SQL = (
    "SELECT surveys.*, channel, date_trunc('month', coalesce(responded_at, sent_at)) AS month "
    "FROM surveys LEFT JOIN interactions USING (interaction_id) WHERE score IS NOT NULL"
)
COUNTED = (*CONTACTS, *SURVEYS)


def in_pandas(
    contacts: pd.DataFrame, surveys: pd.DataFrame, end: pd.Timestamp
) -> list[pd.DataFrame]:
    """The same sums in pandas, from frames that are in memory already."""
    frame = contacts.sort_values(["customer_id", "reason", "started_at", "channel"])
    following = frame.groupby(["customer_id", "reason"], observed=True).started_at.shift(-1)
    days = (following - frame.started_at).dt.total_seconds() / 86_400
    followed = (end - frame.started_at).dt.total_seconds()
    seen = (followed >= REPEAT_DAYS * 86_400) & frame.reason.notna()
    standard = np.where(frame.channel.isin(["email", "web"]), 3_600, 60)
    within = (~frame.abandoned & (frame.wait_seconds <= standard)).astype(float)
    values = {
        "first_contact_resolution": frame.resolved.astype(float),
        "average_handle_time": frame.handle_seconds,
        "average_speed_of_answer": frame.wait_seconds.where(~frame.abandoned),
        "service_level": within.where(frame.wait_seconds.notna()),
        "abandonment_rate": frame.abandoned.astype(float),
        "transfer_rate": (frame.transfers > 0).astype(float).where(frame.transfers.notna()),
        "repeat_contact_rate": (days <= REPEAT_DAYS).astype(float).where(seen),
        "cost_per_contact": frame.cost,
    }
    first = _sums(frame, frame.started_at, values)
    asked = surveys[surveys.score.notna()]
    asked = asked.merge(contacts[["interaction_id", "channel"]], on="interaction_id", how="left")
    of = {name: asked.score.where(asked.metric == name) for name in ("nps", "csat", "ces")}
    scores = {
        "nps": 100.0 * ((of["nps"] >= 9).astype(float) - (of["nps"] <= 6)).where(of["nps"].notna()),
        "csat": of["csat"],
        "csat_top2": (of["csat"] >= 4).astype(float).where(of["csat"].notna()),
        "csat_bottom2": (of["csat"] <= 2).astype(float).where(of["csat"].notna()),
        "ces": of["ces"],
    }
    return [first, _sums(asked, asked.responded_at.fillna(asked.sent_at), scores)]


def _sums(frame: pd.DataFrame, at: pd.Series, values: dict[str, pd.Series]) -> pd.DataFrame:
    keys = [at.dt.to_period("M").rename("month"), frame.channel, frame.customer_id]
    grouped = pd.DataFrame(values).groupby(keys, observed=True)
    y, n = grouped.sum(), grouped.count()
    parts = {"y": y, "n": n, "yy": y * y, "xy": y * n, "xx": n * n, "clusters": n > 0}
    if "nps" in values:
        parts["squares"] = (values["nps"] ** 2).groupby(keys, observed=True).sum().to_frame("nps")
    return pd.concat(parts, axis=1).groupby(["month", "channel"], observed=True).sum()


def timed(work) -> tuple[float, object]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def ours(folder: Path, rounds: int) -> None:
    """In a process of its own: the panel, SQL by hand on the same tables, and the memory taken."""
    opening, data = timed(lambda: open_dataset(folder, raw_ids=True))
    base = data.tables["interactions"].get_backend().con
    tables = {name: rows.get_name() for name, rows in data.tables.items()}
    for name in ("interactions", "surveys"):
        base.execute(f'CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM "{tables[name]}"')
    contacts = contact_sql(f"{data.end:%Y-%m-%d}")
    queries = [by_hand(CONTACTS, contacts), by_hand(SURVEYS, SURVEY_SQL)]
    panel_times, hand_times = [], []
    for _ in range(rounds):
        once, panel = timed(lambda: measure(data, COUNTED, by=["channel"], period="month"))
        panel_times.append(once)
        again, hand = timed(lambda: [base.execute(each).df() for each in queries])
        hand_times.append(again)
    every, whole = timed(lambda: measure(data, by=["channel"], period="month"))
    panel.frame.assign(end=data.end).to_parquet(folder / RESULT)
    data.faults[["table", "row"]].drop_duplicates().to_parquet(folder / APART)
    apart = compare(panel.frame, hand)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    mine, other = statistics.median(panel_times), statistics.median(hand_times)
    count = next(each.used for each in data.intake if each.table == "interactions")
    print(
        f"{count:,} contacts: opened and judged in {opening:.1f} s; panel {mine:.2f} s, "
        f"SQL by hand {other:.2f} s: {mine / other:.2f} times its time, values alike to "
        f"{apart:.0e}; all {whole.frame.kpi.nunique()} KPIs {every:.2f} s; peak {peak:.2f} GB",
        flush=True,
    )


def compare(panel: pd.DataFrame, hand: list[pd.DataFrame]) -> float:
    """How far the panel's means are from those by hand."""
    worst = 0.0
    for names, frame in zip((CONTACTS, SURVEYS), hand, strict=True):
        for name in names:
            mine = panel[panel.kpi == name].set_index(["period", "channel"]).value
            theirs = frame.set_index(["month", "channel"])
            theirs = (theirs[f"{name}_y"] / theirs[f"{name}_x"]).dropna()
            both = pd.concat([mine, theirs], axis=1).dropna()
            assert len(both) == len(mine), name
            worst = max(worst, float(np.abs(both.iloc[:, 0] / both.iloc[:, 1] - 1).max()))
    return worst


def pandas_time(folder: Path) -> None:
    """In a process of its own: pandas, and how long it took to read its frames beforehand."""
    reading, frames = timed(lambda: _frames(folder))
    known = pd.read_parquet(folder / RESULT)
    taken, sums = timed(lambda: in_pandas(*frames, known.end.iloc[0]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    apart = compare(known, [_flat(each) for each in sums])
    print(
        f"pandas: reading {reading:.1f} s, panel {taken:.1f} s, values alike to {apart:.0e}; "
        f"peak {peak:.1f} GB",
        flush=True,
    )


def _frames(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    columns = ["interaction_id", "customer_id", "started_at", "channel", "reason", "wait_seconds",
               "handle_seconds", "transfers", "abandoned", "resolved", "cost"]  # fmt: skip
    contacts = pd.read_parquet(folder / "interactions.parquet", columns=columns)
    surveys = pd.read_parquet(folder / "surveys.parquet").drop(columns="verbatim")
    apart = pd.read_parquet(folder / APART).set_index("table").row - 1
    return tuple(
        frame.drop(index=apart[apart.index == name])
        for name, frame in (("interactions", contacts), ("surveys", surveys))
    )


def _flat(sums: pd.DataFrame) -> pd.DataFrame:
    """Sums named as those by hand are."""
    flat = sums.reset_index()
    flat["month"] = flat["month"].dt.to_timestamp()
    parts = {"y": "y", "n": "x"}
    return pd.DataFrame(
        {"month": flat["month"], "channel": flat["channel"]}
        | {f"{name}_{parts[part]}": flat[part, name] for part, name in sums if part in parts}
    )


def main(sizes: list[int]) -> None:
    """Each size in turn, each measurement in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        for size in sizes:
            folder = Path(os.environ.get("CX_BENCH_DATA", place)) / str(size)
            if not folder.exists():
                command = [Path(sys.executable).with_name("cx"), "demo", folder]
                options = [
                    "--interactions",
                    str(size),
                    "--accounts",
                    str(max(2_000, size // 1_000)),
                ]
                subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)
            for what in ("ours", "pandas") if size <= 20_000_000 else ("ours",):
                subprocess.run([sys.executable, __file__, what, folder], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["ours"]:
        ours(Path(sys.argv[2]), ROUNDS)
    elif sys.argv[1:2] == ["pandas"]:
        pandas_time(Path(sys.argv[2]))
    else:
        main([int(each) for each in sys.argv[1:]] or [1_000_000, 20_000_000])
