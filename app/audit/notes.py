"""A checkpoint as a signed note (C2SP tlog-checkpoint): text that people keep, mail and compare, and machines check. Pure."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_DASH = "\N{EM DASH} "
_ED25519 = b"\1"


def origin_of(log: str) -> str:
    """What a log is called outside."""
    return f"motcua/{log}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed: the state of one log at one moment."""

    log: str
    size: int
    root: bytes
    at: datetime

    @property
    def origin(self) -> str:
        """The log's own name, first line of the text and name of its key."""
        return origin_of(self.log)

    def signed_text(self) -> bytes:
        """The bytes under the signature: origin, size, root, moment, a line each."""
        moment = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n{moment}\n".encode()


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint with its signature (Ed25519) and the raw public key, in base64, that made it."""

    checkpoint: Checkpoint
    signature: bytes
    key_id: str

    @classmethod
    def signed(cls, checkpoint: Checkpoint, key: Ed25519PrivateKey) -> Self:
        """The checkpoint under a signature of `key`."""
        return cls(checkpoint, key.sign(checkpoint.signed_text()), key_id(key.public_key()))

    def holds(self, key: Ed25519PublicKey) -> bool:
        """Whether `key` made the signature."""
        try:
            key.verify(self.signature, self.checkpoint.signed_text())
        except InvalidSignature:
            return False
        return True

    def __str__(self) -> str:
        origin = self.checkpoint.origin
        sealed = base64.b64encode(_hint(origin, self.key_id) + self.signature).decode()
        return f"{self.checkpoint.signed_text().decode()}\n{_DASH}{origin} {sealed}\n"


def key_id(key: Ed25519PublicKey) -> str:
    """How a checkpoint names its key: the raw public key in base64."""
    return base64.b64encode(key.public_bytes_raw()).decode()


def verifier_key(log: str, named: str) -> str:
    """The public key of a log as tools for signed notes take it: name, hint, key."""
    origin = origin_of(log)
    return f"{origin}+{_hint(origin, named).hex()}+{base64.b64encode(_ED25519 + base64.b64decode(named)).decode()}"


def _hint(origin: str, named: str) -> bytes:
    """Four bytes that tell keys of one name apart."""
    return hashlib.sha256(f"{origin}\n".encode() + _ED25519 + base64.b64decode(named)).digest()[:4]
