"""What the data-readiness page shows of everything that is wrong, and its verdict."""

from collections.abc import Mapping, Sequence

import numpy as np

from cxlib.data_readiness.drift import ALPHA, Drift
from cxlib.data_readiness.issues import (
    CARE,
    CARE_FROM,
    FAIR,
    LOST_UNFIT_FROM,
    SOUND,
    UNFIT,
    UNFIT_FROM,
    Issue,
)
from cxlib.data_readiness.quarterly import VOLUME
from cxlib.data_readiness.verdict import REVENUE_CARE_FROM, REVENUE_UNFIT_FROM, Readiness
from cxlib.page.finding import Finding
from cxlib.page.table import Table, make_table
from cxlib.page.wording import capital, listed, looked_at, number, percent, rows

WORDS = {
    SOUND: "The data are fit for use.",
    CARE: "Use with care.",
    UNFIT: "Do not use these figures.",
}
MOST_SHOWN = 40


def verdict_finding(readiness: Readiness, currency: str = "") -> Finding:
    """Whether to believe the other pages, and what stands in the way."""
    unknown = listed(readiness.untested)
    untold = f" Not tested: {unknown}." if unknown else ""
    if readiness.level == SOUND:
        minor = len(readiness.issues)
        evidence = f"{rows(minor, 'small fault')} below, too rare to matter." if minor else ""
        sentence = WORDS[SOUND] if not unknown else "No fault was found in the data."
        return Finding(f"{sentence}{untold}", evidence=evidence, news=False, verdict=True)
    grave = [each for each in readiness.issues if each.level == readiness.level]
    words = [_in_words(each, currency) for each in grave[:3]]
    # Said of several groups, a fault is named once.
    named = [said.split(": ", 1) for said in words]
    words = [
        each[-1] if place and len(each) == 2 and each[0] == named[place - 1][0] else said
        for place, (each, said) in enumerate(zip(named, words, strict=True))
    ]
    more = f"; and {len(grave) - 3} more" if len(grave) > 3 else ""
    return Finding(
        f"{WORDS[readiness.level]} {capital('; '.join(words))}{more}.{untold}",
        evidence=f"Above {UNFIT_FROM:.0%} faulty rows, or {REVENUE_UNFIT_FROM:.0%} of revenue, do "
        f"not use the figures; the same holds when about {LOST_UNFIT_FROM:.0%} of rows or values "
        f"never arrived. From {CARE_FROM:.1%} of rows or {REVENUE_CARE_FROM:.0%} of revenue on, "
        "and with any other fault, use them with care.",
        verdict=True,
    )


def _in_words(issue: Issue, currency: str) -> str:
    # Who answers is a matter of surveys alone.
    where = f"in {issue.table}, " if issue.table and issue.dimension != FAIR else ""
    if np.isnan(issue.share):
        return f"{where}{issue.what}"
    size = f"{rows(issue.rows)}, {percent(issue.share)}"
    if issue.money:
        size += f", which amount to {number(issue.money, 'money', currency)} in a year"
    return f"{where}{issue.what}: {size}"


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
    )


def issue_table(readiness: Readiness, currency: str) -> Table:
    """Every fault, the gravest first, with the revenue of the accounts that it concerns."""
    records = [
        {
            "Verdict": each.level,
            "Where": ".".join(filter(None, (each.table, each.column))) or "all",
            "What": each.what,
            "Rows": number(each.rows, "count"),
            "Share": percent(each.share),
            "Revenue concerned": number(each.revenue, "money", currency),
        }
        for each in readiness.issues[:MOST_SHOWN]
    ]
    none = {"Verdict": SOUND, "Where": "–", "What": "no fault found", "Rows": number(0, "count"),
            "Share": number(np.nan), "Revenue concerned": number(np.nan)}  # fmt: skip
    left = len(readiness.issues) - MOST_SHOWN
    more = f"; {left} lesser ones are left out here" if left > 0 else ""
    return make_table(records or [none], f"Faults, the gravest first{more}")


def drift_finding(drift: Drift) -> Finding:
    """Whether the quarter's rows look otherwise than those before."""
    if drift.problem:
        return Finding(f"Drift was not tested: {drift.problem}.", news=False)
    looked = rows(len(drift.tested), "measure")
    if drift.found.empty:
        return Finding(
            f"No drift was found in the data since the quarter before, in {looked}.",
            evidence=f"Volume, filling, categories and distributions. {_power(drift)}".strip(),
            news=False,
        )
    places = list(dict.fromkeys(
        f"{each.table}.{each.column}" if each.column else each.table
        for each in drift.found.itertuples()
    ))  # fmt: skip
    more = [f"{len(places) - 4} more"] if len(places) > 4 else []
    return Finding(
        f"Drifted since the quarter before: {listed([*places[:4], *more])}.",
        evidence=f"{looked_at(len(drift.tested), 'measure')}, and allowance is made for that: a "
        f"sound quarter raises a false alarm in at most 1 of {1 / ALPHA:.0f} cases. "
        f"{_power(drift)}",
    )


def _power(drift: Drift) -> str:
    """How much would have had to be lost to be seen."""
    volumes = drift.tested[drift.tested.what == VOLUME]
    words = [f"{each.table} {-np.expm1(-each.detectable):.0%}" for each in volumes.itertuples()]
    if not words:
        return ""
    return f"A loss of rows would be seen from about these shares on: {', '.join(words)}."


def inventory_table(inventory: Sequence[Mapping[str, str]]) -> Table:
    """The information behind the reports, as `dataset.toml` tells of it."""
    heads = {"what": "Information", "form": "Form", "source": "Source", "producer": "Produced by",
             "needed": "Needed", "delivery": "Pushed or pulled", "report": "Behind"}  # fmt: skip
    return make_table(
        [{head: each.get(name, "") or "–" for name, head in heads.items()} for each in inventory]
        or [{"Information": "none is described: add [[inventory]] sections to dataset.toml"}],
        "Inventory of the information behind the reports",
        folded=True,
    )
