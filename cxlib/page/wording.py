"""How numbers are written: the only place where they are rounded."""

import math
import re
from typing import Self

import pandas as pd
from numpy import format_float_positional

from cxlib.measure.estimate import Estimate
from cxlib.measure.kpis import Kpi

# Nobody counts two days and more in hours.
DAYS_FROM = 48 * 3_600


class Written(str):
    """A number as it is written, which still knows what it is.

    Args:
        text: As people read it.
        values: The number; of an estimate, its value and the ends of its interval.
    """

    def __new__(cls, text: str, *values: float) -> Self:  # noqa: D102
        written = super().__new__(cls, text)
        written.values = values
        return written


def number(
    value: float, unit: str = "", currency: str = "", sign: bool = False, like: float | None = None
) -> Written:
    """A number as people read it.

    Args:
        value: The number.
        unit: As in `Estimate`; `count` for whole things.
        currency: Written after money.
        sign: Write a plus before what is not negative, as for a change.
        like: Write it as finely as this number; as itself, if None.

    Examples:
        >>> number(0.7262, "share"), number(95.4, "seconds"), number(3671, "seconds")
        ('72.6%', '95 s', '1 h 1 min')
        >>> number(10_000, "seconds"), number(3_640_620, "seconds")
        ('2 h 47 min', '42.1 days')
        >>> number(65000, "money", "EUR"), number(0.031, "share", sign=True)
        ('65,000 EUR', '+3.1 points')
    """
    if value is None or not math.isfinite(value):
        return Written("–", math.nan)
    text = _magnitude(abs(value), unit, currency, sign, abs(value if like is None else like))
    below = value < 0 and any(digit in text for digit in "123456789")
    return Written(f"{'−' if below else '+' if sign else ''}{text}", value)


def rounded_money(value: float, currency: str = "") -> Written:
    """An amount to two or three digits, for a screen on which the exact one would be noise.

    Examples:
        >>> rounded_money(1_398_863, "EUR"), rounded_money(-152_583), rounded_money(48_210, "EUR")
        ('1.4m EUR', '−0.15m', '48,000 EUR')
    """
    amount = abs(value)
    if amount >= 99_500:
        text = f"{amount / 1e6:,.{2 if amount < 1e6 else 1 if amount < 1e8 else 0}f}m"
    else:
        digits = max(len(f"{amount:.0f}") - 2, 0)
        text = f"{round(amount, -digits):,.0f}"
    return Written(f"{'−' if value < 0 else ''}{text} {currency}".strip(), value)


def size(value: float, unit: str = "", currency: str = "") -> Written:
    """How large a change is, whichever way it goes: 3.1 points, and not +3.1 points."""
    return Written(number(value, unit, currency, sign=True).lstrip("+"), value)


def _magnitude(value: float, unit: str, currency: str, change: bool, like: float) -> str:
    match unit:
        case "share":
            return f"{100 * value:.1f} points" if change else f"{100 * value:.1f}%"
        case "seconds":
            return _duration(value, like)
        case "money":
            return f"{value:,.{2 if 0 < like < 100 else 0}f} {currency}".strip()
        case "count":
            return f"{value:,.0f}"
        case "points":
            return f"{value:.1f}"
    if 0 < value < 0.01:
        return format_float_positional(value, precision=2, fractional=False, trim="-")
    return f"{value:.2f}"


def _duration(seconds: float, like: float) -> str:
    if like < 10:
        return f"{seconds:.1f} s"
    if round(like) < 300:
        return f"{seconds:.0f} s"
    if like < 3_600:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s"
    if like >= DAYS_FROM:
        return f"{seconds / 86_400:.1f} days"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min"


