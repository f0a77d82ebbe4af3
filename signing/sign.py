"""The portal's own signatures: personal, seal, document time stamp.

Reserve the document number before you come here: it is in the text that is signed.
"""

import io
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from asn1crypto import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, PdfTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore

from signing import chain
from signing.evidence import Evidence, Need, Source
from signing.fields import FieldBox, prepare
from signing.keys import DIGEST, PortSigner, PortTimeStamper, SignerPort, Tsa
from signing.limits import Limits
from signing.revocation import needs_of, signers_in
from signing.stamp import StampStyle
from signing.trust import TrustSnapshot

Gather = Callable[[Sequence[Need]], Awaitable[Evidence]]
"""Fetches revocation data; the job worker passes `signing.gather` with its rules."""
RESERVED = 24_576
"""Hex digits kept free for a signature with its time stamp: asking the authority for a rehearsal costs a stamp."""
STAMP_FIELD = "DauThoiGian"


@dataclass(frozen=True)
class Seat:
    """One signer and the place that was prepared for him."""

    signer: SignerPort
    field: str
    stamp: StampStyle | None = None
    reason: str | None = None
    location: str | None = None


class KeepMetadata(IncrementalPdfFileWriter):
    """The library rewrites the XMP packet at every revision, and PDF/A finds seven faults in what comes out."""

    def _update_meta(self) -> None:
        """Private to the library: a test pins that it is still called, and that nothing else touches metadata."""

    def add_object(self, obj: Any, obj_stream: Any = None, idnum: Any = None) -> generic.IndirectObject:
        """Write a stream that ends in a carriage return in hexadecimal, as one answer of an authority in 256 does.

        Right before the line end that closes a stream it would read as part of it, the stream as one byte short (PDF/A 6.1.7.1).
        """
        if isinstance(obj, generic.StreamObject) and obj.encoded_data.endswith(b"\r"):
            obj.apply_filter(generic.pdf_name("/ASCIIHexDecode"))
        return super().add_object(obj, obj_stream=obj_stream, idnum=idnum)


async def personal_sign(pdf: bytes, seat: Seat, tsa: Tsa) -> bytes:
    """The first signature, certifying: afterwards only signatures may follow (DocMDP P=2). PAdES B-T."""
    return await _sign(pdf, seat, tsa, certify=True)


async def seal(pdf: bytes, seat: Seat, tsa: Tsa) -> bytes:
    """The organisation's signature, after the personal one or alone. PAdES B-T."""
    return await _sign(pdf, seat, tsa, certify=False)


async def finish(pdf: bytes, tsa: Tsa, trust: TrustSnapshot, gather: Gather, *, field: str = STAMP_FIELD) -> bytes:
    """Revocation data of all signers, then a document time stamp over everything, in one revision: PAdES B-LTA.

    `field` was prepared before the first signature. The time stamp's own authority is the one of the signatures.
    """
    leaves = signers_in(pdf, Limits())
    evidence = await gather(needs_of(leaves, trust))
    writer = writer_of(pdf)
    add_evidence(writer, leaves, trust, evidence)
    stamper = PdfTimeStamper(PortTimeStamper(tsa), field_name=field)
    out = await stamper.async_timestamp_pdf(writer, DIGEST, bytes_reserved=RESERVED)
    return bytes(out.getvalue())


async def sign_result(
    pdf: bytes,
    person: Seat,
    organisation: Seat,
    boxes: Sequence[FieldBox],
    tsa: Tsa,
    trust: TrustSnapshot,
    gather: Gather,
) -> bytes:
    """The whole run for a result: prepare, personal signature, seal, validation data, document time stamp."""
    ready = prepare(pdf, [*boxes, _stamp_box()])
    signed = await personal_sign(ready, person, tsa)
    sealed = await seal(signed, organisation, tsa)
    return await finish(sealed, tsa, trust, gather)


async def seal_only(
    pdf: bytes,
    organisation: Seat,
    box: FieldBox,
    tsa: Tsa,
    trust: TrustSnapshot | None = None,
    gather: Gather | None = None,
) -> bytes:
    """One seal, for receipts and forms. B-T keeps PDF/A-3a and PDF/UA-1 whole; with `trust` and `gather` B-LTA."""
    lasting = trust is not None and gather is not None
    ready = prepare(pdf, [box, _stamp_box()] if lasting else [box])
    sealed = await seal(ready, organisation, tsa)
    return await finish(sealed, tsa, trust, gather) if trust is not None and gather is not None else sealed


async def sign_paper(pdf: bytes, signer: SignerPort, *, tsa: Tsa | None = None, field: str = "ChuKy1") -> bytes:
    """What a filer's own program does: an invisible signature in a field of its own, PAdES B-B, with `tsa` B-T."""
    wanted = PdfSignatureMetadata(field_name=field, md_algorithm=DIGEST, subfilter=SigSeedSubFilter.PADES)
    stamper = PortTimeStamper(tsa) if tsa else None
    out = await PdfSigner(wanted, signer=PortSigner(signer), timestamper=stamper).async_sign_pdf(
        KeepMetadata(io.BytesIO(pdf), strict=False), bytes_reserved=RESERVED
    )
    return bytes(out.getvalue())


def _stamp_box() -> FieldBox:
    return FieldBox(STAMP_FIELD, "Dấu thời gian của tài liệu")


def asked(seat: Seat, *, certify: bool) -> PdfSignatureMetadata:
    """What the library is to make of a seat."""
    return PdfSignatureMetadata(
        field_name=seat.field,
        md_algorithm=DIGEST,
        subfilter=SigSeedSubFilter.PADES,
        certify=certify,
        docmdp_permissions=MDPPerm.FILL_FORMS,
        reason=seat.reason,
        location=seat.location,
    )


async def _sign(pdf: bytes, seat: Seat, tsa: Tsa, *, certify: bool) -> bytes:
    wanted, stamper = asked(seat, certify=certify), PortTimeStamper(tsa)
    signer = PdfSigner(wanted, signer=PortSigner(seat.signer), timestamper=stamper, stamp_style=seat.stamp)
    out = await signer.async_sign_pdf(writer_of(pdf), existing_fields_only=True, bytes_reserved=RESERVED)
    return bytes(out.getvalue())


def writer_of(pdf: bytes) -> KeepMetadata:
    """For one more revision of a file of our own."""
    return KeepMetadata(io.BytesIO(pdf))


def add_evidence(writer: KeepMetadata, leaves: Sequence[x509.Certificate], trust: TrustSnapshot, evidence: Evidence) -> None:
    """Certificates and answers into the document's security store."""
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=[*leaves, *(chain.certificate(authority) for authority in trust.intermediates)],
        crls=_parsed(evidence, Source.CRL),
        ocsps=_parsed(evidence, Source.OCSP),
    )


def unseen_field(writer: KeepMetadata) -> str:
    """Add a field for one more time stamp and give its name.

    Without a widget: a page would have to change for one, and PDF/UA would want it tagged.
    """
    form = writer.root["/AcroForm"]
    name = f"{STAMP_FIELD}-{len(form['/Fields']) + 1}"
    field = generic.DictionaryObject({generic.pdf_name("/FT"): generic.pdf_name("/Sig")})
    field[generic.pdf_name("/T")] = generic.pdf_string(name)
    form["/Fields"].append(writer.add_object(field))
    writer.update_container(form["/Fields"])
    return name


def _parsed(evidence: Evidence, source: Source) -> list[Any]:
    return [chain.parsed(item) for item in evidence.items if item.source is source]
