"""What someone had typed when the session ended, sealed so that the table shows nothing of it."""

import json
import os
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.core.errors import NotFound

MAX_BYTES = 256 * 1024
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Kept:
    """A posted form: where it was going and its fields in order."""

    path: str
    pairs: list[tuple[str, str]]


def hashed(value: str) -> bytes:
    """How a random value that a browser holds is found again in a table: by its SHA-256."""
    return sha256(value.encode()).digest()


def seal(secret: bytes, form_id: UUID, form: Kept) -> bytes:
    """AES-256-GCM under a key of its own; the row's id is bound in, so rows cannot be swapped."""
    nonce = os.urandom(_NONCE_BYTES)
    plain = json.dumps([form.path, form.pairs]).encode()
    return nonce + AESGCM(_key(secret)).encrypt(nonce, plain, form_id.bytes)


def unseal(secret: bytes, form_id: UUID, body: bytes) -> Kept:
    """The form of a row; `NotFound` when the secret has changed since."""
    try:
        plain = AESGCM(_key(secret)).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], form_id.bytes)
    except InvalidTag as error:
        raise NotFound from error
    path, pairs = json.loads(plain)
    return Kept(path, [(name, value) for name, value in pairs])


def _key(secret: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"motcua kept form").derive(secret)
