"""What names a person in free text, and what stands in its place."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

_START = r"(?<![0-9A-Za-z+])"
_DASHES = "\u2010\u2011\u2012\u2013\u2014-"
_GAPS = f"[ .\u00a0\u202f{_DASHES}]"
_PHONE_GAPS = f"[ ./()\u00a0\u202f{_DASHES}]"
_MAIL = r"""[^\s@<>()\[\]{},;:"=!?/]"""
_COUNTRIES = (
    "AD|AE|AL|AT|AZ|BA|BE|BG|BH|BR|BY|CH|CR|CY|CZ|DE|DK|DO|EE|EG|ES|FI|FO|FR|GB|GE|GI|GL|GR|GT|HR|"
    "HU|IE|IL|IQ|IS|IT|JO|KW|KZ|LB|LC|LI|LT|LU|LV|MC|MD|ME|MK|MR|MT|MU|NL|NO|PK|PL|PS|PT|QA|RO|RS|"
    "SA|SC|SE|SI|SK|SM|ST|SV|TL|TN|TR|UA|VA|VG|XK"
)
_PATTERNS: Mapping[str, str] = MappingProxyType(
    {
        "e-mail address": rf"{_MAIL}{{1,64}}@{_MAIL}{{1,255}}"
        r"[.][^\s@<>()\[\]{},;:\"'=!?/.0-9]{2,}",
        # The shortest, Norway's, has 15 letters.
        "account number": rf"{_START}(({_COUNTRIES})[0-9]{{2}}(( ?[A-Z0-9]{{4}}){{3,7}}"
        rf"( ?[A-Z0-9]{{1,3}})?|( ?[A-Z0-9]{{4}}){{2}} ?[A-Z0-9]{{3}}(?![A-Z0-9]))"
        rf"|({_COUNTRIES.lower()})[0-9]{{13,30}})",
        "card number": rf"{_START}(2[2-7]|[3-6][0-9])({_GAPS}?[0-9]){{13,14}}",
        "national number": rf"{_START}([0-9]{{3}}-[0-9]{{2}}-[0-9]{{4}}"
        r"|[0-9]{3}[.][0-9]{3}[.][0-9]{3}-[0-9]{2}"
        r"|[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])-[0-9]{4}"
        r"|[A-CEGHJ-PR-TW-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]"
        r"|[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][0-9]{3}[A-Z]|[XYZ0-9][0-9]{7}-?[A-Z])",
        # With a country's code, as in North America, or as many do in Norway; all others are
        # looked up.
        "phone number": rf"(?<![0-9A-Za-z])([+][0-9]{{1,3}}({_PHONE_GAPS}*[0-9]){{7,12}}"
        rf"|(?<![.-])00[1-9][0-9]{{0,2}}({_PHONE_GAPS}*[0-9]){{7,12}}"
        rf"|(1{_GAPS}?)?[(]?[2-9][0-9]{{2}}(?:[)] ?|{_GAPS})[0-9]{{3}}{_GAPS}[0-9]{{4}}"
        r"|[49][0-9]{2} [0-9]{2} [0-9]{3}(?![0-9]))",
    }
)
FINDS = tuple(_PATTERNS)
# Texts without this hold no find; every engine knows such a pattern.
CANDIDATE = "[@\uff20]|([0-9\uff10-\uff19][^0-9\uff10-\uff19]{0,3}){6}"
# Letters of full width, as East Asian keyboards write them.
_NARROW = {0xFF01 + place: 0x21 + place for place in range(94)}

# Whose numbers are looked for where no country's code stands before them.
_PLACES = (
    "US", "CA", "MX", "BR", "AR", "CL", "CO", "PE", "GB", "IE", "FR", "DE", "AT", "CH", "NL", "BE",
    "ES", "PT", "IT", "GR", "PL", "CZ", "SK", "HU", "RO", "BG", "HR", "SI", "RS", "UA", "RU", "TR",
    "SE", "NO", "DK", "FI", "EE", "LV", "LT", "IS", "IN", "CN", "JP", "KR", "HK", "SG", "MY", "TH",
    "ID", "PH", "VN", "AU", "NZ", "ZA", "NG", "KE", "EG", "SA", "AE", "IL",
)  # fmt: skip
_DIGITS = re.compile(
    rf"(?<![0-9A-Za-z_@/#+{_DASHES}])[(]?[0-9](?:{_PHONE_GAPS}{{0,3}}[0-9]){{6,14}}(?![0-9A-Za-z_])"
)
_DAY = re.compile(
    r"(?<![0-9+])([0-3]?[0-9][./-][0-3]?[0-9][./-](19|20)[0-9]{2}|(19|20)[0-9]{2}(-[0-9]{2}){2})"
    r"(?![0-9])"
)
# Groups of three, as in amounts of less than a hundred millions; years; fractions and shares.
_AMOUNT = re.compile(
    rf"[0-9]{{1,2}}({_GAPS}[0-9]{{3}}){{2}}|((19|20)[0-9]{{2}}{_GAPS}?)+|[0-9]+[.][0-9]+"
    r"|[1-9][0-9]*(/[0-9]+)+"
)
# Said within so many letters before it, digits without a gap are a number to call.
_NEAR = 40
_SAYS_SO = re.compile(
    r"(?i)\b(phone|tele?f|tel\b|call|mobile|cell|whatsapp|ring|fax|handy|ruf|nummer|portable|appel|"
    r"ll[aá]m|m[oó]vil|celular|ligue|liga|chiam|cellulare|zadzwo|dzwo)|电话|手机|電話"
)
# A value that an engine complains of: a line that is no row; or in quotes, which may stand in it
# as well, and may not be closed where it has several lines.
_VALUES = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"record parsing: \[(.*)",
        r"with value (\S+) can't",
        r"""['"](.*)['"] (?:according to|of the type)""",
        r"'(.*)'",
        r"\"(.*)\"",
        r"""['"](.*)""",
    )
)


