"""Guarded replacement of the engine's reader of cross-reference tables, which takes one character at a time.

A table whose lines are exactly twenty bytes, as the format asks, is read with one pattern for each subsection. Any other is left
to the original from its first byte: so entries, positions and errors stay exactly what they were.
"""

import io
import re
from collections.abc import Iterator
from typing import Any

from pyhanko.pdf_utils import xref
from pyhanko.pdf_utils.xref import XRefEntry, XRefType

_HEADING = re.compile(rb"[ \n\r\t]*+([0-9]{1,9})[ \t]++([0-9]{1,7})[ \n\r\t]++")
_LINES = re.compile(rb"(?:[0-9]{10} [0-9]{5} [nf](?: \r| \n|\r\n))*+")
_TRAILER = re.compile(rb"[ \n\r\t]*+trailer[ \n\r\t]*+(?=[^ \n\r\t\f\x00%])")
_LINE = 20

original = xref.parse_xref_table


def parse_xref_table(stream: Any, strict: bool) -> Iterator[XRefEntry]:  # noqa: FBT001  # the signature of what this replaces
    """Like the engine's `parse_xref_table`."""
    sections, end = _sections(stream.getvalue(), stream.tell()) if type(stream) is io.BytesIO else ([], None)
    if end is None:
        yield from original(stream, strict)
        return
    for first, lines in sections:
        yield from _entries(first, lines)
    stream.seek(end)


def _sections(content: bytes, at: int) -> tuple[list[tuple[int, bytes]], int | None]:
    """Of each subsection the first number and its lines; and the trailer, None when something is spelled otherwise."""
    found: list[tuple[int, bytes]] = []
    while heading := _HEADING.match(content, at):
        begin, size = heading.end(), int(heading[2]) * _LINE
        lines = content[begin : begin + size]
        if len(lines) != size or not _LINES.fullmatch(lines):
            return [], None
        found.append((int(heading[1]), lines))
        at = begin + size
        if trailer := _TRAILER.match(content, at):
            return found, trailer.end()
    return [], None


def _entries(first: int, lines: bytes) -> Iterator[XRefEntry]:
    for number, at in enumerate(range(0, len(lines), _LINE), first):
        generation = int(lines[at + 11 : at + 16])
        if lines[at + 17 : at + 18] == b"n":
            yield XRefEntry(XRefType.STANDARD, int(lines[at : at + 10]), number, generation)
        else:
            yield XRefEntry(XRefType.FREE, None, number, generation)
