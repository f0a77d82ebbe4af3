"""Identifiers: UUID v7 made by us, and unguessable references for people."""

import os
import secrets
import time
from uuid import UUID

# No 0/O, 1/I/L, U: what a clerk can read out over the telephone.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def uuid7() -> UUID:
    """A UUID version 7 (RFC 9562): ordered by millisecond, 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def reference() -> str:
    """What a filer gets at submit, before any number: 12 random signs, e.g. `7K3M-Q8RT-2NVX` (about 59 bits)."""
    signs = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    return f"{signs[:4]}-{signs[4:8]}-{signs[8:]}"


def secret() -> str:
    """An unguessable value for links and look-ups: 128 bits, URL-safe."""
    return secrets.token_urlsafe(16)
