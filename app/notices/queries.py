"""The notices of an enterprise or an official, in words."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.text import Text
from app.notices import wording
from app.notices.models import Notice


@dataclass(frozen=True, slots=True)
class Shown:
    """One notice as the portal's list shows it; `official`: it is for somebody of the ministry."""

    id: UUID
    at: datetime
    read_at: datetime | None
    dossier_id: UUID | None
    title: Text
    body: Text
    official: bool = False


def shown(notice: Notice) -> Shown:
    """`notice` in words."""
    kind = wording.Kind(notice.kind)
    title, body = wording.title(kind, notice.params), wording.body(kind, notice.params)
    return Shown(notice.id, notice.at, notice.read_at, notice.dossier_id, title, body, notice.person_id is not None)


async def mine(session: AsyncSession, tax_code: str, *, limit: int = 50) -> list[Shown]:
    """The latest notices of the enterprise, newest first."""
    found = select(Notice).where(Notice.tax_code == tax_code).order_by(Notice.at.desc(), Notice.id.desc()).limit(limit)
    return [shown(notice) for notice in await session.scalars(found)]


async def unread(session: AsyncSession, tax_code: str) -> int:
    """How many the enterprise has not opened yet, for the badge."""
    counted = select(func.count()).select_from(Notice).where(Notice.tax_code == tax_code, Notice.read_at.is_(None))
    return await session.scalar(counted) or 0


async def mine_as_official(session: AsyncSession, person_id: UUID, *, limit: int = 50) -> list[Shown]:
    """The latest notices of an official, newest first."""
    found = select(Notice).where(Notice.person_id == person_id).order_by(Notice.at.desc(), Notice.id.desc()).limit(limit)
    return [shown(notice) for notice in await session.scalars(found)]


async def unread_by(session: AsyncSession, person_id: UUID) -> int:
    """How many the official has not opened yet, for the badge."""
    counted = select(func.count()).select_from(Notice).where(Notice.person_id == person_id, Notice.read_at.is_(None))
    return await session.scalar(counted) or 0