def estimate(each: Estimate | None, currency: str = "", sign: bool = False) -> Written:
    """A value with its interval.

    Examples:
        >>> estimate(Estimate(0.726, 0.722, 0.730, 57676, "share"))
        '72.6% (72.2 to 73.0)'
        >>> estimate(Estimate(-138, -163, -113, 28, "seconds"), sign=True)
        '−138 s (−163 to −113)'
        >>> estimate(None)
        '–'
    """
    if each is None:
        return Written("–", math.nan)
    values = (each.value, each.low, each.high)
    if not each.has_interval:
        return Written(f"{number(each.value, each.unit, currency, sign)} (no interval)", *values)
    like = max(abs(each.value), abs(each.low), abs(each.high))
    texts = [number(value, each.unit, currency, sign, like) for value in values]
    units = {re.sub(r"^[^A-Za-z%]*", "", text) for text in texts}
    low, high = texts[1:]
    if len(units) == 1 and not re.search(r"[a-z] \d", texts[0]):
        # The unit need not be said three times.
        low, high = (re.sub(r"[A-Za-z% ]+$", "", text) for text in (low, high))
    return Written(f"{texts[0]} ({low} to {high})", *values)


def interval(each: Estimate, currency: str = "", sign: bool = False) -> str:
    """The interval of a value, for the small print.

    Examples:
        >>> interval(Estimate(0.726, 0.722, 0.730, 57676, "share"))
        '95% interval 72.2 to 73.0'
    """
    if not each.has_interval:
        return "no interval"
    ends = estimate(each, currency, sign).partition("(")[2].rstrip(")")
    return f"{each.confidence:.0%} interval {ends}"


def percent(share: float, whole: bool = False) -> Written:
    """A share, without pretending that a few rows are none or all; or in whole percent."""
    if whole:
        return Written(f"{share:.0%}", share)
    if 0 < share < 0.0005:
        return Written("under 0.1%", share)
    if 0.9995 < share < 1:
        return Written("over 99.9%", share)
    return number(share, "share")


def chance_of(probability: float) -> Written:
    """How likely something is, in whole percent, without pretending to be sure.

    Examples:
        >>> chance_of(0.724), chance_of(0.9999), chance_of(0.0)
        ('72%', 'over 99%', 'under 1%')
    """
    if probability < 0.01 or probability > 0.99:
        return Written("under 1%" if probability < 0.01 else "over 99%", probability)
    return percent(probability, whole=True)


def probability(p: float) -> Written:
    """A p-value.

    Examples:
        >>> probability(0.0123), probability(1e-9)
        ('0.012', 'under 0.001')
    """
    return Written(f"{p:.3f}" if p >= 0.001 else "under 0.001", p)


def rows(count: float, thing: str = "row") -> str:
    """A count with its noun.

    Examples:
        >>> rows(1), rows(1200, "account")
        ('1 row', '1,200 accounts')
    """
    return f"{count:,.0f} {thing}{'' if count == 1 else 's'}"


def looked_at(count: int, thing: str) -> str:
    """How many things were looked at, in words.

    Examples:
        >>> looked_at(1, "group"), looked_at(12, "group")
        ('1 group was looked at', '12 groups were looked at')
    """
    return f"{rows(count, thing)} {'was' if count == 1 else 'were'} looked at"


def in_sentence(label: str) -> str:
    """A label as it stands inside a sentence; names and abbreviations keep their capitals.

    Examples:
        >>> in_sentence("Transfer rate"), in_sentence("CSAT"), in_sentence("Net Promoter Score")
        ('transfer rate', 'CSAT', 'Net Promoter Score')
    """
    rest = label[1:]
    return label if any(letter.isupper() for letter in rest) else label[:1].lower() + rest


def capital(text: str) -> str:
    """A text as it begins a sentence.

    Examples:
        >>> capital("no chart"), capital("NPS rose"), capital("")
        ('No chart', 'NPS rose', '')
    """
    return f"{text[:1].upper()}{text[1:]}"


def month(moment) -> str:
    """A month as `Jul 2026`."""
    return "–" if pd.isna(moment) else f"{pd.Timestamp(moment):%b %Y}"


def axis_label(kpi: Kpi, currency: str = "") -> str:
    """A KPI's label with its unit, for an axis."""
    units = {"share": "%", "money": currency or "money", "points": "points", "score": "score"}
    return f"{kpi.label} ({units.get(kpi.unit, kpi.unit)})"


def scale(unit: str) -> float:
    """What values of a unit are multiplied by on an axis."""
    return 100.0 if unit == "share" else 1.0


def listed(words) -> str:
    """Words as a list in a sentence.

    Examples:
        >>> listed(["a", "b", "c"])
        'a, b and c'
    """
    words = list(words)
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
