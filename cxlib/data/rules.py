"""A rule that rows may break, and the kinds of rules, which remedies and verdicts go by."""

from dataclasses import dataclass

import ibis.expr.types as ir

# A line that is no row at all; a value that is not there; one that cannot be read in its type.
LINE, EMPTY = "line", "empty"
UNREADABLE_TIME, UNREADABLE_NUMBER, UNREADABLE_FLAG = (
    "unreadable time",
    "unreadable number",
    "unreadable flag",
)
# An id that another row has; one that no row used of its table has.
DUPLICATE, ORPHAN = "duplicate", "orphan"
# A date before the one that it must follow; a word that is not one of the contract's; a number
# that must not be negative; whatever else a value must be.
ORDER, WORD, SIGN, VALUE = "order", "word", "sign", "value"


@dataclass(frozen=True)
class Rule:
    """What a row must keep.

    Attributes:
        column: Whose value is at fault where it does not.
        kind: One of the kinds above.
        words: What must be, such as "must be at least 0".
        broken: Whether a row breaks it.
    """

    column: str
    kind: str
    words: str
    broken: ir.BooleanValue
