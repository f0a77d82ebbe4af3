"""Guarded replacement of the engine's object reader, which takes one character at a time.

Reading objects was 70 % of the time of comparing revisions. This reads the common spelling of objects with one pattern for
each token. Whatever is spelled otherwise (a comment, a doubled key, a name with escapes, anything damaged) is left to the
original, which begins again at the same place: so values, positions and errors stay exactly what they were.
"""

import binascii
import io
import re
from collections.abc import Callable
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    BooleanObject,
    ContentOpReading,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NullObject,
    NumberObject,
    StreamObject,
    TextStringEncoding,
    TextStringObject,
    TrailerReference,
    pdf_string,
)

_DEEPEST = 30
"""Deeper nesting is the original's business, and so is where it gives up."""
_BLANK = rb"[ \n\r\t\f\x00]"
_TOKEN = re.compile(
    rb"""%(blank)s*+(?:
      /(?P<name>[!"$&'*-.0-;=?-Z\\^-z|~]*+)%(end)s
    | (?P<number>[0-9]++)[ \n\r\t\f]++(?P<generation>[0-9]++)[ \n\r\t\f]++R(?=[^a-zA-Z])
    | (?P<integer>[+-]?[0-9]{1,18})%(end)s(?!\s+[0-9]+\s+R)
    | (?P<real>[+-]?(?:[0-9]{1,15}\.[0-9]{0,15}|\.[0-9]{1,15}))%(end)s
    | (?P<open><<)
    | (?P<close>>>)
    | (?P<begin>\[)
    | (?P<finish>\])
    | <(?P<hex>[0-9a-fA-F]*+)>
    | \((?P<text>[^()\\]*+)\)
    | (?P<true>true)%(end)s
    | (?P<false>false)%(end)s
    | (?P<null>null)%(end)s
    )"""
    % {b"blank": _BLANK, b"end": rb"(?=[ \n\r\t\f\x00()<>\[\]{}/%])"},
    re.VERBOSE,
)
_ODD = re.compile(rb"[ \n\r\t\f\x00]*+(?=[(/]|<[^<])")
"""A string or a name in another spelling: the original reads it alone."""
_NUMBERS = re.compile(rb"((?:[ \n\r\t\f]*+[+-]?[0-9]{1,18}+(?=[ \n\r\t\f\]]))++)[ \n\r\t\f]*+\]")
"""The rest of an array of whole numbers, the commonest kind."""
_AFTER = re.compile(rb"[ \n\r\t\f\x00]*+[^%s \n\r\t\f\x00]")
"""What may follow a dictionary that is no stream."""
_SCALAR = rb"(?:/%(name)s|[+-]?[0-9]{1,18}|[+-]?(?:[0-9]{1,15}\.[0-9]{0,15}|\.[0-9]{1,15})|true|false|null)%(end)s" % {
    b"name": rb"[!\"$&'*-.0-;=?-Z\\^-z|~]*+",
    b"end": rb"(?=[ \n\r\t\f\x00()<>\[\]{}/%])",
}
_PLAIN_OPEN = re.compile(rb"[ \n\r\t\f]++<<")
_PLAIN_ENTRY = re.compile(
    rb"[ \n\r\t\f]*+(/[A-Za-z0-9]++)(?=[ \n\r\t\f\[/(])[ \n\r\t\f]*+"
    rb"(?:%(scalar)s|\([ -'*-\[\]-~]*+\)|\[(?:[ \n\r\t\f]*+%(scalar)s)*+[ \n\r\t\f]*+\])" % {b"scalar": _SCALAR}
)
_PLAIN_END = re.compile(rb"[ \n\r\t\f]*+>>[ \n\r\t\f]*+endobj[ \n\r\t\f]*+[^ \n\r\t\f\x00%]")
_PRINTABLE = re.compile(rb"[ -~]*+")
_LONGEST_REFERENCE = 19
"""The original looks no further ahead."""

