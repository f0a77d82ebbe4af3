"""Which working calendar counts."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.text import Text
from app.worktime.calendar import Calendar
from app.worktime.models import CalendarVersion

NO_CALENDAR = Text(
    "Chưa có lịch làm việc nào được công bố. Hãy báo người quản trị nạp lịch làm việc.",
    "No working calendar has been adopted. Ask the administrator to load one.",
)


# A version never changes once adopted (the table is append-only), so a process reads each of them once.
_READ: dict[str, Calendar] = {}


async def newest(session: AsyncSession) -> CalendarVersion:
    """The version in force, with its content. `NotFound` on a portal that was never seeded."""
    found = (await versions(session, limit=1))[:1]
    if not found:
        raise NotFound(NO_CALENDAR, slug="no-calendar")
    return found[0]


async def versions(session: AsyncSession, *, limit: int = 50) -> list[CalendarVersion]:
    """What was adopted, the newest first."""
    newest_first = (CalendarVersion.adopted_at.desc(), CalendarVersion.version.desc())
    return list(await session.scalars(select(CalendarVersion).order_by(*newest_first).limit(limit)))


async def before(session: AsyncSession, version: str) -> Calendar:
    """The calendar that was in force before `version`; that one itself when it was the first."""
    kept = await versions(session)
    names = [each.version for each in kept]
    earlier = names[names.index(version) + 1 :] if version in names else []
    return await version_of(session, earlier[0] if earlier else version)


async def calendar(session: AsyncSession) -> Calendar:
    """The calendar adopted last. `NotFound` on a portal that was never seeded."""
    newest = (CalendarVersion.adopted_at.desc(), CalendarVersion.version.desc())
    version = await session.scalar(select(CalendarVersion.version).order_by(*newest).limit(1))
    if version is None:
        raise NotFound(NO_CALENDAR, slug="no-calendar")
    return _READ.get(version) or await version_of(session, version)


async def version_of(session: AsyncSession, version: str) -> Calendar:
    """The calendar of one version, for an old computation. `NotFound` when there is none."""
    content = await session.scalar(select(CalendarVersion.content).where(CalendarVersion.version == version))
    if content is None:
        raise NotFound(NO_CALENDAR, slug="no-calendar")
    return _READ.setdefault(version, Calendar.of(content))
