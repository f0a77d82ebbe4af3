"""The outbox: what must happen after this transaction, written in it. The worker's relay hands rows to the job queue."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.ids import uuid7


class OutboxMessage(Base):
    """One job to be: `topic` names a registered job, `payload` its arguments (ids only, never personal data)."""

    __tablename__ = "outbox"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    topic: Mapped[str]
    payload: Mapped[dict[str, Any]]
    not_before: Mapped[datetime | None]


def put(session: AsyncSession, topic: str, *, not_before: datetime | None = None, **payload: Any) -> UUID:
    """Ask for the job `topic` once this transaction has committed. UUIDs in the payload become text.

    Delivered at least once: consumers dedupe on the returned id, which they receive as `message_id`.
    """
    message_id = uuid7()
    plain = {name: str(value) if isinstance(value, UUID) else value for name, value in payload.items()}
    session.add(OutboxMessage(id=message_id, topic=topic, payload=plain, not_before=not_before))
    return message_id


async def take(session: AsyncSession, *, limit: int, at: datetime) -> list[OutboxMessage]:
    """Lock the oldest due messages for the relay; other relays pass them over."""
    due = or_(OutboxMessage.not_before.is_(None), OutboxMessage.not_before <= at)
    query = select(OutboxMessage).where(due).order_by(OutboxMessage.id).limit(limit).with_for_update(skip_locked=True)
    return list(await session.scalars(query))


async def drop(session: AsyncSession, ids: list[UUID]) -> None:
    """Remove what has been handed over."""
    await session.execute(delete(OutboxMessage).where(OutboxMessage.id.in_(ids)))


async def age_seconds(session: AsyncSession, *, at: datetime) -> float:
    """The age of the oldest message that is due; its id says when it was made."""
    due = or_(OutboxMessage.not_before.is_(None), OutboxMessage.not_before <= at)
    oldest = (await session.scalars(select(OutboxMessage.id).where(due).order_by(OutboxMessage.id).limit(1))).first()
    made = datetime.fromtimestamp((oldest.int >> 80) / 1000, UTC) if oldest else at
    return max(0.0, (at - made).total_seconds())
