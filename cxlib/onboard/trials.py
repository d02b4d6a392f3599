"""Trials: two arms in one period, a row for each who took part.

The arm becomes what each account is, so that pages compare the two; what came of it becomes KPIs of
one's own, or answers where it is a rating.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cxlib.data.engines.sql import quoted
from cxlib.data.marks import UNSURE
from cxlib.onboard.asked import EMPTY, FLAG, NUMBER, TIME, bare
from cxlib.onboard.days import asked_day
from cxlib.onboard.expressions import as_flag, as_id, as_own, as_value, given
from cxlib.onboard.questions import Interview
from cxlib.onboard.ratings import Rating
from cxlib.onboard.select import Line, select
from cxlib.onboard.sniff import RawColumn, RawFile
from cxlib.onboard.synonyms import plain

ARM = re.compile(
    r"^(arm|variant|variation|treatment|treated|test_?group|ab_?group|experiment_?group|trial_?group|condition|group|version)$"
)
OUTCOME = re.compile(
    r"convert|conversion|outcome|success|click|purchas|retain|respon|bought|signed|renew|spend|"
    r"spent|amount|revenue|value|duration|seconds|minutes|resolved|visit|subscrib"
)
BETTER = re.compile("convert|conversion|success|purchas|retain|bought|renew|subscrib|resolved")
WORSE = re.compile("churn|abandon|cost|duration|seconds|minutes|complain")
MOST_OUTCOMES = 4


@dataclass(frozen=True)
class Trial:
    """Two arms of a trial.

    Attributes:
        who: Whose row it is; None where rows have no id.
        arm: In which arm they were.
        at: When they took part; None where the file has no dates.
        outcomes: What came of it: yes or no, or a number.
    """

    file: RawFile
    who: RawColumn | None
    arm: RawColumn
    at: RawColumn | None
    outcomes: tuple[RawColumn, ...]


def trial_of(file: RawFile) -> Trial | None:
    """A trial, if a raw table is one: a column of two arms, and something that came of it."""
    arms = [each for each in file.columns if ARM.match(plain(each.name)) and each.distinct == 2]
    if not arms:
        return None
    others = [each for each in file.columns if each is not arms[0]]
    who = next((each for each in others if each.unique), None)
    at = next((each for each in others if each.kind == TIME), None)
    left = [each for each in others if each not in (who, at)]
    outcomes = [each for each in left if OUTCOME.search(plain(each.name)) and _is_outcome(each)]
    outcomes = outcomes or [each for each in left if _is_yes_or_no(each)]
    return Trial(file, who, arms[0], at, tuple(outcomes[:MOST_OUTCOMES])) if outcomes else None


def _is_yes_or_no(raw: RawColumn) -> bool:
    return raw.kind == FLAG or (raw.kind == NUMBER and raw.values in ((0.0, 1.0), (0.0,), (1.0,)))


def _is_outcome(raw: RawColumn) -> bool:
    return _is_yes_or_no(raw) or raw.kind == NUMBER


def trial_texts(
    found: Trial, rated: Sequence[Rating], interview: Interview
) -> tuple[dict[str, str], str]:
    """The SQL of a trial's tables, and the settings that compare its arms."""
    file, table = found.file, found.file.rows_sql
    who = as_id(found.who) if found.who else f"'{file.table}-' || row_number() OVER ()"
    if found.at:
        day, remark = as_value(found.at), found.at.reading.remark
    else:
        said = asked_day(file, interview)
        day, remark = f"DATE {quoted(said.value)}", said.remark
    said = f"{UNSURE}: is {found.arm.name} drawn by lot? Only then is a difference its effect"
    own = {plain(found.arm.name), *(plain(each.name) for each in found.outcomes)}
    lines = [
        Line(f"{who}", "interaction_id"),
        Line(who, "customer_id"),
        Line(day, "started_at", (remark,) if remark else ()),
        Line("'trial'", "channel"),
        *(Line(_outcome(each), _outcome_name(each)) for each in found.outcomes),
    ]
    lines += [
        Line(as_own(each), bare(name))
        for each in file.columns
        if each not in (found.who, found.at) and each.kind != EMPTY
        and (name := plain(each.name)) and name not in own
    ]  # fmt: skip
    arm = Line(given(found.arm), "arm", (said,))
    texts = {
        "accounts": f"{file.head}{select([Line(who, 'account_id'), arm])}\nFROM {table}\n",
        "customers": (
            f"{select([Line(who, 'customer_id'), Line(who, 'account_id')])}\nFROM {table}\n"
        ),
        "interactions": f"{select(lines)}\nFROM {table}\n",
    }
    if rated:
        texts["surveys"] = (
            "\nUNION ALL\n".join(
                f"{select(_answer(who, day, each))}\nFROM {table}" for each in rated
            )
            + "\n"
        )
    return texts, _settings(found, rated)


def _outcome(raw: RawColumn) -> str:
    if raw.kind == FLAG:
        return as_flag(raw)
    if _is_yes_or_no(raw):
        return f"CASE {given(raw)} WHEN '1' THEN 'true' WHEN '0' THEN 'false' ELSE {given(raw)} END"
    return as_value(raw)


def _outcome_name(raw: RawColumn) -> str:
    """What the KPI of an outcome is called; none of ours begins so."""
    return f"trial_{plain(raw.name)}"


def _answer(who: str, day: str, rating: Rating) -> list[Line]:
    return [
        Line(f"{who} || {quoted('-' + rating.metric)}", "response_id"),
        Line(who, "customer_id"),
        Line(day, "sent_at"),
        Line(day, "responded_at"),
        Line(quoted(rating.metric), "metric"),
        Line(rating.sql, "score", rating.remarks),
    ]


def _settings(found: Trial, rated: Sequence[Rating]) -> str:
    names = [_outcome_name(each) for each in found.outcomes]
    shown = ", ".join(
        quoted(name).replace("'", '"') for name in [*names, *(each.metric for each in rated)][:6]
    )
    text = f'\n[leadership]\nby = "arm"\ntiles = [{shown}]\ngrid = [{shown}]\n'
    for raw, name in zip(found.outcomes, names, strict=True):
        label = plain(raw.name).replace("_", " ").capitalize()
        better = "higher" if BETTER.search(name) else "lower" if WORSE.search(name) else "neither"
        kind = "" if _is_yes_or_no(raw) else '\nkind = "mean"\nunit = "score"'
        value = name if kind else f"{name} = true"
        text += (
            f'\n[kpis.{name}]\nlabel = "{label}"\nvalue = "{value}"{kind}\nbetter = "{better}"\n'
        )
    return text
