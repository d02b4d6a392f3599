"""Snapshots: a row for each customer, as they are on one day.

They have no dates: one is asked for, and sign-up and churn follow from it. When somebody left,
nobody can tell; so all who did are taken to have left on that day, and no quarters are compared.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cxlib.data.engines.sql import quoted
from cxlib.data.marks import UNSURE
from cxlib.onboard.asked import CLOCK, EMPTY, FLAG, NUMBER, TEXT, TIME, bare
from cxlib.onboard.days import asked_day
from cxlib.onboard.expressions import as_id, as_number, as_own, as_value, given
from cxlib.onboard.lines import CURRENCY
from cxlib.onboard.questions import Answer, Interview, Question
from cxlib.onboard.ratings import Rating
from cxlib.onboard.select import Line, select
from cxlib.onboard.sniff import RawColumn, RawFile
from cxlib.onboard.synonyms import plain

ID = re.compile(r"(^|_)(id|no|nr|number|key|code)$|^customer$|^client$|^user$|^account$")
TENURE = re.compile(
    r"tenure|months_(as|with|on)|years_(as|with)|seniority|membership_length|on_book|laufzeit"
)
CHURN = re.compile(
    r"^churn|churned|^exited|attrition|^left$|cancelled|canceled|gekündigt|gekundigt"
)
FEE = re.compile(r"monthly_?(charge|fee|spend|revenue|price)|^mrr$|monatsbeitrag")
YES = (
    "1",
    "yes",
    "y",
    "true",
    "t",
    "ja",
    "oui",
    "si",
    "sim",
    "churned",
    "left",
    "attrited customer",
)
# By which columns companies part their customers.
PARTED = re.compile("contract|plan|subscription|segment|package|tier|region|country|industry")
MOST_PARTS = 8
UNITS = {
    "months": "month|monat|mois|mes(es)?$",
    "years": "year|jahr|ann|yr",
    "days": "day|tage|jours",
}
MOST_YEARS = 15  # so long a tenure is hardly one of months
# Months of bookings that a snapshot's monthly fee stands for.
MONTHS = 12


@dataclass(frozen=True)
class Snapshot:
    """A row for each customer, as they are on one day.

    Attributes:
        customer: Whose row it is.
        tenure, churned, fee: For how long they have been one, whether they left, what they pay.
    """

    file: RawFile
    customer: RawColumn
    tenure: RawColumn | None
    churned: RawColumn | None
    fee: RawColumn | None


def snapshot_of(file: RawFile) -> Snapshot | None:
    """A snapshot, if a raw table is one: no moments, one row for each, and how they are bound."""
    if any(each.kind in (TIME, CLOCK) for each in file.columns):
        return None
    ids = [
        each
        for each in file.columns
        if each.unique and (ID.search(plain(each.name)) or each.kind == TEXT)
    ]
    tenure, fee = _first(file, TENURE, (NUMBER,)), _first(file, FEE, (NUMBER,))
    churned = _first(file, CHURN, (NUMBER, FLAG, TEXT))
    if not ids or not (tenure or churned):
        return None
    if churned and churned.distinct > 2:
        churned = None
    return Snapshot(file, ids[0], tenure, churned, fee)


def _first(file: RawFile, pattern: re.Pattern, kinds: Sequence[str]) -> RawColumn | None:
    found = [
        each for each in file.columns if each.kind in kinds and pattern.search(plain(each.name))
    ]
    # Of several, such as a label and a value, the one of two values tells.
    return min(found, key=lambda each: (each.distinct > 2, each.kind == TEXT), default=None)


def snapshot_texts(
    found: Snapshot, rated: Sequence[Rating], interview: Interview
) -> tuple[dict[str, str], str]:
    """The SQL of a snapshot's tables, and the settings by which pages part its customers."""
    table, customer = found.file.rows_sql, as_id(found.customer)
    said = asked_day(found.file, interview)
    day = f"DATE {quoted(said.value)}"
    lines = [Line(customer, "account_id")]
    if found.tenure:
        unit = _unit(found, interview)
        told = f"{UNSURE}: the day of the snapshot less {found.tenure.name}"
        since = f"{day} - to_{unit.value}(TRY_CAST({as_number(found.tenure)} AS INTEGER))"
        lines.append(
            Line(f"CAST({since} AS DATE)", "signup_date", (said.remark, unit.remark, told))
        )
    if found.churned:
        left = f"CASE WHEN {_left(found.churned)} THEN {day} END"
        told = (
            f"{UNSURE}: when they left is not known; the day of the snapshot is taken, "
            "and no quarters are compared"
        )
        lines.append(Line(left, "churn_date", (told,)))
    used = {each.name for each in (found.customer, found.tenure, found.churned) if each}
    used |= {each.raw.name for each in rated}
    others = [each for each in found.file.columns if each.name not in used and each.kind != EMPTY]
    apart = _parted_by(others)
    lines += [Line(as_own(apart), bare(plain(apart.name)))] if apart else []
    # What customers are is what personas are made of.
    about = [Line(as_own(each), bare(name)) for each in others if (name := plain(each.name))]
    person = [Line(customer, "customer_id"), Line(customer, "account_id")]
    texts = {
        "accounts": found.file.head + _all(lines, table),
        "customers": _all([*person, *about], table),
    }
    if rated:
        texts["surveys"] = (
            "\nUNION ALL\n".join(
                _all(_rating(customer, each, day), table).rstrip("\n") for each in rated
            )
            + "\n"
        )
    if found.fee and not _several_currencies(found.file):
        texts["revenue"] = _fees(found, day, customer, table, unit.value if found.tenure else "")
    settings = f'\n[leadership]\nby = "{plain(apart.name)}"\n' if apart else ""
    return texts, settings


