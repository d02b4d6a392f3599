"""The KPI catalogue: what each measure means, and how its value follows from one row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import reduce
from operator import and_
from types import MappingProxyType

import ibis
import ibis.expr.types as ir

from cxlib.data.config import SCALES, Config
from cxlib.data.declared import OwnKpi
from cxlib.data.expressions import columns_of, evaluate, parse_value
from cxlib.errors import DataError

HIGHER, LOWER, NEITHER = "higher", "lower", "neither"
PROPORTION, MEAN, NPS, RATIO, TOTAL = "proportion", "mean", "nps", "ratio", "total"
# What is counted over time: as it is, or per customer.
COUNT, RATE = "count", "rate"
# A contact still open belongs to every period at whose end it is open.
OPEN = "open"
COUNTS = "counts"  # the table of contacts that come as counts

# The lowest score of a promoter and of a passive; the two best and two worst CSAT boxes.
PROMOTER, PASSIVE = 9, 7
TOP_BOXES, BOTTOM_BOXES = 2, 2


@dataclass(frozen=True)
class Kpi:
    """A key performance indicator.

    Attributes:
        name: As in data, parameters and tables.
        label: As in sentences and figures.
        unit: `share`, `points`, `score`, `seconds`, `money`, `per customer`, `per account`.
        better: Which direction is better: higher, lower or neither.
        kind: proportion, mean, nps, ratio, total, count or rate; it fixes the interval's method.
        table: The rows that it counts: surveys, interactions, accounts or customers (the latter
            two once per period); or counts, of which a row stands for many contacts.
        value: A row's value; null where the row does not count. For a ratio, the numerator.
        needs: The columns without which it cannot be had, as table.column.
        meaning: The definition, in words.
        per: For a ratio or a rate, a row's denominator.
        at: The column by which a row belongs to a period; `open` where it belongs to those at whose
            end it is open.
        followed: Whether it asks when the customer came back after a contact.
        reads: Columns that its value needs of what its rows refer to.
    """

    name: str
    label: str
    unit: str
    better: str
    kind: str
    table: str
    value: Callable[[ir.Table, Config], ir.Value]
    needs: tuple[str, ...]
    meaning: str
    per: Callable[[ir.Table, Config], ir.Value] | None = None
    at: str = ""
    followed: bool = False
    reads: tuple[str, ...] = ()


def _scores(metric: str, worth: Callable[[ir.Value, Config], ir.Value]) -> Callable:
    """The worth of each answer to one survey question; null for other rows."""

    def value(rows: ir.Table, config: Config) -> ir.Value:
        counts = (rows.metric == metric) & rows.score.notnull()
        return counts.ifelse(worth(rows.score, config).cast("float64"), ibis.null("float64"))

    return value


def _as_nps(score: ir.Value, _: Config) -> ir.Value:
    promoter, detractor = score >= PROMOTER, score < PASSIVE
    return 100.0 * (promoter.cast("int64") - detractor.cast("int64"))


def _survey(
    name: str, label: str, metric: str, kind: str, unit: str, worth, meaning: str, better=HIGHER
) -> Kpi:
    return Kpi(
        name, label, unit, better, kind, "surveys", _scores(metric, worth),
        ("surveys.score",), meaning, at="_answered_at",
    )  # fmt: skip


def _rating(metric: str, label: str, meaning: str) -> tuple[Kpi, Kpi, Kpi]:
    """The mean of a rating, and the shares of its two best and two worst boxes."""
    return (
        _survey(metric, label, metric, MEAN, "score", lambda score, _: score, meaning),
        _survey(f"{metric}_top2", f"{label} top-2 box", metric, PROPORTION, "share",
                lambda score, config: score > config.scales[metric][1] - TOP_BOXES,
                "Share of answers in the two best boxes"),
        _survey(f"{metric}_bottom2", f"{label} bottom-2 box", metric, PROPORTION, "share",
                lambda score, config: score < config.scales[metric][0] + BOTTOM_BOXES,
                "Share of answers in the two worst boxes", LOWER),
    )  # fmt: skip


def _answered(rows: ir.Table) -> ir.Value:
    """Whether a contact was answered; one of which nothing is known counts as answered."""
    return ~rows.abandoned.fill_null(False)


def _where(condition: ir.Value, value: ir.Value) -> ir.Value:
    return condition.ifelse(value.cast("float64"), ibis.null("float64"))


def _contact(
    name: str, label: str, unit: str, better: str, kind: str, value, needs: str, meaning: str
) -> Kpi:
    return Kpi(
        name, label, unit, better, kind, "interactions", value,
        (f"interactions.{needs}",), meaning, at="started_at",
    )  # fmt: skip


def _answered_one(column: str) -> Callable:
    """The value of a column, of contacts that were answered."""
    return lambda rows, _: _where(_answered(rows), rows[column])


def _synchronous(rows: ir.Table, _: Config) -> ir.Value:
    return rows._on_the_line


def _in_time(rows: ir.Table, config: Config, usual: float) -> ir.Value:
    """Whether a contact was answered within the standard of its channel.

    One that was given up never was; of one without a known wait nothing is known.
    """
    channels = config.thresholds.service_level_by_channel
    own = [(channel, float(each)) for channel, each in channels.items()]
    standard = ibis.literal(float(usual))
    standard = rows.channel.cases(*own, else_=standard) if own else standard
    in_time = _answered(rows) & (rows.wait_seconds <= standard).fill_null(False)
    return _where(rows.wait_seconds.notnull() | ~_answered(rows), in_time)


def _of(which: Callable, value: Callable) -> Callable:
    """A value of those contacts only whose channel is of a kind."""

    def only(rows: ir.Table, config: Config) -> ir.Value:
        return which(rows, config).ifelse(value(rows, config).cast("float64"), ibis.null("float64"))

    return only


def _asynchronous(rows: ir.Table, _: Config) -> ir.Value:
    return ~rows._on_the_line


def _on_time(rows: ir.Table, config: Config) -> ir.Value:
    # What is still open and not yet due may still be in time.
    return _where(rows.closed_at.notnull() | rows._overdue,
                  (rows.closed_at <= rows.due_at).fill_null(False))  # fmt: skip


def _repeated(rows: ir.Table, config: Config) -> ir.Value:
    days = config.thresholds.repeat_days
    # Contacts too near the end of the data are left out: nobody knows yet.
    seen = rows._matter_known & (rows._days_followed >= days)
    return _where(seen, (rows._days_to_next <= days).fill_null(False))


def _responded(rows: ir.Table, config: Config) -> ir.Value:
    days = config.thresholds.response_days
    # An answer without a date counts as in time; an invitation sent just now has yet to be read.
    in_time = rows.score.notnull() & (rows._days_to_answer <= days).fill_null(True)
    return _where(rows._days_since_sent >= days, in_time)


def _account(
    name: str, label: str, unit: str, better: str, kind: str, value, needs, meaning, per=None
) -> Kpi:
    return Kpi(name, label, unit, better, kind, "accounts", value, needs, meaning, per=per)


def _stayed(rows: ir.Table) -> ir.Value:
    return rows._at_start.ifelse((~rows._churned).cast("float64"), ibis.null("float64"))


_CATALOGUE = (
    _survey("nps", "Net Promoter Score", "nps", NPS, "points", _as_nps,
            "Share of promoters (9–10) minus share of detractors (0–6), times 100"),
    *_rating("csat", "CSAT", "Mean satisfaction score"),
    _survey("ces", "Customer Effort Score", "ces", MEAN, "score", lambda score, _: score,
            "Mean score for ease; higher is easier"),
    Kpi("response_rate", "Response rate", "share", HIGHER, PROPORTION, "surveys", _responded,
        ("surveys.score",), "Share of survey invitations that were answered within the dataset's "
        "number of days, of those that had as many", at="sent_at"),
    _contact("contact_volume", "Contact volume", "count", NEITHER, COUNT,
             lambda rows, _: ibis.literal(1.0), "started_at",
             "Number of contacts; its interval is that of another such period"),
    _contact("first_contact_resolution", "First-contact resolution", "share", HIGHER, PROPORTION,
             _answered_one("resolved"), "resolved",
             "Share of answered contacts solved at first contact, of those of which it is known"),
    _contact("average_handle_time", "Average handle time", "seconds", LOWER, MEAN,
             _answered_one("handle_seconds"), "handle_seconds",
             "Mean time of handling an answered contact, after-work included"),
    _contact("average_speed_of_answer", "Average speed of answer", "seconds", LOWER, MEAN,
             _of(_synchronous, _answered_one("wait_seconds")), "wait_seconds",
             "Mean wait of answered contacts, on channels where the customer waits on the line"),
    _contact("service_level", "Service level", "share", HIGHER, PROPORTION,
             _of(_synchronous, lambda rows, config: _in_time(
                 rows, config, config.thresholds.service_level_seconds)),
             "wait_seconds",
             "Share of contacts offered that were answered within the standard of their channel, "
             "on channels where the customer waits on the line; abandoned contacts never were"),
    _contact("abandonment_rate", "Abandonment rate", "share", LOWER, PROPORTION,
             _of(_synchronous, lambda rows, _: rows.abandoned), "abandoned",
             "Share of contacts that the customer gave up before an answer, on channels where the "
             "customer waits on the line"),
    _contact("first_response_time", "First response time", "seconds", LOWER, MEAN,
             _of(_asynchronous, _answered_one("wait_seconds")), "wait_seconds",
             "Mean time to the first answer on channels such as e-mail, web forms and letters"),
    _contact("responded_in_time", "Responded in time", "share", HIGHER, PROPORTION,
             _of(_asynchronous, lambda rows, config: _in_time(
                 rows, config, config.thresholds.response_seconds)),
             "wait_seconds",
             "Share of contacts answered within the standard of their channel, on channels such as "
             "e-mail, web forms and letters"),
    _contact("transfer_rate", "Transfer rate", "share", LOWER, PROPORTION,
             lambda rows, _: _where(_answered(rows) & rows.transfers.notnull(), rows.transfers > 0),
             "transfers", "Share of answered contacts that were passed on at least once"),
    replace(
        _contact("time_to_resolution", "Time to resolution", "seconds", LOWER, MEAN,
                 lambda rows, _: rows._seconds_open, "closed_at",
                 "Mean time from the start of a contact to its closing, of contacts closed in the "
                 "period"),
        at="closed_at"),
    replace(
        _contact("on_time_share", "On-time share", "share", HIGHER, PROPORTION, _on_time, "due_at",
                 "Share of contacts closed by the time at which they were due, of those due in the "
                 "period"),
        needs=("interactions.due_at", "interactions.closed_at"), at="due_at"),
    replace(
        _contact("backlog", "Backlog", "count", LOWER, COUNT, lambda rows, _: ibis.literal(1.0),
                 "closed_at", "Contacts opened and not closed at the period's end"),
        at=OPEN),
    replace(
        _contact("repeat_contact_rate", "Repeat contact rate", "share", LOWER, PROPORTION,
                 _repeated, "started_at", "Share of contacts that the same customer follows with "
                 "another for the same reason (or touchpoint, where no reasons are recorded) "
                 "within the dataset's number of days, of those observed as long"),
        followed=True),
    Kpi("contact_rate", "Contact rate", "per customer", NEITHER, RATE, "customers",
        lambda rows, _: rows._contacts.cast("float64"),
        ("interactions.started_at", "accounts.signup_date"),
        "Mean number of contacts per customer in the period",
        per=lambda rows, _: rows._people),
    _contact("cost_per_contact", "Cost per contact", "money", LOWER, MEAN,
             lambda rows, _: rows.cost, "cost", "Mean cost of a contact"),
    _account("retention_rate", "Retention rate", "share", HIGHER, PROPORTION,
             lambda rows, _: _stayed(rows), ("accounts.churn_date",),
             "Share of the accounts there at the period's start that are there at its end"),
    _account("churn_rate", "Churn rate", "share", LOWER, PROPORTION,
             lambda rows, _: 1 - _stayed(rows), ("accounts.churn_date",),
             "Share of the accounts there at the period's start that left in it"),
    _account("revenue", "Revenue", "money", HIGHER, TOTAL,
             lambda rows, _: _where(rows._there, rows._amount), ("revenue.amount",),
             "Amounts booked, refunds deducted; its interval is that of another draw of accounts "
             "like these"),
    _account("revenue_per_account", "Revenue per account", "money", HIGHER, MEAN,
             lambda rows, _: _where(rows._there, rows._amount), ("revenue.amount",),
             "Revenue of the period per account there in it"),
    _account("net_revenue_retention", "Net revenue retention", "share", HIGHER, RATIO,
             lambda rows, _: (rows._amount_before > 0).ifelse(rows._amount, ibis.null("float64")),
             ("revenue.amount",),
             "Revenue of the accounts that had booked in the same period of last year, as a share "
             "of what they booked then",
             per=lambda rows, _: (rows._amount_before > 0).ifelse(rows._amount_before, 0.0)),
    _account("purchase_frequency", "Purchase frequency", "per account", HIGHER, MEAN,
             lambda rows, _: _where(rows._there, rows._purchases.cast("float64")),
             ("revenue.amount",),
             "Mean number of bookings above zero per account there in the period"),
    _account("return_rate", "Return rate", "share", LOWER, RATIO,
             lambda rows, _: _where(rows._there, rows._refunded), ("revenue.amount",),
             "Amount refunded as a share of the amount sold",
             per=lambda rows, _: _where(rows._there, rows._sold)),
    _account("upsell_rate", "Up-sell rate", "share", HIGHER, PROPORTION,
             lambda rows, _: _where(rows._there, rows._upsold.cast("float64")), ("revenue.kind",),
             "Share of the accounts there in the period that bought an up-sell or cross-sell"),
)  # fmt: skip


def _of_counts(name: str, part: str, whole: str, which: Callable | None = None) -> Kpi:
    """A KPI of contacts as the table of counts has it: of a part, the share of the whole.

    A time is a mean of the whole. How it varies within a day nobody knows, only from day to day.
    """
    of = next(kpi for kpi in _CATALOGUE if kpi.name == name)
    timed = of.unit == "seconds"

    def known(rows: ir.Table, config: Config) -> ir.BooleanValue:
        both = rows[part].notnull() & _wholes(rows)[whole].notnull()
        return both & which(rows, config) if which else both

    def value(rows: ir.Table, config: Config) -> ir.Value:
        size = _wholes(rows)[whole]
        return _where(known(rows, config), rows[part] * size if timed else rows[part])

    def per(rows: ir.Table, config: Config) -> ir.Value:
        return _where(known(rows, config), _wholes(rows)[whole])

    return replace(
        of, kind=RATIO if timed else PROPORTION, table=COUNTS, value=value, per=per, at="day",
        needs=(f"{COUNTS}.{part}", f"{COUNTS}.offered"), followed=False,
    )  # fmt: skip


def _wholes(rows: ir.Table) -> dict[str, ir.Value]:
    """What counts are parts of; whoever was not given up was answered."""
    answered = rows.answered.fill_null(rows.offered - rows.abandoned)
    return {"offered": rows.offered, "answered": answered.fill_null(rows.offered)}


# KPIs of contacts, where these come as counts.
OF_COUNTS: Mapping[str, Kpi] = MappingProxyType(
    {
        kpi.name: kpi
        for kpi in (
            replace(
                next(kpi for kpi in _CATALOGUE if kpi.name == "contact_volume"),
                table=COUNTS, value=lambda rows, _: rows.offered, at="day",
                needs=(f"{COUNTS}.offered",),
            ),
            _of_counts("first_contact_resolution", "resolved", "answered"),
            _of_counts("average_handle_time", "handle_seconds", "answered"),
            _of_counts("average_speed_of_answer", "wait_seconds", "answered", _synchronous),
            _of_counts("service_level", "in_time", "offered", _synchronous),
            _of_counts("abandonment_rate", "abandoned", "offered", _synchronous),
            _of_counts("first_response_time", "wait_seconds", "answered", _asynchronous),
            _of_counts("responded_in_time", "in_time", "offered", _asynchronous),
            _of_counts("transfer_rate", "transferred", "answered"),
        )
    }
)  # fmt: skip

KPIS: Mapping[str, Kpi] = MappingProxyType({kpi.name: kpi for kpi in _CATALOGUE})

# What accounts do, which service and satisfaction may come before.
RESULTS = tuple(kpi.name for kpi in _CATALOGUE if kpi.table == "accounts")

# The KPI that is another turned round: one of them says all.
COMPLEMENTS = MappingProxyType({"churn_rate": "retention_rate"})

# KPIs made of the same rows: that these move together is arithmetic, not news.
RESTATED = (
    frozenset({"retention_rate", "churn_rate"}),
    frozenset({"csat", "csat_top2", "csat_bottom2"}),
    frozenset({"revenue", "revenue_per_account", "net_revenue_retention"}),
    frozenset({"purchase_frequency", "upsell_rate"}),
    frozenset({"average_handle_time", "cost_per_contact"}),
    frozenset({"contact_rate", "repeat_contact_rate", "contact_volume", "backlog"}),
    frozenset({"average_speed_of_answer", "service_level", "abandonment_rate"}),
    frozenset({"first_response_time", "responded_in_time", "time_to_resolution", "on_time_share"}),
)


def label_of(name: str, known: Mapping[str, Kpi] = KPIS) -> str:
    """A KPI's label; one of a rating that a dataset declares itself is called by its own name."""
    if name in known:
        return known[name].label
    return name.replace("_top2", " top-2 box").replace("_bottom2", " bottom-2 box")


