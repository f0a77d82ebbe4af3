"""The outbox: what must happen after this transaction, written in it. The worker's relay hands rows to the job queue."""

from datetime import datetime
from typing import Any
from uuid import UUID

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
