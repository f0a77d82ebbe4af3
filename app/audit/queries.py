"""Questions about the log."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.models import AuditRow, LogLeaf

# How far back the tail is looked for; what is older and not sealed is `verify`'s business.
RECENT = timedelta(days=1)


async def tail_age_seconds(session: AsyncSession, *, at: datetime) -> float:
    """The age of the oldest recent row that no leaf covers yet; 0 when all are sealed."""
    sealed = select(LogLeaf.event_id).where(LogLeaf.log == "audit", LogLeaf.event_id == AuditRow.id).exists()
    oldest = await session.scalar(select(func.min(AuditRow.at)).where(~sealed, AuditRow.at > at - RECENT))
    return max(0.0, (at - oldest).total_seconds()) if oldest else 0.0
