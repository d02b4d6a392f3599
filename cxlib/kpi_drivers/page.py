"""What the KPI and drivers page shows."""

import math
from collections.abc import Mapping, Sequence
from itertools import takewhile
from types import MappingProxyType

import pandas as pd

from cxlib.data import Quarter
from cxlib.data.config import SCALES, Config
from cxlib.findings import CHANGE
from cxlib.kpi_drivers.drivers import Driver, Drivers
from cxlib.measure import KPIS
from cxlib.measure.contrast import Change
from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import COMPLEMENTS, HIGHER, LOWER, Kpi
from cxlib.measure.panel import Panel, estimate_of
from cxlib.page.figure import GREEN, GREY, INK, RED, Figure, canvas, conclude, styled
from cxlib.page.finding import Finding, Measure
from cxlib.page.table import Table, make_table
from cxlib.page.wording import (
    capital,
    estimate,
    in_sentence,
    interval,
    listed,
    number,
    percent,
    probability,
    rows,
    size,
)

EMPTY = MappingProxyType({})
# Why a KPI is not compared of which no reason is known.
UNTOLD = "not measured before, or nothing shows how much chance moves it"
MOST_LISTED = 3
# Outcomes that are yes or no.
SHARES = ("churn", "retained")
SMALLEST = "Smallest change it alone would show"
# Facts that a contact has or has not, as a sentence calls such contacts.
CALLED = {"not resolved": "unresolved contacts"}
# Results of accounts, as outcomes are called in a sentence.
RESULT_NAMES = {
    "retained": "retention", "purchases": "purchase frequency", "returned": "the amount refunded",
    "contacts": "the number of contacts", "cost": "the cost of contacts", "churn": "churn",
}  # fmt: skip


def change_findings(
    changes: tuple[Change, ...],
    against: str,
    currency: str = "",
    measures: tuple[Measure, ...] = (),
    yearly: frozenset[str] = frozenset(),
    lack: Mapping[str, str] = EMPTY,
) -> tuple[Finding, ...]:
    """One sentence for each KPI that has changed beyond chance, and one for all the others.

    Args:
        changes: The KPIs compared.
        against: The quarter before, as it is to be called.
        currency: Of money.
        measures: The numbers that the last sentence publishes.
        yearly: The KPIs whose change is a step that this season brings every year.
        lack: Why KPIs are not compared, by their name.
    """
    if not changes:
        whys = listed(dict.fromkeys(lack.values())) or "too little was measured in both quarters"
        nothing = f"No KPI can be compared with {against}."
        return (Finding(nothing, None, f"{capital(whys)}.", news=False, measures=measures),)
    found = [each for each in changes if each.detected]
    return (
        *(_change_finding(each, against, currency, each.kpi.name in yearly) for each in found),
        _rest_finding(changes, against, measures),
    )


def _change_finding(change: Change, against: str, currency: str, season: bool) -> Finding:
    step, unit = change.difference.value, change.kpi.unit
    verb = "rose" if step > 0 else "fell"
    every = " The same step came in each earlier year: it is the season's." if season else ""
    now, moved = number(change.now.value, unit, currency), size(abs(step), unit, currency)
    return Finding(
        f"{change.kpi.label} {verb} {moved} to {now} since {against}"
        f"{'' if season else _judged(change)}.{every}",
        estimate=change.difference,
        evidence=f"Change: {interval(change.difference, currency, sign=True)}; level: "
        f"{interval(change.now, currency)}.",
        news=not season,
        kind=CHANGE,
    )


def _rest_finding(
    changes: tuple[Change, ...], against: str, measures: tuple[Measure, ...]
) -> Finding:
    still = [each for each in changes if not each.detected]
    maybe = [each for each in still if each.difference.excludes(0)]
    steady = [in_sentence(each.kpi.label) for each in still if each not in maybe]
    words = []
    if maybe:
        words.append(f"{listed(_may_have(each) for each in maybe)} since {against}.")
    if steady:
        others = "other " if len(steady) < len(changes) else ""
        named = listed(steady) if len(steady) <= MOST_LISTED else f"{len(steady)} {others}KPIs"
        verb = "is" if len(steady) == 1 else "are"
        words.append(f"{capital(named)} {verb} steady since {against}.")
    # The comparison that publishes numbers stands above a table.
    note = "The table gives the smallest change of each KPI that would have been seen."
    return Finding(
        capital(" ".join(words)) or f"All KPIs compared with {against} have changed.",
        evidence=note if measures else "",
        news=False,
        kind=CHANGE,
        measures=measures,
    )


