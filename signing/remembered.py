"""Verifications that came out right, remembered: authorities' certificates and lists are the same in every document.

Whether a key made a signature over some bytes follows from these alone. So a success is remembered under all of them and under
nothing less; a failure is never remembered, and what a hostile document brings can at most push others out.
"""

import hashlib
from typing import Any

from asn1crypto import algos, keys
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko_certvalidator.errors import AlgorithmNotSupported
from pyhanko_certvalidator.sig_validate import (
    DEFAULT_VALIDATION_CONTEXT,
    DefaultSignatureValidator,
    SignatureValidationContext,
)

_MOST = 2_048

_right: set[tuple[Any, ...]] = set()


class Remembering(DefaultSignatureValidator):
    """For the engine's validation of certificates, revocation lists and answers."""

    def validate_signature(
        self,
        signature: bytes,
        signed_data: bytes,
        public_key_info: keys.PublicKeyInfo,
        signature_algorithm: algos.SignedDigestAlgorithm,
        context: SignatureValidationContext = DEFAULT_VALIDATION_CONTEXT,
    ) -> None:
        """Raises InvalidSignature where the engine does, and where it stumbles over key and signature of different kinds."""
        everything = (
            signature,
            hashlib.sha256(signed_data).digest(),
            public_key_info.dump(),
            signature_algorithm.dump(),
            context,
        )
        if everything in _right:
            return
        try:
            super().validate_signature(signature, signed_data, public_key_info, signature_algorithm, context)
        except (AssertionError, TypeError, ValueError, AlgorithmNotSupported, UnsupportedAlgorithm) as odd:
            # of another kind than the key, or of none that exists: not made with this key, and no fault of ours
            raise InvalidSignature from odd
        if len(_right) >= _MOST:
            _right.clear()
        _right.add(everything)


REMEMBERING = Remembering()
