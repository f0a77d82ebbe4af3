"""What parsers raise over a damaged file. They share no base class, so the list is ours: found by mutating signed files."""

import struct
import zlib

from cryptography.exceptions import UnsupportedAlgorithm
from pyhanko.pdf_utils import misc

DAMAGE: tuple[type[Exception], ...] = (
    misc.PdfError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    NotImplementedError,
    UnsupportedAlgorithm,
    EOFError,
    OSError,
    struct.error,
    zlib.error,
)
"""The file's fault. Anything else is ours, and a report says so: ENGINE_ERROR."""


class TooMuch(Exception):
    """The file is within the format and beyond our limits."""


EXHAUSTION: tuple[type[Exception], ...] = (TooMuch, MemoryError, RecursionError)


def is_exhaustion(error: BaseException) -> bool:
    """More than we give; the engine's own limits have their word in the names of their errors."""
    return isinstance(error, EXHAUSTION) or "limit" in type(error).__name__.lower()
