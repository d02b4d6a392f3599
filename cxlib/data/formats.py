"""How raw files write numbers and moments."""

from itertools import product
from types import MappingProxyType

DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "day-first", "month-first", "year-first"
COMMA, POINT = "comma", "point"
ISO = r"\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?"
CLOCKS = MappingProxyType({"%H:%M:%S": r"\d{1,2}:\d{2}:\d{2}", "%H:%M": r"\d{1,2}:\d{2}"})
PLAIN = r"[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?"
POINTED = r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?"
COMMAED = r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?"
# As a number with thousands and as one with three decimals: 1.250, but not 0.250.
EITHER = r"[+-]?[1-9]\d{0,2}\.\d{3}"
# Signs of money and of shares, which are no part of a number.
UNITS = r"[€$£¥%\s]|EUR|USD|GBP|CHF"
_DAYS = {"%d{0}%m{0}": DAY_FIRST, "%m{0}%d{0}": MONTH_FIRST}
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
# Formats of dates with their order, and those without marks with their length.
ORDERS = MappingProxyType(
    {
        days.format(mark) + year + time: order
        for (days, order), mark, year, time in product(_DAYS.items(), "/.-", ("%Y", "%y"), TIMES)
    }
    # Years of two digits stand first only between dashes.
    | {
        f"{year}{mark}%m{mark}%d{time}": YEAR_FIRST
        for mark, year, time in product("/.-", ("%Y", "%y"), TIMES)
        if year == "%Y" or mark == "-"
    }
)
COMPACT = MappingProxyType({"%Y%m%d": 8, "%y%m%d": 6})
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
