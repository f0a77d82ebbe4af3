"""Where a list or a feed goes on: sealed, so that a cursor says nothing to its bearer and can be none but ours. Pure."""

import base64
import json
import os
import re
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_CURSOR = re.compile(r"[A-Za-z0-9_-]{38,800}")
_NONCE = 12


def bound_to(kind: str, client_id: str, agreement: str, dataset: str, more: str = "") -> str:
    """What a cursor is good for: one kind of question of one client under one agreement."""
    return f"{kind}\x1f{client_id}\x1f{agreement}\x1f{dataset}\x1f{more}"


class CursorRefused(Exception):
    """Not a cursor of ours, or one for another client, dataset or question."""


class Cursors:
    """Seals and opens places. A key in a list may be a tax code, and those are never seen in an address."""

    def __init__(self, secret: bytes) -> None:
        self._box = AESGCM(HKDF(SHA256(), 32, salt=None, info=b"mot-cua sharing cursor").derive(secret))

    def seal(self, place: Sequence[Any], bound: str) -> str:
        """The cursor of a place, good only where `bound` is the same: who asks, what, and how."""
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._box.encrypt(nonce, json.dumps(place).encode(), bound.encode())
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, cursor: str, bound: str) -> list[Any]:
        """The place. Raises `CursorRefused`."""
        if not _CURSOR.fullmatch(cursor):
            raise CursorRefused
        try:
            sealed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            place: list[Any] = json.loads(self._box.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound.encode()))
        except (InvalidTag, ValueError) as error:
            raise CursorRefused from error
        return place
