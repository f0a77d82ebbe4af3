"""Restricted expressions of a procedure version: Python syntax, parsed with `ast`, typed against the fields, never `eval`.

Three-valued: a missing operand makes the answer unknown (`None`), and `and`/`or`/`all`/`any` follow Kleene's logic.
`rows.column` is the list of that column; arithmetic and comparisons work on it element by element, so that
`sum(prizes.value * prizes.quantity)` reads as it is meant. Numbers are computed as decimals.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import inf
from typing import Any, Literal

from app.catalogue import functions
from app.catalogue.functions import FUNCTIONS, Context, Value, number_of
from app.catalogue.functions import each as _each

MAX_LENGTH = 500
MAX_DEPTH = 32

Base = Literal["text", "number", "date", "bool", "rows"]


@dataclass(frozen=True, slots=True)
class Type:
    """What an expression gives: a base, or a list of them (`many`)."""

    base: Base
    many: bool = False

    def __str__(self) -> str:
        return f"list of {self.base}" if self.many else self.base


TEXT, NUMBER, DATE, BOOL, ROWS = Type("text"), Type("number"), Type("date"), Type("bool"), Type("rows")

Scope = Mapping[str, Type]
"""Dotted names an expression may use, with their types; `today` is always there."""


class ExpressionError(ValueError):
    """The expression is not allowed; the message says which part and why (for the author of a procedure)."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression. Made by `compile_expression` only."""

    source: str
    type: Type
    names: frozenset[str]
    columns: frozenset[str]
    tree: ast.expr

    def value(self, answers: Mapping[str, Any], context: Context) -> Value:
        """The value over `answers`; `None` when a needed answer is missing."""
        return _Evaluation(answers, context, self.columns).of(self.tree)

    def holds(self, answers: Mapping[str, Any], context: Context) -> bool | None:
        """The truth of a condition: yes, no, or not yet known."""
        value = self.value(answers, context)
        return value if isinstance(value, bool) else None


def compile_expression(source: str, scope: Scope, *, wanted: Type | None = None) -> Expression:
    """Parse and check `source` against `scope`. Raises `ExpressionError`."""
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH} characters")
    try:
        tree = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ExpressionError(f"not an expression: {error}") from None
    if _depth(tree) > MAX_DEPTH:
        raise ExpressionError(f"nested deeper than {MAX_DEPTH}")
    checker = _Checker(scope)
    found = checker.type_of(tree)
    if wanted and found != wanted:
        raise ExpressionError(f"gives {found}, {wanted} is needed")
    columns = frozenset(name for name in checker.names if "." in name and scope[name].many)
    return Expression(source, found, frozenset(checker.names), columns, tree)


def _depth(node: ast.AST) -> int:
    return 1 + max((_depth(child) for child in ast.iter_child_nodes(node)), default=0)


