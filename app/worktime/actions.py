"""Adopt a version of the working calendar: the file that is shipped, or one that the ministry publishes later."""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from importlib.resources import files
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core.actor import SYSTEM, Actor
from app.core.errors import Conflict, Incomplete, Problem
from app.core.permissions import Permission
from app.core.text import Text
from app.worktime.calendar import Calendar
from app.worktime.models import CalendarVersion

NOT_A_CALENDAR = Text("Nội dung lịch làm việc chưa đúng mẫu: {why}.", "The content is no working calendar: {why}.")
TAKEN = Text(
    "Phiên bản lịch này đã được công bố với nội dung khác. Hãy đặt số phiên bản mới.",
    "This calendar version was already adopted with another content. Give it a new version.",
)


async def adopt(session: AsyncSession, actor: Actor, content: Mapping[str, Any], *, note: str, at: datetime) -> str:
    """Make `content` the calendar from now on; its version. Limits computed before keep the version they name."""
    actor.must(Permission.PROCEDURE_PUBLISH)
    plain = _plain(content)
    version = _checked(plain).version
    kept = await session.scalar(select(CalendarVersion).where(CalendarVersion.version == version))
    if kept:
        if kept.content != plain:
            raise Conflict(TAKEN, slug="calendar-version-taken")
        return version
    session.add(CalendarVersion(version=version, content=plain, adopted_at=at, note=note))
    record(session, actor, Event.CALENDAR_ADOPTED, subject_kind="calendar", subject_id=version, at=at)
    await session.flush()
    return version


async def seed(session: AsyncSession, *, at: datetime) -> str:
    """Adopt the newest calendar that is shipped with the portal; nothing happens when it already is."""
    return await adopt(session, SYSTEM, shipped(), note="seed", at=at)


def shipped() -> dict[str, Any]:
    """The content of the newest calendar file of this release."""
    calendars = [each for each in (files("app.worktime") / "data").iterdir() if each.name.endswith(".toml")]
    return tomllib.loads(max(calendars, key=lambda each: each.name).read_text("utf-8"))


def shipped_calendar() -> Calendar:
    """The calendar of this release."""
    return Calendar.of(shipped())


def _checked(content: Mapping[str, Any]) -> Calendar:
    try:
        return Calendar.of(content)
    except (KeyError, ValueError, TypeError) as error:
        why = str(error)
        raise Incomplete([Problem("", "not-a-calendar", NOT_A_CALENDAR.filled(why=why))]) from None


def _plain(value: Any) -> Any:
    """TOML content as JSON: dates become ISO text."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value
