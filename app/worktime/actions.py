"""Adopt a version of the working calendar: the file that is shipped, or one that the ministry publishes later."""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from importlib.resources import files
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.approvals import actions as approvals
from app.audit.events import Event
from app.audit.record import record
from app.core import outbox
from app.core.actor import SYSTEM, Actor
from app.core.clock import in_vietnam
from app.core.errors import Conflict, Incomplete, Problem
from app.core.permissions import Permission
from app.core.text import Text, has_unwanted, nfc
from app.worktime.calendar import Calendar
from app.worktime.changes import ORDINARY, DayChange
from app.worktime.models import CalendarVersion
from app.worktime.queries import newest

CALENDAR_CHANGE = "worktime.calendar"
RECOUNT = "dossiers.recount"
_LONGEST = 1_000
SAY_WHY = Text("Hãy ghi lý do của thay đổi, không quá 1.000 ký tự.", "Say why, in 1,000 characters at most.")
MOVED_ON = Text(
    "Lịch làm việc đã thay đổi sau khi đề nghị này được gửi. Hãy đề nghị lại trên lịch hiện hành.",
    "The calendar has changed since this was proposed. Propose it again on the calendar in force.",
)
NOT_A_CALENDAR = Text("Nội dung lịch làm việc chưa đúng mẫu: {why}.", "The content is no working calendar: {why}.")
TAKEN = Text(
    "Phiên bản lịch này đã được công bố với nội dung khác. Hãy đặt số phiên bản mới.",
    "This calendar version was already adopted with another content. Give it a new version.",
)


async def propose(session: AsyncSession, actor: Actor, change: DayChange, note: str, *, at: datetime) -> UUID:
    """Propose that one day be worked or not, whatever it was; another person confirms."""
    actor.must(Permission.CALENDAR_MANAGE)
    said = nfc(note.strip())
    if not said or len(said) > _LONGEST or has_unwanted(said):
        raise Incomplete([Problem("note", "required", SAY_WHY)])
    current = await newest(session)
    changed(current.content, change, "draft")  # refuses now what could not be adopted later
    payload = {"base": current.version, "change": change.to_json(), "note": said}
    approval_id = await approvals.ask(session, actor, CALENDAR_CHANGE, payload, at=at)
    record(session, actor, Event.CALENDAR_PROPOSED, subject_kind="approval", subject_id=approval_id, at=at)
    return approval_id


async def confirm(session: AsyncSession, actor: Actor, approval_id: UUID, *, at: datetime) -> str:
    """Adopt what another person proposed; the new version. `Conflict` when the calendar has changed since."""
    actor.must(Permission.CALENDAR_MANAGE)
    asked = await approvals.confirm(session, actor, approval_id, CALENDAR_CHANGE, at=at)
    current = await newest(session)
    if current.version != asked["base"]:
        raise Conflict(MOVED_ON, slug="calendar-moved-on")
    version = f"{in_vietnam(at):%Y-%m-%d.%H%M%S.%f}"  # two may be adopted within a second
    content = changed(current.content, DayChange.of(asked["change"]), version)
    return await adopt(session, actor, content, note=asked["note"], at=at)


async def reject(session: AsyncSession, actor: Actor, approval_id: UUID, *, at: datetime) -> None:
    """Turn a proposed change down."""
    actor.must(Permission.CALENDAR_MANAGE)
    await approvals.reject(session, actor, approval_id, CALENDAR_CHANGE, at=at)
    record(session, actor, Event.CALENDAR_REJECTED, subject_kind="approval", subject_id=approval_id, at=at)


async def adopt(session: AsyncSession, actor: Actor, content: Mapping[str, Any], *, note: str, at: datetime) -> str:
    """Make `content` the calendar from now on; its version. The entries of a ledger keep the version they name.

    Open dossiers are computed anew by a job, which says what moved and why.
    """
    actor.must(Permission.CALENDAR_MANAGE)
    plain = _plain(content)
    version = _checked(plain).version
    kept = await session.scalar(select(CalendarVersion).where(CalendarVersion.version == version))
    if kept:
        if kept.content != plain:
            raise Conflict(TAKEN, slug="calendar-version-taken")
        return version
    session.add(CalendarVersion(version=version, content=plain, adopted_at=at, note=note))
    record(session, actor, Event.CALENDAR_ADOPTED, subject_kind="calendar", subject_id=version, at=at)
    outbox.put(session, RECOUNT, version=version)
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


def changed(content: Mapping[str, Any], change: DayChange, version: str) -> dict[str, Any]:
    """The content of a version with one day changed. Raises `Incomplete`."""
    others = [entry for entry in content["day"] if str(entry["date"]) != change.day.isoformat()]
    kept = [*others, *([change.to_json()] if change.kind != ORDINARY else [])]
    made = {**content, "calendar_version": version, "day": sorted(kept, key=lambda each: str(each["date"]))}
    _checked(made)
    return made


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
