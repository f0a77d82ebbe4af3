"""Count every open due date anew when the working calendar has changed; say what moved and why."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import SYSTEM
from app.dossiers.actions.move import move
from app.dossiers.actions.recount_answer import recount_answer, what_moved
from app.dossiers.actions.steps import renew_deadlines
from app.dossiers.actions.warn import plan_warnings
from app.dossiers.lifecycle import Act
from app.dossiers.models import Dossier
from app.dossiers.queries import ledger_of, procedure_of
from app.dossiers.records import with_deadlines
from app.notices import actions as notices
from app.notices.wording import Kind as Told
from app.worktime import ledger
from app.worktime import queries as worktime
from app.worktime.calendar import Calendar

BATCH = 100


async def recount(session: AsyncSession, *, after: UUID | None, at: datetime) -> UUID | None:
    """Job: the next dossiers after one, by the calendar in force; the last of them, or None when that was all.

    Safe to run twice: what has its date already is left alone.
    """
    new = await worktime.calendar(session)
    old = await worktime.before(session, new.version)
    found = await with_deadlines(session, after=after, limit=BATCH)
    for dossier in found:
        if dossier.answer_by is not None:
            await recount_answer(session, dossier, old, new, at)
        else:
            await _recounted(session, dossier, old, new, at)
    return found[-1].id if len(found) == BATCH else None


async def _recounted(session: AsyncSession, dossier: Dossier, old: Calendar, new: Calendar, at: datetime) -> None:
    entries = await ledger_of(session, dossier)
    procedure = await procedure_of(session, dossier)
    await plan_warnings(session, dossier, procedure, entries, new)
    before, after = dossier.due_at, ledger.due(entries, new)
    if before is None or after is None or before == after:
        return
    payload = what_moved(entries[0].at, before, after, old, new)
    dossier.due_at = after
    await move(session, SYSTEM, dossier, Act.RECOUNT, procedure=procedure, payload=payload, at=at)
    await renew_deadlines(session, dossier, procedure, at=at)
    told: dict[str, str | int] = {"number": dossier.number or "", "due": after.isoformat()}
    await notices.tell(session, tax_code=dossier.tax_code, dossier_id=dossier.id, kind=Told.DUE_MOVED, params=told, at=at)
