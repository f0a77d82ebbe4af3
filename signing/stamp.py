"""The visible part of a signature: a small PDF drawn by the caller (Typst), put into the signature's box."""

import binascii
import io
import uuid

import pikepdf
from pyhanko.pdf_utils import layout
from pyhanko.pdf_utils.content import PdfContent, PdfResources
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.stamp import StaticStampStyle

StampStyle = StaticStampStyle
"""What `Seat.stamp` takes; made by `stamp_style` and used again for as many signatures as look the same."""


class _FirstPage(PdfContent):
    """Like the library's imported page, from memory: its own reads a file again at every signature."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__()
        self._pdf = pdf

    def render(self) -> bytes:
        """Afresh for each document: references kept from another one would point to strangers' objects."""
        self._resources = PdfResources()
        drawn = self._ensure_writer.import_page_as_xobject(PdfFileReader(io.BytesIO(self._pdf)))
        name = b"/Import" + binascii.hexlify(uuid.uuid4().bytes)
        self.resources.xobject[name.decode("ascii")] = drawn
        x1, y1, x2, y2 = drawn.get_object()["/BBox"]
        self.box = layout.BoxConstraints(width=abs(x1 - x2), height=abs(y1 - y2))
        return name + b" Do"


def stamp_style(pdf: bytes) -> StampStyle:
    """The first page of `pdf`, scaled to the box and centred, without border.

    The library's text stamp spreads the glyphs of an OpenType font, and their wrong widths break PDF/A; the PDF comes
    ready drawn instead. What it shows is the caller's duty (Nghị định 30/2020/NĐ-CP, annex I: the signature blue, the
    seal red and in its real size over the left third of the signature, both on transparent ground).
    """
    middle = layout.AxisAlignment.ALIGN_MID
    inside = layout.SimpleBoxLayoutRule(x_align=middle, y_align=middle, margins=layout.Margins.uniform(0))
    return StaticStampStyle(
        background=_FirstPage(_uncompressed(pdf)), border_width=0, background_opacity=1, background_layout=inside
    )


def _uncompressed(pdf: bytes) -> bytes:
    """The importer miscounts the lengths of packed streams."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as drawn:
        drawn.save(
            out,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
    return out.getvalue()