def _may_have(change: Change) -> str:
    """A change that its interval alone would show, and not after allowing for all looked at."""
    verb = "risen" if change.difference.value > 0 else "fallen"
    return f"{in_sentence(change.kpi.label)} may have {verb}"


def published_measures(quarters: Panel, config: Config) -> tuple[Measure, ...]:
    """Every KPI of every whole quarter, for later reports to compare with.

    Args:
        quarters: A panel by quarter, without groups.
        config: The dataset's settings.
    """
    rows = quarters.frame[quarters.frame.complete.astype(bool)]
    return tuple(
        Measure(
            name=row.kpi,
            label=quarters.kpis[row.kpi].label,
            period=str(Quarter.holding(row.period, config.fiscal_year_start)),
            value=row.value,
            text=estimate(estimate_of(row), config.currency),
            low=None if math.isnan(row.low) else row.low,
            high=None if math.isnan(row.high) else row.high,
            n=row.n,
            unit=row.unit,
        )
        for row in rows.itertuples()
        if math.isfinite(row.value)
    )


def _judged(change: Change) -> str:
    if change.kpi.better not in (HIGHER, LOWER):
        return ""
    good = (change.difference.value > 0) == (change.kpi.better == HIGHER)
    return " (better)" if good else " (worse)"


def change_table(
    changes: tuple[Change, ...],
    values: Sequence[tuple[Kpi, Estimate, bool]] = (),
    currency: str = "",
    lack: Mapping[str, str] = EMPTY,
) -> Table:
    """Every KPI now and before, with the change and what could have been seen.

    Args:
        changes: The KPIs compared.
        values: Every KPI of the quarter, compared or not, as `Panel.values` gives them.
        currency: Of money.
        lack: Why KPIs are not compared, by their name.
    """
    compared = {each.kpi.name for each in changes}
    # What is another KPI turned round stands in that one's row.
    alone = [
        (kpi, now) for kpi, now, _ in values if not {kpi.name, COMPLEMENTS.get(kpi.name)} & compared
    ]
    # What has moved is read first; what may have, next.
    moved = sorted(changes, key=lambda each: (not each.detected, not each.difference.excludes(0)))
    records = [_compared(each, currency) for each in moved]
    whys = [lack.get(kpi.name, UNTOLD) for kpi, _ in alone]
    if not changes and len(whys) > len(set(whys)) == 1:
        whys = ["see above"] * len(alone)
    records += [
        _alone(kpi, now, currency, why) for (kpi, now), why in zip(alone, whys, strict=True)
    ]
    # Of a snapshot, a period may be whole and still be compared with none.
    whole = all(whole for *_, whole in values)
    others = lack and not any(why.startswith("the data run") for why in lack.values())
    partly = "" if whole or others else ", as far as the data go"
    return make_table(records or [_nothing()], f"KPIs{partly}, with 95% intervals")


def _compared(change: Change, currency: str) -> dict[str, str]:
    unit = change.kpi.unit
    return {
        "KPI": change.kpi.label,
        "This quarter": estimate(change.now, currency),
        "Before": number(change.before.value, unit, currency),
        "Change": estimate(change.difference, currency, sign=True),
        "Reading": _reading(change),
        SMALLEST: size(change.detectable, unit, currency),
    }


def _alone(kpi: Kpi, now: Estimate, currency: str, why: str) -> dict[str, str]:
    return {
        "KPI": kpi.label,
        "This quarter": estimate(now, currency),
        "Before": number(math.nan),
        "Change": number(math.nan),
        "Reading": f"not compared: {why}",
        SMALLEST: "–",
    }


def _nothing() -> dict[str, str]:
    return {"KPI": "none can be measured in the quarter", "This quarter": "–", "Before": "–",
            "Change": "–", "Reading": "–", SMALLEST: "–"}  # fmt: skip


