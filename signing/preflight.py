"""Pure byte checks, before and beside any parser: what the file says about itself without being believed."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from signing.codes import finding
from signing.limits import Limits
from signing.model import Finding

_BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_STARTXREF = re.compile(rb"startxref\s*(\d{1,12})")
_END = re.compile(rb"startxref\s*\d{1,12}\s*%%EOF")
"""The end of a revision; `%%EOF` alone ends the character maps of embedded fonts as well."""
_SPACE = b" \t\r\n\f\0"
_OBJECT = re.compile(rb"(?<![0-9])[0-9]{1,10}[ \t\r\n\f\0]+[0-9]{1,5}[ \t\r\n\f\0]+obj(?![A-Za-z])")
_TRAILER = re.compile(rb"(?<![A-Za-z])trailer(?![A-Za-z])")
_ESCAPED = re.compile(rb"/" + b"".join(rb"(?:%c|#(?i:%02x))" % (letter, letter) for letter in b"ByteRange"))
"""The name with letters written as numbers (ISO 32000-1, 7.3.5): it means the same."""
_HEAD = 1_024
"""Where viewers look for the header, and browsers for what kind of file it is."""
_MARKUP = re.compile(rb"<(?:html|script|!doctype html|\?php)", re.IGNORECASE)
_MARKS = {128: b"DICM", 257: b"ustar", 0x8001: b"CD001"}
"""Medical pictures, tape archives, disc images: known by bytes that do not stand at the beginning."""
_LAST = 2_048
"""The parser looks for the end mark in the last 1,024 bytes, but walks a line of any length backwards to get there."""
QUICK_BYTES = 2 << 20
_LAST_SIGNATURES = 1 << 17
"""Room for several signatures with what belongs to them; to look through the whole file would be a twentieth of a check."""
_BLANK = b"\r\n\0 "
_HEX = b"0123456789abcdefABCDEF \t\r\n\f\0"


@dataclass(frozen=True)
class Marks:
    """What the bytes alone show. `ranges` are the well-formed ByteRange arrays, each once, in file order."""

    signed: bool
    ranges: tuple[tuple[int, int, int, int], ...]
    encrypted: bool


def look(data: bytes) -> Marks:
    """One pass over the bytes, no parser."""
    ranges = dict.fromkeys((int(m[1]), int(m[2]), int(m[3]), int(m[4])) for m in _BYTE_RANGE.finditer(data))
    signed = b"/ByteRange" in data or _ESCAPED.search(data) is not None
    return Marks(signed, tuple(ranges), b"/Encrypt" in data)


def refuse(data: bytes, limits: Limits) -> Finding | None:
    """Why the file is not even opened."""
    if len(data) > limits.file_bytes:
        return finding("DOC_TOO_LARGE", f"{len(data)} > {limits.file_bytes}")
    if not data.startswith(b"%PDF-"):
        return finding("DOC_NOT_PDF", "no %PDF- at the first byte")
    if b"%%EOF" not in data[-_LAST:]:
        return finding("DOC_UNREADABLE", "no end mark in the last bytes")
    return None


def is_quick(data: bytes) -> bool:
    """Small, and at most one signature where the last ones stand: nothing to compare, as a rule.

    A cheap guess that costs a liar his own time: whatever takes longer than it looked starts again among the large ones.
    """
    return len(data) <= QUICK_BYTES and data.count(b"/ByteRange", max(0, len(data) - _LAST_SIGNATURES)) <= 1


def exact_range(data: bytes, byte_range: Collection[int]) -> bool:
    """The range starts at 0 and leaves out nothing but one hex string in angle brackets, filled with hex digits.

    The parser's own test accepts any position for the second part when the lengths add up.
    """
    if len(byte_range) != 4:
        return False
    start, length, second, rest = (int(n) for n in byte_range)
    if start != 0 or not 0 < length < second or second + rest > len(data):
        return False
    gap = data[length:second]
    return gap[:1] == b"<" and gap[-1:] == b">" and not gap[1:-1].translate(None, _HEX)


def tail_problem(data: bytes, startxref: int, known: Collection[int], signed_until: int) -> str | None:
    """The tail rule, or why it is broken.

    A parser that cannot read an appended trailer falls back silently to the older one and sees no change. So:
    nothing but blanks after the last end mark; the last `startxref` of the file (`startxref` is the one the parser
    used) is the one in use; each part appended after the last signed byte ends in a revision the parser knows.
    """
    end = data.rfind(b"%%EOF")
    if end < 0 or data[end + 5 :].strip(_BLANK):
        return "bytes after the last end mark"
    last = _last_startxref(data)
    if last != startxref:
        return f"last startxref is {last}, the parser used {startxref}"
    for begin, stop in _parts(data, signed_until):
        table = _last_startxref(data[begin:stop])
        if table is None or table not in known or not begin <= table < stop:
            return f"appended part at {begin} is not a revision"
    return None


def stowaway(data: bytes, begin: int, offsets: Collection[int]) -> str | None:
    """What a viewer that rebuilds a damaged file would find after `begin`, and one that follows the tables would not.

    Objects that no table lists, a second trailer, a second file. `offsets` is where listed objects and tables begin.
    """
    if data.find(b"%PDF-", begin) >= 0:
        return "another file begins in an appended part"
    for start, stop in _parts(data, begin):
        if len(_TRAILER.findall(data, start, stop)) > 1 or data.count(b"startxref", start, stop) != 1:
            return f"appended part at {start} has more than one end"
    for match in _OBJECT.finditer(data, begin):
        if not any(at in offsets for at in range(_after_blanks(data, match.start()), match.start() + 1)):
            return f"object at {match.start()} is in no table"
    return None


def _after_blanks(data: bytes, at: int) -> int:
    while at > 0 and data[at - 1] in _SPACE:
        at -= 1
    return at


def hides_foreign_data(data: bytes) -> bool:
    """Something after the last end mark, or a file of two kinds: what it is depends on who opens it."""
    end = data.rfind(b"%%EOF")
    if end < 0 or data[end + 5 :].strip(_BLANK):
        return True
    head = data[:_HEAD]
    if head.count(b"%PDF-") > 1 or _MARKUP.search(head):
        return True
    return any(data[at : at + len(mark)] == mark for at, mark in _MARKS.items()) or _is_archive(data)


def _is_archive(data: bytes) -> bool:
    """A ZIP directory that ends with the file, or one that stands where its end says, whatever follows."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if end < 0 or end + 22 > len(data):
        return False
    size, comment = int.from_bytes(data[end + 12 : end + 16], "little"), int.from_bytes(data[end + 20 : end + 22], "little")
    return end + 22 + comment == len(data) or (0 < size <= end and data[end - size : end - size + 4] == b"PK\x01\x02")


def _last_startxref(part: bytes) -> int | None:
    at = part.rfind(b"startxref")
    match = _STARTXREF.match(part, at) if at >= 0 else None
    return int(match[1]) if match else None


def _parts(data: bytes, begin: int) -> Iterator[tuple[int, int]]:
    """Cut what follows the signed bytes at its end marks."""
    while begin < len(data) and data[begin:].strip(_BLANK):
        end = _END.search(data, begin)
        stop = end.end() if end else len(data)
        yield begin, stop
        begin = stop
