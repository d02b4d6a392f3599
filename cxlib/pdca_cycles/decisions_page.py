"""What is to be decided on cycles this quarter, for the first screen."""

import re
from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from cxlib.measure.estimate import Estimate
from cxlib.page.finding import Finding
from cxlib.page.screen import Action, Cause, Part
from cxlib.page.table import Table, make_table
from cxlib.page.wording import in_sentence, listed, month, number, rows, size
from cxlib.pdca_cycles.review import IMPROVED, Cycle

# What cannot wait comes first: harm that goes on, a gain that is lost, a decision to look at again.
HARM, LOST, AGAINST = 50, 40, 10


def decide_finding(board: Sequence[Cycle], since: datetime, currency: str = "") -> Finding:
    """What the cycles leave to decide.

    Args:
        board: The cycles.
        since: Decisions made from this moment on may be looked at again, and what was abandoned
            from then on may still be on; earlier ones rest.
        currency: Of money.
    """
    lingering = [each for each in board if each.lingers and each.closed >= since]
    lost = [each for each in board if each.held is False and _was_gain(each)]
    against = [
        each
        for each in board
        if each.decision and each.rule and each.decision != each.rule
        and pd.notna(each.closed) and each.closed >= since
    ]  # fmt: skip
    parts: list[Part] = [part for each in lingering for part in _still_on(each, currency)]
    parts += [part for each in lost for part in _gain_lost(each, currency)]
    if against:
        parts.append(_look_again(against))
    actions = [each for each in parts if isinstance(each, Action)]
    if not actions:
        return Finding("The cycles leave nothing to decide this quarter.", news=False)
    return Finding(
        f"To decide this quarter: {rows(len(actions), 'item')}.",
        screen=tuple(parts),
    )


def decide_table(found: Finding) -> Table | None:
    """What a finding leaves to decide; None if that is nothing."""
    return make_table(
        [
            {
                "Decide": each.title,
                "Evidence": each.evidence,
                "Owner": each.owner or "not assigned",
            }
            for each in found.screen
            if isinstance(each, Action)
        ],
        "What the cycles leave to decide",
    )


def _still_on(cycle: Cycle, currency: str) -> tuple[Part, ...]:
    label, now = in_sentence(cycle.kpi.label), _written(cycle.latest, currency)
    before, off = _written(cycle.before, currency), pd.Timestamp(cycle.closed)
    where = _where(cycle)
    return (
        Action(
            f"Check that “{cycle.title}” ({cycle.cycle_id}) is really off",
            f"Abandoned on {off:%d %b %Y}, but {label}{where} is still {now} ({before} before).",
            cycle.owner,
            HARM,
        ),
        Cause(
            cycle.kpi.name,
            f"still {now}{where} after {cycle.cycle_id}, abandoned in {month(cycle.closed)}",
        ),
    )


def _was_gain(cycle: Cycle) -> bool:
    """Whether there was something to lose: a change for the better, that was not given up."""
    return cycle.verdict == IMPROVED and cycle.decision != "abandon"


def _gain_lost(cycle: Cycle, currency: str) -> tuple[Part, ...]:
    label, now = in_sentence(cycle.kpi.label), _written(cycle.latest, currency)
    gain = size(abs(cycle.effect.value), cycle.kpi.unit, currency)
    since, where = month(cycle.watch.alarm), _where(cycle)
    return (
        Action(
            f"Restart “{cycle.title}” ({cycle.cycle_id})",
            f"The gain of {gain} in {label}{where} has been lost since {since}; it is now {now}.",
            cycle.owner,
            LOST,
        ),
        Cause(cycle.kpi.name, f"the gain of {cycle.cycle_id}{where} has been lost since {since}"),
    )


def _look_again(cycles: Sequence[Cycle]) -> Action:
    first, owners = cycles[0], {each.owner for each in cycles}
    title = f"Look again at {len(cycles)} decisions made against the evidence"
    if len(cycles) == 1:
        title = f"Look again at “{first.title}” ({first.cycle_id})"
    ways: dict[tuple[str, str], list[str]] = {}
    for each in cycles:
        ways.setdefault((each.decision, each.rule), []).append(each.cycle_id)
    why = " ".join(
        f"Decided to {decided}, where the evidence says {rule}: {listed(names)}."
        for (decided, rule), names in ways.items()
    )
    return Action(title, why, owners.pop() if len(owners) == 1 else "", AGAINST)


def _where(cycle: Cycle) -> str:
    """The scope as people say it, where it is one plain equation: in APAC."""
    plain = re.fullmatch(r"(\w+) = '([^']+)'", cycle.scope)
    if plain:
        return f" {'by' if plain[1] == 'channel' else 'in'} {plain[2]}"
    return f" where {cycle.scope}" if cycle.scope else ""


def _written(value: Estimate | None, currency: str) -> str:
    return number(value.value, value.unit, currency) if value else "not known"
