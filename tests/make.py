"""Builders shared by tests: small, deterministic, one thing each."""

import io
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class PdfWriter:
    """A PDF written by hand, so that every byte is ours."""

    out: io.BytesIO = field(default_factory=lambda: io.BytesIO(b""))
    offsets: list[int] = field(default_factory=lambda: [0])

    def __post_init__(self) -> None:
        self.out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def reserve(self) -> int:
        self.offsets.append(0)
        return len(self.offsets) - 1

    def put(self, number: int, body: bytes) -> int:
        self.offsets[number] = self.out.tell()
        self.out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        return number

    def add(self, body: bytes) -> int:
        return self.put(self.reserve(), body)

    def stream(self, entries: bytes, content: bytes) -> int:
        return self.add(b"<<%s/Length %d>>\nstream\n%s\nendstream" % (entries, len(content), content))

    def finish(self, root: int, extra: bytes = b"") -> bytes:
        start, ident = self.out.tell(), b"ab" * 16
        rows = b"".join(b"%010d 00000 n \n" % o if o else b"%010d 65535 f \n" % 0 for o in self.offsets[1:])
        self.out.write(b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(self.offsets), rows))
        named = b"/Size %d/Root %d 0 R/ID[<%s><%s>]%s" % (len(self.offsets), root, ident, ident, extra)
        self.out.write(b"trailer\n<<%s>>\n" % named)
        self.out.write(b"startxref\n%d\n%%%%EOF\n" % start)
        return self.out.getvalue()


def pdf(
    size: int = 5_000, *, catalog: bytes = b"", page: bytes = b"", objects: Callable[[PdfWriter], None] | None = None
) -> bytes:
    """One page with pictures of noise up to `size` bytes; entries for the catalogue and the page; further objects."""
    writer, noise = PdfWriter(), random.Random(size)
    root, pages = writer.reserve(), writer.reserve()
    images = []
    while writer.out.tell() < size - 2_000:
        content = noise.randbytes(max(500, min(100_000, size - 2_000 - writer.out.tell())))
        entries = b"/Type/XObject/Subtype/Image/Width 100/Height 100/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode"
        images.append(writer.stream(entries, content))
    text = writer.stream(b"/Filter/FlateDecode", zlib.compress(b"q 595 0 0 842 0 0 cm Q"))
    named = b"".join(b"/I%d %d 0 R" % pair for pair in enumerate(images))
    resources = b"/Resources<</XObject<<%s>>>>" % named
    sheet = writer.add(b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 595 842]%s/Contents %d 0 R%s>>" % (pages, resources, text, page))
    if objects:
        objects(writer)
    writer.put(pages, b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % sheet)
    writer.put(root, b"<</Type/Catalog/Pages %d 0 R/Lang(vi-VN)%s>>" % (pages, catalog))
    return writer.finish(root)


def hybrid_pdf() -> bytes:
    """As office programs write it: object 4 is known only to the second table. Strict readers refuse it, wrongly."""
    writer = PdfWriter()
    root = writer.add(b"<</Type/Catalog/Pages 2 0 R/Lang(vi-VN)>>")
    writer.add(b"<</Type/Pages/Kids[3 0 R]/Count 1>>")
    writer.add(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>")
    hidden = writer.reserve()
    container = writer.stream(
        b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode", zlib.compress(b"%d 0 <</Type/ExtGState/CA 1>>" % hidden)
    )
    row = bytes([2]) + container.to_bytes(3, "big") + b"\0"
    table = writer.reserve()
    entries = b"/Type/XRef/W[1 3 1]/Index[%d 1]/Size %d" % (hidden, len(writer.offsets))
    writer.put(table, b"<<%s/Length %d>>\nstream\n%s\nendstream" % (entries, len(row), row))
    return writer.finish(root, b"/XRefStm %d" % writer.offsets[table])
