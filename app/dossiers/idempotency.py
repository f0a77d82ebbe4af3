"""The same POST twice is one act: the answer under a key is kept and given again."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Conflict
from app.core.text import Text
from app.dossiers.models import IdempotencyKey
from app.dossiers.visibility import BUSY, waited_in_vain

_REUSED = Text(
    "Khóa Idempotency-Key này đã được dùng cho một yêu cầu có nội dung khác. Hãy dùng khóa mới.",
    "This Idempotency-Key was used for a request with another body. Use a new key.",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer that was given under the key."""

    status: int
    body: dict[str, Any]
    dossier_id: UUID | None


async def idempotent(session: AsyncSession, owner: str, key: str, body: bytes, *, at: datetime) -> Kept | None:
    """None for a new key, which this transaction now holds; else the kept answer. `Conflict` for another body.

    A second request that comes while the first is under way waits for it: either the answer is there, or the first was
    rolled back and the second becomes the first.
    """
    digest = hashlib.sha256(body).hexdigest()
    row = insert(IdempotencyKey).values(owner=owner, key=key, request_sha256=digest, at=at)
    try:
        taken = await session.execute(row.on_conflict_do_nothing().returning(IdempotencyKey.key))
    except DBAPIError as error:
        raise (Conflict(BUSY, slug="busy") if waited_in_vain(error) else error) from error
    if taken.scalar_one_or_none() is not None:
        return None
    there = select(IdempotencyKey).where(IdempotencyKey.owner == owner, IdempotencyKey.key == key)
    kept = (await session.scalars(there)).one()
    if kept.request_sha256 != digest or kept.status is None or kept.body is None:
        raise Conflict(_REUSED, slug="idempotency-key-reused")
    return Kept(kept.status, kept.body, kept.dossier_id)


async def remember(
    session: AsyncSession, owner: str, key: str, *, status: int, body: dict[str, Any], dossier_id: UUID | None = None
) -> None:
    """Keep the answer given under the key, in the transaction of the act itself."""
    there = update(IdempotencyKey).where(IdempotencyKey.owner == owner, IdempotencyKey.key == key)
    await session.execute(there.values(status=status, body=body, dossier_id=dossier_id))
