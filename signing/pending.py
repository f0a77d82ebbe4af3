"""A signature in two halves: the file waits, with a gap, while a person far away approves the digest."""

import hashlib
import io
from dataclasses import dataclass, field
from typing import Any

from asn1crypto import cms, x509
from pyhanko.sign.signers import ExternalSigner, PdfSigner
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signing.keys import DIGEST, KeyFailed, PortSigner, PortTimeStamper, Tsa, fits, mechanism_of
from signing.plain import from_plain, to_plain
from signing.sign import RESERVED, Seat, asked, writer_of


@dataclass(frozen=True)
class Pending:
    """Everything `complete` needs beside the file, so that it can be kept and outlives the process that began."""

    attributes: bytes
    """DER of the signed attributes: what the key signs is their digest."""
    range_digest: bytes
    gap: tuple[int, ...]
    """Where the signature goes, as offsets in the file."""
    certificate: bytes
    chain: tuple[bytes, ...]
    pss: bool

    @property
    def digest(self) -> bytes:
        """What goes to the key (SHA-256)."""
        return hashlib.sha256(self.attributes).digest()

    @property
    def mechanism(self) -> str:
        """As `SignerPort.sign` takes it."""
        return str(mechanism_of(x509.Certificate.load(self.certificate), pss=self.pss).signature_algo)

    def to_json(self) -> dict[str, Any]:
        """Ready for `json.dumps`."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Pending":
        """Raises ValueError, KeyError or TypeError on another shape."""
        return from_plain(cls, document)


@dataclass(frozen=True)
class Begun:
    """The file with its gap, and what to remember about it."""

    pdf: bytes = field(repr=False)
    pending: Pending


async def begin(pdf: bytes, seat: Seat, *, certify: bool) -> Begun:
    """Everything up to the key: the field is filled, its gap reserved, the digest known. The key is not asked."""
    port = PortSigner(seat.signer)
    signer = PdfSigner(asked(seat, certify=certify), signer=port, stamp_style=seat.stamp)
    out = io.BytesIO()
    prepared, _, _ = await signer.async_digest_doc_for_signing(
        writer_of(pdf), existing_fields_only=True, bytes_reserved=RESERVED, output=out
    )
    attributes = await port.signed_attrs(prepared.document_digest, DIGEST, use_pades=True)
    gap = (prepared.reserved_region_start, prepared.reserved_region_end)
    known = seat.signer
    pending = Pending(attributes.dump(), prepared.document_digest, gap, known.certificate, tuple(known.chain), known.pss)
    return Begun(out.getvalue(), pending)


async def complete(begun: Begun, signature: bytes, tsa: Tsa) -> bytes:
    """Put the signature and its time stamp into the gap: PAdES B-T. Raises `KeyFailed` for a signature that does not fit."""
    known, certificate = begun.pending, x509.Certificate.load(begun.pending.certificate)
    if not fits(certificate, known.digest, signature, known.mechanism):
        raise KeyFailed("unsuitable", "the signature does not fit the document and the certificate")
    store = SimpleCertificateStore()
    store.register_multiple([x509.Certificate.load(der) for der in known.chain])
    mechanism = mechanism_of(certificate, pss=known.pss)
    signer = ExternalSigner(certificate, store, signature, mechanism, embed_roots=False)
    attributes = cms.CMSAttributes.load(known.attributes)
    content = await signer.async_sign_prescribed_attributes(DIGEST, attributes, timestamper=PortTimeStamper(tsa))
    out = io.BytesIO(begun.pdf)
    start, end = known.gap
    PreparedByteRangeDigest(known.range_digest, start, end).fill_with_cms(out, content)
    return out.getvalue()
