"""Every digest of a file in one pass: signed ranges begin at the first byte and so share what they begin with."""

import hashlib
from collections.abc import Sequence
from typing import Any

_SHARED = frozenset({"sha256", "sha384", "sha512"})


class Digests:
    """Of one file's bytes. The state after each part is kept; what begins with the same part goes on from there."""

    def __init__(self, data: bytes) -> None:
        self._view = memoryview(data)
        self._states: dict[str, list[tuple[int, Any]]] = {}

    def knows(self, method: str) -> bool:
        """Others are the engine's business."""
        return method in _SHARED

    def of_file(self) -> str:
        """SHA-256, in hexadecimal."""
        return str(self._until(len(self._view), "sha256").hexdigest())

    def of_range(self, byte_range: Sequence[int], method: str) -> bytes:
        """For an exact range: from the start, over one gap, within the file."""
        _, length, second, rest = byte_range
        state = self._until(length, method)
        state.update(self._view[second : second + rest])
        return bytes(state.digest())

    def _until(self, length: int, method: str) -> Any:
        """The state after the first `length` bytes; the caller may go on with it."""
        states = self._states.setdefault(method, [(0, hashlib.new(method))])
        done, state = max((pair for pair in states if pair[0] <= length), key=lambda pair: pair[0])
        state = state.copy()
        state.update(self._view[done:length])
        states.append((length, state.copy()))
        return state
