"""The KPI catalogue: what each measure means, and how its value follows from one row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import ibis
import ibis.expr.types as ir

from cxlib.data.config import Config

HIGHER, LOWER, NEITHER = "higher", "lower", "neither"
PROPORTION, MEAN, NPS, RATIO, TOTAL = "proportion", "mean", "nps", "ratio", "total"

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
        kind: proportion, mean, nps, ratio or total; it fixes the interval's method.
        table: The rows that it counts: surveys, interactions, accounts or customers (the latter
            two once per period).
        value: A row's value; null where the row does not count. For a ratio, the numerator.
        needs: The columns without which it cannot be had, as table.column.
        meaning: The definition, in words.
        per: For a ratio, a row's denominator.
        at: The column by which a row belongs to a period.
        followed: Whether it asks when the customer came back after a contact.
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


def _standard(rows: ir.Table, config: Config) -> ir.Value:
    """The seconds within which a contact is to be answered."""
    rules = config.thresholds
    own = [(channel, float(each)) for channel, each in rules.service_level_by_channel.items()]
    usual = ibis.literal(float(rules.service_level_seconds))
    return rows.channel.cases(*own, else_=usual) if own else usual


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
    _survey("csat", "CSAT", "csat", MEAN, "score", lambda score, _: score,
            "Mean satisfaction score"),
    _survey("csat_top2", "CSAT top-2 box", "csat", PROPORTION, "share",
            lambda score, config: score > config.scales["csat"][1] - TOP_BOXES,
            "Share of answers in the two best boxes"),
    _survey("csat_bottom2", "CSAT bottom-2 box", "csat", PROPORTION, "share",
            lambda score, config: score < config.scales["csat"][0] + BOTTOM_BOXES,
            "Share of answers in the two worst boxes", LOWER),
    _survey("ces", "Customer Effort Score", "ces", MEAN, "score", lambda score, _: score,
            "Mean score for ease; higher is easier"),
    Kpi("response_rate", "Response rate", "share", HIGHER, PROPORTION, "surveys", _responded,
        ("surveys.score",), "Share of survey invitations that were answered within the dataset's "
        "number of days, of those that had as many", at="sent_at"),
    _contact("first_contact_resolution", "First-contact resolution", "share", HIGHER, PROPORTION,
             lambda rows, _: rows.resolved.cast("float64"), "resolved",
             "Share of contacts solved at first contact, of those of which it is known"),
    _contact("average_handle_time", "Average handle time", "seconds", LOWER, MEAN,
             lambda rows, _: _where(_answered(rows), rows.handle_seconds), "handle_seconds",
             "Mean time of handling an answered contact, after-work included"),
    _contact("average_speed_of_answer", "Average speed of answer", "seconds", LOWER, MEAN,
             lambda rows, _: _where(_answered(rows), rows.wait_seconds), "wait_seconds",
             "Mean wait of contacts that were answered"),
    _contact("service_level", "Service level", "share", HIGHER, PROPORTION,
             lambda rows, config: _where(
                 rows.wait_seconds.notnull(),
                 _answered(rows) & (rows.wait_seconds <= _standard(rows, config))),
             "wait_seconds",
             "Share of all contacts that were answered within the standard of their channel"),
    _contact("abandonment_rate", "Abandonment rate", "share", LOWER, PROPORTION,
             lambda rows, _: rows.abandoned.cast("float64"), "abandoned",
             "Share of contacts that the customer gave up before an answer"),
    _contact("transfer_rate", "Transfer rate", "share", LOWER, PROPORTION,
             lambda rows, _: _where(_answered(rows) & rows.transfers.notnull(), rows.transfers > 0),
             "transfers", "Share of answered contacts that were passed on at least once"),
    replace(
        _contact("repeat_contact_rate", "Repeat contact rate", "share", LOWER, PROPORTION,
                 _repeated, "started_at", "Share of contacts that the same customer follows with "
                 "another for the same reason (or touchpoint, where no reasons are recorded) "
                 "within the dataset's number of days, of those observed as long"),
        followed=True),
    Kpi("contact_rate", "Contact rate", "per customer", NEITHER, MEAN, "customers",
        lambda rows, _: rows._contacts.cast("float64"),
        ("interactions.started_at", "accounts.signup_date"),
        "Mean number of contacts per customer in the period"),
    _contact("cost_per_contact", "Cost per contact", "money", LOWER, MEAN,
             lambda rows, _: rows.cost, "cost", "Mean cost of a contact"),
    _account("retention_rate", "Retention rate", "share", HIGHER, PROPORTION,
             lambda rows, _: _stayed(rows), ("accounts.churn_date",),
             "Share of the accounts there at the period's start that are there at its end"),
    _account("churn_rate", "Churn rate", "share", LOWER, PROPORTION,
             lambda rows, _: 1 - _stayed(rows), ("accounts.churn_date",),
             "Share of the accounts there at the period's start that left in it"),
    _account("revenue", "Revenue", "money", HIGHER, TOTAL,
             lambda rows, _: rows._amount, ("revenue.amount",),
             "Amounts booked, refunds deducted; its interval is that of another draw of accounts "
             "like these"),
    _account("revenue_per_account", "Revenue per account", "money", HIGHER, MEAN,
             lambda rows, _: rows._amount, ("revenue.amount",),
             "Revenue of the period per account there in it"),
    _account("purchase_frequency", "Purchase frequency", "per account", HIGHER, MEAN,
             lambda rows, _: rows._purchases.cast("float64"), ("revenue.amount",),
             "Mean number of bookings above zero per account there in the period"),
    _account("return_rate", "Return rate", "share", LOWER, RATIO,
             lambda rows, _: rows._refunded, ("revenue.amount",),
             "Amount refunded as a share of the amount sold",
             per=lambda rows, _: rows._sold),
    _account("upsell_rate", "Up-sell rate", "share", HIGHER, PROPORTION,
             lambda rows, _: rows._upsold.cast("float64"), ("revenue.kind",),
             "Share of the accounts there in the period that bought an up-sell or cross-sell"),
)  # fmt: skip

KPIS: Mapping[str, Kpi] = MappingProxyType({kpi.name: kpi for kpi in _CATALOGUE})

# KPIs that restate one another: that these move together is arithmetic, not news.
RESTATED = (
    frozenset({"retention_rate", "churn_rate"}),
    frozenset({"csat", "csat_top2", "csat_bottom2"}),
    frozenset({"revenue", "revenue_per_account"}),
    frozenset({"purchase_frequency", "upsell_rate"}),
    frozenset({"average_handle_time", "cost_per_contact"}),
    frozenset({"contact_rate", "repeat_contact_rate"}),
    frozenset({"average_speed_of_answer", "service_level"}),
)