def masked_text(text: str) -> str:
    """A text with the name of each find in its place, such as `[phone number]`.

    Numbers without a country's code are looked up in Google's tables of the world's numbers; they
    must be written in groups as they are there or, without a gap, begin with 0 or be said to be
    called.

    Examples:
        >>> masked_text("ask ann@mail.org before 05.01.2026, or call +44 20 7946 0958")
        'ask [e-mail address] before 05.01.2026, or call [phone number]'
        >>> masked_text("SKU 0001234567 of 1 234 567 sold"), masked_text("call 612345678")
        ('SKU 0001234567 of 1 234 567 sold', 'call [phone number]')
    """
    plain = text.translate(_NARROW)
    if not re.search(CANDIDATE, plain):
        return text
    found: list[tuple[int, int, str]] = []
    for what, pattern in _PATTERNS.items():
        spans = [match.span() for match in re.finditer(pattern, _without_days(plain))]
        spans += _phones(plain) if what == "phone number" else ()
        for start, end in spans:
            if not any(start < there and here < end for here, there, _ in found):
                found.append((start, end, what))
    for start, end, what in sorted(found, reverse=True):
        text = f"{text[:start]}[{what}]{text[end:]}"
    return text


def _without_days(text: str) -> str:
    # A day such as 05.01.2026 would pass for part of a number.
    return _DAY.sub(lambda day: "_" * len(day[0]), text)


def _phones(text: str) -> Iterator[tuple[int, int]]:
    """Where numbers to call stand that have no country's code."""
    for digits in _DIGITS.finditer(_without_days(text)):
        called = bool(_SAYS_SO.search(text[max(digits.start() - _NEAR, 0) : digits.start()]))
        if (place := _phone_in(digits[0], called)) is not None:
            yield digits.start() + place[0], digits.start() + place[1]


@lru_cache(10_000)
def _phone_in(digits: str, called: bool) -> tuple[int, int] | None:
    """Where in digits and gaps a number to call stands; None if it is none in any country."""
    # A bare number may be of anything.
    if digits.isdecimal() and not called and not re.fullmatch("0[1-9][0-9]{7,9}", digits):
        return None
    if _AMOUNT.fullmatch(digits) and not called:
        return None
    # It takes time, and most runs have no such text.
    from phonenumbers import Leniency, PhoneNumberMatcher

    found = []
    for place in _PLACES:
        for match in PhoneNumberMatcher(digits, place, leniency=Leniency.STRICT_GROUPING):
            found.append((match.start, match.end))
            if found[-1] == (0, len(digits)):
                return found[-1]
    return max(found, key=lambda span: span[1] - span[0], default=None)


def shape_of(text: str) -> str:
    """What a text looks like, without what it says: letters and signs as x, digits as 9.

    Examples:
        >>> shape_of("Ann, 31/02/2026")
        'xxx, 99/99/9999'
    """
    plain = re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "x", text))
    return re.sub(r"[^\x00-\x7f]", "x", plain)


def without_values(text: str) -> str:
    """An engine's complaint about a value, with what the value looks like in its place.

    Examples:
        >>> without_values("Could not convert string 'ann@mail.org' to INT32")
        "Could not convert string 'xxx@xxxx.xxx' to INT32"
        >>> without_values('invalid input syntax for type integer: "Ann')
        'invalid input syntax for type integer: "xxx'
    """
    found = next((found for each in _VALUES if (found := each.search(text))), None)
    if found is None:
        return masked_text(text)
    start, end = found.span(1)
    return masked_text(text[:start]) + shape_of(text[start:end]) + masked_text(text[end:])