original = generic.read_object
original_dictionary = DictionaryObject.read_from_stream


class _Unusual(Exception):
    """Left to the original."""


def read_object(
    stream: Any,
    container_ref: Any,
    as_metadata_stream: bool = False,  # noqa: FBT001, FBT002  # the signature of the function that this replaces
    in_content_stream: ContentOpReading = ContentOpReading.NO,
) -> Any:
    """Like the engine's `read_object`."""
    if type(stream) is not io.BytesIO or as_metadata_stream or in_content_stream is not ContentOpReading.NO:
        return original(stream, container_ref, as_metadata_stream, in_content_stream)
    start = stream.tell()
    try:
        return _Reading(stream, container_ref).top(start)
    except Exception:  # noqa: BLE001  # the original meets the same trouble and says so in its own words
        stream.seek(start)
        return original(stream, container_ref)


def read_dictionary(
    stream: Any,
    container_ref: Any,
    as_metadata_stream: bool = False,  # noqa: FBT001, FBT002  # as above
    in_content_stream: ContentOpReading = ContentOpReading.NO,
) -> Any:
    """Like the engine's `DictionaryObject.read_from_stream`, for trailers; other dictionaries are read as objects."""
    if type(container_ref) is not TrailerReference or type(stream) is not io.BytesIO:
        return original_dictionary(stream, container_ref, as_metadata_stream, in_content_stream)
    start = stream.tell()
    try:
        made = _Reading(stream, container_ref).dictionary(start)
    except Exception:  # noqa: BLE001  # the original meets the same trouble and says so in its own words
        stream.seek(start)
        return original_dictionary(stream, container_ref, as_metadata_stream, in_content_stream)
    made.container_ref = None  # as the original leaves it
    return made


def is_plain(content: bytes, at: int, number: int, generation: int) -> bool:
    """Whether a dictionary of plain values stands there under this number: it can be read, and refers to nothing."""
    head = b"%d %d obj" % (number, generation)
    opened = _PLAIN_OPEN.match(content, at + len(head)) if content.startswith(head, at) else None
    if opened is None:
        return False
    keys: set[bytes] = set()
    at, match = opened.end(), _PLAIN_ENTRY.match
    while entry := match(content, at):
        if entry[1] in keys:
            return False
        keys.add(entry[1])
        at = entry.end()
    return _PLAIN_END.match(content, at) is not None


