"""What names a person in free text, and what stands in its place."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

# Engines share no look-around, so what stands before a find is kept as the pattern's first group.
_START = r"(^|[^0-9A-Za-z+])"
_DASHES = "\u2010\u2011\u2012\u2013\u2014-"
_GAPS = f"[ .\u00a0\u202f{_DASHES}]"
_PHONE_GAPS = f"[ ./()\u00a0\u202f{_DASHES}]"
_MAIL = r"""[^\s@<>()\[\]{},;:"=!?/]"""
_COUNTRIES = (
    "AD|AE|AL|AT|AZ|BA|BE|BG|BH|BR|BY|CH|CR|CY|CZ|DE|DK|DO|EE|EG|ES|FI|FO|FR|GB|GE|GI|GL|GR|GT|HR|"
    "HU|IE|IL|IQ|IS|IT|JO|KW|KZ|LB|LC|LI|LT|LU|LV|MC|MD|ME|MK|MR|MT|MU|NL|NO|PK|PL|PS|PT|QA|RO|RS|"
    "SA|SC|SE|SI|SK|SM|ST|SV|TL|TN|TR|UA|VA|VG|XK"
)
FINDS: Mapping[str, str] = MappingProxyType(
    {
        "e-mail address": rf"(){_MAIL}+@{_MAIL}+[.][^\s@<>()\[\]{{}},;:\"'=!?/.0-9]{{2,}}",
        "account number": rf"{_START}(({_COUNTRIES})[0-9]{{2}}( ?[A-Z0-9]{{4}}){{3,7}}"
        rf"( ?[A-Z0-9]{{1,3}})?|({_COUNTRIES.lower()})[0-9]{{14,30}})",
        "card number": rf"{_START}(2[2-7]|[3-6][0-9])({_GAPS}?[0-9]){{13,14}}",
        "national number": rf"{_START}([0-9]{{3}}-[0-9]{{2}}-[0-9]{{4}}"
        r"|[0-9]{3}[.][0-9]{3}[.][0-9]{3}-[0-9]{2}"
        r"|[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])-[0-9]{4}"
        r"|[A-CEGHJ-PR-TW-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]"
        r"|[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][0-9]{3}[A-Z]|[XYZ0-9][0-9]{7}-?[A-Z])",
        "phone number": r"(^|[^0-9A-Za-z])"
        rf"(([+]|00)[0-9]{{1,3}}({_PHONE_GAPS}*[0-9]){{7,12}}"
        rf"|[(]?0[0-9]{{1,4}}[)]?{_PHONE_GAPS}?[0-9]({_PHONE_GAPS}?[0-9]){{5,8}}"
        rf"|[(]?[2-9][0-9]{{2}}[)]?{_GAPS}[0-9]{{3}}{_GAPS}[0-9]{{4}})",
    }
)
ANYTHING = "|".join(f"({pattern})" for pattern in FINDS.values())
# A day such as 05.01.2026 would pass for a phone number: an unseen character keeps it apart.
_DAY = r"(^|[^0-9])([0-9]{1,2})([./-])([0-9]{1,2})([./-])([0-9]{4})($|[^0-9])"
_APART = "\u2060"


def masked(column: "ir.StringValue") -> "ir.StringValue":
    """A column of texts with the name of each find in its place, such as `[phone number]`."""
    sign = "$" if column.get_backend().name == "pyspark" else "\\"
    column = column.re_replace(_DAY, _day(sign))
    for what, pattern in FINDS.items():
        column = column.re_replace(pattern, f"{sign}1[{what}]")
    return column.replace(_APART, "")


def masked_text(text: str) -> str:
    """The same for a single text.

    Examples:
        >>> masked_text("ask ann@mail.org before 05.01.2026, or call +44 20 7946 0958")
        'ask [e-mail address] before 05.01.2026, or call [phone number]'
    """
    text = re.sub(_DAY, _day("\\"), text)
    for what, pattern in FINDS.items():
        text = re.sub(pattern, rf"\1[{what}]", text)
    return text.replace(_APART, "")


def _day(sign: str) -> str:
    return "".join(f"{sign}{number}{_APART if number in (3, 5) else ''}" for number in range(1, 8))


def shape_of(text: str) -> str:
    """What a text looks like, without what it says: letters and signs as x, digits as 9.

    Examples:
        >>> shape_of("Ann, 31/02/2026")
        'xxx, 99/99/9999'
    """
    plain = re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "x", text))
    return re.sub(r"[^\x00-\x7f]", "x", plain)