def _several_currencies(file: RawFile) -> bool:
    """Whether amounts are in several currencies, which are never added."""
    return any(CURRENCY.search(plain(each.name)) and each.distinct > 1 for each in file.columns)


def _parted_by(columns: Sequence[RawColumn]) -> RawColumn | None:
    """The column by which churn is looked at first: the contract, or another of few values."""
    few = [each for each in columns if each.kind == TEXT and 2 <= each.distinct <= MOST_PARTS]
    few = [each for each in few if plain(each.name)]
    return min(few, key=lambda each: not PARTED.search(plain(each.name)), default=None)


def _all(lines: Sequence[Line], table: str) -> str:
    return f"{select(lines)}\nFROM {table}\n"


def _left(churned: RawColumn) -> str:
    words = {word.casefold() for word in churned.words}
    if churned.kind == NUMBER:
        return f"{given(churned)} = '1'"
    told = [word for word in YES if word in words] or list(YES)
    return f"lower(trim({bare(churned.name)})) IN ({', '.join(map(quoted, told))})"


def _rating(customer: str, rating: Rating, day: str) -> list[Line]:
    return [
        Line(f"{customer} || {quoted('-' + rating.metric)}", "response_id"),
        Line(customer, "customer_id"),
        Line(
            day,
            "sent_at",
            (f"{UNSURE}: when they were asked is not known; the day of the snapshot is taken",),
        ),
        Line(day, "responded_at"),
        Line(quoted(rating.metric), "metric"),
        Line(rating.sql, "score", rating.remarks),
    ]


def _unit(found: Snapshot, interview: Interview) -> Answer:
    """In what tenure is counted: as its name says or, of a bare name, as somebody says."""
    name = plain(found.tenure.name)
    named = next((unit for unit, pattern in UNITS.items() if re.search(pattern, name)), "")
    guess = named or ("years" if (found.tenure.high or 0) <= MOST_YEARS else "months")
    return interview.put(Question(
        f"{found.file.table}.{found.tenure.name}.unit",
        (f"{found.tenure.name} runs from {found.tenure.low:g} to {found.tenure.high:g}: in "
"what is it?"),
        {unit: unit for unit in UNITS}, guess,
    ))  # fmt: skip


def _fees(found: Snapshot, day: str, customer: str, table: str, unit: str) -> str:
    """A monthly fee as bookings of the last year, as far as the customer was there."""
    months = str(MONTHS)
    if found.tenure:
        each = {"years": "12 * ", "months": "", "days": "1 / 30.44 * "}[unit]
        long = f"TRY_CAST({each}{as_number(found.tenure)} AS INTEGER)"
        months = f"least({MONTHS}, {long})"
    return (
        f"-- {UNSURE}: {found.fee.name} is taken as what each paid in every of the last "
        f"{MONTHS} months.\n"
        f"SELECT\n    {customer} AS account_id,\n    CAST({day} - to_months(CAST(month AS "
        "INTEGER)) AS DATE) AS booked_at,\n"
        f"    {as_value(found.fee)} AS amount,\n    'recurring' AS kind\n"
        f"FROM {table}, unnest(generate_series(1, {months})) AS paid(month)\n"
    )