def meaning_table(quarters: Panel, config: Config) -> Table:
    """What each KPI that is measured means, with the dataset's own numbers."""
    rules = config.thresholds
    channels = [f"{name} {limit:,.0f} s" for name, limit in rules.service_level_by_channel.items()]
    own = {
        "service_level": ", ".join([f"{rules.service_level_seconds:,.0f} s", *channels]),
        "repeat_contact_rate": rows(rules.repeat_days, "day"),
        "response_rate": rows(rules.response_days, "day"),
        "responded_in_time": ", ".join([number(rules.response_seconds, "seconds"), *channels]),
    }
    measured = set(quarters.frame.kpi)
    return make_table(
        [
            {"KPI": kpi.label, "Meaning": kpi.meaning, "Here": own.get(name, "–")}
            for name, kpi in quarters.kpis.items()
            if name in measured
        ]
        or [{"KPI": "none is measured", "Meaning": "–", "Here": "–"}],
        "What the KPIs mean, with this dataset's numbers",
        folded=True,
    )


def _reading(change: Change) -> str:
    if not change.detected:
        verb = "risen" if change.difference.value > 0 else "fallen"
        return f"may have {verb}" if change.difference.excludes(0) else "steady"
    return f"{'rose' if change.difference.value > 0 else 'fell'}{_judged(change)}"


# Of more facts that are left out for one reason, their number is given.
MOST_NAMED = 5


def driver_finding(drivers: Drivers) -> Finding:
    """What a score goes with most."""
    score, (fact, counted) = _score_name(drivers.outcome), _looked_at(drivers.outcome)
    if drivers.problem:
        return Finding(f"No drivers of {score} can be found: {drivers.problem}.", news=False)
    clear = [each for each in drivers.drivers if each.detected]
    if not clear:
        return Finding(
            f"No fact of the {fact} was shown to drive {score}.",
            evidence=f"{rows(drivers.answers, counted)}.",
            news=False,
        )
    first, others = clear[0], [_driver(each, drivers) for each in clear[1:3]]
    next_ones = f" Next: {listed(others)}." if others else ""
    return Finding(
        f"Strongest driver of {score}: {_driver(first, drivers)}, other things equal.{next_ones}",
        estimate=first.share,
        evidence=f"Explains {estimate(first.share)} of the variation; an association, not proof of "
        f"a cause. Comes first in {first.rank_probability:.0%} of resamples. All facts of the "
        f"{fact} together explain {drivers.explained:.0%}, in {rows(drivers.answers, counted)}."
        f"{_ties(drivers)}{_gaps(drivers)}{_zeros(drivers)} A hidden cause would have to explain "
        f"{number(first.hidden, 'share')} of what is left of both {first.name} and {score} to "
        "account for all of it.",
    )


def _looked_at(outcome: str) -> tuple[str, str]:
    """Whose facts are looked at, and what is counted."""
    if outcome == "revenue" or outcome in RESULT_NAMES:
        return "account", "account"
    return "contact", "contact" if outcome in KPIS and outcome not in SCALES else "answer"


def _driver(driver: Driver, drivers: Drivers) -> str:
    """A driver with what a step of it does."""
    name = CALLED.get(driver.name, driver.name)
    if driver.name in drivers.turned:
        told = number(driver.share.value, "share")
        return f"{name} (too little or too much of it; {told} of the variation)"
    if driver.per_step is None:
        return f"{name} ({number(driver.share.value, 'share')} of the variation)"
    way = "lower" if driver.per_step.value < 0 else "higher"
    step = "" if driver.name in CALLED else " a step"
    unit = "share" if drivers.outcome in SHARES else ""
    return f"{name} ({size(abs(driver.per_step.value), unit)} {way}{step})"


def _gaps(drivers: Drivers) -> str:
    """Of how many answers a driver is not known, in words."""
    words = [f"{name} ({number(gap, 'share')})" for name, gap in drivers.gaps.items()]
    if not words:
        return ""
    counted = _looked_at(drivers.outcome)[1]
    return f" Not known for a part of the {counted}s, which count as a group: {listed(words)}."


def _zeros(drivers: Drivers) -> str:
    """Whose 0 is taken for "not applicable", in words."""
    words = [f"{name} ({number(share, 'share')})" for name, share in drivers.zeros.items()]
    if not words:
        return ""
    return (
        f" A 0 beside a scale that begins with 1 is taken for “not applicable”: {listed(words)}. "
        "Is it an answer, `find_drivers(…, keep=[…])` counts it."
    )


