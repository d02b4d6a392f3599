"""The contract: which tables and columns a dataset may hold, and what their values must be.

Each table is a pandera schema over Ibis. A column's `description` says what it means; its
`metadata` holds the unit, the table that it refers to, and whether it names a person. The data
dictionary (`data/README.md`) is generated from here.
"""

import sys
from collections.abc import Mapping
from datetime import datetime

import ibis
import pandera.ibis as pa

from cxlib.data.config import SCALES
from cxlib.data.files import TABLES
from cxlib.data.rules import ORDER, SIGN, VALUE, WORD

TEXT, TIME, FLAG, NUMBER = (
    ibis.dtype(name) for name in ("string", "timestamp(6)", "boolean", "float64")
)
TYPE_NAMES = {TEXT: "text", TIME: "date or time", FLAG: "true or false", NUMBER: "number"}

MOST = sys.float_info.max  # the largest number that is not infinite
# A date outside these is a slip of the keyboard, or stands for "never".
EARLIEST, LATEST = (1900, 1, 1), (2100, 1, 1)

TOUCHPOINTS = (
    "need",
    "research",
    "select",
    "purchase",
    "receive",
    "use",
    "maintain",
    "recommend",
)
# What is a part of the contacts offered, where contacts come as counts.
PARTS_OF_OFFERED = ("answered", "abandoned", "in_time", "resolved", "transferred")
REVENUE_KINDS = ("new", "recurring", "upsell", "cross_sell", "refund")
ROOT_CAUSES = ("customer", "employee", "company")
DECISIONS = ("adopt", "adapt", "abandon")
# Who is complained to, in the order in which a complaint climbs.
BODIES = ("company", "outside body", "small claim")
# The customer's side of the journey.
STAGES = ("connection", "exposure", "experience", "mastery")


def schemas(scales: Mapping[str, tuple[float, float]]) -> dict[str, pa.DataFrameSchema]:
    """The contract's tables, in an order in which each refers only to earlier ones.

    Args:
        scales: The lowest and highest score of each survey metric.
    """
    across = {
        "accounts": [_not_before("churn_date", "signup_date")],
        "interactions": [_not_before("closed_at", "started_at")],
        "counts": [_at_most(part, "offered") for part in PARTS_OF_OFFERED],
        "surveys": [_score_within(metric, *ends) for metric, ends in scales.items()],
        "revenue": [_refund_negative()],
        "complaints": [_not_before("closed_at", "opened_at")],
        "followups": [_not_before("first_contact_at", "opened_at")],
    }
    columns = (
        _accounts(),
        _customers(),
        _interactions(),
        _counts(),
        _surveys(scales),
        _revenue(),
        _cycles(),
        _targets(),
        _events(),
        _complaints(),
        _experience_map(),
        _followups(),
    )
    return {
        name: pa.DataFrameSchema(each, across.get(name), name=name)
        for name, each in zip(TABLES, columns, strict=True)
    }


def rule_of(check: pa.Check) -> str:
    """A check's rule in words, such as "must be at least 0"."""
    return check.error


def kind_of(check: pa.Check) -> str:
    """A check's kind of rule, one of those of `rules.py`."""
    return check.title or VALUE


def _accounts() -> dict[str, pa.Column]:
    return {
        "account_id": _key("The buying party: a company, or a person in a consumer business"),
        "name": _text("Name of the account", personal=True),
        "industry": _text("Line of business"),
        "region": _text("Sales or service region"),
        "service_level": _text("Service level agreed in the contract"),
        "employees": _number("Size of the account", "people", _not_negative(), _whole()),
        "signup_date": _time("Start of the relationship"),
        "churn_date": _time("End of the relationship; empty while it lasts"),
        "growth_potential": _number(
            "Expected extra annual revenue within 24 months", "money per year", _not_negative()
        ),
        "strategic_value": _number(
            "Value beyond revenue, as judged by the account team", "1 to 5", _whole(), _within(1, 5)
        ),
        "account_manager": _text("Who looks after the account", personal=True),
    }


