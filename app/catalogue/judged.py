"""Whether stored or sent answers are in order, field by field, and their canonical form. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.catalogue import values
from app.catalogue.parts import parts_of
from app.catalogue.questions import FieldType, FormField
from app.catalogue.values import WrongAnswer
from app.core.errors import Problem
from app.core.text import Text


def blank(value: Any) -> bool:
    """Whether nothing was answered."""
    return value is None or value in ("", [], {})


def missing(each: FormField, value: Any) -> list[Problem]:
    """What a required field lacks: itself, or for one of several parts each part."""
    if parts := parts_of(each):
        return [problem for part in parts for problem in _part_missing(each, part, value)]
    return [_problem(each.id, values.missing(each))]


def problems(each: FormField, value: Any) -> list[Problem]:
    """Everything wrong with an answer that was given."""
    if each.type is FieldType.ROWS:
        return _row_problems(each, value)
    if parts := parts_of(each):
        given = value if isinstance(value, Mapping) else {}
        return [problem for part in parts for problem in _part_problems(each, part, given)]
    wrong = _wrong(each, value)
    return [_problem(each.id, wrong)] if wrong else []


def canonical(each: FormField, value: Any) -> Any:
    """The answer as we keep it. Raises `WrongAnswer`."""
    if each.type is FieldType.ROWS:
        columns = {column.id: column for column in each.of}
        return [{name: canonical(columns[name], cell) for name, cell in row.items()} for row in value]
    if parts := parts_of(each):
        return {part.id: canonical(part, value[part.id]) for part in parts if part.id in value}
    return values.from_json(each, value) if each.type is not FieldType.ORG else value


def stored(value: Any) -> Any:
    """A computed value as JSON."""
    if isinstance(value, (str, bool)):
        return value
    return value.isoformat() if isinstance(value, date) else int(value) if value == int(value) else float(value)


def _wrong(each: FormField, value: Any) -> WrongAnswer | None:
    try:
        canonical(each, value)
    except WrongAnswer as wrong:
        return wrong
    return None


def _problem(where: str, wrong: WrongAnswer) -> Problem:
    return Problem(where, wrong.slug, wrong.text)


def _part_missing(each: FormField, part: FormField, value: Any) -> list[Problem]:
    given = value.get(part.id) if isinstance(value, Mapping) else None
    return [_of_part(each, part, values.missing(part))] if part.required and blank(given) else []


def _part_problems(each: FormField, part: FormField, given: Mapping[str, Any]) -> list[Problem]:
    if blank(given.get(part.id)):
        return _part_missing(each, part, given)
    wrong = _wrong(part, given[part.id])
    return [_of_part(each, part, wrong)] if wrong else []


def _of_part(each: FormField, part: FormField, wrong: WrongAnswer) -> Problem:
    said = Text(f"{each.label.vi}: {_small(wrong.text.vi)}", f"{each.label.en}: {_small(wrong.text.en)}")
    return Problem(f"{each.id}.{part.id}", wrong.slug, said)


def _small(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]


def _row_problems(each: FormField, rows: Sequence[Mapping[str, Any]]) -> list[Problem]:
    found = []
    name = values.named(each)
    if len(rows) < each.min_rows:
        said = Text(f"Nhập ít nhất {each.min_rows} dòng ở {name.vi}.", f"Enter at least {each.min_rows} rows in {name.en}.")
        found.append(Problem(each.id, "too-few-rows", said))
    if len(rows) > each.max_rows:
        said = Text(f"{each.label.vi} có tối đa {each.max_rows} dòng.", f"{each.label.en} may have at most {each.max_rows} rows.")
        found.append(Problem(each.id, "too-many-rows", said))
    for number, row in enumerate(rows[: each.max_rows]):
        for column in each.of:
            found += _cell_problems(each, number, column, row.get(column.id))
    return found


def _cell_problems(table: FormField, number: int, column: FormField, value: Any) -> list[Problem]:
    lacking = values.missing(column) if column.required else None
    wrong = lacking if blank(value) else _wrong(column, value)
    if wrong is None:
        return []
    row = number + 1
    said = Text(f"Dòng {row}: {wrong.text.vi}", f"Row {row}: {wrong.text.en}")
    return [Problem(f"{table.id}.{number}.{column.id}", wrong.slug, said)]
