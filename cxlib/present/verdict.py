"""What the data-readiness page shows of everything that is wrong, and its verdict."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from cxlib.analysis.drift import ALPHA, FALSE_ALARMS, VOLUME, Drift
from cxlib.analysis.nonresponse import ResponseRate
from cxlib.analysis.readiness import (
    CARE,
    CARE_FROM,
    COMPLETE,
    CONSISTENT,
    FAIR,
    LOST_CARE_FROM,
    LOST_UNFIT_FROM,
    PRIVATE,
    REVENUE_CARE_FROM,
    REVENUE_UNFIT_FROM,
    SOUND,
    STEADY,
    TIMELY,
    UNFIT,
    UNFIT_FROM,
    VALID,
    Issue,
    Readiness,
    absence_issues,
    drift_issues,
    fault_issues,
    judge,
    level_of,
)
from cxlib.data import Dataset
from cxlib.data.marks import marks
from cxlib.data.masks import FINDS
from cxlib.measure.coverage import Coverage
from cxlib.measure.quality import (
    Contradiction,
    accounts_of_faults,
    revenue_of_accounts,
    rows_of_accounts,
)
from cxlib.measure.silences import Silence
from cxlib.present.findings import Finding
from cxlib.present.numbers import estimate, listed, number, percent, rows
from cxlib.present.tables import Table, make_table

WORDS = {
    SOUND: "The data can be relied on.",
    CARE: "The data can be relied on with care",
    UNFIT: "The data cannot be relied on as they are",
}
MOST_SHOWN = 40
# Empty as long as nobody has left, and nothing has been closed.
MAY_BE_EMPTY = ("churn_date", "closed_at", "decision")
# Groups that answer so little less often than others, in points, hardly bend a score.
LEAST_GAP = 0.05


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
    quarter, months = data.quarter, coverage.months
    held = rows_of_accounts(data)
    used_now = months[(months.month >= quarter.start) & (months.month < quarter.end)]
    read = coverage.intake.set_index("table")[["used"]]
    read["used_now"] = used_now.groupby("table").rows.sum().reindex(read.index).fillna(0)
    issues = fault_issues(_with_accounts(data, held), read, (quarter.start, quarter.end))
    for each in contradictions:
        if each.rows:
            share = each.rows / max(each.of, 1)
            touched = {
                account: count / held[each.table][account]
                for account, count in each.accounts.items()
            }
            issues.append(
                Issue(CONSISTENT, each.table, "", each.name, each.rows, share, touched,
                      level_of(share))
            )  # fmt: skip
    if left := len(marks(data.folder)):
        what = f"{rows(left, 'place')} of the SQL to be looked at yet: cx check lists them"
        issues.append(Issue(VALID, "", "", what, np.nan, np.nan))
    issues += absence_issues(months, quarter.start, quarter.end)
    issues += [
        Issue(VALID, table, "", f"{rows(count, 'row')} dated far from all others, not counted when "
              "telling what the data span", float(count), np.nan)
        for table, count in data.strays.items()
    ]  # fmt: skip
    last = data.end - timedelta(days=1)
    if not data.covers(quarter.start, quarter.end):
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
        came = read.used_now.get(each.table, 0)
        level = level_of(each.expected / (each.expected + came), LOST_CARE_FROM, LOST_UNFIT_FROM)
        issues.append(Issue(TIMELY, each.table, "", what, np.nan, np.nan, level=level))
    for table, column, what in schema:
        issues.append(Issue(STEADY, table, column, what, np.nan, np.nan))
    issues += drift_issues(drift.found)
    for each in rates:
        if each.q < FALSE_ALARMS - ALPHA and each.gap.value <= -LEAST_GAP and each.named:
            others = number(each.rate.value - each.gap.value, "share")
            issues.append(
                Issue(FAIR, "surveys", each.by, f"{each.by.replace('_', ' ')} {each.group} answers "
                      f"less often: {estimate(each.rate)}, others {others}", np.nan, np.nan)
            )  # fmt: skip
    issues += _empty_columns(coverage) + _finds(data)
    untested = [STEADY] if drift.problem else []
    untested += [] if rates else [FAIR]
    return judge(issues, revenue_of_accounts(data), untested)


def _with_accounts(data: Dataset, held: Mapping[str, pd.Series]) -> pd.DataFrame:
    """The faults with the account of each, and how many rows that account has in the table."""
    faults = data.faults.assign(account=accounts_of_faults(data))
    counts = [
        held.get(table, {}).get(account, 0)
        for table, account in zip(faults.table, faults.account, strict=True)
    ]
    return faults.assign(account_rows=counts)


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
                    Issue(PRIVATE, table, name, f"{name} holds what looks like "
                          f"{'an' if what[0] in 'ae' else 'a'} {what}", float(found[key]), np.nan)
                )  # fmt: skip
    return issues


def verdict_finding(readiness: Readiness) -> Finding:
    """Whether to believe the other pages, and what stands in the way."""
    unknown = listed(readiness.untested)
    untold = f" The data are too few to tell of {unknown}." if unknown else ""
    if readiness.level == SOUND:
        minor = len(readiness.issues)
        evidence = f"{rows(minor, 'small fault')} below, too rare to matter." if minor else ""
        sentence = WORDS[SOUND] if not unknown else "No fault was found in the data."
        return Finding(f"{sentence}{untold}", evidence=evidence, news=False, verdict=True)
    grave = [each for each in readiness.issues if each.level == readiness.level]
    words = [f"{each.table + ': ' if each.table else ''}{each.what}" for each in grave[:3]]
    more = f"; and {len(grave) - 3} more" if len(grave) > 3 else ""
    return Finding(
        f"{WORDS[readiness.level]}: {'; '.join(words)}{more}.{untold}",
        evidence=f"Faulty rows ask for care from {CARE_FROM:.1%} of a table's rows on, or "
        f"{REVENUE_CARE_FROM:.0%} of revenue; they forbid belief from {UNFIT_FROM:.0%} on, or "
        f"{REVENUE_UNFIT_FROM:.0%} of revenue; so do rows and values that never came, from about "
        f"{LOST_UNFIT_FROM:.0%} on. Whatever else is told asks for care.",
        verdict=True,
    )


def dimension_table(readiness: Readiness) -> Table:
    """The verdict by dimension of data quality."""
    return make_table(
        [
            {
                "Dimension": name.capitalize(),
                "Verdict": "not tested" if name in readiness.untested else level,
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
            "Verdict": each.level,
            "Where": ".".join(filter(None, (each.table, each.column))) or "all",
            "What": each.what,
            "Rows": _told(each.rows, "count"),
            "Share": "–" if np.isnan(each.share) else percent(each.share),
            "Revenue concerned": _told(each.revenue, "money", currency),
        }
        for each in readiness.issues[:MOST_SHOWN]
    ]
    none = {"Verdict": SOUND, "Where": "–", "What": "no fault found", "Rows": "0", "Share": "–",
            "Revenue concerned": "–"}  # fmt: skip
    left = len(readiness.issues) - MOST_SHOWN
    more = f"; {left} lesser ones are left out here" if left > 0 else ""
    return make_table(
        records or [none],
        f"Faults, the gravest first{more}",
        ("Rows", "Share", "Revenue concerned"),
    )


def _told(value: float, unit: str, currency: str = "") -> str:
    return "–" if np.isnan(value) else number(value, unit, currency)


def drift_finding(drift: Drift) -> Finding:
    """Whether the quarter's rows look otherwise than those before."""
    if drift.problem:
        return Finding(f"Drift cannot be told from chance: {drift.problem}.", news=False)
    looked = rows(len(drift.tested), "measure")
    if drift.found.empty:
        return Finding(
            f"No detectable drift against the quarter before, in {looked} of volume, filling, "
            "categories and distributions.",
            evidence=_power(drift),
            news=False,
        )
    places = list(dict.fromkeys(
        f"{each.table}.{each.column}" if each.column else each.table
        for each in drift.found.itertuples()
    ))  # fmt: skip
    more = [f"{len(places) - 4} more"] if len(places) > 4 else []
    return Finding(
        f"Drifted against the quarter before, beyond chance: {listed([*places[:4], *more])}.",
        evidence=f"{looked} were looked at, and allowance is made for that: a sound quarter raises "
        f"a false alarm in at most 1 of {1 / ALPHA:.0f} cases. {_power(drift)}",
    )


def _power(drift: Drift) -> str:
    """How much would have had to be lost to be seen."""
    volumes = drift.tested[drift.tested.what == VOLUME]
    words = [f"{each.table} {-np.expm1(-each.detectable):.0%}" for each in volumes.itertuples()]
    if not words:
        return ""
    return f"Rows lost stand out from about these shares of a table on: {', '.join(words)}."


def inventory_table(inventory: Sequence[Mapping[str, str]]) -> Table:
    """The information behind the reports, as `dataset.toml` tells of it."""
    heads = {"what": "Information", "form": "Form", "source": "Source", "producer": "Produced by",
             "needed": "Needed", "delivery": "Pushed or pulled", "report": "Behind"}  # fmt: skip
    return make_table(
        [{head: each.get(name, "") or "–" for name, head in heads.items()} for each in inventory]
        or [{"Information": "none is told: add [[inventory]] sections to dataset.toml"}],
        "Inventory of the information behind the reports",
    )