def _customers() -> dict[str, pa.Column]:
    return {
        "customer_id": _key("The person who uses the product or service"),
        "account_id": _link("accounts", "The account that the person belongs to", required=True),
        "role": _text("What the person does at the account"),
        "birth_year": _number("Year of birth", "year", _whole(), _within(1900, 2100)),
        "location": _text("Where the person works or lives"),
        "preferred_channel": _text("The channel that the person says they prefer"),
        "known": _flag("False for a stand-in: made up for one contact of nobody knows whom"),
    }


def _interactions() -> dict[str, pa.Column]:
    return {
        "interaction_id": _key("One contact on one channel"),
        "customer_id": _link("customers", "Who made contact", required=True),
        "started_at": _time("When the contact began", required=True),
        "channel": _text("Phone, e-mail, chat, web, …", required=True),
        "touchpoint": _text("Stage of the journey", checks=[_one_of(TOUCHPOINTS)]),
        "reason": _text("Why the customer made contact"),
        "agent_id": _text("Who served the customer", personal=True),
        "team": _text("Team of the agent"),
        "wait_seconds": _number("Time until an answer", "seconds", _not_negative()),
        "handle_seconds": _number(
            "Time of handling, after-work included", "seconds", _not_negative()
        ),
        "transfers": _number("How often the contact was passed on", "count", _not_negative()),
        "abandoned": _flag("The customer gave up before an answer"),
        "resolved": _flag("Solved at first contact"),
        "closed_at": _time("When the matter was closed; empty while it is open"),
        "due_at": _time("By when the matter was to be closed"),
        "cost": _number("Cost of the contact", "money"),
        "root_cause": _text("Who caused the need for contact", checks=[_one_of(ROOT_CAUSES)]),
    }


def _counts() -> dict[str, pa.Column]:
    return {
        "day": _time("The day that is counted; of a month, its first", required=True),
        "channel": _text("Phone, e-mail, chat, web, …", required=True),
        "reason": _text("Why customers made contact"),
        "team": _text("Team of the agents"),
        "agent_id": _text("Who served the customers", personal=True),
        "offered": _number(
            "Contacts that came in", "count", _not_negative(), _whole(), required=True
        ),
        "answered": _number("Of these, answered", "count", _not_negative(), _whole()),
        "abandoned": _number(
            "Of these, given up before an answer", "count", _not_negative(), _whole()
        ),
        "in_time": _number("Of these, answered within the standard", "count", _not_negative()),
        "resolved": _number("Of these, solved at first contact", "count", _not_negative()),
        "transferred": _number("Of these, passed on", "count", _not_negative()),
        "wait_seconds": _number("Mean time until an answer", "seconds", _not_negative()),
        "handle_seconds": _number(
            "Mean time of handling, after-work included", "seconds", _not_negative()
        ),
    }


def _surveys(scales: Mapping[str, tuple[float, float]]) -> dict[str, pa.Column]:
    scale_words = ", ".join(f"{metric} {low:g}–{high:g}" for metric, (low, high) in scales.items())
    return {
        "response_id": _key("One invitation to a survey"),
        "customer_id": _link("customers", "Who was invited", required=True),
        "interaction_id": _link("interactions", "The contact that the survey is about"),
        "sent_at": _time("When the invitation was sent", required=True),
        "responded_at": _time("When the answer came"),
        "metric": _text("Which question was asked", required=True, checks=[_one_of(scales)]),
        "score": _number(
            "The answer; empty means invited, but no answer",
            scale_words,
        ),
        "verbatim": _text("What the customer wrote", personal=True),
    }


def _revenue() -> dict[str, pa.Column]:
    return {
        "account_id": _link("accounts", "Who pays", required=True),
        "booked_at": _time("When the amount was booked", required=True),
        "amount": _number("Amount booked; a refund is negative", "money", required=True),
        "kind": _text("Kind of booking", checks=[_one_of(REVENUE_KINDS)]),
        "product": _text("What was bought"),
    }


