"""A definition written as a file: readable, in the order of the manual, with the same content after it is read again. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

import yaml
from pydantic import BaseModel

from app.catalogue import definition, questions, steps
from app.catalogue.procedure import Procedure

_FIRST = ("id", "kind", "type", "vi", "en", "label", "title", "name")
_LAST = ("legal", "certainty")
_DAYS = ("valid_from", "valid_to")


class _Dumper(yaml.SafeDumper):
    """Lists are indented, and the same object written twice is written out twice."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  (PyYAML's own signature)
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  (the same)
        return super().increase_indent(flow, indentless=False)


def written(content: Mapping[str, Any]) -> str:
    """The YAML of a definition."""
    ordered = _ordered(content)
    for name in _DAYS:
        if isinstance(ordered.get(name), str):
            ordered[name] = _day(ordered[name])
    return yaml.dump(ordered, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)


def _day(text: str) -> date | str:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text


def _ordered(value: Any, known: Mapping[str, int] | None = None) -> Any:
    """Keys in the order of the format: a database keeps none."""
    if isinstance(value, Mapping):
        order = _head() if known is None else known
        names = sorted(value, key=lambda name: order.get(str(name), len(order)))
        return {name: _ordered(value[name], _inside()) for name in names}
    return [_ordered(inner, _inside()) for inner in value] if isinstance(value, (list, tuple)) else value


@cache
def _head() -> dict[str, int]:
    return _places(_keys(Procedure))


@cache
def _inside() -> dict[str, int]:
    rooms = (questions, definition, steps)
    models = [each for room in rooms for each in vars(room).values() if isinstance(each, type) and issubclass(each, BaseModel)]
    names = [name for model in models for name in _keys(model) if name not in _LAST]
    return _places((*_FIRST, *names, *_LAST))


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _places(names: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(dict.fromkeys(names))}
