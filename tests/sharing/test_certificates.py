"""The certificate as the TLS front tells it: read in one form only."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from app.sharing.certificates import NoCertificate, thumbprint_of


def certificate(name: str = "may.example") -> bytes:
    """A self-signed certificate, as a machine may bring one."""
    key, at = generate_private_key(SECP256R1()), datetime.now(UTC)
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number(), at, at + timedelta(days=1))
    return made.sign(key, SHA256()).public_bytes(Encoding.DER)


def header(der: bytes) -> str:
    return f":{base64.b64encode(der).decode()}:"


def test_the_thumbprint_is_the_hash_of_the_certificate_as_it_came():
    der = certificate()
    expected = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")
    assert thumbprint_of(header(der)) == expected


DER = certificate()
BAD = {
    "empty": "",
    "no colons": base64.b64encode(DER).decode(),
    "not base64": ":***:",
    "not a certificate": header(b"x"),
    "nothing": "::",
    "two": f"{header(DER)}, {header(DER)}",
    "something after it": header(DER + b"\x00"),
    "PEM": "-----BEGIN CERTIFICATE-----",
    "too long": header(DER * 60),
}


@pytest.mark.parametrize("said", BAD.values(), ids=BAD)
def test_what_is_not_one_certificate_is_refused(said):
    with pytest.raises(NoCertificate):
        thumbprint_of(said)