def _cycles() -> dict[str, pa.Column]:
    return {
        "cycle_id": _key("One improvement cycle (Plan, Do, Check, Act)"),
        "title": _text("What is changed", required=True),
        "kpi": _text("The KPI of the KPI catalogue that it should move", required=True),
        "objective": _text("The objective that it serves"),
        "scope": _text("Where the change applies, as a filter, such as channel = 'phone'"),
        "control_scope": _text("A comparable part without the change, as a filter"),
        "target": _number("The KPI value to reach", "unit of the KPI"),
        "expected_effect": _number("Expected change of the KPI", "unit of the KPI"),
        "plan_date": _time("When the plan was made"),
        "do_date": _time("When the change began", required=True),
        "check_date": _time("When the effect is to be judged"),
        "closed_at": _time("When the cycle was closed"),
        "decision": _text("What was decided", checks=[_one_of(DECISIONS)]),
        "impact": _number("Expected impact", "1 to 5", _whole(), _within(1, 5)),
        "effort": _number("Expected effort", "1 to 5", _whole(), _within(1, 5)),
        "cost": _number("Cost of the cycle", "money", _not_negative()),
        "owner": _text("Who answers for the cycle"),
    }


def _targets() -> dict[str, pa.Column]:
    return {
        "kpi": _text("A KPI of the KPI catalogue", required=True),
        "quarter": _text("The quarter, such as 2026Q3", required=True, checks=[_quarter()]),
        "target": _number("The value to reach", "unit of the KPI", required=True),
        "scope": _text("The part that it applies to, as a filter"),
        "objective": _text("The objective that it serves"),
        "owner": _text("Who answers for the target"),
    }


def _events() -> dict[str, pa.Column]:
    return {
        "customer_id": _link("customers", "Who it was", required=True),
        "at": _time("When", required=True),
        "touchpoint": _text("Stage of the journey", checks=[_one_of(TOUCHPOINTS)]),
        "channel": _text("Web, app, kiosk, …"),
        "what": _text("What the customer did or used, such as the help pages"),
    }


def _complaints() -> dict[str, pa.Column]:
    return {
        "customer_id": _link("customers", "Who complained", required=True),
        "body": _text("To whom", required=True, checks=[_one_of(BODIES)]),
        "opened_at": _time("When the complaint was made", required=True),
        "closed_at": _time("When it was settled; empty while it is open"),
        "cost": _number("Cost of the complaint", "money", _not_negative()),
    }


def _experience_map() -> dict[str, pa.Column]:
    return {
        "persona": _text("The persona's name, or its letter", required=True),
        "stage": _text("Stage of the experience", required=True, checks=[_one_of(STAGES)]),
        "actions": _text("What they do there"),
        "needs": _text("What they need and expect"),
        "thoughts": _text("What they think"),
        "feelings": _text("What they feel"),
        "opportunity": _text("What we could do better"),
        "metric": _text("By what we would see it"),
        "evidence": _text("How we know, such as 12 interviews in May 2026"),
    }


def _followups() -> dict[str, pa.Column]:
    return {
        "response_id": _link("surveys", "The answer that is followed up", required=True),
        "opened_at": _time("When the low score was seen"),
        "first_contact_at": _time("When the customer was called back; empty while nobody has"),
        "closed_at": _time("When it was settled; empty while it is open"),
        "outcome": _text("What was done"),
        "cause": _text("What was wrong, such as skill or operations"),
        "owner": _text("Who follows it up", personal=True),
    }


# A column of each kind ------------------------------------------------------------------------


def _key(meaning: str) -> pa.Column:
    return pa.Column(TEXT, unique=True, description=meaning, metadata={"unit": "id"})


def _link(table: str, meaning: str, required: bool = False) -> pa.Column:
    return pa.Column(
        TEXT,
        nullable=not required,
        required=required,
        description=meaning,
        metadata={"unit": "id", "references": table},
    )


