"""Filters such as `channel = 'phone' AND region = 'EMEA'`: parsed, never pasted into a query."""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches

import ibis.expr.types as ir
import sqlglot
from ibis.common.annotations import ValidationError
from ibis.common.exceptions import IbisError
from sqlglot import exp

from cxlib.errors import ArgumentError

COMPARISONS = {
    exp.EQ: lambda left, right: left == right,
    exp.NEQ: lambda left, right: left != right,
    exp.GT: lambda left, right: left > right,
    exp.GTE: lambda left, right: left >= right,
    exp.LT: lambda left, right: left < right,
    exp.LTE: lambda left, right: left <= right,
    exp.Like: lambda left, right: left.like(right),
}
# What follows one another so often would go deeper than Python does.
MOST_NESTED = 100
NESTING = re.compile(r"(?i)\b(?:and|or|not|between|like)\b|[-+~(\[{.]")
LITERAL = re.compile(r"""'[^']*'|"[^"]*"|-?\b[0-9]+([.][0-9]+)?""")
LONGEST = 200  # letters of a filter that an error repeats


def parse_filter(text: str) -> list[exp.Expression]:
    """The conditions that a filter joins by AND, in brackets or not; none for an empty filter.

    Examples:
        >>> [condition.sql() for condition in parse_filter("a = 1 AND (b IN ('x', 'y') AND c > 2)")]
        ['a = 1', "b IN ('x', 'y')", 'c > 2']

    Raises:
        ArgumentError: The text is no condition, or holds more than comparisons of columns with
            values.
    """
    if not text or not text.strip():
        return []
    shown = f"{text[:LONGEST]}…" if len(text) > LONGEST else text
    if len(NESTING.findall(LITERAL.sub("", text))) > MOST_NESTED:
        raise ArgumentError(
            f"filter {shown!r}: more than {MOST_NESTED} comparisons or brackets; compare a column "
            "with many values by IN (…)"
        )
    try:
        statements = sqlglot.parse(f"SELECT 1 WHERE {text}", read="duckdb")
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise ArgumentError(
            f"filter {shown!r}: not readable as a condition: {_brief(error)}"
        ) from None
    query = statements[0]
    # What follows the condition (a second statement, GROUP BY, UNION) would make it another query.
    if len(statements) != 1 or not isinstance(query, exp.Select):
        raise ArgumentError(f"filter {text!r}: must be one condition")
    given = {name for name, part in query.args.items() if part}
    if not given <= {"expressions", "where", "kind"}:
        raise ArgumentError(f"filter {text!r}: must be one condition and nothing after it")
    condition = query.args["where"].this
    _check(condition, text)
    return _joined(condition)


def _joined(condition: exp.Expression) -> list[exp.Expression]:
    inner = condition.unnest()
    if isinstance(inner, exp.And):
        return [each for side in (inner.left, inner.right) for each in _joined(side)]
    either = inner.this.unnest() if isinstance(inner, exp.Not) else None
    if isinstance(either, exp.Or):
        return [each for side in (either.left, either.right) for each in _joined(exp.not_(side))]
    return [condition]


def columns_of(condition: exp.Expression) -> set[str]:
    """The columns that a condition names."""
    return {column.name for column in condition.find_all(exp.Column)}


def as_expression(condition: exp.Expression, columns: Mapping[str, ir.Value]) -> ir.BooleanValue:
    """A parsed condition over the given columns.

    Raises:
        ArgumentError: It names another column, or compares a column with a value of another type.
    """

    def lookup(name: str) -> ir.Value:
        if name not in columns:
            raise unknown_column(name, columns)
        return columns[name]

    try:
        translated = _translate(condition, lookup)
        if not translated.type().is_boolean():
            raise TypeError(condition.sql())
        return translated
    except (TypeError, ValueError, AttributeError, IbisError, ValidationError):
        kinds = [f"{name} is {_kind(columns[name])}" for name in sorted(columns_of(condition))]
        raise ArgumentError(
            f"filter {condition.sql()!r}: the value does not fit the type of the column: "
            f"{', '.join(kinds)}"
        ) from None


def _kind(column: ir.Value) -> str:
    """What a column holds, and how a value of it is written."""
    kind = column.type()
    if kind.is_string():
        return "text ('value')"
    if kind.is_boolean():
        return "true or false"
    return "a date or time ('2026-01-31')" if kind.is_temporal() else "a number (no quotes)"


def unknown_column(name: str, known) -> ArgumentError:
    """The error for a column that is nowhere, with the nearest name that is."""
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(sorted(known))}"
    return ArgumentError(f"there is no column {name}; {hint}")


def _check(node: exp.Expression, text: str) -> None:
    """Make sure that a condition holds only what `_translate` knows."""
    values = []
    match node:
        case exp.And() | exp.Or():
            _check(node.this, text)
            _check(node.expression, text)
        case exp.Not() | exp.Paren():
            _check(node.this, text)
        case exp.Column() if not node.table:
            pass
        case exp.Is() if isinstance(node.this, exp.Column) and isinstance(
            node.expression, exp.Null
        ):
            pass
        case exp.In() if isinstance(node.this, exp.Column) and node.expressions:
            values = node.expressions
        case exp.Between() if isinstance(node.this, exp.Column):
            values = [node.args["low"], node.args["high"]]
        case exp.Binary() if type(node) in COMPARISONS and isinstance(node.this, exp.Column):
            values = [node.expression]
        case _:
            raise ArgumentError(
                f"filter {text!r}: {node.sql()} is not understood; use column = value, <, >, IN, "
                "BETWEEN, LIKE, IS NULL, AND, OR, NOT"
            )
    for value in values:
        literal = value.this if isinstance(value, exp.Neg) else value
        text_negated = literal is not value and getattr(literal, "is_string", False)
        if not isinstance(literal, (exp.Literal, exp.Boolean)) or text_negated:
            quoted = value.sql().strip('"')
            raise ArgumentError(
                f"filter {text!r}: {value.sql()} is no value; text is written '{quoted}'"
            )


def _translate(node: exp.Expression, lookup: Callable[[str], ir.Value]) -> ir.BooleanValue:
    def down(child):
        return _translate(child, lookup)

    match node:
        case exp.Paren():
            return down(node.this)
        case exp.And():
            return down(node.this) & down(node.expression)
        case exp.Or():
            return down(node.this) | down(node.expression)
        case exp.Not():
            return ~down(node.this)
        case exp.Column():
            return lookup(node.name)
    column = lookup(node.this.name)
    match node:
        case exp.Is():
            return column.isnull()
        case exp.In():
            return column.isin([_literal(each) for each in node.expressions])
        case exp.Between():
            return column.between(_literal(node.args["low"]), _literal(node.args["high"]))
    return COMPARISONS[type(node)](column, _literal(node.expression))


def _literal(node: exp.Expression) -> str | float | bool:
    if isinstance(node, exp.Neg):
        return -float(node.this.name)
    if isinstance(node, exp.Boolean):
        return node.this
    return node.name if node.is_string else float(node.name)


def _brief(error: Exception) -> str:
    return str(error).splitlines()[0].split(". Line")[0]
