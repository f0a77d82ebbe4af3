"""The keys of what must be provable for years: Ed25519, for signatures of answers (RFC 9421) and of export manifests.

They stand in the same public set as the keys of tokens, but no token is ever believed for being signed with one; and they stay
there when the next one signs, because an answer that was kept is shown long afterwards.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jws
from joserfc.jwk import OKPKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.sharing.canonical import canonical
from app.sharing.exports_models import EvidenceKey

KEY_LIFE = timedelta(days=365)
PUBLISHED_AHEAD = timedelta(seconds=600)
MANIFEST = "motcua-export+jws"

# A response signature (design §2): what was asked, with which key, and what was answered.
COVERED = ("@status", "content-type", "content-digest", "log-entry", "@method;req", "@target-uri;req", "dpop;req")
LABEL, TAG = "data", "mot-cua-data"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The key that signs now, and all that are published."""

    kid: str
    key: Ed25519PrivateKey
    published: tuple[Mapping[str, Any], ...]

    def signature(self, values: Mapping[str, str], *, at: datetime) -> dict[str, str]:
        """`Signature-Input` and `Signature` over `values`, by the names of `COVERED`; a name without a value is not covered."""
        names = [name for name in COVERED if name in values]
        shown = " ".join(map(_component, names))
        params = f'({shown});created={int(at.timestamp())};keyid="{self.kid}";alg="ed25519";tag="{TAG}"'
        lines = [f"{_component(name)}: {values[name]}" for name in names]
        signed = self.key.sign("\n".join([*lines, f'"@signature-params": {params}']).encode("latin-1"))
        return {"signature-input": f"{LABEL}={params}", "signature": f"{LABEL}=:{base64.b64encode(signed).decode()}:"}

    def manifest(self, said: Mapping[str, Any]) -> str:
        """A compact JWS over the canonical JSON of what an export holds."""
        header = {"alg": "Ed25519", "kid": self.kid, "typ": MANIFEST}
        return jws.serialize_compact(header, canonical(said), OKPKey.import_key(self.key), algorithms=["Ed25519"])


def _component(name: str) -> str:
    plain, request, _ = name.partition(";req")
    return f'"{plain}"{request}'


async def load(session: AsyncSession, secret: bytes, *, at: datetime) -> Evidence:
    """The keys at `at`; the very first call makes the first. Two made at once do no harm: both are published."""
    rows = await _standing(session)
    if not any(row.active_from <= at for row in rows):
        rows = [*rows, _add(session, secret, active_from=at)]
    active = next(row for row in rows if row.active_from <= at)
    pem = AESGCM(_wrapping(secret)).decrypt(active.sealed[:12], active.sealed[12:], active.kid.encode())
    key = OKPKey.import_key(pem).private_key
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("a key of evidence is not Ed25519")
    return Evidence(active.kid, key, tuple(row.public for row in rows))


async def rotate_when_due(session: AsyncSession, *, secret: bytes, at: datetime) -> str | None:
    """Publish the next key when the newest has served its time; its `kid`."""
    newest = next(iter(await _standing(session)), None)
    if newest is None or newest.active_from + KEY_LIFE - PUBLISHED_AHEAD > at:
        return None
    return _add(session, secret, active_from=at + PUBLISHED_AHEAD).kid


async def _standing(session: AsyncSession) -> list[EvidenceKey]:
    """Newest first."""
    standing = select(EvidenceKey).where(EvidenceKey.withdrawn_at.is_(None))
    return list(await session.scalars(standing.order_by(EvidenceKey.active_from.desc(), EvidenceKey.kid)))


def _add(session: AsyncSession, secret: bytes, *, active_from: datetime) -> EvidenceKey:
    key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": "Ed25519"}, auto_kid=True)
    kid, nonce = str(key.kid), os.urandom(12)
    sealed = nonce + AESGCM(_wrapping(secret)).encrypt(nonce, key.as_pem(private=True), kid.encode())
    public = dict(key.as_dict(private=False))
    row = EvidenceKey(kid=kid, public=public, sealed=sealed, active_from=active_from, withdrawn_at=None)
    session.add(row)
    return row


def _wrapping(secret: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"mot-cua evidence-key").derive(secret)
