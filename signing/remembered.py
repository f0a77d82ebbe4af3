"""Verifications that came out right, remembered: authorities' certificates and lists are the same in every document.

Whether a key made a signature over some bytes follows from these alone. So a success is remembered under all of them and under
nothing less; a failure is never remembered, and what a hostile document brings can at most push others out.
"""

import hashlib
from typing import Any

from asn1crypto import algos, keys
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
        """Raises what the engine's own raises."""
        everything = (
            signature,
            hashlib.sha256(signed_data).digest(),
            public_key_info.dump(),
            signature_algorithm.dump(),
            context,
        )
        if everything in _right:
            return
        super().validate_signature(signature, signed_data, public_key_info, signature_algorithm, context)
        if len(_right) >= _MOST:
            _right.clear()
        _right.add(everything)


REMEMBERING = Remembering()
