"""Event logs: a row for each step of a case, put together into one contact for each case."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from textwrap import indent

import duckdb

from cxlib.data.engines.sql import identifier, quoted
from cxlib.data.marks import UNSURE
from cxlib.onboard.asked import EMPTY, NUMBER, TEXT, TIME, bare
from cxlib.onboard.expressions import as_id, as_own, as_value, given
from cxlib.onboard.guess import channels_in
from cxlib.onboard.lines import UNKNOWN
from cxlib.onboard.questions import Interview, Question
from cxlib.onboard.select import Line, select
from cxlib.onboard.sniff import RawColumn, RawFile
from cxlib.onboard.synonyms import Names, plain

CASE = re.compile(
    r"^((case|ticket|incident|trace|process|request)_?(id|no|number|key|concept_name)?|number)$"
)
ACTIVITY = re.compile(
    r"activity|^event$|event_?(name|type)|^concept_name$|^step$|^action$|status$|state$"
)
STATE = re.compile("status|state")
BEGUN = re.compile(r"(^|_)(start|begin)(_|$|time|date|ed)")
ENDED = re.compile(r"(^|_)(end|complete|finish|stop)(_|$|time|date|d|ed)")
MOMENT = re.compile("stamp|complete|updated|changed|event|time")
RESOURCE = re.compile(r"resource|agent|assigned_to|^user$|employee|handler|owner")
TEAM = re.compile(r"group|team|queue|department|role$|section|workgroup")
# What steps are called that end a case, that take it in hand, and that open it again.
OVER = re.compile(r"(?i)resol|clos|complet|solved|gelöst|erledigt|abgeschlossen|cerrad|fermé|chius")
TAKEN = re.compile(r"(?i)take in charge|accept|in progress|active|pick|start")
# What steps tell; of all else, the last step of a case tells.
FROM_STEPS = ("interaction_id", "customer_id", "started_at", "agent_id", "team", "wait_seconds",
              "handle_seconds", "abandoned", "resolved")  # fmt: skip
A_SHIFT = 12 * 3600.0
MOSTLY = 0.9
# A case has so many steps at least, on average, and there are so many kinds of steps at most.
STEPS, KINDS = 1.5, 200


@dataclass(frozen=True)
class EventLog:
    """A row for each step of a case.

    Attributes:
        case, activity, at: Which case, what was done, and when.
        until: When it was over, where a log tells beginnings and ends.
        agent, team: Who did it.
        customer: For whom.
    """

    file: RawFile
    case: RawColumn
    activity: RawColumn
    at: RawColumn
    until: RawColumn | None
    agent: RawColumn | None
    team: RawColumn | None
    customer: RawColumn | None


def event_log_of(file: RawFile, names: Names) -> EventLog | None:
    """An event log, if a raw table is one: cases of several steps, each with name and moment."""
    cases = [
        each for each in file.columns
        if (found := CASE.match(plain(each.name))) and (found[0] != "number" or each.kind == TEXT)
        and not each.unique and each.distinct and file.rows / each.distinct >= STEPS
    ]  # fmt: skip
    moments = [each for each in file.columns if each.kind == TIME and each.filled > MOSTLY]
    if not cases or not moments:
        return None
    case = max(cases, key=lambda each: each.distinct)
    at = min(moments, key=lambda each: (not MOMENT.search(plain(each.name)), -each.distinct))
    begun = [each for each in moments if BEGUN.search(plain(each.name))]
    ended = [each for each in moments if ENDED.search(plain(each.name))]
    at, until = (begun[0], ended[0]) if begun and ended and begun[0] != ended[0] else (at, None)
    named = [each for each in file.columns if ACTIVITY.search(plain(each.name))]
    steps = [each for each in named if each not in (case, at, until) and 1 < each.distinct <= KINDS]
    if not steps:
        return None
    # The name of a step tells more than the state that comes of it.
    activity = min(steps, key=lambda each: bool(STATE.search(plain(each.name))))
    others = [
        each
        for each in file.columns
        if each not in (case, at, until, activity) and each.kind in (TEXT, NUMBER)
    ]
    agent = _called(others, names, "agent_id", RESOURCE)
    others = [each for each in others if each is not agent]
    team = _called(others, names, "team", TEAM)
    customer = _called(others, names, "customer_id")
    return EventLog(file, case, activity, at, until, agent, team, customer)


def _called(
    columns: Sequence[RawColumn], names: Names, name: str, other: re.Pattern | None = None
) -> RawColumn | None:
    """The column that is called as one of the contract is or, failing that, otherwise."""
    senses = {
        sense: each
        for each in reversed(columns)
        if (sense := names.sense("interactions", name, each.name))
    }
    if senses:
        return senses[min(senses)]
    return next((each for each in columns if other and other.search(plain(each.name))), None)


def event_log_texts(
    base: duckdb.DuckDBPyConnection, found: EventLog, names: Names, contract, interview: Interview
) -> dict[str, str]:
    """The SQL of an event log's tables.

    Args:
        base: DuckDB, with the log.
        found: Its columns.
        names: How exports call columns.
        contract: The contract's table of interactions.
        interview: Who answers what the log does not tell.
    """
    known = {}
    for name in contract.columns:
        senses = {sense: raw for raw in reversed(_kept(found)) if raw not in known.values()
                  and (sense := names.sense("interactions", name, raw.name))}  # fmt: skip
        if senses and name not in FROM_STEPS:
            known[name] = senses[min(senses)]
    left = [raw for raw in _kept(found) if raw not in known.values()]
    if "channel" not in known and (told := [raw for raw in left if channels_in(raw)]):
        known["channel"] = told[0]
    lines = [Line("_case", "interaction_id"), _customer(found), Line("min(_at)", "started_at")]
    if "channel" not in known:
        told = found.file.told
        said = interview.put(Question(
            f"{found.file.table}.channel",
            f"By which channel did the cases of {told} come? No column tells.", {}, UNKNOWN,
        ))  # fmt: skip
        lines.append(Line(quoted(said.value), "channel", (said.remark,)))
    lines += _course(found, _words(base, found), known, _within_a_day(base, found))
    lines += [Line(_last(as_value(raw)), name, (f"{UNSURE}: as the last step of a case has it",))
              for name, raw in known.items()]  # fmt: skip
    taken = {line.name for line in lines}
    lines += [Line(_last(as_own(raw)), bare(name)) for raw in _kept(found)
              if raw not in known.values() and (name := plain(raw.name)) not in taken]  # fmt: skip
    case, step, at = as_id(found.case), given(found.activity), as_value(found.at)
    until = "_at"
    if found.until:
        until = f"coalesce(TRY_CAST({as_value(found.until)} AS TIMESTAMP), _at)"
    table = found.file.rows_sql
    interactions = (
        f"{found.file.head}-- {UNSURE}: a row of {found.file.told} is a step, and a case is "
        "taken as one contact.\n"
        "WITH steps AS (\n    SELECT\n        *, row_number() OVER () AS _place,\n        "
        f"{case} AS _case,\n"
        f"        {step} AS _step,\n        TRY_CAST({at} AS TIMESTAMP) AS _at,\n        "
        f"{until} AS _until\n    FROM "
        f"{table}\n)\n\n"
        f"{select(lines)}\nFROM steps\nGROUP BY _case\n"
    )
    return {
        "interactions": interactions,
        "customers": _customers(found, table),
        "accounts": _accounts(found, table),
    }


def _last(value: str) -> str:
    """What the last step of a case has; of two at one moment, that further down in the log."""
    return f"arg_max({value}, (_at, _place))"


def _words(base: duckdb.DuckDBPyConnection, found: EventLog) -> list[str]:
    """What steps are called."""
    every = base.execute(
        f"SELECT DISTINCT CAST({identifier(found.activity.name)} AS VARCHAR) AS w "
        f"FROM {identifier(found.file.table)} WHERE w IS NOT NULL ORDER BY w"
    )
    return [word for (word,) in every.fetchall()]


def _customer(found: EventLog) -> Line:
    if found.customer:
        who = f"coalesce({_last(given(found.customer))}, '{UNKNOWN} ' || _case)"
        return Line(who, "customer_id")
    said = f"{UNSURE}: no column tells whose case it was; each gets a stand-in, who is no customer"
    return Line(f"'{UNKNOWN} ' || _case", "customer_id", (said,))


def _kept(found: EventLog) -> list[RawColumn]:
    """What a log says of its cases besides."""
    steps = (found.case, found.activity, found.at, found.until)
    used = (*steps, found.agent, found.team, found.customer)
    return [each for each in found.file.columns
            if each not in used and each.kind != EMPTY and plain(each.name)]  # fmt: skip


def _within_a_day(base: duckdb.DuckDBPyConnection, found: EventLog) -> bool:
    """Whether most cases are over within a shift: of others, nobody was at work all the time."""
    case, at = as_id(found.case), as_value(found.at)
    until = as_value(found.until) if found.until else at
    length = f"epoch(max(TRY_CAST({until} AS TIMESTAMP)) - min(TRY_CAST({at} AS TIMESTAMP)))"
    median = base.execute(
        f"SELECT median(s) FROM (SELECT {length} AS s FROM {identifier(found.file.table)} "
        f"GROUP BY {case})"
    ).fetchall()[0][0]
    return median is not None and median <= A_SHIFT


def _course(
    found: EventLog, words: Sequence[str], known: Collection[str], within_a_day: bool
) -> list[Line]:
    """How a case went: what contacts of other files tell by columns of their own."""
    lines, agents = [], ""
    if found.agent:
        agents = f"count(DISTINCT {given(found.agent)})"
        lines.append(Line(_last(given(found.agent)), "agent_id"))
    if found.team:
        lines.append(Line(_last(given(found.team)), "team"))
    if found.agent and "transfers" not in known:
        lines.append(Line(f"greatest({agents} - 1, 0)", "transfers"))
    elif "transfers" not in known:
        said = (
            f"{UNSURE}: the log does not say who did a step; each after the first is "
            "taken as a transfer"
        )
        lines.append(Line("count(*) - 1", "transfers", (said,)))
    over, taken = (_named(words, pattern) for pattern in (OVER, TAKEN))
    began = "min(_at)"
    if taken:
        said = f"{UNSURE}: waiting ends with {_told(words, TAKEN)}"
        began = f"min(_at) FILTER (WHERE _step IN ({taken}))"
        lines.append(Line(f"epoch({began} - min(_at))", "wait_seconds", (said,)))
        began = f"coalesce({began}, min(_at))"
    if within_a_day:
        since = "being taken in hand" if taken else "the first step"
        said = f"{UNSURE}: from {since} to the last step, pauses included"
        lines.append(Line(f"greatest(epoch(max(_until) - {began}), 0)", "handle_seconds", (said,)))
    if not over:
        said = f"{UNSURE}: no step is called as an end is; the last is taken"
        return (
            lines if "closed_at" in known else [*lines, Line("max(_until)", "closed_at", (said,))]
        )
    if "closed_at" not in known:
        said = f"{UNSURE}: a case ends with {_told(words, OVER)}"
        lines.append(Line(f"max(_until) FILTER (WHERE _step IN ({over}))", "closed_at", (said,)))
    again = (
        f"coalesce(max(_at) FILTER (WHERE _step NOT IN ({over})) > min(_at) FILTER "
        f"(WHERE _step IN ({over})), false)"
    )
    lines.append(Line(again, "reopened"))
    alone = f" AND {agents} <= 1" if agents else ""
    said = f"{UNSURE}: solved by the first who had it, and not opened again"
    lines.append(Line(f"bool_or(_step IN ({over})) AND NOT {again}{alone}", "resolved", (said,)))
    return lines


def _named(words: Sequence[str], pattern: re.Pattern) -> str:
    return ", ".join(quoted(word) for word in words if pattern.search(word))


def _told(words: Sequence[str], pattern: re.Pattern) -> str:
    return " or ".join(word for word in words if pattern.search(word))


def _customers(found: EventLog, table: str) -> str:
    case = as_id(found.case)
    if not found.customer:
        return (
            "-- Nobody knows whose cases these are: each has a stand-in, who is no customer.\n"
            f"SELECT DISTINCT '{UNKNOWN} ' || {case} AS customer_id, '{UNKNOWN}' AS "
            "account_id, false AS known\n"
            f"FROM {table}\n"
        )
    who = given(found.customer)
    # Many a log names the customer in the first step of a case alone.
    return (
        f"SELECT DISTINCT\n    {who} AS customer_id,\n    {who} AS account_id,  -- {UNSURE}: is "
        f"each customer an account of their own?\n    true AS known\nFROM {table}\n"
        f"WHERE {who} IS NOT NULL\nUNION ALL\n"
        f"SELECT '{UNKNOWN} ' || {case}, '{UNKNOWN}', false\nFROM {table}\nGROUP BY {case}\n"
        f"HAVING count({who}) = 0\n"
    )


def _accounts(found: EventLog, table: str) -> str:
    return (
        f"-- {UNSURE}: no file lists the accounts.\nSELECT DISTINCT account_id\nFROM (\n"
        f"{indent(_customers(found, table), '    ')})\n"
    )
