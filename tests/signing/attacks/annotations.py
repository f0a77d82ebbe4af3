"""The evil annotation attack (EAA): something drawn over a certified document after certification."""

from collections.abc import Callable

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests.signing.attacks.notation import A4, add_field, annotate, looks, put, stream

Change = Callable[[IncrementalPdfFileWriter], None]


def drawn(subtype: bytes, entries: bytes = b"") -> Change:
    """An annotation over the whole page with an appearance of its own."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        shown = looks(writer)
        annotate(writer, put(writer, b"<</Type/Annot/Subtype/%s/Rect%s/F 4/AP<</N %s>>%s>>" % (subtype, A4, shown, entries)))

    return change


def without_appearance(writer: IncrementalPdfFileWriter) -> None:
    """The viewer draws it from its properties."""
    annotate(writer, put(writer, b"<</Type/Annot/Subtype/Square/Rect%s/F 4/IC[1 1 1]/C[1 1 1]/CA 1>>" % A4))


def with_script(writer: IncrementalPdfFileWriter) -> None:
    action = b"/AA<</PV<</S/JavaScript/JS(this.getField('a').hidden=true)>>>>"
    annotate(writer, put(writer, b"<</Type/Annot/Subtype/Screen/Rect%s/F 4%s>>" % (A4, action)))


def text_field(writer: IncrementalPdfFileWriter) -> None:
    """A form field that shows another amount."""
    field = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(Tien)/V(9.000.000)/F 4/Rect%s/AP<</N %s>>>>"
    made = put(writer, field % (A4, looks(writer)))
    annotate(writer, made)
    add_field(writer, made)


def attachment(writer: IncrementalPdfFileWriter) -> None:
    inside = stream(writer, b"/Type/EmbeddedFile", b"MZ")
    note = b"<</Type/Annot/Subtype/FileAttachment/Rect%s/F 4/FS<</Type/Filespec/F(a.exe)/EF<</F %s>>>>/AP<</N %s>>>>"
    annotate(writer, put(writer, note % (A4, inside, looks(writer))))


VARIANTS: dict[str, Change] = {
    "free text": drawn(b"FreeText", b"/DA(/Helv 24 Tf)/Contents(9.000.000)"),
    "stamp": drawn(b"Stamp", b"/Name/Approved"),
    "redaction": drawn(b"Redact", b"/OverlayText(9.000.000)/IC[1 1 1]"),
    "highlight": drawn(b"Highlight", b"/QuadPoints[0 842 595 842 0 0 595 0]/C[1 1 1]"),
    "ink": drawn(b"Ink", b"/InkList[[0 0 595 842]]/BS<</W 900>>"),
    "watermark": drawn(b"Watermark"),
    "link": drawn(b"Link", b"/A<</S/URI/URI(http://x.example)>>"),
    "sound icon": drawn(b"Text", b"/Name/Note/Open true/Contents(9.000.000)"),
    "drawn by the viewer": without_appearance,
    "script": with_script,
    "text field": text_field,
    "attachment": attachment,
}
