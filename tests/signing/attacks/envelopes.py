"""Signatures made by hand: a PDF around any bytes that call themselves a CMS signature, and CMS that no program would make."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from asn1crypto import cms, core, tsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests import make
from tests.pki import Pki
from tests.signing.attacks.notation import A4

Maker = Callable[[bytes], bytes]
"""From the SHA-256 of the signed bytes to what stands in /Contents."""
_ROOM = b"0000000000 0000000000 0000000000 0000000000"


def shell(
    contents: Maker, *, subfilter: bytes = b"ETSI.CAdES.detached", room: int = 8_192, more: bytes = b"", gap: bytes | None = None
) -> bytes:
    """A PDF of one page and one signature. `more` stands in the signature's dictionary, `gap` in the place of its value."""
    writer = make.PdfWriter()
    root, pages, page = writer.reserve(), writer.reserve(), writer.reserve()
    field_, value = writer.reserve(), writer.reserve()
    text = writer.stream(b"", b"BT (1.000.000) Tj ET")
    writer.put(pages, b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % page)
    writer.put(page, b"<</Type/Page/Parent 2 0 R/MediaBox%s/Contents %d 0 R/Annots[%d 0 R]>>" % (A4, text, field_))
    widget = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(ChuKy1)/F 132/Rect[0 0 0 0]/P %d 0 R/V %d 0 R>>"
    writer.put(field_, widget % (page, value))
    held = b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/%s/ByteRange[%s]%s/Contents <%s>>>"
    writer.put(value, held % (subfilter, _ROOM, more, b"0" * (2 * room)))
    writer.put(root, b"<</Type/Catalog/Pages %d 0 R/AcroForm<</Fields[%d 0 R]/SigFlags 3>>>>" % (pages, field_))
    return _filled(writer.finish(root), contents, 2 * room, gap)


def _filled(pdf: bytes, contents: Maker, digits: int, gap: bytes | None) -> bytes:
    begin = pdf.index(b"<" + b"0" * digits)
    end = begin + digits + 2
    numbers = b"%010d %010d %010d %010d" % (0, begin, end, len(pdf) - end)
    pdf = pdf.replace(_ROOM, numbers, 1)
    digest = hashlib.sha256(pdf[:begin] + pdf[end:]).digest()
    held = contents(digest).hex().encode().ljust(digits, b"0")
    assert len(held) == digits, "the signature needs more room"
    return pdf[:begin] + (gap if gap is not None else b"<%s>" % held) + pdf[end:]


@dataclass
class Envelope:
    """CMS in parts that can be changed before it is signed. ECDSA, so that a thousand are cheap."""

    pki: Pki
    label: str = "bizother"
    key_of: str | None = None
    """Somebody else's key."""
    attributes: list[tuple[str, Any]] = field(default_factory=list)
    without: frozenset[str] = frozenset()
    unsigned: list[tuple[str, Any]] = field(default_factory=list)
    content: bytes | None = None
    certificates: list[x509.Certificate] | None = None
    digest_named: str = "sha256"
    signed_attributes: bool = True
    signers: int = 1
    named: x509.Certificate | None = None
    """Whom the signature names; by default the signer."""
    digest: bytes | None = None
    """Instead of the digest of the signed bytes."""

    def __call__(self, digest: bytes) -> bytes:
        """DER of the ContentInfo."""
        certificate = self.pki.cert(self.label)
        encapsulated: dict[str, Any] = {"content_type": "data"}
        if self.content is not None:
            encapsulated["content"] = core.OctetString(self.content)
        signed = cms.SignedData(
            {
                "version": "v1",
                "digest_algorithms": [{"algorithm": self.digest_named}],
                "encap_content_info": encapsulated,
                "certificates": self.certificates if self.certificates is not None else [certificate],
                "signer_infos": [self._signer(digest)] * self.signers,
            }
        )
        return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())

    def _signer(self, digest: bytes) -> cms.SignerInfo:
        named = self.named or self.pki.cert(self.label)
        known = {"issuer": named.issuer, "serial_number": named.serial_number}
        info = {
            "version": "v1",
            "sid": cms.SignerIdentifier("issuer_and_serial_number", cms.IssuerAndSerialNumber(known)),
            "digest_algorithm": {"algorithm": self.digest_named},
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        }
        message = self.digest or digest
        if not self.signed_attributes:
            return cms.SignerInfo({**info, "signature": self._sign_hash(message)})
        attributes = self._attributes(message)
        info["signed_attrs"] = attributes
        info["signature"] = self._key().sign(cms.CMSAttributes(attributes).dump(), ec.ECDSA(hashes.SHA256()))
        if self.unsigned:
            info["unsigned_attrs"] = [cms.CMSAttribute({"type": name, "values": values}) for name, values in self.unsigned]
        return cms.SignerInfo(info)

    def _attributes(self, message: bytes) -> list[cms.CMSAttribute]:
        identifier = tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(self.pki.cert(self.label).dump()).digest()})
        usual = [
            ("content_type", ["data"]),
            ("message_digest", [message]),
            ("signing_certificate_v2", [tsp.SigningCertificateV2({"certs": [identifier]})]),
        ]
        kept = [(name, values) for name, values in usual if name not in self.without]
        return [cms.CMSAttribute({"type": name, "values": values}) for name, values in (*kept, *self.attributes)]

    def _key(self) -> ec.EllipticCurvePrivateKey:
        key = self.pki.signer(self.key_of or self.label).key
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key

    def _sign_hash(self, digest: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

        return self._key().sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))


def other_digest(digest: bytes) -> bytes:
    return hashlib.sha256(digest).digest()


def signing_time(*moments: datetime) -> tuple[str, list[cms.Time]]:
    return "signing_time", [cms.Time("utc_time", moment) for moment in moments]


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
