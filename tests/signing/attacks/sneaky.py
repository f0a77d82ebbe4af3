"""The sneaky signature attack (SSA): a signature field added or filled after certification that shows something else.

Each attacker holds a good certificate of his own, so that mathematics and trust are on his side.
"""

import io
from collections.abc import Awaitable, Callable
from typing import Any

from certomancer.registry import KeyLabel
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore

from tests.pki import Pki
from tests.signing import odd
from tests.signing.attacks.notation import A4, add_field, annotate, entries, looks, page_of, page_ref, put

Attack = Callable[[Pki, bytes], Awaitable[bytes]]
FIELD = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(An)/F 4/P %s/Rect%s%s>>"


async def sign_in(pki: Pki, writer: IncrementalPdfFileWriter, field: str, label: str = "bizother") -> bytes:
    """Sign a field that exists, with whatever else was changed in the same revision."""
    signer = signers.SimpleSigner(pki.cert(label), pki.arch.key_set.get_private_key(KeyLabel(label)), SimpleCertificateStore())
    asked = signers.PdfSignatureMetadata(field_name=field, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    out = await signers.PdfSigner(asked, signer).async_sign_pdf(writer, existing_fields_only=True)
    return bytes(out.getvalue())


def reopened(pdf: bytes) -> IncrementalPdfFileWriter:
    return IncrementalPdfFileWriter(io.BytesIO(pdf))


def add_widget(writer: IncrementalPdfFileWriter, rect: bytes, more: bytes = b"") -> None:
    made = put(writer, FIELD % (page_ref(writer), rect, b"/AP<</N %s>>%s" % (looks(writer), more)))
    add_field(writer, made)
    annotate(writer, made)


async def empty_field(_pki: Pki, certified: bytes) -> bytes:
    return odd.revised(certified, lambda writer: add_widget(writer, A4))


async def empty_field_then_signature(pki: Pki, certified: bytes) -> bytes:
    """What shows is in a field that nobody signs; an invisible signature comes last and covers it."""
    return await odd.signed(pki, await empty_field(pki, certified), "bizother", field_name="CheDay")


async def empty_field_then_time_stamp(pki: Pki, certified: bytes) -> bytes:
    return await odd.stamped(pki, await empty_field(pki, certified))


async def signed_over_the_page(pki: Pki, certified: bytes) -> bytes:
    writer = reopened(certified)
    add_widget(writer, A4)
    return await sign_in(pki, writer, "An")


async def rectangle_by_reference(pki: Pki, certified: bytes) -> bytes:
    """A rectangle whose numbers are references counts as no rectangle where only numbers are expected."""
    writer = reopened(certified)
    right, top = put(writer, b"595"), put(writer, b"842")
    add_widget(writer, b"[0 0 %s %s]" % (right, top))
    return await odd.signed(pki, written(writer), "bizother", field_name="CheDay")


async def widget_below_the_field(pki: Pki, certified: bytes) -> bytes:
    """The field itself has no place on the page; its widget has."""
    writer = reopened(certified)
    widget = put(writer, b"<</Type/Annot/Subtype/Widget/F 4/P %s/Rect%s/AP<</N %s>>>>" % (page_ref(writer), A4, looks(writer)))
    field = put(writer, b"<</FT/Sig/T(An)/Kids[%s]>>" % widget)
    add_field(writer, field)
    annotate(writer, widget)
    return await sign_in(pki, writer, "An")


async def certifier_s_own_appearance(pki: Pki, certified: bytes) -> bytes:
    """The signed field gets another face, and a further signature covers it."""
    writer = reopened(certified)
    field = writer.root["/AcroForm"]["/Fields"][0]
    entries(writer, field, AP=b"<</N %s>>" % looks(writer))
    return await odd.signed(pki, written(writer), "bizother", field_name="CheDay")


async def certifier_s_own_place(pki: Pki, certified: bytes) -> bytes:
    writer = reopened(certified)
    entries(writer, writer.root["/AcroForm"]["/Fields"][0], Rect=A4, AP=b"<</N %s>>" % looks(writer))
    return await odd.signed(pki, written(writer), "bizother", field_name="CheDay")


async def widget_with_a_script(pki: Pki, certified: bytes) -> bytes:
    """Invisible, so it may come after certification; what it does when the page opens may not."""
    writer = reopened(certified)
    made = put(writer, FIELD % (page_ref(writer), b"[0 0 0 0]", b"/AA<</PO<</S/JavaScript/JS(this.zoom=1)>>>>"))
    add_field(writer, made)
    annotate(writer, made)
    return await sign_in(pki, writer, "An")


async def widget_that_leads_out(pki: Pki, certified: bytes) -> bytes:
    writer = reopened(certified)
    made = put(writer, FIELD % (page_ref(writer), b"[0 0 0 0]", b"/A<</S/URI/URI(http://x.example)>>"))
    add_field(writer, made)
    annotate(writer, made)
    return await sign_in(pki, writer, "An")


async def annotations_in_another_order(pki: Pki, certified: bytes) -> bytes:
    """What lay below now lies above; needs a page with two notes, see `two_notes`."""
    writer = reopened(certified)
    made = put(writer, FIELD % (page_ref(writer), b"[0 0 0 0]", b""))
    add_field(writer, made)
    page = page_of(writer)
    shown = [b"%d 0 R" % page["/Annots"].raw_get(n).idnum for n in range(len(page["/Annots"]))]
    entries(writer, page, Annots=b"[%s]" % b" ".join([*reversed(shown), made]))
    return await sign_in(pki, writer, "An")


async def annotation_shown_twice(pki: Pki, certified: bytes) -> bytes:
    """The lower note is listed again above the upper one."""
    writer = reopened(certified)
    made = put(writer, FIELD % (page_ref(writer), b"[0 0 0 0]", b""))
    add_field(writer, made)
    page = page_of(writer)
    shown = [b"%d 0 R" % page["/Annots"].raw_get(n).idnum for n in range(len(page["/Annots"]))]
    entries(writer, page, Annots=b"[%s]" % b" ".join([*shown, shown[0], made]))
    return await sign_in(pki, writer, "An")


async def field_below_a_button(pki: Pki, certified: bytes) -> bytes:
    """A signature field that brings a text field along as its child."""
    writer = reopened(certified)
    child = put(writer, b"<</Type/Annot/Subtype/Widget/FT/Tx/T(b)/V(9)/F 4/Rect%s/AP<</N %s>>>>" % (A4, looks(writer)))
    field = put(writer, b"<</FT/Sig/T(An)/Kids[%s]>>" % child)
    add_field(writer, field)
    annotate(writer, child)
    return await odd.signed(pki, written(writer), "bizother", field_name="CheDay")


def written(writer: IncrementalPdfFileWriter) -> bytes:
    out: Any = io.BytesIO()
    writer.write(out)
    return bytes(out.getvalue())


ATTACKS: dict[str, Attack] = {
    "empty field": empty_field,
    "empty field, then a signature": empty_field_then_signature,
    "empty field, then a time stamp": empty_field_then_time_stamp,
    "signed over the page": signed_over_the_page,
    "rectangle by reference": rectangle_by_reference,
    "widget below the field": widget_below_the_field,
    "the certifier's own appearance": certifier_s_own_appearance,
    "the certifier's own place": certifier_s_own_place,
    "widget with a script": widget_with_a_script,
    "widget that leads out": widget_that_leads_out,
    "annotations in another order": annotations_in_another_order,
    "annotation shown twice": annotation_shown_twice,
    "text field below a signature field": field_below_a_button,
}
NEEDS_NOTES = frozenset({"annotations in another order", "annotation shown twice"})
"""They start from `shadow.two_notes`."""
