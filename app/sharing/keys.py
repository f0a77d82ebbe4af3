"""The authorization server's own keys, and what each web process keeps in memory of them."""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc.jwk import ECKey, KeySet
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.sharing import evidence
from app.sharing.evidence import Evidence
from app.sharing.models import ServerKey, UsedProof
from app.sharing.proofs import Nonces

TOKEN_LIFE = timedelta(seconds=300)
PUBLISHED_AHEAD = timedelta(seconds=600)
FRESH = timedelta(seconds=60)
REMEMBERED_TOKENS = 4096

_EPOCH = "epoch"
_FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass
class Ring:
    """Keys, nonces and memory of one process; made anew when older than a minute, so no worker holds state that matters.

    `claims` remembers tokens already verified (by SHA-256), `grants` the immutable grants of agreement versions.
    """

    issuer: str
    active: ECKey
    published: KeySet
    nonces: Nonces
    epoch: str
    loaded_at: datetime
    evidence: Evidence
    claims: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    grants: dict[tuple[str, int, str], Any] = field(default_factory=dict)

    def is_fresh(self, at: datetime) -> bool:
        """Whether a new or withdrawn key would already be known."""
        return self.loaded_at <= at < self.loaded_at + FRESH

    def take_over(self, before: "Ring | None") -> None:
        """Keep what the ring before this one remembered, as long as the same keys are published."""
        if before is None:
            return
        self.grants = before.grants
        if before.published.as_dict(private=False) == self.published.as_dict(private=False):
            self.claims = before.claims

    def remember(self, digest: bytes, claims: dict[str, Any]) -> None:
        """Keep a verified token's claims; the oldest makes room."""
        if len(self.claims) >= REMEMBERED_TOKENS:
            self.claims.pop(next(iter(self.claims)))
        self.claims[digest] = claims


async def load_ring(session: AsyncSession, issuer: str, secret: bytes, *, at: datetime) -> Ring:
    """The keys in force at `at`; the very first call makes the first key."""
    rows = await _published(session, at)
    if not any(row.active_from <= at for row in rows):
        await one_at_a_time(session)
        rows = await _published(session, at) or [add_key(session, secret, active_from=at, at=at)]
    active = next(row for row in rows if row.active_from <= at)
    epoch = await _epoch(session)
    nonces = Nonces(hmac.digest(secret, b"dpop nonce " + epoch.encode(), "sha256"))
    published = KeySet([ECKey.import_key(row.public) for row in rows])
    signs = await evidence.load(session, secret, at=at)
    return Ring(issuer, _unsealed(active, secret), published, nonces, epoch, at, signs)


def add_key(session: AsyncSession, secret: bytes, *, active_from: datetime, at: datetime) -> ServerKey:
    """A new signing key; published at once, used from `active_from`."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
    kid, nonce = str(key.kid), os.urandom(12)
    sealed = nonce + AESGCM(_wrapping(secret)).encrypt(nonce, key.as_pem(private=True), kid.encode())
    public = dict(key.as_dict(private=False))
    row = ServerKey(kid=kid, public=public, sealed=sealed, created_at=at, active_from=active_from, retired_at=None)
    session.add(row)
    return row


async def _published(session: AsyncSession, at: datetime) -> list[ServerKey]:
    """Newest first: the next key, the active one, and those superseded less than two token lives ago."""
    rows = await session.scalars(
        select(ServerKey).where(ServerKey.retired_at.is_(None)).order_by(ServerKey.active_from.desc()).limit(8)
    )
    kept: list[ServerKey] = []
    for row in rows:
        superseded = [newer.active_from for newer in kept if newer.active_from <= at]
        if not superseded or min(superseded) > at - 2 * TOKEN_LIFE:
            kept.append(row)
    return kept


def _unsealed(row: ServerKey, secret: bytes) -> ECKey:
    pem = AESGCM(_wrapping(secret)).decrypt(row.sealed[:12], row.sealed[12:], row.kid.encode())
    return ECKey.import_key(pem, {"kid": row.kid, "use": "sig", "alg": "ES256"})


def _wrapping(secret: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"mot-cua server-key").derive(secret)


async def _epoch(session: AsyncSession) -> str:
    """The life of the table of spent proofs: a crash of the database empties it, and all nonces of before are void."""
    found = await session.scalar(select(UsedProof.jti).where(UsedProof.owner == _EPOCH))
    if found is None:
        await one_at_a_time(session)
        found = await session.scalar(select(UsedProof.jti).where(UsedProof.owner == _EPOCH))
    if found is None:
        found = secrets.token_urlsafe(12)
        session.add(UsedProof(owner=_EPOCH, jti=found, expires=_FOREVER))
        await session.flush()
    return found


async def one_at_a_time(session: AsyncSession) -> None:
    """Only one process at a time makes a key or a new epoch. Never on a hot path."""
    number = int.from_bytes(hashlib.sha256(b"sharing.keys").digest()[:8], signed=True)
    await session.execute(text("select pg_advisory_xact_lock(:number)"), {"number": number})