class _Reading:
    """One object. `stream.getvalue()` copies nothing: the reader never writes."""

    def __init__(self, stream: io.BytesIO, container_ref: Any) -> None:
        self.stream, self.content, self.ref = stream, stream.getvalue(), container_ref
        self.handler = container_ref.get_pdf_handler()

    def top(self, start: int) -> Any:
        """Leaves the stream where the original does; only a dictionary at the top can be a stream."""
        token = _TOKEN.match(self.content, start)
        if token is None or self.content[start] in b" \n\r\t\f\x00":
            raise _Unusual
        if token.lastgroup != "open":
            value, end = self.value(token, 0)
            self.stream.seek(end)
            return value
        return self.dictionary(start)

    def dictionary(self, start: int) -> Any:
        """A stream, where its content follows."""
        if not self.content.startswith(b"<<", start):
            raise _Unusual
        entries, end = self.entries(start + 2, 1)
        self.stream.seek(end)
        payload = None
        if not _AFTER.match(self.content, end):
            payload = generic._maybe_read_stream_payload(self.stream, entries, self.handler)  # noqa: SLF001  # as the original does
        made = DictionaryObject() if payload is None else StreamObject(encoded_data=payload)
        return self.filled(made, entries)

    def value(self, token: re.Match[bytes], depth: int) -> tuple[Any, int]:
        """The object that begins with this token, and where it ends."""
        kind = token.lastgroup or ""
        make = _SCALARS.get(kind)
        if make is not None:
            made = make(token[kind])
            made.container_ref = self.ref
            return made, token.end()
        if kind == "generation":
            return self.reference(token), token.end()
        if kind == "begin":
            return self.items(token.end(), depth + 1)
        if kind != "open":
            raise _Unusual
        entries, end = self.entries(token.end(), depth + 1)
        if not _AFTER.match(self.content, end):
            raise _Unusual
        return self.filled(DictionaryObject(), entries), end

    def odd(self, at: int) -> tuple[Any, int]:
        found = _ODD.match(self.content, at)
        if found is None:
            raise _Unusual
        self.stream.seek(found.end())
        return original(self.stream, self.ref), self.stream.tell()

    def entries(self, at: int, depth: int) -> tuple[dict[Any, Any], int]:
        """Keys and values up to the end of a dictionary."""
        if depth > _DEEPEST:
            raise _Unusual
        found: dict[Any, Any] = {}
        content, match, value, odd = self.content, _TOKEN.match, self.value, self.odd
        while True:
            token = match(content, at)
            if token is None:
                key, at = odd(at)
                key.container_ref = None  # as the original leaves it
            elif token.lastgroup == "name":
                key, at = _name(token["name"]), token.end()
            elif token.lastgroup == "close":
                return found, token.end()
            else:
                raise _Unusual
            if type(key) is not NameObject or key in found:
                raise _Unusual
            token = match(content, at)
            found[key], at = odd(at) if token is None else value(token, depth)

    def items(self, at: int, depth: int) -> tuple[Any, int]:
        """Up to the end of an array."""
        if depth > _DEEPEST:
            raise _Unusual
        if numbers := _NUMBERS.match(self.content, at):
            return self.numbers(numbers[1]), numbers.end()
        found = ArrayObject()
        content, match, value, odd = self.content, _TOKEN.match, self.value, self.odd
        while True:
            token = match(content, at)
            if token is not None and token.lastgroup == "finish":
                found.container_ref = self.ref
                return found, token.end()
            item, at = odd(at) if token is None else value(token, depth)
            found.append(item)

    def numbers(self, spelled: bytes) -> Any:
        found = ArrayObject(map(_integer, spelled.split()))
        found.container_ref = self.ref
        for number in list.__iter__(found):
            number.container_ref = self.ref
        return found

    def reference(self, token: re.Match[bytes]) -> Any:
        number = int(token["number"])
        if number == 0 or token.end() - token.start("number") > _LONGEST_REFERENCE:
            raise _Unusual
        made = IndirectObject(number, int(token["generation"]), self.handler)
        made.container_ref = self.ref
        return made

    def filled(self, made: Any, entries: dict[Any, Any]) -> Any:
        """All keys are names already, so the slow check of each is left out."""
        dict.update(made, entries)
        made.container_ref = self.ref
        return made


def _name(spelled: bytes) -> Any:
    return NameObject("/" + spelled.decode("ascii"))


def _integer(spelled: bytes) -> Any:
    return int.__new__(NumberObject, spelled)


def _string(spelled: bytes) -> Any:
    """Printable ASCII means the same in PDFDocEncoding, which the original decodes letter by letter."""
    if not _PRINTABLE.fullmatch(spelled):
        return pdf_string(spelled)
    made = TextStringObject(spelled.decode("ascii"))
    made.autodetected_encoding = TextStringEncoding.PDF_DOC
    return made


def _hexadecimal(digits: bytes) -> Any:
    return _string(binascii.unhexlify(digits + b"0" if len(digits) % 2 else digits))


_SCALARS: dict[str, Callable[[bytes], Any]] = {
    "name": _name,
    "integer": _integer,
    "real": lambda spelled: FloatObject(spelled.decode("ascii")),
    "hex": _hexadecimal,
    "text": _string,
    "true": lambda _: BooleanObject(True),
    "false": lambda _: BooleanObject(False),
    "null": lambda _: NullObject(),
}
