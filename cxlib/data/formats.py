"""How raw files write numbers and moments."""

from types import MappingProxyType

DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "day-first", "month-first", "year-first"
COMMA, POINT = "comma", "point"
ISO = (
    r"\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"
    r" ?(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?)?)?"
)
PLAIN = r"[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?"
# With commas between thousands, or between lakhs.
POINTED = r"[+-]?(\d{1,3}(,\d{3})+|\d{1,2}(,\d{2})*,\d{3})(\.\d+)?"
COMMAED = r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?"
# As a number with thousands and as one with three decimals: 1.250, but not 0.250.
EITHER = r"[+-]?[1-9]\d{0,2}\.\d{3}"
# Signs of money, by the currency that each means.
CURRENCIES = MappingProxyType(
    {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "₹": "INR", "zł": "PLN", "R$": "BRL"}
)
MONEY = r"R\$|[€$£¥₹]|zł|\b(?:EUR|USD|GBP|CHF|JPY|CNY|INR|PLN|BRL|SEK|NOK|DKK|CZK|CAD|AUD)\b"
# What stands beside a number and is no part of it: signs of money and shares, blanks, apostrophes.
UNITS = MONEY + "|[%\\s'’\u00a0\u2009\u202f]"
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %H:%M:%S",
         ", %I:%M %p", ", %I:%M:%S %p", " %H:%M:%S.%f")  # fmt: skip
COMPACT = MappingProxyType({"%Y%m%d%H%M%S": 14, "%Y%m%d%H%M": 12, "%Y%m%d": 8, "%y%m%d": 6})
_YEARS = ("%Y", "%y")
# With the month as a word, nothing can be turned round.
_WORDED = (
    "%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%d-%b-%y", "%d %b %y", "%d %B %Y", "%b %d, %Y",
    "%B %d, %Y", "%b %d %Y", "%d. %B %Y", "%d. %b %Y", "%a %d %b %Y", "%A, %d %B %Y",
    "%A, %B %d, %Y", "%a, %d %b %Y",
)  # fmt: skip
_DAYS = {
    **{f"%d{mark}%m{mark}{year}": DAY_FIRST for mark in "/.-" for year in _YEARS},
    **{f"%m{mark}%d{mark}{year}": MONTH_FIRST for mark in "/.-" for year in _YEARS},
    # Years of two digits stand first only between dashes.
    **dict.fromkeys(("%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d", "%y-%m-%d"), YEAR_FIRST),
    **dict.fromkeys(_WORDED, ""),
}
# Formats of dates with what comes first in them; empty where the month is a word.
ORDERS = MappingProxyType({day + time: order for day, order in _DAYS.items() for time in TIMES})
# Moments as a count: from which to which number, from 2001 to 2033 or, of days, from 1968 to 2064.
COUNTED = MappingProxyType(
    {
        "seconds since 1970": (1_000_000_000, 2_000_000_000),
        "milliseconds since 1970": (1_000_000_000_000, 2_000_000_000_000),
        "days since 1899-12-30": (25_000, 60_000),
    }
)
# How each count is read as a moment, in SQL.
MOMENTS = MappingProxyType(
    {
        "seconds since 1970": "to_timestamp(CAST({} AS BIGINT))",
        "milliseconds since 1970": "epoch_ms(CAST({} AS BIGINT))",
        "days since 1899-12-30": "CAST(TIMESTAMP '1899-12-30' + to_microseconds(CAST(CAST({} AS "
        "DOUBLE) * 86400000000 AS BIGINT)) AS TIMESTAMP)",
    }
)
# How long a time of day is written, with its format.
CLOCKS = MappingProxyType(
    {
        "%H:%M:%S": r"\d{1,2}:\d{2}:\d{2}",
        "%H:%M": r"\d{1,2}:\d{2}",
        "%I:%M:%S %p": r"\d{1,2}:\d{2}:\d{2} ?[AaPp][Mm]",
        "%I:%M %p": r"\d{1,2}:\d{2} ?[AaPp][Mm]",
    }
)
_MONTHS = {
    "german": "januar februar märz april mai juni juli august september oktober november dezember",
    "french": "janvier février mars avril mai juin juillet août septembre octobre novembre "
    "décembre",
    "spanish": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "italian": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre "
    "novembre dicembre",
    "portuguese": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro "
    "dezembro",
    "dutch": "januari februari maart april mei juni juli augustus september oktober november "
    "december",
}
_SHORT = {
    "german": "jan feb mär apr mai jun jul aug sep okt nov dez",
    "french": "janv févr mars avr mai juin juil août sept oct nov déc",
    "spanish": "ene feb mar abr may jun jul ago sep oct nov dic",
    "italian": "gen feb mar apr mag giu lug ago set ott nov dic",
    "portuguese": "jan fev mar abr mai jun jul ago set out nov dez",
    "dutch": "jan feb mrt apr mei jun jul aug sep okt nov dec",
}
# The months in other languages than English, which engines know.
MONTH_NAMES = MappingProxyType(
    {
        word: number
        for names in (*_MONTHS.values(), *_SHORT.values())
        for number, word in enumerate(names.split(), start=1)
    }
)
