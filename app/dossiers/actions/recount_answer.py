"""What the business owes by a day (an answer, a fee, a correction), counted anew when the working calendar has changed."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.procedure import Procedure
from app.core.actor import SYSTEM
from app.core.clock import day_in_vietnam
from app.dossiers.actions.move import move
from app.dossiers.clock import supplement_rule
from app.dossiers.lifecycle import Act, State
from app.dossiers.models import Dossier
from app.dossiers.queries import last_event, procedure_of
from app.fees import queries as fees
from app.notices import actions as notices
from app.notices.wording import Kind as Told
from app.worktime.calendar import Calendar, Unit

_INSTANT = timedelta(microseconds=1)
_Counted = tuple[datetime, datetime]  # since when, until when


async def recount_answer(session: AsyncSession, dossier: Dossier, old: Calendar, new: Calendar, at: datetime) -> None:
    """Give the business the later day, and say so. A day that it was told is never taken back.

    Nor is a time that has run out opened again: closing it is the business of `lapse`.
    """
    before = dossier.answer_by
    if before is None or before <= at:
        return
    procedure = await procedure_of(session, dossier)
    counted = await _counted(session, dossier, procedure, new)
    if counted is None or counted[1] <= before:
        return
    since, after = counted
    payload = what_moved(since, before, after, old, new) | {"whose": "business"}
    await move(session, SYSTEM, dossier, Act.RECOUNT, procedure=procedure, payload=payload, answer_by=after, at=at)
    told: dict[str, str | int] = {
        "reference": dossier.number or dossier.reference or "",
        "reply_by": day_in_vietnam(after - _INSTANT).isoformat(),  # a deadline is the midnight that closes the last day
    }
    await notices.tell(session, tax_code=dossier.tax_code, dossier_id=dossier.id, kind=Told.ANSWER_MOVED, params=told, at=at)


def what_moved(since: datetime, before: datetime, after: datetime, old: Calendar, new: Calendar) -> dict[str, Any]:
    """The record of a deadline that moved, with the days that made it move."""
    why = old.differences(new, day_in_vietnam(since), day_in_vietnam(max(before, after)))
    return {
        "old_due": before.isoformat(),
        "new_due": after.isoformat(),
        "calendar": new.version,
        "why": [{"day": day.isoformat(), "vi": text.vi, "en": text.en} for day, text in why],
    }


async def _counted(session: AsyncSession, dossier: Dossier, procedure: Procedure, calendar: Calendar) -> _Counted | None:
    match dossier.state:
        case State.AWAITING_FILING_FEE | State.AWAITING_PAYMENT:
            return await _fees(session, dossier, procedure, calendar)
        case State.AWAITING_CORRECTION:
            return await _correction(session, dossier, procedure, calendar)
        case State.AWAITING_INTAKE_SUPPLEMENT:
            return await _supplement(session, dossier, procedure, Act.ASK_INTAKE_SUPPLEMENT, calendar)
        case _:
            return await _supplement(session, dossier, procedure, Act.ASK_SUPPLEMENT, calendar)


async def _supplement(
    session: AsyncSession, dossier: Dossier, procedure: Procedure, act: Act, calendar: Calendar
) -> _Counted | None:
    asked = await last_event(session, dossier.id, act, "answer_by")
    limit = supplement_rule(procedure, dossier.stage).reply_within
    return (asked.at, calendar.answer_by(asked.at, limit.length, limit.unit)) if asked else None


async def _correction(session: AsyncSession, dossier: Dossier, procedure: Procedure, calendar: Calendar) -> _Counted | None:
    ordered = await last_event(session, dossier.id, Act.ORDER_CORRECTION, "days")
    step = procedure.step(ordered.payload["step"]) if ordered else None
    if ordered is None or step is None or step.correct is None:
        return None
    unit: Unit = step.correct.unit
    return ordered.at, calendar.answer_by(ordered.at, Decimal(ordered.payload["days"]), unit)


async def _fees(session: AsyncSession, dossier: Dossier, procedure: Procedure, calendar: Calendar) -> _Counted | None:
    """Every open bill gets its later day; the earliest of them is the dossier's."""
    found: list[_Counted] = []
    for bill in await fees.open_bills(session, dossier.id):
        fee = procedure.fee(bill.fee)
        if fee is None or bill.due_at is None:
            continue
        until = calendar.answer_by(bill.created_at, fee.unpaid_after.length, fee.unpaid_after.unit)
        bill.due_at = max(bill.due_at, until)
        found.append((bill.created_at, bill.due_at))
    return min(found, key=lambda each: each[1], default=None)
