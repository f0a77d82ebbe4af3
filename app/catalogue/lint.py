"""The linter: what is wrong with a definition, before it is published. Each problem points at the place and the id."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from app.catalogue import lint_course, lint_form
from app.catalogue.faults import Rule, fault
from app.catalogue.procedure import Procedure
from app.core.errors import Problem
from app.core.text import has_unwanted, nfc

RULES: tuple[Rule, ...] = (*lint_form.RULES, *lint_course.RULES)


def lint(definition: Mapping[str, Any]) -> list[Problem]:
    """Everything wrong with a definition; empty when it may be published."""
    if bad := [*_texts(definition, "")]:
        return bad
    try:
        procedure = Procedure.of(definition)
    except ValidationError as error:
        return [_shape(definition, each) for each in error.errors(include_url=False, include_input=False)]
    return [*_empty(definition, ""), *(problem for rule in RULES for problem in rule(procedure))]


def _texts(value: Any, where: str) -> Iterator[Problem]:
    """Hidden characters and decomposed letters, which look right and compare wrong."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner, f"{where}.{name}" if where else str(name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{where}.{item_name(inner, number)}")
    elif isinstance(value, str) and (has_unwanted(value) or nfc(value) != value):
        yield fault(where, "hidden-characters", "có ký tự ẩn hoặc chưa ở dạng NFC", "hidden characters, or not in NFC")


def _empty(value: Any, where: str) -> Iterator[Problem]:
    """A language that is there and says nothing: its readers would see a nameless question."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            place = f"{where}.{name}" if where else str(name)
            if name in ("vi", "en") and isinstance(inner, str) and not inner.strip():
                yield _missing_language(place)
            yield from _empty(inner, place)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _empty(inner, f"{where}.{item_name(inner, number)}")


def _missing_language(place: str) -> Problem:
    return fault(place, "missing-language", "thiếu một trong hai ngôn ngữ", "one of the two languages is missing")


def item_name(item: Any, number: int) -> str:
    """An item by its id where it has one: `checks.C1` says more than `checks.0`."""
    return str(item["id"]) if isinstance(item, Mapping) and "id" in item else str(number)


def _shape(definition: Mapping[str, Any], error: Any) -> Problem:
    where, value = [], definition
    for part in error["loc"]:
        value = _inner(value, part)
        where.append(item_name(value, part) if isinstance(part, int) else str(part))
    place, last = ".".join(where), error["loc"][-1] if error["loc"] else ""
    if error["type"] == "missing" and last in ("vi", "en"):
        return _missing_language(place)
    if error["type"] == "missing" and last == "legal":
        return fault(place, "missing-citation", "thiếu căn cứ pháp lý", "the legal ground is missing")
    if error["type"] == "extra_forbidden":
        return fault(place, "extra_forbidden", "không có mục nào tên như vậy", "there is no such key; is it misspelt?")
    return fault(place, str(error["type"]), "không đúng định dạng", str(error["msg"]))


def _inner(value: Any, part: Any) -> Any:
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None
