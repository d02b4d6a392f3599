"""How features of customers are said."""

from cxlib.page.wording import number
from cxlib.personas.encoding import CATEGORY, NUMBER, SHARES

# What a number among the features is called, and its unit.
NUMBERS = {
    "contact_rate": ("contacts a month", ""),
    "transfers": ("transfers per contact", ""),
    "repeats": ("contacts that come back", "share"),
    "wait": ("times the usual wait", ""),
    "csat": ("CSAT", ""),
    "nps": ("likelihood to recommend", ""),
    "ces": ("CES", ""),
    "age": ("years of age", "count"),
    "tenure": ("years with us", ""),
    "spend": ("yearly spend of the account", "money"),
}
# How contacts are divided, as it is said before what they are divided by.
PREPOSITIONS = {"channel": "by", "reason": "about", "touchpoint": "at"}
MONTHS_PER_YEAR = 12


def plain(word: str) -> str:
    """A name from the data as a reader would write it.

    Examples:
        >>> plain("how_to")
        'how-to'
    """
    return str(word).replace("_", "-")


def trait(feature: str, kind: str, level: str) -> str:
    """What a feature, or a level of it, is called.

    Examples:
        >>> trait("channel", "shares", "phone"), trait("role", "category", "end user")
        ('contacts by phone', 'role: end user')
        >>> trait("channel_rate", "shares", "chat"), trait("age", "number", "")
        ('contacts a month by chat', 'years of age')
    """
    if feature == "channel_rate":
        return f"contacts a month by {plain(level)}"
    if kind == SHARES:
        return f"contacts {PREPOSITIONS.get(feature, 'of')} {plain(level)}"
    if kind == CATEGORY:
        return f"{feature.replace('_', ' ')}: {plain(level)}"
    return NUMBERS.get(feature, (feature.replace("_", " "), ""))[0]


def amount(feature: str, kind: str, value: float, currency: str = "") -> str:
    """A feature's value.

    Examples:
        >>> amount("channel", "shares", 0.7579), amount("age", "number", 45.14)
        ('76%', '45')
    """
    if feature == "channel_rate":
        return number(value)
    if kind != NUMBER or NUMBERS.get(feature, ("", ""))[1] == "share":
        return f"{number(round(value, 2), 'share').split('.')[0]}%"
    return number(value, NUMBERS.get(feature, ("", ""))[1], currency)


def against_others(row, currency: str = "") -> str:
    """How much of what sets a persona apart it has, and others have.

    Args:
        row: A row of `profiles.differences`.
        currency: For amounts of money.
    """
    inside = amount(row.feature, row.kind, row.inside, currency)
    rest = amount(row.feature, row.kind, row.rest, currency)
    return f"{inside} (others {rest})"


def shows(row) -> bool:
    """Whether what sets a persona apart can be seen in the numbers that are written of it."""
    sides = (amount(row.feature, row.kind, each) for each in (row.inside, row.rest))
    return len(set(sides)) > 1


def how_often(monthly: float) -> str:
    """Contacts a month, as people say it.

    Examples:
        >>> how_often(0.34), how_often(2)
        ('4.1 times a year', '2.0 times a month')
    """
    if monthly >= 1:
        return f"{number(monthly, 'points')} times a month"
    return f"{number(monthly * MONTHS_PER_YEAR, 'points')} times a year"
