"""What the workshop shows: every version with its standing, the drafts, and what waits for a second person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.approvals import queries as approvals
from app.catalogue import files
from app.catalogue.diff import Difference, differences
from app.catalogue.faults import fault
from app.catalogue.models import ProcedureDraft, ProcedureEnd, ProcedureVersion
from app.catalogue.procedure import Procedure
from app.catalogue.queries import UNKNOWN, get
from app.catalogue.steps import is_certain
from app.catalogue.writing import written
from app.core.errors import NotFound, Problem
from app.core.text import Text, fold


class Standing(StrEnum):
    """Where a version stands on a day."""

    TO_COME = "to_come"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    ENDED = "ended"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Version:
    """A published version in a list; `last_day` as it follows from its own end, a retirement or the version after it."""

    slug: str
    version: int
    title: Text
    valid_from: date
    last_day: date | None
    standing: Standing
    decision: str | None
    published_at: datetime
    unsure: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft in a list."""

    id: UUID
    slug: str
    title: Text | None
    saved_by: UUID
    saved_at: datetime
    waits: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A version, or the end of a procedure, that waits for a second person; told against the newest version."""

    id: UUID
    slug: str
    title: Text
    version: int
    day: date
    ends: bool
    note: str
    asked_by: UUID
    asked_at: datetime
    lines: tuple[Difference, ...]


async def newest(session: AsyncSession, slug: str) -> ProcedureVersion:
    """The version with the highest number, in force or not. `NotFound`."""
    wanted = select(ProcedureVersion).where(ProcedureVersion.slug == slug).order_by(ProcedureVersion.version.desc()).limit(1)
    row = await session.scalar(wanted)
    if row is None:
        raise NotFound(UNKNOWN, slug="unknown-procedure")
    return row


async def newest_or_none(session: AsyncSession, slug: str) -> Procedure | None:
    """The same as a procedure, if there is any."""
    try:
        row = await newest(session, slug)
    except NotFound:
        return None
    return await get(session, row.slug, row.version)


async def one(session: AsyncSession, draft_id: UUID, *, lock: bool = False) -> ProcedureDraft:
    """A draft. `NotFound`."""
    row = await session.get(ProcedureDraft, draft_id, with_for_update=lock, populate_existing=lock)
    if row is None:
        raise NotFound
    return row


async def out_of_turn(session: AsyncSession, procedure: Procedure, today: date) -> list[Problem]:
    """What keeps a sound definition from being the next version from its day on."""
    before = await newest_or_none(session, procedure.slug)
    number = before.version + 1 if before else 1
    found = []
    if procedure.version != number:
        found.append(fault("version", "not-next", f"phiên bản tiếp theo là {number}", f"the next version is {number}"))
    if procedure.valid_from < today:
        found.append(fault("valid_from", "in-the-past", "ngày hiệu lực đã qua", "the day it begins has passed"))
    if before and procedure.valid_from <= before.valid_from:
        said = "phải sau ngày bắt đầu của phiên bản trước", "it must begin after the version before it"
        found.append(fault("valid_from", "before-the-last", *said))
    if before and not differences(before, procedure.model_copy(update={"valid_from": before.valid_from})):
        found.append(fault("", "nothing-changes", "không có gì khác phiên bản trước", "nothing differs from the version before"))
    return found


async def versions(session: AsyncSession, *, slug: str | None = None, on: date) -> list[Version]:
    """Every published version, by title, the newest of each first."""
    wanted = select(ProcedureVersion).order_by(ProcedureVersion.slug, ProcedureVersion.version.desc())
    rows = (await session.scalars(wanted.where(ProcedureVersion.slug == slug) if slug else wanted)).all()
    ends = {(row.slug, row.version): row.last_day for row in await session.scalars(select(ProcedureEnd))}
    found = []
    for row in rows:
        later = [each for each in rows if each.slug == row.slug and each.version > row.version]
        retired = min((day for (name, number), day in ends.items() if name == row.slug and number >= row.version), default=None)
        found.append(_version(row, await get(session, row.slug, row.version), later, retired, on))
    return sorted(found, key=lambda each: fold(each.title.vi))


def _version(
    row: ProcedureVersion, procedure: Procedure, later: Sequence[ProcedureVersion], retired: date | None, on: date
) -> Version:
    begins = min((each.valid_from for each in later), default=None)
    last = [date.fromordinal(begins.toordinal() - 1) if begins else None, row.valid_to, retired]
    return Version(
        slug=row.slug,
        version=row.version,
        title=procedure.title,
        valid_from=row.valid_from,
        last_day=min((day for day in last if day), default=None),
        standing=standing(row.valid_from, begins, row.valid_to, retired, on),
        decision=row.decision,
        published_at=row.published_at,
        unsure=tuple(unsure(row.content)),
    )


def standing(valid_from: date, later_begins: date | None, valid_to: date | None, retired: date | None, on: date) -> Standing:
    """Where a version stands: a later one ends it, so does its own last day, so does a retirement."""
    if later_begins and later_begins <= on:
        return Standing.SUPERSEDED
    if retired and retired < on:
        return Standing.RETIRED
    if valid_to and valid_to < on:
        return Standing.ENDED
    return Standing.IN_FORCE if valid_from <= on else Standing.TO_COME


def unsure(content: Any, where: str = "") -> list[str]:
    """The places of a definition whose `certainty` is not that of a fact read in the law: to be confirmed."""
    if isinstance(content, list):
        named = [
            (str(each.get("id", number)) if isinstance(each, dict) else str(number), each) for number, each in enumerate(content)
        ]
        return [place for name, each in named for place in unsure(each, f"{where}.{name}")]
    if not isinstance(content, dict):
        return []
    own = [where.strip(".")] if "certainty" in content and not _found(content["certainty"]) else []
    return own + [place for name, each in content.items() for place in unsure(each, f"{where}.{name}")]


def _found(mark: Any) -> bool:
    return mark is None or is_certain(str(mark))


async def text_of(session: AsyncSession, slug: str, version: int) -> str:
    """A published version as a file: as it was written, with its comments, or written anew with the same content. `NotFound`."""
    row = await session.get(ProcedureVersion, (slug, version))
    if row is None:
        raise NotFound(UNKNOWN, slug="unknown-procedure")
    if row.text is not None:
        return row.text
    shipped = files.shipped(slug, version)
    if shipped is not None and files.sha256_of(shipped) == row.sha256:
        return shipped
    return written(row.content)


async def listing(session: AsyncSession) -> list[Draft]:
    """The drafts, saved last first."""
    rows = await session.scalars(select(ProcedureDraft).order_by(ProcedureDraft.saved_at.desc()))
    titles: dict[str, Text | None] = {}
    found = []
    for row in rows:
        if row.slug not in titles:
            known = await newest_or_none(session, row.slug)
            titles[row.slug] = known.title if known else None
        found.append(Draft(row.id, row.slug, titles[row.slug], row.saved_by, row.saved_at, row.approval_id is not None))
    return found


async def proposals(session: AsyncSession, kinds: Sequence[str]) -> list[Proposal]:
    """What waits for a second person, oldest first."""
    found = [await _proposal(session, row) for kind in kinds for row in await approvals.waiting(session, kind)]
    return sorted(found, key=lambda each: each.asked_at)


async def _proposal(session: AsyncSession, row: Any) -> Proposal:
    told, ends = row.payload, "last_day" in row.payload
    before = await newest_or_none(session, told["slug"] if ends else told["content"]["procedure"])
    after = None if ends else Procedure.of(told["content"])
    shown = after or before
    if shown is None:
        raise NotFound
    return Proposal(
        id=row.id,
        slug=shown.slug,
        title=shown.title,
        version=shown.version,
        day=date.fromisoformat(told["last_day"]) if ends else shown.valid_from,
        ends=ends,
        note=told["note"],
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        lines=tuple(differences(before, after)) if before and after else (),
    )
