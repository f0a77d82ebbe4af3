"""Write down who did what to what. In the act's own transaction; a refusal in a second one, by the door."""

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.models import AuditRow
from app.core.actor import Actor
from app.core.db import Sessions, transaction


def record(
    session: AsyncSession,
    actor: Actor,
    action: str,
    *,
    subject_kind: str,
    subject_id: UUID | str,
    dossier_id: UUID | None = None,
    detail: dict[str, Any] | None = None,
    at: datetime,
) -> AuditRow:
    """Add one row to the log. `detail` holds ids, slugs and counts: never names, tax codes or answers."""
    row = AuditRow(
        at=at,
        actor=actor.ref,
        action=str(action),
        subject_kind=subject_kind,
        subject_id=str(subject_id),
        dossier_id=dossier_id,
        detail=detail or {},
        salt=secrets.token_hex(16),
    )
    session.add(row)
    return row


async def refused(
    sessions: Sessions,
    actor: Actor,
    action: str,
    slug: str,
    *,
    subject_kind: str,
    subject_id: UUID | str,
    at: datetime,
) -> None:
    """Remember an attempt that was refused; its own transaction was rolled back and took its audit line with it."""
    async with transaction(sessions) as session:
        detail = {"action": str(action), "slug": slug}
        record(session, actor, Event.REFUSED, subject_kind=subject_kind, subject_id=subject_id, detail=detail, at=at)
