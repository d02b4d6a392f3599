"""What the data-readiness page shows of everything that is wrong, and its verdict."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from cxlib.analysis.drift import Drift
from cxlib.analysis.nonresponse import ResponseRate
from cxlib.analysis.readiness import (
    CARE,
    COMPLETE,
    CONSISTENT,
    FAIR,
    PRIVATE,
    SOUND,
    STEADY,
    TIMELY,
    UNFIT,
    VALID,
    Issue,
    Readiness,
    drift_issues,
    fault_issues,
    judge,
    level_of,
)
from cxlib.data import Dataset
from cxlib.data.marks import marks
from cxlib.data.privacy import FINDS
from cxlib.measure.coverage import Coverage
from cxlib.measure.quality import (
    Contradiction,
    accounts_of_faults,
    revenue_of_accounts,
)
from cxlib.measure.silences import Silence
from cxlib.present.findings import Finding
from cxlib.present.numbers import listed, number, percent, rows
from cxlib.present.tables import Table, make_table

WORDS = {
    SOUND: "The data can be relied on.",
    CARE: "The data can be relied on with care",
    UNFIT: "The data cannot be relied on as they are",
}
MOST_SHOWN = 40
# Empty as long as nobody has left, and nothing has been closed.
MAY_BE_EMPTY = ("churn_date", "closed_at", "decision")
SUREST = 0.025


def weigh_issues(
    data: Dataset,
    coverage: Coverage,
    contradictions: Sequence[Contradiction],
    silences: Sequence[Silence],
    drift: Drift,
    rates: Sequence[ResponseRate],
    schema: Sequence[tuple[str, str, str]],
) -> Readiness:
    """Everything that is wrong with a quarter's data, weighed.

    Args:
        data, coverage, contradictions, silences, drift, rates: What was found.
        schema: Columns that have come, gone or changed their type: table, column, what.
    """
    issues = fault_issues(coverage.intake, data.faults, accounts_of_faults(data))
    for each in contradictions:
        if each.rows:
            share = each.rows / max(each.of, 1)
            issues.append(
                Issue(CONSISTENT, each.table, "", each.name, each.rows, share, each.accounts,
                      level_of(share))
            )  # fmt: skip
    if left := len(marks(data.folder)):
        what = f"{rows(left, 'guess')} in the SQL not looked at yet: cx check lists them"
        issues.append(Issue(VALID, "", "", what, np.nan, np.nan))
    last = data.end - timedelta(days=1)
    if data.quarter and not data.covers(data.quarter.start, data.quarter.end):
        issues.append(
            Issue(TIMELY, "", "", f"the data end on {last:%d %b %Y}, before the quarter does",
                  np.nan, np.nan, level=UNFIT)
        )  # fmt: skip
    for each in silences:
        ended = "" if pd.Timestamp(each.end) < pd.Timestamp(data.end) else " or later"
        what = (
            f"no row from {each.start:%d %b} to {each.end:%d %b %Y}{ended}, where "
            f"{each.expected:,.0f} were to be expected"
        )
        issues.append(Issue(TIMELY, each.table, "", what, np.nan, np.nan))
    for table, column, what in schema:
        issues.append(Issue(STEADY, table, column, what, np.nan, np.nan))
    issues += drift_issues(drift.found)
    for each in rates:
        if each.q < SUREST and each.gap.value < 0:
            issues.append(
                Issue(FAIR, "surveys", each.by, f"{each.group} answers less often than others: "
                      f"{number(each.rate.value, 'share')}", np.nan, np.nan)
            )  # fmt: skip
    issues += _empty_columns(coverage) + _finds(data)
    return judge(issues, revenue_of_accounts(data))


def _empty_columns(coverage: Coverage) -> list[Issue]:
    filled = coverage.filled
    none = filled[(filled.filled == 0) & ~filled.column.isin(MAY_BE_EMPTY)]
    return [
        Issue(COMPLETE, each.table, each.column, f"{each.column} is there, and always empty",
              np.nan, np.nan)
        for each in none.itertuples()
    ]  # fmt: skip


def _finds(data: Dataset) -> list[Issue]:
    """What named persons in free text, and has been masked."""
    issues = []
    for table, held in data.known_tables.items():
        texts = [name for name in held.columns if held[name].type().is_string()]
        texts = [name for name in texts if name not in data.pseudonyms]
        asked = {
            f"{name}|{what}": held[name].contains(f"[{what}]").fill_null(False).ifelse(1, 0).sum()
            for name in texts
            for what in FINDS
        }
        found = held.aggregate(**asked).execute().iloc[0].fillna(0) if asked else {}
        for key in asked:
            if found[key]:
                name, what = key.split("|")
                issues.append(
                    Issue(PRIVATE, table, name, f"{name} holds what looks like an {what}"
                          if what[0] in "aeo" else f"{name} holds what looks like a {what}",
                          float(found[key]), np.nan, level=CARE)
                )  # fmt: skip
    return issues


def verdict_finding(readiness: Readiness) -> Finding:
    """Whether to believe the other pages, and what stands in the way."""
    if readiness.level == SOUND:
        minor = len(readiness.issues)
        evidence = f"{rows(minor, 'small fault')} below, too rare to matter." if minor else ""
        return Finding(WORDS[SOUND], evidence=evidence, news=False, verdict=True)
    grave = [each for each in readiness.issues if each.level == readiness.level]
    words = [f"{each.table + ': ' if each.table else ''}{each.what}" for each in grave[:3]]
    more = f", and {len(grave) - 3} more" if len(grave) > 3 else ""
    return Finding(
        f"{WORDS[readiness.level]}: {'; '.join(words)}{more}.",
        evidence="A fault asks for care from 0.5% of a table's rows on, or 2% of revenue; from 5%, "
        "or 20% of revenue, on it forbids belief.",
        verdict=True,
    )


def dimension_table(readiness: Readiness) -> Table:
    """The verdict by dimension of data quality."""
    return make_table(
        [
            {
                "Dimension": name.capitalize(),
                "Verdict": level,
                "Faults": number(sum(each.dimension == name for each in readiness.issues), "count"),
            }
            for name, level in readiness.levels.items()
        ],
        "Verdict by dimension",
        ("Faults",),
    )


def issue_table(readiness: Readiness, currency: str) -> Table:
    """Every fault, the gravest first, with the revenue of the accounts that it concerns."""
    records = [
        {
            "Where": ".".join(filter(None, (each.table, each.column))) or "all",
            "What": each.what,
            "Rows": "–" if np.isnan(each.rows) else number(each.rows, "count"),
            "Share": "–" if np.isnan(each.share) else percent(each.share),
            "Revenue concerned": "–" if np.isnan(amount) else number(amount, "money", currency),
            "Verdict": each.level,
        }
        for each, amount in list(zip(readiness.issues, readiness.revenue, strict=True))[:MOST_SHOWN]
    ]
    none = {"Where": "–", "What": "no fault found", "Rows": "0", "Share": "–",
            "Revenue concerned": "–", "Verdict": SOUND}  # fmt: skip
    left = len(readiness.issues) - MOST_SHOWN
    more = f"; {left} lesser ones are left out here" if left > 0 else ""
    return make_table(
        records or [none],
        f"Faults, the gravest first{more}",
        ("Rows", "Share", "Revenue concerned"),
    )


def drift_finding(drift: Drift) -> Finding:
    """Whether the quarter's rows look otherwise than those before."""
    if drift.problem:
        return Finding(f"Drift cannot be told from chance: {drift.problem}.", news=False)
    looked = rows(len(drift.tested), "measure")
    if drift.found.empty:
        return Finding(
            f"No detectable drift against the quarter before, in {looked} of volume, filling, "
            "categories and distributions.",
            news=False,
        )
    places = list(dict.fromkeys(
        f"{each.table}.{each.column}" if each.column else each.table
        for each in drift.found.itertuples()
    ))  # fmt: skip
    more = f" and {len(places) - 4} more" if len(places) > 4 else ""
    return Finding(
        f"Drifted against the quarter before, beyond chance: {listed(places[:4])}{more}.",
        evidence=f"{looked} were looked at, and allowance is made for that: a sound quarter raises "
        "a false alarm in at most 1 of 20 cases.",
    )


def inventory_table(inventory: Sequence[Mapping[str, str]]) -> Table:
    """The information behind the reports, as `dataset.toml` tells of it."""
    heads = {"what": "Information", "form": "Form", "source": "Source", "producer": "Produced by",
             "needed": "Needed", "delivery": "Pushed or pulled", "report": "Behind"}  # fmt: skip
    return make_table(
        [{head: each.get(name, "") or "–" for name, head in heads.items()} for each in inventory]
        or [{"Information": "none is told: add [[inventory]] sections to dataset.toml"}],
        "Inventory of the information behind the reports",
    )
