"""What may come in: a walk over the decoded objects of a PDF, by another parser than the one that checks signatures.

Never by searching the bytes: names can be written in many ways, and bytes inside a picture mean nothing.
"""

import io
import zlib
from collections.abc import Iterator
from typing import Any

import pikepdf

from signing import preflight
from signing.codes import finding
from signing.limits import Limits
from signing.model import Finding
from signing.policy import Gate

_ACTIONS = {
    "/JavaScript": "DOC_JAVASCRIPT",
    "/Launch": "DOC_ACTIVE_CONTENT",
    "/SubmitForm": "DOC_ACTIVE_CONTENT",
    "/ImportData": "DOC_ACTIVE_CONTENT",
    "/GoToR": "DOC_ACTIVE_CONTENT",
    "/GoToE": "DOC_ACTIVE_CONTENT",
    "/Rendition": "DOC_RICH_MEDIA",
    "/Movie": "DOC_RICH_MEDIA",
    "/Sound": "DOC_RICH_MEDIA",
    "/GoTo3DView": "DOC_RICH_MEDIA",
    "/RichMediaExecute": "DOC_RICH_MEDIA",
}
_KEYS = {
    "/JS": "DOC_JAVASCRIPT",
    "/AA": "DOC_ACTIVE_CONTENT",
    "/XFA": "DOC_XFA",
    "/RichMediaContent": "DOC_RICH_MEDIA",
}
_ANNOTATIONS = {"/RichMedia", "/3D", "/Sound", "/Movie", "/Screen"}


_MOST_FILTERS = 2


class _TooDeep(Exception):
    pass


def inspect(data: bytes, gate: Gate, limits: Limits) -> list[Finding]:
    """Every rule the file breaks, each once; a file this parser cannot read is a finding as well."""
    if preflight.hides_foreign_data(data):
        return [finding("DOC_FOREIGN_DATA")]
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            return list(_findings(pdf, len(data), gate, limits))
    except pikepdf.PasswordError:
        return [finding("DOC_ENCRYPTED")]
    except MemoryError:
        return [finding("DOC_RESOURCE_LIMIT")]
    except (_TooDeep, RecursionError) as deep:
        return [finding("DOC_TOO_COMPLEX", str(deep))]
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as broken:
        return [finding("DOC_UNREADABLE", f"{type(broken).__name__}: {broken}")]


def _findings(pdf: pikepdf.Pdf, size: int, gate: Gate, limits: Limits) -> Iterator[Finding]:
    if pdf.is_encrypted:
        yield finding("DOC_ENCRYPTED")
        return
    if len(pdf.objects) > limits.objects:
        yield finding("DOC_TOO_COMPLEX", f"{len(pdf.objects)} objects")
        return
    if len(pdf.pages) > limits.pages:
        yield finding("DOC_TOO_MANY_PAGES", f"{len(pdf.pages)} pages")
    codes = dict.fromkeys(_codes(pdf, size, limits))
    yield from (finding(code) for code in codes if code != "DOC_EMBEDDED_FILES" or not gate.embedded_files)


def _codes(pdf: pikepdf.Pdf, size: int, limits: Limits) -> Iterator[str]:
    opening = pdf.Root.get("/OpenAction")
    if isinstance(opening, pikepdf.Dictionary) and opening.get("/S") != "/GoTo":
        yield "DOC_ACTIVE_CONTENT"
    budget = limits.document_bytes + limits.document_ratio * size
    for thing in pdf.objects:
        if isinstance(thing, pikepdf.Stream):
            yield from _stream_codes(thing, limits)
            decoded = _decoded_size(thing, limits.stream_bytes)
            budget -= decoded
            if decoded > limits.stream_bytes or budget < 0:
                yield "DOC_TOO_COMPLEX"
                return
        for dictionary in _dictionaries(thing, limits.depth):
            yield from _dictionary_codes(dictionary)


def _dictionaries(thing: Any, depth: int) -> Iterator[Any]:
    """A top-level object and everything written directly inside it; references are visited on their own."""
    pending = [(thing, 0)]
    while pending:
        item, level = pending.pop()
        if level > depth:
            raise _TooDeep(f"nested deeper than {depth}")
        if isinstance(item, pikepdf.Stream | pikepdf.Dictionary):
            yield item
            pending += [(child, level + 1) for child in _direct(dict(item.items()).values())]
        elif isinstance(item, pikepdf.Array):
            pending += [(child, level + 1) for child in _direct(item)]


def _direct(children: Any) -> Iterator[Any]:
    for child in children:
        if isinstance(child, pikepdf.Dictionary | pikepdf.Array) and not child.is_indirect:
            yield child


def _dictionary_codes(found: Any) -> Iterator[str]:
    yield from (code for key, code in _KEYS.items() if key in found)
    if found.get("/Type") != "/StructElem":
        action = str(found["/S"]) if isinstance(found.get("/S"), pikepdf.Name) else ""
        if action in _ACTIONS:
            yield _ACTIONS[action]
    if "/EF" in found or "/EmbeddedFiles" in found or found.get("/Subtype") == "/FileAttachment":
        yield "DOC_EMBEDDED_FILES"
    if found.get("/Type") in (None, "/Annot") and "/Rect" in found and str(found.get("/Subtype")) in _ANNOTATIONS:
        yield "DOC_RICH_MEDIA"


def _stream_codes(stream: pikepdf.Stream, limits: Limits) -> Iterator[str]:
    if "/F" in stream and stream.get("/Type") != "/EmbeddedFile":
        yield "DOC_EXTERNAL_STREAM"
    filters = stream.get("/Filter")
    if isinstance(filters, pikepdf.Array) and len(filters) > _MOST_FILTERS:  # each can multiply what the one before gave
        yield "DOC_TOO_COMPLEX"
    if stream.get("/Subtype") == "/Image" and _number(stream, "/Width") * _number(stream, "/Height") > limits.image_pixels:
        yield "DOC_TOO_COMPLEX"


def _number(stream: pikepdf.Stream, key: str) -> int:
    value = stream.get(key, 0)
    return int(value) if isinstance(value, int) else 0


def _decoded_size(stream: pikepdf.Stream, limit: int) -> int:
    """What the outermost Flate filter unpacks to, counted no further than one byte past the limit."""
    filters = stream.get("/Filter")
    first = filters[0] if isinstance(filters, pikepdf.Array) and len(filters) else filters
    if first != "/FlateDecode":
        return 0
    raw = stream.read_raw_bytes()
    return _inflated(raw, limit) if len(raw) > _SMALL else len(raw)


_SMALL = 16_384
"""Below this the best packer reaches 16 MB, which the budget of the whole document absorbs."""


def _inflated(raw: bytes, limit: int) -> int:
    machine, total = zlib.decompressobj(), 0
    try:
        while raw and not machine.eof and total <= limit:
            total += len(machine.decompress(raw, 1 << 20))
            raw = machine.unconsumed_tail
    except zlib.error:  # damaged streams are the viewer's problem
        return total
    return total
