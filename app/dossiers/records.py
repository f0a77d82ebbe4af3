"""The records behind a dossier: its procedure, ledger, events and rounds."""

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import queries as catalogue
from app.catalogue.procedure import Procedure
from app.core.errors import NotFound
from app.dossiers.lifecycle import Act, State
from app.dossiers.models import ClockWarning, Dossier, DossierEvent, DossierNumber, LedgerEntry, Submission
from app.worktime.calendar import Unit
from app.worktime.ledger import Entry, Kind

_CLOCK_RUNS = (State.RECEIVED, State.IN_REVIEW, State.DECIDED)


async def procedure_of(session: AsyncSession, dossier: Dossier) -> Procedure:
    """The version of the procedure that the dossier goes by, on the way it takes."""
    return await catalogue.get(session, dossier.procedure, dossier.version, left_out=dossier.left_out)


async def ledger_of(session: AsyncSession, dossier: Dossier) -> list[Entry]:
    """The legal clock of the dossier so far; nothing is asked of the database before it has started."""
    if dossier.entries == 0:
        return []
    rows = await session.scalars(select(LedgerEntry).where(LedgerEntry.dossier_id == dossier.id).order_by(LedgerEntry.seq))
    return [_entry(row) for row in rows]


def _entry(row: LedgerEntry) -> Entry:
    unit = cast("Unit | None", row.unit)  # written from an Entry only
    return Entry(Kind(row.kind), row.stage, row.at, row.length, unit, row.ground, row.calendar_version, row.note)


async def events_of(session: AsyncSession, dossier_id: UUID) -> list[DossierEvent]:
    """Everything that happened, oldest first."""
    wanted = select(DossierEvent).where(DossierEvent.dossier_id == dossier_id).order_by(DossierEvent.seq)
    return list(await session.scalars(wanted))


async def last_event(session: AsyncSession, dossier_id: UUID, act: str, key: str) -> DossierEvent | None:
    """The latest event of `act` whose payload holds `key`."""
    wanted = (
        select(DossierEvent)
        .where(DossierEvent.dossier_id == dossier_id, DossierEvent.act == act, DossierEvent.payload.has_key(key))
        .order_by(DossierEvent.seq.desc())
        .limit(1)
    )
    return await session.scalar(wanted)


async def submissions_of(session: AsyncSession, dossier_id: UUID) -> list[Submission]:
    """What was handed in, round by round."""
    wanted = select(Submission).where(Submission.dossier_id == dossier_id).order_by(Submission.round)
    return list(await session.scalars(wanted))


async def dossier_of_number(session: AsyncSession, number: str) -> UUID:
    """The dossier with this legal number; `NotFound` when there is none."""
    found = await session.scalar(select(DossierNumber.dossier_id).where(DossierNumber.number == number))
    if found is None:
        raise NotFound
    return found


async def with_deadlines(session: AsyncSession, *, after: UUID | None, limit: int) -> list[Dossier]:
    """The next open dossiers that are due some day, or whose business must act by one, locked, in the order of their ids."""
    owed = Dossier.due_at.is_not(None) & Dossier.state.in_(_CLOCK_RUNS)
    wanted = select(Dossier).where(or_(owed, Dossier.answer_by.is_not(None))).order_by(Dossier.id)
    wanted = wanted.where(Dossier.id > after) if after else wanted
    return list(await session.scalars(wanted.limit(limit).with_for_update()))


async def recounted(session: AsyncSession, version: str, *, limit: int) -> list[tuple[DossierEvent, str | None]]:
    """What a calendar's version moved, the latest first: the event and the dossier's number."""
    wanted = (
        select(DossierEvent, Dossier.number)
        .join(Dossier, Dossier.id == DossierEvent.dossier_id)
        .where(DossierEvent.act == Act.RECOUNT.value, DossierEvent.payload["calendar"].astext == version)
        .order_by(DossierEvent.at.desc(), DossierEvent.dossier_id)
        .limit(limit)
    )
    return [(event, number) for event, number in await session.execute(wanted)]


async def warnings_of(session: AsyncSession, dossier_id: UUID) -> list[ClockWarning]:
    """Every warning that is planned for the dossier's clock or was told."""
    return list(await session.scalars(select(ClockWarning).where(ClockWarning.dossier_id == dossier_id)))


async def warned_now(session: AsyncSession, dossier_id: UUID, *, at: datetime) -> list[ClockWarning]:
    """What was reached and nobody was told of."""
    wanted = select(ClockWarning).where(ClockWarning.dossier_id == dossier_id, *_untold(at))
    return list(await session.scalars(wanted))


async def untold_warnings(session: AsyncSession, *, at: datetime, limit: int) -> list[Dossier]:
    """Dossiers of which somebody must be warned, locked; those another worker is busy with are left to it.

    The dossier is locked and not its warnings, as every act does: nobody waits crosswise.
    """
    untold = select(ClockWarning.dossier_id).where(*_untold(at)).order_by(ClockWarning.at).limit(limit)
    wanted = select(Dossier).where(Dossier.id.in_(untold), Dossier.clock_paused.is_(False)).order_by(Dossier.id)
    return list(await session.scalars(wanted.with_for_update(skip_locked=True)))


def _untold(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (ClockWarning.told_at.is_(None), ClockWarning.at <= at)


async def waiting_past(session: AsyncSession, *, at: datetime, limit: int) -> list[Dossier]:
    """Dossiers whose business has let its time run out, locked; those another worker is busy with are left to it."""
    wanted = (
        select(Dossier)
        .where(Dossier.answer_by <= at)
        .order_by(Dossier.answer_by, Dossier.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(await session.scalars(wanted))
