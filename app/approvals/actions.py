"""Asked by one, confirmed by another. The caller has checked that each of them holds the permission."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.approvals.models import Approval, Decision
from app.core.actor import Actor
from app.core.errors import Conflict, NotAllowed, NotFound
from app.core.ids import uuid7
from app.core.text import Text

SAME_PERSON = Text(
    "Việc này cần hai người: người đề nghị không được tự xác nhận. Hãy nhờ một người có thẩm quyền khác.",
    "This takes two persons: whoever asked may not confirm. Ask another authorised person.",
)

NOT_YOURS = Text("Chỉ người đề nghị rút được đề nghị của mình.", "Only whoever asked may withdraw the request.")


async def ask(session: AsyncSession, actor: Actor, kind: str, payload: dict[str, Any], *, at: datetime) -> UUID:
    """Ask for an act that someone else must confirm."""
    approval = Approval(id=uuid7(), kind=kind, payload=payload, asked_by=_person(actor), asked_at=at)
    session.add(approval)
    return approval.id


async def confirm(session: AsyncSession, actor: Actor, approval_id: UUID, kind: str, *, at: datetime) -> dict[str, Any]:
    """Confirm; the answer is what to do. `NotAllowed` for whoever asked, `Conflict` when already decided."""
    approval = await _decide(session, actor, approval_id, kind, Decision.CONFIRMED, at)
    return approval.payload


async def reject(session: AsyncSession, actor: Actor, approval_id: UUID, kind: str, *, at: datetime) -> None:
    """Turn a request down."""
    await _decide(session, actor, approval_id, kind, Decision.REJECTED, at)


async def withdraw(session: AsyncSession, actor: Actor, approval_id: UUID, kind: str, *, at: datetime) -> None:
    """Take back one's own request before anybody has decided it. `NotAllowed` for everybody else."""
    await _decide(session, actor, approval_id, kind, Decision.WITHDRAWN, at)


async def _decide(
    session: AsyncSession, actor: Actor, approval_id: UUID, kind: str, decision: Decision, at: datetime
) -> Approval:
    wanted = select(Approval).where(Approval.id == approval_id, Approval.kind == kind).with_for_update()
    approval = await session.scalar(wanted)
    if approval is None:
        raise NotFound
    if approval.decision is not None:
        raise Conflict
    own = approval.asked_by == _person(actor)
    if own and decision is not Decision.WITHDRAWN:
        raise NotAllowed(SAME_PERSON, slug="same-person")
    if not own and decision is Decision.WITHDRAWN:
        raise NotAllowed(NOT_YOURS, slug="not-yours")
    approval.decided_by, approval.decided_at, approval.decision = actor.person_id, at, decision
    return approval


def _person(actor: Actor) -> UUID:
    if actor.person_id is None:
        raise NotAllowed
    return actor.person_id
