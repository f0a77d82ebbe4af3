"""Guarded memory for the comparison of X.509 names, half of the time of judging a chain.

Whether two names are equal, and how one is spelled for a set, follows from their encodings alone and from nothing else. So an
answer is remembered under the complete encodings, and a very long name is worked out anew.
"""

from typing import Any

from asn1crypto import parser, x509

_LONGEST = 1_000
_MOST = 4_096

original_equal = x509.Name.__eq__
original_hashable = x509.Name.hashable
_equal: dict[tuple[bytes, bytes], bool] = {}
_spelled: dict[bytes, str] = {}


def equal(name: x509.Name, other: object) -> bool:
    """Like `x509.Name.__eq__`; what it raises is not remembered."""
    if not isinstance(other, x509.Name):
        return False
    ours, theirs = _encoding(name), _encoding(other)
    if ours is None or theirs is None:
        return bool(original_equal(name, other))
    if (ours, theirs) not in _equal:
        _make_room(_equal)
        _equal[ours, theirs] = original_equal(_fresh(ours), _fresh(theirs))
    return _equal[ours, theirs]


def hashable(name: x509.Name) -> str:
    """Like `x509.Name.hashable`."""
    ours = _encoding(name)
    if ours is None:
        return str(original_hashable.fget(name))
    if ours not in _spelled:
        _make_room(_spelled)
        _spelled[ours] = original_hashable.fget(_fresh(ours))
    return _spelled[ours]


def _encoding(name: x509.Name) -> bytes | None:
    """What the name consists of now; None when it is not to be remembered."""
    chosen = name.chosen
    contents = chosen._contents if chosen.children is None else chosen.contents  # noqa: SLF001  # what was not opened was not changed
    return contents if type(contents) is bytes and len(contents) <= _LONGEST else None


def _fresh(encoding: bytes) -> x509.Name:
    """So that an answer rests on nothing but what it is remembered under."""
    return x509.Name.load(parser.emit(0, 1, 16, encoding))


def _make_room(memory: dict[Any, Any]) -> None:
    if len(memory) >= _MOST:
        memory.clear()
