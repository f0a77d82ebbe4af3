"""Shadow attacks: content prepared before the signature, hidden, shown or replaced after it."""

import zlib
from collections.abc import Callable

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests import make
from tests.signing import odd
from tests.signing.attacks.notation import A4, PAINT, append, entries, page_of, put, read, stream

Later = Callable[[bytes], bytes]
NOTE = b"<</Type/Annot/Subtype/FreeText/Rect[50 600 500 700]/F %d/AP<</N %d 0 R>>>>"
FACE = b"/Type/XObject/Subtype/Form/BBox[0 0 450 100]/Resources<<>>"


def two_notes() -> bytes:
    """Two notes at the same place; the second hides the first. Numbers 6 to 9."""

    def notes(writer: make.PdfWriter) -> None:
        for amount in (b"9.000.000", b"1.000.000"):
            face = writer.stream(FACE, b"1 1 1 rg 0 0 450 100 re f 0 g (%s) Tj" % amount)
            writer.add(NOTE % (4, face))

    return make.pdf(page=b"/Annots[7 0 R 9 0 R]", objects=notes)


def dangling_content() -> bytes:
    """The page asks for a second content stream, 99, that nobody has defined."""
    writer = make.PdfWriter()
    root, pages = writer.reserve(), writer.reserve()
    text = writer.stream(b"", b"BT (1.000.000) Tj ET")
    page = writer.add(b"<</Type/Page/Parent 2 0 R/MediaBox%s/Contents[%d 0 R 99 0 R]>>" % (A4, text))
    writer.put(pages, b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % page)
    writer.put(root, b"<</Type/Catalog/Pages 2 0 R>>")
    return writer.finish(root)


def dangling_note() -> bytes:
    """The page has an annotation that nobody has defined."""
    return make.pdf(page=b"/Annots[99 0 R]")


def dangling_face() -> bytes:
    """A note is there; its appearance is not."""

    def note(writer: make.PdfWriter) -> None:
        writer.add(NOTE % (4, 99))

    return make.pdf(page=b"/Annots[6 0 R]", objects=note)


def free_number() -> bytes:
    """The page asks for a content stream whose number the table calls free: 3."""
    writer = make.PdfWriter()
    root, pages, free = writer.reserve(), writer.reserve(), writer.reserve()
    page = writer.add(b"<</Type/Page/Parent 2 0 R/MediaBox%s/Contents[%d 0 R]>>" % (A4, free))
    writer.put(pages, b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % page)
    writer.put(root, b"<</Type/Catalog/Pages 2 0 R>>")
    return writer.finish(root)


def hidden_field() -> bytes:
    """A text field whose face says one amount and whose value says another. Number 7."""

    def field(writer: make.PdfWriter) -> None:
        face = writer.stream(FACE, b"(1.000.000) Tj")
        writer.add(b"<</Type/Annot/Subtype/Widget/FT/Tx/T(Tien)/V(9.000.000)/F 4/Rect[50 600 500 700]/AP<</N %d 0 R>>>>" % face)

    return make.pdf(catalog=b"/AcroForm<</Fields[7 0 R]/DA(/Helv 0 Tf)>>", page=b"/Annots[7 0 R]", objects=field)


def layered() -> bytes:
    """An optional layer that is off. Numbers 6 and 7."""

    def layer(writer: make.PdfWriter) -> None:
        writer.add(b"<</Type/OCG/Name(An)>>")
        writer.add(b"<</OCGs[6 0 R]/D<</OFF[6 0 R]>>>>")

    return make.pdf(catalog=b"/OCProperties 7 0 R", objects=layer)


def two_pages() -> bytes:
    writer = make.PdfWriter()
    root, pages = writer.reserve(), writer.reserve()
    made = []
    for text in (b"(trang 1) Tj", b"(trang 2) Tj"):
        content = writer.stream(b"", text)
        made.append(writer.add(b"<</Type/Page/Parent 2 0 R/MediaBox%s/Contents %d 0 R>>" % (A4, content)))
    writer.put(pages, b"<</Type/Pages/Count 2/Kids[%d 0 R %d 0 R]>>" % tuple(made))
    writer.put(root, b"<</Type/Catalog/Pages 2 0 R>>")
    return writer.finish(root)


