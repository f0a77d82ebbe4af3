"""How low and how high an expression can get, from the limits of its fields: enough to see that a fee is never negative."""

import ast
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from itertools import product

from app.catalogue.definition import FieldType
from app.catalogue.expressions import dotted
from app.catalogue.procedure import Procedure

Span = tuple[Decimal, Decimal]
_ENDLESS = Decimal("1e30")
_MOST_DONG = Decimal(10**12)
_ANYTHING: Span = (-_ENDLESS, _ENDLESS)


def lowest(source: str, procedure: Procedure) -> Decimal:
    """The lowest value `source` can take; far below zero when that cannot be told."""
    try:
        return _span(ast.parse(source.strip(), mode="eval").body, procedure)[0]
    except SyntaxError:
        return -_ENDLESS


def is_money(source: str) -> bool:
    """Whether an amount that is a plain number is whole and not beyond all reason; one that is computed is rounded when asked."""
    try:
        amount = Decimal(source.strip().replace("_", ""))
    except InvalidOperation:
        return True
    return amount == amount.to_integral_value() and amount < _MOST_DONG


def _span(node: ast.expr, procedure: Procedure) -> Span:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return (Decimal(str(node.value)),) * 2
    if (name := dotted(node)) is not None:
        return _named(name, procedure)
    if isinstance(node, ast.IfExp):
        return _hull(_span(node.body, procedure), _span(node.orelse, procedure))
    if isinstance(node, ast.BinOp):
        return _computed(node, _span(node.left, procedure), _span(node.right, procedure))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _called(node.func.id, [_span(argument, procedure) for argument in node.args if node.args])
    return _ANYTHING


def _named(name: str, procedure: Procedure) -> Span:
    if name in procedure.constants:
        return (Decimal(procedure.constants[name].value),) * 2
    owner, _, column = name.partition(".")
    table = procedure.field(owner)
    found = next((each for each in table.of if each.id == column), None) if table and column else table
    if found is None:
        return _ANYTHING
    floor = Decimal(0) if found.type is FieldType.MONEY_VND else -_ENDLESS
    return (floor if found.min is None else found.min, _ENDLESS if found.max is None else found.max)


def _computed(node: ast.BinOp, left: Span, right: Span) -> Span:
    if isinstance(node.op, ast.Add):
        return left[0] + right[0], left[1] + right[1]
    if isinstance(node.op, ast.Sub):
        return left[0] - right[1], left[1] - right[0]
    if isinstance(node.op, ast.Mult):
        corners = [a * b for a, b in product(left, right)]
        return min(corners), max(corners)
    return (Decimal(0), _ENDLESS) if left[0] >= 0 and right[0] > 0 else _ANYTHING


def _called(name: str, spans: list[Span]) -> Span:
    choose: dict[str, Callable[..., Decimal]] = {"min": min, "max": max}
    if name in choose and spans:
        pick = choose[name]
        return pick(span[0] for span in spans), pick(span[1] for span in spans)
    if name == "sum" and spans:
        return (Decimal(0) if spans[0][0] >= 0 else -_ENDLESS, _ENDLESS)
    return (Decimal(0), _ENDLESS) if name == "len" else _ANYTHING


def _hull(left: Span, right: Span) -> Span:
    return min(left[0], right[0]), max(left[1], right[1])
