"""What the data-readiness page shows."""

from datetime import timedelta

import numpy as np
import pandas as pd

from cxlib.data import Dataset
from cxlib.data_readiness.coverage import Coverage
from cxlib.page.figure import BLUE, FAINT, GREY, PALETTE, Figure, canvas, dated, styled
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import listed, month, number, percent, rows

MOSTLY_EMPTY = 0.5
# So few months are all named below their bars.
FEW_MONTHS, HALF_MONTH = 9, timedelta(days=16)


def intake_finding(coverage: Coverage) -> Finding:
    """How much of what came in could be used."""
    read, aside = coverage.intake.read.sum(), coverage.intake.quarantined.sum()
    if not aside:
        return Finding(f"All {rows(read)} read keep the data contract and are used.", news=False)
    worst = coverage.faults.sort_values("rows", ascending=False).iloc[0]
    return Finding(
        f"{rows(aside)} of {number(read, 'count')} ({percent(aside / read)}) "
        f"{'was' if aside == 1 else 'were'} set apart; the commonest fault: {worst.table}."
        f"{worst.column} {worst.rule} ({rows(worst.rows)}).",
        evidence="Rows read = rows used + rows set apart, for every table.",
    )


def intake_table(coverage: Coverage) -> Table:
    """Rows read, used and set apart, by table."""
    return make_table(
        [
            {
                "Table": each.table,
                "File": each.file,
                "Read": number(each.read, "count"),
                "Used": number(each.used, "count"),
                "Set apart": number(each.quarantined, "count"),
                "Optional columns not there": each.missing or "–",
            }
            for each in coverage.intake.itertuples()
        ],
        "Rows by table",
        folded=True,
    )


def fault_table(coverage: Coverage) -> Table:
    """Every kind of fault, with an example."""
    return make_table(
        [
            {
                "File": each.file,
                "Column": each.column,
                "Rule": each.rule,
                "Rows": number(each.rows, "count"),
                "Looks like": _shown(each.example),
            }
            for each in coverage.faults.itertuples()
        ]
        or [{"File": "–", "Column": "–", "Rule": "no fault found", "Rows": "0", "Looks like": "–"}],
        "Rows set apart, by reason",
        folded=True,
    )


def span_finding(data: Dataset) -> Finding:
    """Whether the data span the quarter."""
    quarter, last = data.quarter, data.end - timedelta(days=1)
    if quarter is None or data.covers(quarter.start, quarter.end):
        return Finding(f"The data span {quarter or 'all that is asked for'}.", news=False)
    return Finding(
        f"The data do not span {quarter}, {quarter.start:%d %b %Y} to "
        f"{quarter.end - timedelta(days=1):%d %b %Y}: they run from {data.start:%d %b %Y} to "
        f"{last:%d %b %Y}. KPIs are compared with no other quarter.",
    )


def gaps_finding(coverage: Coverage) -> Finding:
    """Months without any row."""
    empty = coverage.months[coverage.months.rows == 0]
    if empty.empty:
        tables = listed(coverage.months.table.unique())
        return Finding(f"There are rows in every month of the data for {tables}.", news=False)
    words = [
        f"{table} ({rows(len(group), 'month')}, the first {month(group.month.iloc[0])})"
        for table, group in empty.groupby("table", sort=False)
    ]
    return Finding(f"Months without a single row: {listed(words)}.")


@styled
def months_figure(coverage: Coverage) -> Figure:
    """Rows per month, a panel per table."""
    tables = list(coverage.months.table.unique())
    figure, axes = canvas(0.4 + 1.25 * len(tables), len(tables), sharex=True, squeeze=False)
    for axis, table, colour in zip(axes[:, 0], tables, PALETTE, strict=False):
        months = coverage.months[coverage.months.table == table]
        axis.bar(months.month, months.rows, width=24, color=colour)
        axis.set_title(table)
        axis.grid(axis="y", color=FAINT, lw=0.6)
        axis.set_axisbelow(True)
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    whole = sorted(coverage.months.month.unique())
    if len(whole) > FEW_MONTHS:
        dated(axes[-1, 0])
    else:
        axes[-1, 0].set_xticks(whole, [month(each) for each in whole])
        beside = HALF_MONTH * (FEW_MONTHS - len(whole) + 1)
        axes[-1, 0].set_xlim(whole[0] - beside, whole[-1] + beside)
    spans = [
        f"{table} from {number(part.rows.min(), 'count')} to {number(part.rows.max(), 'count')}"
        for table, part in coverage.months.groupby("table", sort=False)
    ]
    first, last = coverage.months.month.min(), coverage.months.month.max()
    return Figure(
        figure,
        f"Bar charts of rows per month, {month(first)} to {month(last)}: {listed(spans)}.",
    )


def filled_finding(coverage: Coverage) -> Finding:
    """Columns that are mostly empty."""
    empty = coverage.filled[coverage.filled.filled < MOSTLY_EMPTY]
    if empty.empty:
        return Finding("No column is empty for most rows.", news=False)
    names = listed(
        f"{each.table}.{each.column} ({percent(each.filled)})" for each in empty.itertuples()
    )
    return Finding(
        f"Filled for fewer than half of the rows: {names}.",
        evidence="Some are meant to be: a churn date is empty while an account stays.",
    )


@styled
def filled_figure(coverage: Coverage) -> Figure:
    """Columns that are not filled for every row."""
    partly = coverage.filled[coverage.filled.filled < 1].sort_values("filled")
    names = [f"{each.table}.{each.column}" for each in partly.itertuples()] or ["every column"]
    shares = partly.filled.to_numpy() if len(partly) else np.array([1.0])
    figure, axis = canvas(0.7 + 0.24 * len(names))
    axis.barh(range(len(names)), 100, color=FAINT, height=0.7)
    axis.barh(range(len(names)), 100 * shares, color=BLUE, height=0.7)
    for row, share in enumerate(shares):
        axis.text(101, row, percent(share), va="center", color=GREY)
    axis.set_yticks(range(len(names)), names)
    axis.set_xlim(0, 110)
    axis.set_xlabel("Rows with a value (%)")
    axis.invert_yaxis()
    lowest = f"{names[0]} is lowest with {percent(shares[0])}"
    return Figure(figure, f"Bar chart of columns not filled for every row; {lowest}.")


def left_out_table(data: Dataset, left_out: dict[str, str]) -> Table:
    """KPIs that this dataset cannot feed, and why."""
    return make_table(
        [{"KPI": name, "Why it is left out": why} for name, why in left_out.items()]
        or [{"KPI": "none", "Why it is left out": "every KPI of the catalogue can be measured"}],
        f"KPIs that {data.config.name} cannot feed",
        folded=True,
    )


def _shown(value) -> str:
    text = "" if pd.isna(value) else str(value)
    return f"{text[:40]}…" if len(text) > 40 else text or "(empty)"
