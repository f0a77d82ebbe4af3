"""PDF notation in tests: objects are written as they stand in a file, whoever puts them there."""

import io
import re

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from signing.reader import entry

A4 = b"[0 0 595 842]"
PAINT = b"1 1 1 rg 0 0 595 842 re f 0 g BT /F1 24 Tf 72 700 Td (9.000.000.000) Tj ET"
"""Covers the page in white and writes another amount."""


def read(writer: BasePdfFileWriter, text: bytes) -> generic.PdfObject:
    """An object in PDF notation; references are the writer's."""
    return generic.read_object(io.BytesIO(text + b" "), generic.TrailerReference(writer))


def put(writer: BasePdfFileWriter, text: bytes) -> bytes:
    """A new object; its reference in PDF notation."""
    return ref(writer.add_object(read(writer, text)))


def stream(writer: BasePdfFileWriter, entries: bytes, content: bytes) -> bytes:
    """A new stream; its reference in PDF notation."""
    body = generic.StreamObject(dict_data=read(writer, b"<<%s>>" % entries), stream_data=content)
    return ref(writer.add_object(body))


def looks(writer: BasePdfFileWriter, content: bytes = PAINT, box: bytes = A4) -> bytes:
    """An appearance that paints what the attacker wants seen."""
    return stream(writer, b"/Type/XObject/Subtype/Form/BBox%s/Resources<<>>" % box, content)


def ref(indirect: generic.IndirectObject) -> bytes:
    return b"%d %d R" % (indirect.idnum, indirect.generation)


def page_of(writer: BasePdfFileWriter) -> generic.DictionaryObject:
    return writer.root["/Pages"]["/Kids"][0]


def page_ref(writer: BasePdfFileWriter) -> bytes:
    return ref(writer.root["/Pages"]["/Kids"].raw_get(0))


def entries(writer: IncrementalPdfFileWriter, holder: generic.DictionaryObject, **values: bytes) -> None:
    """Set entries of an object that exists."""
    for key, value in values.items():
        holder[generic.pdf_name(f"/{key}")] = read(writer, value)
    writer.update_container(holder)


def annotate(writer: IncrementalPdfFileWriter, *references: bytes) -> None:
    """Add to the annotations of the first page."""
    page = page_of(writer)
    known = entry(page, "/Annots") or []
    shown = [ref(known.raw_get(n)) for n in range(len(known))]
    entries(writer, page, Annots=b"[%s]" % b" ".join([*shown, *references]))


def add_field(writer: IncrementalPdfFileWriter, reference: bytes) -> None:
    fields = writer.root["/AcroForm"]["/Fields"]
    fields.append(read(writer, reference))
    writer.update_container(fields)


def append(pdf: bytes, objects: dict[int, bytes], *, extra: bytes = b"", listed: bool = True) -> bytes:
    """A revision written by hand with a classic table; `listed=False` leaves the objects out of it."""
    out = bytearray(pdf if pdf.endswith(b"\n") else pdf + b"\n")
    offsets = {}
    for number, body in sorted(objects.items()):
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    size = max([_size(pdf), *(n + 1 for n in objects)])
    rows = b"".join(b"%d 1\n%010d 00000 n \n" % (n, at) for n, at in offsets.items()) if listed else b""
    out += b"xref\n%strailer\n<</Size %d/Root %s/Prev %d%s>>\nstartxref\n%d\n%%%%EOF\n" % (
        rows or b"0 0\n",
        size,
        _last(rb"/Root\s*(\d+ \d+ R)", pdf),
        int(_last(rb"startxref\s+(\d+)", pdf)),
        extra,
        table,
    )
    return bytes(out)


def _size(pdf: bytes) -> int:
    return max(int(n) for n in re.findall(rb"/Size\s+(\d+)", pdf))


def _last(pattern: bytes, pdf: bytes) -> bytes:
    return re.findall(pattern, pdf)[-1]
