"""Guarded replacements of two small computations that the engine repeats for the same values in every check.

Both are pure functions of one immutable value, the whole of which is what the answer is remembered under.
"""

from functools import lru_cache
from typing import Any

from asn1crypto import core, x509

_LONGEST = 512
_MOST = 1_024

original_dotted = core.ObjectIdentifier.dotted
original_uri = x509.iri_to_uri


def dotted(identifier: core.ObjectIdentifier) -> str:
    """Like `ObjectIdentifier.dotted`."""
    if identifier._dotted is None:  # noqa: SLF001  # where the original keeps it
        contents = identifier.contents
        if type(contents) is not bytes or len(contents) > _LONGEST:
            return str(original_dotted.fget(identifier))
        identifier._dotted = _dotted(contents)  # noqa: SLF001  # where the original keeps it
    return str(identifier._dotted)  # noqa: SLF001  # where the original keeps it


@lru_cache(maxsize=_MOST)
def _dotted(contents: bytes) -> str:
    return str(original_dotted.fget(core.ObjectIdentifier(contents=contents)))


def iri_to_uri(value: Any, normalize: bool = False) -> bytes:  # noqa: FBT001, FBT002  # the signature of what this replaces
    """Like `iri_to_uri`; what it raises is not remembered."""
    if type(value) is not str or len(value) > _LONGEST:
        return bytes(original_uri(value, normalize))
    return _uri(value, normalize)


@lru_cache(maxsize=_MOST)
def _uri(value: str, normalize: bool) -> bytes:  # noqa: FBT001  # as above
    return bytes(original_uri(value, normalize))
