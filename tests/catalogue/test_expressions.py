"""Restricted expressions: one table of cases (vectors.json), each operator at least three times, missing operands included."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.catalogue.expressions import BOOL, DATE, NUMBER, ROWS, TEXT, ExpressionError, Type, compile_expression
from app.catalogue.functions import FUNCTIONS, Context
from app.worktime.actions import shipped
from app.worktime.calendar import Calendar

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text("utf-8"))
BASES = {"text": TEXT, "number": NUMBER, "date": DATE, "bool": BOOL, "rows": ROWS}
SCOPE = {
    name: Type(BASES[kind.removeprefix("list of ")].base, many=kind.startswith("list of "))
    for name, kind in VECTORS["types"].items()
}
CONTEXT = Context(date.fromisoformat(VECTORS["today"]), Calendar.of(shipped()), VECTORS["constants"], papers="Đơn; Điều lệ")


@pytest.mark.parametrize("vector", VECTORS["expressions"], ids=lambda vector: vector["expression"])
def test_an_expression_gives_what_the_table_says(vector: dict[str, Any]) -> None:
    found = compile_expression(vector["expression"], SCOPE).value(vector["answers"], CONTEXT)
    wanted = vector["gives"]
    assert found == (Decimal(str(wanted)) if isinstance(wanted, (int, float)) and not isinstance(wanted, bool) else wanted)
    assert isinstance(found, bool) is isinstance(wanted, bool)


@pytest.mark.parametrize("source", VECTORS["refused"], ids=lambda source: source[:30])
def test_what_is_not_allowed_is_refused_when_it_is_written(source: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(source, SCOPE)


def test_every_function_has_its_cases() -> None:
    written = " ".join(vector["expression"] for vector in VECTORS["expressions"])
    assert {name for name in FUNCTIONS if f"{name}(" not in written} == {"papers"}
    assert compile_expression("papers()", SCOPE).value({}, CONTEXT) == "Đơn; Điều lệ"


def test_columns_of_two_tables_cannot_meet() -> None:
    scope = {"p": ROWS, "p.x": Type("number", many=True), "q": ROWS, "q.x": Type("number", many=True)}
    with pytest.raises(ExpressionError, match="different tables"):
        compile_expression("sum(p.x * q.x)", scope)