def packed() -> bytes:
    """The content of the page is described in an object stream, 6, so it can be replaced without being named."""
    writer = make.PdfWriter()
    root, pages, note = writer.reserve(), writer.reserve(), 7
    text = writer.stream(b"", b"BT (1.000.000) Tj ET")
    page = writer.add(b"<</Type/Page/Parent 2 0 R/MediaBox%s/Contents %d 0 R/Annots[%d 0 R]>>" % (A4, text, note))
    writer.put(pages, b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % page)
    writer.put(root, b"<</Type/Catalog/Pages 2 0 R>>")
    face = writer.stream(FACE, b"(1.000.000) Tj")
    assert face == 5
    container = writer.stream(*object_stream(note, NOTE % (4, face)))
    rows = [(0, 0, 255), *((1, offset, 0) for offset in writer.offsets[1:]), (2, container, 0), (1, writer.out.tell(), 0)]
    table = b"".join(bytes([kind]) + value.to_bytes(3, "big") + bytes([last]) for kind, value, last in rows)
    start = writer.out.tell()
    head = b"/Type/XRef/W[1 3 1]/Size 9/Root 1 0 R/ID[<ab><ab>]/Length %d" % len(table)
    writer.out.write(b"8 0 obj\n<<%s>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (head, table, start))
    return writer.out.getvalue()


def object_stream(number: int, body: bytes) -> tuple[bytes, bytes]:
    return b"/Type/ObjStm/N 1/First %d/Filter/FlateDecode" % len(b"%d 0 " % number), zlib.compress(b"%d 0 %s" % (number, body))


# -- what happens later -------------------------------------------------------------------------------------------


def define(number: int, body: bytes) -> Later:
    return lambda signed: append(signed, {number: body})


def plain_stream(content: bytes, more: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (more, len(content), content)


def by_writer(change: Callable[[IncrementalPdfFileWriter], None]) -> Later:
    return lambda signed: odd.revised(signed, change)


def need_appearances(writer: IncrementalPdfFileWriter) -> None:
    """Viewers draw every field anew, from its value."""
    entries(writer, writer.root["/AcroForm"], NeedAppearances=b"true")


def other_default(writer: IncrementalPdfFileWriter) -> None:
    entries(writer, writer.root["/AcroForm"], DA=b"(/Helv 99 Tf 1 g)")


def other_font(writer: IncrementalPdfFileWriter) -> None:
    entries(writer, writer.root["/AcroForm"], DR=b"<</Font<</Helv %s>>>>" % put(writer, b"<</Type/Font/Subtype/Type3>>"))


def switched_on(writer: IncrementalPdfFileWriter) -> None:
    layers = writer.root["/OCProperties"]
    entries(writer, layers, D=b"<</ON[6 0 R]>>")


def turned(writer: IncrementalPdfFileWriter) -> None:
    entries(writer, page_of(writer), Rotate=b"180")


def cropped(writer: IncrementalPdfFileWriter) -> None:
    entries(writer, page_of(writer), CropBox=b"[0 0 1 1]")


def new_content(writer: IncrementalPdfFileWriter) -> None:
    entries(writer, page_of(writer), Contents=stream(writer, b"", PAINT))


def more_content(writer: IncrementalPdfFileWriter) -> None:
    """The old stream stays, a second one paints over it."""
    page = page_of(writer)
    old = b"%d 0 R" % page.raw_get("/Contents").idnum
    entries(writer, page, Contents=b"[%s %s]" % (old, stream(writer, b"", PAINT)))


def other_resources(writer: IncrementalPdfFileWriter) -> None:
    entries(writer, page_of(writer), Resources=b"<</Font<</F1 %s>>>>" % put(writer, b"<</Type/Font/Subtype/Type3>>"))


def page_added(writer: IncrementalPdfFileWriter) -> None:
    content = stream(writer, b"", PAINT)
    page = put(writer, b"<</Type/Page/Parent 2 0 R/MediaBox%s/Contents %s>>" % (A4, content))
    pages = writer.root["/Pages"]
    pages["/Kids"].append(read(writer, page))
    pages["/Count"] = generic.NumberObject(len(pages["/Kids"]))
    writer.update_container(pages)


def page_removed(writer: IncrementalPdfFileWriter) -> None:
    pages = writer.root["/Pages"]
    del pages["/Kids"][0]
    pages["/Count"] = generic.NumberObject(len(pages["/Kids"]))
    writer.update_container(pages)


def pages_in_another_order(writer: IncrementalPdfFileWriter) -> None:
    pages = writer.root["/Pages"]
    pages["/Kids"].reverse()
    writer.update_container(pages)


def another_page_tree(writer: IncrementalPdfFileWriter) -> None:
    tree = put(writer, b"<</Type/Pages/Count 1/Kids[]>>")
    entries(writer, writer.root, Pages=tree)


def script_on_open(writer: IncrementalPdfFileWriter) -> None:
    entries(writer, writer.root, OpenAction=b"<</S/JavaScript/JS(app.alert(1))>>")


def names_with_script(writer: IncrementalPdfFileWriter) -> None:
    entries(writer, writer.root, Names=b"<</JavaScript<</Names[(a)<</S/JavaScript/JS(x)>>]>>>>")


def xfa(writer: IncrementalPdfFileWriter) -> None:
    entries(writer, writer.root["/AcroForm"], XFA=stream(writer, b"", b"<xdp/>"))


def permissions(writer: IncrementalPdfFileWriter) -> None:
    entries(writer, writer.root, Perms=b"<</UR3 %s>>" % put(writer, b"<</Type/Sig>>"))


def store_with_more(writer: IncrementalPdfFileWriter) -> None:
    """Looks like validation data, carries another thing as well."""
    entries(writer, writer.root, DSS=b"<</Certs[]/Extra %s>>" % put(writer, b"<</A 1>>"))


def store_over_content(writer: IncrementalPdfFileWriter) -> None:
    """The page's content stream is overwritten and listed as a certificate."""
    number = page_of(writer).raw_get("/Contents").idnum
    content = writer.root["/Pages"]["/Kids"][0]["/Contents"]
    content._data, content._encoded_data = PAINT, None
    writer.mark_update(generic.Reference(number, 0, writer))
    entries(writer, writer.root, DSS=b"<</Certs[%d 0 R]>>" % number)


def packed_again(signed: bytes) -> bytes:
    """The object stream is replaced, the objects in it are not named."""
    return append(signed, {6: plain_stream(*reversed(object_stream(7, NOTE % (2, 5))))})


def font_in_place(writer: IncrementalPdfFileWriter) -> None:
    """The font of the form is also the page's: 6. Its glyphs change."""
    font = writer.root["/AcroForm"]["/DR"]["/Font"]["/Helv"]
    entries(writer, font, Encoding=b"<</Differences[48/nine]>>")


def shared_font() -> bytes:
    def font(writer: make.PdfWriter) -> None:
        writer.add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")

    form = b"/AcroForm<</Fields[]/DR<</Font<</Helv 6 0 R>>>>>>"
    return make.pdf(catalog=form, page=b"/Group<</Font<</Helv 6 0 R>>>>", objects=font)


ATTACKS: dict[str, tuple[Callable[[], bytes], Later]] = {
    "content that nobody had defined": (dangling_content, define(99, plain_stream(PAINT))),
    "note that nobody had defined": (dangling_note, define(99, NOTE % (4, 4))),
    "face that nobody had defined": (dangling_face, define(99, plain_stream(PAINT, FACE))),
    "content with a free number": (free_number, define(3, plain_stream(PAINT))),
    "object stream replaced": (packed, packed_again),
    "value behind a field drawn": (hidden_field, by_writer(need_appearances)),
    "default appearance": (hidden_field, by_writer(other_default)),
    "default font": (hidden_field, by_writer(other_font)),
    "font replaced in place": (shared_font, by_writer(font_in_place)),
    "layer switched on": (layered, by_writer(switched_on)),
    "page removed": (two_pages, by_writer(page_removed)),
    "pages in another order": (two_pages, by_writer(pages_in_another_order)),
    "page added": (make.pdf, by_writer(page_added)),
    "another page tree": (make.pdf, by_writer(another_page_tree)),
    "page turned": (make.pdf, by_writer(turned)),
    "page cropped": (make.pdf, by_writer(cropped)),
    "content replaced": (make.pdf, by_writer(new_content)),
    "content added": (make.pdf, by_writer(more_content)),
    "resources replaced": (make.pdf, by_writer(other_resources)),
    "script on opening": (make.pdf, by_writer(script_on_open)),
    "script among the names": (make.pdf, by_writer(names_with_script)),
    "XFA": (make.pdf, by_writer(xfa)),
    "permissions": (make.pdf, by_writer(permissions)),
    "validation data with more": (make.pdf, by_writer(store_with_more)),
    "validation data over content": (make.pdf, by_writer(store_over_content)),
}
UNUSABLE = frozenset({"another page tree"})
"""No program signs what comes out."""
