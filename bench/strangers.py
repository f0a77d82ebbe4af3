"""Documents of signers whom no worker has met: what a check costs when nothing about its signer is remembered."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from signing import Policy, SoftSigner
from tests.pki import Pki

_FIRST = 1_000_000
_ISSUER = "pubca"


def signers(pki: Pki, number: int) -> Iterator[SoftSigner]:
    """Each with a key and certificate of its own, issued like that of the business."""
    like = x509.load_der_x509_certificate(pki.cert("biz").dump())
    issuer = serialization.load_pem_private_key(pki.key_pem(_ISSUER), None)
    for serial in range(_FIRST, _FIRST + number):
        key = rsa.generate_private_key(65537, 2048)
        made = _named(like, serial).public_key(key.public_key())
        method = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if isinstance(issuer, rsa.RSAPrivateKey) else None
        issued = made.sign(issuer, hashes.SHA256(), rsa_padding=method)  # type: ignore[arg-type]  # any key of an authority
        yield SoftSigner(key, issued.public_bytes(serialization.Encoding.DER), pki.chain("biz"))


def _named(like: x509.Certificate, serial: int) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder().issuer_name(like.issuer).subject_name(like.subject).serial_number(serial)
    made = made.not_valid_before(like.not_valid_before_utc).not_valid_after(like.not_valid_after_utc)
    for extension in like.extensions:
        made = made.add_extension(extension.value, extension.critical)
    return made


def moments(policy: Policy) -> Iterator[Policy]:
    """The same policy, each time at another moment: no chain that was judged before helps."""
    return (replace(policy, at=policy.at + timedelta(microseconds=number)) for number in count())
