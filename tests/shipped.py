"""The shipped procedures in a test's database: published once in a process, and from then on copied as they stand."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import actions
from app.catalogue.models import ProcedureVersion

_published: list[dict[str, Any]] = []


async def publish(session: AsyncSession, *, at: datetime) -> None:
    """What `actions.seed` leaves in the catalogue, without judging fifty definitions anew and without its rows in the log."""
    if _published:
        rows = [row | {"published_at": at} for row in _published]
        await session.execute(insert(ProcedureVersion).on_conflict_do_nothing(), rows)
        return
    await actions.seed(session, at=at)
    columns = ProcedureVersion.__table__.columns
    _published.extend(dict(row) for row in (await session.execute(select(*columns))).mappings())
