"""A compact JWS (RFC 7515) with the key that also seals documents: machines read what people see signed in the PDF."""

import base64
import hashlib
import json

from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from signing.keys import SignerPort, mechanism_of

_NAMES = {"rsassa_pss": "PS256", "rsassa_pkcs1v15": "RS256", "ecdsa": "ES256"}
_HALF = 32


async def jws(payload: bytes, signer: SignerPort) -> str:
    """`payload` signed; the header carries the certificates (`x5c`), so a reader needs nothing but the roots.

    Raises `KeyFailed` as the key does; `ValueError` for a longer elliptic-curve key, which JWS pairs with other digests.
    """
    certificate = x509.Certificate.load(signer.certificate)
    mechanism = mechanism_of(certificate, pss=signer.pss).signature_algo
    chain = [base64.b64encode(der).decode() for der in (signer.certificate, *signer.chain)]
    header = {"alg": _NAMES[mechanism], "x5c": chain}
    signed = f"{_b64(json.dumps(header, separators=(',', ':')).encode())}.{_b64(payload)}"
    signature = await signer.sign(hashlib.sha256(signed.encode()).digest(), mechanism)
    return f"{signed}.{_b64(_raw(signature) if mechanism == 'ecdsa' else signature)}"


def _raw(signature: bytes) -> bytes:
    """Two numbers side by side, as JWS writes an elliptic-curve signature."""
    r, s = decode_dss_signature(signature)
    if max(r, s).bit_length() > 8 * _HALF:
        raise ValueError("ES256 needs a key on P-256")
    return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")


def _b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
