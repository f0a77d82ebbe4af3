"""A posted page: flat names (`goods.0.price`, `start_date-day`) nested into answers; blank rows vanish."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.catalogue import machine, values
from app.catalogue.parts import parts_of
from app.catalogue.questions import FieldType, FormField
from app.catalogue.values import WrongAnswer
from app.core.errors import Problem

DATE_PARTS = ("day", "month", "year")
Typed = dict[str, str | list[str]]
_INDEX_DIGITS = 4


@dataclass(slots=True)
class Read:
    """What was read: which fields were on the page, their good values, what is wrong, and what was typed."""

    asked: set[str]
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    typed: Typed = field(default_factory=dict)


def read(fields: Sequence[FormField], pairs: Sequence[tuple[str, str]]) -> Read:
    """Read the fields a person fills in on this page. A name the page does not have is a problem of its own."""
    mine = [each for each in fields if each.given_by_person]
    result = Read({each.id for each in mine})
    if sum(len(name) + len(text) for name, text in pairs) > machine.MAX_SIGNS:
        result.problems.append(Problem("", "too-large", machine.TOO_LARGE))
        return Read(set(), problems=result.problems)
    given: dict[str, list[str]] = {}
    for name, text in pairs:
        given.setdefault(name, []).append(text)
    for each in mine:
        _read_field(each, given, result)
    result.problems += [machine.unknown(name) for name in given]
    return result


def _read_field(each: FormField, given: dict[str, list[str]], result: Read) -> None:
    """Take this field's names out of `given`; what stays there belongs to no field."""
    if each.type is FieldType.ROWS:
        _read_rows(each, given, result)
        return
    if parts := parts_of(each):
        taken: Any = _read_parts(each, parts, given, result)
    else:
        taken = _taken(each, each.id, each.id, given, result)
    if taken is not None:
        result.values[each.id] = taken


def _read_parts(each: FormField, parts: Sequence[FormField], given: dict[str, list[str]], result: Read) -> dict[str, Any] | None:
    names = [(part, f"{each.id}.{part.id}") for part in parts]
    found = {part.id: _taken(part, name, name, given, result) for part, name in names}
    return {name: value for name, value in found.items() if value is not None} or None


def _read_rows(each: FormField, given: dict[str, list[str]], result: Read) -> None:
    rows: dict[int, dict[str, list[str]]] = {}
    columns = {name for column in each.of for name in _names(column, column.id)}
    for name in [name for name in given if name.startswith(f"{each.id}.")]:
        parts = name.split(".")
        if len(parts) == 3 and parts[2] in columns and is_index(parts[1]):
            rows.setdefault(int(parts[1]), {})[parts[2]] = given.pop(name)
    filled = [rows[number] for number in sorted(rows) if any(text.strip() for texts in rows[number].values() for text in texts)]
    nested = [_read_row(each, number, row, result) for number, row in enumerate(filled[: each.max_rows + 1])]
    if nested:
        result.values[each.id] = nested


def _read_row(each: FormField, number: int, row: dict[str, list[str]], result: Read) -> dict[str, Any]:
    found = {}
    for column in each.of:
        value = _taken(column, column.id, f"{each.id}.{number}.{column.id}", row, result)
        if value is not None:
            found[column.id] = value
    return found


def _taken(each: FormField, name: str, where: str, given: dict[str, list[str]], result: Read) -> Any:
    """The value under `name`, remembered as typed under `where`; a wrong one is a problem and no value."""
    texts = {part: given.pop(part, None) for part in _names(each, name)}
    result.typed |= {where + part[len(name) :]: _typed(each, found) for part, found in texts.items() if found is not None}
    try:
        return _value(each, texts)
    except WrongAnswer as wrong:
        result.problems.append(Problem(where, wrong.slug, wrong.text))
        return None


def _value(each: FormField, texts: dict[str, list[str] | None]) -> Any:
    if each.type is FieldType.DATE:
        day, month, year = (found[-1] if found else "" for found in texts.values())
        return values.from_date_parts(each, (day, month, year))
    found = next(iter(texts.values())) or []
    if each.type is FieldType.MULTI_CHOICE:
        return values.chosen(each, [text for text in found if text]) or None
    return values.from_text(each, found[-1]) if found else None


def _typed(each: FormField, found: list[str]) -> str | list[str]:
    return found if each.type is FieldType.MULTI_CHOICE else found[-1]


def _names(each: FormField, name: str) -> Iterator[str]:
    if each.type is FieldType.DATE:
        yield from (f"{name}-{part}" for part in DATE_PARTS)
    else:
        yield name


def is_index(text: str) -> bool:
    """Whether `text` numbers a row as our pages do: a few plain digits."""
    return text.isascii() and text.isdigit() and len(text) <= _INDEX_DIGITS
