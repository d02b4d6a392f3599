"""Filters such as `channel = 'phone' AND region = 'EMEA'`: parsed, never pasted into a query."""

from collections.abc import Mapping

import ibis.expr.types as ir
from sqlglot import exp

from cxlib.data.expressions import COMPARISONS, evaluate, misfit, parse
from cxlib.errors import ArgumentError


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
    parsed = parse(text, "SELECT 1 WHERE", "filter", "condition")
    condition = parsed.args["where"].this
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


def as_expression(condition: exp.Expression, columns: Mapping[str, ir.Value]) -> ir.BooleanValue:
    """A parsed condition over the given columns.

    Raises:
        ArgumentError: It names another column, or compares a column with a value of another type.
    """
    found = evaluate(condition, columns)
    if not found.type().is_boolean():
        raise misfit(condition, columns)
    return found


def _check(node: exp.Expression, text: str) -> None:
    """Make sure that a condition compares columns with values, and nothing else."""
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
