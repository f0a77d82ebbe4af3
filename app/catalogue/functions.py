"""What an expression may compute with: decimals, three-valued comparisons and a short list of functions."""

import ast
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from app.worktime.calendar import Calendar

Value = Any
"""`None` (unknown), bool, Decimal, str, date, or a list of these."""


@dataclass(frozen=True, slots=True)
class Context:
    """What an expression needs beside the answers."""

    today: date
    calendar: Calendar | None = None
    constants: Mapping[str, Any] = field(default_factory=dict)
    papers: str | None = None


def number_of(value: object) -> Decimal | None:
    """A JSON number as a decimal (0.1 stays 0.1); anything else is no number."""
    if isinstance(value, Decimal):
        return value
    return Decimal(str(value)) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def date_of(value: object) -> date | None:
    """An ISO date, or nothing."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def each(step: Callable[..., Value], *operands: Value) -> Value:
    """`step` over values, or over the rows of lists side by side; a missing operand gives a missing result."""
    lengths = {len(operand) for operand in operands if isinstance(operand, list)}
    if not lengths:
        return _careful(step, operands)
    columns = [operand if isinstance(operand, list) else [operand] * max(lengths) for operand in operands]
    return [_careful(step, row) for row in zip(*columns, strict=True)]


def _careful(step: Callable[..., Value], operands: Iterable[Value]) -> Value:
    given = list(operands)
    if any(operand is None for operand in given):
        return None
    try:
        return step(*given)
    except (DivisionByZero, InvalidOperation, Overflow):
        return None


ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def comparison(node: ast.cmpop) -> Callable[[Any, Any], bool]:
    """The comparison an operator stands for."""
    return _COMPARISONS[type(node)]


def alike(left: Value, right: Value) -> tuple[Value, Value]:
    """Both sides as dates when one of them is a date; answers hold dates as ISO text."""
    if isinstance(left, date) or isinstance(right, date):
        return _dates(left), _dates(right)
    return left, right


def _dates(value: Value) -> Value:
    return [date_of(item) for item in value] if isinstance(value, list) else date_of(value)


@dataclass(frozen=True, slots=True)
class Function:
    """`gives` maps the types of the arguments to the type of the result, or to None when they do not fit."""

    gives: Callable[[Sequence[str]], str | None]
    run: Callable[[Context, list[Value]], Value]


def _takes(*signatures: tuple[tuple[str, ...], str]) -> Callable[[Sequence[str]], str | None]:
    table = dict(signatures)
    return lambda given: table.get(tuple(given))


def _extreme_type(given: Sequence[str]) -> str | None:
    if len(given) == 1:
        return {"list of number": "number", "list of date": "date"}.get(given[0])
    return given[0] if len(given) > 1 and set(given) in ({"number"}, {"date"}) else None


def _sum(_context: Context, arguments: list[Value]) -> Value:
    """Nothing entered sums to 0; a row with a blank cell makes the sum unknown, never silently smaller."""
    cells = arguments[0] or []
    return None if any(cell is None for cell in cells) else sum(cells, Decimal(0))


def _all(_context: Context, arguments: list[Value]) -> Value:
    cells = arguments[0] or []
    return False if False in cells else None if None in cells else True


def _any(_context: Context, arguments: list[Value]) -> Value:
    cells = arguments[0] or []
    return True if True in cells else None if None in cells else False


def _extreme(choose: Callable[[list[Value]], Value]) -> Callable[[Context, list[Value]], Value]:
    def run(_context: Context, arguments: list[Value]) -> Value:
        cells = arguments[0] if isinstance(arguments[0], list) else arguments
        return None if not cells or any(cell is None for cell in cells) else choose(cells)

    return run


def _days_between(_context: Context, arguments: list[Value]) -> Value:
    first, last = (date_of(argument) for argument in arguments)
    return Decimal((last - first).days) if first and last else None


def _working_days_between(context: Context, arguments: list[Value]) -> Value:
    """Working days after the first day up to the day before the last: the full days in between."""
    first, last = (date_of(argument) for argument in arguments)
    if not (first and last and context.calendar):
        return None
    return Decimal(context.calendar.working_days_between(first, last))


def _given(_context: Context, arguments: list[Value]) -> Value:
    return arguments[0] not in (None, [])


_ANY = ("text", "number", "date", "bool", "rows", "list of text", "list of number", "list of date", "list of bool")

FUNCTIONS: dict[str, Function] = {
    "sum": Function(_takes((("list of number",), "number")), _sum),
    "all": Function(_takes((("list of bool",), "bool")), _all),
    "any": Function(_takes((("list of bool",), "bool")), _any),
    "len": Function(
        _takes(*(((kind,), "number") for kind in _ANY if kind in ("rows", "text") or kind.startswith("list"))),
        lambda _context, arguments: Decimal(len(arguments[0] or "")),
    ),
    "min": Function(_extreme_type, _extreme(min)),
    "max": Function(_extreme_type, _extreme(max)),
    "days_between": Function(_takes((("date", "date"), "number")), _days_between),
    "working_days_between": Function(_takes((("date", "date"), "number")), _working_days_between),
    "date": Function(_takes((("text",), "date")), lambda _context, arguments: date_of(arguments[0])),
    "given": Function(_takes(*(((kind,), "bool") for kind in _ANY)), _given),
    "papers": Function(_takes(((), "text")), lambda context, _arguments: context.papers),
}