def own_ratings(config: Config) -> list[str]:
    """The ratings that a dataset declares itself, beside NPS, CSAT and CES."""
    return [metric for metric in config.scales if metric not in {*SCALES, *KPIS}]


def catalogue(config: Config) -> Mapping[str, Kpi]:
    """The KPIs of a dataset: ours, three for each rating that it declares, and those of its own.

    Raises:
        DataError: One of its own has a name that is taken, or the first screen is to show one that
            there is not.
    """
    ratings = [_rating(each, each, f"Mean score for {each}") for each in own_ratings(config)]
    known = KPIS | {kpi.name: kpi for each in ratings for kpi in each}
    for name, own in config.kpis.items():
        if name in known:
            raise DataError(f"dataset.toml: kpis.{name}: that name is taken; choose another")
        known |= {name: _own(name, own)}
    for setting in ("tiles", "grid"):
        for name in getattr(config.leadership, setting):
            if name not in known:
                near = get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(known)}"
                at = f"dataset.toml: leadership.{setting}"
                raise DataError(f"{at}: there is no KPI {name!r}; {hint}")
    return MappingProxyType(known)


def _own(name: str, own: OwnKpi) -> Kpi:
    """A KPI as a dataset defines it."""

    formulas = [parse_value(each) for each in (own.value, own.per) if each]
    named = sorted(set().union(*map(columns_of, formulas)))

    def worth(which: int) -> Callable[[ir.Table, Config], ir.Value]:
        def value(rows: ir.Table, _: Config) -> ir.Value:
            parts = [evaluate(each, {name: rows[name] for name in named}) for each in formulas]
            # Of a ratio, both sums are of the rows of which both are known.
            known = reduce(and_, (each.notnull() for each in parts), _COUNTED[own.table](rows))
            return _where(known, parts[which])

        return value

    return Kpi(
        name, own.label, own.unit or ("score" if own.kind == MEAN else "share"), own.better,
        own.kind, own.table, worth(0), tuple(f"{own.table}.{each}" for each in named),
        own.meaning or f"Of each row: {' / '.join(filter(None, (own.value, own.per)))}",
        per=worth(1) if own.per else None, at=_MOMENTS[own.table], reads=tuple(named),
    )  # fmt: skip


# Which rows of a table a KPI of one's own counts, and by which column they belong to a period.
_COUNTED = MappingProxyType(
    {
        "interactions": lambda rows: ibis.literal(True),
        "surveys": lambda rows: rows.score.notnull(),
        "accounts": lambda rows: rows._there,
    }
)
_MOMENTS = MappingProxyType(
    {"interactions": "started_at", "surveys": "_answered_at", "accounts": ""}
)


def restated(known: Mapping[str, Kpi] = KPIS) -> tuple[frozenset[str], ...]:
    """The families of a dataset's KPIs that are made of the same rows.

    Args:
        known: Its KPIs, as `catalogue` and panels have them.
    """
    ratings = [name for name in known if f"{name}_top2" in known and name not in KPIS]
    families = [frozenset({each, f"{each}_top2", f"{each}_bottom2"}) for each in ratings]
    for name, own in known.items():
        if own.reads:
            # What is worked out from the same columns moves with them by arithmetic.
            alike = {each for each, kpi in known.items() if {*kpi.needs} & {*own.needs}}
            families.append(frozenset({name, *alike}))
    return (*RESTATED, *families)