def _text(
    meaning: str, required: bool = False, checks: list | None = None, personal: bool = False
) -> pa.Column:
    return _column(TEXT, meaning, "", checks or [], required, personal)


def _time(meaning: str, required: bool = False) -> pa.Column:
    return _column(TIME, meaning, "", [_plausible()], required)


def _flag(meaning: str) -> pa.Column:
    return _column(FLAG, meaning, "", [], False)


def _number(meaning: str, unit: str, *checks: pa.Check, required: bool = False) -> pa.Column:
    return _column(NUMBER, meaning, unit, [_finite(), *checks], required)


def _column(
    kind, meaning: str, unit: str, checks: list, required: bool, personal: bool = False
) -> pa.Column:
    return pa.Column(
        kind,
        checks,
        nullable=not required,
        required=required,
        description=meaning,
        metadata={"unit": unit, "personal": personal},
    )


# Rules; each returns a boolean column, so that the rows which break it can be named -----------


def _not_negative() -> pa.Check:
    return pa.Check(lambda data: data.table[data.key] >= 0, title=SIGN, error="must be at least 0")


def _within(low: float, high: float) -> pa.Check:
    return pa.Check(
        lambda data: data.table[data.key].between(low, high),
        error=f"must be from {low:g} to {high:g}",
    )


def _whole() -> pa.Check:
    return pa.Check(
        lambda data: _is_whole(data.table[data.key]),
        error="must be a whole number",
    )


def _is_whole(column):
    # Engines make a whole number of 64 bits of a floor; what is larger is no fraction anyway.
    small = (column.abs() < 2**53).ifelse(column, ibis.null(NUMBER))
    return small == small.floor()


def _finite() -> pa.Check:
    return pa.Check(
        # To every engine, "not a number" is above all numbers.
        lambda data: data.table[data.key].between(-MOST, MOST),
        error="must be a finite number",
    )


def _one_of(allowed) -> pa.Check:
    allowed = tuple(allowed)
    return pa.Check(
        lambda data: data.table[data.key].isin(allowed),
        title=WORD,
        error=f"must be one of {', '.join(allowed)}",
    )


def _score_within(metric: str, low: float, high: float) -> pa.Check:
    # A metric that a dataset declares itself may be an average; the three standard ones are not.
    whole = metric in SCALES

    def holds(data):
        score, asked = data.table.score, data.table.metric
        fits = score.between(low, high)
        if whole:
            fits &= _is_whole(score)
        return fits | (asked != metric) | asked.isnull() | score.isnull()

    kind = "a whole number" if whole else "a number"
    rule = f"must be {kind} from {low:g} to {high:g} for metric {metric}"
    # The rule needs two columns, so it is the table's; its name says which column it judges.
    return pa.Check(holds, name="score", error=rule)


def _not_before(later: str, earlier: str) -> pa.Check:
    def holds(data):
        return (data.table[later] >= data.table[earlier]).fill_null(True)

    return pa.Check(holds, name=later, title=ORDER, error=f"must not be before {earlier}")


def _at_most(part: str, whole: str) -> pa.Check:
    def holds(data):
        return (data.table[part] <= data.table[whole]).fill_null(True)

    return pa.Check(holds, name=part, error=f"must not be above {whole}")


def _refund_negative() -> pa.Check:
    def holds(data):
        return ((data.table.kind != "refund") | (data.table.amount <= 0)).fill_null(True)

    return pa.Check(holds, name="amount", error="must not be above 0 for a refund")


def _plausible() -> pa.Check:
    return pa.Check(
        lambda data: data.table[data.key].between(datetime(*EARLIEST), datetime(*LATEST)),
        error=f"must lie between {EARLIEST[0]} and {LATEST[0]}",
    )


def _quarter() -> pa.Check:
    return pa.Check(
        lambda data: data.table[data.key].re_search(r"^(19|2\d)\d\dQ[1-4]$"),
        error="must be a quarter, such as 2026Q3",
    )
