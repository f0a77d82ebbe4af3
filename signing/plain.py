"""Frozen dataclasses to JSON-ready values and back, by their type hints."""

import base64
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_plain(value: object) -> Any:
    """Dataclass, enum, datetime, bytes (base64), tuple and frozenset become what `json.dumps` takes."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value) if f.compare}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, frozenset):
        return sorted(to_plain(item) for item in value)
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: type[T], value: Any) -> T:
    """The inverse of `to_plain`; raises ValueError, KeyError or TypeError on a document of another shape."""
    return _reader(kind)(value)  # type: ignore[no-any-return, arg-type]  # the hints decide the type at run time


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:
    """Made once for each type: a hint takes longer to understand than a value to read."""
    origin = get_origin(hint)
    if origin is types.UnionType:
        inner = _reader(next(a for a in get_args(hint) if a is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin in (tuple, frozenset):
        item_of = _reader(get_args(hint)[0])
        return lambda value: origin(item_of(item) for item in value)
    if is_dataclass(hint):
        return _dataclass_reader(hint)
    if hint is datetime:
        return datetime.fromisoformat
    if hint is bytes:
        return lambda value: base64.b64decode(value, validate=True)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return lambda value: _checked(hint, value)


def _dataclass_reader(kind: Any) -> Callable[[Mapping[str, Any]], Any]:
    """Unknown keys are ignored (a newer writer), missing ones fall back to the field's default."""
    hints = get_type_hints(kind)
    readers = [(f.name, _reader(hints[f.name])) for f in fields(kind) if f.compare]
    return lambda value: kind(**{name: read(value[name]) for name, read in readers if name in value})


def _checked(hint: Any, value: Any) -> Any:
    if not isinstance(value, hint):
        raise TypeError(f"expected {hint.__name__}, got {type(value).__name__}")
    return value
