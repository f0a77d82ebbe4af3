"""Frozen dataclasses to JSON-ready values and back, by their type hints."""

import base64
import types
from collections.abc import Mapping
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
    return _read(kind, value)  # type: ignore[no-any-return]  # the hints decide the type at run time


def _read(hint: Any, value: Any) -> Any:
    origin = get_origin(hint)
    if origin is types.UnionType:
        return None if value is None else _read(next(a for a in get_args(hint) if a is not type(None)), value)
    if origin in (tuple, frozenset):
        return origin(_read(get_args(hint)[0], item) for item in value)
    if is_dataclass(hint):
        return _read_dataclass(hint, value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    if hint is bytes:
        return base64.b64decode(value, validate=True)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if not isinstance(value, hint):
        raise TypeError(f"expected {hint.__name__}, got {type(value).__name__}")
    return value


def _read_dataclass(kind: Any, value: Mapping[str, Any]) -> Any:
    """Unknown keys are ignored (a newer writer), missing ones fall back to the field's default."""
    hints = _hints(kind)
    given = {f.name: _read(hints[f.name], value[f.name]) for f in fields(kind) if f.compare and f.name in value}
    return kind(**given)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