def _ties(drivers: Drivers) -> str:
    """Which places the data cannot tell, in words."""
    chains, chain = [], []
    for each in drivers.drivers:
        chain.append(each.name)
        if not each.tied:
            chains.append(chain)
            chain = []
    said = [listed(names) for names in chains if len(names) > 1]
    return f" Too close to be put in order: {'; '.join(said)}." if said else ""


@styled
def driver_figure(drivers: Drivers) -> Figure | None:
    """How much of a score each driver explains; None where there are none."""
    if drivers.problem:
        return None
    figure, axis = canvas(1.1 + 0.34 * len(drivers.drivers))
    for row, each in enumerate(drivers.drivers):
        colour = {-1: RED, 0: GREY, 1: GREEN}[each.sign]
        axis.barh(row, 100 * each.share.value, color=colour, height=0.55)
        end = each.share.high if each.share.has_interval else each.share.value
        if each.share.has_interval:
            axis.plot([100 * each.share.low, 100 * each.share.high], [row, row], color=INK, lw=1)
        axis.annotate(f"{100 * each.share.value:.0f}%", (100 * end, row), (4, 0), va="center",
                      textcoords="offset points", fontsize=9)  # fmt: skip
    axis.set_yticks(range(len(drivers.drivers)), [each.name for each in drivers.drivers])
    axis.set_ylim(len(drivers.drivers) - 0.5, -0.5)
    axis.tick_params(axis="y", length=0)
    score = _score_name(drivers.outcome)
    axis.set_xlabel(f"Share of the variation of {score} (%); red lowers it, green raises it")
    conclude(axis, _what_matters(drivers, score))
    words = [f"{each.name} {number(each.share.value, 'share')}" for each in drivers.drivers]
    return Figure(
        figure,
        f"Bar chart of the drivers of {score}, as shares of its variation with 95% intervals: "
        f"{listed(words)}.",
    )


def _what_matters(drivers: Drivers, score: str) -> str:
    """What drives a score most; several, where the data cannot put them in order."""
    if not drivers.drivers or not drivers.drivers[0].detected:
        return f"No driver of {score} was shown"
    first = []
    for each in takewhile(lambda each: each.detected, drivers.drivers):
        first.append(CALLED.get(each.name, each.name))
        if not each.tied:
            break
    named = listed(first) if len(first) <= 3 else f"{len(first)} facts, too close to order,"
    return f"{capital(named)} {'matter' if len(first) > 1 else 'matters'} most for {score}"


def driver_table(drivers: Drivers) -> Table | None:
    """The drivers of a score; None where there are none."""
    if drivers.problem:
        return None
    way = "" if drivers.exact else "; more than 20, so shares are Johnson's relative weights"
    return make_table(
        [
            {
                "Driver": each.name,
                "Share of variation": estimate(each.share),
                "In this place": percent(each.rank_probability, whole=True),
                "Change per step": estimate(each.per_step, sign=True),
                "Inflated by others": number(each.inflation),
                "p": probability(each.p),
            }
            for each in drivers.drivers
        ],
        f"Drivers of {_score_name(drivers.outcome)}{way}{_left_out(drivers)}",
    )


def driver_frame(*several: Drivers) -> pd.DataFrame:
    """The file of drivers: outcome, driver, share, low, high, sign, rank, rank_probability."""
    records = [
        (found.outcome, each.name, each.share.value, each.share.low, each.share.high, each.sign,
         rank, each.rank_probability)
        for found in several
        for rank, each in enumerate(found.drivers, start=1)
    ]  # fmt: skip
    columns = ["outcome", "driver", "share", "low", "high", "sign", "rank", "rank_probability"]
    return pd.DataFrame(records, columns=columns)


def _left_out(drivers: Drivers) -> str:
    whys: dict[str, list[str]] = {}
    for name, why in drivers.dropped.items():
        whys.setdefault(why, []).append(name)
    words = [
        f"{listed(names) if len(names) <= MOST_NAMED else f'{len(names)} facts'} ({why})"
        for why, names in whys.items()
    ]
    return f"; left out: {listed(words)}" if words else ""


def _score_name(metric: str) -> str:
    """How a survey answer is called in a sentence; a single answer has no Net Promoter Score."""
    names = {"csat": "the CSAT score", "nps": "the NPS answer", "ces": "the ease score"}
    names |= {kpi.name: in_sentence(kpi.label) for kpi in KPIS.values() if kpi.name not in names}
    return names.get(metric) or RESULT_NAMES.get(metric) or f"the {metric} score"