def dotted(node: ast.AST) -> str | None:
    """`a` or `a.b` as written, else `None`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return None


class _Checker:
    """Gives every node its type, or says why it has none."""

    def __init__(self, scope: Scope) -> None:
        self.scope = {**scope, "today": DATE}
        self.names: set[str] = set()

    def type_of(self, node: ast.expr) -> Type:
        check = getattr(self, f"_{type(node).__name__.lower()}", None)
        if check is None:
            raise ExpressionError(f"{type(node).__name__} is not allowed")
        found: Type = check(node)
        return found

    def _name(self, node: ast.Name | ast.Attribute) -> Type:
        name = dotted(node)
        if name is None or name not in self.scope:
            raise ExpressionError(f"unknown name {ast.unparse(node)}")
        self.names.add(name)
        return self.scope[name]

    _attribute = _name

    def _constant(self, node: ast.Constant) -> Type:
        kinds: dict[type, Type] = {bool: BOOL, int: NUMBER, float: NUMBER, str: TEXT}
        if type(node.value) not in kinds or node.value == inf:
            raise ExpressionError(f"the value {node.value!r} is not allowed")
        return kinds[type(node.value)]

    def _boolop(self, node: ast.BoolOp) -> Type:
        for part in node.values:
            self._want(part, BOOL)
        return BOOL

    def _unaryop(self, node: ast.UnaryOp) -> Type:
        if isinstance(node.op, ast.Not):
            self._want(node.operand, BOOL)
            return BOOL
        if isinstance(node.op, ast.USub):
            return self._numbers(node.operand)
        raise ExpressionError(f"{type(node.op).__name__} is not allowed")

    def _binop(self, node: ast.BinOp) -> Type:
        if not isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div)):
            raise ExpressionError(f"{type(node.op).__name__} is not allowed")
        left, right = self._numbers(node.left), self._numbers(node.right)
        self._same_rows(node.left, node.right)
        return Type("number", left.many or right.many)

    def _compare(self, node: ast.Compare) -> Type:
        if len(node.ops) != 1:
            raise ExpressionError("one comparison at a time")
        operator, left = node.ops[0], self.type_of(node.left)
        if isinstance(operator, (ast.In, ast.NotIn)):
            return self._membership(left, node.comparators[0])
        if not isinstance(operator, (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
            raise ExpressionError(f"{type(operator).__name__} is not allowed")
        right = self.type_of(node.comparators[0])
        self._same_rows(node.left, node.comparators[0])
        ordered = not isinstance(operator, (ast.Eq, ast.NotEq))
        if left.base != right.base or left.base == "rows" or (ordered and left.base not in ("number", "date")):
            raise ExpressionError(f"cannot compare {left} with {right}")
        return Type("bool", left.many or right.many)

    def _membership(self, left: Type, right: ast.expr) -> Type:
        if isinstance(right, (ast.List, ast.Tuple)):
            inside = {self._literal(item) for item in right.elts}
        else:
            found = self.type_of(right)
            if not found.many:
                raise ExpressionError(f"nothing can be in {found}")
            inside = {replace(found, many=False)}
        if any(kind.base != left.base for kind in inside):
            raise ExpressionError(f"{left} is never in this list")
        return Type("bool", left.many)

    def _literal(self, node: ast.expr) -> Type:
        if not isinstance(node, ast.Constant):
            raise ExpressionError("a list holds plain values only")
        return self._constant(node)

    def _ifexp(self, node: ast.IfExp) -> Type:
        self._want(node.test, BOOL)
        body, other = self.type_of(node.body), self.type_of(node.orelse)
        if body != other:
            raise ExpressionError(f"the two sides of if differ: {body} and {other}")
        return body

    def _call(self, node: ast.Call) -> Type:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
            raise ExpressionError(f"unknown function {ast.unparse(node.func)}")
        function = FUNCTIONS[node.func.id]
        given = tuple(str(self.type_of(argument)) for argument in node.args)
        result = function.gives(given)
        if result is None:
            raise ExpressionError(f"{node.func.id} does not take ({', '.join(given)})")
        return _type_named(result)

    def _want(self, node: ast.expr, wanted: Type) -> None:
        if (found := self.type_of(node)) != wanted:
            raise ExpressionError(f"{ast.unparse(node)} gives {found}, {wanted} is needed")

    def _numbers(self, node: ast.expr) -> Type:
        found = self.type_of(node)
        if found.base != "number":
            raise ExpressionError(f"{ast.unparse(node)} gives {found}, a number is needed")
        return found

    def _same_rows(self, left: ast.expr, right: ast.expr) -> None:
        """Columns can meet element by element only when they come from one table."""
        tables = {name.split(".")[0] for side in (left, right) for name in self._columns(side)}
        if len(tables) > 1:
            raise ExpressionError(f"columns of different tables: {', '.join(sorted(tables))}")

    def _columns(self, node: ast.expr) -> set[str]:
        names = {dotted(part) for part in ast.walk(node)}
        return {name for name in names if name in self.scope and self.scope[name].many} if self.type_of(node).many else set()


def _type_named(name: str) -> Type:
    many = name.startswith("list of ")
    base = name.removeprefix("list of ")
    return next(replace(kind, many=many) for kind in (TEXT, NUMBER, DATE, BOOL, ROWS) if kind.base == base)


class _Evaluation:
    """One walk over the tree. Shapes were checked before, so nothing here can surprise."""

    def __init__(self, answers: Mapping[str, Any], context: Context, columns: frozenset[str]) -> None:
        self.answers = answers
        self.context = context
        self.columns = columns

    def of(self, node: ast.expr) -> Value:
        step = getattr(self, f"_{type(node).__name__.lower()}")
        found: Value = step(node)
        return found

    def _name(self, node: ast.Name) -> Value:
        if node.id == "today":
            return self.context.today
        return _plain(self.answers.get(node.id, self.context.constants.get(node.id)))

    def _attribute(self, node: ast.Attribute) -> Value:
        owner = self.answers.get(node.value.id) if isinstance(node.value, ast.Name) else None
        if dotted(node) not in self.columns:
            return _plain(owner.get(node.attr)) if isinstance(owner, Mapping) else None
        rows = owner if isinstance(owner, list) else []
        return [_plain(row.get(node.attr)) if isinstance(row, Mapping) else None for row in rows]

    def _constant(self, node: ast.Constant) -> Value:
        return _plain(node.value) if not isinstance(node.value, str) else node.value

    def _boolop(self, node: ast.BoolOp) -> Value:
        short = isinstance(node.op, ast.Or)
        unknown = False
        for part in node.values:
            value = self.of(part)
            if value is short:
                return short
            unknown = unknown or value is None
        return None if unknown else not short

    def _unaryop(self, node: ast.UnaryOp) -> Value:
        value = self.of(node.operand)
        if isinstance(node.op, ast.Not):
            return None if value is None else not value
        return _each(lambda number: -number, value)

    def _binop(self, node: ast.BinOp) -> Value:
        return _each(functions.ARITHMETIC[type(node.op)], self.of(node.left), self.of(node.right))

    def _compare(self, node: ast.Compare) -> Value:
        operator, left, right = node.ops[0], self.of(node.left), node.comparators[0]
        if not isinstance(operator, (ast.In, ast.NotIn)):
            return _each(functions.comparison(operator), *functions.alike(left, self.of(right)))
        members = [self.of(item) for item in right.elts] if isinstance(right, (ast.List, ast.Tuple)) else self.of(right)
        if not isinstance(members, list):
            return None
        wanted = isinstance(operator, ast.In)
        return _each(lambda item: (item in members) is wanted, left)

    def _ifexp(self, node: ast.IfExp) -> Value:
        test = self.of(node.test)
        if test is None:
            return None
        return self.of(node.body if test else node.orelse)

    def _call(self, node: ast.Call) -> Value:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        return FUNCTIONS[name].run(self.context, [self.of(argument) for argument in node.args])


def _plain(value: Any) -> Value:
    """An answer as expressions see it: blank is missing, numbers are decimals, lists stay lists."""
    if value is None or value == "":
        return None
    if isinstance(value, list):
        return [_plain(item) if not isinstance(item, Mapping) else "row" for item in value]
    if isinstance(value, (bool, str, date)):
        return value
    return number_of(value)
