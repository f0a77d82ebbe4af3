"""Canonical JSON (RFC 8785): the same content is the same bytes, whoever writes it. Pure."""

import json
from collections.abc import Mapping
from typing import Any


def canonical(value: Any) -> bytes:
    """The bytes to hash and sign. `ValueError` for a number that is not whole: agreements have none, so none is spelled wrongly.

    Python escapes what ECMAScript escapes; members are sorted by UTF-16 code units, as the standard wants.
    """
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":")).encode()


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _ordered(value[name]) for name in sorted(value, key=lambda name: name.encode("utf-16-be"))}
    if isinstance(value, list | tuple):
        return [_ordered(one) for one in value]
    if isinstance(value, float) or (isinstance(value, int) and abs(value) > _MOST):
        raise ValueError("only whole numbers that ECMAScript can hold")
    return value


_MOST = 2**53 - 1
