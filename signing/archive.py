"""Keep a signed file provable: before its last time stamp's certificate ends, evidence about it and a new time stamp over all."""

from datetime import datetime

from asn1crypto import cms, x509
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.signers import PdfTimeStamper

from signing import reader
from signing.keys import DIGEST, PortTimeStamper, Tsa
from signing.limits import Limits
from signing.revocation import needs_of
from signing.sign import RESERVED, Gather, add_evidence, unseen_field, writer_of
from signing.trust import TrustSnapshot


def stamped_until(pdf: bytes) -> datetime | None:
    """When the certificate of the last document time stamp ends; None for a file that carries none."""
    last = _last_stamper(pdf)
    until: datetime | None = last.not_valid_after if last else None
    return until


async def extend(pdf: bytes, tsa: Tsa, trust: TrustSnapshot, gather: Gather) -> bytes:
    """The file with one more revision. What it was before stays in it, byte for byte, at its beginning.

    Only the last time stamp's own authority is asked: about everything older the file already holds what was true then,
    and a proof that it was there in time. Raises ValueError for a file without a document time stamp, `LookupError` when
    nobody answered about its authority: a new stamp without that answer would prove less than the old one.
    """
    last = _last_stamper(pdf)
    if last is None:
        raise ValueError("no document time stamp to extend")
    needs = needs_of([last], trust)
    evidence = await gather(needs)
    if len(evidence.items) < len({need.issuer_sha256 for need in needs}):
        raise LookupError("not every authority above the time stamp has answered")
    writer = writer_of(pdf)
    add_evidence(writer, [last], trust, evidence)
    stamper = PdfTimeStamper(PortTimeStamper(tsa), field_name=unseen_field(writer))
    out = await stamper.async_timestamp_pdf(writer, DIGEST, bytes_reserved=RESERVED)
    return bytes(out.getvalue())


def _last_stamper(pdf: bytes) -> x509.Certificate | None:
    opened = reader.open_pdf(pdf, Limits(), strict=True)
    stamps = [slot for slot in reader.slots(opened, Limits()) if slot.subfilter == "/ETSI.RFC3161"]
    if not stamps:
        return None
    newest = max(stamps, key=lambda slot: sum(slot.byte_range[2:]))
    token = cms.ContentInfo.load(newest.value["/Contents"].original_bytes)["content"]
    return extract_certificate_info(token).signer_cert
