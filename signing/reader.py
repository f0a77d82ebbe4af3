"""Open a PDF twice at most, strictly and then tolerantly, and list what claims to be a signature."""

import io
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import (
    DEFAULT_PURPOSE_LIMITS,
    DecodeLimits,
    DecodePurpose,
    DocumentDecodeBudget,
    StreamDecodeLimits,
)
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.xref import XRefCache
from pyhanko.sign.fields import enumerate_sig_fields

from signing.damage import TooMuch
from signing.limits import MIB, Limits

SUPPORTED = frozenset({"/adbe.pkcs7.detached", "/ETSI.CAdES.detached", "/ETSI.RFC3161"})


@dataclass(frozen=True)
class Slot:
    """A signature field that carries a value, supported or not. `key` is the same when two fields share a value."""

    name: str
    field: Any
    value: Any
    key: str

    @cached_property
    def subfilter(self) -> str:
        """Empty when there is none."""
        return str(entry(self.value, "/SubFilter") or "")

    @cached_property
    def byte_range(self) -> tuple[int, ...]:
        """Empty when it is not an array of numbers."""
        try:
            return tuple(int(n) for n in self.value["/ByteRange"])
        except (KeyError, TypeError, ValueError):
            return ()


class _Tables(XRefCache):
    """The engine raises KeyError over a reference to nothing, which the format calls null and many programs leave."""

    def get_introducing_revision(self, ref: generic.Reference) -> int:
        """-1 for what no revision has: older than anything, so nothing that a later revision brought."""
        try:
            return int(super().get_introducing_revision(ref))
        except KeyError:
            return -1


def open_pdf(data: bytes, limits: Limits, *, strict: bool) -> PdfFileReader:
    """Raises whatever the parser raises, and TooMuch."""
    reader = PdfFileReader(io.BytesIO(data), strict=strict, decode_limits=_decode_limits(limits))
    if reader.total_revisions > limits.revisions:
        raise TooMuch(f"{reader.total_revisions} revisions")
    reader.xrefs.__class__ = _Tables
    return reader


@contextmanager
def opened(data: bytes, limits: Limits, *, strict: bool) -> Iterator[PdfFileReader]:
    """`open_pdf`, and let go of the file at the end: the parser's objects refer to each other, and would keep it for long."""
    pdf = open_pdf(data, limits, strict=strict)
    with closing(pdf.stream):
        yield pdf


def slots(reader: PdfFileReader, limits: Limits) -> list[Slot]:
    """The library's own list leaves out signatures of a kind it does not know; this one does not."""
    if "/AcroForm" not in reader.root:
        return []
    found = [_slot(*field) for field in enumerate_sig_fields(reader, filled_status=True)]
    if len(found) > limits.signatures:
        raise TooMuch(f"{len(found)} signatures")
    return found


def object_count(reader: PdfFileReader) -> int:
    """Upper bound, as the file declares it."""
    return int(reader.trailer["/Size"])


def known_tables(reader: PdfFileReader) -> frozenset[int]:
    """Where the parser found the cross-reference table of each revision."""
    return frozenset(reader.xrefs.get_startxref_for_revision(n) for n in range(reader.total_revisions))


def listed_offsets(reader: PdfFileReader) -> frozenset[int]:
    """Where the tables of all revisions say that objects begin."""
    sections = [reader.xrefs.get_xref_data(n) for n in range(reader.total_revisions)]
    hybrids = [section.hybrid.xref_data for section in sections if section.hybrid]
    return frozenset(at for section in (*sections, *hybrids) for _, at in section.standard_xrefs.values())


def entry(dictionary: Any, key: str) -> Any:
    """What a key holds, references followed (the library's `get` does not follow them); None when there is nothing."""
    try:
        return dictionary[key] if isinstance(dictionary, generic.DictionaryObject) else None
    except KeyError:
        return None


def is_hybrid(reader: PdfFileReader) -> bool:
    """Two tables of contents for two kinds of reader, as office programs write."""
    return bool(reader.xrefs.hybrid_xrefs_present)


def has_hidden_content(reader: PdfFileReader) -> bool:
    """Optional layers, or form fields that carry an appearance and are set not to show."""
    root = reader.root
    return "/OCProperties" in root or any(_is_hidden(field) for field in _fields(root))


def _fields(root: Any) -> Iterator[Any]:
    fields = entry(entry(root, "/AcroForm"), "/Fields") or ()
    yield from (field.get_object() for field in islice(fields, 1000))


def _is_hidden(field: Any) -> bool:
    """Annotation flags Hidden (2) and NoView (6); signatures without a place on the page are normal."""
    if entry(field, "/FT") == "/Sig" or entry(field, "/AP") is None:
        return False
    return bool(int(entry(field, "/F") or 0) & 0b100010)


def _slot(name: str, value: Any, field: Any) -> Slot:
    key = repr(value.reference) if isinstance(value, generic.IndirectObject) else f"direct:{name}"
    return Slot(name, field.get_object(), value.get_object(), key)


def _decode_limits(limits: Limits) -> DecodeLimits:
    xref = StreamDecodeLimits(max_ratio=200, ratio_floor=MIB // 4, max_output_size=limits.xref_stream_bytes)
    return DecodeLimits(
        per_stream=StreamDecodeLimits(max_ratio=1100, max_output_size=limits.stream_bytes),
        per_purpose={**DEFAULT_PURPOSE_LIMITS, DecodePurpose.XREF_STREAM: xref},
        document_budget=DocumentDecodeBudget(base_allowance=limits.document_bytes, max_ratio=limits.document_ratio),
    )
