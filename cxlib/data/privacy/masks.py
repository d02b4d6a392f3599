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
        rf"|(?i:{_COUNTRIES})[0-9]{{2}}( ?(?i:[A-Z]{{4}}))?( ?[0-9]{{4}}){{2,6}}( ?[0-9]{{1,3}})?)",
        # Of which the longest that is one counts.
        "card number": rf"{_START}(?=(2[2-7]|[3-6][0-9])({_GAPS}?[0-9]){{13}})",
        "national number": rf"{_START}([0-9]{{3}}-[0-9]{{2}}-[0-9]{{4}}"
        r"|[0-9]{3}[.][0-9]{3}[.][0-9]{3}-[0-9]{2}"
        r"|[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])-[0-9]{4}"
        r"|[A-CEGHJ-PR-TW-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]"
        r"|[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}[A-Z][0-9]{3}[A-Z]|[XYZ0-9][0-9]{7}-?[A-Z])",
        # With a country's code, as in North America, or as many do in Norway; all others are
        # looked up.
        "phone number": rf"(?<![0-9])[+][0-9]{{1,3}}({_PHONE_GAPS}*[0-9]){{7,12}}"
        rf"|(?<![0-9A-Za-z])((?<![.-])00[1-9][0-9]{{0,2}}({_PHONE_GAPS}*[0-9]){{7,12}}"
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
    rf"(?<![0-9A-Za-z_@/#+{_DASHES}])[(]?[0-9](?:{_PHONE_GAPS}{{0,3}}[0-9]){{6,}}(?![0-9A-Za-z_])"
)
# A number may begin and end beside a space or a stroke, where others stand beside it.
_WORD = re.compile(rf"[(]?[0-9](?:[().{_DASHES}]{{0,2}}[0-9])*[)]?")
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15
# Of fewer, beside other digits, nobody can say whether they are one number.
_FEWEST_BESIDE = 9
# Lists of more numbers than these are looked through for those that begin with 0 alone; and no
# number is written in more groups than these.
_MOST_WORDS, _MOST_GROUPS = 8, 6
_FOURS = re.compile("[0-9]{4}([^0-9][0-9]{4}){3}")
_DAY = re.compile(
    r"(?<![0-9+.])0[.][0-9]+(?![0-9.])|(?<![0-9+])([0-3]?[0-9][./-][0-3]?[0-9][./-](19|20)[0-9]{2}|(19|20)[0-9]{2}(-[0-9]{2}){2})"
    r"(?![0-9])"
)
# Groups of three, as in amounts of less than a hundred millions; years; fractions and shares.
_AMOUNT = re.compile(
    rf"[0-9]{{1,2}}({_GAPS}[0-9]{{3}}){{2}}|((19|20)[0-9]{{2}}{_GAPS}?)+|[0-9]+[.][0-9]+"
    r"|[1-9][0-9]*(/[0-9]+)+"
)
# Said within so many letters before it, digits without a gap are a number to call; and in whatever
# groups they are, where one of the nouns comes right before them.
_NEAR = 40
_NOUN = re.compile(
    r"(?i)(phone|tel|tele?fon\w*|mobile|cell|whatsapp|fax|handy|nummer|portable|m[oó]vil|celular|"
    r"cellulare|电话|手机|電話)[.:]?\s*((number|no|nr)[.:]?\s*)?$"
)
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
        if what == "phone number":
            spans += _phones(plain)
        if what == "card number":
            spans = [card for start, _ in spans if (card := _card_at(plain, start))]
            # Groups tell where one begins, and a check digit may be right by chance.
            spans.sort(key=lambda span: _FOURS.fullmatch(plain[slice(*span)]) is None)
        for start, end in spans:
            if not any(start < there and here < end for here, there, _ in found):
                found.append((start, end, what))
    for start, end, what in sorted(found, reverse=True):
        text = f"{text[:start]}[{what}]{text[end:]}"
    return text


def _without_days(text: str) -> str:
    # A day such as 05.01.2026 would pass for part of a number.
    return _DAY.sub(lambda day: "_" * len(day[0]), text)


def _card_at(text: str, start: int) -> tuple[int, int] | None:
    """Where a card's number of 16 or 15 digits stands that begins here; None if none does."""
    for more in (15, 14):
        found = re.compile(rf"[0-9]({_GAPS}?[0-9]){{{more}}}").match(text, start)
        if found and _is_card(found[0]):
            return found.span()
    return None


def _is_card(digits: str) -> bool:
    """Whether digits are in the groups of a card, or have its check digit (ISO/IEC 7812)."""
    if _FOURS.fullmatch(digits):
        return True
    values = [int(each) for each in reversed(digits) if each.isdecimal()]
    doubled = [sum(divmod(2 * each, 10)) for each in values[1::2]]
    return (sum(values[::2]) + sum(doubled)) % 10 == 0


