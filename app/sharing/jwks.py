"""Which public keys we take, from clients and in proofs: FAPI 2.0, section 5.4. Pure."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import import_key

RSA_BITS = range(2048, 4097)
LARGEST_EXPONENT = 2**32
"""Larger ones only make a verification slow."""


def is_strong(jwk: Mapping[str, Any]) -> bool:
    """Whether `jwk` is a public key on P-256 or Ed25519, or of RSA with 2048 to 4096 bits, that can really be used."""
    kind = (jwk.get("kty"), jwk.get("crv"))
    if kind not in {("EC", "P-256"), ("OKP", "Ed25519")} and not _is_strong_rsa(jwk):
        return False
    try:
        import_key({name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in jwk})
    except (JoseError, ValueError, TypeError, KeyError):
        return False
    return True


def _is_strong_rsa(jwk: Mapping[str, Any]) -> bool:
    try:
        modulus, exponent = _number(jwk["n"]), _number(jwk["e"])
    except (KeyError, TypeError, ValueError, binascii.Error):
        return False
    return jwk.get("kty") == "RSA" and modulus.bit_length() in RSA_BITS and 3 <= exponent < LARGEST_EXPONENT


def _number(member: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(member + "=" * (-len(member) % 4)))
