"""The record of a procedure that other agencies read: the version in force, or else the one to come."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import queries
from app.catalogue.models import ProcedureEnd, ProcedureVersion
from app.catalogue.procedure import Procedure
from app.core.clock import day_in_vietnam
from app.registers import actions as registers
from app.registers.rules import Dataset


async def share_procedure(session: AsyncSession, slug: str, *, at: datetime) -> None:
    """Bring the shared record of a procedure up to date. Nothing is written when it says the same."""
    today = day_in_vietnam(at)
    newest_first = ProcedureVersion.valid_from.desc(), ProcedureVersion.version.desc()
    rows = list(await session.scalars(select(ProcedureVersion).where(ProcedureVersion.slug == slug).order_by(*newest_first)))
    row = next((row for row in rows if row.valid_from <= today), rows[-1])
    ended = await session.get(ProcedureEnd, (slug, row.version))
    last_day = ended.last_day if ended else row.valid_to
    doc = _record(await queries.get(session, slug, row.version), last_day) | {"status": _status(row.valid_from, last_day, today)}
    await registers.put(session, Dataset.PROCEDURES, slug, doc, None, at=at)


async def share_all(session: AsyncSession, *, at: datetime) -> None:
    """What came into force or ended as time passed."""
    for slug in await session.scalars(select(ProcedureVersion.slug).distinct().order_by(ProcedureVersion.slug)):
        await share_procedure(session, slug, at=at)


def _status(first_day: date, last_day: date | None, today: date) -> str:
    if today < first_day:
        return "upcoming"
    return "ended" if last_day and last_day < today else "in_force"


def _record(procedure: Procedure, last_day: date | None) -> dict[str, Any]:
    doc = {
        "slug": procedure.slug,
        "code": procedure.code.national if procedure.code.certain else None,
        "version": procedure.version,
        "title_vi": procedure.title.vi,
        "title_en": procedure.title.en,
        "field": procedure.sector.vi,
        "unit": procedure.authority.unit,
        "time_limit": procedure.time_limit_text.vi,
        "fees": [{"id": fee.id, "title": fee.title.vi, "certain": fee.certain} for fee in procedure.fees],
        "papers": [{"id": paper.id, "name": paper.name.vi, "required": paper.required} for paper in procedure.papers],
        "decision": procedure.decision,
        "valid_from": procedure.valid_from.isoformat(),
        "valid_to": last_day.isoformat() if last_day else None,
    }
    return {name: value for name, value in doc.items() if value is not None}
