"""A certificate that an administrator uploads: read carefully, refused in words. Pure."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from app.core.errors import Incomplete, Problem
from app.core.text import Text

MOST_BYTES = 64 * 1024
_PEM = b"-----BEGIN"
_NONE = Text(
    "Tệp này không phải là chứng thư số X.509 (PEM hoặc DER). Hãy chọn tệp .cer, .crt hoặc .pem của tổ chức chứng thực.",
    "This file is no X.509 certificate (PEM or DER). Choose the authority's .cer, .crt or .pem file.",
)
_KEY = Text(
    "Tệp này chứa khóa bí mật, không được tải lên cổng. Hãy chọn tệp chỉ có chứng thư và thay khóa đã lộ.",
    "This file holds a private key: never upload one. Choose the certificate alone, and have the exposed key replaced.",
)
_SEVERAL = Text(
    "Tệp này có nhiều chứng thư. Hãy tải lên từng chứng thư một để xem xét riêng.",
    "This file holds several certificates. Upload them one by one, so that each is looked at.",
)
_WEAK = Text(
    "Khóa của chứng thư quá yếu: cần RSA từ 2048 bit hoặc ECDSA từ 256 bit (Thông tư 15/2025/TT-BKHCN).",
    "The certificate's key is too weak: RSA from 2048 bits or ECDSA from 256 (Circular 15/2025/TT-BKHCN).",
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What people compare before they trust: names, dates, fingerprint."""

    der: bytes
    subject: str
    issuer: str
    serial: str
    valid_from: datetime
    valid_to: datetime
    sha256: str
    is_authority: bool
    is_root: bool


def read(content: bytes) -> Certificate:
    """One certificate from an uploaded file. `Incomplete` says what is wrong with it."""
    if b"PRIVATE KEY" in content:
        raise refused(_KEY, "private-key")
    if content.count(_PEM) > 1:
        raise refused(_SEVERAL, "several-certificates")
    try:
        loaded = x509.load_pem_x509_certificate(content) if _PEM in content else x509.load_der_x509_certificate(content)
        key = loaded.public_key()
        found = of(loaded.public_bytes(Encoding.DER))
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as broken:
        raise refused(_NONE, "not-a-certificate") from broken
    strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= 256
    )
    if not strong:
        raise refused(_WEAK, "weak-key")
    return found


def of(der: bytes) -> Certificate:
    """What a certificate of the trust store says. Raises ValueError for bytes that are none."""
    loaded = x509.load_der_x509_certificate(der)
    try:
        authority = bool(loaded.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except x509.ExtensionNotFound:
        authority = False
    return Certificate(
        der=der,
        subject=_name(loaded.subject),
        issuer=_name(loaded.issuer),
        serial=f"{loaded.serial_number:x}",
        valid_from=loaded.not_valid_before_utc,
        valid_to=loaded.not_valid_after_utc,
        sha256=sha256(der).hexdigest(),
        is_authority=authority,
        is_root=issued_by(der, der),
    )


def issued_by(der: bytes, issuer: bytes) -> bool:
    """Whether the one certificate was signed with the other's key and names it."""
    try:
        x509.load_der_x509_certificate(der).verify_directly_issued_by(x509.load_der_x509_certificate(issuer))
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def refused(text: Text, slug: str, where: str = "file") -> Incomplete:
    """A refusal with one problem, at its control."""
    return Incomplete([Problem(where, slug, text)], text, slug=slug)


def _name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME) or name.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
    return str(common[0].value) if common else name.rfc4514_string()
