"""The KPI panel on many contacts, beside SQL written by hand and beside pandas.

Run by `make bench`; `python benchmarks/panel.py 20_000_000` makes the data in a folder of its own.
All three answer the same question on the same rows: every KPI of contacts and surveys by month and
channel, with the sums that intervals need which allow for accounts, for days and for both.
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
WRITTEN = "channel IN ('email', 'web')"
IN_TIME = (
    "CASE WHEN {which} AND (wait_seconds IS NOT NULL OR abandoned) "
    "THEN CAST(NOT abandoned AND coalesce(wait_seconds <= {seconds}, false) AS DOUBLE) END"
)
CONTACTS = {
    "first_contact_resolution": "CASE WHEN NOT abandoned THEN CAST(resolved AS DOUBLE) END",
    "average_handle_time": "CASE WHEN NOT abandoned THEN handle_seconds END",
    "average_speed_of_answer": f"CASE WHEN NOT abandoned AND NOT {WRITTEN} THEN wait_seconds END",
    "service_level": IN_TIME.format(which=f"NOT {WRITTEN}", seconds=60),
    "abandonment_rate": f"CASE WHEN NOT {WRITTEN} THEN CAST(abandoned AS DOUBLE) END",
    "first_response_time": f"CASE WHEN NOT abandoned AND {WRITTEN} THEN wait_seconds END",
    "responded_in_time": IN_TIME.format(which=WRITTEN, seconds=3600),
    "transfer_rate": "CASE WHEN NOT abandoned THEN CAST(transfers > 0 AS DOUBLE) END",
    "cost_per_contact": "cost",
}
FOLLOWED = {
    "repeat_contact_rate": f"CASE WHEN followed >= {REPEAT_DAYS} AND reason IS NOT NULL THEN "
    f"CAST(coalesce(days <= {REPEAT_DAYS}, false) AS DOUBLE) END",
}
SURVEYS = {
    "nps": "CASE metric WHEN 'nps' "
    "THEN 100.0 * (CAST(score >= 9 AS INT) - CAST(score <= 6 AS INT)) END",
    "csat": "CASE metric WHEN 'csat' THEN score END",
    "csat_top2": "CASE metric WHEN 'csat' THEN CAST(score >= 4 AS DOUBLE) END",
    "csat_bottom2": "CASE metric WHEN 'csat' THEN CAST(score <= 2 AS DOUBLE) END",
    "ces": "CASE metric WHEN 'ces' THEN score END",
}


# Of these, rows have values of their own, whose squares an interval needs.
OWN = {"average_handle_time", "average_speed_of_answer", "first_response_time", "cost_per_contact",
       "nps", "csat", "ces"}  # fmt: skip
COUNTED = (*CONTACTS, *FOLLOWED, *SURVEYS)


def by_hand(columns: dict[str, str], rows: str) -> str:
    """What an analyst who knows two-way clustered errors would write."""
    inner, middle, outer = [], [], []
    for name, value in columns.items():
        y, n, s = f"{name}_y", f"{name}_n", f"{name}_s"
        squares = f"sum(({value}) ** 2)" if name in OWN else f"sum({value})"
        inner += [
            f"coalesce(sum({value}), 0) AS {y}",
            f"count({value}) AS {n}",
            f"{squares} AS {s}",
        ]
        middle += [f"sum({each}) AS {each}" for each in (y, n, s)]
        middle += [f"sum({y} * {y}) AS {name}_cyy", f"sum({y} * {n}) AS {name}_cxy",
                   f"sum({n} * {n}) AS {name}_cxx"]  # fmt: skip
        outer += [
            f"sum({y}) AS {y}", f"sum({n}) AS {name}_x", f"sum({s}) AS {s}",
            f"sum({y} * {y}) AS {name}_yy", f"sum({y} * {n}) AS {name}_xy",
            *(f"sum(CAST({n} AS DOUBLE) ** {k}) AS {name}_x{k}" for k in (2, 3, 4, 5)),
            f"count_if({n} > 0) AS {name}_clusters",
            *(f"sum({name}_{each}) AS {name}_{each}" for each in ("cyy", "cxy", "cxx")),
        ]  # fmt: skip
    return (
        f"WITH cells AS (SELECT month, channel, account_id, time, {', '.join(inner)} "
        f"FROM ({rows}) GROUP BY month, channel, account_id, time), "
        f"parts AS (SELECT month, channel, account_id, time, {', '.join(middle)} FROM cells "
        "GROUP BY GROUPING SETS ((month, channel, account_id), (month, channel, time))) "
        f"SELECT month, channel, account_id IS NULL AS by_time, {', '.join(outer)} FROM parts "
        "GROUP BY month, channel, by_time"
    )


CONTACT_SQL = (
    "SELECT interactions.*, account_id, date_trunc('month', started_at) AS month, "
    "date_trunc('day', started_at) AS time FROM interactions JOIN customers USING (customer_id)"
)


def followed_sql(end: str) -> str:
    """Contacts with what came after them."""
    return (
        "SELECT *, date_trunc('month', started_at) AS month, "
        "date_trunc('week', started_at) AS time, "
        "(epoch(lead(started_at) OVER (PARTITION BY customer_id, reason ORDER BY started_at, "
        "channel)) - epoch(started_at)) / 86400 AS days, "
        f"(epoch(TIMESTAMP '{end}') - epoch(started_at)) / 86400 AS followed "
        "FROM interactions JOIN customers USING (customer_id)"
    )


SURVEY_SQL = (
    "SELECT surveys.*, channel, account_id, "
    "date_trunc('month', coalesce(responded_at, sent_at)) AS month, "
    "date_trunc('day', coalesce(responded_at, sent_at)) AS time "
    "FROM surveys LEFT JOIN interactions USING (interaction_id) "
    "JOIN customers ON customers.customer_id = surveys.customer_id WHERE score IS NOT NULL"
)


def in_pandas(
    contacts: pd.DataFrame, surveys: pd.DataFrame, end: pd.Timestamp
) -> list[pd.DataFrame]:
    """The same sums in pandas, from frames that are in memory already."""
    frame = contacts.sort_values(["customer_id", "reason", "started_at", "channel"])
    following = frame.groupby(["customer_id", "reason"], observed=True).started_at.shift(-1)
    days = (following - frame.started_at).dt.total_seconds() / 86_400
    followed = (end - frame.started_at).dt.total_seconds()
    seen = (followed >= REPEAT_DAYS * 86_400) & frame.reason.notna()
    written, answered = frame.channel.isin(["email", "web"]), ~frame.abandoned
    standard = np.where(written, 3_600, 60)
    within = (answered & (frame.wait_seconds <= standard)).astype(float)
    within = within.where(frame.wait_seconds.notna() | frame.abandoned)
    waits = frame.wait_seconds.where(answered)
    values = {
        "first_contact_resolution": frame.resolved.astype(float).where(answered),
        "average_handle_time": frame.handle_seconds.where(answered),
        "average_speed_of_answer": waits.where(~written),
        "service_level": within.where(~written),
        "abandonment_rate": frame.abandoned.astype(float).where(~written),
        "first_response_time": waits.where(written),
        "responded_in_time": within.where(written),
        "transfer_rate": (frame.transfers > 0).astype(float).where(answered),
        "cost_per_contact": frame.cost,
    }
    again = {"repeat_contact_rate": (days <= REPEAT_DAYS).astype(float).where(seen)}
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
    return [
        _sums(frame, frame.started_at, "D", values),
        _sums(frame, frame.started_at, "W", again),
        _sums(asked, asked.responded_at.fillna(asked.sent_at), "D", scores),
    ]


def _sums(
    frame: pd.DataFrame, at: pd.Series, time: str, values: dict[str, pd.Series]
) -> pd.DataFrame:
    month, channel, account = at.dt.to_period("M").rename("month"), frame.channel, frame.account_id
    table = pd.DataFrame(values)
    keys = [month, channel, account, at.dt.to_period(time).rename("time")]
    grouped = table.groupby(keys, observed=True)
    y, n = grouped.sum(), grouped.count()
    squares = (table[[name for name in table if name in OWN]] ** 2).groupby(keys, observed=True)
    cells = {"y": y, "n": n, "cyy": y * y, "cxy": y * n, "cxx": n * n, "squares": squares.sum()}
    cells = pd.concat(cells, axis=1)
    found = []
    for by in ("account_id", "time"):
        parts = cells.groupby(["month", "channel", by], observed=True).sum()
        y, n = parts["y"], parts["n"].astype(float)
        powers = {f"x{k}": n**k for k in (2, 3, 4, 5)}
        sums = {"y": y, "n": n, "yy": y * y, "xy": y * n, **powers, "clusters": n > 0}
        found.append(pd.concat(sums, axis=1).groupby(["month", "channel"], observed=True).sum())
    # Those by time are worked out as the others are; the values that are compared are the same.
    return found[0]


def timed(work) -> tuple[float, object]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def ours(folder: Path, rounds: int) -> None:
    """In a process of its own: the panel, SQL by hand on the same tables, and the memory taken."""
    opening, data = timed(lambda: open_dataset(folder, raw_ids=True))
    base = data.tables["interactions"].get_backend().con
    tables = {name: rows.get_name() for name, rows in data.tables.items()}
    for name in ("interactions", "surveys", "customers"):
        base.execute(f'CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM "{tables[name]}"')
    followed = followed_sql(f"{data.end:%Y-%m-%d}")
    queries = [
        by_hand(CONTACTS, CONTACT_SQL), by_hand(FOLLOWED, followed), by_hand(SURVEYS, SURVEY_SQL)
    ]  # fmt: skip
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
    for names, frame in zip((CONTACTS, FOLLOWED, SURVEYS), hand, strict=True):
        frame = frame[~frame.by_time] if "by_time" in frame else frame
        for name in names:
            mine = panel[panel.kpi == name].set_index(["period", "channel"]).value
            theirs = frame.set_index(["month", "channel"])
            theirs = (theirs[f"{name}_y"] / theirs[f"{name}_x"]).dropna()
            both = pd.concat([mine, theirs], axis=1).dropna()
            assert len(both) == len(mine) > 0, name
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
    people = pd.read_parquet(folder / "customers.parquet", columns=["customer_id", "account_id"])
    contacts, surveys = (
        each.assign(account_id=each.customer_id.map(people.set_index("customer_id").account_id))
        for each in (contacts, surveys)
    )
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
