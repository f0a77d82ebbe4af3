"""What came out right, remembered: authorities' certificates and lists are the same in every document, and signers come again.

Whether a key made a signature over some bytes follows from these alone. So a success is remembered under all of them and under
nothing less; a failure is never remembered, and what a hostile document brings can at most push others out.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from asn1crypto import algos, keys, x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko_certvalidator.errors import AlgorithmNotSupported
from pyhanko_certvalidator.sig_validate import (
    DEFAULT_VALIDATION_CONTEXT,
    DefaultSignatureValidator,
    SignatureValidationContext,
)

_MOST = 2_048
_LONGEST = 8_192

K = TypeVar("K")
V = TypeVar("V")


class Memory(dict[K, V]):
    """Of so many answers; when it is full, it begins anew."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: K, value: V) -> None:
        if len(self) >= self._most:
            self.clear()
        super().__setitem__(key, value)

    def under(self, key: K, work_out: Callable[[], V]) -> V:
        """What is remembered, or is from now on. What `work_out` raises is not."""
        if key not in self:
            self[key] = work_out()
        return self[key]


def of_certificate(answer: Callable[[x509.Certificate], V]) -> Callable[[x509.Certificate], V]:
    """Remember what follows from a certificate alone, under all of its bytes; a very long one is worked out anew."""
    known: Memory[bytes, V] = Memory(256)

    @wraps(answer)
    def asked(certificate: x509.Certificate) -> V:
        encoded = certificate.dump()
        return answer(certificate) if len(encoded) > _LONGEST else known.under(encoded, lambda: answer(certificate))

    return asked


Asked = tuple[bytes, datetime]

_grounds: Memory[tuple[int, int], tuple[object, object, Memory[Asked, Any]]] = Memory(8)


def good_chains(trust: object, evidence: object) -> Memory[Asked, Any]:
    """What was found good with exactly this trust and evidence, under the certificate and the moment asked about.

    Both are immutable; that they are held here keeps their numbers from meaning others.
    """
    numbers = id(trust), id(evidence)
    return _grounds.under(numbers, lambda: (trust, evidence, Memory(256)))[2]


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
