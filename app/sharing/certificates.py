"""The certificate a client showed to the TLS front, as the front tells it (RFC 9440), and its thumbprint (RFC 8705). Pure."""

import base64
import hashlib
import re
from functools import lru_cache

from cryptography.x509 import load_der_x509_certificate

LONGEST = 16_384

_BYTE_SEQUENCE = re.compile(r":([A-Za-z0-9+/]+={0,2}):")


class NoCertificate(ValueError):
    """A `Client-Cert` header that holds no certificate."""


@lru_cache(1024)
def thumbprint_of(header: str) -> str:
    """`x5t#S256` of the one certificate in a `Client-Cert` header. Raises `NoCertificate`.

    Whom the certificate belongs to and whether it is still valid has been judged by the front, or is not asked: a token is
    bound to it, nothing else follows from it.
    """
    found = _BYTE_SEQUENCE.fullmatch(header) if len(header) <= LONGEST else None
    try:
        der = base64.b64decode(found[1], validate=True) if found else b""
        load_der_x509_certificate(der)
    except ValueError as error:
        raise NoCertificate from error
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
