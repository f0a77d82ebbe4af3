"""What waits for a second person."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.approvals.models import Approval


async def waiting(session: AsyncSession, kind: str) -> Sequence[Approval]:
    """Requests of `kind` that nobody has decided, oldest first."""
    rows = await session.scalars(
        select(Approval).where(Approval.kind == kind, Approval.decision.is_(None)).order_by(Approval.asked_at)
    )
    return rows.all()
