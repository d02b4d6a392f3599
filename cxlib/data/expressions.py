"""SQL expressions over a row's columns: parsed, never pasted into a query."""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

import ibis
import ibis.expr.types as ir
import sqlglot
from ibis.common.annotations import ValidationError
from ibis.common.exceptions import IbisError
from sqlglot import exp

from cxlib.errors import ArgumentError

# A literal stays what it is until it meets a column, whose type it then takes.
Operand = ir.Value | str | float | bool
COMPARISONS = MappingProxyType(
    {
        exp.EQ: lambda left, right: left == right,
        exp.NEQ: lambda left, right: left != right,
        exp.GT: lambda left, right: left > right,
        exp.GTE: lambda left, right: left >= right,
        exp.LT: lambda left, right: left < right,
        exp.LTE: lambda left, right: left <= right,
        exp.Like: lambda left, right: left.like(right),
    }
)
ARITHMETIC = MappingProxyType(
    {
        exp.Add: lambda left, right: left + right,
        exp.Sub: lambda left, right: left - right,
        exp.Mul: lambda left, right: left * right,
        # Engines differ in what they make of a division by zero.
        exp.Div: lambda left, right: left / _value(right).nullif(0),
        exp.Nullif: lambda left, right: _value(left).nullif(right),
    }
)
# What follows one another so often would go deeper than Python does.
MOST_NESTED = 100
NESTING = re.compile(r"(?i)\b(?:and|or|not|between|like|case|when|coalesce)\b|[-+*/~(\[{.]")
LITERAL = re.compile(r"""'[^']*'|"[^"]*"|-?\b[0-9]+([.][0-9]+)?""")
LONGEST = 200  # letters of a text that an error repeats


def parse(text: str, before: str, kind: str, thing: str) -> exp.Select:
    """A query that ends with what somebody wrote, and is no other query for it.

    Args:
        text: What was written.
        before: The query up to it, such as `SELECT 1 WHERE`.
        kind, thing: As errors call it: `filter`, `condition`.

    Raises:
        ArgumentError: The text cannot be read, or something follows it, such as GROUP BY, UNION or
            a second statement.
    """
    shown = f"{kind} {text[:LONGEST]!r}" + ("…" if len(text) > LONGEST else "")
    if len(NESTING.findall(LITERAL.sub("", text))) > MOST_NESTED:
        raise ArgumentError(
            f"{shown}: more than {MOST_NESTED} comparisons or brackets; compare a column with many "
            "values by IN (…)"
        )
    try:
        statements = sqlglot.parse(f"{before} {text}", read="duckdb")
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        brief = str(error).splitlines()[0].split(". Line")[0]
        raise ArgumentError(f"{shown}: not readable as a {thing}: {brief}") from None
    query = statements[0]
    given = {name for name, part in query.args.items() if part} if query else set()
    alone = len(statements) == 1 and isinstance(query, exp.Select)
    if not alone or not given <= {"expressions", "where", "kind"} or len(query.expressions) != 1:
        raise ArgumentError(f"{shown}: must be one {thing} and nothing after it")
    return query


def parse_value(text: str) -> exp.Expression:
    """An expression that gives a row's value.

    Examples:
        >>> parse_value("CASE WHEN transfers > 1 THEN cost END").sql()
        'CASE WHEN transfers > 1 THEN cost END'

    Raises:
        ArgumentError: It cannot be read.
    """
    query = parse(text, "SELECT", "value", "formula")
    if query.args.get("where") or isinstance(query.expressions[0], exp.Alias):
        raise ArgumentError(f"value {text!r}: must be one formula and nothing after it")
    return query.expressions[0]


def columns_of(expression: exp.Expression) -> set[str]:
    """The columns that an expression names."""
    return {column.name for column in expression.find_all(exp.Column)}


def evaluate(node: exp.Expression, columns: Mapping[str, ir.Value]) -> ir.Value:
    """A parsed expression over the given columns.

    Raises:
        ArgumentError: It names another column, holds what is not understood, or values of types
            that do not go together.
    """
    try:
        return _value(_evaluate(node, columns))
    except (TypeError, ValueError, AttributeError, IbisError, ValidationError):
        raise misfit(node, columns) from None


def misfit(node: exp.Expression, columns: Mapping[str, ir.Value]) -> ArgumentError:
    """The error for an expression whose values are of types that it cannot be used with."""
    kinds = [f"{name} is {_kind(columns[name])}" for name in sorted(columns_of(node))]
    return ArgumentError(
        f"{node.sql()!r}: the value does not fit the type of the column: {', '.join(kinds)}"
    )


def _value(found: ir.Value | str | float | bool) -> ir.Value:
    return found if isinstance(found, ir.Value) else ibis.literal(found)


def _kind(column: ir.Value) -> str:
    """What a column holds, and how a value of it is written."""
    kind = column.type()
    if kind.is_string():
        return "text ('value')"
    if kind.is_boolean():
        return "true or false"
    return "a date or time ('2026-01-31')" if kind.is_temporal() else "a number (no quotes)"


def _evaluate(node: exp.Expression, columns: Mapping[str, ir.Value]) -> Operand:
    def down(child: exp.Expression) -> Operand:
        return _evaluate(child, columns)

    match node:
        case exp.Paren():
            return down(node.this)
        case exp.And():
            return down(node.this) & down(node.expression)
        case exp.Or():
            return down(node.this) | down(node.expression)
        case exp.Not():
            return ~_value(down(node.this))
        case exp.Column() if not node.table:
            if node.name not in columns:
                raise unknown_column(node.name, columns)
            return columns[node.name]
        case exp.Literal() | exp.Boolean() | exp.Null():
            return _literal(node)
        case exp.Neg():
            return -down(node.this)
        case exp.Is() if isinstance(node.expression, exp.Null):
            return _value(down(node.this)).isnull()
        case exp.In() if node.expressions:
            return _value(down(node.this)).isin([down(each) for each in node.expressions])
        case exp.Between():
            low, high = down(node.args["low"]), down(node.args["high"])
            return _value(down(node.this)).between(low, high)
        case exp.Case():
            return _case(node, down)
        case exp.Coalesce():
            return ibis.coalesce(down(node.this), *map(down, node.expressions))
    if operation := COMPARISONS.get(type(node)) or ARITHMETIC.get(type(node)):
        return operation(down(node.this), down(node.expression))
    raise ArgumentError(
        f"{node.sql()} is not understood; use columns, numbers, 'texts', + - * /, comparisons, IN, "
        "BETWEEN, LIKE, IS NULL, AND, OR, NOT, CASE, COALESCE and NULLIF"
    )


def _case(node: exp.Case, down: Callable[[exp.Expression], Operand]) -> ir.Value:
    of = down(node.this) if node.this else None
    branches = [
        (down(each.this) if of is None else of == down(each.this), down(each.args["true"]))
        for each in node.args["ifs"]
    ]
    default = node.args.get("default")
    return ibis.cases(*branches, else_=down(default) if default else None)


def _literal(node: exp.Expression) -> Operand:
    if isinstance(node, exp.Null):
        return ibis.null()
    if isinstance(node, exp.Boolean):
        return node.this
    return node.name if node.is_string else float(node.name)


def unknown_column(name: str, known) -> ArgumentError:
    """The error for a column that is nowhere, with the nearest name that is."""
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(sorted(known))}"
    return ArgumentError(f"there is no column {name}; {hint}")