def _phones(text: str) -> Iterator[tuple[int, int]]:
    """Where numbers to call stand that have no country's code."""
    for digits in _DIGITS.finditer(_without_days(text)):
        before = text[max(digits.start() - _NEAR, 0) : digits.start()]
        called = 2 if _NOUN.search(before) else 1 if _SAYS_SO.search(before) else 0
        for start, end in _phones_in(digits[0], called):
            yield digits.start() + start, digits.start() + end


@lru_cache(10_000)
def _phones_in(digits: str, called: int) -> tuple[tuple[int, int], ...]:
    """Where in digits and gaps numbers to call stand.

    Args:
        digits: Perhaps several numbers, or with others beside them.
        called: Whether the words before say that it is a number to call: 0, 1 or, right before, 2.
    """
    words = [word.span() for word in _WORD.finditer(digits)]
    spans = [
        (first[0], last[1])
        for place, first in enumerate(words)
        for last in words[place : place + _MOST_GROUPS]
    ]
    sizes = {span: sum(map(str.isdecimal, digits[slice(*span)])) for span in spans}
    spans = [span for span in spans if _FEWEST_DIGITS <= sizes[span] <= _MOST_DIGITS]
    many = len(words) > _MOST_WORDS
    spans = [
        span for span in spans
        if re.match("[(]?0", digits[span[0] :])
        or (not many and (called or sizes[span] >= _FEWEST_BESIDE))
        or _stands_alone(digits, span)
    ]  # fmt: skip
    found: list[tuple[int, int]] = []
    for as_written in (True, False):
        for span in sorted(spans, key=lambda span: (-sizes[span], span)):
            # What is known already is part of it as a whole, or not at all.
            inside = [each for each in found if span[0] <= each[0] and each[1] <= span[1]]
            across = [each for each in found if each[0] < span[1] and span[0] < each[1]]
            # Whatever stands right behind a noun begins with the number.
            noun = called if span[0] == 0 else min(called, 1)
            free = inside == across and len(inside) < (1 if as_written else 2)
            if free and _is_phone(digits[slice(*span)], noun, as_written):
                found = [*(each for each in found if each not in inside), span]
    return tuple(found)


def _stands_alone(digits: str, span: tuple[int, int]) -> bool:
    """Whether nothing is beside a number, or only what a stroke parts from it."""
    start, end = span
    begins = start == 0 or re.search(rf"[/{_DASHES}]\s$", digits[:start])
    return bool(begins and (end == len(digits) or re.match(rf"\s?[/{_DASHES}]", digits[end:])))


def _is_phone(digits: str, called: int, as_written: bool) -> bool:
    """Whether digits and gaps are a number to call, in some country.

    Args:
        digits: No more and no less than the number.
        called: As for `_phones_in`.
        as_written: In the groups in which the country writes it; or else in any, if the number
            begins with 0 or is said to be called.
    """
    # A bare number may be of anything.
    if digits.isdecimal() and not called and not re.fullmatch("0[1-9][0-9]{7,9}", digits):
        return False
    if _AMOUNT.fullmatch(digits) and not (called and as_written):
        return False
    if not as_written and not (called or re.match("[(]?0[1-9]", digits)):
        return False
    if called == 2 and not as_written:
        return True
    return any(_is_phone_of(place, digits, as_written) for place in _PLACES)


def _is_phone_of(place: str, digits: str, as_written: bool) -> bool:
    # To load it takes time, and most runs have no such text.
    import phonenumbers
    from phonenumbers import Leniency, PhoneNumberMatcher

    try:
        if not phonenumbers.is_valid_number(phonenumbers.parse(digits, place)):
            return False
    except phonenumbers.NumberParseException:
        return False
    # To look at the groups takes longer still.
    leniency = Leniency.STRICT_GROUPING if as_written else Leniency.VALID
    found = PhoneNumberMatcher(digits, place, leniency=leniency)
    return any((match.start, match.end) == (0, len(digits)) for match in found)


def shape_of(text: str) -> str:
    """What a text looks like, without what it says: letters and signs as x, digits as #.

    Examples:
        >>> shape_of("Ann, 31/02/2026")
        'xxx, ##/##/####'
    """
    plain = re.sub(r"\d", "#", re.sub(r"[^\W\d_]", "x", text))
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
        # What follows the second colon may be of a row, such as a pattern that was made of it.
        kind, _, value = text.rpartition(": ")
        return masked_text(f"{kind}: {shape_of(value)}" if ": " in kind else text)
    start, end = found.span(1)
    return masked_text(text[:start]) + shape_of(text[start:end]) + masked_text(text[end:])
