"""Signatures and later revisions that our own code would never make."""

import io
from collections.abc import Callable
from typing import Any

from certomancer.registry import KeyLabel
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signing.keys import PortTimeStamper
from tests.pki import Pki


class _Signer(signers.SimpleSigner):
    timestamp_digest = "sha256"

    def unsigned_attrs(self, _digest: str, *others: Any, **named: Any) -> Any:
        return super().unsigned_attrs(self.timestamp_digest, *others, **named)


async def signed(
    pki: Pki, pdf: bytes, label: str = "biz", *, tsa: Any = None, box: Any = None, timestamp_digest: str = "sha256", **asked: Any
) -> bytes:
    """A signature with any settings of the engine: P7, SHA-1, certifying, visible, PKCS#1."""
    store = SimpleCertificateStore()
    signer = _Signer(pki.cert(label), pki.arch.key_set.get_private_key(KeyLabel(label)), store)
    signer.timestamp_digest = timestamp_digest
    fields = {"field_name": "ChuKy1", "md_algorithm": "sha256", "subfilter": SigSeedSubFilter.PADES} | asked
    made = signers.PdfSigner(
        signers.PdfSignatureMetadata(**fields),
        signer,
        timestamper=PortTimeStamper(tsa) if tsa else None,
        new_field_spec=SigFieldSpec(fields["field_name"], box=box) if box else None,
    )
    out = await made.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False))
    return bytes(out.getvalue())


async def stamped(pki: Pki, pdf: bytes, label: str = "tsa", at: Any = None) -> bytes:
    """A document time stamp."""
    stamper = signers.PdfTimeStamper(PortTimeStamper(pki.tsa(at, label)))
    return bytes((await stamper.async_timestamp_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), "sha256")).getvalue())


def prepared(pdf: bytes, **boxes: tuple[int, int, int, int]) -> bytes:
    """Empty signature fields, by name."""

    def add(writer: IncrementalPdfFileWriter) -> None:
        for name, box in boxes.items():
            append_signature_field(writer, SigFieldSpec(name, box=box))

    return revised(pdf, add)


P7 = SigSeedSubFilter.ADOBE_PKCS7_DETACHED


def revised(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """Append a well-formed revision."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def other_page(writer: IncrementalPdfFileWriter) -> None:
    """Show something else on the page."""
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT (khac) Tj ET"))
    writer.update_container(page)


def annotation(writer: IncrementalPdfFileWriter) -> None:
    """Cover the page with a note that shows (the evil annotation attack)."""
    page = writer.root["/Pages"]["/Kids"][0]
    box = generic.ArrayObject(generic.NumberObject(n) for n in (0, 0, 595, 842))
    looks = generic.StreamObject({pdf_name("/Subtype"): pdf_name("/Form"), pdf_name("/BBox"): box}, stream_data=b"1 0 0 rg")
    note = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/FreeText"),
            pdf_name("/Rect"): box,
            pdf_name("/AP"): generic.DictionaryObject({pdf_name("/N"): writer.add_object(looks)}),
        }
    )
    notes = page["/Annots"] if "/Annots" in page else generic.ArrayObject()
    page["/Annots"] = generic.ArrayObject([*notes, writer.add_object(note)])
    writer.update_container(page)


def filled_form(writer: IncrementalPdfFileWriter) -> None:
    """Type something into the text field that `form_pdf` carries."""
    text = next(f.get_object() for f in writer.root["/AcroForm"]["/Fields"] if f.get_object()["/FT"] == "/Tx")
    text["/V"] = generic.pdf_string("khac")
    writer.update_container(text)


def second_field(writer: IncrementalPdfFileWriter) -> None:
    """Point another field to the same signature value."""
    fields = writer.root["/AcroForm"]["/Fields"]
    value = fields[0].raw_get("/V")
    again = generic.DictionaryObject(
        {pdf_name("/FT"): pdf_name("/Sig"), pdf_name("/T"): generic.pdf_string("LanNua"), pdf_name("/V"): value}
    )
    fields.append(writer.add_object(again))
    writer.update_container(fields)


def visible_empty_field(writer: IncrementalPdfFileWriter) -> None:
    """A new signature field that nobody signs, with an appearance that hides the page (the sneaky signature attack)."""
    page = writer.root["/Pages"]["/Kids"][0]
    box = generic.ArrayObject(generic.NumberObject(n) for n in (0, 0, 595, 842))
    looks = generic.StreamObject({pdf_name("/Subtype"): pdf_name("/Form"), pdf_name("/BBox"): box}, stream_data=b"1 0 0 rg")
    field = writer.add_object(
        generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Annot"),
                pdf_name("/Subtype"): pdf_name("/Widget"),
                pdf_name("/FT"): pdf_name("/Sig"),
                pdf_name("/T"): generic.pdf_string("An"),
                pdf_name("/F"): generic.NumberObject(4),
                pdf_name("/Rect"): box,
                pdf_name("/P"): writer.root["/Pages"]["/Kids"].raw_get(0),
                pdf_name("/AP"): generic.DictionaryObject({pdf_name("/N"): writer.add_object(looks)}),
            }
        )
    )
    notes = page["/Annots"] if "/Annots" in page else generic.ArrayObject()
    page["/Annots"] = generic.ArrayObject([*notes, field])
    writer.update_container(page)
    writer.root["/AcroForm"]["/Fields"].append(field)
    writer.update_container(writer.root["/AcroForm"]["/Fields"])
